"""复核: look again at the pages of open and referred leads, and at closed ones in case they come back.

A recheck is a crawl run in which only the leads' pages are planned: the same crawler, robots.txt, pauses, address guard,
evidence and verdicts. With them goes one look at each site's start page, by which a page that is gone is told from a
site that is down, and, where few sites are visited, at another site or two, so that a cut line of our own is not taken
for the end of theirs.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.crawl import CrawlRequest, CrawlRun, Purpose, RunKind
from domain.target import Target
from storage.looks import DueLook, Look, host_root
from zhengxun.jobs.crawl import (
    AFTER_A_CRAWL,
    CrawlReport,
    EndedEarly,
    OnProgress,
    OnResume,
    resume,
    visit_targets,
)
from zhengxun.jobs.rejudging import rejudge
from zhengxun.jobs.room import require_room
from zhengxun.services import Services

if TYPE_CHECKING:
    from crawler.process import StopRequest
    from storage import Store

#: Sites that one run should visit at least, so that one of them can answer for our own line.
_SITES = 3
#: Priority of looks at start pages (before the pages that they explain) and of leads' pages, longest due first.
_START, _PAGE = 2000, 1000


@dataclass(frozen=True, slots=True)
class RecheckReport:
    """What one call of :func:`recheck` did."""

    run_id: int | None
    """None where nothing was due."""
    resumed: tuple[int, ...]
    """Interrupted rechecks that were finished first."""
    looks: tuple[Look, ...]
    """What was seen, by run and lead."""
    seconds: float


def due_looks(services: Services, store: Store, *, everything: bool = False) -> list[DueLook]:
    """Pages of leads that are due for another look by the settings in force."""
    return store.looks.due(services.clock(), services.look_plan, everything=everything)


def recheck(
    services: Services,
    *,
    everything: bool = False,
    progress: OnProgress | None = None,
    on_resume: OnResume | None = None,
    among_workers: StopRequest | None = None,
) -> RecheckReport:
    """Recheck what is due (``everything``: all that is watched at all) under the lock ``crawl``.

    The same lock as a crawl's: two of them at once would come to one host twice as often as it is asked politely.
    :class:`domain.errors.LockHeld` where another process holds it, :class:`zhengxun.jobs.crawl.Stopped` where a signal ended it early.
    ``among_workers``: beside other workers' crawls, which share their turns at hosts with it; until that is set.
    """
    started = time.monotonic()
    if services.rules is not None:
        _ = services.classifier  # a faulty pack is told before anything is fetched
    resumed: list[int] = []
    run: CrawlRun | None = None
    shared = among_workers is not None
    with services.store() as store, services.lock("crawl", shared=shared), services.lock("recheck"):
        require_room(services, store)
        if not shared:
            rejudge(services, store)
        try:
            for interrupted in store.interrupted_runs():
                if interrupted.kind is not RunKind.RECHECK:
                    continue  # the next crawl finishes it
                if on_resume is not None:
                    on_resume(interrupted)
                resume(services, store, interrupted, progress, among_workers)
                resumed.append(interrupted.id)
            looks = due_looks(services, store, everything=everything)
            if looks:
                run, targets = _plan(store, looks)
                visit_targets(services, store, run, targets, progress, among_workers)
            if (looks or resumed) and not shared:
                for step in AFTER_A_CRAWL:
                    step(services, store)
        except EndedEarly as ended:
            so_far = CrawlReport((), store.run_summary(ended.run_id), time.monotonic() - started, interrupted=True)
            raise ended.told(
                f"第 {ended.run_id} 次复核应要求中止，已看过的都已保存；下次复核或采集时会接着做完。", so_far
            ) from None
        runs = [*resumed, *([run.id] if run else [])]
        seen = [look for run_id in runs for look in store.looks.of_run(run_id)]
    return RecheckReport(run.id if run else None, tuple(resumed), tuple(seen), time.monotonic() - started)


def _plan(store: Store, looks: Sequence[DueLook]) -> tuple[CrawlRun, list[Target]]:
    """A new run in which exactly these pages and the start pages that explain them are planned."""
    watched = {target.id: target for target in store.targets.list(include_paused=False)}
    hosts = {look.host for look in looks}
    roots: dict[str, int] = {}
    for look in looks:
        roots.setdefault(host_root(look.url), look.target_id)
    others = (target for target in watched.values() if not hosts.intersection(target.scope.hosts))
    for target in others:
        if len(hosts) >= _SITES:
            break
        if target.url.startswith(("http://", "https://")) and target.last_run_at is not None:
            roots.setdefault(host_root(target.url), target.id)
            hosts.add(host_root(target.url))
    taken = {look.target_id for look in looks} | set(roots.values())
    run = store.begin_run(sorted(taken), RunKind.RECHECK)
    pages = {look.url for look in looks}
    requests = [
        CrawlRequest(run.id, target_id, root, depth=1, priority=_START, purpose=Purpose.SITE_CHECK)
        for root, target_id in roots.items()
        if root not in pages
    ]
    requests += [CrawlRequest(run.id, look.target_id, look.url, depth=1, priority=_PAGE) for look in looks]
    store.ledger().plan(requests)
    # Pages that were handed in belong to a target that no list shows.
    return run, [watched.get(target_id) or store.targets.get(target_id) for target_id in sorted(taken)]
