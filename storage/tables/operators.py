"""Identifiers of operators, where they occur, which pages stand together and why, and what reviewers decided.

What follows from documents (identifiers, occurrences, places) is derived and may be made again; decisions are
append-only and say for ever what people meant.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base
from storage.types import Id, JsonText


class IdentifierRow(Base):
    """One identifier in its one spelling, and how widely it occurs."""

    __tablename__ = "identifiers"
    __table_args__ = (UniqueConstraint("value", "kind"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str]
    value: Mapped[str]
    pages: Mapped[int]
    sites: Mapped[int]
    """Distinct registrable domains and platform accounts on which it stands."""
    parties: Mapped[int]
    """Distinct other mobiles (or 微信, or QQ) on the same pages."""
    official: Mapped[bool]
    """Stands on a government site; whoever copies it is not the government."""
    excluded: Mapped[bool]
    """A reviewer said that it joins nothing."""
    common: Mapped[bool]
    """Joins nothing: too widely spread, official, or excluded."""
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]


class IdentifierSiteRow(Base):
    """One site or account on which an identifier stands; not counted further once it is common."""

    __tablename__ = "identifier_sites"
    __table_args__ = ({"sqlite_with_rowid": False},)

    identifier_id: Mapped[int] = mapped_column(Id, ForeignKey("identifiers.id"), primary_key=True)
    site: Mapped[str] = mapped_column(primary_key=True)


class IdentifierPartyRow(Base):
    """One other identifier that stands on a page together with an identifier."""

    __tablename__ = "identifier_parties"
    __table_args__ = ({"sqlite_with_rowid": False},)

    identifier_id: Mapped[int] = mapped_column(Id, ForeignKey("identifiers.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    other_id: Mapped[int] = mapped_column(Id, primary_key=True)


class OccurrenceRow(Base):
    """Where an identifier stands: page, first and newest document, place and form."""

    __tablename__ = "identifier_occurrences"
    __table_args__ = (
        Index("ix_identifier_occurrences_identifier_id_page_id", "identifier_id", "page_id"),
        {"sqlite_with_rowid": False},
    )

    page_id: Mapped[int] = mapped_column(Id, ForeignKey("pages.id"), primary_key=True)
    identifier_id: Mapped[int] = mapped_column(Id, ForeignKey("identifiers.id"), primary_key=True)
    first_document_id: Mapped[int] = mapped_column(Id)
    document_id: Mapped[int] = mapped_column(Id)
    snapshot_id: Mapped[int] = mapped_column(Id)
    source: Mapped[str]
    segment: Mapped[int | None]
    span_start: Mapped[int | None]
    span_end: Mapped[int | None]
    confidence: Mapped[float]
    raw: Mapped[str]


class OperatorRow(Base):
    """One 主体: a group of pages."""

    __tablename__ = "operators"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str | None]
    pages: Mapped[int]
    created_at: Mapped[datetime]
    merged_into: Mapped[int | None] = mapped_column(Id)
    """Where its pages went, when it has none left."""


class OperatorPageRow(Base):
    """The operator of a page and why it stands there; without one: a flagged page that nothing joins yet."""

    __tablename__ = "operator_pages"
    __table_args__ = (
        Index("ix_operator_pages_operator_id_page_id", "operator_id", "page_id"),
        Index("ix_operator_pages_site_operator_id", "site", "operator_id"),
    )

    page_id: Mapped[int] = mapped_column(Id, ForeignKey("pages.id"), primary_key=True)
    operator_id: Mapped[int | None] = mapped_column(Id, ForeignKey("operators.id"))
    site: Mapped[str]
    """Host, or account on a platform; empty where others post too."""
    ground: Mapped[str]
    because_page_id: Mapped[int | None] = mapped_column(Id)
    because: Mapped[Any] = mapped_column(JsonText)
    """Ids of the identifiers that are the ground."""
    since: Mapped[datetime]
    """When it came to this operator."""


class OperatorIdentifierRow(Base):
    """On how many pages of an operator an identifier stands that is not common."""

    __tablename__ = "operator_identifiers"
    __table_args__ = (
        Index("ix_operator_identifiers_operator_id", "operator_id"),
        {"sqlite_with_rowid": False},
    )

    identifier_id: Mapped[int] = mapped_column(Id, ForeignKey("identifiers.id"), primary_key=True)
    operator_id: Mapped[int] = mapped_column(Id, ForeignKey("operators.id"), primary_key=True)
    pages: Mapped[int]


class OperatorDecisionRow(Base):
    """What a reviewer decided about operators or an identifier. Append-only."""

    __tablename__ = "operator_decisions"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str]
    operator_id: Mapped[int | None] = mapped_column(Id, ForeignKey("operators.id"), index=True)
    other_id: Mapped[int | None] = mapped_column(Id, ForeignKey("operators.id"), index=True)
    identifier_id: Mapped[int | None] = mapped_column(Id, ForeignKey("identifiers.id"))
    actor: Mapped[str]
    reason: Mapped[str | None]
    at: Mapped[datetime]


class OperatorDecisionPageRow(Base):
    """A page that a merge or split was about. Append-only."""

    __tablename__ = "operator_decision_pages"
    __table_args__ = (Index("ix_operator_decision_pages_page_id", "page_id"),)

    decision_id: Mapped[int] = mapped_column(Id, ForeignKey("operator_decisions.id"), primary_key=True)
    page_id: Mapped[int] = mapped_column(Id, ForeignKey("pages.id"), primary_key=True)
    side: Mapped[int]


class TextPrintRow(Base):
    """Fingerprint of a flagged page's text."""

    __tablename__ = "text_prints"

    page_id: Mapped[int] = mapped_column(Id, ForeignKey("pages.id"), primary_key=True)
    simhash: Mapped[int] = mapped_column(BigInteger)
    length: Mapped[int]
    keys: Mapped[Any] = mapped_column(JsonText)


class TextKeyRow(Base):
    """Index of fingerprints: pages that share a key may be near copies."""

    __tablename__ = "text_keys"
    __table_args__ = ({"sqlite_with_rowid": False},)

    key: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    page_id: Mapped[int] = mapped_column(Id, ForeignKey("pages.id"), primary_key=True)


class NearTextRow(Base):
    """Two pages with near-duplicate text; the later one first."""

    __tablename__ = "near_texts"
    __table_args__ = (Index("ix_near_texts_other_id", "other_id"), {"sqlite_with_rowid": False})

    page_id: Mapped[int] = mapped_column(Id, ForeignKey("pages.id"), primary_key=True)
    other_id: Mapped[int] = mapped_column(Id, ForeignKey("pages.id"), primary_key=True)
    distance: Mapped[int]


class LinkingRow(Base):
    """How far documents have been linked, and with which limits; one row."""

    __tablename__ = "linking"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    position: Mapped[int] = mapped_column(Id)
    """Id of the last document."""
    limits: Mapped[Any] = mapped_column(JsonText)


class LeadRelationRow(Base):
    """A lead that was new when its operator, or its text, was known from an earlier lead already. Append-only."""

    __tablename__ = "lead_relations"

    lead_id: Mapped[int] = mapped_column(Id, ForeignKey("leads.id"), primary_key=True)
    other_id: Mapped[int] = mapped_column(Id, ForeignKey("leads.id"))
    reason: Mapped[str]
    at: Mapped[datetime]
