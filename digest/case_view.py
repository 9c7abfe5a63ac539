"""One lead as official papers show it: Chinese words, local times, personal data masked. Computes nothing beyond it."""

from __future__ import annotations

from dataclasses import dataclass

from digest.text import Mask, masked, one_line, shanghai, storable, visible
from digest.words import WORD_LIMIT, Words
from domain.lead import EventKind, LeadEvent
from domain.lead_detail import LeadDetail
from domain.reasons import reason_text

_TITLE, _ADDRESS, _QUOTES, _NOTE = 120, 500, 200, 300


@dataclass(frozen=True, slots=True)
class CaseView:
    """A lead for the 移送函 and the 处置台账; all fields are plain text and numbers."""

    index: int
    """From 1."""
    lead_id: int
    title: str
    page_url: str
    final_url: str
    """Empty where it is ``page_url``."""
    target: str
    platform: str
    account: str
    region: str
    level_label: str
    score: str
    behaviours: str
    quotes: str
    """Claims in the page's own words, at most 200 characters, contacts masked."""
    legal: tuple[str, ...]
    identifiers: tuple[str, ...]
    """E.g. ``手机 138****0000``."""
    authorities: str
    """建议移送部门."""
    evasion: str
    published: str
    found_at: str
    last_seen: str
    presence: str
    review: str
    confirmed: str
    """``张三 2026-11-23 10:00``; empty where nobody did."""
    confirm_reason: str
    referred_at: str
    referred_to: str
    referral_letter: str
    referrals: int
    owner: str
    answer: str
    answered_at: str
    measure: str
    handled_on: str
    handler: str
    answer_letter: str
    answer_reason: str
    snapshot_id: int
    sha256: str
    warc: str
    warc_offset: int
    screenshot: str


def case_view(index: int, detail: LeadDetail, words: Words) -> CaseView:
    """``detail`` as number ``index`` of a paper."""
    document, assessment, state = detail.document, detail.assessment, detail.lead.state
    mask = Mask(document.contacts)
    codes = list(dict.fromkeys(finding.behaviour for finding in assessment.findings if finding.behaviour))
    quotes = _tellings([mask(storable(one_line(finding.quote))) for finding in assessment.findings])
    confirmed = _last(detail.lead.events, {EventKind.CONFIRMED}) if state.confirmed_at else None
    referral = _last(detail.lead.events, {EventKind.REFERRED}) if state.referred_at else None
    answer = (
        _last(detail.lead.events, {EventKind.ACCEPTED, EventKind.RETURNED, EventKind.HANDLED}) if state.answer else None
    )
    return CaseView(
        index=index,
        lead_id=detail.lead.id,
        title=mask(visible(one_line(document.title), _TITLE)) or "（无标题）",
        page_url=visible(detail.lead.page_url, _ADDRESS),
        final_url=visible(detail.final_url, _ADDRESS) if detail.final_url != detail.lead.page_url else "",
        target=visible(one_line(detail.target_name), WORD_LIMIT),
        platform=words.platform(document.platform),
        account=visible(one_line(document.account or ""), WORD_LIMIT),
        region=visible(detail.region or "", WORD_LIMIT),
        level_label=assessment.level.label,
        score=f"{assessment.score:g}",
        behaviours="；".join(words.behaviour(code) for code in codes),
        quotes=visible("；".join(f"“{quote}”" for quote in quotes), _QUOTES),
        legal=tuple(dict.fromkeys(basis for finding in assessment.findings for basis in finding.legal_basis)),
        identifiers=tuple(
            dict.fromkeys(
                visible(f"{words.identifier(contact.kind.value)} {masked(contact)}", WORD_LIMIT)
                for contact in document.contacts
            )
        ),
        authorities=words.authorities_for(frozenset(codes), assessment.categories),
        evasion="；".join(mask(visible(note, _NOTE)) for note in assessment.evasion),
        published=visible(one_line(document.published_raw or ""), WORD_LIMIT),
        found_at=shanghai(state.found_at),
        last_seen=shanghai(detail.last_seen),
        presence=state.presence.label + (f"（{visible(state.reason, _NOTE)}）" if state.reason else ""),
        review=state.review.label,
        confirmed=f"{visible(confirmed.actor, WORD_LIMIT)} {shanghai(confirmed.at)}" if confirmed else "",
        confirm_reason=visible("；".join(filter(None, (reason_text(confirmed.code), confirmed.reason))), _NOTE)
        if confirmed
        else "",
        referred_at=shanghai(state.referred_at) if state.referred_at else "",
        referred_to=visible(state.referred_to or "", WORD_LIMIT),
        referral_letter=_detail(referral, "letter"),
        referrals=state.referrals,
        owner=visible(state.owner or "", WORD_LIMIT),
        answer=state.answer.label if state.answer else "",
        answered_at=shanghai(state.answered_at) if state.answered_at else "",
        measure=_detail(answer, "measure"),
        handled_on=_detail(answer, "handled_on"),
        handler=_detail(answer, "handler"),
        answer_letter=_detail(answer, "letter"),
        answer_reason=visible(answer.reason or "", _NOTE) if answer else "",
        snapshot_id=detail.evidence.snapshot_id,
        sha256=detail.evidence.sha256,
        warc=visible(detail.evidence.warc, _NOTE),
        warc_offset=detail.evidence.warc_offset,
        screenshot=visible(detail.evidence.screenshot or "", _NOTE),
    )


def _tellings(quotes: list[str]) -> list[str]:
    """Quotes in order, each once, without those that stand within a longer one."""
    told = [quote for quote in dict.fromkeys(quotes) if quote]
    return [quote for quote in told if not any(quote != other and quote in other for other in told)]


def _last(events: tuple[LeadEvent, ...], kinds: set[EventKind]) -> LeadEvent | None:
    return next((event for event in reversed(events) if event.kind in kinds), None)


def _detail(event: LeadEvent | None, key: str) -> str:
    return visible(event.detail(key) or "", _NOTE) if event is not None else ""
