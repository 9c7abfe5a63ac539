"""``zhengxun init``."""

from __future__ import annotations

from pathlib import Path

import click

from domain.errors import BadInput
from zhengxun.cli.framework import Command
from zhengxun.cli.invocation import services_of
from zhengxun.cli.output import say


@click.command(
    cls=Command,
    name="init",
    help="建立数据目录和数据库，或把已有数据库升级到本版本。可重复执行，不影响已有数据。\n"
    "升级之前自动作一份完整备份（数据库只能向前升级，退回时须恢复它）：放在 --backup 写明的位置，没有写明的放在 ZHENGXUN_BACKUP_DIR 下的 "
    "before-upgrade-… 文件夹；两处都没有的不升级。升级时须先停下其他 zhengxun 进程。",
)
@click.option(
    "--backup", "place", metavar="位置", type=click.Path(path_type=Path), help="升级前备份到这个文件夹或 .tar 文件。"
)
@click.option("--no-backup", "unprotected", is_flag=True, help="升级前不备份（已经另行备份）。")
@click.pass_context
def command(ctx: click.Context, place: Path | None, unprotected: bool) -> None:
    """Create or migrate."""
    from zhengxun.jobs.upgrade import set_up

    if place is not None and unprotected:
        raise BadInput("--backup 和 --no-backup 只能写一个。")
    services = services_of(ctx)
    try:
        done = set_up(services, place, unprotected=unprotected)
    except OSError as error:
        raise BadInput(
            f"升级前的备份无法写入：{error.strerror}；数据库没有升级。请检查备份位置的权限和磁盘空间。"
        ) from error
    if done is not None:
        if done.backup is not None:
            say(f"升级前的备份：{done.backup.place.absolute()}，{done.backup.files} 个文件，已读回核对。")
        say(f"数据库已从 {done.before} 升级到 {done.after}。")
    say(f"已就绪。数据目录：{services.settings.data_dir.absolute()}")
