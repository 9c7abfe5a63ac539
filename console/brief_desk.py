"""What the section 今日简报 shows and asks for; ``zhengxun`` passes an implementation in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from console.lead_desk import Download
from domain.digest import Coverage, DigestItem

#: Items on one page.
ITEMS = 50


@dataclass(frozen=True, slots=True)
class Issued:
    """Who issued a digest."""

    by: str
    at: datetime
    sha256: str


@dataclass(frozen=True, slots=True)
class BriefLine:
    """One frozen digest in the archive."""

    day: date
    number: str
    generated_at: datetime
    items: int
    sha256: str
    issued: Issued | None


@dataclass(frozen=True, slots=True)
class Brief:
    """One frozen digest, counted."""

    line: BriefLine
    totals: tuple[tuple[str, str, int], ...]
    """(machine word, Chinese word, number) of every status."""
    changed: int
    """Items that were edited and still violate."""
    coverage: Coverage
    figures: dict[str, list[tuple[str, int]]]
    """``categories``, ``platforms``, ``regions``, ``levels``: (Chinese word, number), most first."""


@dataclass(frozen=True, slots=True)
class Today:
    """What the day brought so far, whether or not there is a digest of it yet."""

    day: date
    new: int
    pending: int
    overdue: int


class BriefDesk(Protocol):
    """Frozen digests. Every method may be called from several threads."""

    def today(self) -> Today:
        """Counts of this moment."""
        ...

    def archive(self) -> Sequence[BriefLine]:
        """All digests, newest first."""
        ...

    def get(self, day: date) -> Brief:
        """One digest; ``BadInput`` where there is none, ``ZhengxunError`` where it is not what was frozen."""
        ...

    def items(self, day: date, status: str, page: int) -> tuple[Sequence[DigestItem], int]:
        """Page ``page`` (from 1) of the items with a status (empty: of all), and how many there are."""
        ...

    def file(self, day: date, form: str) -> Download:
        """The digest as html, docx, xlsx or json, made from what was frozen."""
        ...

    def issue(self, day: date, by: str) -> Issued:
        """签发: once for each digest; ``BadInput`` otherwise."""
        ...
