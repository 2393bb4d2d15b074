#!/usr/bin/env bash
# join.sh ADDRESS TOKEN_FILE control-plane|worker: joins the cluster whose first host has that address, unless that was done. The file is removed.
set -euo pipefail
address=$1 token_file=$2 role=$3
trap 'rm -f "$token_file"' EXIT

# A worker knows its control plane from this file; a host of the control plane sees the first host among the nodes.
if [ -e /var/snap/microk8s/current/var/lock/clustered.lock ]; then
  echo "$(hostname): is a worker of a cluster already"
  exit 0
fi
if microk8s kubectl get nodes --output jsonpath='{.items[*].status.addresses[*].address}' 2> /dev/null | tr ' ' '\n' | grep -Fqx "$address"; then
  echo "$(hostname): is in the cluster of $address already"
  exit 0
fi

token=$(tr -d '[:space:]' < "$token_file")
if [ "$role" = worker ]; then
  microk8s join "$address:25000/$token" --worker
else
  microk8s join "$address:25000/$token"
  microk8s status --wait-ready --timeout 600 > /dev/null
fi
