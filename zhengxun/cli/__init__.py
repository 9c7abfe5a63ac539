"""Command line of 证巡. Importing this costs little more than click itself; each command's module loads when it runs."""

from __future__ import annotations

import sys

import click

from zhengxun.cli.framework import LazyGroup


class _Program(LazyGroup):
    table = {
        "init": ("zhengxun.cli.setup", "建立或升级数据库和数据目录（可重复执行）"),
        "demo": ("zhengxun.cli.demo", "用随附的示例网站演示全过程：采集、研判、生成处置简报"),
        "targets": ("zhengxun.cli.targets", "监测对象：添加、导入、列出、导出、暂停、恢复、移除、试采"),
        "crawl": ("zhengxun.cli.crawl", "立即采集"),
        "intake": ("zhengxun.cli.intake", "人工接收：举报清单、保存的网页、MediaCrawler 导出、单个网址"),
        "recheck": ("zhengxun.cli.recheck", "复核：重新查看线索页面，是否已下线、已改正、复发"),
        "classify": ("zhengxun.cli.classify", "对文本作机器研判"),
        "extract": ("zhengxun.cli.extract", "查看一份已保存的网页能抽取出什么（不入库）"),
        "digest": ("zhengxun.cli.digest", "生成某日处置简报"),
        "channels": ("zhengxun.cli.channels", "报送渠道：列出、测试、报送情况、待确认的认定"),
        "leads": ("zhengxun.cli.leads", "线索：列出、查看、确认、误报、待核实、移送、指派、撤销、文书、答复、时限"),
        "evidence": ("zhengxun.cli.evidence", "证据：核验是否完整、未被改动，导出证据包"),
        "blacklist": ("zhengxun.cli.blacklist", "动态黑名单：建议、列出、决定、移出、导出"),
        "operators": ("zhengxun.cli.operators", "主体：列出、查看、合并、拆分、排除标识"),
        "directory": ("zhengxun.cli.directory", "名录：导入、列出、查找主管部门公布的评价和培训机构名单"),
        "rules": ("zhengxun.cli.rules", "规则包：列出、检查、解释、评测、回测"),
        "tick": ("zhengxun.cli.tick", "执行此刻到期的全部工作（供系统 cron 调用）"),
        "logins": ("zhengxun.cli.logins", "平台登录：cookie 文件的检查、放入和到期时间"),
        "health": ("zhengxun.cli.health", "采集健康：各对象、各平台每天采到多少，哪些失声或被拦截"),
        "serve": ("zhengxun.cli.serve", "启动控制台和调度器（常驻）"),
        "worker": ("zhengxun.cli.worker", "多机分工：从队列领取工作（PostgreSQL）"),
        "users": ("zhengxun.cli.users", "控制台用户：新建、列出、改密码、改角色、停用、启用"),
        "backup": ("zhengxun.cli.backup", "备份数据库、证据和简报（采集进行时也可以）"),
        "restore": ("zhengxun.cli.restore", "从备份恢复到空的数据目录"),
        "upkeep": ("zhengxun.cli.upkeep", "日常维护：清除失效登录、整理数据库、自动备份"),
        "doctor": ("zhengxun.cli.doctor", "检查运行环境"),
    }


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        from importlib.metadata import version

        click.echo(f"证巡 {version('zhengxun')}")
        ctx.exit()


@click.command(cls=_Program, help="证巡：山寨证书网络宣传常态化监测——采集、识别、取证、每日处置简报。")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="显示版本号并退出")
def program() -> None:
    """The whole program."""


def main(args: list[str] | None = None) -> None:
    """Run the program and leave with its exit status (entry point ``zhengxun``)."""
    for stream in (sys.stdout, sys.stderr):
        # Users run this from cron with LANG=C; lone surrogates become \udXXX, which is valid inside JSON too.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")
    from zhengxun.cli.failures import run

    sys.exit(run(program, sys.argv[1:] if args is None else args))
