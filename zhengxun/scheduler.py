"""The scheduler of ``serve``: starts ``zhengxun tick`` as a child process when something may be due.

Jobs decide nothing: what is due, and that nothing runs twice, is ``tick``'s business and its locks', the same as under
system cron. A child process, because Twisted's reactor runs once per process and a crawl's memory goes back to the
system with it.
"""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from domain.ports import Clock
from zhengxun.clock import SHANGHAI
from zhengxun.settings import Settings

logger = logging.getLogger(__name__)

#: How long children get to end by themselves after SIGTERM; a crawl needs it to record what is under way. One that
#: takes longer is killed, which loses nothing that was committed.
GRACE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child process ended."""

    job: str
    at: datetime
    status: int


class Children:
    """Child processes of this service, known by their process ids."""

    def __init__(self, command: Sequence[str], clock: Clock) -> None:
        self._command = tuple(command)
        self._clock = clock
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopping = False
        self.last: Ended | None = None
        """The child that ended last."""

    def run(self, job: str) -> None:
        """Start a child and wait for its end (APScheduler's thread of that job waits here)."""
        with self._lock:
            if self._stopping:
                return
            # Its words go where the service's own go; standard output of a service is nobody's result.
            child = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=sys.stderr)
            self._running.add(child)
        try:
            status = child.wait()
        finally:
            with self._lock:
                self._running.discard(child)
        self.last = Ended(job, self._clock(), status)
        # 1: done, with failures listed; 3: another tick is at it already.
        if status not in {0, 1, 3} and not self._stopping:
            logger.error("%s ended with status %s", " ".join(self._command), status)

    def stop(self, seconds: float = GRACE_SECONDS) -> None:
        """Ask all children to end, wait, and kill those that do not."""
        with self._lock:
            self._stopping = True
            running = list(self._running)
        for child in running:
            child.send_signal(signal.SIGTERM)
        for child in running:
            try:
                child.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                logger.warning("process %s did not end within %s s and was killed", child.pid, seconds)
                child.kill()
                child.wait()


def tick_command(data_dir: Path) -> list[str]:
    """``zhengxun tick`` with this interpreter and data directory."""
    return [sys.executable, "-m", "zhengxun", "--data-dir", str(data_dir.absolute()), "tick"]


class Scheduler:
    """APScheduler with two jobs: a look every few minutes, and one exactly at the digest's time.

    Misfires (a sleeping laptop) become one run; a job never runs beside itself. The digest's job is apart, because the
    other one may be waiting for a long crawl. There must be one scheduler only: the caller holds the lock ``serve``.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.children = Children(tick_command(settings.data_dir), clock)
        self._scheduler = BackgroundScheduler(
            timezone=SHANGHAI, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        self._scheduler.add_job(
            self.children.run,
            CronTrigger(minute=f"*/{settings.tick_minutes}", timezone=SHANGHAI),
            args=["到期检查"],
            id="tick",
            name="到期检查（采集、复核、简报）",
            # What fell due while the service was down is caught up at once.
            next_run_time=datetime.now(SHANGHAI),
        )
        self._scheduler.add_job(
            self.children.run,
            CronTrigger(hour=settings.digest_time.hour, minute=settings.digest_time.minute, timezone=SHANGHAI),
            args=["每日简报"],
            id="digest",
            name="每日处置简报",
        )

    def start(self) -> None:
        """Begin; jobs run in the scheduler's own threads."""
        self._scheduler.start()

    def stop(self) -> None:
        """Start nothing more, end the children, and come to rest."""
        self._scheduler.pause()
        self.children.stop()
        self._scheduler.shutdown(wait=True)

    @property
    def running(self) -> bool:
        """Whether the scheduler's thread is alive."""
        return bool(self._scheduler.running)

    def upcoming(self) -> list[tuple[str, datetime | None]]:
        """(name, next time) of its jobs."""
        return [(job.name, job.next_run_time) for job in self._scheduler.get_jobs()]
