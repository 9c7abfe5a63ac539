"""``worker``: takes jobs from the queue until told to stop. One crawl at a time, and beside it one job of the office line."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from domain.errors import LockHeld, NoRoom
from zhengxun.rules.in_force import rules_in_force
from zhengxun.services import Services
from zhengxun.work.queue import HEARTBEAT, STALLED, JobName, conninfo, prepare

if TYPE_CHECKING:
    from procrastinate import App

    from crawler.process import StopRequest

logger = logging.getLogger(__name__)

#: Seconds between two looks for a new job where no notice of one came.
_POLL = 2.0
#: Seconds after which a job that a stopping worker gave back may be taken.
_GIVEN_BACK = 1


class GivenBack(Exception):
    """This worker is stopping; the rest of the job is for another one."""


class Worker:
    """One process's work. Jobs run in threads, because they wait for disks and hosts; the loop gives signs of life."""

    def __init__(self, services: Services) -> None:
        from crawler.process import StopRequest

        self._services = replace(services, standing=True)
        self._stop: StopRequest = StopRequest()
        self._jobs: Mapping[JobName, Callable[..., None]] = {
            JobName.CRAWL: self._crawl,
            JobName.RECHECK: self._recheck,
            JobName.AFTER: self._after,
            JobName.DIGEST: self._digest,
            JobName.DELIVERY: self._delivery,
        }

    def run(self, *, wait: bool = True) -> None:
        """Work until SIGTERM or SIGINT; ``wait`` False: until nothing is left to take."""
        from crawler import dismiss_workers

        with self._services.store():  # not set up: say so now, not with the first job
            prepare(self._services.database_url)
        try:
            asyncio.run(self._work(wait))
        finally:
            dismiss_workers()

    async def _work(self, wait: bool) -> None:
        from procrastinate import App, PsycopgConnector

        app = App(connector=PsycopgConnector(conninfo=conninfo(self._services.database_url), min_size=1, max_size=6))
        for name, function in self._jobs.items():
            self._register(app, name, function)
        loop = asyncio.get_running_loop()
        async with app.open_async():
            lines = [
                asyncio.create_task(
                    app.run_worker_async(
                        queues=[line],
                        concurrency=1,
                        wait=wait,
                        install_signal_handlers=False,
                        update_heartbeat_interval=HEARTBEAT,
                        stalled_worker_timeout=STALLED,
                        fetch_job_polling_interval=_POLL,
                        delete_jobs="successful",
                    ),
                    name=line,
                )
                for line in sorted({name.line for name in JobName})
            ]
            watch = asyncio.create_task(_give_back_stalled(app))

            def end(number: int) -> None:
                self._stop.signal = number
                self._stop.set()
                for line in lines:
                    line.cancel()  # takes nothing more; what is under way ends by itself

            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, end, number)
            try:
                ended = await asyncio.gather(*lines, return_exceptions=True)
            finally:
                watch.cancel()
                for number in (signal.SIGTERM, signal.SIGINT):
                    loop.remove_signal_handler(number)
            for error in ended:
                if isinstance(error, Exception):
                    raise error

    def _register(self, app: App, name: JobName, function: Callable[..., None]) -> None:
        from procrastinate import RetryStrategy

        def job(**arguments: Any) -> None:
            started = time.monotonic()
            try:
                function(**arguments)
            except NoRoom as error:
                logger.warning("%s", error)
            except LockHeld as error:
                # Another process is at it; what it leaves undone stays due and is handed out again.
                logger.info("%s: %s", name.value, error)
            logger.info("%s ended after %.1f s", name.value, time.monotonic() - started)

        retry = RetryStrategy(wait=_GIVEN_BACK, retry_exceptions={GivenBack})
        app.task(name=name.value, queue=name.line, retry=retry)(job)

    # The jobs

    def _current(self) -> Services:
        """The wiring for one job: other rules may have been put live since the last one."""
        if rules_in_force(self._services.settings).folder != self._services.rules:
            self._services = replace(self._services)
        return self._services

    def _crawl(self, target_ids: list[int]) -> None:
        from zhengxun.jobs.crawl import EndedEarly
        from zhengxun.jobs.shares import crawl_share

        try:
            crawl_share(self._current(), target_ids, self._stop)
        except EndedEarly as ended:
            if ended.no_room is not None:
                raise NoRoom(ended.no_room) from None
            raise GivenBack from None

    def _recheck(self) -> None:
        from zhengxun.jobs.crawl import Stopped
        from zhengxun.jobs.recheck import recheck

        try:
            recheck(self._current(), among_workers=self._stop)
        except Stopped as stopped:
            if stopped.no_room:
                raise NoRoom(str(stopped)) from None
            raise GivenBack from None

    def _after(self) -> None:
        from zhengxun.jobs.crawl import after_crawls

        after_crawls(self._current())

    def _digest(self, day: str, cutoff: str | None) -> None:
        from zhengxun.jobs.digest import make_digest

        moment = datetime.fromisoformat(cutoff) if cutoff is not None else None
        make_digest(self._current(), day=date.fromisoformat(day), cutoff=moment)

    def _delivery(self) -> None:
        from zhengxun.jobs.delivery import deliver

        for problem in deliver(self._current()).problems:
            logger.warning("%s", problem)


async def _give_back_stalled(app: App) -> None:
    """Put jobs of workers that gave no sign of life back into the queue; every worker looks, whoever comes first."""
    from procrastinate.exceptions import ConnectorException

    while True:
        await asyncio.sleep(HEARTBEAT)
        try:
            stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED)
        except ConnectorException as error:  # the database is away; the lines of this worker say so and end it
            logger.warning("stalled jobs cannot be looked for: %s", error)
            continue
        for job in stalled:
            try:
                await app.job_manager.retry_job(job)
                logger.warning("job %s (%s) of a lost worker was put back", job.id, job.task_name)
            except ConnectorException:  # another worker was faster
                logger.debug("job %s had been put back", job.id)
