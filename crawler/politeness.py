"""One request at a time per host, and a pause after each.

Counted per host name, whatever the port: sites of one machine share its patience. The pause runs from the end of an
answer to the next request, so that whoever measures at the server's side never sees less than it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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
    """Gates of all hosts. ``delay`` in seconds; Crawl-delay and Retry-After are capped at ``longest_wait``."""

    def __init__(self, delay: float, longest_wait: float) -> None:
        self._delay = delay
        self._longest = longest_wait
        self._gates: OrderedDict[str, HostGate] = OrderedDict()

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
            try:
                yield
            finally:
                # A little longer, never shorter: hosts that begin together must not stay in step.
                pause = gate.delay * (1.0 + random.uniform(0.0, 0.1))
                gate.ready_at = max(gate.ready_at, time.monotonic() + pause)

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
