#!/usr/bin/env bash
# Runs a command with the services that tests can use: scripts/services.sh COMMAND…
# In CI (CI=true) an installed but stopped PostgreSQL is started, and where it does not let the tests in, a role of their
# own is made for them. Elsewhere nothing of the machine is touched: tests that find no server say that they were skipped.
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

start_postgresql() {
    local version cluster status
    while read -r version cluster _ status _; do
        if [ "$status" = down ]; then
            pg_ctlcluster "$version" "$cluster" start || say "PostgreSQL $version/$cluster 未能启动"
        fi
    done < <(pg_lsclusters --no-header)
}

as_postgres() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align "$@"; }

let_tests_in() {
    [ -z "${ZHENGXUN_TEST_POSTGRES:-}" ] || return 0
    if psql --no-psqlrc --no-password --host 127.0.0.1 --username postgres --command 'select 1' >/dev/null 2>&1; then
        return 0 # trust authentication, as tests assume by default
    fi
    [ "$(id -u)" = 0 ] || return 0
    local password port
    password=$(head -c 24 /dev/urandom | base64 | tr -dc 'A-Za-z0-9')
    port=$(as_postgres --command 'show port') || return 0
    as_postgres --command 'drop role if exists zhengxun_test' >/dev/null 2>&1 || true
    # On standard input, so that the password is on no command line.
    as_postgres <<<"create role zhengxun_test login superuser password '$password'" || return 0
    export ZHENGXUN_TEST_POSTGRES="postgresql+psycopg://zhengxun_test:$password@127.0.0.1:$port/postgres"
}

if [ "${CI:-}" = true ] && command -v pg_lsclusters >/dev/null; then
    start_postgresql
    let_tests_in
fi
exec "$@"
