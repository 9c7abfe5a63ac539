"""Crawling: finish what was interrupted, then make a new run over the chosen targets."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from domain.analysis import PageVisit
from domain.crawl import CrawlOutcome, CrawlRequest, CrawlRun, Outcome, RunKind, RunSummary
from domain.errors import BadTarget, ZhengxunError
from domain.target import Target, TargetKind
from zhengxun.jobs.health import watch_health
from zhengxun.jobs.linking import link_operators
from zhengxun.jobs.rejudging import rejudge
from zhengxun.jobs.room import require_room, watching_room
from zhengxun.jobs.screenshots import take_screenshots
from zhengxun.jobs.sealing import seal_evidence
from zhengxun.schedule import is_due
from zhengxun.services import Services
from zhengxun.target_kinds import why_not_collectable

if TYPE_CHECKING:
    from crawler.process import StopRequest
    from crawler.settings import Progress
    from storage import Store

logger = logging.getLogger(__name__)

#: Called with the run, the number of its targets and how far it is.
OnProgress = Callable[[CrawlRun, int, "Progress"], None]
#: Called with an interrupted run that is finished first.
OnResume = Callable[[CrawlRun], None]


#: A run that was interrupted less than this ago and is now finished counts as the visit that was asked for: a site
#: whose crawl was killed is not fetched twice in a row.
SAME_VISIT = timedelta(hours=12)


#: What follows a crawl, in order, under its lock. Each finds its own work in the store and may be killed at any moment.
AFTER_A_CRAWL: tuple[Callable[[Services, Store], object], ...] = (
    take_screenshots,
    link_operators,
    watch_health,
    seal_evidence,  # last: it vouches for the files that the others wrote
)


@dataclass(frozen=True, slots=True)
class CrawlReport:
    """What one call of :func:`crawl` did."""

    resumed: tuple[RunSummary, ...]
    """Runs that a killed process had left behind and that were finished first."""
    run: RunSummary | None
    """The new run; None where no target was chosen, or all had just been visited by a resumed run."""
    seconds: float
    interrupted: bool = False
    """Whether a signal ended the last of these runs early; its counts are those so far."""

    @property
    def failures(self) -> tuple[CrawlOutcome, ...]:
        """Failures of all runs."""
        runs = [*self.resumed, *([self.run] if self.run else [])]
        return tuple(failure for run in runs for failure in run.failures)


class Stopped(ZhengxunError):
    """A signal, or a disk without room, ended a run early; it stays unfinished and the next crawl goes on with it."""

    def __init__(self, message: str, by: int | None, report: CrawlReport, *, no_room: bool = False) -> None:
        super().__init__(message)
        self.report = report
        """What had been done by then."""
        self.no_room = no_room
        """Whether it was no signal: the disk has no room for more."""
        if by == signal.SIGINT:
            # What a shell reports for a program that SIGINT ended.
            self.exit_status = 128 + signal.SIGINT


def chosen_targets(
    store: Store, services: Services, *, everything: bool = False, due: bool = False, ids: Sequence[int] = ()
) -> list[Target]:
    """Targets of one call: all that are not paused, those due now, or those named (paused ones too)."""
    if everything:
        return store.targets.list(include_paused=False)
    if due:
        return store.targets.due(services.clock(), is_due)
    watched = {target.id: target for target in store.targets.list()}
    unknown = [target_id for target_id in ids if target_id not in watched]
    if unknown:
        raise BadTarget(
            f"没有编号为 {'、'.join(map(str, unknown))} 的监测对象，没有采集；可用“zhengxun targets list”查看编号。"
        )
    return [watched[target_id] for target_id in dict.fromkeys(ids)]


def crawl(
    services: Services,
    *,
    everything: bool = False,
    due: bool = False,
    ids: Sequence[int] = (),
    max_pages: int | None = None,
    only_run: int | None = None,
    progress: OnProgress | None = None,
    on_resume: OnResume | None = None,
) -> CrawlReport:
    """Crawl under the lock ``crawl``; :class:`domain.errors.LockHeld` where another process does.

    Interrupted runs are finished first; their targets are left out of the new run if that was the same visit.
    ``max_pages`` lowers each target's budget for the new run only. ``on_resume`` is called with each interrupted run
    before it is taken up. ``only_run``: finish this interrupted run and nothing else.
    :class:`Stopped` where a signal ended the work early.
    """
    started = time.monotonic()
    if services.rules is not None:
        # A faulty pack of the user's is told before anything is fetched, not by worker processes that die of it.
        _ = services.classifier
    with services.store() as store, services.lock("crawl"):
        require_room(services, store)
        rejudge(services, store)
        resumed: list[RunSummary] = []
        visited: set[int] = set()
        run = None
        try:
            for interrupted in store.interrupted_runs():
                if only_run not in (None, interrupted.id):
                    continue
                if on_resume is not None:
                    on_resume(interrupted)
                resumed.append(resume(services, store, interrupted, progress))
                if interrupted.kind is RunKind.CRAWL and services.clock() - interrupted.started_at < SAME_VISIT:
                    visited.update(interrupted.target_ids)
            targets = [
                target
                for target in chosen_targets(store, services, everything=everything, due=due, ids=ids)
                if target.id not in visited
            ]
            if max_pages is not None:
                targets = [
                    replace(target, budget=replace(target.budget, max_pages=min(max_pages, target.budget.max_pages)))
                    for target in targets
                ]
            if targets:
                begun = store.begin_run([target.id for target in targets])
                run = visit_targets(services, store, begun, targets, progress)
            for step in AFTER_A_CRAWL:
                step(services, store)
        except EndedEarly as ended:
            so_far = store.run_summary(ended.run_id)
            report = CrawlReport(tuple(resumed), so_far, time.monotonic() - started, interrupted=True)
            raise ended.told(
                f"第 {ended.run_id} 次采集应要求中止，已采到的都已保存；再次执行采集时会接着做完。", report
            ) from None
    return CrawlReport(tuple(resumed), run, time.monotonic() - started)


def after_crawls(services: Services) -> None:
    """What follows crawls that several workers made: one process at a time, whoever crawls meanwhile.

    :class:`domain.errors.LockHeld` where another one does it, or a crawl that is not shared out runs.
    """
    with services.store() as store, services.lock("crawl", shared=True), services.lock("after"):
        for step in AFTER_A_CRAWL:
            step(services, store)


class EndedEarly(Exception):
    """A signal, or a disk without room, ended a run; what was under way has been written."""

    def __init__(self, run_id: int, by: int | None, no_room: str | None = None) -> None:
        super().__init__(run_id)
        self.run_id = run_id
        self.by = by
        self.no_room = no_room
        """Sentence for people; None where it was a signal."""

    def told(self, by_signal: str, report: CrawlReport) -> Stopped:
        """The same for people; ``by_signal`` is said where it was a signal."""
        return Stopped(self.no_room or by_signal, self.by, report, no_room=self.no_room is not None)


def resume(
    services: Services, store: Store, run: CrawlRun, progress: OnProgress | None, stop: StopRequest | None = None
) -> RunSummary:
    """Finish an interrupted run. Ask only under the crawl lock, or under those of all its hosts."""
    store.resume(run.id)
    # A target removed since still has planned requests; they get their outcome like all others.
    targets = [store.targets.get(target_id) for target_id in run.target_ids]
    return visit_targets(services, store, run, targets, progress, stop)


def visit_targets(
    services: Services,
    store: Store,
    run: CrawlRun,
    targets: Sequence[Target],
    progress: OnProgress | None,
    stop: StopRequest | None = None,
) -> RunSummary:
    """Do what ``run`` has to do and close it. :class:`EndedEarly` where a signal, or ``stop``, ended it before its end."""
    import crawler
    from crawler.process import signals_stop
    from zhengxun import analysis
    from zhengxun.jobs.pictures import fetch_pictures, read_pictures
    from zhengxun.jobs.searching import search

    ledger = store.ledger()
    _tell_of_logins(services, targets)
    readable: list[Target] = []
    phrases: list[Target] = []
    for target in targets:
        # Of leads only the pages are looked at, whatever spider their target would need.
        reason = why_not_collectable(target.kind, target.url) if run.kind is RunKind.CRAWL else None
        if reason is None:
            search_for = run.kind is RunKind.CRAWL and target.kind is TargetKind.SEARCH
            (phrases if search_for else readable).append(target)
        else:
            _record_unsupported(store, services, run.id, target, reason)
    if phrases:
        with watching_room(services, store, stop) as stop:
            done = all(search(services, store, run, target, stop) for target in phrases)
        if not done or stop.is_set():
            raise EndedEarly(run.id, stop.signal, stop.no_room)
    if readable:
        analysis.use_rules(services.rules)
        report: Callable[[Progress], None] | None = None
        if progress is not None:
            show = progress

            def report(state: Progress) -> None:
                show(run, len(readable), state)

        done = False
        with watching_room(services, store, stop) as stop:
            done = crawler.run(
                readable,
                ledger,
                analysis.analyse,
                replace(services.crawl_settings(), planned_only=run.kind is RunKind.RECHECK),
                run.id,
                progress=report,
                clock=services.clock,
                warm_up=analysis.warm_up,
                stop=stop,
            )
            if done:
                done = fetch_pictures(services, store, run, readable, stop)
            if done:
                with signals_stop(stop):
                    read_pictures(services, store, [target.id for target in readable], run.id, stop)
        if not done or stop.is_set():
            raise EndedEarly(run.id, stop.signal, stop.no_room)
    store.settle_sites(run.id, timedelta(hours=services.settings.site_gone_hours))
    return store.finish_run(run.id)


def _tell_of_logins(services: Services, targets: Sequence[Target]) -> None:
    """Say which platforms are visited without the login that staff wanted used."""
    kinds = {target.kind for target in targets}
    for one in services.logins():
        if one.login is not None and one.login.fault is not None and one.kind in kinds:
            logger.warning("%s", one.login.fault)


def _record_unsupported(store: Store, services: Services, run_id: int, target: Target, why: str) -> None:
    """A target without a spider is planned and fails, so that it shows as a coverage gap."""
    ledger = store.ledger()
    ledger.plan([CrawlRequest(run_id=run_id, target_id=target.id, url=target.url)])
    for request in ledger.pending(run_id, target.id, 1):
        ledger.record(
            [
                PageVisit(
                    CrawlOutcome(
                        request=request,
                        outcome=Outcome.FAILED,
                        at=services.clock(),
                        reason="unsupported_kind",
                        detail=f"{why}。",
                    )
                )
            ]
        )
