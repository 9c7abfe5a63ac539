"""What the sections 主体 and 动态黑名单 show and ask for; ``zhengxun`` passes an implementation in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from console.lead_desk import Download, RelatedLine
from domain.blacklist import Entry, StepKind

#: Operators on one page.
OPERATORS = 50


@dataclass(frozen=True, slots=True)
class OperatorLine:
    """One operator, as far as shared identifiers show it."""

    id: int
    title: str
    pages: int
    leads: int
    identifiers: tuple[tuple[str, str, int], ...]
    """(Chinese kind, masked value, pages)."""


@dataclass(frozen=True, slots=True)
class OperatorPage:
    """One operator with its pages and what people decided about it."""

    line: OperatorLine
    pages: tuple[RelatedLine, ...]
    decisions: tuple[str, ...]
    """Chinese sentences, oldest first."""


class SubjectDesk(Protocol):
    """Operators and the blacklist. What cannot be done raises ``BadInput`` or ``IllegalMove``."""

    def operators(self, page: int) -> tuple[Sequence[OperatorLine], bool]:
        """Page ``page`` of the operators with leads, and whether there are more."""
        ...

    def operator(self, operator_id: int) -> OperatorPage:
        """One operator."""
        ...

    def merge(self, operator_ids: Sequence[int], by: str, reason: str) -> int:
        """Join operators into the first; return its number."""
        ...

    def today(self) -> date:
        """The day in Shanghai, by which terms end."""
        ...

    def entries(self) -> Sequence[Entry]:
        """All entries of the blacklist, newest step first."""
        ...

    def decide(self, number: int, kind: StepKind, by: str, reason: str, until: date | None) -> Entry:
        """List (with a term), decline or remove."""
        ...

    def published(self, form: str) -> Download:
        """The entries in force as ``xlsx``, or as ``html`` for publication."""
        ...
