"""报送: parcels of digests, and what happened to each."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base
from storage.types import Id


class DeliveryRow(Base):
    """One part of one digest, or of the joined digests of several rest days, for one channel. Append-only."""

    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("digest_date", "channel", "part"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    digest_date: Mapped[date] = mapped_column(Date)
    """Of a joined parcel the last day."""
    first_date: Mapped[date | None] = mapped_column(Date)
    """Of a joined parcel its first day."""
    channel: Mapped[str]
    part: Mapped[int]
    parts: Mapped[int]
    key: Mapped[str]
    body: Mapped[str]
    planned_at: Mapped[datetime]


class DeliveryEventRow(Base):
    """An attempt that began or ended, or what a person said of one. Append-only."""

    __tablename__ = "delivery_events"
    __table_args__ = (Index("ix_delivery_events_delivery_id_id", "delivery_id", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    delivery_id: Mapped[int] = mapped_column(Id, ForeignKey("deliveries.id"))
    kind: Mapped[str]
    at: Mapped[datetime]
    detail: Mapped[str]
