"""The book of crawl runs: :class:`domain.ports.CrawlLedger` over the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, Select, case, exists, func, literal, select, text, update
from sqlalchemy.orm import aliased

from domain.analysis import PageVisit
from domain.crawl import CrawlRequest, KnownVersion, Outcome, Purpose, RunKind
from domain.evidence import CaptureKind
from domain.ports import Clock
from domain.revisit import LISTS, is_due
from storage.dialects import insert_for, insert_or_ignore, portions
from storage.engine import reading, writing
from storage.lead_state import PlanRank
from storage.picture_pages import known_pictures, with_owners
from storage.recording import count_requests, record
from storage.runs import request_of
from storage.tables import CaptureRow, CrawlRequestRow, CrawlRunRow, CrawlRunTargetRow, PageRow, SnapshotRow
from storage.types import key_of

#: Priority of a known page by its rank. A link that promises much may still go first among kept pages (crawler's
#: priorities are small numbers); an open lead is looked at before the budget is spent on anything else.
PRIORITY = {PlanRank.OPEN_LEAD: 1000, PlanRank.KEPT: 0, PlanRank.GONE: -1000}


#: Why pictures were left for a later run, by the budget that was used up.
_PICTURES_LEFT = {
    "pages": "已达本次图片张数上限，其余图片留待下次采集。",
    "bytes": "已达本次图片流量上限，其余图片留待下次采集。",
    "seconds": "已达本次图片采集时间上限，其余图片留待下次采集。",
}


@dataclass(frozen=True, slots=True)
class SqlLedger:
    """See the port for what each method promises. Every method is one transaction."""

    engine: Engine
    clock: Clock
    confirm_after: timedelta
    pictures: bool = False
    """Which part of the book: the requests for pictures, or (False) all others. Neither part sees the other."""
    sparing: set[tuple[int, int]] = field(default_factory=set)
    """(run, target) pairs whose kept pages are visited only when they are due: decided when the target is opened."""

    def plan(self, requests: Sequence[CrawlRequest]) -> list[CrawlRequest]:
        """Store those requests whose (run, url) is not planned yet; return exactly these, in the order given."""
        by_key: dict[tuple[int, bytes], CrawlRequest] = {}
        for request in requests:
            if (request.purpose is Purpose.PICTURE) is not self.pictures:
                continue  # a patrol for pictures plans the target's own address as any other does
            by_key.setdefault((request.run_id, key_of(request.url)), request)
        planned: list[CrawlRequest] = []
        for portion in portions(by_key.items()):
            with writing(self.engine) as connection:
                planned += _plan(connection, dict(portion))
        return planned

    def plan_new(self, requests: Sequence[CrawlRequest]) -> list[CrawlRequest]:
        """Like :meth:`plan`, without pages of which a version is kept already."""
        kept: set[bytes] = set()
        with reading(self.engine) as connection:
            for portion in portions({key_of(request.url) for request in requests}):
                kept.update(
                    connection.execute(
                        select(PageRow.url_key).where(PageRow.url_key.in_(portion), PageRow.snapshot_id.is_not(None))
                    ).scalars()
                )
        return self.plan([request for request in requests if key_of(request.url) not in kept])

    def plan_due(self, requests: Sequence[CrawlRequest]) -> list[CrawlRequest]:
        """Like :meth:`plan`, without kept pages that are not due yet; see :func:`_is_due` for which are always."""
        now = self.clock()
        not_due: set[tuple[int, bytes]] = set()
        by_target: dict[tuple[int, int], set[bytes]] = {}
        for request in requests:
            by_target.setdefault((request.run_id, request.target_id), set()).add(key_of(request.url))
        with reading(self.engine) as connection:
            for place, keys in by_target.items():
                for portion in portions(keys):
                    rows = connection.execute(
                        select(PageRow.url_key, *_REVISIT_COLUMNS).where(
                            PageRow.url_key.in_(portion),
                            PageRow.plan_rank.in_([int(PlanRank.KEPT), int(PlanRank.GONE)]),
                        )
                    )
                    not_due.update(
                        (place[0], row.url_key) for row in rows if not _is_due(row, now, place in self.sparing)
                    )
        return self.plan([request for request in requests if (request.run_id, key_of(request.url)) not in not_due])

    def plan_known(self, run_id: int, target_id: int, limit: int, *, kept: bool = True) -> int:
        """Plan what earlier runs know: open leads first, then pages not seen for longest, and what was never read.

        What was never read are addresses of the run before that failed, were blocked or did not fit the budget. No kept
        page leads to them again while it is unchanged, so without this a page that timed out once would be lost.
        """
        if limit <= 0 or self.pictures:
            return 0
        with writing(self.engine) as connection:
            planned = self._plan_kept(connection, run_id, target_id, limit) if kept else 0
            before = connection.execute(
                select(func.max(CrawlRunTargetRow.run_id))
                .join(CrawlRunRow, CrawlRunRow.id == CrawlRunTargetRow.run_id)
                .where(
                    CrawlRunTargetRow.target_id == target_id,
                    CrawlRunTargetRow.run_id < run_id,
                    CrawlRunRow.kind == RunKind.CRAWL.value,
                )
            ).scalar()
            if before is None:
                return planned
            return planned + _plan_rows(connection, run_id, target_id, _left_over(before, run_id, target_id, limit))

    def _plan_kept(self, connection: Connection, run_id: int, target_id: int, limit: int) -> int:
        """Plan kept pages that are due, until ``limit``.

        A site that fits into half of its budget is looked at whole each time: looking away would save nothing that is
        needed elsewhere, and a page that turns bad would be seen later.
        """
        count = connection.execute(
            select(func.count())
            .select_from(PageRow)
            .where(PageRow.target_id == target_id, PageRow.plan_rank < int(PlanRank.NOT_PLANNED))
        ).scalar_one()
        if 2 * count > limit:
            self.sparing.add((run_id, target_id))
        now, sparing = self.clock(), (run_id, target_id) in self.sparing
        rows = connection.execute(_kept_pages(run_id, target_id))
        return _insert(
            connection, run_id, target_id, list(islice((row for row in rows if _is_due(row, now, sparing)), limit))
        )

    def pending(self, run_id: int, target_id: int, limit: int, exclude: Sequence[int] = ()) -> list[CrawlRequest]:
        """Planned requests without an outcome, highest priority first, oldest first among equals."""
        excluded = frozenset(exclude)
        request = CrawlRequestRow
        with reading(self.engine) as connection:
            first = (
                select(*request.__table__.c)
                .where(*self._pending(run_id, target_id))
                .order_by(request.priority.desc(), request.id)
                # Those under way stand at the front; leaving them out here keeps the statement the same each time.
                .limit(limit + len(excluded))
            )
            rows = [row for row in connection.execute(first) if row.id not in excluded][:limit]
            known = (
                known_pictures(connection, rows) if self.pictures else _known(connection, [row.url_key for row in rows])
            )
        return [replace(request_of(row), known=known.get(row.url_key)) for row in rows]

    def pending_count(self, run_id: int, target_id: int) -> int:
        """How many planned requests of a target have no outcome yet."""
        if self.pictures:
            with reading(self.engine) as connection:
                counted: int = connection.execute(
                    select(func.count()).select_from(CrawlRequestRow).where(*self._pending(run_id, target_id))
                ).scalar_one()
                return counted
        planned, done = self._counted(run_id, target_id)
        return planned - done

    def done_count(self, run_id: int, target_id: int) -> int:
        """How many requests of a target have an outcome."""
        if self.pictures:
            with reading(self.engine) as connection:
                counted: int = connection.execute(
                    select(func.count())
                    .select_from(CrawlRequestRow)
                    .where(
                        CrawlRequestRow.run_id == run_id,
                        CrawlRequestRow.target_id == target_id,
                        CrawlRequestRow.purpose == Purpose.PICTURE.value,
                        CrawlRequestRow.outcome.is_not(None),
                    )
                ).scalar_one()
                return counted
        return self._counted(run_id, target_id)[1]

    def record(self, visits: Sequence[PageVisit]) -> None:
        """Store visits in one transaction; see :func:`storage.recording.record`."""
        with writing(self.engine) as connection:
            mine = with_owners(connection, visits) if self.pictures else visits
            record(connection, mine, self.confirm_after, self.clock())

    def defer_rest(self, run_id: int, target_id: int, reason: str, detail: str) -> int:
        """Give all pending requests of a target the outcome ``deferred``; return how many."""
        if self.pictures:
            detail = _PICTURES_LEFT.get(reason, detail)
        with writing(self.engine) as connection:
            deferred = connection.execute(
                update(CrawlRequestRow)
                .where(*self._pending(run_id, target_id))
                .values(outcome=Outcome.DEFERRED.value, at=self.clock(), reason=reason, detail=detail)
            ).rowcount
            if not self.pictures:
                count_requests(connection, "done", [(run_id, target_id)] * deferred)
        return deferred

    def _pending(self, run_id: int, target_id: int) -> tuple[Any, ...]:
        request, picture = CrawlRequestRow, Purpose.PICTURE.value
        part = request.purpose == picture if self.pictures else request.purpose != picture
        return request.run_id == run_id, request.target_id == target_id, request.outcome.is_(None), part

    def _counted(self, run_id: int, target_id: int) -> tuple[int, int]:
        with reading(self.engine) as connection:
            row = connection.execute(
                select(CrawlRunTargetRow.planned, CrawlRunTargetRow.done).where(
                    CrawlRunTargetRow.run_id == run_id, CrawlRunTargetRow.target_id == target_id
                )
            ).first()
        return (row.planned, row.done) if row else (0, 0)


#: What says when a page is due.
_REVISIT_COLUMNS = (
    PageRow.plan_rank,
    PageRow.depth,
    PageRow.purpose,
    PageRow.last_checked,
    PageRow.gone_since,
    PageRow.times_seen,
    PageRow.times_changed,
    PageRow.first_seen,
    PageRow.last_seen,
)


def _is_due(page: Any, now: datetime, sparing: bool) -> bool:
    """Whether a kept page is visited: always with an open lead, near the start page, of a feed, and where there is room."""
    if page.plan_rank == int(PlanRank.OPEN_LEAD):
        return True
    if page.gone_since is None and (not sparing or page.depth <= LISTS or page.purpose != Purpose.PAGE.value):
        return True
    return is_due(
        now,
        last_checked=page.last_checked,
        gone_since=page.gone_since,
        times_seen=page.times_seen,
        times_changed=page.times_changed,
        first_seen=page.first_seen,
        last_seen=page.last_seen,
    )


def _kept_pages(run_id: int, target_id: int) -> Select[Any]:
    """Pages of a target that earlier runs kept and this one has not planned yet."""
    priority = case(*((PageRow.plan_rank == int(rank), value) for rank, value in PRIORITY.items()))
    return (
        select(
            PageRow.url_key,
            PageRow.url,
            PageRow.via,
            PageRow.anchor,
            priority.label("priority"),
            *_REVISIT_COLUMNS,
        )
        .where(
            PageRow.target_id == target_id,
            PageRow.plan_rank < int(PlanRank.NOT_PLANNED),
            ~exists(literal(1)).where(CrawlRequestRow.run_id == run_id, CrawlRequestRow.url_key == PageRow.url_key),
        )
        .order_by(PageRow.plan_rank, PageRow.last_checked, PageRow.id)
    )


def _left_over(before: int, run_id: int, target_id: int, limit: int) -> Select[Any]:
    """Addresses that run ``before`` asked for, or had no budget for, and of which nothing was ever kept.

    Those that do not exist come last. An address that leads to another one is no page of its own and is left out.
    """
    old, new = CrawlRequestRow, aliased(CrawlRequestRow)
    missing = old.reason.in_(["http_404", "http_410"])
    return (
        select(
            old.url_key,
            old.url,
            old.depth,
            old.purpose,
            old.via,
            old.anchor,
            case((missing, PRIORITY[PlanRank.GONE]), else_=old.priority).label("priority"),
        )
        .where(
            old.run_id == before,
            old.target_id == target_id,
            # Written out as in the index, which holds only such rows.
            text("crawl_requests.page_id IS NULL AND crawl_requests.outcome IS NOT NULL"),
            old.outcome != Outcome.UNCHANGED.value,
            old.purpose.not_in([Purpose.SITEMAP.value, Purpose.SITE_CHECK.value, Purpose.PICTURE.value]),
            ~exists(literal(1)).where(new.run_id == run_id, new.url_key == old.url_key),
        )
        .order_by(old.priority.desc(), old.id)
        .limit(limit)
    )


def _plan_rows(connection: Connection, run_id: int, target_id: int, wanted: Select[Any]) -> int:
    """Plan the addresses that ``wanted`` selects; return how many."""
    return _insert(connection, run_id, target_id, connection.execute(wanted).all())


_PLANNED_COLUMNS = ("url_key", "url", "depth", "purpose", "via", "anchor", "priority")


def _insert(connection: Connection, run_id: int, target_id: int, rows: Sequence[Any]) -> int:
    values = [
        {"run_id": run_id, "target_id": target_id, "bytes_received": 0}
        | {name: getattr(row, name) for name in _PLANNED_COLUMNS}
        for row in rows
    ]
    if values:
        connection.execute(insert_for(connection, CrawlRequestRow), values)
        _expect_target(connection, {(run_id, target_id)})
        count_requests(connection, "planned", [(run_id, target_id)] * len(values))
    return len(values)


def _plan(connection: Connection, by_key: dict[tuple[int, bytes], CrawlRequest]) -> list[CrawlRequest]:
    if not by_key:
        return []
    statement = insert_or_ignore(connection, CrawlRequestRow, ["run_id", "url_key"]).returning(
        CrawlRequestRow.run_id, CrawlRequestRow.url_key, CrawlRequestRow.id
    )
    rows = connection.execute(
        statement,
        [
            {
                "run_id": request.run_id,
                "target_id": request.target_id,
                "url_key": key,
                "url": request.url,
                "depth": request.depth,
                "priority": request.priority,
                "purpose": request.purpose.value,
                "via": request.via,
                "anchor": request.anchor,
                "bytes_received": 0,
            }
            for (_, key), request in by_key.items()
        ],
    )
    ids = {(run_id, key): request_id for run_id, key, request_id in rows}
    new = [(place, request) for place, request in by_key.items() if place in ids]
    targets = [(request.run_id, request.target_id) for _, request in new]
    _expect_target(connection, set(targets))
    pages = [(request.run_id, request.target_id) for _, request in new if request.purpose is not Purpose.PICTURE]
    count_requests(connection, "planned", pages)
    known = _known(connection, [key for (_, key), _ in new])
    return [replace(request, id=ids[place], known=known.get(place[1])) for place, request in new]


def _expect_target(connection: Connection, targets: set[tuple[int, int]]) -> None:
    """Have the counters of these (run, target) pairs, for a target that joined the run after it began."""
    if targets:
        connection.execute(
            insert_or_ignore(connection, CrawlRunTargetRow, ["run_id", "target_id"]),
            [{"run_id": run, "target_id": target, "planned": 0, "done": 0} for run, target in sorted(targets)],
        )


def _known(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, KnownVersion]:
    """What is kept of the pages with these keys."""
    if not keys:
        return {}
    rows: Any = connection.execute(
        select(
            PageRow.url_key,
            SnapshotRow.id,
            SnapshotRow.sha256,
            SnapshotRow.text_sha256,
            SnapshotRow.etag,
            SnapshotRow.last_modified,
            exists(literal(1))
            .where(CaptureRow.snapshot_id == SnapshotRow.id, CaptureRow.kind == CaptureKind.DOM.value)
            .label("rendered"),
        )
        .join(SnapshotRow, SnapshotRow.id == PageRow.snapshot_id)
        .where(PageRow.url_key.in_(keys))
    )
    return {
        row.url_key: KnownVersion(row.id, row.sha256, row.text_sha256, row.etag, row.last_modified, bool(row.rendered))
        for row in rows
    }
