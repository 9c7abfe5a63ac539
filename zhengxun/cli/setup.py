"""``zhengxun init``."""

from __future__ import annotations

import click

from zhengxun.cli.framework import Command
from zhengxun.cli.invocation import services_of
from zhengxun.cli.output import say


@click.command(
    cls=Command, name="init", help="建立数据目录和数据库，或把已有数据库升级到本版本。可重复执行，不影响已有数据。"
)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Create or migrate."""
    services = services_of(ctx)
    services.prepare()
    say(f"已就绪。数据目录：{services.settings.data_dir.absolute()}")
