"""``zhengxun backup``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from domain.errors import BadInput
from zhengxun.cli.framework import Command, argument
from zhengxun.cli.invocation import services_of
from zhengxun.cli.output import json_option, print_json, say

if TYPE_CHECKING:
    from zhengxun.jobs.backup import BackupReport

place_argument = argument(
    "place", metavar="位置", type=click.Path(path_type=Path), description="文件夹，或以 .tar 结尾的文件"
)


@click.command(
    cls=Command,
    name="backup",
    help="备份数据库、证据、简报、设置和自备的规则、模板到一个新文件夹，或一个 .tar 文件；写完逐个读回核对。\n"
    "可以在采集进行时执行，得到的是同一时刻的一致内容。密钥文件不在其中，须另行保管。",
)
@place_argument
@json_option
@click.pass_context
def command(ctx: click.Context, place: Path, as_json: bool) -> None:
    """Make a backup."""
    from zhengxun.jobs.backup import back_up

    try:
        services = services_of(ctx)
        with services.lock("upkeep"):
            report = back_up(services, place)
    except OSError as error:
        raise BadInput(
            f"备份无法写入 {place}：{error.strerror}；请检查权限和磁盘空间。没有留下不完整的备份。"
        ) from error
    if as_json:
        print_json(as_dict(report))
        return
    say(f"备份完成并已读回核对：{report.place.absolute()}，{report.files} 个文件，{report.size:,} 字节。")


def as_dict(report: BackupReport) -> dict[str, Any]:
    """What was written, or read."""
    return {
        "place": str(report.place),
        "files": report.files,
        "size": report.size,
        "made_at": report.manifest.made_at,
        "program": report.manifest.program,
        "revision": report.manifest.revision,
        "database": report.manifest.database,
    }
