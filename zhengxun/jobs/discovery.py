"""发现: asks search engines, looks at where leads link to, and proposes what is new.

Result pages are fetched as any page is: address guard, robots.txt, politeness, verdicts on captchas and login walls. What
an engine does not let us see is a gap and named as one; nothing is done to get round it. Result pages are not kept.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.addresses import canonical, host_key
from crawler.extract.search_results import Result, ResultsChanged, read_results
from domain.crawl import Outcome
from domain.discovery import Found, FoundBy, Proposal, ProposalState, ProposalStep
from domain.target import Budget, Rendering, Scope, Target, TargetKind
from storage.proposals import check_move
from zhengxun.discovery.queries import Query, queries
from zhengxun.discovery.worth import Sieve, Why, same_site
from zhengxun.services import Services

if TYPE_CHECKING:
    from domain.analysis import PageVisit
    from storage import Store

_FIELDS = {"result_list": "结果列表", "result": "结果", "result_title": "结果标题"}


@dataclass(frozen=True, slots=True)
class Gap:
    """A result page that could not be read."""

    engine: str
    query: str
    page: int
    url: str
    outcome: str
    """As in ``crawl --json``; ``extraction`` where the page was read and its results were not found."""
    detail: str


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A result whose real address its page does not hold."""

    engine: str
    query: str
    title: str
    account: str | None
    where: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """What one call found."""

    queries: int
    pages_read: int
    results: int
    links: int
    """Off-site links of leads that were looked at."""
    proposed: tuple[Proposal, ...]
    skipped: tuple[tuple[str, Why, int], ...]
    """Host, why it was not proposed, how often it was found."""
    unresolved: tuple[Unresolved, ...]
    gaps: tuple[Gap, ...]


def discover(services: Services) -> Discovery:
    """Ask and look, and store the proposals; refuses with ``LockHeld`` while a crawl runs (same hosts, one patience)."""
    settings = services.settings
    wanted = queries(
        settings.discovery_phrases, settings.discovery_cities, settings.discovery_engines, settings.discovery_pages
    )
    with services.store() as store, services.lock("crawl"):
        sieve = _sieve(services, store)
        search = _Search(services)
        found = list(_worth(sieve, search.run(wanted, settings.discovery_pages)))
        links = 0
        for one in _linked(store):
            links += 1
            found += _worth(sieve, [one])
        proposed = store.proposals.propose(found, services.clock())
    skipped = tuple((host, why, count) for (host, why), count in sorted(sieve.skipped.items()))
    return Discovery(
        len(wanted),
        search.pages_read,
        search.results,
        links,
        tuple(proposed),
        skipped,
        tuple(search.unresolved),
        tuple(search.gaps),
    )


@dataclass(frozen=True, slots=True)
class AcceptedAs:
    """What a person wants of the target that a proposal becomes; empty: the default."""

    name: str = ""
    schedule: str = ""
    region: str = ""
    tags: str = ""


def accept(
    services: Services, store: Store, number: int, actor: str, reason: str | None, wanted: AcceptedAs | None = None
) -> tuple[Proposal, Target, bool]:
    """Make a proposal a target of the guessed kind, its note saying where it was found; whether that is a new one."""
    from zhengxun.clock import SHANGHAI
    from zhengxun.target_draft import draft_target
    from zhengxun.target_import import add_target

    proposal = store.proposals.get(number)
    check_move(proposal, ProposalState.ACCEPTED)
    now = services.clock()
    note = proposal.found.provenance(proposal.steps[0].at.astimezone(SHANGHAI))
    wanted = wanted or AcceptedAs()
    draft = draft_target(
        url=proposal.found.url,
        check=services.address_guard.check,
        now=now,
        name=wanted.name,
        schedule=wanted.schedule,
        region=wanted.region,
        tags=wanted.tags,
        note=note,
    )
    # Killed between the two, the target stands and the proposal is still open: accepting again finishes it.
    target, created = add_target(store.targets, draft)
    step = ProposalStep(ProposalState.ACCEPTED, now, actor, reason, target.id)
    return store.proposals.decide(number, step), target, created


def refuse(services: Services, store: Store, number: int, actor: str, reason: str) -> Proposal:
    """Decline a proposal; its address is not proposed again."""
    return store.proposals.decide(number, ProposalStep(ProposalState.REFUSED, services.clock(), actor, reason))


