#!/usr/bin/env bash
# Set-up of the virtual environment: scripts/setup.sh dev|run
# Safe to repeat; does nothing while neither the lock files nor this script have changed. User-facing words are Chinese.
set -euo pipefail
cd "$(dirname "$0")/.."

kind=${1:-dev}
python=${PYTHON:-python3.11}
venv=.venv
log=$venv/setup.log

wanted() { cat requirements/build.txt "requirements/$1.txt" pyproject.toml scripts/setup.sh | sha256sum | cut -d' ' -f1; }
is_current() { [ "$(cat "$venv/.setup-$1" 2>/dev/null)" = "$(wanted "$1")" ] && [ -x "$venv/bin/zhengxun" ]; }
# An environment for development holds everything that running needs.
is_done() { is_current "$kind" || is_current dev; }

say() { printf '%s\n' "$*" >&2; }

missing_packages() { # of those that a complete result needs
    command -v dpkg-query >/dev/null || return 0
    local package
    for package in chromium libatomic1 fonts-noto-cjk; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || echo "$package"
    done
}

say_missing() {
    local missing
    missing=$(missing_packages | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    say "提示：缺少系统软件 ${missing}，可执行：sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing}"
    case " $missing" in *" chromium"*) say "  缺 chromium：靠脚本显示内容的网页读不到，会如实记为“无可读内容”。" ;; esac
    case " $missing" in *" libatomic1"*) say "  缺 libatomic1：驱动 Chromium 的组件不能启动，影响与缺 chromium 相同。" ;; esac
    case " $missing" in *" fonts-noto-cjk"*) say "  缺 fonts-noto-cjk：在本机打印、截图或转换简报时汉字可能显示为方框；简报文件本身不受影响。" ;; esac
}

if is_done; then
    say_missing
    exit 0
fi

mkdir -p "$venv"
exec 9>"$venv/.lock"
flock 9
if is_done; then exit 0; fi # another make was faster

if ! command -v "$python" >/dev/null; then
    say "错误：找不到 $python。请先安装 Python 3.11（Debian 12：sudo apt-get install -y python3.11），或用 PYTHON=… 指定。"
    exit 4
fi

install=$(missing_packages)
"$python" -c 'import ensurepip, venv' 2>/dev/null || install="python3.11-venv $install"
if [ -n "$install" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "正在安装系统软件：$(echo $install) …"
    {
        DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $install
    } >"$log" 2>&1 9>&- || say "  未能全部安装（记录在 $log），继续。"
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    say "错误：缺少 python3.11-venv，不能建立虚拟环境。请执行：sudo apt-get update && sudo apt-get install -y python3.11-venv"
    exit 4
fi

say "正在安装 Python 依赖（首次约一两分钟）…"
pip="$venv/bin/python -m pip --disable-pip-version-check --no-input -q"
{
    [ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version || "$python" -m venv "$venv"
    $pip install --require-hashes -r requirements/build.txt
    $pip install --require-hashes --no-build-isolation -r "requirements/$kind.txt"
    $pip install --no-deps --no-build-isolation -e .
    # jieba warns about pkg_resources wherever setuptools is present; nothing needs it at run time.
    $pip uninstall -y setuptools wheel
} >"$log" 2>&1 9>&- || {
    tail -n 20 "$log" >&2
    say "错误：Python 依赖没有装好，完整记录在 $log。请检查网络或软件源（pip config list）后重试。"
    exit 4
}
wanted "$kind" >"$venv/.setup-$kind"
say "安装完成。"
say_missing
