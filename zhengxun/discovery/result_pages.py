"""Asking search engines: result pages are fetched as any page is, read, and thrown away.

Address guard, robots.txt, politeness, verdicts on captchas and login walls all hold. What an engine does not let us see
is told as the outcome of that page; nothing is done to get round it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.addresses import host_key
from crawler.extract.search_results import Result, ResultsChanged, read_results
from domain.analysis import PageVisit
from domain.crawl import Outcome
from domain.discovery import Found, FoundBy
from domain.target import Budget, Rendering, Scope, Target, TargetKind
from zhengxun.discovery.queries import Query
from zhengxun.services import Services

if TYPE_CHECKING:
    from crawler.process import StopRequest

_FIELDS = {"result_list": "结果列表", "result": "结果", "result_title": "结果标题"}
#: Reason of a page that was read and whose results were not found.
CHANGED = "extraction"


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A result whose real address its page does not hold."""

    engine: str
    query: str
    title: str
    account: str | None
    where: str


@dataclass(frozen=True, slots=True)
class PageRead:
    """One result page and how it ended."""

    query: Query
    page: int
    """Counted from 1."""
    url: str
    outcome: Outcome | None
    """None: it was not asked for, because the crawl was stopped."""
    reason: str | None = None
    detail: str | None = None
    """Chinese sentence."""
    status: int | None = None
    bytes_received: int = 0
    found: tuple[Found, ...] = ()
    """Results with their real addresses."""
    unresolved: tuple[Unresolved, ...] = ()

    @property
    def results(self) -> int:
        """Number of results on the page."""
        return len(self.found) + len(self.unresolved)


def ask(services: Services, wanted: list[Query], page: int, stop: StopRequest | None = None) -> Iterator[PageRead]:
    """Result page number ``page`` of each query, in one crawl that keeps nothing. Ask only under the crawl lock."""
    import crawler
    from crawler.memory_ledger import MemoryLedger
    from zhengxun import analysis

    analysis.use_rules(services.rules)
    ledger = MemoryLedger(services.clock)
    with tempfile.TemporaryDirectory(prefix="zhengxun-discover-") as folder:
        settings = replace(services.crawl_settings(), evidence_folder=Path(folder), workers=1, sitemaps=False)
        targets = [_target(number, query, page) for number, query in enumerate(wanted, 1)]
        crawler.run(
            targets, ledger, analysis.analyse, settings, 1, clock=services.clock, warm_up=analysis.warm_up, stop=stop
        )
        visits = {visit.outcome.request.target_id: visit for visit in ledger.visits.values() if _asked(visit, targets)}
        for number, query in enumerate(wanted, 1):
            yield _read(services, query, page, visits.get(number), Path(folder))


def _read(services: Services, query: Query, page: int, visit: PageVisit | None, folder: Path) -> PageRead:
    from crawler.decoding import decode_body
    from crawler.warc_reading import read_record

    url = query.address(page)
    if visit is None:
        return PageRead(query, page, url, None)
    outcome = visit.outcome
    ended = PageRead(
        query,
        page,
        url,
        outcome.outcome,
        outcome.reason,
        outcome.detail or f"{outcome.outcome.label}。",
        outcome.status,
        outcome.bytes_received,
    )
    if outcome.outcome is not Outcome.OK or visit.snapshot is None:
        return ended
    record = read_record(folder, visit.snapshot.warc)
    limit = services.crawl_settings().max_decoded
    body = decode_body(record.payload, _header(record.http_head, b"content-encoding"), limit=limit)
    try:
        results = read_results(query.asked.engine, body, visit.snapshot.final_url, visit.snapshot.content_type)
    except ResultsChanged as changed:
        words = f"结果页未能识别（找不到{_FIELDS[changed.field]}）。"
        return replace(ended, outcome=Outcome.FAILED, reason=CHANGED, detail=words)
    found, unresolved = _named(query, url, results)
    return replace(ended, reason=None, detail=None, found=found, unresolved=unresolved)


def _named(query: Query, where: str, results: tuple[Result, ...]) -> tuple[tuple[Found, ...], tuple[Unresolved, ...]]:
    label = query.asked.engine.label
    return (
        tuple(
            Found(result.url, FoundBy.SEARCH, result.url, where, result.title, label, query.phrase)
            for result in results
            if result.url is not None
        ),
        tuple(
            Unresolved(label, query.phrase, result.title, result.account, where)
            for result in results
            if result.url is None
        ),
    )


def _target(number: int, query: Query, page: int) -> Target:
    """A result page as a target of one request that is not stored."""
    url = query.address(page)
    hosts = (host_key(url),) if query.asked.origin else (host_key(url), *query.asked.engine.also)
    return Target(
        id=number,
        name=query.asked.engine.label,
        url=url,
        kind=TargetKind.WEBSITE,
        schedule="0 4 * * *",
        scope=Scope(hosts),
        budget=Budget(max_pages=1, max_depth=0, max_bytes=20 * 1024 * 1024),
        render=Rendering.NEVER,
    )


def _asked(visit: PageVisit, targets: list[Target]) -> bool:
    request = visit.outcome.request
    return request.url == targets[request.target_id - 1].url


def _header(head: bytes, name: bytes) -> str | None:
    for line in head.split(b"\r\n")[1:]:
        field, _, value = line.partition(b":")
        if field.strip().lower() == name:
            return value.strip().decode("latin-1")
    return None
