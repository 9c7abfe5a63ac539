"""What one pass of the automaton met in a text, before any of it is judged: which concepts, and where they crowd.

Most texts end here, so nothing is done for a single hit: numbers of hits are looked up in arrays.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from classifiers.automaton import LITERAL, SHORT, TURNED_ROUND, TURNS, Automaton, RawHit
from classifiers.normalise import FoldedText

#: Raw hits looked at in one text; a normal page has far fewer.
MAX_HITS = 8_000
#: Folded characters scanned at once; between two slices the number of hits is looked at.
_SLICE = 100_000
#: Slices overlap by more than the longest word.
_OVERLAP = 40
#: Characters that turn the direction of writing.
_LEFT_TO_RIGHT = "\u202d"
_RIGHT_TO_LEFT = "\u202e"

#: Traits that speak against a hit: by whether the text is turned round, and whether something else than the word stands there.
_AGAINST = {
    False: np.array([TURNED_ROUND, TURNED_ROUND | LITERAL | SHORT], np.uint8),
    True: np.array([0, LITERAL | SHORT], np.uint8),
}


class Scan:
    """The raw hits of one folded text, by their ends."""

    def __init__(self, text: FoldedText, automaton: Automaton) -> None:
        self._automaton = automaton
        self.length = len(text)
        numbers, self.cut = _scan(text.codes, automaton)
        """``cut``: where there were too many hits, how many folded characters were scanned; otherwise 0."""
        traits = automaton.traits.take(numbers[0])
        self.turned = (
            _LEFT_TO_RIGHT in text.original or _RIGHT_TO_LEFT in text.original or int(traits.max(initial=0)) >= TURNS
        )
        """Whether the text is to be read from right to left: it says so, or holds the character that makes it so."""
        #: Of the hits that folding did not obviously invent.
        self._patterns, self._starts, self._ends = numbers[:, _possible(numbers, traits, text, automaton, self.turned)]
        self._lines = automaton.lines.take(self._patterns, axis=1)

    @cached_property
    def hits(self) -> list[RawHit]:
        """The hits that folding did not obviously invent."""
        return list(zip(self._patterns.tolist(), self._starts.tolist(), self._ends.tolist(), strict=True))

    def concepts(self, stretch: tuple[int, int] | None = None) -> int:
        """Return the bits of all concepts met in ``stretch`` (folded characters; None: anywhere)."""
        lines = self._lines
        if stretch is not None:
            lines = lines[:, self._inside(stretch)]
        return int.from_bytes(np.bitwise_or.reduce(lines, axis=1).tobytes(), "little")

    def of(self, concepts: int, stretch: tuple[int, int]) -> list[RawHit]:
        """Return the hits in ``stretch`` that may mean one of ``concepts``."""
        met = self._meaning(concepts)
        if stretch != (0, self.length):
            met &= self._inside(stretch)
        return self._told(met)

    def around(self, concepts: int, stretch: tuple[int, int]) -> list[RawHit]:
        """Return every hit in ``stretch``, and beyond it those that may mean one of ``concepts``."""
        return self._told(self._meaning(concepts) | self._inside(stretch))

    def _meaning(self, concepts: int) -> NDArray[np.bool_]:
        met: NDArray[np.bool_] = np.bitwise_or.reduce(self._lines & self._automaton.column(concepts), axis=0) != 0
        return met

    def _inside(self, stretch: tuple[int, int]) -> NDArray[np.bool_]:
        inside: NDArray[np.bool_] = (self._starts >= stretch[0]) & (self._starts < stretch[1])
        return inside

    def _told(self, met: NDArray[np.bool_]) -> list[RawHit]:
        found = self._patterns[met].tolist(), self._starts[met].tolist(), self._ends[met].tolist()
        return list(zip(*found, strict=True))

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


def _possible(
    hits: NDArray[np.intp], traits: NDArray[np.uint8], text: FoldedText, automaton: Automaton, turned: bool
) -> NDArray[np.bool_]:
    """Return for each of ``hits`` whether it may be honest; :mod:`classifiers.hits` judges the others no more.

    Left out is what folding made of other characters where only the word itself counts, or of every character of a
    short word, and words from right to left in texts that do not say so: together a third of what a page of
    everyday text meets.
    """
    patterns, starts, ends = hits
    changes = text.changes()
    upto = np.zeros(len(changes) + 1, np.uint32)
    changes.cumsum(out=upto[1:])
    other = upto.take(ends) - upto.take(starts) != automaton.changes.take(patterns)
    against = traits & _AGAINST[turned].take(other)
    unsure = (against == SHORT).nonzero()[0]
    if len(unsure):
        against[unsure] = text.altered(starts.take(unsure)) & text.altered(ends.take(unsure) - 1)
    possible: NDArray[np.bool_] = against == 0
    return possible


def _scan(codes: NDArray[np.uint32], automaton: Automaton) -> tuple[NDArray[np.intp], int]:
    if len(codes) <= _SLICE:
        raw = automaton.raw(codes)
        return raw[:, :MAX_HITS], int(raw[2, MAX_HITS]) if raw.shape[1] > MAX_HITS else 0
    slices: list[NDArray[np.intp]] = []
    met = 0
    for at in range(0, len(codes), _SLICE):
        begin = max(0, at - _OVERLAP)
        raw = automaton.raw(codes[begin : at + _SLICE])
        raw[1:] += begin
        slices.append(raw[:, raw[2] > at])
        met += slices[-1].shape[1]
        if met > MAX_HITS:
            raw = np.concatenate(slices, axis=1)[:, :MAX_HITS]
            return raw, int(raw[2, -1])
    return np.concatenate(slices, axis=1), 0
