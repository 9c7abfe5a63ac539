"""What runs brought of targets, counted once, and the alarms of those that fell silent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base
from storage.types import Id


class RunOutcomeRow(Base):
    """Requests of one finished run and target by outcome, sitemaps left out: derived from ``crawl_requests``."""

    __tablename__ = "run_outcomes"
    __table_args__ = (Index("ix_run_outcomes_target_id_run_id", "target_id", "run_id"),)

    run_id: Mapped[int] = mapped_column(Id, ForeignKey("crawl_runs.id"), primary_key=True)
    target_id: Mapped[int] = mapped_column(Id, ForeignKey("targets.id"), primary_key=True)
    outcome: Mapped[str] = mapped_column(primary_key=True)
    requests: Mapped[int]


class HealthEventRow(Base):
    """An alarm that was raised or has ended. Append-only."""

    __tablename__ = "health_events"
    __table_args__ = (Index("ix_health_events_subject_kind_id", "subject", "kind", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    subject: Mapped[str]
    kind: Mapped[str]
    raised: Mapped[bool]
    at: Mapped[datetime]
    outcome: Mapped[str]
    detail: Mapped[str]
    target_id: Mapped[int] = mapped_column(Id, ForeignKey("targets.id"))
    run_id: Mapped[int | None] = mapped_column(Id, ForeignKey("crawl_runs.id"))


class StoppageEventRow(Base):
    """Taking in stopped for lack of room, or went on (:class:`domain.stoppage.StoppageEvent`). Append-only."""

    __tablename__ = "stoppage_events"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    began: Mapped[bool]
    at: Mapped[datetime] = mapped_column(index=True)
    detail: Mapped[str]
