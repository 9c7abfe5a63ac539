"""复核: which leads' pages are due for another look, and what the looks of a run saw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, and_, exists, or_, select

from domain.crawl import Outcome, Purpose
from domain.intake import UPLOAD_HOST
from domain.lead import CLOSED, GONE_HERE, EventKind, Review
from domain.lead_visit import Sight
from domain.recheck import Finding, LookPlan, next_look
from storage.batch import host_of
from storage.engine import reading
from storage.lead_state import PlanRank, state_of
from storage.tables import CrawlRequestRow, LeadEventRow, LeadRow, PageRow, TargetRow

_CLOSED = [presence.value for presence in CLOSED]
_GONE_HERE = {presence.value for presence in GONE_HERE}


@dataclass(frozen=True, slots=True)
class DueLook:
    """One page to be looked at again."""

    lead_id: int
    target_id: int
    url: str
    host: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """What one look of a run said of a lead's page."""

    lead_id: int
    page_url: str
    target_name: str
    finding: Finding
    ground: str | None
    """In Chinese; None where the page simply stands."""
    changed: bool
    """Whether its text was edited, and it still violates."""


@dataclass(frozen=True, slots=True)
class Looks:
    """Looks at the pages of leads."""

    engine: Engine

    def due(self, now: datetime, plan: LookPlan, *, everything: bool = False) -> list[DueLook]:
        """Pages due at ``now``, longest due first; ``everything``: all that are looked at at all, due or not.

        Pages of paused and removed targets are left alone, and so are addresses that no run may fetch.
        """
        conditions = [
            LeadRow.review != Review.DISMISSED.value,
            PageRow.plan_rank < int(PlanRank.NOT_PLANNED),
            PageRow.host != UPLOAD_HOST,
            TargetRow.paused.is_(False),
            TargetRow.removed_at.is_(None),
            or_(LeadRow.presence.not_in(_CLOSED), LeadRow.presence_at >= now - plan.watch),
        ]
        if not everything:
            conditions.append(PageRow.last_checked <= now - plan.shortest)
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(*LeadRow.__table__.c, PageRow.url, PageRow.host, PageRow.last_checked)
                .join(PageRow, PageRow.id == LeadRow.page_id)
                .join(TargetRow, TargetRow.id == LeadRow.target_id)
                .where(*conditions)
                .order_by(LeadRow.id)
            ).all()
        found = []
        for row in rows:
            due = next_look(state_of(row), row.last_checked, plan)
            if due is not None and (everything or due <= now) and row.url.startswith(("http://", "https://")):
                found.append(DueLook(row.id, row.target_id, row.url, row.host, due))
        return sorted(found, key=lambda look: (look.due_at, look.lead_id))

    def of_run(self, run_id: int) -> list[Look]:
        """What the looks of a run said, by lead; leads that the run itself found are left out."""
        request = CrawlRequestRow
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(
                    LeadRow.id,
                    LeadRow.presence,
                    LeadRow.reason,
                    PageRow.url,
                    TargetRow.name,
                    request.outcome,
                    request.reason.label("word"),
                    request.detail,
                    request.sight,
                )
                .join(PageRow, PageRow.id == LeadRow.page_id)
                .join(TargetRow, TargetRow.id == LeadRow.target_id)
                .join(request, and_(request.run_id == run_id, request.url_key == PageRow.url_key))
                .where(
                    request.outcome.is_not(None),
                    request.purpose == Purpose.PAGE.value,
                    ~exists().where(
                        LeadEventRow.lead_id == LeadRow.id,
                        LeadEventRow.run_id == run_id,
                        LeadEventRow.kind == EventKind.FOUND.value,
                    ),
                )
                .order_by(LeadRow.id)
            ).all()
            events = connection.execute(
                select(LeadEventRow.lead_id, LeadEventRow.kind).where(LeadEventRow.run_id == run_id)
            )
            kinds: dict[int, set[str]] = {}
            for lead_id, kind in events:
                kinds.setdefault(lead_id, set()).add(kind)
        return [_look(row, kinds.get(row.id, set())) for row in rows]


def _look(row: Any, kinds: set[str]) -> Look:
    finding, ground = _found(row, kinds)
    return Look(row.id, row.url, row.name, finding, ground, EventKind.EDITED.value in kinds)


def _found(seen: Any, kinds: set[str]) -> tuple[Finding, str | None]:
    if seen.sight == Sight.VIOLATING.value:
        back = EventKind.REAPPEARED.value in kinds
        return (Finding.REAPPEARED if back else Finding.STILL_ONLINE), None
    if seen.sight == Sight.CLEAN.value:
        return Finding.CORRECTED, "页面可以访问，未再发现违规宣传内容"
    if seen.presence in _GONE_HERE and (seen.sight == Sight.GONE.value or EventKind.REMOVED.value in kinds):
        return Finding.REMOVED, seen.reason or seen.detail
    if seen.sight == Sight.GONE.value:
        return Finding.UNVERIFIABLE, f"疑似下线，待复核：{seen.detail or '页面已不存在'}"
    if EventKind.SITE_DOWN.value in kinds:
        return Finding.UNVERIFIABLE, seen.reason
    words = seen.detail or Outcome(seen.outcome).label
    return Finding.UNVERIFIABLE, words


def host_root(url: str) -> str:
    """Start page of the host of ``url``."""
    return f"{url.partition('://')[0]}://{host_of(url)}/"
