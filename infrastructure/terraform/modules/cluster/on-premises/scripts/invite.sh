#!/usr/bin/env bash
# invite.sh TOKEN_FILE: lets other hosts join with that token for an hour. The file is removed.
set -euo pipefail
token_file=$1
trap 'rm -f "$token_file"' EXIT

token=$(tr -d '[:space:]' < "$token_file")
[[ $token =~ ^[A-Za-z0-9]{32}$ ]] || { echo "The join token has to be 32 letters and digits." >&2; exit 1; }
microk8s add-node --token "$token" --token-ttl 3600 > /dev/null
