"""``zhengxun crawl``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from zhengxun.cli.framework import Command, WholeNumber
from zhengxun.cli.invocation import services_of
from zhengxun.cli.output import json_option, note, print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.crawl import CrawlRun
    from zhengxun.jobs.crawl import CrawlReport

#: Failures shown to people; the rest is counted (all are in --json).
_SHOWN = 30


@click.command(
    cls=Command,
    name="crawl",
    help="立即采集。必须写明采哪些：到期的、全部的，或指定编号的。\n"
    "上次中断的采集会先按它自己的页数上限做完。被 Ctrl+C 或 SIGTERM 中止时，--json 仍打印已采部分的结果。\n有未采到的页面时逐一列出，退出状态为 1。",
)
@click.option("--due", is_flag=True, help="到期的监测对象")
@click.option("--all", "everything", is_flag=True, help="全部监测对象（暂停的除外）")
@click.option(
    "--target", "ids", type=WholeNumber(1, 2**53), metavar="编号", multiple=True, help="指定的监测对象，可重复"
)
@click.option("--max-pages", type=WholeNumber(1, 100_000), metavar="数", help="本次每个对象至多采集的页数")
@json_option
@click.pass_context
def command(
    ctx: click.Context, due: bool, everything: bool, ids: tuple[int, ...], max_pages: int | None, as_json: bool
) -> int:
    """Crawl now."""
    if due + everything + bool(ids) != 1:
        raise click.UsageError("请在 --due、--all、--target 编号 中选一种。", ctx)
    from zhengxun.cli.progress import crawl_progress
    from zhengxun.jobs.crawl import Stopped, crawl

    def announce(run: CrawlRun) -> None:
        own = "" if max_pages is None else "，页数仍按它自己的上限，--max-pages 对它不起作用"
        note(f"先做完上次中断的第 {run.id} 次采集{own}。")

    services = services_of(ctx)
    try:
        with crawl_progress() as progress:
            report = crawl(
                services,
                everything=everything,
                due=due,
                ids=ids,
                max_pages=max_pages,
                progress=progress,
                on_resume=announce,
            )
    except Stopped as stopped:
        if as_json:
            print_json(as_dict(stopped.report))
        raise
    if as_json:
        print_json(as_dict(report))
    else:
        _print(report)
    return 1 if report.failures else 0


def as_dict(report: CrawlReport) -> dict[str, Any]:
    """The contract's JSON; counts include interrupted runs that were finished first."""
    runs = [*report.resumed, *([report.run] if report.run else [])]
    pages: dict[str, int] = {}
    pictures: dict[str, int] = {}
    for run in runs:
        for counts, total in ((run.pages, pages), (run.pictures, pictures)):
            for outcome, count in counts.items():
                total[outcome] = total.get(outcome, 0) + count
    return {
        "run_id": report.run.run_id if report.run else (runs[-1].run_id if runs else None),
        "targets": sum(run.targets for run in runs),
        "pages": pages,
        "pictures": pictures,
        "snapshots_new": sum(run.snapshots_new for run in runs),
        "leads_new": sum(run.leads_new for run in runs),
        "leads_reopened": sum(run.leads_reopened for run in runs),
        "duration_s": round(report.seconds, 3),
        "failures": [
            {
                "target_id": failure.request.target_id,
                "url": failure.request.url,
                "outcome": failure.outcome.value,
                "detail": failure.detail or failure.reason or failure.outcome.label,
                "reason": failure.reason,
            }
            for failure in report.failures
        ],
        "resumed_runs": [run.run_id for run in report.resumed],
        "interrupted": report.interrupted,
    }


def _print(report: CrawlReport) -> None:
    for run in report.resumed:
        say(f"已做完上次中断的采集（第 {run.run_id} 次）：{_counts(run.pages)}。")
    if report.run is None:
        if not report.resumed:
            say("没有需要采集的监测对象。")
    else:
        run = report.run
        say(f"第 {run.run_id} 次采集完成：{run.targets} 个监测对象，用时 {report.seconds:.0f} 秒。")
        if run.pictures:
            say(f"图片：{_counts(run.pictures)}。")
        say(
            f"页面：{_counts(run.pages)}。新快照 {run.snapshots_new} 份，新线索 {run.leads_new} 条，复发 {run.leads_reopened} 条。"
        )
    if report.failures:
        print_table(
            ["对象", "网址", "结果", "说明"],
            [
                (item.request.target_id, item.request.url, item.outcome.label, item.detail or item.reason)
                for item in report.failures[:_SHOWN]
            ],
            title=f"未采到的页面（{len(report.failures)}）",
        )
        if len(report.failures) > _SHOWN:
            say(f"另有 {len(report.failures) - _SHOWN} 个，用 --json 可看全部。")


def _counts(counts: Mapping[str, int]) -> str:
    from domain.crawl import Outcome

    return "，".join(f"{Outcome(name).label} {count}" for name, count in counts.items()) or "无"
