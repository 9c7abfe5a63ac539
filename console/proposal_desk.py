"""What the page of proposed targets shows and asks for; ``zhengxun`` passes an implementation in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.discovery import FoundBy, ProposalState

#: Proposals on one page, and most that one decision may be about.
PROPOSALS = 50


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """One proposed target."""

    id: int
    url: str
    """What would be watched."""
    kind: str
    """In Chinese, guessed from the address."""
    title: str
    found_at: datetime
    found_by: FoundBy
    page: str
    """The very address that was found."""
    place: str
    """Where it stood: a search with its words, or the page of a lead."""
    where: str
    """Address of that place."""
    state: ProposalState
    decided: str
    """Who decided when and why; empty while nobody has."""
    target_id: int | None


@dataclass(frozen=True, slots=True)
class ProposalList:
    """One page of proposals."""

    lines: tuple[ProposalLine, ...]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """Number of pages, at least 1."""
        return max(1, -(-self.total // PROPOSALS))


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the targets shall be like that proposals become; empty: the default."""

    name: str = ""
    """For one proposal only."""
    schedule: str = ""
    region: str = ""
    tags: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of one proposal."""

    id: int
    url: str
    target_id: int | None
    created: bool
    error: str
    """Why it was not decided; empty where it was."""


class ProposalDesk(Protocol):
    """Proposals. Every method may be called from several threads."""

    def list(self, state: ProposalState | None, found_by: FoundBy | None, page: int) -> ProposalList:
        """Page ``page`` (from 1), newest first."""
        ...

    def accept(self, numbers: Sequence[int], actor: str, reason: str, wishes: Wishes) -> Sequence[Decided]:
        """Make them targets, each by itself; ``BadInput`` where the wishes cannot be used at all."""
        ...

    def refuse(self, numbers: Sequence[int], actor: str, reason: str) -> Sequence[Decided]:
        """Decline them, each by itself; ``BadInput`` without a reason."""
        ...
