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
#: Entries of the blacklist on one page.
ENTRIES = 50


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
class IdentifierLine:
    """One identifier, masked."""

    id: int
    kind: str
    """Chinese."""
    value: str
    pages: int
    decided: str = ""
    """Who took it out of linking, when and why."""


@dataclass(frozen=True, slots=True)
class OperatorPage:
    """One operator with its pages and what people decided about it."""

    line: OperatorLine
    identifiers: tuple[IdentifierLine, ...]
    pages: tuple[RelatedLine, ...]
    decisions: tuple[str, ...]
    """Chinese sentences, oldest first."""


@dataclass(frozen=True, slots=True)
class EntryForm:
    """Somebody to be listed, as people write it."""

    kind: str = ""
    """``operator``, ``site`` or ``account``."""
    key: str = ""
    """Number of an operator, an address or host, or ``平台:账号``."""
    name: str = ""
    """Empty: taken from what is known."""
    grounds: tuple[str, ...] = ()
    reason: str = ""
    until: date | None = None
    leads: str = ""
    """Numbers of leads, apart by anything."""


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

    def split(self, operator_id: int, lead_ids: Sequence[int], urls: Sequence[str], by: str, reason: str) -> int:
        """Take the pages of these leads, and these addresses, out of an operator; number of the new one."""
        ...

    def exclude(self, identifier_id: int, by: str, reason: str, *, include: bool = False) -> IdentifierLine:
        """Let an identifier join nothing (or, ``include``, again join pages)."""
        ...

    def excluded(self) -> Sequence[IdentifierLine]:
        """Identifiers that join nothing because a reviewer said so."""
        ...

    def add_entry(self, form: EntryForm, by: str) -> Entry:
        """List somebody whom no rule proposed."""
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