def _sieve(services: Services, store: Store) -> Sieve:
    from classifiers.speaker import official, under

    facts = services.classifier.pack.facts
    return Sieve.of(
        store.targets.list(),
        [proposal.found for proposal in store.proposals.list()],
        services.address_guard.check,
        lambda host: official(host, facts),
        lambda host: under(host, facts.media_hosts),
    )


def _worth(sieve: Sieve, found: Iterable[Found]) -> Iterator[Found]:
    for one in found:
        url = sieve.address(one.page)
        if url is not None:
            yield replace(one, url=url)


def _linked(store: Store) -> Iterator[Found]:
    """Each site that leads link to, once per lead."""
    for page in store.proposals.linking_pages():
        hosts: set[str] = set()
        for link in page.links:
            address = canonical(link)
            if address is None or same_site(page.url, address) or host_key(address) in hosts:
                continue
            hosts.add(host_key(address))
            yield Found(address, FoundBy.LINK, address, page.url, page.title)


class _Search:
    """Asks result pages, the first ones of all phrases, then the second ones of those that had results, and so on."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.pages_read = 0
        self.results = 0
        self.unresolved: list[Unresolved] = []
        self.gaps: list[Gap] = []
        self._stopped = False

    def run(self, wanted: list[Query], pages: int) -> Iterator[Found]:
        """What the engines name; gaps and results without address are kept aside."""
        from zhengxun import analysis

        going = wanted
        if going:
            analysis.use_rules(self._services.rules)
        for page in range(1, pages + 1):
            if not going or self._stopped:
                return
            with tempfile.TemporaryDirectory(prefix="zhengxun-discover-") as folder:
                more: list[Query] = []
                for query, visit in self._ask(going, page, Path(folder)):
                    results = self._read(query, page, visit, Path(folder))
                    if results:
                        more.append(query)
                    yield from self._named(query, query.address(page), results)
            going = more

    def _ask(self, wanted: list[Query], page: int, folder: Path) -> list[tuple[Query, PageVisit | None]]:
        import crawler
        from crawler.memory_ledger import MemoryLedger
        from zhengxun import analysis

        services = self._services
        ledger = MemoryLedger(services.clock)
        settings = replace(services.crawl_settings(), evidence_folder=folder, workers=1, sitemaps=False)
        targets = [_target(number, query, page) for number, query in enumerate(wanted, 1)]
        self._stopped = not crawler.run(
            targets, ledger, analysis.analyse, settings, 1, clock=services.clock, warm_up=analysis.warm_up
        )
        visits = {visit.outcome.request.target_id: visit for visit in ledger.visits.values() if _asked(visit, targets)}
        return [(query, visits.get(number)) for number, query in enumerate(wanted, 1)]

    def _read(self, query: Query, page: int, visit: PageVisit | None, folder: Path) -> tuple[Result, ...]:
        from crawler.decoding import decode_body
        from crawler.warc_reading import read_record

        if visit is None:
            self._gap(query, page, Outcome.DEFERRED.value, "没有轮到采集（采集被中断）")
            return ()
        outcome = visit.outcome
        if outcome.outcome is not Outcome.OK or visit.snapshot is None:
            self._gap(query, page, outcome.outcome.value, outcome.detail or outcome.outcome.label)
            return ()
        record = read_record(folder, visit.snapshot.warc)
        limit = self._services.crawl_settings().max_decoded
        body = decode_body(record.payload, _header(record.http_head, b"content-encoding"), limit=limit)
        try:
            results = read_results(query.asked.engine, body, visit.snapshot.final_url, visit.snapshot.content_type)
        except ResultsChanged as changed:
            self._gap(query, page, "extraction", f"结果页未能识别（找不到{_FIELDS[changed.field]}）")
            return ()
        self.pages_read += 1
        self.results += len(results)
        return results

    def _named(self, query: Query, where: str, results: tuple[Result, ...]) -> Iterator[Found]:
        label = query.asked.engine.label
        for result in results:
            if result.url is None:
                self.unresolved.append(Unresolved(label, query.phrase, result.title, result.account, where))
            else:
                yield Found(result.url, FoundBy.SEARCH, result.url, where, result.title, label, query.phrase)

    def _gap(self, query: Query, page: int, outcome: str, detail: str) -> None:
        label = query.asked.engine.label
        self.gaps.append(Gap(label, query.phrase, page, query.address(page), outcome, detail.rstrip("。")))


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
