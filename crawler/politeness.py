"""One request at a time per host, and a pause after each.

Counted per host name, whatever the port: sites of one machine share its patience. The pause runs from the end of an
answer to the next request, so that whoever measures at the server's side never sees less than it.

Where several processes crawl for one installation, they share the turns (:class:`domain.ports.HostTurns`): links and
pictures lead any of them to hosts that are another one's.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager

from domain.errors import ZhengxunError
from domain.ports import HostTurns

#: Seconds between two looks at a host whose turn another process has: up to so many, at random.
_LOOK_AGAIN = 0.5
#: Hosts whose Crawl-delay and last visit are remembered.
_REMEMBERED = 20_000


class HostGate:
    """A host's turn: held by whoever talks to it now."""

    __slots__ = ("delay", "lock", "ready_at")

    def __init__(self, delay: float) -> None:
        self.lock = asyncio.Lock()
        self.delay = delay
        self.ready_at = 0.0


class Politeness:
    """Gates of all hosts. ``delay`` in seconds; Crawl-delay and Retry-After are capped at ``longest_wait``.

    ``turns`` opens the turns that are shared with other processes; None where there are no others.
    """

    def __init__(self, delay: float, longest_wait: float, turns: Callable[[], HostTurns] | None = None) -> None:
        self._delay = delay
        self._longest = longest_wait
        self._gates: OrderedDict[str, HostGate] = OrderedDict()
        self._shared = SharedGates(turns()) if turns is not None else None

    async def close(self) -> None:
        """Give all turns back."""
        if self._shared is not None:
            await asyncio.to_thread(self._shared.close)

    def ready_at(self, host: str) -> float:
        """``time.monotonic()`` from which the host may be asked again (0 for a new one)."""
        gate = self._gates.get(host)
        return gate.ready_at if gate is not None else 0.0

    def slow_down(self, host: str, crawl_delay: float) -> None:
        """Apply a robots.txt Crawl-delay where it is longer than ours."""
        gate = self._gate(host)
        gate.delay = max(self._delay, min(crawl_delay, self._longest))

    def hold_off(self, host: str, seconds: float) -> None:
        """Do not ask the host for ``seconds`` (Retry-After, or the pause before another try)."""
        gate = self._gate(host)
        gate.ready_at = max(gate.ready_at, time.monotonic() + min(seconds, self._longest))

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for the host's turn and keep it; the pause begins when it is given back."""
        gate = self._gate(host)
        async with gate.lock:
            while (wait := gate.ready_at - time.monotonic()) > 0:  # noqa: ASYNC110 - may be put off while we sleep
                await asyncio.sleep(wait)
            if self._shared is not None:
                await self._shared.take(host, gate.delay)
            try:
                yield
            finally:
                # A little longer, never shorter: hosts that begin together must not stay in step.
                pause = gate.delay * (1.0 + random.uniform(0.0, 0.1))
                gate.ready_at = max(gate.ready_at, time.monotonic() + pause)
                if self._shared is not None:
                    self._shared.give_back(host, max(pause, gate.ready_at - time.monotonic()))

    def _gate(self, host: str) -> HostGate:
        gate = self._gates.get(host)
        if gate is None:
            gate = self._gates[host] = HostGate(self._delay)
            if len(self._gates) > _REMEMBERED:
                self._forget()
        else:
            self._gates.move_to_end(host)
        return gate

    def _forget(self) -> None:
        now = time.monotonic()
        for host in list(self._gates)[: _REMEMBERED // 4]:
            gate = self._gates[host]
            if not gate.lock.locked() and gate.ready_at < now:
                del self._gates[host]


class TurnsLost(ZhengxunError):
    """The shared turns cannot be asked any more: going on could mean being at a host beside another process."""

    def __init__(self) -> None:
        super().__init__("与数据库的连接中断，无法再确认各主机是否有别的进程在访问，采集已中止；未采的页面下次接着采。")


class SharedGates:
    """Shared turns seen from the event loop: asked in one thread, in the order of the calls."""

    def __init__(self, turns: HostTurns) -> None:
        self._turns = turns
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="turns")
        self._lost: BaseException | None = None

    async def take(self, host: str, delay: float) -> None:
        """Wait for the turn at ``host`` and for the host's pause; :class:`TurnsLost` where nobody can say whose it is."""
        loop = asyncio.get_running_loop()
        while True:
            if self._lost is not None:
                raise TurnsLost from self._lost
            try:
                wait = await loop.run_in_executor(self._thread, self._turns.take, host, delay)
            except Exception as error:
                raise TurnsLost from error
            if wait is not None:
                break
            await asyncio.sleep(random.uniform(0.05, _LOOK_AGAIN))
        try:
            await asyncio.sleep(wait)
        except asyncio.CancelledError:
            self.give_back(host, 0.0)
            raise

    def give_back(self, host: str, pause: float) -> None:
        """End the turn; does not wait."""
        self._thread.submit(self._turns.give_back, host, pause).add_done_callback(self._done)

    def _done(self, given: Future[None]) -> None:
        # Nobody waits for it; whoever takes the next turn hears of it.
        self._lost = given.exception() or self._lost

    def close(self) -> None:
        """Give all turns back, after what was asked before."""
        self._thread.submit(self._turns.close).result()
        self._thread.shutdown()
