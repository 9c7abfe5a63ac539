#!/usr/bin/env bash
# Packs all that an installation without network needs: scripts/bundle.sh [FOLDER]  (make bundle: dist/)
# Locked packages as they are in requirements/*.txt (hashes checked when downloaded and again when installed), the source of the
# present commit, and deploy/install.sh. Made for this machine's Python and architecture. User-facing words are Chinese.
set -euo pipefail
cd "$(dirname "$0")/.."

out=${1:-dist}
python=${BUNDLE_PYTHON:-.venv/bin/python}
say() { printf '%s\n' "$*" >&2; }

[ -z "$(git status --porcelain)" ] || say "提示：有未提交的改动，离线包只含已提交的内容。"
version=$(git show HEAD:pyproject.toml | sed -n 's/^version = "\(.*\)"/\1/p' | head -1)-$(git rev-parse --short=10 HEAD)
platform=$("$python" -c 'import sys, platform; print(f"py{sys.version_info[0]}{sys.version_info[1]}-{platform.machine()}")')
name=zhengxun-$version-$platform
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/$name/packages" "$out"

git archive --format=tar HEAD | tar -x -C "$work/$name"
download() { # PYTHON LIST
    "$1" -m pip --disable-pip-version-check --no-input -qq download --require-hashes --no-deps --no-build-isolation \
        -r "requirements/$2.txt" -d "$work/$name/packages"
}
download "$python" build
# What is published as source only (jieba) comes as source; even to read its name pip needs the tools that build it.
"$python" -m venv "$work/tools"
"$work/tools/bin/python" -m pip --disable-pip-version-check --no-input -qq install --no-index \
    --find-links "$work/$name/packages" --require-hashes -r requirements/build.txt
download "$work/tools/bin/python" run
echo "$version" >"$work/$name/RELEASE"
cp "$work/$name/deploy/install.sh" "$work/$name/install.sh"
# Users look it up in the console (帮助); an installed package has it as package data.
scripts/manual.sh "$work/$name/docs" "$work/$name/console/manual"
# For people who check by hand; pip checks the packages against the lock once more.
(cd "$work/$name" && find . -type f ! -name SHA256SUMS -print0 | LC_ALL=C sort -z | xargs -0 sha256sum >SHA256SUMS)
# Same content, same file: order, owner and time do not depend on the machine.
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$(git show -s --format=%ct HEAD)" -C "$work" -cf - "$name" |
    gzip -n >"$out/$name.tar.gz"
(cd "$out" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
say "离线包：$out/$name.tar.gz（$(du -h "$out/$name.tar.gz" | cut -f1)，$(ls "$work/$name/packages" | wc -l) 个软件包）"
