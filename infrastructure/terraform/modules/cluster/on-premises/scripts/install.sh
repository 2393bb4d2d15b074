#!/usr/bin/env bash
# install.sh VERSION: MicroK8s of that minor version of Kubernetes, installed, or moved to its channel, and running.
set -euo pipefail
channel=$1/stable

if ! command -v snap > /dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq snapd
fi

# Listing a snap that is not there is an error for snap, but not here.
tracked=$({ snap list microk8s 2> /dev/null || true; } | awk '$1 == "microk8s" { print $4 }')
if [ -z "$tracked" ]; then
  snap install microk8s --classic --channel="$channel"
elif [ "$tracked" != "$channel" ]; then
  snap refresh microk8s --channel="$channel"
fi

# Left alone, snap restarts Kubernetes whenever a new revision appears, on all hosts at once.
snap refresh --hold microk8s
microk8s status --wait-ready --timeout 600 > /dev/null
echo "$(hostname): MicroK8s from $channel"
