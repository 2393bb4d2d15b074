#!/usr/bin/env bash
# install.sh FOLDER ADDRESS CIDR…: the distribution's PostgreSQL with the database and the role hub, reached over TLS from these addresses only.
# FOLDER holds password, certificate.pem and certificate-key.pem (both empty: a certificate is made here). They are removed at the end.
set -euo pipefail
folder=$1 address=$2
shift 2
secrets=("$folder/password" "$folder/certificate.pem" "$folder/certificate-key.pem")
readable=$(mktemp)
trap 'rm -f "${secrets[@]}" "$readable"' EXIT

install_postgresql() {
  if ! command -v pg_lsclusters > /dev/null || [ -z "$(pg_lsclusters --no-header)" ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql openssl
  fi
}

# Writes its input to the file if it differs, and says so by its exit code.
replace() {
  local file=$1 wanted
  wanted=$(mktemp)
  cat > "$wanted"
  if cmp -s "$wanted" "$file"; then
    rm "$wanted"
    return 1
  fi
  install -o postgres -g postgres -m 600 "$wanted" "$file"
  rm "$wanted"
}

install_certificate() {
  if [ -s "$folder/certificate.pem" ]; then
    replace "$settings/hub-key.pem" < "$folder/certificate-key.pem" && changed=yes
    replace "$settings/hub.pem" < "$folder/certificate.pem" && changed=yes
  elif [ ! -e "$settings/hub.pem" ]; then
    openssl req -x509 -newkey rsa:3072 -nodes -days 3650 -subj "/CN=$address" -addext "subjectAltName=IP:$address" \
      -keyout "$readable" -out "$settings/hub.pem" 2> /dev/null
    replace "$settings/hub-key.pem" < "$readable"
    changed=yes
  fi
  return 0
}

configure() {
  replace "$settings/conf.d/hub.conf" << CONF && changed=yes
listen_addresses = 'localhost, $address'
password_encryption = 'scram-sha-256'
ssl = on
ssl_cert_file = '$settings/hub.pem'
ssl_key_file = '$settings/hub-key.pem'
ssl_min_protocol_version = 'TLSv1.2'
CONF
  # Older versions can't include files here, so the lines stand between two marks. Rules of the distribution come first; none of them is for other hosts.
  {
    sed '/^# begin hub$/,/^# end hub$/d' "$settings/pg_hba.conf"
    echo "# begin hub"
    for cidr in "$@"; do echo "hostssl hub hub $cidr scram-sha-256"; done
    echo "# end hub"
  } | replace "$settings/pg_hba.conf" && changed=yes
  return 0
}

# The password goes through a file that only postgres can read; command lines and logs don't see it.
create_role_and_database() {
  install -o postgres -g postgres -m 600 "$folder/password" "$readable"
  sudo_postgres psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --port "$port" << 'SQL'
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';
SET password_encryption = 'scram-sha-256';
\set password `cat "$PASSWORD_FILE"`
SELECT 'CREATE ROLE hub LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hub') \gexec
ALTER ROLE hub PASSWORD :'password';
SELECT 'CREATE DATABASE hub OWNER hub' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'hub') \gexec
REVOKE ALL ON DATABASE hub FROM PUBLIC;
SQL
}

sudo_postgres() { (cd / && exec setpriv --reuid postgres --regid postgres --init-groups env PASSWORD_FILE="$readable" "$@"); }

changed=no
[ -s "$folder/password" ] || { echo "The password file is empty." >&2; exit 1; }
install_postgresql
read -r version cluster port _ < <(pg_lsclusters --no-header | tail -1)
settings=/etc/postgresql/$version/$cluster
install_certificate
configure "$@"
if [ "$changed" = yes ]; then
  pg_ctlcluster "$version" "$cluster" restart
fi
create_role_and_database
echo "$(hostname): PostgreSQL $version on $address:$port"
