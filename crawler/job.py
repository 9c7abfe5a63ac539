"""One crawl put together: everything a run needs, and the parts made from it inside a Scrapy engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from crawler import standing_workers
from crawler.address_guard import AddressGuard
from crawler.analysis_pool import AnalysisPool
from crawler.fetch import Fetcher
from crawler.navigation import Navigation
from crawler.patrol import Patrol
from crawler.politeness import Politeness
from crawler.recorder import Report
from crawler.resolver import GuardedResolver
from crawler.settings import CrawlSettings, Progress
from crawler.warc import recover
from domain.ports import Analyse, Clock, CrawlLedger
from domain.target import Target, TargetKind

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


def utc_now() -> datetime:
    """The machine's clock, for programs that have no other."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class CrawlJob:
    """What one run is given. ``analyse`` and ``warm_up`` run in worker processes and must be picklable by name."""

    targets: Iterable[Target]
    """Read as there is room: a generator over any number of targets is fine."""
    ledger: CrawlLedger
    analyse: Analyse
    settings: CrawlSettings
    run_id: int
    clock: Clock = utc_now
    warm_up: Callable[[], None] | None = None


class Work(Protocol):
    """What an engine is opened for."""

    def stop(self) -> None:
        """Begin nothing more; what is under way is finished and written."""
        ...

    async def run(self) -> bool:
        """Work until done (True) or stopped (False)."""
        ...


class Crew:
    """The parts of a running job; must be made and used in the reactor's event loop."""

    def __init__(
        self,
        job: CrawlJob,
        crawler: Crawler,
        report: Callable[[Progress, Report | None], None],
        navigations: Mapping[TargetKind, Navigation] = MappingProxyType({}),
    ) -> None:
        settings = job.settings
        recover(settings.evidence_folder)
        guard = AddressGuard(settings.allow_networks)
        resolver = installed_resolver()
        resolver.serve(guard, settings.lookup)
        self._politeness = politeness = Politeness(settings.delay, settings.longest_wait, settings.turns)
        fetcher = Fetcher(crawler, settings, guard, politeness, resolver, job.clock)
        self._kept_as = settings.standing_workers
        self._pool = standing_workers.take(self._kept_as) or AnalysisPool(
            job.analyse, workers=settings.workers, seconds=settings.analysis_seconds, warm_up=job.warm_up
        )
        self._patrol = Patrol(
            iter(job.targets),
            job.ledger,
            settings,
            job.run_id,
            job.clock,
            fetcher,
            politeness,
            self._pool,
            report,
            navigations,
        )

    def stop(self) -> None:
        """Begin nothing more; what is under way is finished and written."""
        self._patrol.stop()

    async def run(self) -> bool:
        """Crawl until done (True) or stopped (False); raises what made going on impossible."""
        try:
            return await self._patrol.run()
        finally:
            await standing_workers.leave(self._kept_as, self._pool)
            await self._politeness.close()


def installed_resolver() -> GuardedResolver:
    """The reactor's resolver; raises where it is not ours, because then DNS answers would go unchecked."""
    from twisted.internet import reactor

    resolver = reactor.nameResolver  # type: ignore[attr-defined]  # Twisted types the module, not the reactor in it
    if not isinstance(resolver, GuardedResolver):
        raise RuntimeError("crawler.resolver.GuardedResolver is not installed on the reactor")
    return resolver
