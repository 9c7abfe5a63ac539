"""What is known of a page and of its lead while a batch of visits is recorded.

A row is read once at the beginning of the batch and written once at its end; in between, the visits of the batch are
worked through in order on these objects.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from domain.lead import QUIET, LeadEvent, LeadState, Review, apply, begin
from domain.lead_visit import Sight, Visit, events_of_visit
from storage.lead_state import may_be_visited, plan_rank, state_columns, state_of


def host_of(url: str) -> str:
    """Host with port, lower case, as it stands in a target's scope."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def place_of(url: str) -> tuple[str, str, str]:
    """An address without its scheme and without ``www.``: what stays the same when a site goes over to https."""
    parts = urlsplit(url)
    return host_of(url).removeprefix("www."), parts.path, parts.query


@dataclass(slots=True)
class Version:
    """One document with what was made of it."""

    snapshot_id: int
    document_id: int
    assessment_id: int
    flagged: bool
    level: str
    score: float
    platform: str


@dataclass(slots=True)
class LeadInBatch:
    """The lead of a page; ``id`` None until the batch is written."""

    id: int | None
    target_id: int
    state: LeadState
    version: int
    document_id: int
    assessment_id: int
    level: str
    score: float
    platform: str
    flagged_at: datetime
    last_seen: datetime
    last_event_at: datetime
    to_report: bool
    events: list[tuple[LeadEvent, int | None]] = field(default_factory=list)
    """Added by the batch, each with its run."""
    touched: bool = False

    @classmethod
    def from_row(cls, row: Any) -> LeadInBatch:
        """The lead as it stands in the database."""
        return cls(
            id=row.id,
            target_id=row.target_id,
            state=state_of(row),
            version=row.version,
            document_id=row.document_id,
            assessment_id=row.assessment_id,
            level=row.level,
            score=row.score,
            platform=row.platform,
            flagged_at=row.flagged_at,
            last_seen=row.last_seen,
            last_event_at=row.last_event_at,
            to_report=row.to_report,
        )

    def add(self, event: LeadEvent, run_id: int | None, after: LeadState | None = None) -> None:
        """Append one event; a move that the state does not allow raises :class:`domain.errors.IllegalMove`.

        ``after``: the state after it, where it takes more than the state before to know it (撤销).
        """
        self.state = after or apply(self.state, event)
        self.note(event, run_id)
        if event.kind not in QUIET:
            # Also where the event is older than the last digest's cutoff, because its batch was written later.
            self.to_report = True
        self.to_report = self.to_report and self.state.review is not Review.DISMISSED

    def note(self, event: LeadEvent, run_id: int | None) -> None:
        """Count an event that is already in the state."""
        self.events.append((event, run_id))
        self.version += 1
        self.last_event_at = max(self.last_event_at, event.at)
        self.touched = True

    def rest_on(self, version: Version, at: datetime) -> None:
        """A newer flagged version takes the place of the one before."""
        self.document_id, self.assessment_id = version.document_id, version.assessment_id
        self.level, self.score, self.platform, self.flagged_at = version.level, version.score, version.platform, at

    def columns(self) -> dict[str, Any]:
        """All columns of the row that an event or a visit may change."""
        return state_columns(self.state) | {
            "version": self.version,
            "document_id": self.document_id,
            "assessment_id": self.assessment_id,
            "level": self.level,
            "score": self.score,
            "platform": self.platform,
            "flagged_at": self.flagged_at,
            "last_seen": self.last_seen,
            "last_event_at": self.last_event_at,
            "to_report": self.to_report,
        }


@dataclass(slots=True)
class PageInBatch:
    """A page's row and its lead."""

    id: int
    target_id: int
    url: str
    host: str
    purpose: str
    depth: int
    via: str | None
    anchor: str | None
    snapshot_id: int | None
    document_id: int | None
    assessment_id: int | None
    flagged: bool
    first_seen: datetime
    last_seen: datetime
    last_checked: datetime
    answered_at: datetime | None
    gone_since: datetime | None
    times_seen: int
    times_changed: int
    text_sha256: str
    lead: LeadInBatch | None = None
    touched: bool = False

    @classmethod
    def from_row(cls, row: Any) -> PageInBatch:
        """The page as it stands in the database."""
        names = [name for name in cls.__dataclass_fields__ if name not in ("lead", "touched")]
        return cls(**{name: getattr(row, name) for name in names})

    def read(self, at: datetime) -> None:
        """It could be read."""
        self.first_seen = min(self.first_seen, at)
        self.last_seen = max(self.last_seen, at)
        self.times_seen += 1
        self.gone_since = None
        self.touched = True

    def asked(self, at: datetime, answered: bool) -> None:
        """Its own address was asked for; ``answered``: that said something about the page."""
        self.last_checked = max(self.last_checked, at)
        if answered:
            self.answered_at = at
        self.touched = True

    def renew(self, version: Version | None, text_sha256: str, changed: bool) -> None:
        """A newer version speaks for the page (None: one without any document)."""
        self.document_id = version.document_id if version else None
        self.assessment_id = version.assessment_id if version else None
        self.flagged = bool(version and version.flagged)
        self.text_sha256 = text_sha256
        self.times_changed += changed
        self.touched = True

    def visit(self, visit: Visit, version: Version | None, run_id: int | None, confirm_after: timedelta) -> None:
        """Let the lead have what a visit saw; ``version``: the flagged one, if this visit brought it."""
        state = self.lead.state if self.lead else None
        events = events_of_visit(state, visit, confirm_after)
        if self.lead is None:
            if not events or version is None:
                return
            self.lead = LeadInBatch(
                id=None,
                target_id=self.target_id,
                state=begin(events[0]),
                version=0,
                document_id=version.document_id,
                assessment_id=version.assessment_id,
                level=version.level,
                score=version.score,
                platform=version.platform,
                flagged_at=visit.at,
                last_seen=visit.at,
                last_event_at=visit.at,
                to_report=True,
            )
            self.lead.note(events[0], run_id)
            return
        for event in events:
            self.lead.add(event, run_id)
        if visit.sight is Sight.VIOLATING:
            self.lead.last_seen = max(self.lead.last_seen, visit.at)
            self.lead.touched = True
            if version is not None:
                self.lead.rest_on(version, visit.at)
        self.touched = True

    def seen_with_claims(self, at: datetime) -> None:
        """When it was last seen with its claims, where that was not at the lead's last event."""
        if self.lead is not None:
            self.lead.last_seen = at

    def columns(self, scope_hosts: frozenset[str]) -> dict[str, Any]:
        """All columns of the row that a visit may change."""
        return {
            "snapshot_id": self.snapshot_id,
            "document_id": self.document_id,
            "assessment_id": self.assessment_id,
            "flagged": self.flagged,
            "purpose": self.purpose,
            "depth": self.depth,
            "via": self.via,
            "anchor": self.anchor,
            "first_seen": self.first_seen,
            "last_seen": self.last_seen,
            "last_checked": self.last_checked,
            "answered_at": self.answered_at,
            "gone_since": self.gone_since,
            "times_seen": self.times_seen,
            "times_changed": self.times_changed,
            "text_sha256": self.text_sha256,
            "plan_rank": int(
                plan_rank(
                    open_lead=self.lead is not None and self.lead.state.open,
                    gone=self.gone_since is not None,
                    fetched=self.snapshot_id is not None,
                    in_scope=may_be_visited(self.url, self.host, scope_hosts),
                )
            ),
        }
