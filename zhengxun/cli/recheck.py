"""``zhengxun recheck``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from zhengxun.cli.framework import Command
from zhengxun.cli.invocation import services_of
from zhengxun.cli.output import json_option, note, print_json, print_table, say

if TYPE_CHECKING:
    from domain.crawl import CrawlRun
    from zhengxun.jobs.recheck import RecheckReport


@click.command(
    cls=Command,
    name="recheck",
    help="复核：重新查看待处置和已移送线索的页面，更新在线状态；已下线、已改正的继续回头看，防止复发。\n"
    "被验证码、登录等阻挡的一律记为“无法判定”；页面消失须间隔规定时间两次查看才算“已下线”。\n"
    "默认只看到期的（间隔见设置 ZHENGXUN_RECHECK_HOURS）。有无法判定的页面时退出状态为 1。",
)
@click.option("--all", "everything", is_flag=True, help="不论是否到期，全部查看一遍")
@json_option
@click.pass_context
def command(ctx: click.Context, everything: bool, as_json: bool) -> int:
    """Look at the pages of leads again."""
    from domain.recheck import Finding
    from zhengxun.cli.progress import crawl_progress
    from zhengxun.jobs.recheck import recheck

    def announce(run: CrawlRun) -> None:
        note(f"先做完上次中断的第 {run.id} 次复核。")

    with crawl_progress() as progress:
        report = recheck(services_of(ctx), everything=everything, progress=progress, on_resume=announce)
    if as_json:
        print_json(as_dict(report))
    else:
        _print(report)
    return 1 if any(look.finding is Finding.UNVERIFIABLE for look in report.looks) else 0


def as_dict(report: RecheckReport) -> dict[str, Any]:
    """``recheck --json``."""
    return {
        "run_id": report.run_id,
        "leads": len(report.looks),
        "verdicts": counts(report),
        "results": [
            {
                "lead_id": look.lead_id,
                "page_url": look.page_url,
                "target": look.target_name,
                "verdict": look.finding.value,
                "ground": look.ground,
                "changed": look.changed,
            }
            for look in report.looks
        ],
        "resumed_runs": list(report.resumed),
        "duration_s": round(report.seconds, 3),
    }


def counts(report: RecheckReport) -> dict[str, int]:
    """Number of looks per verdict, all verdicts present."""
    from domain.recheck import Finding

    return {finding.value: sum(look.finding is finding for look in report.looks) for finding in Finding}


def _print(report: RecheckReport) -> None:
    if not report.looks:
        say("此刻没有需要复核的线索。" if report.run_id is None else "复核已完成，没有可报告的页面。")
        return
    print_table(
        ["线索", "结论", "依据", "网址", "监测对象"],
        [
            (
                look.lead_id,
                look.finding.label + ("（内容有修改）" if look.changed else ""),
                look.ground or "",
                look.page_url,
                look.target_name,
            )
            for look in report.looks
        ],
        right=["线索"],
    )
    from domain.recheck import Finding

    numbers = counts(report)
    say("复核完成：" + "，".join(f"{finding.label} {numbers[finding.value]}" for finding in Finding) + "。")
