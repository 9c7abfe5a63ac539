"""``zhengxun demo``."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from domain.crawl import Outcome
from domain.digest import DigestStatus
from zhengxun.cli.framework import Command, WholeNumber
from zhengxun.cli.invocation import program_words
from zhengxun.cli.output import json_option, note, print_json, print_table, say
from zhengxun.logs import configure_logging

if TYPE_CHECKING:
    from zhengxun.demo.plan import Comparison
    from zhengxun.demo.run import DemoReport


@click.command(
    cls=Command,
    name="demo",
    help="在一个可丢弃的数据目录里演示全过程：在本机起一组随附的样例网站，导入、采集、研判、生成两天的处置简报，"
    "再与样例中埋设的违规页面逐一核对。\n结果放在 ./demo-output（或 --data-dir 指定的空目录）。"
    "漏掉的埋设页面和误列的合规页面都会列出；有漏掉的时退出状态为 1。",
)
@click.option("--serve", "then_serve", is_flag=True, help="演示结束后在其结果上启动控制台，按 Ctrl+C 停止")
@click.option("--port", type=WholeNumber(0, 65535), default=8000, metavar="端口", help="--serve 的端口（默认 8000）")
@json_option
@click.pass_context
def command(ctx: click.Context, then_serve: bool, port: int, as_json: bool) -> int:
    """Run the demo."""
    from zhengxun.cli.progress import crawl_progress
    from zhengxun.clock import system_clock
    from zhengxun.demo.run import demo_folder, demo_services, run_demo, sample_web

    folder = demo_folder(ctx.ensure_object(dict).get("data_dir"))
    ctx.obj["data_dir"] = str(folder)
    configure_logging("error")
    announce = note if as_json else say
    with sample_web() as web:
        with crawl_progress() as progress:
            report = run_demo(folder, web, system_clock(), announce, progress)
        if as_json:
            print_json(as_dict(report))
        else:
            _print(report)
        if then_serve:
            _serve(demo_services(folder, system_clock), port)
    return 0 if report.complete else 1


def _serve(services: Any, port: int) -> None:
    import os

    from zhengxun.serving import serve

    # The scheduler's children are commands of their own and take these from the environment.
    os.environ["ZHENGXUN_ALLOW_NETWORKS"] = "127.0.0.0/8"
    os.environ["ZHENGXUN_CRAWL_DELAY"] = str(services.settings.crawl_delay)
    os.environ.pop("ZHENGXUN_DATABASE_URL", None)
    os.environ.pop("ZHENGXUN_NOW", None)
    password = _demo_user(services)
    serve(
        services,
        "127.0.0.1",
        port,
        lambda address: say(f"控制台：{address}（登录名 demo，密码 {password}；按 Ctrl+C 停止）"),
    )


def _demo_user(services: Any) -> str:
    """A reviewer for looking round; his password is made now and shown once."""
    import secrets

    from domain.account import Role
    from zhengxun.accounts import AccountService

    password = secrets.token_urlsafe(12)
    with services.store() as store:
        AccountService(store.accounts, services.clock).add("demo", "演示", Role.REVIEWER, None, password, by="system")
    return password


def as_dict(report: DemoReport) -> dict[str, Any]:
    """``demo --json``."""
    return {
        "data_dir": str(report.data_dir.absolute()),
        "complete": report.complete,
        "exact": report.exact,
        "days": [
            {
                "date": day.digest.date,
                "pages": day.run.pages,
                "totals": day.digest.totals,
                "files": [str(path.absolute()) for path in day.files],
                "found": len(day.comparison.found),
                "missed": [[planted.site, planted.path] for planted in day.comparison.missed],
                "false_alarms": [list(alarm) for alarm in day.comparison.false_alarms],
            }
            for day in report.days
        ],
        "sites": [
            {
                "name": site.name,
                "url": site.url,
                "pages": site.pages,
                "outcomes": dict(site.outcomes),
                "leads": site.leads,
                "statuses": {status.value: count for status, count in site.statuses},
            }
            for site in report.sites
        ],
    }


def _print(report: DemoReport) -> None:
    print_table(
        ["样例网站", "页面", "第1天采集结果", "第1天线索", "第2天简报"],
        [
            (
                site.name,
                site.pages,
                "，".join(f"{Outcome(word).label} {count}" for word, count in site.outcomes),
                site.leads,
                "，".join(f"{status.label} {count}" for status, count in site.statuses),
            )
            for site in report.sites
        ],
        title="各网站",
        right=["页面", "第1天线索"],
    )
    print_table(
        ["日期", *(status.label for status in DigestStatus), "埋设", "找到", "误列"],
        [
            (
                day.digest.date,
                *(str(day.digest.totals[status.value]) for status in DigestStatus),
                len(day.comparison.found) + len(day.comparison.missed),
                len(day.comparison.found),
                str(len(day.comparison.false_alarms)),
            )
            for day in report.days
        ],
        title="两期简报，与样例中埋设的违规页面核对",
        whole=["日期"],
    )
    for day in report.days:
        _print_comparison(day.number, day.comparison)
    if report.exact:
        say("核对无误：埋设的违规页面全部找到，合规页面没有误列。")
    elif report.complete:
        say("埋设的违规页面全部找到；另有误列的页面，见上。")
    say("\n结果文件：")
    for day in report.days:
        for path in day.files:
            say(f"  {path.absolute()}")
    say(f"  {(report.data_dir / 'evidence').absolute()}（证据，WARC 格式）")
    again = f"{program_words()} --data-dir {shlex.quote(str(report.data_dir))}"
    say(f"\n接着看：\n  {again} leads list\n  {again} serve")


def _print_comparison(number: int, comparison: Comparison) -> None:
    for planted in comparison.missed:
        say(f"漏掉（第 {number} 天）：{planted.site} {planted.path} “{planted.title}”，埋设方式 {planted.kind.value}")
    for site, path in comparison.false_alarms:
        say(f"误列（第 {number} 天）：{site} {path}")
