"""Search targets on their schedule: each result page is a request of the run with an outcome of its own, results become proposals.

What an engine forbids or hides stands in the coverage like any page that was not seen. A run that was killed asks what is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.analysis import PageVisit
from domain.crawl import CrawlOutcome, CrawlRequest, CrawlRun, Outcome
from domain.errors import BadInput
from domain.target import Target
from zhengxun.discovery.phrases import wanted_of
from zhengxun.discovery.queries import Query, queries
from zhengxun.discovery.result_pages import PageRead, ask
from zhengxun.jobs.discovery import sieve_of, worth
from zhengxun.services import Services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.process import StopRequest
    from storage import Store


def search(services: Services, store: Store, run: CrawlRun, target: Target, stop: StopRequest) -> bool:
    """Ask for the target's phrase and record what came of it; False where a signal stopped it. Ask only under the crawl lock."""
    try:
        going = _queries(services, target)
    except BadInput as error:
        _end_at_once(services, store, run, target, "search_settings", str(error))
        return True
    if not going:
        words = "没有设置搜索引擎，未查询；请设置 ZHENGXUN_DISCOVERY_ENGINES（见 docs/operation.md“发现”）。"
        _end_at_once(services, store, run, target, "no_engine", words)
        return True
    ledger = store.ledger()
    room = target.budget.max_pages - ledger.done_count(run.id, target.id)
    for page in range(1, services.settings.discovery_pages + 1):
        by_url = {query.address(page): query for query in _queries(services, target)}
        ledger.plan([CrawlRequest(run.id, target.id, query.address(page)) for query in going])
        # Also what a killed process had planned and not asked for.
        waiting = [one for one in ledger.pending(run.id, target.id, room + len(by_url)) if one.url in by_url]
        if len(waiting) > room:
            ledger.record([PageVisit(_over_budget(services, one, target)) for one in waiting[room:]])
            waiting = waiting[:room]
        room -= len(waiting)
        if not waiting:
            return True
        read = ask(services, [by_url[request.url] for request in waiting], page, stop)
        going = _record(services, store, waiting, list(read))
        if stop.is_set():
            return False
    return True


def _queries(services: Services, target: Target) -> list[Query]:
    settings = services.settings
    wanted = wanted_of(target.url)
    assert wanted is not None, "what is no phrase is no search target that can be collected"
    # A result page's address names its engine; where the settings give that engine another address, it is asked there.
    engines = [one for one in settings.discovery_engines if wanted.engine in (None, one.partition("=")[0].strip())]
    if wanted.engine is not None and not engines:
        engines = [wanted.engine]
    return queries([wanted.phrase], settings.discovery_cities, engines, settings.discovery_pages)


def _record(
    services: Services, store: Store, requests: Sequence[CrawlRequest], read: Sequence[PageRead]
) -> list[Query]:
    """Propose what was found, then give the requests their outcomes; queries whose next page is worth asking for."""
    sieve = sieve_of(services, store)
    visits = []
    for request, page in zip(requests, read, strict=True):
        if page.outcome is None:
            continue  # stopped: it stays to be done
        new = store.proposals.propose(list(worth(sieve, page.found)), services.clock())
        outcome = CrawlOutcome(
            request=request,
            outcome=page.outcome,
            at=services.clock(),
            status=page.status,
            reason=page.reason,
            detail=page.detail or _told(page, len(new)),
            bytes_received=page.bytes_received,
        )
        visits.append(PageVisit(outcome))
    store.ledger().record(visits)
    return [page.query for page in read if page.results]


def _told(page: PageRead, new: int) -> str:
    hidden = f"，其中 {len(page.unresolved)} 条只有跳转链接、看不出真实网址" if page.unresolved else ""
    query = page.query
    return f"{query.asked.engine.label}搜索“{query.phrase}”：读到 {page.results} 条结果{hidden}，新建议 {new} 个。"


def _over_budget(services: Services, request: CrawlRequest, target: Target) -> CrawlOutcome:
    words = f"已达本次页数上限 {target.budget.max_pages} 页，其余结果页本次未采。"
    return CrawlOutcome(request, Outcome.DEFERRED, services.clock(), reason="pages", detail=words)


def _end_at_once(services: Services, store: Store, run: CrawlRun, target: Target, reason: str, detail: str) -> None:
    ledger = store.ledger()
    # Not the target's own address: that would stand for its start page on a day on which a later run found results.
    ledger.plan([CrawlRequest(run.id, target.id, f"{target.url}#{reason}")])
    ledger.record(
        [
            PageVisit(CrawlOutcome(request, Outcome.FAILED, services.clock(), reason=reason, detail=detail))
            for request in ledger.pending(run.id, target.id, target.budget.max_pages)
        ]
    )
