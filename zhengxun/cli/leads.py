"""``zhengxun leads …``: what the console will do, for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from domain.assessment import Level
from domain.errors import BadInput, ZhengxunError
from domain.lead import EventKind, Presence, Review
from zhengxun.cli.framework import Day, Group, OneOf, WholeNumber, argument
from zhengxun.cli.invocation import services_of
from zhengxun.cli.output import clean, clean_lines, json_option, note, print_json, print_table, say

if TYPE_CHECKING:
    from datetime import date

    from domain.lead import LeadEvent, LeadState
    from storage.leads import LeadDetail, LeadListing

#: Leads read from the store at a time.
_PAGE = 500
_ids = argument(
    "ids", metavar="编号…", type=WholeNumber(1, 2**53), nargs=-1, required=True, description="线索编号，可写多个"
)
_by = click.option("--by", metavar="姓名", help="经手人（默认取系统登录名）")


@click.group(
    cls=Group,
    name="leads",
    help="线索：机器找出的可疑页面。系统只提出线索，是否违法由有权机关认定。\n每一步处理都追加记录，不覆盖、不删除。",
)
def command() -> None:
    """Group of lead commands."""


@command.command("list", help="列出线索，风险高的在前。")
@click.option(
    "--review",
    type=OneOf([item.value for item in Review], {item.value: item.label for item in Review}),
    metavar="研判状态",
    help="、".join(f"{item.value}（{item.label}）" for item in Review),
)
@click.option(
    "--presence",
    type=OneOf([item.value for item in Presence], {item.value: item.label for item in Presence}),
    metavar="在线状态",
    help="、".join(f"{item.value}（{item.label}）" for item in Presence),
)
@click.option(
    "--level",
    type=OneOf([item.value for item in Level], {item.value: item.label for item in Level}),
    metavar="风险",
    help="high（高）、medium（中）、low（低）",
)
@click.option("--target", type=WholeNumber(1, 2**53), metavar="编号", help="只看这个监测对象的")
@click.option("--date", "day", type=Day(), metavar="日期", help="只看这一天发现的，如 2026-11-23")
@click.option("--limit", type=WholeNumber(1, 1_000_000), metavar="数", help="至多列出多少条（默认全部）")
@json_option
@click.pass_context
def list_(
    ctx: click.Context,
    review: str | None,
    presence: str | None,
    level: str | None,
    target: int | None,
    day: date | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """List leads."""
    from zhengxun.clock import for_people

    found: list[LeadListing] = []
    with services_of(ctx).store() as store:
        while limit is None or len(found) < limit:
            wanted = _PAGE if limit is None else min(_PAGE, limit - len(found))
            page = store.leads.list(
                review=Review(review) if review else None,
                presence=Presence(presence) if presence else None,
                level=level,
                target_id=target,
                day=day,
                limit=wanted,
                offset=len(found),
            )
            found.extend(page)
            if len(page) < wanted:
                break
    if as_json:
        print_json([listing_as_dict(listing) for listing in found])
        return
    if not found:
        say("没有符合条件的线索。")
        return
    print_table(
        ["编号", "风险", "分数", "研判", "在线状态", "标题", "网址", "监测对象", "发现时间", "最近看到"],
        [
            (
                item.id,
                Level(item.level).label,
                f"{item.score:g}",
                item.state.review.label,
                item.state.presence.label,
                item.title,
                item.page_url,
                item.target_name,
                for_people(item.state.found_at),
                for_people(item.last_seen),
            )
            for item in found
        ],
        right=["编号", "分数"],
    )


@command.command("show", help="查看一条线索：命中的语句、依据、评分步骤、证据位置、处理记录和原文。")
@argument("lead_id", metavar="编号", type=WholeNumber(1, 2**53), description="线索编号")
@json_option
@click.pass_context
def show(ctx: click.Context, lead_id: int, as_json: bool) -> None:
    """Show one lead."""
    with services_of(ctx).store() as store:
        detail = store.leads.get(lead_id)
    if as_json:
        print_json(detail_as_dict(detail))
    else:
        _print_detail(detail)


def _append(ctx: click.Context, ids: tuple[int, ...], kind: EventKind, reason: str | None, by: str | None) -> int:
    """Append one event to each lead; those that do not allow it are named. Statuses: 0 all, 1 some, 2 none."""
    services = services_of(ctx)
    actor = by.strip() if by and by.strip() else _login_name()
    failures: list[ZhengxunError] = []
    done: list[int] = []
    with services.store() as store:
        for lead_id in dict.fromkeys(ids):
            try:
                store.leads.append(lead_id, kind, actor, reason, services.clock())
            except ZhengxunError as error:
                failures.append(error)
                note(f"线索 {lead_id}：{error}")
            else:
                done.append(lead_id)
    if done:
        say(f"已将线索 {'、'.join(map(str, done))} 记为“{kind.label}”（{actor}）。")
    if not failures:
        return 0
    return 1 if done else failures[0].exit_status


def _login_name() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "未署名"


_reason = click.option("--reason", metavar="理由", help="理由，写入处理记录")


@command.command("confirm", help="确认：经研判认为涉嫌违规。")
@_ids
@_reason
@_by
@click.pass_context
def confirm(ctx: click.Context, ids: tuple[int, ...], reason: str | None, by: str | None) -> int:
    """Confirm leads."""
    return _append(ctx, ids, EventKind.CONFIRMED, reason, by)


@command.command("dismiss", help="误报：不再列入简报。")
@_ids
@_reason
@_by
@click.pass_context
def dismiss(ctx: click.Context, ids: tuple[int, ...], reason: str | None, by: str | None) -> int:
    """Dismiss leads."""
    return _append(ctx, ids, EventKind.DISMISSED, reason, by)


@command.command("check", help="待核实：需要进一步查证。")
@_ids
@_reason
@_by
@click.pass_context
def check(ctx: click.Context, ids: tuple[int, ...], reason: str | None, by: str | None) -> int:
    """Ask for a check."""
    return _append(ctx, ids, EventKind.CHECK_REQUESTED, reason, by)


@command.command("refer", help="移送：已确认的线索转有权机关处置。")
@_ids
@_reason
@_by
@click.pass_context
def refer(ctx: click.Context, ids: tuple[int, ...], reason: str | None, by: str | None) -> int:
    """Refer leads."""
    return _append(ctx, ids, EventKind.REFERRED, reason, by)


@command.command("note", help="备注：追加一条说明，不改变状态。")
@argument("lead_id", metavar="编号", type=WholeNumber(1, 2**53), description="线索编号")
@argument("text", metavar="说明", description="说明文字")
@_by
@click.pass_context
def note_(ctx: click.Context, lead_id: int, text: str, by: str | None) -> int:
    """Add a note."""
    if not text.strip():
        raise BadInput("说明为空，没有记录。")
    return _append(ctx, (lead_id,), EventKind.NOTED, text.strip(), by)


def state_as_dict(state: LeadState) -> dict[str, Any]:
    """Review and presence of a lead."""
    return {
        "review": state.review.value,
        "presence": state.presence.value,
        "open": state.open,
        "found_at": state.found_at,
        "changed_at": state.changed_at,
        "edited_at": state.edited_at,
        "missing_since": state.missing_since,
        "referred_at": state.referred_at,
        "reason": state.reason,
    }


def listing_as_dict(item: LeadListing) -> dict[str, Any]:
    """One entry of ``leads list --json``."""
    return {
        "id": item.id,
        "title": item.title,
        "page_url": item.page_url,
        "target_id": item.target_id,
        "target": item.target_name,
        "level": item.level,
        "score": item.score,
        "last_seen": item.last_seen,
    } | state_as_dict(item.state)


def _event_as_dict(event: LeadEvent) -> dict[str, Any]:
    return {
        "kind": event.kind.value,
        "at": event.at,
        "actor": event.actor,
        "reason": event.reason,
        "snapshot_id": event.snapshot_id,
    }


def detail_as_dict(detail: LeadDetail) -> dict[str, Any]:
    """``leads show --json``."""
    from zhengxun.cli.classify import as_dict as assessment_as_dict
    from zhengxun.cli.extract import document_as_dict

    return {
        "id": detail.lead.id,
        "page_url": detail.lead.page_url,
        "final_url": detail.final_url,
        "target_id": detail.lead.target_id,
        "target": detail.target_name,
        "last_seen": detail.last_seen,
        **state_as_dict(detail.lead.state),
        "assessment": assessment_as_dict(detail.assessment),
        "document": document_as_dict(detail.document),
        "evidence": {
            "snapshot_id": detail.evidence.snapshot_id,
            "sha256": detail.evidence.sha256,
            "warc": detail.evidence.warc,
            "warc_offset": detail.evidence.warc_offset,
        },
        "events": [_event_as_dict(event) for event in detail.lead.events],
    }


def _print_detail(detail: LeadDetail) -> None:
    from zhengxun.clock import for_people

    state, assessment, document = detail.lead.state, detail.assessment, detail.document
    say(f"线索 {detail.lead.id}：{clean(document.title)}")
    say(f"网址：{clean(detail.lead.page_url)}")
    if detail.final_url != detail.lead.page_url:
        say(f"跳转后：{clean(detail.final_url)}")
    say(f"监测对象：{clean(detail.target_name)}（{detail.lead.target_id} 号），账号：{clean(document.account or '—')}")
    say(f"研判：{state.review.label}；在线状态：{state.presence.label}{f'（{state.reason}）' if state.reason else ''}")
    say(
        f"发现 {for_people(state.found_at)}，最近看到 {for_people(detail.last_seen)}，发布时间 {clean(document.published_raw or '—')}"
    )
    say(f"\n机器研判：风险 {assessment.level.label}，{assessment.score:g} 分")
    for finding, context in zip(assessment.findings, detail.contexts, strict=True):
        say(f"  [{finding.category.value} {finding.category.label}] “{clean(finding.quote)}” —— …{clean(context)}…")
        say(f"      规则 {finding.rule_id}；依据：{'；'.join(finding.legal_basis)}")
    for finding in assessment.exempted:
        say(f"  [不计] “{clean(finding.quote)}” {finding.rule_id}（{finding.exempted_by or '语境'}）")
    for step in assessment.steps:
        say(f"  {step.points:+g}  {clean(step.text or step.name)}")
    for text in (*assessment.evasion, *assessment.incomplete):
        say(f"  {clean(text)}")
    evidence = detail.evidence
    say(f"\n证据：evidence/{clean(evidence.warc)} 偏移 {evidence.warc_offset}，SHA-256 {evidence.sha256}")
    say("\n处理记录：")
    for event in detail.lead.events:
        say(f"  {for_people(event.at)}  {event.kind.label}  {clean(event.actor)}  {clean(event.reason or '')}")
    say("\n原文：")
    say(clean_lines(document.text))
