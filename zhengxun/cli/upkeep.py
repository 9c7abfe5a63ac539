"""``zhengxun upkeep``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from zhengxun.cli.framework import Command
from zhengxun.cli.invocation import services_of
from zhengxun.cli.output import json_option, print_json, say

if TYPE_CHECKING:
    from zhengxun.jobs.upkeep import UpkeepReport


@click.command(
    cls=Command,
    name="upkeep",
    help="日常维护：清除失效的登录，整理数据库，自动备份并删去超出份数的旧备份，遮蔽、清理过了期限的个人信息和证据（默认全部保留），整理大部分已到期的证据文件。\n"
    "tick 和 serve 每天在 ZHENGXUN_UPKEEP_TIME 之后自动做一次；也可随时手工执行，重复执行无害。结果记入审计日志。\n"
    "正在采集时不整理数据库。有没做成的事时逐项列出，退出状态为 1。",
)
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> int:
    """Do the upkeep."""
    from zhengxun.jobs.upkeep import upkeep

    report = upkeep(services_of(ctx))
    if as_json:
        print_json(as_dict(report))
    else:
        say_upkeep(report)
    return 1 if report.problems else 0


def as_dict(report: UpkeepReport) -> dict[str, Any]:
    """``upkeep --json``."""
    from zhengxun.cli.backup import as_dict as backup_as_dict

    forgotten, tidied = report.forgotten, report.tidied
    return {
        "sessions_removed": forgotten.sessions if forgotten else 0,
        "login_failures_removed": forgotten.login_failures if forgotten else 0,
        "database": None
        if tidied is None
        else {"size": tidied.size, "empty": tidied.empty, "rewritten": tidied.rewritten},
        "expired": None if report.expired is None else {"files": report.expired.files, "size": report.expired.size},
        "masked": report.masked,
        "compacted": None
        if report.compacted is None
        else {
            "files": report.compacted.files,
            "size": report.compacted.freed,
            "records": report.compacted.records,
            "unfinished": report.compacted.unfinished,
        },
        "evidence": None
        if report.outlook is None
        else {
            "freed": report.outlook.freed,
            "files": report.outlook.files,
            "possible": report.outlook.possible,
            "waiting": report.outlook.waiting,
        },
        "backup": None if report.backup is None else backup_as_dict(report.backup),
        "backups_removed": report.dropped,
        "problems": report.problems,
    }


def say_upkeep(report: UpkeepReport) -> None:
    """For people."""
    say(f"日常维护：{report.summary}")
