"""Addresses that lead to another page of the same target, and wait to see how that page ends.

An address that redirects to a login wall is blocked, one that redirects to a page that can be read is only another name
for it. Which of both it is, is known when the page behind it has ended; that page has its own request, so waiting for
it costs no further fetch. Two addresses that wait for each other are a loop.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Generic, TypeVar

from crawler import verdicts
from crawler.verdicts import Ending
from domain.crawl import CrawlOutcome, CrawlRequest, Outcome

T = TypeVar("T")

#: Pages whose end is remembered, and addresses that may wait. Beyond it an address counts as another name at once.
_REMEMBERED = 50_000
_WAITING = 5_000
_GOOD = frozenset({Outcome.OK, Outcome.UNCHANGED, Outcome.DEFERRED})


class Aliases(Generic[T]):
    """Of one target. ``T`` is what the caller wants back with a request that has stopped waiting."""

    def __init__(self) -> None:
        self._ends: dict[int, Ending | None] = {}
        self._waiting: dict[int, list[tuple[CrawlRequest, T]]] = {}
        self._leads_to: dict[int, int] = {}

    def __len__(self) -> int:
        return sum(len(held) for held in self._waiting.values())

    def has_ended(self, mark: int) -> bool:
        """Whether the end of this page is known."""
        return mark in self._ends

    def bad_end(self, mark: int) -> Ending | None:
        """How the page ended, where it could not be read; None where it could, or where its end is not known."""
        return self._ends.get(mark)

    def wait(self, request: CrawlRequest, own: int, other: int, rest: T) -> Ending | None:
        """Let ``request`` wait for the page ``other``; returns how it ends where waiting makes no sense."""
        step: int | None = other
        while step is not None:
            if step == own:
                return replace(verdicts.redirect_loop(request.url, 0), detail="地址互相转向，没有可读的页面。")
            step = self._leads_to.get(step)
        if len(self._leads_to) >= _WAITING:
            return verdicts.redirected(request.url)
        self._leads_to[own] = other
        self._waiting.setdefault(other, []).append((request, rest))
        return None

    def note(self, mark: int, outcome: CrawlOutcome | Ending) -> list[tuple[CrawlRequest, T]]:
        """A page has ended; returns the requests that waited for it."""
        if len(self._ends) < _REMEMBERED:
            good = outcome.outcome in _GOOD
            self._ends[mark] = None if good else Ending(outcome.outcome, outcome.reason, outcome.detail, outcome.status)
        return self._let_go(self._waiting.pop(mark, []))

    def release(self) -> list[tuple[CrawlRequest, T]]:
        """Nothing more will end in this run: all requests that still wait."""
        held = [one for held in self._waiting.values() for one in held]
        self._waiting.clear()
        return self._let_go(held)

    def _let_go(self, held: list[tuple[CrawlRequest, T]]) -> list[tuple[CrawlRequest, T]]:
        if not self._waiting:
            self._leads_to.clear()
        return held
