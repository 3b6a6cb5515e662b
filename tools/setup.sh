#!/bin/sh
# Installs what Framewire needs and this machine lacks: tools/setup.sh [build] [tests] (both by default).
# Does nothing, in milliseconds, where nothing is missing; says how to do by hand what it cannot do.
set -u
cd "$(dirname "$0")/.." || exit 1

[ $# -gt 0 ] || set -- build tests
packages='' problems=0

problem() {
    problems=1
    printf 'setup: %s\n' "$@" >&2
}

# need PACKAGE PROBE...: the Debian package that is wanted when the probe fails.
need() {
    package=$1
    shift
    "$@" >/dev/null 2>&1 || packages="$packages $package"
}

has() { command -v "$1"; }
has_venv() { python3 -c 'import ensurepip, venv'; }
has_ip() { has ip || test -x /usr/sbin/ip; }
library() { pkg-config --exists "$1"; }

# Where bindgen looks: the path it was given, or beside an LLVM, or among the libraries.
has_libclang() {
    [ -n "${LIBCLANG_PATH:-}" ] && return
    for file in /usr/lib/llvm-*/lib/libclang*.so* /usr/lib*/libclang*.so* /usr/lib/*/libclang*.so*; do
        [ -e "$file" ] && return
    done
    return 1
}

needs_of_build() {
    need ca-certificates test -d /etc/ssl/certs
    need make has make
    need g++ has c++
    need cmake has cmake
    need clang has clang
    need libclang-dev has_libclang
    need pkg-config has pkg-config
    need libvpx-dev library vpx
    need libopus-dev library opus
    need libssl-dev library openssl
    need python3 has python3
}

needs_of_tests() {
    need chromium has chromium
    need firefox-esr has firefox-esr
    need nodejs has node
    need npm has npm
    need iproute2 has_ip
    need python3-venv has_venv
    need abigail-tools has abidw
}

install_packages() {
    [ -n "$packages" ] || return 0
    if ! has apt-get >/dev/null; then
        problem "missing:$packages (these are Debian's names), and there is no apt-get here." \
            "Install them with this system's own package manager, then run make setup again."
        return
    fi
    sudo=''
    if [ "$(id -u)" -ne 0 ]; then
        if ! has sudo >/dev/null; then
            problem "missing:$packages, and installing needs root. Run this as root, then make setup again:" \
                "  apt-get update && apt-get install$packages"
            return
        fi
        sudo=sudo
    fi
    echo "setup: installing$packages"
    # Unquoted on purpose: $sudo may be nothing, $packages is a list.
    if ! { $sudo apt-get -qq update &&
        $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $packages; }; then
        problem "apt-get failed (above). By hand: apt-get update && apt-get install$packages"
    fi
}

check_rust() {
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    if ! has cargo >/dev/null; then
        problem "there is no Rust here: no cargo in PATH. Install Rust $wanted or newer as https://rustup.rs says," \
            "or put the folder of your cargo into PATH, then run make setup again."
        return
    fi
    found=$(rustc --version | cut -d ' ' -f 2)
    oldest=$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n 1)
    [ "$oldest" = "$wanted" ] ||
        problem "Rust $found is too old, $wanted or newer is needed: rustup update stable"
}

# The browsers' driver, as the lock file pins it.
install_driver() {
    has npm >/dev/null || return 0 # told already
    installed=tests/browser/node_modules/.package-lock.json
    if [ ! -e $installed ] || [ tests/browser/package-lock.json -nt $installed ]; then
        npm --prefix tests/browser ci --no-audit --no-fund ||
            problem "npm failed (above). By hand: npm --prefix tests/browser ci"
        touch $installed
    fi
}

# The stack of other people's that the interop tests talk to, in a folder of its own. Only wheels: nothing is
# compiled here.
install_other_stack() {
    has_venv >/dev/null 2>&1 || return 0 # told already
    wanted=tests/interop/requirements.txt folder=target/interop
    cmp -s $wanted $folder/requirements.txt && return
    if python3 -m venv --clear $folder && $folder/bin/pip install --quiet --disable-pip-version-check \
        --only-binary :all: --requirement $wanted; then
        cp $wanted $folder/
    else
        problem "pip failed (above). By hand: python3 -m venv $folder && $folder/bin/pip install -r $wanted"
    fi
}

for part in "$@"; do
    case $part in
    build | tests) needs_of_"$part" ;;
    *) problem "what is '$part'? Say build, tests, or nothing for both." ;;
    esac
done
install_packages
check_rust
case " $* " in *' tests '*) install_driver; install_other_stack ;; esac
[ $problems -eq 0 ] && echo 'setup: everything is here'
exit $problems
