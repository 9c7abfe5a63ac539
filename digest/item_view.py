"""What a reader is shown of one lead of a digest: words, local times and text that is safe to look at (see :mod:`digest.view`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from digest.passages import FindingView, PassageView, gather, split_context
from digest.templates import Templates
from digest.text import one_line, shanghai, visible
from digest.words import WORD_LIMIT, Words
from domain.assessment import Category, Level
from domain.digest import DigestFinding, DigestItem, DigestPicture, DigestStatus
from domain.lead import Answer, Review

# Lengths a person still reads; JSON holds the whole text. 命中原文 ≤ 200 字 is workflow.md 3.3.
TITLE_LIMIT = 120
QUOTE_LIMIT = 200
CONTEXT_LIMIT = 300
ADDRESS_LIMIT = 2000
NOTE_LIMIT = 200
#: What stands beside a claim that was read in a picture.
IN_PICTURE = "图片文字"
#: Pictures that are shown of one page.
PICTURES_SHOWN = 2


@dataclass(frozen=True, slots=True)
class PictureView:
    """A picture in which claims stand."""

    url: str
    sha256: str
    warc: str
    warc_offset: int
    image: str
    """A small copy with the claims framed, as a ``data:`` address; empty where none can be shown."""


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of the score: points with sign, and why."""

    points: str
    text: str


@dataclass(frozen=True, slots=True)
class ItemView:
    """One lead."""

    index: int
    """Number within this digest, from 1."""
    lead_id: int
    status: str
    status_label: str
    changed: bool
    title: str
    page_url: str
    """Address for reading (cut when absurdly long)."""
    final_url: str
    """Where redirects ended; empty when that is the address itself."""
    page_link: str
    """The exact http(s) address for formats that link; empty where it is not one."""
    final_link: str
    target: str
    platform: str
    account: str
    """Empty where the author is the target itself."""
    region: str
    level: str
    level_label: str
    score: str
    categories: str
    """Letters and names, e.g. ``B 虚假宣传、D 违规发证``."""
    behaviours: str
    findings: tuple[FindingView, ...]
    """All claims, heaviest first."""
    passages: tuple[PassageView, ...]
    """The same claims as passages to read, those with the heaviest claims first, at most :data:`digest.passages.PASSAGES_SHOWN`."""
    more_claims: int
    """Claims that no shown passage holds; only the tables list them."""
    pictures: tuple[PictureView, ...]
    """Pictures in which claims stand, at most :data:`PICTURES_SHOWN`."""
    legal: tuple[str, ...]
    """All laws of the page, each once with its articles: ``广告法 第二十四条第一项、第二十八条``."""
    steps: tuple[StepView, ...]
    evasion: tuple[str, ...]
    operator_id: int | None
    """Number of the operator; None where nothing joins the page to one."""
    operator_name: str
    identifiers: tuple[str, ...]
    """E.g. ``手机 138****0000``."""
    operator_pages: int
    first_seen: str
    last_seen: str
    published: str
    measure: str
    authorities: str
    """建议移送部门, joined by ``、``; empty where there is nothing to hand over."""
    review: str
    review_label: str
    reason: str
    sha256: str
    warc: str
    warc_offset: int | None
    snapshot_id: int | None
    screenshot: str
    """Path of the whole page's picture in the evidence folder; empty where there is none."""
    screenshot_note: str
    """Why there is none; empty where there is one, or it is not known."""
    screenshot_image: str
    """A small copy of it as a ``data:`` address; empty where it is not shown."""
    referral: str
    """``移送 市网信办 2026-11-20，已 4 天，未下线（超期）；答复：采纳``; empty where it was never referred."""
    days_since_referral: int | None
    overdue: bool
    added: tuple[str, ...]
    """Sentences that an edited page gained since the last digest, the first few."""
    dropped: tuple[str, ...]
    """And those that it lost."""


_CATEGORY_LABELS = {category.value: category.label for category in Category}
_LEVEL_LABELS = {level.value: level.label for level in Level}
#: Nothing to hand over: the page is gone or clean.
_SETTLED = frozenset({DigestStatus.REMOVED, DigestStatus.CORRECTED})
_REVIEW_LABELS = {review.value: review.label for review in Review}


