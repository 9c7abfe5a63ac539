"""A crawl ledger in memory: for ``scrapy crawl``, dry runs and tests. Nothing of it outlives the process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from domain.analysis import PageVisit
from domain.crawl import CrawlOutcome, CrawlRequest, KnownVersion, Outcome
from domain.evidence import CaptureKind
from domain.ports import Clock


class MemoryLedger:
    """Keeps to :class:`domain.ports.CrawlLedger`; ``known`` are versions of earlier runs by address."""

    def __init__(self, clock: Clock, known: dict[str, KnownVersion] | None = None) -> None:
        self._clock = clock
        self.known = dict(known or {})
        self.requests: dict[int, CrawlRequest] = {}
        self.visits: dict[int, PageVisit] = {}
        """Visits by request id, in the order in which they were recorded."""
        self._ids: dict[tuple[int, str], int] = {}
        self._pending: dict[tuple[int, int], dict[int, CrawlRequest]] = {}

    def plan(self, requests: Sequence[CrawlRequest]) -> list[CrawlRequest]:
        """See :meth:`domain.ports.CrawlLedger.plan`."""
        planned = []
        for request in requests:
            key = (request.run_id, request.url)
            if key in self._ids:
                continue
            number = self._ids[key] = len(self._ids) + 1
            kept = replace(request, id=number, known=self.known.get(request.url))
            self.requests[number] = kept
            self._pending.setdefault((request.run_id, request.target_id), {})[number] = kept
            planned.append(kept)
        return planned

    def plan_new(self, requests: Sequence[CrawlRequest]) -> list[CrawlRequest]:
        """See :meth:`domain.ports.CrawlLedger.plan_new`."""
        return self.plan([request for request in requests if request.url not in self.known])

    def plan_due(self, requests: Sequence[CrawlRequest]) -> list[CrawlRequest]:
        """See :meth:`domain.ports.CrawlLedger.plan_due`; nothing is known of when pages change here."""
        return self.plan(requests)

    def plan_known(self, run_id: int, target_id: int, limit: int, *, kept: bool = True) -> int:
        """See :meth:`domain.ports.CrawlLedger.plan_known`; every known version belongs to every target here."""
        wanted = [CrawlRequest(run_id, target_id, url, depth=1) for url in list(self.known)[:limit] if kept]
        return len(self.plan(wanted))

    def pending(self, run_id: int, target_id: int, limit: int, exclude: Sequence[int] = ()) -> list[CrawlRequest]:
        """See :meth:`domain.ports.CrawlLedger.pending`."""
        left_out = set(exclude)
        waiting = self._pending.get((run_id, target_id), {})
        wanted = sorted(
            (request for number, request in waiting.items() if number not in left_out),
            key=lambda request: (-request.priority, request.id or 0),
        )
        return wanted[:limit]

    def pending_count(self, run_id: int, target_id: int) -> int:
        """See :meth:`domain.ports.CrawlLedger.pending_count`."""
        return len(self._pending.get((run_id, target_id), {}))

    def done_count(self, run_id: int, target_id: int) -> int:
        """See :meth:`domain.ports.CrawlLedger.done_count`."""
        return sum(
            (request.run_id, request.target_id) == (run_id, target_id)
            for request in (visit.outcome.request for visit in self.visits.values())
        )

    def record(self, visits: Sequence[PageVisit]) -> None:
        """See :meth:`domain.ports.CrawlLedger.record`."""
        for visit in visits:
            request = visit.outcome.request
            assert request.id is not None
            waiting = self._pending[(request.run_id, request.target_id)]
            if waiting.pop(request.id, None) is None:
                continue
            self.visits[request.id] = visit
            snapshot = visit.snapshot
            if snapshot is not None:
                self.known[request.url] = KnownVersion(
                    request.id,
                    snapshot.sha256,
                    snapshot.text_sha256,
                    snapshot.etag,
                    snapshot.last_modified,
                    any(capture.kind is CaptureKind.DOM for capture in visit.captures),
                )

    def defer_rest(self, run_id: int, target_id: int, reason: str, detail: str) -> int:
        """See :meth:`domain.ports.CrawlLedger.defer_rest`."""
        rest = list(self._pending.get((run_id, target_id), {}).values())
        self.record(
            [
                PageVisit(CrawlOutcome(request, Outcome.DEFERRED, self._clock(), reason=reason, detail=detail))
                for request in rest
            ]
        )
        return len(rest)
