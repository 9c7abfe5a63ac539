"""处置简报: what was shown for one day, frozen, with what was not seen. Renderers compute nothing beyond it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from domain.assessment import Assessment
from domain.document import Contact
from domain.evidence import Capture
from domain.lead import LeadState
from domain.picture import Box


class DigestStatus(StrEnum):
    """Why a lead stands in this digest."""

    NEW = "new"
    STILL_ONLINE = "still_online"
    REAPPEARED = "reappeared"
    CORRECTED = "corrected"
    REMOVED = "removed"
    UNVERIFIABLE = "unverifiable"

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return {
            "new": "新发现",
            "still_online": "仍在线",
            "reappeared": "复发",
            "corrected": "已改正",
            "removed": "已下线",
            "unverifiable": "无法判定",
        }[self.value]


@dataclass(frozen=True, slots=True)
class DigestPicture:
    """The picture in which a claim was read, and where in it."""

    url: str
    """As the page names it."""
    sha256: str
    width: int
    height: int
    box: Box
    warc: str
    """Where its bytes lie: file, offset and record, as of a page's evidence."""
    warc_offset: int
    warc_record: str


@dataclass(frozen=True, slots=True)
class DigestFinding:
    """One claim as the digest shows it."""

    rule_id: str
    category: str
    quote: str
    context: str
    """The quote with up to 40 characters either side, one line."""
    legal_basis: tuple[str, ...]
    behaviour: str | None = None
    picture: DigestPicture | None = None
    """Where the claim stands in a picture; None for the page's own words."""


@dataclass(frozen=True, slots=True)
class OperatorBrief:
    """The operator behind a page, as far as known; ``id`` is None for a page that nothing joins to an operator."""

    id: int | None
    name: str | None
    identifiers: tuple[tuple[str, str], ...]
    """(kind, value) pairs, values masked where they are personal data."""
    pages: int


@dataclass(frozen=True, slots=True)
class EvidenceBrief:
    """Where the proof lies."""

    snapshot_id: int
    sha256: str
    warc: str
    warc_offset: int
    screenshot: str | None = None
    """Path of the page's screenshot (PNG) relative to the evidence folder; None where none was taken."""
    screenshot_note: str | None = None
    """Why there is none, in Chinese; None where there is one."""


class RelationKind(StrEnum):
    """How one lead belongs to another."""

    JOINS = "joins"
    """To an earlier one that people had confirmed, with the same operator or the same words."""
    MOVED_TO = "moved_to"
    """To that of the new address at which its words stand, while its own page is gone or clean."""


@dataclass(frozen=True, slots=True)
class LeadRelation:
    """The other lead that one belongs to."""

    kind: RelationKind
    lead_id: int


@dataclass(frozen=True, slots=True)
class DigestItem:
    """One lead in one digest."""

    lead_id: int
    status: DigestStatus
    changed: bool
    """Its text was edited since the last digest and it still violates."""
    page_url: str
    final_url: str
    title: str
    target: str
    platform: str
    account: str | None
    region: str | None
    level: str
    score: float
    categories: tuple[str, ...]
    findings: tuple[DigestFinding, ...]
    operator: OperatorBrief | None
    first_seen: datetime
    last_seen: datetime
    measure: str
    """建议措施, e.g. ``关停网站``."""
    evidence: EvidenceBrief | None
    review: str = "pending"
    reason: str | None = None
    """Ground of the status, e.g. ``疑似下线，待复核``."""
    steps: tuple[tuple[str, float, str], ...] = ()
    """Score steps as (name, points, Chinese text)."""
    evasion: tuple[str, ...] = ()
    published_raw: str | None = None
    referred_at: datetime | None = None
    """Last referral; None where there was none."""
    referred_to: str | None = None
    days_since_referral: int | None = None
    """Whole days up to the digest's cutoff, while the page is neither gone nor clean."""
    overdue: bool = False
    """Referred longer ago than the settings allow, and the page is neither gone nor clean."""
    added: tuple[str, ...] = ()
    """Where its text was edited since the last digest: sentences that came, the first few, personal data masked."""
    dropped: tuple[str, ...] = ()
    """And sentences that went."""
    answer: str | None = None
    """What the authority said of it (:class:`domain.lead.Answer`)."""
    relation: LeadRelation | None = None
    """The other lead that it belongs to; its words stand in :attr:`reason` where they are news."""


@dataclass(frozen=True, slots=True)
class CoverageGap:
    """覆盖缺口: what was planned and not seen."""

    target_id: int
    name: str
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what was planned was seen."""

    targets_planned: int
    targets_ok: int
    gaps: tuple[CoverageGap, ...]
    pages: tuple[tuple[str, int], ...] = ()
    """(outcome, number of requests) of the day."""


@dataclass(frozen=True, slots=True)
class OperatorMaterial:
    """The operator of a lead's page, as linking left it."""

    id: int
    name: str | None
    pages: int
    identifiers: tuple[Contact, ...]
    """Those that are not common, numbers first."""


@dataclass(frozen=True, slots=True)
class LeadMaterial:
    """All that the builder needs to know of one lead; the store reads it, the builder decides what it means."""

    lead_id: int
    state: LeadState
    """As of the cutoff."""
    shown_before: bool
    """Whether an earlier day's digest listed it."""
    last_shown_at: datetime | None
    """Cutoff of the last digest that listed it."""
    page_url: str
    final_url: str
    title: str
    target_name: str
    target_kind: str
    platform: str
    account: str | None
    region: str | None
    published_raw: str | None
    first_seen: datetime
    last_seen: datetime
    """Last time the page was seen with the claims."""
    assessment: Assessment
    """Of the last version that was flagged."""
    contexts: tuple[str, ...]
    """For each of ``assessment.findings``: the quote with up to 40 characters either side, one line."""
    contacts: tuple[Contact, ...]
    evidence: EvidenceBrief | None
    pictures: tuple[Capture, ...] = ()
    """Kept pictures in which claims of the assessment stand."""
    added: tuple[str, ...] = ()
    """Sentences that its page gained since it was last shown, the first few."""
    dropped: tuple[str, ...] = ()
    """And those that it lost."""
    target_stopped: Literal["paused", "removed"] | None = None
    """Why no run visits its target any more; None while it is visited. Removal counts as of the cutoff, a pause as it is
    now, because its beginning is not kept."""
    operator: OperatorMaterial | None = None
    """With the pages and identifiers that had come to it by the cutoff, under its name of now; what a digest showed stays
    frozen in it, however the groups are made again."""
    relation: str | None = None
    """Which earlier confirmed lead it joins or repeats, and why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Digest:
    """处置简报 of one day. ``number`` is given once and never reused."""

    date: date
    number: str
    generated_at: datetime
    rule_pack: str
    coverage: Coverage
    items: tuple[DigestItem, ...]

    @property
    def totals(self) -> dict[str, int]:
        """Number of items per status, all six statuses present."""
        totals = {status.value: 0 for status in DigestStatus}
        for item in self.items:
            totals[item.status.value] += 1
        return totals
