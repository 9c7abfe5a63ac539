"""Pictures: which pages wait for theirs to be read, and what was read in each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base
from storage.types import Id, JsonText


class PicturePageRow(Base):
    """A page whose present version shows pictures, and how far they have been read. Work to do, no evidence."""

    __tablename__ = "picture_pages"
    __table_args__ = (Index("ix_picture_pages_reader_page_id", "reader", "page_id"),)

    page_id: Mapped[int] = mapped_column(Id, ForeignKey("pages.id"), primary_key=True)
    document_id: Mapped[int] = mapped_column(Id, ForeignKey("documents.id"))
    """The document as it was extracted, without words of pictures."""
    snapshot_id: Mapped[int] = mapped_column(Id, ForeignKey("snapshots.id"))
    reader: Mapped[str | None]
    """What read all of its pictures; NULL: there are some left to read."""
    settled_at: Mapped[datetime | None]
    tries: Mapped[int]
    """Runs in which some picture could not be fetched."""


class PictureReadingRow(Base):
    """What one reader read in one picture. Append-only: the same bytes are never read twice by it."""

    __tablename__ = "picture_readings"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    reader: Mapped[str] = mapped_column(primary_key=True)
    read_at: Mapped[datetime]
    width: Mapped[int]
    height: Mapped[int]
    look_hash: Mapped[bytes]
    """The 64 bits of :attr:`domain.picture.PictureLook.hash`, big-endian; empty where it cannot be compared."""
    same_as: Mapped[str | None]
    reason: Mapped[str | None]
    """Why nothing could be read: then there are no lines."""
    incomplete: Mapped[Any] = mapped_column(JsonText)
    lines: Mapped[Any] = mapped_column(JsonText)
    codes: Mapped[Any] = mapped_column(JsonText)
    signature: Mapped[bytes]
