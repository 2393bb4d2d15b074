#!/bin/bash
# Runs Mojaloop's Testing Toolkit with the kit that is mounted at /kit:
#   server [core|hub]   the toolkit, an oracle and the simulated FSPs, until it is stopped
#   run NAME...         runs collections and ends: 0 all assertions passed, 1 some failed, 2 could not run. On the server that TTK_SERVER
#                       names, else on the one of this container, else on one of its own
#   list                the names of collections
#   health              whether the server of this container answers
# TTK_ADDRESS is the name by which the hub reaches the server (testing-toolkit). HOST_*, *_CALLBACK_URL and what else the kit's script
# reads may be set, too; the defaults are the names of a harness's services.
set -euo pipefail

address=${TTK_ADDRESS:-${TTK_SERVER:-testing-toolkit}}
export TTK_HOME=${TTK_HOME:-/tmp/ttk}
kit=$TTK_HOME/kit
export TTK_LISTEN=${TTK_LISTEN:-0.0.0.0}

fail() {
    echo "entrypoint: $*" >&2
    exit 2
}

# Gives variables a value that have none.
default() {
    local value=$1 name
    shift
    for name in "$@"; do
        [ -n "${!name:-}" ] || export "$name=$value"
    done
}

addresses() {
    default http://account-lookup-service:4002 HOST_ACCOUNT_LOOKUP_SERVICE
    default http://account-lookup-service-admin:4001 HOST_ACCOUNT_LOOKUP_ADMIN HOST_ACCOUNT_LOOKUP_SERVICE_ADMIN
    default http://quoting-service:3002 HOST_QUOTING_SERVICE
    default http://quoting-service-handler:3003 HOST_QUOTING_SERVICE_HANDLER
    default http://ml-api-adapter:3000 HOST_ML_API_ADAPTER
    default http://central-ledger:3001 HOST_CENTRAL_LEDGER
    default http://central-settlement:3007/v2 HOST_CENTRAL_SETTLEMENT
    default http://transaction-requests-service:4003 HOST_TRANSACTION_REQUESTS_SERVICE
    default http://bulk-api-adapter:3500 HOST_BULK_ADAPTER
    default "http://$address:3060" HOST_ORACLE HOST_ORACLE_MSISDN HOST_ORACLE_ACCOUNT_ID HOST_ORACLE_CONSENT \
        PERF_ORACLE_ENDPOINT_BASE_URL HOST_SIMULATOR HOST_LEGACY_SIMULATOR
    default "http://$address:4040" HOST_FXP_SERVICES CALLBACK_ENDPOINT_BASE_URL PROXY1_CALLBACK_URL PROXY2_CALLBACK_ENDPOINT_BASE_URL \
        CALLBACK_ENDPOINT_TESTFXP1 CALLBACK_ENDPOINT_FXPAYERDFSP CALLBACK_ENDPOINT_FXPAYEEDFSP TTKSIM1_CALLBACK_URL TTKSIM2_CALLBACK_URL \
        TTKSIM3_CALLBACK_URL
    default "http://$address:15010" PAYERFSP_CALLBACK_URL
    default "http://$address:15020" PAYEEFSP_CALLBACK_URL
    default "http://$address:15030" TESTFSP1_CALLBACK_URL
    default "http://$address:15040" TESTFSP2_CALLBACK_URL
    default "http://$address:15050" TESTFSP3_CALLBACK_URL
    default "http://$address:15060" TESTFSP4_CALLBACK_URL
}

answers() {
    (exec 3<> "/dev/tcp/$1/$2") 2> /dev/null
}

server() {
    bash "$kit/run-ttk.sh" start "${1:-core}"
    trap 'bash "$kit/run-ttk.sh" stop; exit 0' TERM INT
    touch "$TTK_HOME/ready"
    echo "entrypoint: the Testing Toolkit is ready; the hub is to reach it as $address"
    # Its other programs are of no use without it.
    local pid
    pid=$(head -n 1 "$TTK_HOME/work/pids")
    while kill -0 "$pid" 2> /dev/null; do
        sleep 1 &
        wait $!
    done
    tail -n 20 "$TTK_HOME/work/ttk.log" >&2
    fail "the Testing Toolkit has ended"
}

# A server elsewhere: keys and dates are made here, and the script of the kit finds a process that it takes for a server of its own.
join() {
    answers "$TTK_SERVER" 5050 || fail "nothing answers at $TTK_SERVER:5050: found no Testing Toolkit, expected one (TTK_SERVER)"
    node "$kit/bin/prep.mjs" "$kit" "$TTK_HOME/inst" "$TTK_HOME/work" "${TTK_RULES:-core}"
    echo $$ > "$TTK_HOME/work/pids"
    export TTK_ARGS="-u http://$TTK_SERVER:5050 ${TTK_ARGS:-}"
}

# What the toolkit writes lies beside copies of the kit's files, with the same rights: they must be its own.
prepare() {
    [ -f /kit/run-ttk.sh ] || fail "there is no /kit/run-ttk.sh: mount the folder of the kit at /kit"
    [ ! -d "$kit" ] || return 0
    mkdir -p "$TTK_HOME"
    ln -sfn /opt/testing-toolkit/inst "$TTK_HOME/inst"
    cp -r /kit "$kit"
    chmod -R u+w "$kit"
}

addresses
command=${1:-server}
[ $# -eq 0 ] || shift
case $command in
server)
    prepare
    server "$@"
    ;;
run)
    [ $# -gt 0 ] || fail "run: expected the name of a collection (list shows them)"
    prepare
    [ -z "${TTK_SERVER:-}" ] || join
    exec bash "$kit/run-ttk.sh" "$@"
    ;;
list)
    prepare
    exec bash "$kit/run-ttk.sh" list
    ;;
health) [ -f "$TTK_HOME/ready" ] && answers 127.0.0.1 5050 && answers 127.0.0.1 4040 && answers 127.0.0.1 15020 ;;
*) fail "found $command, expected server, run, list or health" ;;
esac
