"""Builds the 处置简报 of one day: what each lead's state means for a reader, frozen.

Pure: same material, same result. What storage hands over are states and assessments; here they become words of the
contract (status, measure, reason), with personal data masked, so that every renderer and the JSON show the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache

from digest.measures import MeasureTable
from digest.templates import Templates
from digest.text import Mask, masked, one_line, shanghai, storable
from domain.assessment import Finding, Level
from domain.digest import (
    Coverage,
    CoverageGap,
    Digest,
    DigestFinding,
    DigestItem,
    DigestPicture,
    DigestStatus,
    LeadMaterial,
    LeadRelation,
    OperatorBrief,
    RelationKind,
)
from domain.document import Contact
from domain.evidence import Capture
from domain.intake import NOT_VISITED
from domain.lead import CLOSED, LeadState, Presence, Review
from domain.operator import SURE
from domain.picture import PicturePlace
from domain.ports import DigestSource

#: Order in which a liaison reads: what is to be done first stands first, what needs nothing more stands last.
STATUS_ORDER = (
    DigestStatus.NEW,
    DigestStatus.REAPPEARED,
    DigestStatus.STILL_ONLINE,
    DigestStatus.UNVERIFIABLE,
    DigestStatus.CORRECTED,
    DigestStatus.REMOVED,
)
_STATUS_RANK = {status: rank for rank, status in enumerate(STATUS_ORDER)}
_LEVEL_RANK = {level.value: rank for rank, level in enumerate((Level.HIGH, Level.MEDIUM, Level.LOW, Level.NONE))}

_CLOSED_STATUS = {
    Presence.CORRECTED: DigestStatus.CORRECTED,
    Presence.REMOVED: DigestStatus.REMOVED,
    Presence.MOVED: DigestStatus.REAPPEARED,
    Presence.UNVERIFIABLE: DigestStatus.UNVERIFIABLE,
    Presence.SUSPECTED_GONE: DigestStatus.UNVERIFIABLE,
}

_STOPPED_WORDS = {"paused": "监测对象已暂停", "removed": "监测对象已移除"}

_DEFAULT_REASON = {
    Presence.SUSPECTED_GONE: "疑似下线，待复核",
    Presence.UNVERIFIABLE: "本期未能看到页面，无法判定是否仍在线",
}


def build(
    source: DigestSource,
    day: date,
    cutoff: datetime,
    number: str,
    rule_pack: str,
    measures: MeasureTable | None = None,
    overdue_after: timedelta | None = None,
) -> Digest:
    """Digest of ``day`` (Asia/Shanghai) from all leads as they stood at ``cutoff`` (aware).

    ``number`` was given by the store; ``rule_pack`` is the digest of the packs in force. ``measures``: another table
    of suggested measures than the bundled one. ``overdue_after``: time after a referral from which a page that still stands
    is overdue; None: none is. Items are ordered by status (new first), level, score and lead id; within a status the leads
    of one operator follow its first.
    """
    if cutoff.tzinfo is None:
        raise ValueError(f"cutoff must be aware, got {cutoff!r}")
    table = measures or _bundled_measures()
    materials = [
        material for material in source.lead_material(day, cutoff) if material.state.review is not Review.DISMISSED
    ]
    pages = _pages_by_identifier(materials)
    items = [_item(material, table, pages, cutoff, overdue_after) for material in materials]
    items.sort(key=_order)
    items = together(items)
    return Digest(
        date=day,
        number=storable(number),
        generated_at=cutoff,
        rule_pack=rule_pack,
        coverage=_coverage(source.coverage(day, cutoff)),
        items=tuple(items),
    )


@cache
def _bundled_measures() -> MeasureTable:
    return MeasureTable.load(Templates())


def _order(item: DigestItem) -> tuple[int, int, float, int]:
    return (
        _STATUS_RANK[item.status],
        _LEVEL_RANK.get(item.level, len(_LEVEL_RANK)),
        -item.score,
        item.lead_id,
    )


def together(items: Sequence[DigestItem]) -> list[DigestItem]:
    """Within each status, leads of one known operator right after its first one: they are dealt with together."""
    groups: dict[tuple[DigestStatus, int, int], list[DigestItem]] = {}
    for item in items:
        known = item.operator.id if item.operator is not None else None
        groups.setdefault((item.status, known or 0, 0 if known else item.lead_id), []).append(item)
    return [item for group in groups.values() for item in group]


def status_of(material: LeadMaterial) -> tuple[DigestStatus, bool, str | None]:
    """(status, whether its text was edited since it was last shown, reason in Chinese)."""
    state = material.state
    reason = storable(state.reason) if state.reason else None
    if state.reason == NOT_VISITED and not material.shown_before:
        return DigestStatus.NEW, False, reason
    if state.presence in _CLOSED_STATUS:
        return (
            _CLOSED_STATUS[state.presence],
            False,
            reason or _DEFAULT_REASON.get(state.presence),
        )
    if not material.shown_before:
        return DigestStatus.NEW, False, reason
    last_shown = material.last_shown_at
    if last_shown is not None and material.last_seen <= last_shown:
        # Nobody looked since the reader was last told of it: that it stood then does not say that it stands now.
        return DigestStatus.UNVERIFIABLE, False, _not_looked_at(material)
    changed = state.edited_at is not None and (last_shown is None or state.edited_at > last_shown)
    if state.presence is Presence.REAPPEARED:
        # A return is news once; on later days the page simply stands.
        if last_shown is None or (state.presence_at or state.changed_at) > last_shown:
            return DigestStatus.REAPPEARED, False, reason
        return DigestStatus.STILL_ONLINE, changed, reason or "复发后仍在线"
    return (
        DigestStatus.STILL_ONLINE,
        changed,
        reason or ("内容有修改，仍有违规内容" if changed else None),
    )


def _not_looked_at(material: LeadMaterial) -> str:
    if material.target_stopped is not None:
        return f"本期未查看（{_STOPPED_WORDS[material.target_stopped]}）"
    return f"本期未查看（最近一次看到：{shanghai(material.last_seen)}）"


def _item(
    material: LeadMaterial,
    table: MeasureTable,
    pages: dict[tuple[str, str], int],
    cutoff: datetime,
    overdue_after: timedelta | None,
) -> DigestItem:
    assessment, state = material.assessment, material.state
    waiting = state.referred_at is not None and state.presence not in CLOSED
    status, changed, reason = status_of(material)
    if status is DigestStatus.NEW and reason is None and material.relation is not None:
        reason = storable(material.relation)
    mask = Mask(material.contacts)
    return DigestItem(
        lead_id=material.lead_id,
        status=status,
        changed=changed,
        page_url=storable(material.page_url),
        final_url=storable(material.final_url),
        title=mask(storable(one_line(material.title))),
        target=storable(one_line(material.target_name)),
        platform=material.platform,
        account=storable(one_line(material.account)) if material.account else None,
        region=storable(one_line(material.region)) if material.region else None,
        level=assessment.level.value,
        score=assessment.score,
        categories=assessment.categories,
        findings=_findings(assessment.findings, material.contexts, mask, material.pictures),
        operator=_operator(material, pages),
        first_seen=material.first_seen,
        last_seen=material.last_seen,
        measure=table.choose(material, status),
        evidence=material.evidence,
        review=material.state.review.value,
        reason=reason,
        steps=tuple((step.name, step.points, mask(storable(step.text))) for step in assessment.steps),
        evasion=tuple(mask(storable(note)) for note in assessment.evasion),
        published_raw=storable(one_line(material.published_raw)) if material.published_raw else None,
        referred_at=state.referred_at,
        referred_to=storable(one_line(state.referred_to)) if state.referred_to else None,
        days_since_referral=(cutoff - state.referred_at).days if waiting and state.referred_at else None,
        overdue=overdue_after is not None and state.overdue(cutoff, overdue_after),
        answer=state.answer.value if state.answer else None,
        added=tuple(mask(storable(sentence)) for sentence in material.added) if changed else (),
        dropped=tuple(mask(storable(sentence)) for sentence in material.dropped) if changed else (),
        relation=_relation(state),
    )


def _relation(state: LeadState) -> LeadRelation | None:
    if state.moved_to is not None:
        return LeadRelation(RelationKind.MOVED_TO, state.moved_to)
    return None if state.joins is None else LeadRelation(RelationKind.JOINS, state.joins)


def _findings(
    findings: Sequence[Finding], contexts: Sequence[str], mask: Mask, pictures: Sequence[Capture]
) -> tuple[DigestFinding, ...]:
    """Findings, heaviest first; the same claim by the same rule in the same words stands once."""
    kept = {capture.sha256: capture for capture in pictures}
    paired = list(zip(findings, contexts, strict=True))
    paired.sort(key=lambda pair: (-pair[0].weight, pair[0].start))
    shown: dict[tuple[str, str, str], DigestFinding] = {}
    for finding, context in paired:
        quote, around = mask(storable(finding.quote)), mask.excerpt(storable(one_line(context)))
        shown.setdefault(
            (finding.rule_id, quote, around),
            DigestFinding(
                rule_id=finding.rule_id,
                category=finding.category.value,
                quote=quote,
                context=around,
                legal_basis=finding.legal_basis,
                behaviour=finding.behaviour,
                picture=_picture(finding.picture, kept),
            ),
        )
    return tuple(shown.values())


def _picture(place: PicturePlace | None, kept: Mapping[str, Capture]) -> DigestPicture | None:
    """Where a claim stands in a kept picture; None for the page's own words."""
    if place is None or place.sha256 not in kept:
        return None
    warc = kept[place.sha256].warc
    return DigestPicture(
        url=storable(place.url),
        sha256=place.sha256,
        width=place.width,
        height=place.height,
        box=place.box,
        warc=warc.file,
        warc_offset=warc.offset,
        warc_record=warc.record_id,
    )


