#!/bin/sh
# Runs a command where there is loopback and no other network, so that nothing leaves the machine. The
# default route is for Firefox: it offers the address that this route gives it, and would never pair
# another interface's with 127.0.0.1.
set -eu
PATH=$PATH:/usr/sbin:/sbin # where ip may be
user='' && [ "$(id -u)" -eq 0 ] || user='--user --map-root-user'
# Unquoted on purpose: no word, or two.
exec unshare $user --net sh -c \
    'ip link set lo up && ip route add default dev lo src 127.0.0.1 && exec "$@"' alone "$@"
