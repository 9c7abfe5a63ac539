#!/usr/bin/env bash
# Renews the hash-locked requirement files from pyproject.toml, with uv from a throw-away environment.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"${PYTHON:-python3.11}" -m venv "$tools"
"$tools/bin/python" -m pip --disable-pip-version-check -q install uv

compile() { # OUTPUT [OPTION…]
    local out=$1
    shift
    # The package index's address must not stand in the repository.
    "$tools/bin/uv" pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-annotate --custom-compile-command "make lock" --output-file "$out" "$@"
}
compile requirements/run.txt --all-extras
compile requirements/dev.txt --all-extras --group dev --constraint requirements/run.txt
"$tools/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
    --custom-compile-command "make lock" --output-file requirements/build.txt --group build
