"""What people handed in: one row per hand-over, one per piece of it. Append-only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base
from storage.types import Id, JsonText


class IntakeRow(Base):
    """One file, or one set of addresses, that a person handed in."""

    __tablename__ = "intakes"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str]
    at: Mapped[datetime]
    sha256: Mapped[str | None] = mapped_column(unique=True)
    """Of the file: the same bytes are taken once. NULL for addresses."""
    size: Mapped[int | None] = mapped_column(Id)
    handed_in_by: Mapped[str]
    file_name: Mapped[str | None]
    content_type: Mapped[str | None]
    warc_file: Mapped[str | None]
    warc_offset: Mapped[int | None] = mapped_column(Id)
    warc_record_id: Mapped[str | None]
    note: Mapped[str | None]


class IntakeItemRow(Base):
    """One row of a file, or the whole of it; bad ones too."""

    __tablename__ = "intake_items"
    __table_args__ = (Index("ix_intake_items_intake_id_id", "intake_id", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    intake_id: Mapped[int] = mapped_column(Id, ForeignKey("intakes.id"))
    state: Mapped[str]
    row_number: Mapped[int | None]
    url_key: Mapped[bytes | None] = mapped_column(index=True)
    url: Mapped[str | None]
    reason: Mapped[str | None]
    details: Mapped[Any] = mapped_column(JsonText)
