"""采集份额: the part of the due targets that one worker crawls at a time.

All targets of a host are in one share, and a worker holds the locks of its share's hosts while it crawls, so that one worker at a
time is at a host. (That no host is asked by two of them at once, nor sooner than its pause, is seen to for every request,
:mod:`storage.turns`: links and pictures lead away from a share's hosts.) A share is a crawl run of its own; where its
worker was killed, the next one that holds its hosts finishes that run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.crawl import CrawlRun, RunKind, RunSummary
from domain.target import Target, TargetKind
from zhengxun.jobs.crawl import EndedEarly, resume, visit_targets
from zhengxun.jobs.room import require_room
from zhengxun.schedule import is_due
from zhengxun.services import Services

if TYPE_CHECKING:
    from crawler.process import StopRequest
    from storage import Store


@dataclass(frozen=True, slots=True)
class ShareReport:
    """What crawling one share did."""

    resumed: tuple[RunSummary, ...]
    run: RunSummary | None
    """None where all its targets were done, or in another worker's hands."""


def place_of(target: Target) -> str:
    """By which targets are kept together: host of its address, or the target itself where that is no web address."""
    from crawler.addresses import canonical
    from crawler.fetch import host_of

    url = canonical(target.url) if target.kind not in (TargetKind.INTAKE, TargetKind.SEARCH) else None
    return host_of(url) if url is not None else f"target-{target.id}"


def plan_shares(store: Store, due: Iterable[Target], taken: Collection[int], hosts: int) -> list[tuple[int, ...]]:
    """Target ids of shares of at most ``hosts`` hosts each: the ``due`` targets and those of unfinished runs.

    ``taken``: targets that lie in the queue already.
    """
    wanted = {target.id: target for target in due}
    for run in store.interrupted_runs():
        if run.kind is RunKind.CRAWL:
            for target_id in run.target_ids:
                wanted.setdefault(target_id, store.targets.get(target_id))
    places: dict[str, list[int]] = {}
    for target in wanted.values():
        if target.id not in taken:
            places.setdefault(place_of(target), []).append(target.id)
    groups = list(places.values())
    return [
        tuple(target_id for group in groups[start : start + hosts] for target_id in group)
        for start in range(0, len(groups), hosts)
    ]


def crawl_share(services: Services, target_ids: Sequence[int], stop: StopRequest) -> ShareReport:
    """Crawl those of the targets that are due and in nobody else's hands; first finish what a killed worker left.

    :class:`domain.errors.LockHeld` while a crawl that is not shared out runs, :class:`zhengxun.jobs.crawl.EndedEarly` where ``stop`` was set.
    """
    with services.store() as store, services.lock("crawl", shared=True):
        require_room(services, store)
        mine = set(target_ids)
        left = [run for run in store.interrupted_runs() if _is_crawl_of(run, mine)]
        targets = {
            target_id: store.targets.get(target_id)
            for target_id in sorted(mine.union(*(run.target_ids for run in left)))
        }
        with services.free_hosts({place_of(target) for target in targets.values()}) as free:

            def is_mine(ids: Iterable[int]) -> bool:
                return all(place_of(targets[target_id]) in free for target_id in ids)

            # Read again: between the first look and the locks another worker may have finished one, or begun it.
            left = [run for run in store.interrupted_runs() if _is_crawl_of(run, mine)]
            resumed = [
                resume(services, store, run, None, stop)
                for run in left
                if set(run.target_ids) <= set(targets) and is_mine(run.target_ids)
            ]
            watched = {target.id: target for target in store.targets.list(include_paused=False)}
            now = services.clock()
            due = [
                watched[target_id]
                for target_id in sorted(mine & set(watched))
                if is_mine([target_id]) and is_due(watched[target_id], now)
            ]
            run = None
            if due:
                if stop.is_set():
                    raise EndedEarly(0, stop.signal)
                begun = store.begin_run([target.id for target in due])
                run = visit_targets(services, store, begun, due, None, stop)
    return ShareReport(tuple(resumed), run)


def _is_crawl_of(run: CrawlRun, target_ids: set[int]) -> bool:
    return run.kind is RunKind.CRAWL and not target_ids.isdisjoint(run.target_ids)
