"""What a reader is shown of a digest: Chinese words, local times and text that is safe to look at.

The office formats and every template work on this, never on scraped text itself. It adds nothing to the digest: it
looks up names, cuts what is too long to read (saying so) and counts what stands there. All fields are plain strings,
numbers and tuples of them; docs/digest.md lists them for people who replace templates.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from digest.builder import STATUS_ORDER
from digest.passages import FindingView, PassageView, gather, split_context
from digest.shared import SharedView, shared_identifiers
from digest.templates import Templates
from digest.text import one_line, shanghai, visible
from digest.words import WORD_LIMIT, Words, ranked
from domain.assessment import Category, Level
from domain.digest import CoverageGap, Digest, DigestFinding, DigestItem, DigestPicture, DigestStatus
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
    referral: str
    """``移送 市网信办 2026-11-20，已 4 天，未下线（超期）；答复：采纳``; empty where it was never referred."""
    days_since_referral: int | None
    overdue: bool
    added: tuple[str, ...]
    """Sentences that an edited page gained since the last digest, the first few."""
    dropped: tuple[str, ...]
    """And those that it lost."""


@dataclass(frozen=True, slots=True)
class GroupView:
    """All leads of one status, in order."""

    status: str
    label: str
    items: tuple[ItemView, ...]


@dataclass(frozen=True, slots=True)
class GapView:
    """One thing about a target that was not seen; a target may have several."""

    target_id: int
    name: str
    outcome: str
    outcome_label: str
    detail: str


@dataclass(frozen=True, slots=True)
class CountView:
    """How often something stands in the digest."""

    key: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class DigestView:
    """The whole digest."""

    title: str
    docx_title: str
    unit: str
    signer: str
    basis: str
    caution: str
    date: str
    """``2026-11-23``."""
    date_label: str
    """``2026年11月23日``."""
    number: str
    generated_at: str
    rule_pack: str
    total: int
    totals: tuple[CountView, ...]
    """The six statuses, in reading order, zeros included."""
    changed: int
    targets_planned: int
    targets_ok: int
    """Targets whose start page was read; their other pages may still have gaps."""
    gaps: tuple[GapView, ...]
    gap_targets: int
    """Targets that have gaps, each once."""
    gap_counts: tuple[CountView, ...]
    """Targets per outcome of a gap; a target with gaps of two kinds counts in both."""
    pages: tuple[CountView, ...]
    """Requests of the day per outcome."""
    pages_total: int
    groups: tuple[GroupView, ...]
    """Statuses that have leads, in reading order."""
    items: tuple[ItemView, ...]
    overdue: tuple[ItemView, ...]
    """Leads that were referred too long ago and still stand, longest ago first."""
    by_category: tuple[CountView, ...]
    """Leads per category; a lead of two categories counts in both."""
    by_level: tuple[CountView, ...]
    by_platform: tuple[CountView, ...]
    by_region: tuple[CountView, ...]
    by_behaviour: tuple[CountView, ...]
    by_review: tuple[CountView, ...]
    shared: tuple[SharedView, ...]
    """Identifiers that stand on several pages of this digest, those on most targets first."""


def look(digest: Digest, templates: Templates) -> DigestView:
    """``digest`` for readers, with the words of ``labels.yaml``; made once for all forms that share ``templates``."""
    memo = templates.last_look
    if memo is None or memo[0] is not digest:
        memo = templates.last_look = (digest, _look(digest, templates))
    view: DigestView = memo[1]
    return view


def _look(digest: Digest, templates: Templates) -> DigestView:
    words = Words.load(templates)
    items = tuple(_item(index, item, words, templates) for index, item in enumerate(digest.items, 1))
    totals = digest.totals
    by_status: dict[str, list[ItemView]] = {}
    for item in items:
        by_status.setdefault(item.status, []).append(item)
    outcomes = Counter(outcome for _, outcome in {(gap.target_id, gap.outcome) for gap in digest.coverage.gaps})
    behaviours = Counter(
        code for item in digest.items for code in {finding.behaviour for finding in item.findings} if code
    )
    return DigestView(
        title=words.plain("title"),
        docx_title=words.plain("docx_title"),
        unit=words.plain("unit"),
        signer=words.plain("signer"),
        basis=words.plain("basis"),
        caution=words.plain("caution"),
        date=digest.date.isoformat(),
        date_label=f"{digest.date.year}年{digest.date.month}月{digest.date.day}日",
        number=visible(digest.number, WORD_LIMIT),
        generated_at=shanghai(digest.generated_at),
        rule_pack=visible(digest.rule_pack, WORD_LIMIT),
        total=len(items),
        totals=tuple(CountView(status.value, status.label, totals[status.value]) for status in STATUS_ORDER),
        changed=sum(item.changed for item in items),
        targets_planned=digest.coverage.targets_planned,
        targets_ok=digest.coverage.targets_ok,
        gaps=tuple(_gap(gap, words) for gap in digest.coverage.gaps),
        gap_targets=len({gap.target_id for gap in digest.coverage.gaps}),
        gap_counts=tuple(CountView(key, words.outcome(key), count) for key, count in ranked(outcomes)),
        pages=tuple(CountView(key, words.outcome(key), count) for key, count in digest.coverage.pages),
        pages_total=sum(count for _, count in digest.coverage.pages),
        groups=tuple(
            GroupView(status.value, status.label, tuple(by_status[status.value]))
            for status in STATUS_ORDER
            if status.value in by_status
        ),
        items=items,
        overdue=tuple(
            sorted((item for item in items if item.overdue), key=lambda item: -(item.days_since_referral or 0))
        ),
        by_category=_counts(
            ((category.value, category.label) for category in Category),
            Counter(category for item in digest.items for category in item.categories),
        ),
        by_level=_counts(
            ((level.value, level.label) for level in Level if level is not Level.NONE),
            Counter(item.level for item in digest.items),
        ),
        by_platform=_most(Counter(item.platform for item in items)),
        by_region=_most(Counter(item.region or "属地不明" for item in items)),
        by_behaviour=tuple(CountView(code, words.behaviour(code), count) for code, count in ranked(behaviours)),
        by_review=_counts(
            ((review.value, review.label) for review in Review if review is not Review.DISMISSED),
            Counter(item.review for item in digest.items),
        ),
        shared=shared_identifiers(digest.items, words),
    )


def _counts(names: Iterable[tuple[str, str]], counter: Counter[str]) -> tuple[CountView, ...]:
    return tuple(CountView(key, label, counter[key]) for key, label in names)


def _most(counter: Counter[str]) -> tuple[CountView, ...]:
    return tuple(CountView(key, key, count) for key, count in ranked(counter))


def _gap(gap: CoverageGap, words: Words) -> GapView:
    return GapView(
        gap.target_id,
        visible(gap.name, WORD_LIMIT),
        gap.outcome,
        words.outcome(gap.outcome),
        visible(gap.detail, NOTE_LIMIT),
    )


_CATEGORY_LABELS = {category.value: category.label for category in Category}
_LEVEL_LABELS = {level.value: level.label for level in Level}
#: Nothing to hand over: the page is gone or clean.
_SETTLED = frozenset({DigestStatus.REMOVED, DigestStatus.CORRECTED})
_REVIEW_LABELS = {review.value: review.label for review in Review}


def _item(index: int, item: DigestItem, words: Words, templates: Templates) -> ItemView:
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
