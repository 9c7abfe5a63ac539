"""Trying a target out: a few pages fetched and judged, nothing kept."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from domain.analysis import PageVisit
from domain.crawl import CrawlOutcome, CrawlRequest, Outcome, Purpose
from domain.target import Budget, Target, TargetKind
from zhengxun.services import Services
from zhengxun.target_kinds import why_not_collectable

if TYPE_CHECKING:
    from domain.document import Extraction

#: Budget of a trial: enough pages to see whether links are found and read, little enough for a person to wait.
TRIAL_BUDGET = Budget(max_pages=5, max_depth=1, max_seconds=60, max_bytes=20 * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class TriedPage:
    """One page of a trial."""

    outcome: CrawlOutcome
    visit: PageVisit
    encoding: str | None
    """Character encoding its bytes were read in."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial found."""

    target: Target
    unsupported: str | None
    """Chinese reason why it cannot be collected yet; None where it can."""
    pages: tuple[TriedPage, ...]

    @property
    def entry(self) -> TriedPage | None:
        """The target's own address."""
        return next((page for page in self.pages if page.outcome.request.url == self.target.url), None)

    @property
    def reachable(self) -> bool:
        """Whether the target's own address could be read."""
        return self.entry is not None and self.entry.outcome.outcome is Outcome.OK


def try_target(services: Services, target: Target) -> Trial:
    """Fetch at most :data:`TRIAL_BUDGET` of a target that is not stored, with all rules of politeness."""
    import crawler
    from crawler.memory_ledger import MemoryLedger
    from zhengxun import analysis

    trial = replace(target, budget=TRIAL_BUDGET)
    reason = why_not_collectable(target.kind, target.url)
    if reason is not None or target.kind is TargetKind.SEARCH:  # of a phrase nothing is asked in passing
        return Trial(target, reason, ())
    ledger = MemoryLedger(services.clock)
    analysis.use_rules(services.rules)
    with tempfile.TemporaryDirectory(prefix="zhengxun-check-") as folder:
        settings = replace(services.crawl_settings(), evidence_folder=Path(folder), retries=0, workers=1)
        crawler.run(
            [trial],
            ledger,
            analysis.analyse,
            settings,
            1,
            clock=services.clock,
            warm_up=analysis.warm_up,
        )
        pages = tuple(
            TriedPage(visit.outcome, visit, _encoding(Path(folder), visit))
            for visit in ledger.visits.values()
            if visit.outcome.request.purpose is not Purpose.SITEMAP and visit.outcome.outcome is not Outcome.DEFERRED
        )
    return Trial(target, None, pages)


def _encoding(folder: Path, visit: PageVisit) -> str | None:
    """Read the kept bytes again for the encoding: worker processes send back documents only."""
    if visit.snapshot is None:
        return None
    extraction = extraction_of(folder, visit.outcome.request, visit)
    return None if extraction is None else extraction.encoding


def extraction_of(folder: Path, request: CrawlRequest, visit: PageVisit) -> Extraction | None:
    """Extraction of a kept version, from its WARC record."""
    from warcio.archiveiterator import ArchiveIterator

    from crawler.extract import extract

    snapshot = visit.snapshot
    if snapshot is None:
        return None
    with (folder / snapshot.warc.file).open("rb") as stream:
        stream.seek(snapshot.warc.offset)
        record = next(iter(ArchiveIterator(stream)))
        body = record.content_stream().read()
    return extract(body, url=snapshot.final_url, content_type=snapshot.content_type, hosts=None)
