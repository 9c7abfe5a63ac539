"""``zhengxun serve``."""

from __future__ import annotations

import click

from zhengxun.cli.framework import Command, WholeNumber
from zhengxun.cli.invocation import services_of
from zhengxun.cli.output import say


@click.command(
    cls=Command,
    name="serve",
    help="启动控制台和调度器，常驻运行：到时采集、到点出简报。同一数据目录只能启动一个。\n"
    "控制台须登录，用户由 zhengxun users 建立，没有默认密码；默认只在本机可访问。/healthz 供监控探测（正常 200，"
    "有问题 503），不须登录。按 Ctrl+C 或发 SIGTERM 停止。",
)
@click.option("--host", default="127.0.0.1", metavar="地址", help="监听地址（默认 127.0.0.1，仅本机）")
@click.option("--port", type=WholeNumber(0, 65535), default=8000, metavar="端口", help="端口（默认 8000）")
@click.pass_context
def command(ctx: click.Context, host: str, port: int) -> None:
    """Serve until told to stop."""
    from zhengxun.serving import serve

    serve(services_of(ctx), host, port, lambda address: say(f"控制台：{address}（按 Ctrl+C 停止）"))
