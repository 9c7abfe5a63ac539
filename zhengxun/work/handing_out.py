"""``tick`` where several machines share the work: what is due is put into the queue, and nothing is done here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from domain.errors import LockHeld
from zhengxun.clock import SHANGHAI, day_of
from zhengxun.jobs.digest import missing_days, missing_files
from zhengxun.jobs.recheck import due_looks
from zhengxun.jobs.rejudging import rejudge
from zhengxun.jobs.shares import plan_shares
from zhengxun.schedule import is_due
from zhengxun.services import Services
from zhengxun.work.queue import JobName, Queue, open_queue, shares_key

if TYPE_CHECKING:
    from storage import Store


@dataclass(slots=True)
class HandedOut:
    """What one tick put into the queue."""

    jobs: dict[JobName, int] = field(default_factory=dict)
    targets: int = 0
    """Targets in the shares among them."""
    held: list[str] = field(default_factory=list)
    """Why less was handed out than was due (sentences of the locks)."""


def hand_out(services: Services) -> HandedOut:
    """Put in what is due and does not lie there yet. One process of the installation at a time leads; others do nothing."""
    done = HandedOut()
    try:
        with services.store() as store, services.lock("plan"), open_queue(services.database_url) as queue:
            _crawls(services, store, queue, done)
            if due_looks(services, store):
                _put(queue, done, JobName.RECHECK, "all")
            _put(queue, done, JobName.AFTER, "all")
            _digests(services, store, queue, done)
            if services.settings.delivery_channels:
                _put(queue, done, JobName.DELIVERY, "all")
    except LockHeld as error:
        done.held.append(str(error))
    return done


def _put(queue: Queue, done: HandedOut, job: JobName, key: str, **arguments: object) -> bool:
    new = queue.put(job, key, **arguments)
    if new:
        done.jobs[job] = done.jobs.get(job, 0) + 1
    return new


def _crawls(services: Services, store: Store, queue: Queue, done: HandedOut) -> None:
    try:
        # New rules are applied to what is kept while nobody crawls; until then no further share is handed out.
        if store.must_rejudge(services.rule_pack):
            with services.lock("crawl"):
                rejudge(services, store)
    except LockHeld as error:
        done.held.append(f"规则已变，待正在进行的采集结束后先重新研判存量页面，再分派新的采集。{error}")
        return
    due = store.targets.due(services.clock(), is_due)
    for share in plan_shares(store, due, queue.crawling(), services.settings.share_hosts):
        if _put(queue, done, JobName.CRAWL, shares_key(share), target_ids=list(share)):
            done.targets += len(share)


def _digests(services: Services, store: Store, queue: Queue, done: HandedOut) -> None:
    missing = missing_days(services, store)
    if missing and _can_wait(services, store, missing[-1][0]):
        missing = missing[:-1]
    for day, cutoff in missing:
        _put(queue, done, JobName.DIGEST, day.isoformat(), day=day.isoformat(), cutoff=cutoff.isoformat())
    if not missing and missing_files(services, store):
        today = day_of(services.clock())
        _put(queue, done, JobName.DIGEST, today.isoformat(), day=today.isoformat(), cutoff=None)


def _can_wait(services: Services, store: Store, day: date) -> bool:
    """Whether today's digest waits for crawls under way; there is always one somewhere, so never beyond its patience."""
    now = services.clock()
    at = datetime.combine(day, services.settings.digest_time, SHANGHAI)
    patience = timedelta(minutes=services.settings.digest_patience_minutes)
    return day == day_of(now) and now < at + patience and bool(store.interrupted_runs())
