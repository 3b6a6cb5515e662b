#!/bin/sh
# Puts what was built where programs look for it: packaging/install.sh FOLDER-OF-THE-LIBRARY. `make install` sets
# PREFIX, LIBDIR and DESTDIR, VERSION and SONAME; STATIC where everything is inside the library, and RELOCATABLE
# where the installed tree is to be moved.
set -eu
built=$1
cd "$(dirname "$0")/.."

lib=$DESTDIR$LIBDIR
install -d "$lib/pkgconfig" "$lib/cmake/framewire" "$DESTDIR$PREFIX/include" "$DESTDIR$PREFIX/share/doc/framewire"
install -m 644 include/framewire.h include/framewire.hpp "$DESTDIR$PREFIX/include"
install -m 644 README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE "$DESTDIR$PREFIX/share/doc/framewire"
python3 tools/header_html.py include/framewire.h >"$DESTDIR$PREFIX/share/doc/framewire/framewire.h.html"

# The name that the linker asks for, the one that programs ask for, and the file.
install -m 755 "$built/libframewire.so" "$lib/$SONAME.$VERSION"
ln -sf "$SONAME.$VERSION" "$lib/$SONAME"
ln -sf "$SONAME" "$lib/libframewire.so"

# The archive keeps the shared library's manners at exit: src/native/process.rs says which.
archive=$lib/libframewire.a
install -m 644 "$built/libframewire.a" "$archive"
if nm "$archive" 2>/dev/null | grep -q ' __wrap___cxa_atexit$'; then
    objcopy --redefine-sym __cxa_atexit=__wrap___cxa_atexit "$archive"
fi
objcopy --strip-debug "$archive"
private='-lssl -lcrypto -lvpx -lstdc++ -lm -ldl -lpthread'
if [ -n "$STATIC" ]; then
    private='-lstdc++ -lm -ldl -lpthread'
    printf '%s\n' "open $archive" "addlib $(cc -print-file-name=libvpx.a)" save end | ar -M
fi

# What ${pcfiledir} is, pkg-config knows; a tree that stays has absolute names, which it can leave out for /usr.
prefix=$PREFIX libdir=$LIBDIR
include_from_lib=$(realpath -m --relative-to="$LIBDIR" "$PREFIX/include")
if [ -n "${RELOCATABLE:-}" ]; then
    prefix="\${pcfiledir}/$(realpath -m --relative-to="$LIBDIR/pkgconfig" "$PREFIX")" libdir="\${pcfiledir}/.."
fi
fill() {
    sed -e "s|@PREFIX@|$prefix|" -e "s|@LIBDIR@|$libdir|" -e "s|@VERSION@|$VERSION|" -e "s|@SONAME@|$SONAME|" \
        -e "s|@INCLUDE_FROM_LIB@|$include_from_lib|" -e "s|@PRIVATE@|$private|" \
        -e "s|@PRIVATE_LIST@|$(echo "$private" | sed 's/-l//g; s/ /;/g')|" "packaging/$1.in" >"$2/$1"
    chmod 644 "$2/$1"
}
fill framewire.pc "$lib/pkgconfig"
fill framewire-config.cmake "$lib/cmake/framewire"
fill framewire-config-version.cmake "$lib/cmake/framewire"
