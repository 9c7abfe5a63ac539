"""``zhengxun worker``."""

from __future__ import annotations

import click

from zhengxun.cli.framework import Command
from zhengxun.cli.invocation import services_of
from zhengxun.cli.output import note


@click.command(
    cls=Command,
    name="worker",
    help="从队列中领取工作并完成：采集、复核、简报、报送。须使用 PostgreSQL，可在任意多台机器上各启动若干个；各机共用数据库和证据文件夹。\n"
    "到期的工作由 tick 或 serve 排入队列（设置 ZHENGXUN_WORKERS=true）。按 Ctrl+C 或发 SIGTERM 停止：正在做的记下后交还队列。",
)
@click.option("--once", is_flag=True, help="做完队列中现有的工作就退出")
@click.pass_context
def command(ctx: click.Context, once: bool) -> None:
    """Take jobs until told to stop."""
    from zhengxun.work.worker import Worker

    worker = Worker(services_of(ctx))
    note("worker 已启动（按 Ctrl+C 停止）。")
    worker.run(wait=not once)
