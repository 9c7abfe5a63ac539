"""The evidence chain."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base
from storage.types import Id


class EvidenceLinkRow(Base):
    """One link of the chain (:class:`domain.chain.Link`). Append-only: triggers refuse every change.

    ``subject``, ``snapshot_last`` and ``capture_last`` repeat what stands in ``content``, to find links by.
    """

    __tablename__ = "evidence_links"

    number: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(index=True)
    subject: Mapped[str | None] = mapped_column(unique=True)
    """Of a link for a file: its name."""
    snapshot_last: Mapped[int | None] = mapped_column(Id, index=True)
    """Of a link for records: the greatest snapshot id; ids grow along the chain."""
    capture_last: Mapped[int | None] = mapped_column(Id, index=True)
    previous: Mapped[str]
    sha256: Mapped[str]
    content: Mapped[str]


class CaptureTryRow(Base):
    """A capture that could not be taken of a version, and why; asked for again after those nobody tried yet."""

    __tablename__ = "capture_tries"

    snapshot_id: Mapped[int] = mapped_column(Id, ForeignKey("snapshots.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    tries: Mapped[int]
    last_at: Mapped[datetime]
    reason: Mapped[str]


class CompactionLookRow(Base):
    """How much of a sealed file was needed when the upkeep last looked; may be forgotten without loss."""

    __tablename__ = "compaction_looks"

    file: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    size: Mapped[int] = mapped_column(Id)
    """Bytes of the file."""
    needed: Mapped[int] = mapped_column(Id)
    """Bytes of the records that must be kept, and of what stands between."""


class EvidenceChainCopyRow(Base):
    """How far the chain was copied to the evidence folder: one row. By it a shortened copy is told from a late one."""

    __tablename__ = "evidence_chain_copy"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Id)
    """Last link whose line is durable in the file."""
    size: Mapped[int] = mapped_column(Id)
    """Bytes of the file up to and with that line."""
