"""One target during a run: its budget, what it has in hand, what of it was seen. Memory per target is bounded."""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from crawler import promise
from crawler.addresses import host_key
from crawler.aliases import Aliases
from crawler.learning import Yield
from crawler.navigation import Navigation
from crawler.novelty import Novelty
from crawler.verdicts import Ending
from domain.crawl import CrawlRequest
from domain.target import Target, TargetKind

#: Requests a target holds in memory; the rest stays in the ledger.
IN_HAND = 128
#: Refilled from the ledger below this many.
LOW = 16
#: Addresses remembered as planned (8-byte hashes). Beyond it the ledger alone knows, which costs time and no request.
_SEEN = 200_000


#: Pages in a row without any answer after which the target is left for this run. At 30 seconds each they have cost
#: some minutes; a site with single hanging pages never gets there.
SILENCE = 12
_NO_ANSWER = frozenset({"no_answer", "connection", "dns"})


def mark_of(url: str) -> int:
    """64 bits that stand for an address within this process (SipHash with the process's own key)."""
    return hash(url)


class TargetCrawl:
    """State of one target's visit; used from the event loop only."""

    def __init__(self, target: Target, trap_pages: int, done: int, navigation: Navigation | None = None) -> None:
        self.target = target
        self.navigation = navigation
        """How an account of a platform is walked; None for sites, feeds and single posts."""
        self.pages = done
        self.bytes = 0
        self.started: float | None = None
        self.under_way = 0
        """Requests handed out whose end is not in the ledger yet."""
        self.more = True
        """Whether the ledger may hold pending requests that are not in hand."""
        self.refilling = False
        self.finishing = False
        self.queued = False
        self.exhausted: tuple[str, str] | None = None
        """Which budget is used up: machine word and Chinese sentence."""
        self.novelty = Novelty(trap_pages)
        self.gave = Yield()
        self._place: int | None = None
        """Where in the heap the next request lies, until the heap or what is known of its patterns changes."""
        self.aliases: Aliases[Any] = Aliases()
        self._heap: list[tuple[int, int, CrawlRequest, int]] = []
        self._in_hand: set[int] = set()
        self._seen: set[int] = set()
        self._shallower: dict[int, int] = {}
        self._order = 0
        self._silent = 0
        self._hosts = frozenset(_without_www(host) for host in target.scope.hosts)
        self.link_hosts: tuple[str, ...] = ()
        """Hosts whose links are followed, spelt with and without ``www.``; none: the navigation says which links are."""
        if navigation is None:
            self.link_hosts = tuple(sorted(self._hosts | {"www." + host for host in self._hosts}))

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def excluded(self) -> tuple[int, ...]:
        """Ids that a refill must not bring again."""
        return tuple(self._in_hand)

    def hear(self, ending: Ending | None) -> None:
        """Take note whether the site answered: one that has fallen silent is not waited for page by page."""
        silent = ending is not None and ending.reason in _NO_ANSWER
        if not self.is_silent:
            self._silent = self._silent + 1 if silent else 0

    @property
    def is_silent(self) -> bool:
        """Whether the site has stopped answering: the rest ends as if it had been waited for."""
        return self._silent >= SILENCE

    def in_scope(self, url: str) -> bool:
        """Whether an address belongs to the target; with and without ``www.`` is one site.

        What people hand in stands anywhere, and a short link leads wherever it leads.
        """
        if self.target.kind is TargetKind.INTAKE:
            return True
        if self.navigation is not None:
            return self.navigation.covers(url)
        if _without_www(host_key(url)) not in self._hosts:
            return False
        prefix = self.target.scope.path_prefix
        if prefix in ("", "/"):
            return True
        path = "/" + url.split("/", 3)[3].partition("?")[0] if url.count("/") > 2 else "/"
        return path.startswith(prefix) or path + "/" == prefix

    def is_new(self, url: str, depth: int) -> bool:
        """Whether an address was not planned from here before; remembers it, and the shortest way to it."""
        mark = mark_of(url)
        if mark in self._seen:
            if depth <= self.target.budget.max_depth and mark in self._shallower:
                self._shallower[mark] = min(depth, self._shallower[mark])
            return False
        if len(self._seen) < _SEEN:
            self._seen.add(mark)
            if depth > self.target.budget.max_depth:
                self._shallower[mark] = depth
        return True

    def is_planned(self, url: str) -> bool:
        """Whether an address is known to be planned in this run."""
        return mark_of(url) in self._seen

    def take_in(self, requests: Iterable[CrawlRequest], attempt: int = 0) -> None:
        """Hold planned requests; where there are too many, the least promising stay in the ledger."""
        self._place = None
        for request in requests:
            assert request.id is not None
            if request.id in self._in_hand and attempt == 0:
                continue
            self.is_new(request.url, request.depth)
            self._in_hand.add(request.id)
            self._order += 1
            heapq.heappush(self._heap, (-request.priority, self._order, request, attempt))
        if len(self._heap) > 2 * IN_HAND:
            kept = heapq.nsmallest(IN_HAND, self._heap)
            self._in_hand.difference_update(
                entry[2].id or 0 for entry in heapq.nlargest(len(self._heap) - IN_HAND, self._heap)
            )
            self._heap = kept  # nsmallest returns them sorted, which is a heap
            self.more = True

    def top(self) -> CrawlRequest | None:
        """The request that would be handed out next."""
        return self._heap[self._best()][2] if self._heap else None

    def pop(self) -> tuple[CrawlRequest, int] | None:
        """The most promising request and its number of earlier tries; exhausted patterns go to the end first."""
        while self._heap:
            rank, order, request, attempt = self._take(self._best())
            may_wait = rank < -promise.LAST and request.depth > 0 and request.known is None
            if may_wait and self.novelty.exhausted(request.url):
                heapq.heappush(self._heap, (-promise.LAST, order, request, attempt))
                self._place = None
                continue
            mark = mark_of(request.url)
            if mark in self._shallower:
                request = replace(request, depth=min(request.depth, self._shallower[mark]))
            return request, attempt
        return None

    def is_trap(self, request: CrawlRequest) -> bool:
        """Whether nothing is left but pages of a kind that brings nothing, and this is one more of them.

        Never of an account: its list names posts, and a post may be shorter than what counts as new text.
        """
        if self.navigation is not None or request.known is not None or request.depth == 0:
            return False
        return self.novelty.spent(request.url)

    def learn(self, page: CrawlRequest, flagged: bool) -> None:
        """A page was read and judged: links like the one that led to it move forward or back."""
        self.gave.note(page, flagged)
        self._place = None

    def _best(self) -> int:
        """Place of the entry that goes next: by promise and by what pages of its pattern gave; at most 256 are looked at."""
        if not self.gave:
            return 0
        if self._place is None:
            self._place = min(range(len(self._heap)), key=self._rank)
        return self._place

    def _rank(self, place: int) -> tuple[int, int]:
        rank, order, request, _ = self._heap[place]
        # Start pages, open leads and what comes last of all keep their places.
        if request.known is None and request.depth > 0 and abs(rank) < -promise.LAST:
            rank -= self.gave.points(request)
        return rank, order

    def _take(self, place: int) -> tuple[int, int, CrawlRequest, int]:
        self._place = None
        if place == 0:
            return heapq.heappop(self._heap)
        entry, last = self._heap[place], self._heap.pop()
        if place < len(self._heap):
            self._heap[place] = last
            heapq.heapify(self._heap)
        return entry

    def ended(self, request: CrawlRequest) -> None:
        """The request's outcome is in the ledger."""
        if request.id is not None:
            self._in_hand.discard(request.id)

    def drop_all(self) -> None:
        """Leave everything in hand to the ledger (budget used up, or the run stops)."""
        self._in_hand.difference_update(entry[2].id or 0 for entry in self._heap)
        self._heap.clear()
        self._place = None

    def let_go(self) -> None:
        """Nothing is in hand or under way: ask the ledger for whatever is pending."""
        self._in_hand.clear()
        self._heap.clear()
        self._place = None
        self.more = True

    def begin(self) -> None:
        """The first request goes out: the budget of seconds runs from now."""
        if self.started is None:
            self.started = time.monotonic()

    def check_budget(self) -> bool:
        """Whether another request may be made; otherwise ``exhausted`` says which limit was reached."""
        budget = self.target.budget
        if self.exhausted is None:
            if self.pages >= budget.max_pages:
                self.exhausted = ("pages", f"已达本次页数上限 {budget.max_pages} 页，其余页面本次未采。")
            elif self.bytes >= budget.max_bytes:
                self.exhausted = (
                    "bytes",
                    f"已达本次流量上限 {budget.max_bytes // 1024 // 1024} MB，其余页面本次未采。",
                )
            elif self.started is not None and time.monotonic() - self.started >= budget.max_seconds:
                self.exhausted = ("seconds", f"已达本次时间上限 {budget.max_seconds} 秒，其余页面本次未采。")
        return self.exhausted is None


def _without_www(host: str) -> str:
    return host.removeprefix("www.")
