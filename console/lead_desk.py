"""What the section 研判队列 shows and asks for; ``zhengxun`` passes an implementation in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.directory import DirectoryCheck
from domain.document import Contact
from domain.lead import EventKind, LeadState, Presence, Review
from domain.lead_detail import LeadDetail
from domain.text_changes import TextChanges

#: Leads on one page of the list, and most leads that one decision or one letter may be about.
PAGE = 50
MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class LeadQuery:
    """Which leads the queue holds; None lets all pass."""

    review: Review | None = Review.PENDING
    presence: Presence | None = None
    level: str | None = None
    platform: str | None = None
    region: str | None = None
    owner: str | None = None
    """Empty: nobody."""
    overdue: bool = False
    target_id: int | None = None


@dataclass(frozen=True, slots=True)
class LeadLine:
    """One line of the list."""

    id: int
    version: int
    title: str
    page_url: str
    target_name: str
    level: str
    score: float
    platform: str
    region: str | None
    account: str | None
    last_seen: datetime
    state: LeadState
    overdue: bool


@dataclass(frozen=True, slots=True)
class LeadList:
    """One page of the list."""

    lines: tuple[LeadLine, ...]
    total: int
    page: int
    """From 1."""

    @property
    def pages(self) -> int:
        """Number of pages, at least 1."""
        return max(1, -(-self.total // PAGE))


@dataclass(frozen=True, slots=True)
class LeadChoices:
    """What the filters of the list offer, as (value, words)."""

    platforms: tuple[tuple[str, str], ...]
    regions: tuple[str, ...]
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One kept version of a lead's page, and what it changed of the one before."""

    snapshot_id: int
    fetched_at: datetime
    sha256: str
    level: str
    score: float
    changes: TextChanges | None
    """None for the oldest one shown."""


@dataclass(frozen=True, slots=True)
class VersionText:
    """What a reader saw of one version."""

    snapshot_id: int
    fetched_at: datetime
    title: str
    text: str
    contacts: tuple[Contact, ...]
    """Of the last flagged version; by them the text is masked."""


@dataclass(frozen=True, slots=True)
class RelatedLine:
    """A page of the same operator, or with nearly the same text."""

    url: str
    title: str
    reasons: tuple[str, ...]
    lead_id: int | None
    version: int | None
    review: Review | None
    presence: Presence | None
    level: str | None
    in_operator: bool


@dataclass(frozen=True, slots=True)
class RelatedPages:
    """关联网页 of a lead."""

    operator_id: int | None
    operator: str
    identifiers: tuple[tuple[str, str, int], ...]
    """(Chinese kind, masked value, number of pages)."""
    lines: tuple[RelatedLine, ...]
    total: int
    """Pages of the operator, those that are not listed included."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a reviewer wants done."""

    kind: EventKind
    actor: str
    reason: str | None = None
    code: str | None = None
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an order for one lead: the state after it, or a Chinese sentence why it was not kept."""

    lead_id: int
    state: LeadState | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Download:
    """A file for whoever asked."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """A picture of a page as it was kept."""

    content: bytes
    content_type: str


class LeadDesk(Protocol):
    """Leads and their evidence. Every method may be called from several threads; unknown ids raise ``BadInput``."""

    def choices(self) -> LeadChoices:
        """What the filters offer."""
        ...

    def list(self, query: LeadQuery, page: int) -> LeadList:
        """Page ``page`` (from 1) of the queue, highest score first."""
        ...

    def first(self, query: LeadQuery) -> int | None:
        """The lead with which the queue begins."""
        ...

    def neighbours(self, lead_id: int, query: LeadQuery) -> tuple[int | None, int | None]:
        """Leads before and after this one in the queue."""
        ...

    def get(self, lead_id: int) -> LeadDetail:
        """One lead."""
        ...

    def listed(self, detail: LeadDetail) -> DirectoryCheck:
        """What official lists say of the lead's operator and of the bodies that its page names."""
        ...

    def overdue(self, state: LeadState) -> bool:
        """Whether a referred lead stands longer than the settings allow."""
        ...

    def authorities(self, detail: LeadDetail) -> str:
        """建议移送部门, joined by ``、``."""
        ...

    def behaviour(self, code: str) -> str:
        """Code and name of a behaviour, e.g. ``B9 宣传“包过”``."""
        ...

    def platform(self, key: str) -> str:
        """Chinese name of a platform."""
        ...

    def versions(self, lead_id: int) -> Sequence[VersionLine]:
        """The newest kept versions, newest first."""
        ...

    def version_text(self, lead_id: int, snapshot_id: int) -> VersionText:
        """What a reader saw of one version of the lead's page."""
        ...

    def original(self, lead_id: int, snapshot_id: int) -> str:
        """The kept bytes of that version as HTML without scripts and without anything that loads by itself.

        Raises ``BadInput`` where it is no page, ``EvidenceDamaged`` where its bytes are not what was kept.
        """
        ...

    def screenshot(self, lead_id: int) -> bytes | None:
        """The screenshot as PNG, its hash checked; None where none was taken."""
        ...

    def picture(self, lead_id: int, sha256: str) -> KeptPicture | None:
        """A picture in which something of the lead was read, its hash checked; None where its bytes are not kept.

        ``BadInput`` for a picture that is none of the lead's, ``EvidenceDamaged`` where its bytes are not what was kept.
        """
        ...

    def related(self, lead_id: int) -> RelatedPages:
        """关联网页."""
        ...

    def decide(self, lead_id: int, order: Order, version: int) -> LeadState:
        """Keep a decision that rests on ``version``; ``IllegalMove`` where somebody was faster, or it is not allowed."""
        ...

    def decide_many(self, leads: Sequence[tuple[int, int]], order: Order) -> Sequence[Done]:
        """The same for many (lead, version), each by itself."""
        ...

    def letter(self, leads: Sequence[int], authority: str, number: str) -> Download:
        """移送函 as Word."""
        ...

    def ledger(self, leads: Sequence[int]) -> Download:
        """处置台账 as Excel."""
        ...
