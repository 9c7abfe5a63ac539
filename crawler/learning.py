"""What the pages of one target gave so far in this run, and what that says of the links that were not followed yet.

Two signs of a link, each a share of flagged pages among those read: its address pattern, and the pairs of characters of its
words. On a site with sections the pattern tells (``/kaozheng/{n}.html``); on a flat one, where all pages have one pattern, the
titles do. Each share is an estimate from few pages (Laplace's rule of succession), that of the words drawn towards the pattern's
as long as they have little of their own: one page neither makes nor breaks a section. The page on which a link stood tells less
than either and was left out (benchmarks/focus). A page that led to a flagged one counts as good as that: lists are followed for it.
"""

from __future__ import annotations

from functools import lru_cache

from crawler.addresses import address_pattern
from domain.crawl import CrawlRequest

#: Most points that what was learned adds to a link: what pages say weighs more than what a link promises (about three strong
#: words). At 60 a section with mild words went on for twenty barren pages before one with none was tried twice
#: (benchmarks/focus).
LEARNED = 90
#: Patterns, pairs, pages and points remembered per target; further ones count as unknown.
_REMEMBERED = 5_000
#: Pages of doubt by which a finer sign is drawn towards the pattern's share.
_DOUBT = 2.0
#: Points are worked out anew when the pages read have become more by one part in so many.
_RENEWED = 12
#: Characters of a link's words that are read.
_WORDS = 40

#: Patterns and pairs of the requests in hand are asked for with every request that goes out.
pattern_of = lru_cache(maxsize=4096)(address_pattern)

Counts = dict[str, tuple[int, int]]


@lru_cache(maxsize=4096)
def pairs_of(words: str) -> frozenset[str]:
    """Pairs of neighbouring letters of a link's words; numbers tell nothing."""
    letters = "".join(letter for letter in words[:_WORDS] if letter.isalpha()).lower()
    return frozenset(letters[place : place + 2] for place in range(len(letters) - 1))


class Yield:
    """What the pages of one target gave so far in this run."""

    def __init__(self) -> None:
        self._patterns: Counts = {}
        self._pairs: Counts = {}
        self._points: dict[str, int] = {}
        self._read = 0
        self._fresh_until = 0
        """Number of pages read up to which the points that were worked out hold."""
        self._barren: dict[str, CrawlRequest] = {}
        """Pages that were read and not flagged, by address: they may still lead to one that is."""

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def note(self, page: CrawlRequest, flagged: bool) -> None:
        """Take note of a page that was read and judged."""
        self._count(page, 1, flagged)
        self._read += 1
        if self._read > self._fresh_until:
            # One more page among hundreds changes no order, and working out all points for it would cost more than reading it.
            self._fresh_until = self._read + self._read // _RENEWED
            self._points.clear()
        if flagged:
            via = self._barren.pop(page.via or "", None)
            if via is not None:
                self._count(via, 0, True)
        elif len(self._barren) < _REMEMBERED:
            self._barren[page.url] = page

    def _count(self, page: CrawlRequest, read: int, good: bool) -> None:
        _add(self._patterns, pattern_of(page.url), read, good)
        for pair in pairs_of(page.anchor or ""):
            _add(self._pairs, pair, read, good)

    def points(self, link: CrawlRequest) -> int:
        """What a link is worth beside its own promise; an unknown one is worth a try."""
        known = self._points.get(link.url)
        if known is None:
            if len(self._points) >= _REMEMBERED:
                self._points.clear()
            known = self._points[link.url] = self._estimate(link)
        return known

    def _estimate(self, link: CrawlRequest) -> int:
        read, good = self._patterns.get(pattern_of(link.url), (0, 0))
        usual = (good + 1) / (read + 2)
        if not read:
            return round(LEARNED * usual)
        shares = [
            (told[1] + _DOUBT * usual) / (told[0] + _DOUBT)
            for pair in pairs_of(link.anchor or "")
            if (told := self._pairs.get(pair)) is not None
        ]
        # Most pairs of a title are common ones and say nothing: the half that differs most from the usual speaks.
        shares.sort(key=lambda share: -abs(share - usual))
        telling = shares[: max(1, len(shares) // 2)]
        words = sum(telling) / len(telling) if telling else usual
        return round(LEARNED * (usual + words) / 2)


def _add(counts: Counts, name: str, read: int, good: bool) -> None:
    before, flagged = counts.get(name, (0, 0))
    if before or len(counts) < _REMEMBERED:
        counts[name] = before + read, flagged + good
