"""``zhengxun intake``: what people hand in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from domain.intake import IntakeKind
from zhengxun.cli.framework import Command, OneOf, argument
from zhengxun.cli.invocation import actor_name, services_of
from zhengxun.cli.output import clean, json_option, note, print_json, print_table, say

if TYPE_CHECKING:
    from zhengxun.jobs.intake import IntakeReport, SourceReport

#: Rows shown to people; all are in --json.
_SHOWN = 30


@click.command(
    cls=Command,
    name="intake",
    help="人工接收：保存的网页（HTML、MHTML）、截图和海报（识别其中的文字和二维码）、举报清单（.xlsx、.csv）、MediaCrawler 导出的 .json/.jsonl/.csv、写有网址的 .txt，"
    "或直接写网址。\n"
    "接收的内容与采集到的页面走同一套流程（抽取、研判、线索、简报），文件原样存为证据，来源（文件、行号、经手人）逐条留存。"
    "只有网址的立即采集。\n"
    "能用的行全部接收，不能用的逐行说明原因；重复接收同一文件不会重复入库。有未能接收或未采到的，退出状态为 1。",
)
@argument("sources", metavar="文件或网址…", nargs=-1, required=True, description="可写多个")
@click.option(
    "--kind",
    type=OneOf([item.value for item in IntakeKind], {item.value: item.label for item in IntakeKind}),
    metavar="类别",
    help="默认按内容判断；可指定 " + "、".join(f"{item.value}（{item.label}）" for item in IntakeKind),
)
@click.option("--url", metavar="网址", help="所保存网页的网址；只能与一个文件同用")
@click.option("--note", "words", metavar="备注", help="随来源一并保存")
@click.option("--by", metavar="姓名", help="经手人（默认取系统登录名）")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    sources: tuple[str, ...],
    kind: str | None,
    url: str | None,
    words: str | None,
    by: str | None,
    as_json: bool,
) -> int:
    """Take in files and addresses."""
    from zhengxun.cli.progress import crawl_progress
    from zhengxun.jobs.intake import intake
    from zhengxun.target_draft import address_of

    if url is not None and (len(sources) != 1 or "://" in sources[0]):
        raise click.UsageError("--url 说明一个保存的网页的网址，只能与一个文件同用。", ctx)
    services = services_of(ctx)
    with crawl_progress() as progress:
        report = intake(
            services,
            sources,
            kind=None if kind is None else IntakeKind(kind),
            url=None if url is None else address_of(url),
            note=words,
            by=actor_name(by),
            progress=progress,
        )
    if as_json:
        print_json(as_dict(report))
    else:
        _print(report)
    return _status(report)


def as_dict(report: IntakeReport) -> dict[str, Any]:
    """``intake --json``."""
    run = report.run
    return {
        "run_id": run.run_id if run else None,
        "sources": [
            {
                "source": source.source,
                "kind": source.kind.value if source.kind else None,
                "sha256": source.sha256,
                "content": source.content,
                "addresses": source.addresses,
                "repeated": source.repeated,
                "bad": [{"row": item.row, "reason": item.reason} for item in source.bad],
                "unread_columns": list(source.unread),
                "error": source.error,
            }
            for source in report.sources
        ],
        "leads_new": run.leads_new if run else 0,
        "pages": dict(run.pages) if run else {},
        "failures": [
            {"url": failure.request.url, "outcome": failure.outcome.value, "detail": failure.detail or failure.reason}
            for failure in (run.failures if run else ())
        ],
        "waiting": report.waiting,
    }


def _status(report: IntakeReport) -> int:
    """0 all taken; 1 some not; 2 where nothing at all could be used."""
    if all(source.error for source in report.sources):
        return 2
    return 0 if report.complete else 1


def _print(report: IntakeReport) -> None:
    for source in report.sources:
        say(_sentence(source))
    bad = [(source.source, item) for source in report.sources for item in source.bad]
    if bad:
        print_table(
            ["文件", "行", "未接收的原因"],
            [(name, item.row, item.reason) for name, item in bad[:_SHOWN]],
            title=f"未接收的行（{len(bad)}）",
            right=["行"],
        )
        if len(bad) > _SHOWN:
            say(f"另有 {len(bad) - _SHOWN} 行，用 --json 可看全部。")
    if report.waiting:
        note(f"另一次采集正在进行：{report.waiting} 个网址已登记，由下一次采集接着采。")
    if report.run is None:
        return
    say(f"新线索 {report.run.leads_new} 条。")
    failures = report.run.failures
    if failures:
        print_table(
            ["网址", "结果", "说明"],
            [(item.request.url, item.outcome.label, item.detail or item.reason) for item in failures[:_SHOWN]],
            title=f"未采到的网址（{len(failures)}）",
        )


def _sentence(source: SourceReport) -> str:
    if source.error is not None:
        return f"未接收 {clean(source.source)}：{source.error}"
    parts = []
    if source.content:
        parts.append(f"内容 {source.content} 条")
    if source.addresses:
        parts.append(f"网址 {source.addresses} 个")
    if source.repeated:
        parts.append(f"以前已接收 {source.repeated} 条（未重复入库）")
    if source.bad:
        parts.append(f"未接收 {len(source.bad)} 行")
    if source.unread:
        parts.append(f"未读取的列：{'、'.join(source.unread)}")
    kind = source.kind.label if source.kind else ""
    return f"已接收 {clean(source.source)}（{kind}）：{'，'.join(parts) or '没有新内容'}。"
