"""Leads as JSON and as words for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.directory_words import sentences
from domain.lead import DETAIL_LABELS
from domain.reasons import reason_text
from zhengxun.cli.output import clean, clean_lines, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.directory import DirectoryCheck
    from domain.intake import Provenance
    from domain.lead import LeadEvent, LeadState
    from domain.lead_detail import LeadDetail
    from storage.leads import LeadListing
    from zhengxun.jobs.reviewing import VersionChange


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
        "owner": state.owner,
        "confirmed_at": state.confirmed_at,
        "confirmed_by": state.confirmed_by,
        "first_referred_at": state.first_referred_at,
        "referrals": state.referrals,
        "referred_to": state.referred_to,
        "answer": state.answer.value if state.answer else None,
        "answered_at": state.answered_at,
        "gone_at": state.gone_at,
        "reappeared": state.reappeared,
        "joins": state.joins,
        "moved_to": state.moved_to,
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
        "platform": item.platform,
        "region": item.region,
        "account": item.account,
        "version": item.version,
    } | state_as_dict(item.state)


def _event_as_dict(event: LeadEvent) -> dict[str, Any]:
    return {
        "kind": event.kind.value,
        "at": event.at,
        "actor": event.actor,
        "reason": event.reason,
        "snapshot_id": event.snapshot_id,
        "code": event.code,
        "details": dict(event.details),
    }


def detail_as_dict(detail: LeadDetail, check: DirectoryCheck) -> dict[str, Any]:
    """``leads show --json``."""
    from zhengxun.cli.classify import as_dict as assessment_as_dict
    from zhengxun.cli.directory import check_as_dict
    from zhengxun.cli.extract import document_as_dict

    return {
        "id": detail.lead.id,
        "page_url": detail.lead.page_url,
        "final_url": detail.final_url,
        "target_id": detail.lead.target_id,
        "target": detail.target_name,
        "region": detail.region,
        "last_seen": detail.last_seen,
        "version": detail.version,
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
        "provenance": [_provenance_as_dict(one) for one in detail.provenance],
        "directory": check_as_dict(check),
    }


def _provenance_as_dict(one: Provenance) -> dict[str, Any]:
    handover = one.handover
    return {
        "kind": handover.kind.value,
        "file": handover.file_name,
        "row": one.row,
        "sha256": handover.sha256,
        "by": handover.by,
        "at": handover.at,
        "note": handover.note,
        "details": dict(one.details),
    }


def print_detail(detail: LeadDetail, check: DirectoryCheck) -> None:
    from zhengxun.clock import for_people

    state, assessment, document = detail.lead.state, detail.assessment, detail.document
    say(f"线索 {detail.lead.id}：{clean(document.title)}")
    say(f"网址：{clean(detail.lead.page_url)}")
    if detail.final_url != detail.lead.page_url:
        say(f"跳转后：{clean(detail.final_url)}")
    say(f"监测对象：{clean(detail.target_name)}（{detail.lead.target_id} 号），账号：{clean(document.account or '—')}")
    for one in detail.provenance:
        handover = one.handover
        said = f"，备注：{clean(handover.note)}" if handover.note else ""
        say(f"来源：{clean(one.place)}（{for_people(handover.at)} 由 {clean(handover.by)} 提交{said}）")
        for name, words in one.details:
            say(f"  {clean(name)}：{clean(words)}")
    say(
        f"研判：{state.review.label}；在线状态：{state.presence.label}{f'（{clean(state.reason)}）' if state.reason else ''}"
    )
    for line in _case_lines(state):
        say(line)
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
    say("\n名录核对：")
    for sentence in sentences(check):
        say(f"  {clean(sentence)}")
    evidence = detail.evidence
    say(f"\n证据：evidence/{clean(evidence.warc)} 偏移 {evidence.warc_offset}，SHA-256 {evidence.sha256}")
    say("\n处理记录：")
    for event in detail.lead.events:
        say(f"  {for_people(event.at)}  {event.kind.label}  {clean(event.actor)}  {clean(event_words(event))}".rstrip())
    say(f"  （共 {detail.version} 条记录；处理时可用 --seen {detail.version} 表明是看到此处为止作出的）")
    say("\n原文：")
    say(clean_lines(document.text))


def event_words(event: LeadEvent) -> str:
    """Reason code, reason and details of an event in one line."""
    words = [reason_text(event.code), event.reason or ""]
    words += [f"{DETAIL_LABELS.get(key, key)} {value or '无'}" for key, value in event.details]
    return "；".join(filter(None, words))


def _case_lines(state: LeadState) -> list[str]:
    from zhengxun.clock import for_people

    lines = []
    if state.joins is not None:
        lines.append(f"关联旧线索：{state.joins}")
    if state.moved_to is not None:
        lines.append(f"在新地址复发：线索 {state.moved_to}")
    if state.owner:
        lines.append(f"承办人：{clean(state.owner)}")
    if state.referred_at is not None:
        to = f"，移送 {clean(state.referred_to)}" if state.referred_to else ""
        answer = f"，答复：{state.answer.label}" if state.answer else ""
        lines.append(f"移送：{for_people(state.referred_at)}（第 {state.referrals} 次）{to}{answer}")
    return lines


def change_as_dict(change: VersionChange) -> dict[str, Any]:
    """One entry of ``leads show --diff --json``."""
    return {
        "from": {"snapshot_id": change.older.snapshot_id, "fetched_at": change.older.fetched_at},
        "to": {
            "snapshot_id": change.newer.snapshot_id,
            "fetched_at": change.newer.fetched_at,
            "level": change.newer.level,
            "score": change.newer.score,
            "flagged": change.newer.flagged,
        },
        "added": list(change.changes.added),
        "dropped": list(change.changes.dropped),
        "cut": change.changes.cut,
    }


def print_changes(changes: Sequence[VersionChange]) -> None:
    """What each version added and dropped."""
    from zhengxun.clock import for_people

    if not changes:
        say("该页面只保存过一个版本，没有可比较的修改。")
    for change in changes:
        newer = change.newer
        verdict = f"仍命中，{newer.score:g} 分" if newer.flagged else "未再命中"
        say(
            f"\n{for_people(change.older.fetched_at)} → {for_people(newer.fetched_at)}（快照 {newer.snapshot_id}，{verdict}）"
        )
        for sentence in change.changes.dropped:
            say(f"  － {clean(sentence)}")
        for sentence in change.changes.added:
            say(f"  ＋ {clean(sentence)}")
        if change.changes.cut:
            say("  （页面过长，只比较了前一部分）")
