"""Which request goes out next: hosts whose pause is over, in turn; on a host its targets in turn; of a target the best.

Only what is in hand lies in memory; the whole frontier is the ledger's.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field

from crawler.politeness import Politeness
from crawler.target_crawl import TargetCrawl
from domain.crawl import CrawlRequest


@dataclass(slots=True)
class _HostLine:
    """Targets that wait for a host."""

    waiting: deque[TargetCrawl] = field(default_factory=deque)
    busy: bool = False
    scheduled: bool = False


class Frontier:
    """Hands out at most one request per host until the host is given back."""

    def __init__(self, politeness: Politeness) -> None:
        self._politeness = politeness
        self._lines: dict[str, _HostLine] = {}
        self._ready: list[tuple[float, int, str]] = []
        self._order = 0

    def offer(self, crawl: TargetCrawl) -> None:
        """Let a target wait for the host of its best request, where it has one and does not wait already."""
        request = crawl.top()
        if request is None or crawl.queued:
            return
        host = request.host
        line = self._lines.setdefault(host, _HostLine())
        line.waiting.append(crawl)
        crawl.queued = True
        self._schedule(host, line)

    def next(self, now: float) -> tuple[TargetCrawl, CrawlRequest, int] | None:
        """The next request and its number of earlier tries, or None while every host is busy or pausing."""
        while self._ready and self._ready[0][0] <= now:
            _, _, host = heapq.heappop(self._ready)
            line = self._lines[host]
            line.scheduled = False
            if line.busy:
                continue
            later = self._politeness.ready_at(host)
            if later > now:  # asked to hold off since
                self._schedule(host, line)
                continue
            found = self._from(line, host)
            if found is not None:
                line.busy = True
                return found
            self._tidy(host, line)
        return None

    def wait(self, now: float) -> float | None:
        """Seconds until a host's pause is over; None where no target waits for a free host."""
        return max(0.0, self._ready[0][0] - now) if self._ready else None

    def release(self, host: str) -> None:
        """The transfer is over: the host may be asked again after its pause."""
        line = self._lines.get(host)
        if line is None:
            return
        line.busy = False
        self._schedule(host, line)
        self._tidy(host, line)

    def _from(self, line: _HostLine, host: str) -> tuple[TargetCrawl, CrawlRequest, int] | None:
        while line.waiting:
            crawl = line.waiting.popleft()
            crawl.queued = False
            request = crawl.top()
            if request is None:
                continue
            if request.host != host:
                self.offer(crawl)
                continue
            popped = crawl.pop()
            self.offer(crawl)
            if popped is None:
                continue
            if popped[0].host != host:  # a better one of another host came forward
                crawl.take_in([popped[0]], attempt=popped[1])
                self.offer(crawl)
                continue
            return crawl, popped[0], popped[1]
        return None

    def _schedule(self, host: str, line: _HostLine) -> None:
        if line.waiting and not line.busy and not line.scheduled:
            line.scheduled = True
            self._order += 1
            heapq.heappush(self._ready, (self._politeness.ready_at(host), self._order, host))

    def _tidy(self, host: str, line: _HostLine) -> None:
        if not line.waiting and not line.busy and not line.scheduled:
            self._lines.pop(host, None)
