"""Whether pages of one kind of address still bring anything: calendars, facets, session ids and endless pagers do not.

Two things together make a trap. The *address*: its pattern (numbers, dates and ids generalised), and its shape (path and names of
parameters alone, because each combination of facets has words of its own). And the *content*: a page brings something new when
at least :data:`NEW_TEXT` characters of its lines were not seen on this target before (digits aside: a calendar counts), and these
are no near copy of what the last pages of its kind brought (a template with one word in it), or when it leads to a kind of
page that is no trap itself. Text decides, not the address: a list of 300 articles has one pattern too.

A kind with a page that was flagged is never a trap. And only addresses that can be made without end, by parameters or by a calendar's
months, are ever left out for good; numbered pages that say the same come last and are still asked for, because one of
them may say something else, and there is an end to them.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from functools import lru_cache

from crawler.addresses import address_pattern, address_shape
from domain.document import Document

#: Characters in lines never seen before. A calendar page brings a heading of about ten (年月活动安排), a short notice at
#: least one sentence of about thirty.
NEW_TEXT = 24
#: Fresh characters up to which a page is compared with the last ones of its kind: with more it is no filled-in template.
TEMPLATE = 300
#: Share of a fresh text's 4-grams that the fresh text of an earlier page of the kind holds, from which it is a near copy. A word
#: of four characters put into a sentence of forty changes seven of 37. SimHash (domain/fingerprint) says nothing of texts this short.
NEAR = 0.75
#: Times the patience of barren pages in a row after which the rest of a kind is not asked for in this run.
SPENT = 3
#: Fresh texts of a kind that are remembered.
_COMPARED = 4
_GRAM = 4
#: Lines shorter than this are labels and numbers.
_LINE = 6
#: Lines and kinds remembered per target; beyond it everything counts as new, which costs pages but hides none.
_REMEMBERED = 50_000
_KINDS = 5_000
_DIGITS = re.compile(r"\d+")
#: A month in a path (/2026/11/, /calendar-2031-5.html).
_MONTH = re.compile(r"(?:19|20|21)\d\d[-_/](?:0?[1-9]|1[0-2])(?!\d)")


def _is_endless(url: str) -> bool:
    return "?" in url or _MONTH.search(url) is not None


@lru_cache(maxsize=4096)
def kinds_of(url: str) -> tuple[str, ...]:
    """The kinds that an address belongs to: its pattern, and its shape where it has parameters."""
    return (address_pattern(url), address_shape(url)) if "?" in url else (address_pattern(url),)


class Novelty:
    """What one target has shown in this run."""

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self._lines: set[int] = set()
        self._barren: dict[str, int] = {}
        self._fresh: dict[str, deque[frozenset[str]]] = {}
        self._hits: set[str] = set()

    def saw(self, url: str, documents: Iterable[Document], onward: Iterable[str] = (), flagged: bool = False) -> None:
        """Take note of a page that was read; ``onward``: addresses that were first met on it."""
        kinds = kinds_of(url)
        if flagged and len(self._hits) < _KINDS:
            self._hits.update(kinds)
        fresh = self._fresh_lines(documents)
        brings = sum(map(len, fresh)) >= NEW_TEXT and not self._is_template(kinds[0], fresh)
        leads = any(kinds_of(other)[0] != kinds[0] and not self.exhausted(other) for other in onward)
        if flagged or brings or leads:
            for kind in kinds:
                self._barren.pop(kind, None)
        else:
            self.saw_nothing(url)

    def saw_nothing(self, url: str) -> None:
        """Take note of a page that brought nothing (empty, gone, soft 404)."""
        for kind in kinds_of(url):
            if kind in self._barren or len(self._barren) < _KINDS:
                self._barren[kind] = self._barren.get(kind, 0) + 1

    def exhausted(self, url: str) -> bool:
        """Whether pages of this kind come last from now on."""
        return self._in_a_row(url) >= self._patience

    def spent(self, url: str) -> bool:
        """Whether pages of this kind, of which there is no end, went on bringing nothing when nothing else was left to ask for."""
        return self._in_a_row(url) >= SPENT * self._patience and _is_endless(url)

    def _in_a_row(self, url: str) -> int:
        kinds = kinds_of(url)
        if not self._hits.isdisjoint(kinds[:1]):
            return 0
        # The shape takes in pages of many patterns; with a hit among them only the pattern's own count says anything.
        return max(self._barren.get(kind, 0) for kind in kinds if kind not in self._hits)

    def _fresh_lines(self, documents: Iterable[Document]) -> list[str]:
        """Lines that were not seen before, digits aside; remembers them."""
        found = []
        lines = self._lines
        for document in documents:
            for written in (document.title, *document.text.split("\n")):
                line = _DIGITS.sub("", written)
                if len(line) < _LINE:
                    continue
                mark = hash(line)
                if mark not in lines:
                    found.append(line)
                    if len(lines) < _REMEMBERED:
                        lines.add(mark)
        return found

    def _is_template(self, kind: str, fresh: list[str]) -> bool:
        """Whether the fresh text is nearly what an earlier page of the kind brought; remembers it."""
        text = "\n".join(fresh)
        if len(text) > TEMPLATE:
            return False
        grams = frozenset(text[place : place + _GRAM] for place in range(len(text) - _GRAM + 1))
        earlier = self._fresh.get(kind)
        if earlier is None:
            if len(self._fresh) < _KINDS:
                self._fresh[kind] = deque([grams], maxlen=_COMPARED)
            return False
        near = any(len(grams & other) >= NEAR * len(grams) for other in earlier)
        if not near:
            earlier.append(grams)
        return near
