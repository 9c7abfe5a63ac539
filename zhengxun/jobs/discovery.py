"""发现: asks search engines, looks at where leads link to, and proposes what is new.

Result pages are fetched as any page is: address guard, robots.txt, politeness, verdicts on captchas and login walls. What
an engine does not let us see is a gap and named as one; nothing is done to get round it. Result pages are not kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crawler.addresses import canonical, host_key
from domain.crawl import Outcome
from domain.discovery import Found, FoundBy, Proposal, ProposalState, ProposalStep
from domain.target import Target
from storage.proposals import check_move
from zhengxun.discovery.queries import Query, queries
from zhengxun.discovery.result_pages import CHANGED, PageRead, Unresolved, ask
from zhengxun.discovery.worth import Sieve, Why, same_site
from zhengxun.services import Services

if TYPE_CHECKING:
    from storage import Store


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
        sieve = sieve_of(services, store)
        read = list(_ask_all(services, wanted, settings.discovery_pages))
        found = [one for page in read for one in worth(sieve, page.found)]
        links = 0
        for one in _linked(store):
            links += 1
            found += worth(sieve, [one])
        proposed = store.proposals.propose(found, services.clock())
    skipped = tuple((host, why, count) for (host, why), count in sorted(sieve.skipped.items()))
    return Discovery(
        len(wanted),
        sum(page.outcome is Outcome.OK for page in read),
        sum(page.results for page in read),
        links,
        tuple(proposed),
        skipped,
        tuple(one for page in read for one in page.unresolved),
        tuple(_gap(page) for page in read if page.outcome is not Outcome.OK),
    )


def _ask_all(services: Services, wanted: list[Query], pages: int) -> Iterator[PageRead]:
    """The first pages of all queries, then the second ones of those that had results, and so on."""
    from crawler.process import StopRequest

    going, stop = wanted, StopRequest()
    for number in range(1, pages + 1):
        if not going or stop.is_set():
            return
        read = list(ask(services, going, number, stop))
        yield from read
        going = [page.query for page in read if page.results]


def _gap(page: PageRead) -> Gap:
    label, detail = page.query.asked.engine.label, page.detail or ""
    if page.outcome is None:
        return Gap(label, page.query.phrase, page.page, page.url, Outcome.DEFERRED.value, "没有轮到采集（采集被中断）")
    outcome = CHANGED if page.reason == CHANGED else page.outcome.value
    return Gap(label, page.query.phrase, page.page, page.url, outcome, detail.rstrip("。"))


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


def sieve_of(services: Services, store: Store) -> Sieve:
    """What is worth proposing beside what is watched, proposed, official or a platform's already."""
    from classifiers.speaker import official, under

    facts = services.classifier.pack.facts
    return Sieve.of(
        store.targets.list(),
        [proposal.found for proposal in store.proposals.list()],
        services.address_guard.check,
        lambda host: official(host, facts),
        lambda host: under(host, facts.media_hosts),
    )


def worth(sieve: Sieve, found: Iterable[Found]) -> Iterator[Found]:
    """Those worth proposing, with the address that a target would have."""
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
