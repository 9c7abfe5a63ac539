#!/usr/bin/env bash
# Builds the manual as a static site: scripts/manual.sh [SOURCE OUTPUT]  (make manual: docs/ to dist/manual/ and console/manual/)
# A warning (a broken link, a page outside the navigation) is an error. User-facing words are Chinese.
set -euo pipefail
cd "$(dirname "$0")/.."

source=${1:-docs}
out=${2:-dist/manual}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
.venv/bin/python -m sphinx -b html -q -n -W --keep-going -d "$work/doctrees" "$source" "$work/site"
put() { # FOLDER: whole, or as it was before
    mkdir -p "$(dirname "$1")"
    rm -rf "$1.new"
    cp -r "$work/site" "$1.new"
    rm -rf "$1"
    mv "$1.new" "$1"
}
put "$out"
if [ $# = 0 ]; then
    put console/manual # where the console finds it
    printf '%s\n' "手册：$out/index.html（可直接用浏览器打开；控制台重新启动后，“帮助”显示同一份）" >&2
fi
