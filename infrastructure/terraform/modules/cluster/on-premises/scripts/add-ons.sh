#!/usr/bin/env bash
# add-ons.sh: what the hub expects of a cluster: names, volumes, permissions, measurements. Enabling twice changes nothing.
set -euo pipefail
for add_on in dns rbac hostpath-storage metrics-server; do
  microk8s enable "$add_on"
done
microk8s status --wait-ready --timeout 600 > /dev/null
