"""What the section 监测目标 shows and asks for; ``zhengxun`` passes an implementation in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from console.lead_desk import Download
from domain.lead import Review
from domain.target import Target

#: Targets on one page.
TARGETS = 100
#: How the table may be narrowed down by how targets are doing: word → Chinese.
STATES = {
    "active": "正常",
    "paused": "已暂停",
    "alarm": "有报警",
    "overdue": "到期未采",
    "never": "还没有采集",
    "unsupported": "不能定期采集",
}


@dataclass(frozen=True, slots=True)
class TargetForm:
    """A target as people write it; empty: the default."""

    url: str = ""
    """An address, or words with one in them (what a platform's share button copies)."""
    name: str = ""
    kind: str = ""
    schedule: str = ""
    region: str = ""
    note: str = ""
    max_pages: int | None = None
    max_depth: int | None = None
    tags: str = ""
    """Written one after another."""


@dataclass(frozen=True, slots=True)
class BulkEdit:
    """What shall change of many targets; empty leaves a field as it is."""

    schedule: str = ""
    region: str = ""
    add_tags: str = ""
    drop_tags: str = ""


@dataclass(frozen=True, slots=True)
class TargetQuery:
    """Which targets the table holds; empty lets all pass."""

    words: str = ""
    """In name, address or note."""
    kind: str = ""
    region: str = ""
    state: str = ""
    """One of :data:`STATES`."""
    tag: str = ""


@dataclass(frozen=True, slots=True)
class TargetLine:
    """One line of the table."""

    target: Target
    schedule: str
    """In Chinese."""
    due: datetime | None
    alarm: str
    """What is wrong with it; empty: nothing known."""
    outcomes: tuple[tuple[str, int], ...]
    """(outcome, requests) of its last counted run."""
    unsupported: str
    """Why it cannot be collected yet; empty where it can."""


@dataclass(frozen=True, slots=True)
class TargetList:
    """One page of the table."""

    lines: tuple[TargetLine, ...]
    total: int
    page: int
    kinds: tuple[tuple[str, str], ...]
    regions: tuple[str, ...]
    tags: tuple[tuple[str, int], ...]
    """(tag, targets), of all targets."""
    proposals: int
    """Proposed targets that wait for a decision."""

    @property
    def pages(self) -> int:
        """Number of pages, at least 1."""
        return max(1, -(-self.total // TARGETS))


@dataclass(frozen=True, slots=True)
class RunLine:
    """What one run brought of a target."""

    at: datetime
    outcomes: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class EditLine:
    """One change that somebody made to a target."""

    at: datetime
    actor: str
    action: str
    detail: str


@dataclass(frozen=True, slots=True)
class TargetLeads:
    """Leads of a target by what people decided."""

    total: int
    by_review: tuple[tuple[Review, int], ...]


@dataclass(frozen=True, slots=True)
class TriedLine:
    """One page of a trial."""

    url: str
    outcome: str
    detail: str
    title: str
    flagged: bool
    level: str
    score: float
    quotes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrialView:
    """A trial: under way, or what it found."""

    token: str
    draft: Target
    schedule: str
    running: bool
    problem: str
    """Why there is no result; empty where there is one, or it is not there yet."""
    unsupported: str
    reachable: bool
    robots: str
    """``allowed``, ``partly`` or ``forbidden``."""
    encoding: str
    pages: tuple[TriedLine, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """A list that was handed in and not taken yet."""

    token: str
    file: str
    good: tuple[tuple[int, Target], ...]
    """(row number, draft)."""
    known: int
    """Of these: watched already; they stay as they are."""
    bad: tuple[tuple[int, str], ...]
    ignored: tuple[str, ...]
    """Columns that were not read."""


class TargetDesk(Protocol):
    """Targets. Every method may be called from several threads; what cannot be used raises ``BadTarget``."""

    def list(self, query: TargetQuery, page: int) -> TargetList:
        """Page ``page`` of the table."""
        ...

    def get(self, target_id: int) -> TargetLine:
        """One target."""
        ...

    def history(self, target_id: int) -> Sequence[RunLine]:
        """What its last runs brought, newest first."""
        ...

    def leads(self, target_id: int) -> TargetLeads:
        """Its leads."""
        ...

    def edits(self, target_id: int) -> Sequence[EditLine]:
        """What people changed of it last, newest first."""
        ...

    def try_out(self, form: TargetForm, owner: str) -> TrialView:
        """Begin a trial; an address that must not be fetched is refused at once."""
        ...

    def trial(self, token: str, owner: str) -> TrialView:
        """How that trial stands; another user's is unknown."""
        ...

    def add(self, form: TargetForm) -> tuple[Target, bool]:
        """The target, and whether it is new."""
        ...

    def edit(self, target_id: int, form: TargetForm) -> Target:
        """Change name, schedule, region, tags, note and budget; the address stays."""
        ...

    def edit_many(self, target_ids: Sequence[int], bulk: BulkEdit) -> Sequence[Target]:
        """Change many at once; those that changed, as they are now."""
        ...

    def pause(self, target_ids: Sequence[int]) -> int:
        """How many were watched until now."""
        ...

    def resume(self, target_ids: Sequence[int]) -> int:
        """How many were paused."""
        ...

    def remove(self, target_ids: Sequence[int]) -> int:
        """How many were on the list."""
        ...

    def preview(self, name: str, content: bytes, owner: str) -> Preview:
        """Read a list (.xlsx or .csv) without taking it; ``BadFile`` for what is none."""
        ...

    def take(self, token: str, owner: str) -> tuple[int, int, Sequence[tuple[int, str]]]:
        """Take a list that was looked at: how many were added, how many were known, bad rows."""
        ...

    def export(self, form: str) -> Download:
        """All targets as ``csv`` or ``xlsx``."""
        ...
