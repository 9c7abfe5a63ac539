"""``tick``: everything that is due now. Safe to start every minute, and to start twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from domain.errors import LockHeld
from domain.health import HealthEvent
from domain.recheck import Finding
from zhengxun.clock_watch import Jump, watch_clock
from zhengxun.jobs.blacklisting import Proposed, due_proposals
from zhengxun.jobs.crawl import CrawlReport, OnProgress, Stopped, crawl
from zhengxun.jobs.delivery import DeliveryReport, deliver
from zhengxun.jobs.digest import DigestReport, make_digest, missing_days, missing_files
from zhengxun.jobs.recheck import RecheckReport, due_looks, recheck
from zhengxun.jobs.screenshots import catch_up
from zhengxun.jobs.sealing import seal_evidence, stamp_evidence
from zhengxun.jobs.upkeep import UpkeepReport, upkeep, upkeep_due
from zhengxun.schedule import is_due
from zhengxun.services import Services

if TYPE_CHECKING:
    from storage import Store
    from zhengxun.work.handing_out import HandedOut


@dataclass(slots=True)
class TickReport:
    """What one tick did."""

    crawl: CrawlReport | None = None
    recheck: RecheckReport | None = None
    digests: list[DigestReport] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    """Work that was due and that another process is doing (sentences of the locks)."""
    no_stamp: str | None = None
    """Why the day's time stamp could not be had; it is asked for again with the next tick."""
    jump: Jump | None = None
    """The machine's clock was changed since the last tick."""
    alarms: list[HealthEvent] = field(default_factory=list)
    """Targets and platforms that fell silent, or keep us out, since the last look (:mod:`domain.health`)."""
    proposed: list[Proposed] = field(default_factory=list)
    """Whom the rules propose for the 黑名单 since the last tick; people decide."""
    delivery: DeliveryReport = field(default_factory=DeliveryReport)
    """What was sent of the digests, and what should have arrived and did not."""
    handed_out: HandedOut | None = None
    """Where several machines share the work: what was put into their queue, in place of all that stands above."""
    upkeep: UpkeepReport | None = None
    """The nightly upkeep, where it was due."""
    failure: Exception | None = None
    """What ended the crawl; the digest was made all the same. To be raised once the report has been shown."""

    @property
    def idle(self) -> bool:
        """Whether nothing was due."""
        return (
            self.crawl is None
            and self.recheck is None
            and not self.proposed
            and not self.digests
            and not self.held
            and self.failure is None
            and self.delivery.idle
            and (self.handed_out is None or not self.handed_out.jobs)
            and self.upkeep is None
        )

    @property
    def exit_status(self) -> int:
        """3 if another process holds a lock, 1 if pages could not be fetched or an alarm is new or a digest not delivered, else 0."""
        if self.held:
            return 3
        unsure = self.recheck is not None and any(look.finding is Finding.UNVERIFIABLE for look in self.recheck.looks)
        undelivered = self.delivery.problems or self.delivery.failed
        crawl_failed = self.crawl is not None and self.crawl.failures
        upkeep_failed = self.upkeep is not None and self.upkeep.problems
        return 1 if unsure or self.alarms or undelivered or crawl_failed or upkeep_failed else 0


def tick(services: Services, progress: OnProgress | None = None) -> TickReport:
    """Crawl what is due, recheck leads, then build the digests that are missing, even if one of the former failed.

    A digest waits for a crawl that another process began not long ago (that process builds it when it is done), but
    never long: it must be there in the morning, and what was not seen by then stands in it as a coverage gap.
    """
    report = TickReport()
    report.jump = watch_clock(services)
    if services.settings.workers:
        return _hand_out(services, report)
    try:
        _tick(services, report, progress)
    finally:
        # Also where nothing was due, or a crawl was stopped: what a killed process left behind is sealed then.
        with services.store() as store:
            seal_evidence(services, store)
    _deliver(services, report)
    with services.store() as store:
        report.no_stamp = stamp_evidence(services, store)
    _upkeep(services, report)
    return report


def _hand_out(services: Services, report: TickReport) -> TickReport:
    from zhengxun.work.handing_out import hand_out

    report.handed_out = hand_out(services)
    report.held += report.handed_out.held
    with services.store() as store:
        report.proposed = due_proposals(services, store)
        report.no_stamp = stamp_evidence(services, store)
    _upkeep(services, report)
    return report


def _upkeep(services: Services, report: TickReport) -> None:
    with services.store() as store:
        if not upkeep_due(services, store):
            return
    try:
        report.upkeep = upkeep(services)
    except LockHeld as error:
        report.held.append(str(error))


def _tick(services: Services, report: TickReport, progress: OnProgress | None) -> None:
    with services.store() as store:
        crawl_due = bool(store.targets.due(services.clock(), is_due) or store.interrupted_runs())
        told = store.health.last_event()
    if crawl_due:
        try:
            report.crawl = crawl(services, due=True, progress=progress)
        except LockHeld as error:
            report.held.append(str(error))
        except Stopped as error:
            if not error.no_room:
                raise
            report.failure = error
        except Exception as error:  # a crawl that cannot be made must not cost the day its digest
            report.failure = error
    _recheck(services, report, progress)
    _catch_up(services, report)
    with services.store() as store:
        report.proposed = due_proposals(services, store)
        report.alarms = store.health.raised_after(told)
        if report.held and _is_young(services, store):
            return
        missing = missing_days(services, store)
        rewrite = not missing and missing_files(services, store)
    try:
        for day, cutoff in missing:
            report.digests.append(make_digest(services, day=day, cutoff=cutoff))
        if rewrite:
            report.digests.append(make_digest(services))
    except LockHeld as error:
        report.held.append(str(error))


def _deliver(services: Services, report: TickReport) -> None:
    """Send what is frozen; a channel that cannot be used costs the others nothing."""
    try:
        report.delivery = deliver(services)
    except LockHeld as error:
        report.held.append(str(error))


def _recheck(services: Services, report: TickReport, progress: OnProgress | None) -> None:
    """Look at the leads that are due; after the crawl, which has looked at most of them already."""
    if report.held:
        return
    with services.store() as store:
        if not due_looks(services, store):
            return
    try:
        report.recheck = recheck(services, progress=progress)
    except LockHeld as error:
        report.held.append(str(error))
    except Stopped as error:
        if not error.no_room:
            raise
        report.failure = report.failure or error
    except Exception as error:  # as with the crawl
        report.failure = report.failure or error


def _catch_up(services: Services, report: TickReport) -> None:
    """Screenshots that the crawls left over, so that the digest has them."""
    try:
        with services.store() as store:
            catch_up(services, store)
    except Stopped:
        raise
    except Exception as error:  # as with the crawl
        report.failure = report.failure or error


def _is_young(services: Services, store: Store) -> bool:
    """Whether the crawl under way began so recently that the digest can wait for it.

    The lock is held but no run is open: its holder is about to begin one, or has just ended one and goes on to the
    digest itself.
    """
    patience = timedelta(minutes=services.settings.digest_patience_minutes)
    running = store.interrupted_runs()
    return not running or any(services.clock() - run.started_at < patience for run in running)
