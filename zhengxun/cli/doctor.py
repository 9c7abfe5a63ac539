"""``zhengxun doctor``."""

from __future__ import annotations

import click

from zhengxun.cli.framework import Command
from zhengxun.cli.invocation import services_of
from zhengxun.cli.output import json_option, print_json, print_table, say


@click.command(
    cls=Command,
    name="doctor",
    help="检查运行环境：Python、SQLite、设置、数据目录、磁盘、数据库、规则包、安全开关、时钟、Chromium、字体、平台登录和证据链。\n"
    "全部正常（可有提示）退出状态为 0，有问题为 1，尚未建立或数据库连不上为 4。",
)
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> int:
    """Check the installation."""
    from zhengxun.checkup import check_up, exit_status

    checks = check_up(services_of(ctx))
    status = exit_status(checks)
    if as_json:
        print_json(
            {
                "healthy": status == 0,
                "checks": [{"name": check.name, "grade": check.grade.value, "text": check.text} for check in checks],
            }
        )
        return status
    print_table(["检查项", "结果", "说明"], [(check.name, check.grade.label, check.text) for check in checks])
    say("全部正常。" if status == 0 else "有需要处理的问题，见上表。")
    return status
