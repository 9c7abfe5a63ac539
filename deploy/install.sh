#!/usr/bin/env bash
# 证巡离线安装：解开离线包后在其中执行  sudo ./install.sh [安装目录]   不使用网络。
# 每个版本装在 <安装目录>-releases/<版本> 里，<安装目录>（默认 /opt/zhengxun）是指向当前版本的符号链接：
# 升级就是装上新版本再换链接，退回就是把链接换回去（数据库见 docs/operation.md“升级和退回”）。可重复执行。
set -euo pipefail
cd "$(dirname "$0")"

prefix=${1:-/opt/zhengxun}
python=${PYTHON:-python3.11}
say() { printf '%s\n' "$*" >&2; }
fail() { say "错误：$*"; exit 4; }

[ -f RELEASE ] && [ -d packages ] || fail "请在解开的离线包目录中执行。"
command -v "$python" >/dev/null || fail "找不到 $python，请先从系统安装盘安装 python3.11 和 python3.11-venv，或用 PYTHON=… 指定。"
"$python" -c 'import ensurepip, venv' 2>/dev/null || fail "缺少 python3.11-venv，请先从系统安装盘安装。"
[ ! -e "$prefix" ] || [ -L "$prefix" ] || fail "$prefix 已存在且不是符号链接（可能是用 git 安装的）；请换一个安装目录，或先把它移走。"
say "正在核对文件……"
sha256sum --quiet --strict -c SHA256SUMS || fail "离线包有文件缺失或被改动，没有安装；请重新拷贝。"

release=$prefix-releases/$(cat RELEASE)
if [ ! -f "$release/.installed" ]; then
    mkdir -p "$release"
    cp -a . "$release/"
    rm -rf "$release/.venv"
    "$python" -m venv "$release/.venv"
    pip=("$release/.venv/bin/python" -m pip --isolated --disable-pip-version-check --no-input -q install
        --no-index --find-links "$release/packages")
    say "正在安装（约一两分钟）……"
    "${pip[@]}" --require-hashes -r requirements/build.txt
    "${pip[@]}" --require-hashes --no-build-isolation -r requirements/run.txt
    "${pip[@]}" --no-deps --no-build-isolation "$release"
    "$release/.venv/bin/python" -m pip --disable-pip-version-check -q uninstall -y setuptools wheel hatchling editables
    rm -rf "$release/packages"
    touch "$release/.installed"
fi
ln -sfn "$release" "$prefix"
say "已安装：$prefix -> $release"
"$prefix/.venv/bin/zhengxun" --version
lacking() { say "提示：缺少系统软件 $1；请从系统安装盘安装。缺少时的影响见 zhengxun doctor。"; }
command -v chromium >/dev/null || lacking chromium
"$prefix/.venv/bin/python" -m playwright --version >/dev/null 2>&1 || lacking libatomic1
[ -n "$(fc-list :lang=zh-cn 2>/dev/null)" ] || lacking fonts-noto-cjk
