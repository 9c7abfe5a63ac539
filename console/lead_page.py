"""One lead as the console shows it: everything masked and safe to look at, nothing decided here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.lead_desk import LeadDesk, LeadQuery
from console.lead_pictures import ReadPicture, read_pictures
from console.marked_text import MarkedText, mark
from digest.text import Mask, one_line, visible
from domain.assessment import Finding, Speaker
from domain.directory import DirectoryCheck
from domain.directory_words import styled_sentences, title_of
from domain.intake import Provenance
from domain.lead import REVIEW_MOVES, EventKind
from domain.lead_detail import LeadDetail
from domain.reasons import reason_text


@dataclass(frozen=True, slots=True)
class Reason:
    """One claim with why it is one."""

    number: int
    quote: str
    context: str
    where: str
    """Empty for the page's own text."""
    behaviour: str
    legal: tuple[str, ...]
    rule_id: str
    points: float
    steps: tuple[str, ...]
    exempted_by: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history."""

    at: datetime
    actor: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class HandedIn:
    """Who handed the page in."""

    at: datetime
    by: str
    what: str
    """Kind, file and row."""
    note: str
    details: tuple[tuple[str, str], ...]
    """What the row says beside the content; masked."""


@dataclass(frozen=True, slots=True)
class Listed:
    """名录核对."""

    sentences: tuple[tuple[str, str], ...]
    """(style, sentence): ``good`` listed, ``bad`` something to check, empty otherwise."""
    consulted: tuple[tuple[int, str], ...]
    """(edition, title) of the lists that were looked at."""


@dataclass(frozen=True, slots=True)
class LeadPage:
    """All that one lead's page shows."""

    detail: LeadDetail
    title: str
    title_marks: MarkedText
    text: MarkedText
    pictures: tuple[ReadPicture, ...]
    pictures_left_out: int
    provenance: tuple[HandedIn, ...]
    reasons: tuple[Reason, ...]
    exempted: tuple[Reason, ...]
    listed: Listed
    steps: tuple[tuple[str, str], ...]
    """(points, words) of the score."""
    evasion: tuple[str, ...]
    incomplete: tuple[str, ...]
    history: tuple[Entry, ...]
    platform: str
    account: str
    overdue: bool
    authorities: str
    authority: str
    """What the field for a referral holds at first."""
    dismiss_code: str
    allowed: frozenset[EventKind]
    """Decisions that the state allows."""
    previous: int | None
    following: int | None


def lead_page(desk: LeadDesk, lead_id: int, query: LeadQuery) -> LeadPage:
    """The page of a lead within a queue."""
    detail = desk.get(lead_id)
    document, assessment, state = detail.document, detail.assessment, detail.lead.state
    mask = Mask(document.contacts)
    previous, following = desk.neighbours(lead_id, query)
    authorities = desk.authorities(detail)
    pictures, left_out = read_pictures(detail, mask)
    return LeadPage(
        detail=detail,
        title=mask(visible(one_line(document.title), 120)) or "（无标题）",
        title_marks=mark(document.title, "title", assessment.findings, assessment.exempted, mask),
        text=mark(document.text, "text", assessment.findings, assessment.exempted, mask),
        pictures=tuple(pictures),
        pictures_left_out=left_out,
        provenance=tuple(_handed_in(one, mask) for one in detail.provenance),
        reasons=tuple(
            _reason(desk, number, finding, context, mask)
            for number, (finding, context) in enumerate(zip(assessment.findings, detail.contexts, strict=True), start=1)
        ),
        exempted=tuple(_reason(desk, 0, finding, "", mask) for finding in assessment.exempted),
        listed=_listed(desk.listed(detail)),
        steps=tuple((f"{step.points:+g}", mask(visible(step.text or step.name, 200))) for step in assessment.steps),
        evasion=tuple(mask(visible(note, 200)) for note in assessment.evasion),
        incomplete=tuple(visible(note, 200) for note in assessment.incomplete),
        history=tuple(
            Entry(
                event.at,
                "系统" if event.actor == "system" else visible(event.actor, 60),
                event.kind.label,
                _words(event.code, event.reason, event.details),
            )
            for event in reversed(detail.lead.events)
        ),
        platform=desk.platform(document.platform),
        account=mask(visible(one_line(document.account or ""), 80)),
        overdue=desk.overdue(state),
        authorities=authorities,
        authority=state.referred_to or authorities.partition("、")[0],
        dismiss_code="W2" if assessment.speaker in (Speaker.AUTHORITY, Speaker.MEDIA) else "W9",
        allowed=frozenset(kind for kind, (states, _) in REVIEW_MOVES.items() if state.review in states),
        previous=previous,
        following=following,
    )


def _listed(check: DirectoryCheck) -> Listed:
    """Names of bodies and their codes are public and stay whole."""
    return Listed(
        tuple((style, visible(one_line(sentence), 1000)) for style, sentence in styled_sentences(check)),
        tuple((one.edition.id, visible(one_line(title_of(one)), 300)) for one in check.consulted),
    )


def _reason(desk: LeadDesk, number: int, finding: Finding, context: str, mask: Mask) -> Reason:
    where = {"title": "标题", "segments": "读者看不到的文字（页面说明、源代码等）"}.get(finding.field, "")
    if finding.picture is not None:
        where = "图片文字"
    return Reason(
        number=number,
        quote=mask(visible(one_line(finding.quote), 200)),
        context=mask.excerpt(visible(context, 300)),
        where=where,
        behaviour=desk.behaviour(finding.behaviour)
        if finding.behaviour
        else f"{finding.category} {finding.category.label}",
        legal=finding.legal_basis,
        rule_id=finding.rule_id,
        points=finding.weight,
        steps=tuple(visible(step.text, 200) for step in finding.steps if step.text),
        exempted_by=finding.exempted_by or "",
    )


def _handed_in(provenance: Provenance, mask: Mask) -> HandedIn:
    handover = provenance.handover
    return HandedIn(
        at=handover.at,
        by=visible(one_line(handover.by), 60),
        what=visible(one_line(provenance.place), 200),
        note=mask(visible(one_line(handover.note or ""), 300)),
        details=tuple(
            (visible(one_line(name), 40), mask(visible(one_line(value), 300)))
            for name, value in provenance.details
            if value.strip()
        ),
    )


def _words(code: str | None, reason: str | None, details: tuple[tuple[str, str], ...]) -> str:
    from domain.lead import DETAIL_LABELS

    parts = [f"{code} {reason_text(code)}"] if code else []
    if reason:
        parts.append(visible(reason, 400))
    parts += [f"{DETAIL_LABELS.get(key, key)}：{visible(value, 200)}" for key, value in details if value]
    return "；".join(parts)