def _pages_by_identifier(
    materials: Sequence[LeadMaterial],
) -> dict[tuple[str, str], int]:
    """In how many of these leads' pages each identifier stands (by its unmasked value)."""
    pages: defaultdict[tuple[str, str], int] = defaultdict(int)
    for material in materials:
        for key in {(contact.kind.value, contact.value) for contact in material.contacts}:
            pages[key] += 1
    return pages


def _operator(material: LeadMaterial, pages: dict[tuple[str, str], int]) -> OperatorBrief | None:
    """Who runs the page: its operator, or as far as its own contacts say it; None where there are none.

    Without an operator ``pages`` counts the pages of this digest that carry the most shared of the identifiers.
    """
    known = material.operator
    if known is not None:
        return OperatorBrief(
            id=known.id,
            name=storable(one_line(known.name)) if known.name else None,
            identifiers=_shown(known.identifiers),
            pages=known.pages,
        )
    own = tuple(contact for contact in material.contacts if contact.confidence >= SURE)
    if not own:
        return None
    return OperatorBrief(
        id=None,
        name=None,
        identifiers=_shown(own),
        pages=max(pages[contact.kind.value, contact.value] for contact in own),
    )


#: Identifiers of one operator that a digest shows.
IDENTIFIERS_SHOWN = 12


def _shown(contacts: Sequence[Contact]) -> tuple[tuple[str, str], ...]:
    return tuple(dict.fromkeys((contact.kind.value, masked(contact)) for contact in contacts))[:IDENTIFIERS_SHOWN]


def _coverage(coverage: Coverage) -> Coverage:
    return Coverage(
        targets_planned=coverage.targets_planned,
        targets_ok=coverage.targets_ok,
        gaps=tuple(
            CoverageGap(
                gap.target_id,
                storable(one_line(gap.name)),
                gap.outcome,
                storable(one_line(gap.detail)),
            )
            for gap in coverage.gaps
        ),
        pages=coverage.pages,
    )
