#!/usr/bin/env bash
# Runs a command with the services that tests can use: scripts/services.sh COMMAND…
# In CI (CI=true) an installed but stopped PostgreSQL is started first; elsewhere nothing of the machine is touched.
set -euo pipefail

if [ "${CI:-}" = true ] && command -v pg_lsclusters >/dev/null; then
    pg_lsclusters --no-header | while read -r version cluster _ status _; do
        if [ "$status" = down ]; then
            pg_ctlcluster "$version" "$cluster" start || echo "PostgreSQL $version/$cluster 未能启动" >&2
        fi
    done
fi
exec "$@"
