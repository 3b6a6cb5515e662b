#!/bin/sh
# Runs a command in a network namespace of its own: nothing it sends leaves the machine.
#
# Besides loopback there is one address on a pair of interfaces that leads nowhere. Firefox needs it: it
# never offers 127.0.0.1, and what it does offer it never pairs with a loopback address.
set -eu
PATH=$PATH:/usr/sbin:/sbin
if [ "${1-}" != --inside ]; then
  user=$([ "$(id -u)" = 0 ] || echo --map-root-user)
  exec unshare $user --net "$0" --inside "$@"
fi
shift
export FRAMEWIRE_TEST_ADDRESS=198.51.100.1 # RFC 5737: nobody has it
ip link set lo up
ip link add inner type veth peer name outer
ip address add "$FRAMEWIRE_TEST_ADDRESS/24" dev inner
ip link set outer up
ip link set inner up
ip route add default dev inner
exec "$@"
