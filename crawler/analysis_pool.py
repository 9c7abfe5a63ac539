"""Workers beside the engine, each with its own pipe, so that a page that kills or stalls one is known by name.

The standard library's pool says only that *some* process died and fails every page in it; here the page that was being
read is the one to blame, the others are read again.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import pickle
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from crawler.analysis_worker import READY, Finished, Reading, serve
from domain.errors import ZhengxunError
from domain.ports import Analyse

logger = logging.getLogger(__name__)

#: Pages given to a worker ahead of the one it reads: it never waits for the engine between two.
_AHEAD = 2
#: Pages after which a worker is replaced: whatever a parser leaks ends with its process.
_PAGES_PER_WORKER = 5_000
#: Tries of a page whose worker died.
_TRIES = 2
#: A new worker loads its dictionaries before it reads; seconds on a slow, busy machine.
_WARM_UP_SECONDS = 120.0


class WorkersUnusable(ZhengxunError):
    """A worker ended before it could read anything: the analysis itself cannot be loaded, no page is to blame."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"页面分析程序无法启动，采集已中止：{reason}")


class WorkerDied(Exception):
    """The worker process ended while it read this page, twice."""


class ReadingTooSlow(Exception):
    """The page was not read within the time limit; its worker was killed."""


@dataclass(slots=True, eq=False)
class _Job:
    message: bytes
    future: asyncio.Future[Finished]
    tries: int = 0


class AnalysisPool:
    """Reads answers in worker processes; ``analyse`` and ``warm_up`` must be picklable by name."""

    def __init__(
        self,
        analyse: Analyse,
        *,
        workers: int | None = None,
        seconds: float = 60.0,
        warm_up: Callable[[], None] | None = None,
    ) -> None:
        self._analyse = analyse
        self._warm_up = warm_up
        self._seconds = seconds
        self._count = workers or len(os.sched_getaffinity(0))
        self._waiting: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._unusable: str | None = None
        self._loop = asyncio.get_running_loop()
        self._lanes = [threading.Thread(target=self._lane, name=f"analysis-{n}") for n in range(self._count)]
        for lane in self._lanes:
            lane.start()

    @property
    def room(self) -> int:
        """Pages that may be under way so that no worker waits and memory stays flat."""
        return self._count * (_AHEAD + 2) + 2

    @property
    def broken(self) -> bool:
        """Whether no worker could be started."""
        return self._unusable is not None

    async def read(self, reading: Reading) -> Finished:
        """Read one answer.

        Raises :class:`WorkerDied` or :class:`ReadingTooSlow` (the page's fault; its worker is gone by then), and
        :class:`WorkersUnusable` when no worker can be started.
        """
        job = _Job(pickle.dumps(reading, pickle.HIGHEST_PROTOCOL), self._loop.create_future())
        with self._changed:
            if self._closed:
                raise RuntimeError("the analysis pool is closed")
            if self._unusable is not None:
                raise WorkersUnusable(self._unusable)
            self._waiting.append(job)
            self._changed.notify()
        return await job.future

    async def close(self) -> None:
        """End all workers; pages still under way end with ``CancelledError``."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        await asyncio.to_thread(self._join)

    def _join(self) -> None:
        for lane in self._lanes:
            lane.join()

    def _lane(self) -> None:
        """One worker after the other, as long as the pool lives; runs in a thread of its own."""
        while True:
            with self._changed:
                while not self._waiting and not self._closed and self._unusable is None:
                    self._changed.wait()
                if self._closed or self._unusable is not None:
                    self._give_up()
                    return
            self._employ()

    def _employ(self) -> None:
        """Start a worker and feed it until it ends, for whatever reason."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=serve, args=(theirs, self._analyse, self._warm_up, _PAGES_PER_WORKER), daemon=True
        )
        process.start()
        theirs.close()
        given: deque[_Job] = deque()
        try:
            if self._is_ready(ours):
                self._feed(ours, process, given)
        except (EOFError, OSError):
            self._blame(given)
        finally:
            ours.close()
            process.join(timeout=1.0)
            if process.is_alive():
                process.kill()
                process.join()
            process.close()

    def _is_ready(self, pipe: Connection) -> bool:
        reason = f"{_WARM_UP_SECONDS:.0f} 秒内没有准备好。"
        try:
            if self._answer_within(pipe, _WARM_UP_SECONDS):
                message = pipe.recv_bytes()
                if message == READY:
                    return True
                reason = message.decode("utf-8")
        except (EOFError, OSError):
            reason = "进程在准备时退出，原因见日志。"
        if not self._closed:
            with self._changed:
                self._unusable = reason
                self._changed.notify_all()
        return False

    def _feed(self, pipe: Connection, process: BaseProcess, given: deque[_Job]) -> None:
        left = _PAGES_PER_WORKER
        while True:
            while left and len(given) < _AHEAD and (job := self._next(wait=not given)) is not None:
                given.append(job)  # before sending: a worker that dies meanwhile leaves it to be read again
                left -= 1
                pipe.send_bytes(job.message)
            if not given:
                return  # closed, or the worker has read its share
            if not self._answer_within(pipe, self._seconds):
                process.kill()
                if not self._closed:
                    self._fail(given.popleft(), ReadingTooSlow())
                self._requeue(given)
                return
            finished = pickle.loads(pipe.recv_bytes())  # noqa: S301 - from our own worker
            self._settle(given.popleft().future, finished)

    def _answer_within(self, pipe: Connection, seconds: float) -> bool:
        """Wait for the next answer, looking up now and then whether the pool was closed."""
        waited = 0.0
        while waited < seconds and not self._closed:
            step = min(0.5, seconds - waited)
            if pipe.poll(step):
                return True
            waited += step
        return False

    def _next(self, *, wait: bool) -> _Job | None:
        with self._changed:
            while wait and not self._waiting and not self._closed:
                self._changed.wait()
            if self._closed or not self._waiting:
                return None
            return self._waiting.popleft()

    def _blame(self, given: deque[_Job]) -> None:
        """The worker died while it read the first page given to it."""
        if given:
            job = given.popleft()
            job.tries += 1
            if job.tries >= _TRIES:
                self._fail(job, WorkerDied())
            else:
                given.append(job)  # after the innocent ones
        self._requeue(given)

    def _requeue(self, given: deque[_Job]) -> None:
        with self._changed:
            self._waiting.extendleft(reversed(given))
            given.clear()
            self._changed.notify()

    def _give_up(self) -> None:
        while self._waiting:
            job = self._waiting.popleft()
            if self._closed:
                self._settle(job.future, None)
            else:
                self._fail(job, WorkersUnusable(self._unusable or ""))

    def _settle(self, future: asyncio.Future[Finished], finished: Finished | None) -> None:
        def deliver() -> None:
            if future.done():
                return
            if finished is None:
                future.cancel()
            else:
                future.set_result(finished)

        self._loop.call_soon_threadsafe(deliver)

    def _fail(self, job: _Job, error: Exception) -> None:
        self._loop.call_soon_threadsafe(lambda: None if job.future.done() else job.future.set_exception(error))
