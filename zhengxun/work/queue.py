"""The queue: which jobs there are, and how they are put in. Procrastinate's tables in the product's own database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

from domain.errors import NotSetUp

if TYPE_CHECKING:
    from procrastinate import App

#: Seconds between two signs of life of a worker, and after how many without one its jobs are given to others. A worker
#: that is only slow keeps its locks: whoever is given its job finds them held and does nothing.
HEARTBEAT, STALLED = 5.0, 15.0


class JobName(StrEnum):
    """Kinds of jobs."""

    CRAWL = "crawl"
    """One share of the due targets, see :mod:`zhengxun.jobs.shares`."""
    RECHECK = "recheck"
    AFTER = "after"
    """What follows crawls: screenshots, operators, health, sealing."""
    DIGEST = "digest"
    DELIVERY = "delivery"

    @property
    def label(self) -> str:
        """Chinese word for people."""
        return {"crawl": "采集", "recheck": "复核", "after": "整理", "digest": "简报", "delivery": "报送"}[self.value]

    @property
    def line(self) -> str:
        """Which line it waits in: the digest must not wait behind a crawl of hours."""
        return "office" if self in (JobName.DIGEST, JobName.DELIVERY) else "crawl"


@dataclass(frozen=True, slots=True)
class QueueState:
    """What lies in the queue."""

    waiting: int
    doing: int
    oldest: datetime | None
    """Since when the job waits that waits longest."""
    workers: int
    """Processes that gave a sign of life lately."""


def conninfo(database_url: str) -> str:
    """The database's address as its driver takes it; one that is not PostgreSQL raises :class:`NotSetUp`."""
    from storage import postgres_address

    address = postgres_address(database_url)
    if address is None:
        raise NotSetUp(
            "多机分工（worker）须使用 PostgreSQL；请设置 ZHENGXUN_DATABASE_URL=postgresql+psycopg://…，"
            "或去掉 ZHENGXUN_WORKERS。单机运行不需要 worker。"
        )
    return address


class Queue:
    """The queue as those see it who put jobs in."""

    def __init__(self, app: App) -> None:
        self._app = app

    def put(self, job: JobName, key: str, **arguments: Any) -> bool:
        """Put a job in; False where one with the same ``key`` waits already (one that is under way does not count)."""
        from procrastinate.exceptions import AlreadyEnqueued

        with suppress(AlreadyEnqueued):
            self._app.configure_task(job.value, queue=job.line, queueing_lock=f"{job.value}:{key}").defer(**arguments)
            return True
        return False

    def state(self) -> QueueState:
        """What lies here now."""
        row = self._app.connector.get_sync_connector().execute_query_one(
            """
            SELECT count(*) FILTER (WHERE status = 'todo') AS waiting, count(*) FILTER (WHERE status = 'doing') AS doing,
                (SELECT min(event.at) FROM procrastinate_events AS event JOIN procrastinate_jobs AS job
                    ON job.id = event.job_id WHERE job.status = 'todo' AND event.type = 'deferred') AS oldest,
                (SELECT count(*) FROM procrastinate_workers
                    WHERE last_heartbeat > now() - make_interval(secs => %(stalled)s)) AS workers
            FROM procrastinate_jobs
            """,
            stalled=STALLED,
        )
        return QueueState(row["waiting"], row["doing"], row["oldest"], row["workers"])

    def forget(self, days: int) -> None:
        """Remove jobs that ended so many days ago, failed ones too: what happened is in the log and the ledger."""
        from procrastinate.sql import queries

        self._app.connector.get_sync_connector().execute_query(
            queries["delete_old_jobs"],
            nb_hours=days * 24,
            queue=None,
            statuses=["succeeded", "failed", "cancelled", "aborted"],
        )

    def crawling(self) -> set[int]:
        """Targets in shares that wait or are under way."""
        found: set[int] = set()
        for status in ("todo", "doing"):
            for job in self._app.job_manager.list_jobs(task=JobName.CRAWL.value, status=status):
                found.update(cast("list[int]", job.task_kwargs["target_ids"]))
        return found


@contextmanager
def open_queue(database_url: str) -> Iterator[Queue]:
    """The queue of the database; :class:`NotSetUp` where its tables are missing."""
    with _open(database_url) as app:
        if not _has_tables(app):
            raise NotSetUp("数据库中还没有队列；请先运行“zhengxun init”。")
        yield Queue(app)


@contextmanager
def _open(database_url: str) -> Iterator[App]:
    from procrastinate import App, SyncPsycopgConnector

    app = App(connector=SyncPsycopgConnector(conninfo=conninfo(database_url), min_size=1, max_size=1))
    with app.open():
        yield app


def _has_tables(app: App) -> bool:
    row = app.connector.get_sync_connector().execute_query_one(
        "SELECT to_regclass('procrastinate_jobs') IS NOT NULL AS there"
    )
    return bool(row["there"])


def prepare(database_url: str) -> None:
    """Create the queue's tables; safe to repeat."""
    with _open(database_url) as app:
        if not _has_tables(app):
            app.schema_manager.apply_schema()


def read_state(database_url: str) -> QueueState:
    """What lies in the queue now."""
    with open_queue(database_url) as queue:
        return queue.state()


def shares_key(target_ids: Sequence[int]) -> str:
    """Names a share by its targets."""
    import hashlib

    return hashlib.sha256(" ".join(map(str, sorted(target_ids))).encode()).hexdigest()[:32]
