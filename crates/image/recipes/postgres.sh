#!/bin/sh
# Starts PostgreSQL. A data folder that is empty is filled first:
#   POSTGRES_USER (postgres), POSTGRES_DB (as the user), POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE, POSTGRES_INITDB_ARGS
# What stands behind `postgres` are options of the server; another command runs in its place.
set -eu

data=${PGDATA:-/var/lib/postgresql/data}
draft=$data/.new

fail() {
    echo "entrypoint: $*" >&2
    exit 1
}

password() {
    [ -z "${POSTGRES_PASSWORD:-}" ] || [ -z "${POSTGRES_PASSWORD_FILE:-}" ] ||
        fail "POSTGRES_PASSWORD and POSTGRES_PASSWORD_FILE are both set, expected one of them"
    if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
        cat "$POSTGRES_PASSWORD_FILE" || fail "cannot read POSTGRES_PASSWORD_FILE"
    else
        printf '%s\n' "${POSTGRES_PASSWORD:-}"
    fi
}

# The folder is made inside the data folder and then moved up, PG_VERSION last: a start that was broken off leaves `.new`, and is begun anew.
clear_draft() {
    [ -d "$draft" ] || return 0
    [ -f "$data/PG_VERSION" ] || find "$data" -mindepth 1 -maxdepth 1 ! -name .new ! -name lost+found -exec rm -rf {} +
    rm -rf "$draft"
}

create_database() {
    [ "$database" = postgres ] && return
    name=$(printf '%s' "$database" | sed 's/"/""/g')
    printf 'CREATE DATABASE "%s";\n' "$name" | postgres --single -c fsync=off -D "$draft" -j postgres > /dev/null
}

move_up() {
    find "$draft" -mindepth 1 -maxdepth 1 ! -name PG_VERSION -exec mv {} "$data/" \;
    # All at once, where initdb would sync file by file.
    sync -f "$data"
    mv "$draft/PG_VERSION" "$data/"
    rmdir "$draft"
}

initialise() {
    user=${POSTGRES_USER:-postgres}
    database=${POSTGRES_DB:-$user}
    secret=$(password)
    [ -n "$secret" ] || fail "the data folder $data is empty and there is no password for it: set POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE"
    found=$(find "$data" -mindepth 1 -maxdepth 1 ! -name lost+found | head -n 1)
    [ -z "$found" ] || fail "the data folder $data has no PG_VERSION and is not empty: found $found"
    mkdir -m 700 "$draft"
    umask 077
    printf '%s\n' "$secret" > /tmp/password
    # shellcheck disable=SC2086 — options are separated by spaces, as in the official image
    initdb -D "$draft" --no-sync --username="$user" --pwfile=/tmp/password --encoding=UTF8 --locale=C.UTF-8 --data-checksums \
        --auth-local=trust --auth-host=scram-sha-256 ${POSTGRES_INITDB_ARGS:-} > /tmp/initdb.log ||
        fail "initdb failed: $(tail -n 5 /tmp/initdb.log)"
    rm /tmp/password
    echo 'host all all all scram-sha-256' >> "$draft/pg_hba.conf"
    echo "listen_addresses = '*'" >> "$draft/postgresql.conf"
    create_database
    move_up
    echo "entrypoint: made the database $database of the user $user"
}

case ${1:-postgres} in
-*) set -- postgres "$@" ;;
'') set -- postgres ;;
esac
if [ "$1" = postgres ]; then
    # The first process of a container ignores signals that it does not ask for.
    trap 'exit 143' TERM INT
    clear_draft
    [ -f "$data/PG_VERSION" ] || initialise
    found=$(cat "$data/PG_VERSION")
    [ "$found" = "$PG_MAJOR" ] || fail "the data folder is of PostgreSQL $found, expected $PG_MAJOR: use an image of $found, or dump and restore"
    chmod 700 "$data"
fi
exec "$@"
