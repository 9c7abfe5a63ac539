"""Proposed targets: where each was found, and what was decided."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base
from storage.types import Id


class ProposalRow(Base):
    """One address that was found, with its first place. Append-only."""

    __tablename__ = "proposals"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    url_key: Mapped[bytes] = mapped_column(unique=True)
    url: Mapped[str]
    found_by: Mapped[str]
    page: Mapped[str]
    place: Mapped[str]
    title: Mapped[str]
    engine: Mapped[str | None]
    query: Mapped[str | None]


class ProposalEventRow(Base):
    """One step of a proposal. Append-only; ``step`` counts from 1, so that of two decisions at once one fails."""

    __tablename__ = "proposal_events"
    __table_args__ = (UniqueConstraint("proposal_id", "step"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    proposal_id: Mapped[int] = mapped_column(Id, ForeignKey("proposals.id"))
    step: Mapped[int]
    state: Mapped[str]
    at: Mapped[datetime]
    actor: Mapped[str]
    reason: Mapped[str | None]
    target_id: Mapped[int | None] = mapped_column(Id, ForeignKey("targets.id"))
