"""What one pass of the automaton met in a text, before any of it is judged: which concepts, and where they crowd.

Most texts end here, so nothing is done for a single hit: numbers of hits are looked up in arrays.
"""

from __future__ import annotations

from itertools import chain

import numpy as np
from numpy.typing import NDArray

from classifiers.automaton import Automaton, RawHit

#: Raw hits looked at in one text; a normal page has far fewer.
MAX_HITS = 8_000
#: Folded characters scanned at once; between two slices the number of hits is looked at.
_SLICE = 100_000
#: Slices overlap by more than the longest word.
_OVERLAP = 40


class Scan:
    """The raw hits of one folded text, by their ends."""

    __slots__ = ("_automaton", "_lines", "_patterns", "_starts", "cut", "hits", "length")

    def __init__(self, folded: str, automaton: Automaton) -> None:
        self._automaton = automaton
        self.length = len(folded)
        self.hits, self.cut = _scan(folded, automaton)
        """``cut``: where there were too many hits, how many folded characters were scanned; otherwise 0."""
        numbers = np.fromiter(chain.from_iterable(self.hits), np.intp, 3 * len(self.hits))
        self._patterns = numbers[0::3]
        self._starts = numbers[1::3]
        self._lines = automaton.lines.take(self._patterns, axis=1)

    def concepts(self, stretch: tuple[int, int] | None = None) -> int:
        """Return the bits of all concepts met in ``stretch`` (folded characters; None: anywhere)."""
        lines = self._lines
        if stretch is not None:
            lines = lines[:, (self._starts >= stretch[0]) & (self._starts < stretch[1])]
        return int.from_bytes(np.bitwise_or.reduce(lines, axis=1).tobytes(), "little")

    def of(self, concepts: int, stretch: tuple[int, int] = (0, 0)) -> list[RawHit]:
        """Return the hits that may mean one of ``concepts``, and every hit that begins in ``stretch``."""
        met = np.bitwise_or.reduce(self._lines & self._automaton.column(concepts), axis=0) != 0
        if stretch[1]:
            met |= (self._starts >= stretch[0]) & (self._starts < stretch[1])
        return [self.hits[at] for at in met.nonzero()[0]]

    def densest(self, weights: NDArray[np.intp], size: int) -> tuple[int, int]:
        """Return the stretch of at most ``size`` folded characters with most weight; ``weights`` by pattern."""
        if self.length <= size:
            return 0, self.length
        weighty = weights.take(self._patterns)
        kept = weighty.nonzero()[0]
        if not len(kept):
            return 0, size
        starts = self._starts[kept]
        order = starts.argsort(kind="stable")
        starts = starts[order]
        weighty = weighty[kept][order]
        first = starts.searchsorted(starts - size * 6 // 7)
        upto = weighty.cumsum()
        last = int((upto - (upto - weighty)[first]).argmax())
        middle = (int(starts[first[last]]) + int(starts[last])) // 2
        begin = max(0, min(middle - size // 2, self.length - size))
        return begin, begin + size


def _scan(folded: str, automaton: Automaton) -> tuple[list[RawHit], int]:
    if len(folded) <= _SLICE:
        hits = automaton.raw(folded)
        if len(hits) > MAX_HITS:
            return hits[:MAX_HITS], hits[MAX_HITS][2]
        return hits, 0
    hits = []
    for at in range(0, len(folded), _SLICE):
        begin = max(0, at - _OVERLAP)
        for pattern, start, end in automaton.raw(folded[begin : at + _SLICE]):
            if end + begin > at:
                hits.append((pattern, start + begin, end + begin))
        if len(hits) > MAX_HITS:
            return hits[:MAX_HITS], hits[MAX_HITS - 1][2]
    return hits, 0
