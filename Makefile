# Everything one does with Framewire, each by one word: `make help`.

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
CFLAGS ?= -O2 -g
CARGO ?= cargo
# Where rustup puts it, for shells that have not heard of it yet.
export PATH := $(PATH):$(HOME)/.cargo/bin

# One .so that needs nothing but glibc: make build STATIC=1
TARGET := $(if $(STATIC),target/static,target)
FEATURES := $(if $(STATIC),--target-dir target/static --no-default-features --features static)

VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
SONAME = libframewire.so.$(shell sed -n 's/^#define FRAMEWIRE_ABI_VERSION //p' include/framewire.h)
EXAMPLES = $(addprefix $(TARGET)/examples-c/,mirror on_air own_signalling results take_frames)

.DEFAULT_GOAL := help
.PHONY: help setup setup-build build examples demo test check wheel test-static fuzz sanitize bench abi install
# Cargo is parallel; two of it at once only wait for one another.
.NOTPARALLEL:

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 13

setup: ## install what this machine lacks for building and testing; quick when nothing is missing
	@tools/setup.sh

setup-build:
	@tools/setup.sh build

build: ## the library, optimized, in target/release; STATIC=1: one .so that needs only glibc
	$(CARGO) build --locked --release $(FEATURES)
	@ln -sf libframewire.so $(TARGET)/release/$(SONAME)

examples: build $(EXAMPLES) ## the C examples, in target/examples-c

$(TARGET)/examples-c/%: examples-c/%.c $(wildcard examples-c/test_card.* examples-c/echo.*) include/framewire.h
	@mkdir -p $(@D)
	$(CC) -std=c99 -pthread -Wall -Wextra -Wpedantic $(CFLAGS) -Iinclude -o $@ $(filter %.c,$^) \
		-L$(TARGET)/release -lframewire -lm '-Wl,-rpath,$$ORIGIN/../release'

demo: setup-build examples ## install what is missing, build, go on the air at http://127.0.0.1:8080/watch/test, with a mirror at http://127.0.0.1:8081/mirror
	@FRAMEWIRE_BIND=$${FRAMEWIRE_MIRROR_BIND:-127.0.0.1:8081} $(TARGET)/examples-c/mirror & mirror=$$!; \
		trap 'kill $$mirror 2>/dev/null; wait $$mirror' EXIT; $(TARGET)/examples-c/on_air

test: setup ## everything that must hold: Rust, C, another stack and real browsers; sets itself up
	$(CARGO) test --locked
	$(MAKE) --no-print-directory examples
	FRAMEWIRE_LIBRARY=$(CURDIR)/target/release/libframewire.so $(PIP_INSTALL) ./bindings/python
	tests/browser/alone.sh node --test --test-concurrency=1 --test-reporter=spec tests/browser/*.test.mjs
	tests/browser/alone.sh target/interop/bin/python -B -m unittest discover -v -s tests/interop
	tests/browser/alone.sh target/interop/bin/python -B -m unittest discover -v -s bindings/python/tests
	tests/browser/alone.sh target/interop/bin/python -B -m unittest discover -v -s tests/install

# Without the network: what building it needs is there already.
PIP_INSTALL = target/interop/bin/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps

check: setup ## what CI runs, and format and lints before it; LONG=1: fuzzers and sanitizers after it
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	python3 tools/abi.py compare
	$(MAKE) --no-print-directory test
	$(if $(LONG),$(MAKE) --no-print-directory test-static fuzz sanitize)

wheel: setup ## the Python package with everything inside, in target/wheels, for any Python 3 on a glibc as new as this one's
	$(MAKE) --no-print-directory build STATIC=1
	FRAMEWIRE_MANYLINUX=1 FRAMEWIRE_LIBRARY=$(CURDIR)/target/static/release/libframewire.so \
		target/interop/bin/pip wheel --quiet --disable-pip-version-check --no-build-isolation --no-deps --wheel-dir target/wheels ./bindings/python

abi: ## describe the ABI anew in include/framewire.abi, as CONTRIBUTING says when
	python3 tools/abi.py describe

test-static: ## what the library with everything inside still needs of a system
	$(CARGO) test --locked --target-dir target/static --no-default-features --features static --test symbols

FUZZ_SECONDS ?= 60
fuzz: ## every fuzz target for FUZZ_SECONDS=60
	command -v cargo-fuzz || $(CARGO) install --locked cargo-fuzz
	for target in $$($(CARGO) fuzz list); do \
		mkdir -p fuzz/corpus/$$target && RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run $$target fuzz/corpus/$$target \
			fuzz/seeds/$$target -- -max_len=16384 -max_total_time=$(FUZZ_SECONDS) || exit 1; \
	done

# The C is compiled by gcc, whose records of globals the runtime of rustc's LLVM takes for one another.
SANITIZED = ASAN_OPTIONS=detect_odr_violation=0 RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address FRAMEWIRE_CFLAGS=-fsanitize=address \
	$(CARGO) test --locked --target-dir target/asan --target $$(rustc -vV | sed -n 's/^host: //p')
# Not the models: their threads are coroutines, which the sanitizer takes for chaos. Not what measures memory, of which
# it keeps what was freed. Not the one test of how much is
# healed in time: at a fifth of the speed it is too late.
sanitize: ## the Rust and C tests under AddressSanitizer and LeakSanitizer, on both sides of the border
	$(SANITIZED) --test c_api -- --ignored
	$(SANITIZED) --no-fail-fast --lib $(patsubst tests/%.rs,--test %,$(filter-out %_model.rs %_memory.rs,$(wildcard tests/*.rs))) \
		-- --skip asking_again_heals_five_percent_loss

bench: setup ## the table of figures and ratios
	$(MAKE) --no-print-directory examples
	FRAMEWIRE_LIBRARY=$(CURDIR)/target/release/libframewire.so $(PIP_INSTALL) ./bindings/python
	$(CARGO) bench --locked
	tests/browser/alone.sh target/interop/bin/python -B bindings/python/tests/bench.py
	for bench in tests/browser/*.bench.mjs; do tests/browser/alone.sh node $$bench || exit 1; done

install: build ## library, archive, headers, manual, pkg-config and CMake files to PREFIX=/usr/local, below DESTDIR
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' LIBDIR='$(LIBDIR)' VERSION=$(VERSION) SONAME=$(SONAME) STATIC='$(STATIC)' \
		packaging/install.sh $(TARGET)/release
