#!/usr/bin/env bash
# Rehearses install, upgrade and rollback as docs/operation.md tells them, without network and without touching the machine:
#   scripts/rehearse_upgrade.sh [OLD_COMMIT]
# Without OLD_COMMIT the present commit is the old version, and the new one is made up: the same with one more migration.
# With it, that commit is the old version and the present one the new. Needs `make setup` and unshare (user and network namespaces).
# Ends with 1 at the first thing that is not as it should be. Takes some minutes, most of them for the bundles.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }
holds() { # WHAT COMMAND…
    local what=$1
    shift
    if "$@"; then say "正常 $what"; else
        say "不符 $what"
        exit 1
    fi
}

make_bundles() { # WORK OLD_COMMIT
    local work=$1 old=$2 head
    git clone -q . "$work/repo"
    head=$(git -C "$work/repo" rev-parse HEAD)
    ln -s "$PWD/.venv" "$work/repo/.venv"
    (
        cd "$work/repo"
        export BUNDLE_PYTHON=$PWD/.venv/bin/python
        git checkout -q "${old:-$head}"
        scripts/bundle.sh "$work/old"
        git checkout -q "$head"
        [ -n "$old" ] || add_migration
        scripts/bundle.sh "$work/new"
    )
}

add_migration() { # to the clone that is the current folder
    local last next
    last=$(sed -n 's/^HEAD = "\(.*\)"/\1/p' storage/revision.py)
    next=$(printf '%04d' $((10#$last + 1)))
    sed -i "s/^HEAD = .*/HEAD = \"$next\"/" storage/revision.py
    cat >"storage/migrations/versions/${next}_rehearsal.py" <<PYTHON
"""A migration of the rehearsal only: one more column, one more table."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "$next", "$last", None, None


def upgrade() -> None:
    op.add_column("targets", sa.Column("rehearsed", sa.Integer(), nullable=False, server_default="1"))
    op.create_table("rehearsals", sa.Column("id", sa.Integer(), primary_key=True))
PYTHON
    git add -A storage
    git -c user.name=rehearsal -c user.email=rehearsal@localhost commit -qm "A migration for the rehearsal"
}

# From here on: in a network namespace of its own, where nothing but loopback is.

start_world() { # WORK: a page that advertises, and a chat robot that counts what it is sent
    "$REHEARSAL_PYTHON" - "$1" <<'PYTHON' &
import json, pathlib, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

work = pathlib.Path(sys.argv[1])
PAGE = "<meta charset=utf-8><title>办证</title><p>电工证、焊工证包过，不用学习不用考试，交钱三天出证，全国联网可查，加微信 dgz8866。"


class World(BaseHTTPRequestHandler):
    def answer(self, body, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/":
            self.answer(PAGE.encode(), "text/html; charset=utf-8")
        else:
            self.send_error(404)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        with (work / "sent").open("a") as file:
            file.write("x")
        self.answer(json.dumps({"errcode": 0, "errmsg": "ok"}).encode(), "application/json")

    def log_message(self, *words):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), World)
(work / "port.new").write_text(str(server.server_port))
(work / "port.new").rename(work / "port")
server.serve_forever()
PYTHON
    world=$!
    trap 'kill $world' EXIT
    until [ -e "$1/port" ]; do sleep 0.1; done
}

sent() { wc -c <"$work/sent"; }
leads() { zx leads list --json; }
status_of() { # STATUS COMMAND…: whether the command ends with it; what it says is in $work/said
    local wanted=$1 got=0
    shift
    "$@" >"$work/said" 2>&1 || got=$?
    [ "$got" = "$wanted" ] || { cat "$work/said" >&2; return 1; }
}
says() { grep -q -- "$1" "$work/said"; }
install_from() { # FOLDER
    mkdir -p "$work/unpacked/$1"
    tar xf "$work/$1"/*.tar.gz -C "$work/unpacked/$1" --strip-components 1
    PYTHON=$REHEARSAL_SYSTEM_PYTHON "$work/unpacked/$1/install.sh" "$prefix"
}
zx() { "$prefix/.venv/bin/zhengxun" "$@"; }

rehearse() { # WORK
    work=$1 prefix=$1/opt/zhengxun
    mkdir -p "$work/opt" "$work/backups"
    ip link set lo up
    holds "没有网络" test "$(ip -o link | grep -vc ' lo:')" = 0
    start_world "$work"
    : >"$work/sent"
    local site=http://127.0.0.1:$(cat "$work/port")
    for name in $(compgen -e | grep ^ZHENGXUN_ || true); do unset "$name"; done
    export ZHENGXUN_DATA_DIR=$work/data ZHENGXUN_ALLOW_NETWORKS=127.0.0.0/8 ZHENGXUN_CRAWL_DELAY=0 ZHENGXUN_PROCESSES=1
    export ZHENGXUN_SCREENSHOTS=false ZHENGXUN_MIN_FREE_MB=10 ROBOT_KEY=rehearsal-key ZHENGXUN_NOW=2026-11-24T08:30:00+08:00

    install_from old
    local old
    old=$(readlink "$prefix")
    holds "旧版本装好，建库" zx init
    printf '[[channels]]\nname = "群"\nkind = "wecom"\ntoken_env = "ROBOT_KEY"\nbase = "%s"\n' "$site" >"$work/data/zhengxun.toml"
    zx targets add "$site/" --name 样例
    holds "采集、出简报、报送" zx tick
    local first
    first=$(sent)
    holds "简报已送出（$first 条）" test "$first" -gt 0
    leads >"$work/leads-before"
    holds "有线索" grep -q '"id": 1' "$work/leads-before"

    install_from new
    holds "新版本不认旧数据库" status_of 4 zx tick
    holds "没有地方备份就不升级" status_of 2 zx init
    export ZHENGXUN_BACKUP_DIR=$work/backups
    holds "升级，之前自动备份" status_of 0 zx init
    local backup
    backup=$(echo "$work"/backups/before-upgrade-*)
    holds "备份在 ${backup##*/}" test -f "$backup/manifest.json"
    zx upkeep >/dev/null
    holds "doctor 正常" status_of 0 zx doctor
    leads >"$work/leads-after"
    holds "以前的线索还在" cmp -s "$work/leads-before" "$work/leads-after"
    holds "再执行 tick" zx tick
    holds "当日简报没有再送" test "$(sent)" = "$first"
    zx leads confirm 1 --by 升级后 >/dev/null

    ln -sfn "$old" "$prefix"
    holds "退回的程序不认新数据库" status_of 4 zx tick
    holds "并说明原因" says "较新的程序"
    holds "doctor 也说明" status_of 4 zx doctor
    holds "旧程序的 init 不动它" status_of 4 zx init
    holds "恢复升级前的备份" zx --data-dir "$work/data-old" restore "$backup"
    mv "$work/data" "$work/data-new"
    mv "$work/data-old" "$work/data"
    holds "doctor 正常" status_of 0 zx doctor
    leads >"$work/leads-back"
    holds "线索如升级之前（升级后的研判留在移走的数据目录里）" cmp -s "$work/leads-before" "$work/leads-back"
    holds "证据全部核验" status_of 0 zx evidence verify --all
    holds "再执行 tick" zx tick
    holds "当日简报没有再送" test "$(sent)" = "$first"
    export ZHENGXUN_NOW=2026-11-25T08:30:00+08:00
    holds "次日的 tick" status_of 0 zx tick
    holds "次日简报照常送出" test "$(sent)" -gt "$first"

    install_from new
    holds "再次升级" status_of 0 zx init
    holds "doctor 正常" status_of 0 zx doctor
    say "演练完成：安装、升级、退回、再升级。"
}

if [ "${1:-}" = --inside ]; then
    rehearse "$2"
    exit 0
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/rehearse-upgrade-XXXXXX")
trap 'rm -rf "$work"' EXIT
make_bundles "$work" "${1:-}"
REHEARSAL_PYTHON=$PWD/.venv/bin/python
REHEARSAL_SYSTEM_PYTHON=$("$REHEARSAL_PYTHON" -c 'import sys; print(sys._base_executable)')
export REHEARSAL_PYTHON REHEARSAL_SYSTEM_PYTHON
unshare --map-root-user --net "$PWD/scripts/rehearse_upgrade.sh" --inside "$work"
