#!/usr/bin/env bash
# check.sh CORES MEMORY_MIB: refuses a host that can't carry its part of the hub. It changes nothing.
set -euo pipefail
minimum_cores=$1 minimum_memory_mib=$2
refuse() { echo "$(hostname): $*" >&2; exit 1; }

# shellcheck source=/dev/null
. /etc/os-release
case "$ID-${VERSION_ID:-}" in
  ubuntu-22.04 | ubuntu-24.04 | debian-12 | debian-13) ;;
  *) refuse "${PRETTY_NAME:-$ID} is not supported; install Ubuntu 22.04 or 24.04, or Debian 12 or 13" ;;
esac

cores=$(nproc)
[ "$cores" -ge "$minimum_cores" ] || refuse "has $cores cores, needs $minimum_cores"

# The kernel keeps a part of the memory for itself, so a machine sold with 4096 MiB reports a little less.
memory_mib=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
[ "$memory_mib" -ge "$((minimum_memory_mib * 9 / 10))" ] || refuse "has $memory_mib MiB of memory, needs $minimum_memory_mib"

echo "$(hostname): ${PRETTY_NAME:-$ID}, $cores cores, $memory_mib MiB"
