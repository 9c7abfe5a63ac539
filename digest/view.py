"""What a reader is shown of a digest: Chinese words, local times and text that is safe to look at.

The office formats and every template work on this, never on scraped text itself. It adds nothing to the digest: it
looks up names, cuts what is too long to read (saying so) and counts what stands there. All fields are plain strings,
numbers and tuples of them; docs/digest.md lists them for people who replace templates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from digest.builder import STATUS_ORDER
from digest.item_view import NOTE_LIMIT, ItemView, view_of
from digest.shared import SharedView, shared_identifiers
from digest.templates import Templates
from digest.text import shanghai, visible
from digest.words import WORD_LIMIT, Words, ranked
from domain.assessment import Category, Level
from domain.digest import CoverageGap, Digest
from domain.lead import Review


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
    items = tuple(view_of(index, item, words, templates) for index, item in enumerate(digest.items, 1))
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
