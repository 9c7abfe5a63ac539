"""Targets, crawl runs and the requests they planned."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base
from storage.types import Id, JsonText


class TargetRow(Base):
    """One 监测对象; a removed one stays with ``removed_at`` set, because its history and leads stay."""

    __tablename__ = "targets"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    url_key: Mapped[bytes] = mapped_column(unique=True)
    url: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    schedule: Mapped[str]
    scope: Mapped[Any] = mapped_column(JsonText)
    budget: Mapped[Any] = mapped_column(JsonText)
    rendering: Mapped[str] = mapped_column(server_default="auto")
    region: Mapped[str | None]
    note: Mapped[str | None]
    tags: Mapped[Any] = mapped_column(JsonText, server_default="[]")
    paused: Mapped[bool]
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    last_run_at: Mapped[datetime | None]


class RobotsOverrideRow(Base):
    """One decision about robots.txt of a target; the newest one is in force. Append-only."""

    __tablename__ = "target_robots_overrides"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    target_id: Mapped[int] = mapped_column(Id, ForeignKey("targets.id"), index=True)
    granted: Mapped[bool]
    """False: the override was withdrawn, robots.txt counts again."""
    reason: Mapped[str]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime]


class CrawlRunRow(Base):
    """One run over some targets."""

    __tablename__ = "crawl_runs"
    __table_args__ = (
        Index(
            "ix_crawl_runs_running",
            "id",
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(server_default=text("'crawl'"))
    """What it visits (:class:`domain.crawl.RunKind`)."""
    state: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(index=True)
    resumed_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None] = mapped_column(index=True)


class CrawlRunTargetRow(Base):
    """A target in a run, with its two counters: kept up to date in the transactions that change them."""

    __tablename__ = "crawl_run_targets"

    run_id: Mapped[int] = mapped_column(Id, ForeignKey("crawl_runs.id"), primary_key=True)
    target_id: Mapped[int] = mapped_column(Id, ForeignKey("targets.id"), primary_key=True, index=True)
    planned: Mapped[int]
    """Requests planned so far."""
    done: Mapped[int]
    """Requests that have an outcome."""


class CrawlRequestRow(Base):
    """A planned request and, once it has ended, its one outcome (``outcome`` NULL: still to do)."""

    __tablename__ = "crawl_requests"
    __table_args__ = (
        UniqueConstraint("run_id", "url_key"),
        Index(
            "ix_crawl_requests_pending",
            "run_id",
            "target_id",
            text("priority DESC"),
            "id",
            sqlite_where=text("outcome IS NULL"),
            postgresql_where=text("outcome IS NULL"),
        ),
        Index(
            "ix_crawl_requests_left_over",
            "run_id",
            "target_id",
            text("priority DESC"),
            "id",
            sqlite_where=text("page_id IS NULL AND outcome IS NOT NULL"),
            postgresql_where=text("page_id IS NULL AND outcome IS NOT NULL"),
        ),
        Index("ix_crawl_requests_at_target_id_outcome", "at", "target_id", "outcome"),
        Index("ix_crawl_requests_page_id_at", "page_id", "at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    run_id: Mapped[int] = mapped_column(Id, ForeignKey("crawl_runs.id"))
    target_id: Mapped[int] = mapped_column(Id, ForeignKey("targets.id"))
    url_key: Mapped[bytes]
    depth: Mapped[int]
    priority: Mapped[int]
    purpose: Mapped[str]
    outcome: Mapped[str | None]
    at: Mapped[datetime | None]
    sight: Mapped[str | None]
    """What it saw of the page as far as a lead is concerned (:class:`domain.lead.Sight`)."""
    page_id: Mapped[int | None] = mapped_column(Id, ForeignKey("pages.id"))
    status: Mapped[int | None]
    reason: Mapped[str | None]
    bytes_received: Mapped[int] = mapped_column(Id)
    url: Mapped[str]
    detail: Mapped[str | None]
    final_url: Mapped[str | None]
    via: Mapped[str | None]
    anchor: Mapped[str | None]


class HostTurnRow(Base):
    """When a host may be asked again, whichever machine asks (:mod:`storage.turns`). Only for the next minutes."""

    __tablename__ = "host_turns"

    host: Mapped[str] = mapped_column(primary_key=True)
    ready_at: Mapped[datetime]
    taken: Mapped[bool]
    """Whether somebody has the turn, or died with it."""
