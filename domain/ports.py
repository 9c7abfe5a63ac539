"""What one room asks of another. Implementations live in ``storage``; the wiring is in ``zhengxun``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Protocol

from domain.analysis import PageAnalysis, PageVisit
from domain.crawl import CrawlRequest, FetchedPage
from domain.digest import Coverage, LeadMaterial

#: Reads one answer: extraction and classification. Runs in a worker process, so it must be picklable by name.
Analyse = Callable[[FetchedPage], PageAnalysis]

#: Gives the present time, aware UTC. Passed in; nothing below ``zhengxun`` reads a clock of its own.
Clock = Callable[[], datetime]


class CrawlLedger(Protocol):
    """Book of one or more crawl runs: what is planned, what is done. Called from one thread at a time.

    Whatever a method was given is durable when it returns; a killed process leaves planned requests without an
    outcome, and the next run of the same ledger hands them out again.
    """

    def plan(self, requests: Sequence[CrawlRequest]) -> list[CrawlRequest]:
        """Store those requests whose (run, url) is not planned yet; return exactly these, with ``id`` and ``known``."""
        ...

    def plan_new(self, requests: Sequence[CrawlRequest]) -> list[CrawlRequest]:
        """Like :meth:`plan`, without pages of which a version is kept already: an account's old posts."""
        ...

    def plan_due(self, requests: Sequence[CrawlRequest]) -> list[CrawlRequest]:
        """Like :meth:`plan`, without kept pages that are not due yet (:mod:`domain.revisit`): links of a site."""
        ...

    def plan_known(self, run_id: int, target_id: int, limit: int, *, kept: bool = True) -> int:
        """Plan what earlier runs know of a target; return how many requests that made.

        Pages they kept and that are due (open leads first, gone pages last, at most ``limit``), and addresses of the run before that were
        never read: failed, blocked or over the budget (at most ``limit``). ``kept`` False: only the latter.
        """
        ...

    def pending(self, run_id: int, target_id: int, limit: int, exclude: Sequence[int] = ()) -> list[CrawlRequest]:
        """Planned requests without an outcome, highest priority first, oldest first among equals, without those ids."""
        ...

    def pending_count(self, run_id: int, target_id: int) -> int:
        """How many planned requests of a target have no outcome yet."""
        ...

    def done_count(self, run_id: int, target_id: int) -> int:
        """How many requests of a target have an outcome (so that a resumed run keeps to its budget)."""
        ...

    def record(self, visits: Sequence[PageVisit]) -> None:
        """Store visits in one transaction: outcome, page, snapshot, documents, assessments, lead events.

        A request that already has an outcome is left as it is (doing it again adds nothing twice).
        """
        ...

    def defer_rest(self, run_id: int, target_id: int, reason: str, detail: str) -> int:
        """Give all pending requests of a target the outcome ``deferred``; return how many."""
        ...


class HostTurns(Protocol):
    """Turns at hosts that all processes of an installation share. Called from one thread; waits for nobody."""

    def take(self, host: str, delay: float) -> float | None:
        """Take the turn at ``host``: seconds to wait before asking it, or None where another process has the turn.

        ``delay``: pause in seconds that is kept after a holder that died without giving its turn back.
        """
        ...

    def give_back(self, host: str, pause: float) -> None:
        """End the turn; nobody asks the host for ``pause`` seconds."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


class DigestSource(Protocol):
    """What the digest builder asks of the store."""

    def lead_material(self, day: date, cutoff: datetime) -> Iterator[LeadMaterial]:
        """Leads that belong in the digest of ``day`` (Asia/Shanghai), as they stood at ``cutoff``, by lead id.

        Those never shown before, those still open, and those whose state changed since they were last shown;
        dismissed ones are not.
        """
        ...

    def coverage(self, day: date, cutoff: datetime) -> Coverage:
        """Planned and seen targets of the day, and the gaps."""
        ...