def view_of(index: int, item: DigestItem, words: Words, templates: Templates) -> ItemView:
    """``item``, the ``index``-th of its digest, in the words of ``labels.yaml``."""
    operator, evidence = item.operator, item.evidence
    page_url = visible(item.page_url, ADDRESS_LIMIT)
    final_url = visible(item.final_url, ADDRESS_LIMIT) if item.final_url != item.page_url else ""
    codes = dict.fromkeys(finding.behaviour for finding in item.findings if finding.behaviour)
    findings = tuple(_finding(finding, words) for finding in item.findings)
    passages, more_claims = gather(findings)
    return ItemView(
        index=index,
        lead_id=item.lead_id,
        status=item.status.value,
        status_label=item.status.label,
        changed=item.changed,
        title=visible(item.title, TITLE_LIMIT) or "（无标题）",
        page_url=page_url,
        final_url=final_url,
        page_link=_link(item.page_url),
        final_link=_link(item.final_url) if final_url else "",
        target=visible(item.target, WORD_LIMIT),
        platform=words.platform(item.platform),
        account=visible(item.account or "", WORD_LIMIT) if item.account != item.target else "",
        region=visible(item.region or "", WORD_LIMIT),
        level=item.level,
        level_label=_LEVEL_LABELS.get(item.level, item.level),
        score=f"{item.score:.1f}".removesuffix(".0"),
        categories="、".join(f"{letter} {_CATEGORY_LABELS.get(letter, '')}".strip() for letter in item.categories),
        behaviours="；".join(words.behaviour(code) for code in codes),
        findings=findings,
        passages=passages,
        more_claims=more_claims,
        pictures=_pictures(item.findings, templates),
        legal=_laws(item.findings),
        steps=tuple(
            StepView(f"{points:+.1f}".removesuffix(".0"), visible(text or name, NOTE_LIMIT))
            for name, points, text in item.steps
        ),
        evasion=tuple(visible(note, NOTE_LIMIT) for note in item.evasion),
        operator_id=operator.id if operator else None,
        operator_name=visible(operator.name or "", WORD_LIMIT) if operator else "",
        identifiers=tuple(
            f"{words.identifier(kind)} {visible(value, WORD_LIMIT)}" for kind, value in operator.identifiers
        )
        if operator
        else (),
        operator_pages=operator.pages if operator else 0,
        first_seen=shanghai(item.first_seen),
        last_seen=shanghai(item.last_seen),
        published=visible(item.published_raw or "", WORD_LIMIT),
        measure=visible(item.measure, WORD_LIMIT),
        authorities="" if item.status in _SETTLED else words.authorities(item),
        review=item.review,
        review_label=_REVIEW_LABELS.get(item.review, item.review),
        reason=visible(item.reason or "", NOTE_LIMIT),
        sha256=evidence.sha256 if evidence else "",
        warc=visible(evidence.warc, NOTE_LIMIT) if evidence else "",
        warc_offset=evidence.warc_offset if evidence else None,
        snapshot_id=evidence.snapshot_id if evidence else None,
        screenshot=visible(evidence.screenshot or "", NOTE_LIMIT) if evidence else "",
        screenshot_note=visible(evidence.screenshot_note or "", NOTE_LIMIT) if evidence else "",
        screenshot_image=templates.preview(evidence.screenshot) if evidence and evidence.screenshot else "",
        referral=_referral(item),
        days_since_referral=item.days_since_referral,
        overdue=item.overdue,
        added=tuple(visible(sentence, NOTE_LIMIT) for sentence in item.added),
        dropped=tuple(visible(sentence, NOTE_LIMIT) for sentence in item.dropped),
    )


def _referral(item: DigestItem) -> str:
    if item.referred_at is None:
        return ""
    to = f" {visible(item.referred_to, WORD_LIMIT)}" if item.referred_to else ""
    parts = [f"移送{to} {shanghai(item.referred_at)[:10]}"]
    if item.days_since_referral is not None:
        parts.append(f"已 {item.days_since_referral} 天{'（超期）' if item.overdue else ''}")
    if item.answer:
        parts.append(f"答复：{Answer(item.answer).label}")
    return "，".join(parts)


def _laws(findings: Sequence[DigestFinding]) -> tuple[str, ...]:
    laws: dict[str, dict[str, None]] = {}
    for finding in findings:
        for basis in finding.legal_basis:
            law, _, article = visible(basis, NOTE_LIMIT).partition(" ")
            laws.setdefault(law, {})[article] = None
    return tuple(f"{law} {'、'.join(filter(None, articles))}".strip() for law, articles in laws.items())


def _finding(finding: DigestFinding, words: Words) -> FindingView:
    before, quote, after = split_context(finding.context, one_line(finding.quote))
    return FindingView(
        rule_id=finding.rule_id,
        category=finding.category,
        category_label=_CATEGORY_LABELS.get(finding.category, ""),
        behaviour=words.behaviour(finding.behaviour) if finding.behaviour else "",
        before=visible(before, CONTEXT_LIMIT),
        quote=visible(quote, QUOTE_LIMIT),
        after=visible(after, CONTEXT_LIMIT),
        legal="；".join(visible(basis, NOTE_LIMIT) for basis in finding.legal_basis),
        source=IN_PICTURE if finding.picture else "",
        picture=_picture_address(finding.picture.url) if finding.picture else "",
    )


def _picture_address(url: str) -> str:
    return "（网页内嵌图片）" if url.startswith("data:") else visible(url, ADDRESS_LIMIT)


def _pictures(findings: Sequence[DigestFinding], templates: Templates) -> tuple[PictureView, ...]:
    """The pictures in which claims stand, those of the heaviest claims first; not more of them than a reader looks at."""
    places: dict[str, list[DigestPicture]] = {}
    for finding in findings:
        if finding.picture is not None:
            places.setdefault(finding.picture.sha256, []).append(finding.picture)
    return tuple(
        PictureView(
            url=_picture_address(found[0].url),
            sha256=sha256,
            warc=visible(found[0].warc, NOTE_LIMIT),
            warc_offset=found[0].warc_offset,
            image=templates.thumbnail(found),
        )
        for sha256, found in list(places.items())[:PICTURES_SHOWN]
    )


_WEB_ADDRESS = re.compile(r"https?://[^\s\x00-\x20\x7f\"<>\\^`{|}]+", re.IGNORECASE)


def _link(address: str) -> str:
    """``address`` where it is a plain http(s) address, else an empty string."""
    return address if _WEB_ADDRESS.fullmatch(address) else ""
