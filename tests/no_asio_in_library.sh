#!/usr/bin/env bash
# The compiled library must not know Asio: then one installed library serves every version of it.
set -euo pipefail
library=$SHMBUS_BUILD/lib/libshmbus.so
[ -e "$library" ] || library=$SHMBUS_BUILD/lib/libshmbus.a
[ -e "$library" ] || { echo "no library in $SHMBUS_BUILD/lib"; exit 77; }
if nm --demangle "$library" 2>/dev/null | grep -i 'asio' >&2; then
  echo "$library knows Asio" >&2
  exit 1
fi
