"""``zhengxun targets discover`` and ``targets proposals …``: finding what is not watched yet."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from domain.discovery import FoundBy, ProposalState
from domain.errors import BadInput, ZhengxunError
from zhengxun.cli.framework import Command, Group, WholeNumber, argument
from zhengxun.cli.invocation import actor_name, services_of
from zhengxun.cli.output import json_option, note, print_json, print_table, say

if TYPE_CHECKING:
    from domain.discovery import Proposal
    from zhengxun.jobs.discovery import Discovery


@click.command(
    "discover",
    cls=Command,
    help="发现：按设置的词语和城市看搜索引擎的结果页，并看线索页面链接到哪些别的网站，把没有监测的列为建议，由人决定。\n"
    "结果页与别的网页一样遵守 robots.txt；多数搜索引擎不允许采集结果页，看不到的逐项列出，退出状态为 1。",
)
@json_option
@click.pass_context
def discover(ctx: click.Context, as_json: bool) -> int:
    """Ask search engines and look at the links of leads."""
    from zhengxun.jobs.discovery import discover as run

    done = run(services_of(ctx))
    if as_json:
        print_json(_discovery_as_dict(done))
    else:
        _print_discovery(done)
    return 1 if done.gaps else 0


@click.group(
    "proposals",
    cls=Group,
    help="建议的监测对象：查看、接受、拒绝。接受后成为监测对象，备注写明从哪里发现；拒绝的不再建议。",
)
def proposals() -> None:
    """Group of proposal commands."""


@proposals.command("list", help="列出待定的建议。")
@click.option("--all", "everything", is_flag=True, help="也列出已接受和已拒绝的")
@json_option
@click.pass_context
def list_(ctx: click.Context, everything: bool, as_json: bool) -> None:
    """List proposals."""
    with services_of(ctx).store() as store:
        found = store.proposals.list(None if everything else ProposalState.PROPOSED)
    if as_json:
        print_json([_as_dict(proposal) for proposal in found])
    elif not found:
        say("没有建议。" if everything else "没有待定的建议。用“zhengxun targets discover”去发现。")
    else:
        _print_proposals(found)


_ids = argument(
    "ids", metavar="编号…", type=WholeNumber(1, 2**53), nargs=-1, required=True, description="建议的编号，可写多个"
)


@proposals.command("accept", help="接受：成为监测对象，类型由网址推断，每天采集。以前拒绝过的也可以接受。")
@_ids
@click.option("--reason", metavar="理由", help="理由")
@click.option("--by", metavar="姓名", help="决定人（默认系统登录名）")
@json_option
@click.pass_context
def accept(ctx: click.Context, ids: tuple[int, ...], reason: str | None, by: str | None, as_json: bool) -> int:
    """Accept proposals."""
    from zhengxun.jobs.discovery import accept as decide

    services = services_of(ctx)
    done: list[dict[str, Any]] = []
    bad: list[tuple[int, ZhengxunError]] = []
    with services.store() as store:
        for number in dict.fromkeys(ids):
            try:
                proposal, target, created = decide(services, store, number, actor_name(by), reason)
            except ZhengxunError as error:
                bad.append((number, error))
                continue
            done.append(_as_dict(proposal) | {"target_created": created})
            if not as_json:
                what = "已添加" if created else "已在监测，即"
                say(f"已接受 {number} 号建议：{what} {target.id} 号监测对象“{target.name}”（{target.kind.label}）。")
    return _finish(done, bad, as_json)


@proposals.command("refuse", help="拒绝：写明理由。同一网址以后再被发现也不再建议。")
@_ids
@click.option("--reason", metavar="理由", required=True, help="理由")
@click.option("--by", metavar="姓名", help="决定人（默认系统登录名）")
@json_option
@click.pass_context
def refuse(ctx: click.Context, ids: tuple[int, ...], reason: str, by: str | None, as_json: bool) -> int:
    """Refuse proposals."""
    from zhengxun.jobs.discovery import refuse as decide

    if not reason.strip():
        raise BadInput("请用 --reason 写明拒绝的理由。")
    services = services_of(ctx)
    done: list[dict[str, Any]] = []
    bad: list[tuple[int, ZhengxunError]] = []
    with services.store() as store:
        for number in dict.fromkeys(ids):
            try:
                proposal = decide(services, store, number, actor_name(by), reason.strip())
            except ZhengxunError as error:
                bad.append((number, error))
                continue
            done.append(_as_dict(proposal))
            if not as_json:
                say(f"已拒绝 {number} 号建议：{proposal.found.url}")
    return _finish(done, bad, as_json)


def _finish(done: list[dict[str, Any]], bad: list[tuple[int, ZhengxunError]], as_json: bool) -> int:
    """Where nothing could be done the first error ends the command; else all are named and the status is 1."""
    if bad and not done:
        if len(bad) == 1:
            raise bad[0][1]
        raise BadInput("".join(str(error) for _, error in bad))
    if as_json:
        print_json({"decided": done, "bad": [{"id": number, "reason": str(error)} for number, error in bad]})
    else:
        for _, error in bad:
            note(str(error))
    return 1 if bad else 0


def _as_dict(proposal: Proposal) -> dict[str, Any]:
    found = proposal.found
    return {
        "id": proposal.id,
        "url": found.url,
        "state": proposal.state.value,
        "found_by": found.found_by.value,
        "engine": found.engine,
        "query": found.query,
        "page": found.page,
        "title": found.title,
        "where": found.where,
        "steps": [
            {
                "state": step.state.value,
                "at": step.at,
                "actor": step.actor,
                "reason": step.reason,
                "target_id": step.target_id,
            }
            for step in proposal.steps
        ],
    }


def _print_proposals(found: list[Proposal]) -> None:
    from zhengxun.clock import for_people

    print_table(
        ["编号", "状态", "网址", "从哪里发现", "标题", "发现于", "决定"],
        [
            (
                proposal.id,
                proposal.state.label,
                proposal.found.url,
                _source(proposal),
                proposal.found.title[:40],
                for_people(proposal.steps[0].at),
                "；".join(f"{step.actor}{'：' + step.reason if step.reason else ''}" for step in proposal.steps[1:]),
            )
            for proposal in found
        ],
        right=["编号"],
    )


def _source(proposal: Proposal) -> str:
    found = proposal.found
    if found.found_by is FoundBy.SEARCH:
        return f"{found.engine}“{found.query}”"
    return f"线索页面 {found.where}"


def _discovery_as_dict(done: Discovery) -> dict[str, Any]:
    return {
        "queries": done.queries,
        "pages_read": done.pages_read,
        "results": done.results,
        "links": done.links,
        "proposed": [_as_dict(proposal) for proposal in done.proposed],
        "skipped": [{"host": host, "reason": why.value, "count": count} for host, why, count in done.skipped],
        "unresolved": [
            {"engine": one.engine, "query": one.query, "title": one.title, "account": one.account, "where": one.where}
            for one in done.unresolved
        ],
        "gaps": [
            {
                "engine": gap.engine,
                "query": gap.query,
                "page": gap.page,
                "url": gap.url,
                "outcome": gap.outcome,
                "detail": gap.detail,
            }
            for gap in done.gaps
        ],
    }


def _print_discovery(done: Discovery) -> None:
    if not done.queries:
        say("没有设置搜索词或搜索引擎，未查询搜索引擎（见 docs/operation.md“发现”）。")
    else:
        say(f"查询 {done.queries} 次，读到 {done.pages_read} 个结果页、{done.results} 条结果。")
    say(f"线索页面链接到的别的网站：{done.links} 处。")
    if done.proposed:
        _print_proposals(list(done.proposed))
    say(
        f"新建议 {len(done.proposed)} 条；用“zhengxun targets proposals accept/refuse 编号”决定。"
        if done.proposed
        else "没有新的建议。"
    )
    reasons: Counter[str] = Counter()
    for _, why, _ in done.skipped:
        reasons[why.label] += 1
    if reasons:
        say("未列为建议：" + "，".join(f"{label} {count} 个" for label, count in reasons.items()) + "。")
    if done.unresolved:
        say(f"有 {len(done.unresolved)} 条结果只有搜索引擎的跳转链接，看不出真实网址，请人工查看：")
        for one in done.unresolved:
            account = f"（{one.account}）" if one.account else ""
            say(f"  {one.engine}“{one.query}”：{one.title}{account}")
    if done.gaps:
        say("没有看到的结果页（不等于没有结果）：")
        grouped: Counter[tuple[str, str]] = Counter((gap.engine, gap.detail) for gap in done.gaps)
        for (engine, detail), count in grouped.items():
            say(f"  {engine}：{count} 页，{detail}")
