"""名录: editions of official lists and their rows; all append-only."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base
from storage.types import Id


class DirectoryEditionRow(Base):
    """One edition of a list, as it was imported."""

    __tablename__ = "directory_editions"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    list_key: Mapped[str]
    """The list's name as it is compared: editions with one key are editions of one list."""
    name: Mapped[str]
    kind: Mapped[str]
    authority: Mapped[str]
    source: Mapped[str]
    as_of: Mapped[date] = mapped_column(Date)
    file_name: Mapped[str]
    sha256: Mapped[str]
    imported_by: Mapped[str]
    imported_at: Mapped[datetime]
    rows: Mapped[int]
    refused: Mapped[int]
    """Rows of the file that were not taken."""


class DirectoryRow(Base):
    """One body in one edition."""

    __tablename__ = "directory_rows"
    __table_args__ = (
        Index("ix_directory_rows_name_key", "name_key"),
        Index("ix_directory_rows_credit_code", "credit_code"),
        Index("ix_directory_rows_edition_id", "edition_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    edition_id: Mapped[int] = mapped_column(Id, ForeignKey("directory_editions.id"))
    number: Mapped[int]
    name: Mapped[str]
    name_key: Mapped[str]
    """The name as it is compared."""
    credit_code: Mapped[str | None]
    occupations: Mapped[str]
    levels: Mapped[str]
    district: Mapped[str]
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    validity: Mapped[str]
    remarks: Mapped[str]


class DirectoryWithdrawalRow(Base):
    """An edition that somebody took out of use; at most one for each."""

    __tablename__ = "directory_withdrawals"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    edition_id: Mapped[int] = mapped_column(Id, ForeignKey("directory_editions.id"), unique=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    reason: Mapped[str]
