"""What people are shown of operators: one line of a list, one operator with its pages, and the pages related to a lead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.document import Contact
from domain.lead import Presence, Review
from domain.operator import LABELS, Decision


@dataclass(frozen=True, slots=True)
class OperatorIdentifier:
    """An identifier of an operator and on how many of its pages it stands."""

    contact: Contact
    pages: int
    id: int = 0


@dataclass(frozen=True, slots=True)
class ExcludedIdentifier:
    """An identifier that a reviewer took out of linking, and his last decision about it."""

    id: int
    contact: Contact
    pages: int
    """On so many pages it stands."""
    actor: str
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class OperatorListing:
    """One line of a list of operators."""

    id: int
    name: str | None
    pages: int
    leads: int
    """Leads among its pages, dismissed ones left out."""
    identifiers: tuple[OperatorIdentifier, ...]

    @property
    def title(self) -> str:
        """Its name, or by what it is known."""
        if self.name:
            return self.name
        for known in self.identifiers:
            return f"（未具名，{LABELS[known.contact.kind]} {known.contact.masked}）"
        return "（未具名）"


@dataclass(frozen=True, slots=True)
class RelatedPage:
    """A page that stands with an operator, or repeats a text, and why."""

    page_id: int
    url: str
    title: str
    ground: str
    """Chinese name of the ground."""
    reasons: tuple[str, ...]
    """Each in one Chinese clause, e.g. ``两页都写有手机 138****1234``."""
    lead_id: int | None
    review: Review | None
    presence: Presence | None
    level: str | None
    last_seen: datetime
    in_operator: bool = True
    """False: only its text is a near copy."""


@dataclass(frozen=True, slots=True)
class OperatorDetail:
    """One operator with all that belongs to it."""

    listing: OperatorListing
    pages: tuple[RelatedPage, ...]
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Related:
    """关联网页 of a lead."""

    lead_id: int
    operator: OperatorListing | None
    pages: tuple[RelatedPage, ...]
    pages_total: int
    """Of the operator, its own page included."""
