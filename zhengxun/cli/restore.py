"""``zhengxun restore``."""

from __future__ import annotations

from pathlib import Path

import click

from domain.errors import BadInput
from zhengxun.cli.backup import as_dict, place_argument
from zhengxun.cli.framework import Command
from zhengxun.cli.invocation import services_of
from zhengxun.cli.output import json_option, print_json, say


@click.command(
    cls=Command,
    name="restore",
    help="从备份恢复到空的数据目录（用 --data-dir 指定）和空的数据库。不是空的就拒绝，不会覆盖任何内容。\n"
    "先核对备份的每个文件，有一个不符就不动手。恢复后执行 zhengxun init（必要时升级数据库）和 zhengxun evidence verify --all。",
)
@place_argument
@json_option
@click.pass_context
def command(ctx: click.Context, place: Path, as_json: bool) -> None:
    """Bring a backup back."""
    from zhengxun.jobs import backup as job

    services = services_of(ctx)
    try:
        report = job.restore(services, place)
    except OSError as error:
        raise BadInput(
            f"无法恢复到 {services.settings.data_dir}：{error.strerror}；请检查权限和磁盘空间，清空该目录后再试。"
        ) from error
    if as_json:
        print_json(as_dict(report))
        return
    say(f"已恢复到 {services.settings.data_dir.absolute()}：{report.files} 个文件，{report.size:,} 字节。")
    say(f"备份作于 {report.manifest.made_at}。下一步：zhengxun init，然后 zhengxun evidence verify --all。")
