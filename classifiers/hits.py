"""The hits of one text: what the automaton met, judged when a rule first asks for the concept.

A meeting is honest where the word stands there itself, or in a disguise that somebody chose: not where folding only
invented it, not inside another word, and not where an innocent word reaches into it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Set
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from classifiers.automaton import TURNED, TURNED_CLEAR, Automaton, Entry, RawHit
from classifiers.boundary import Segmenter
from classifiers.model import Concept, Element, RulePack
from classifiers.normalise import PICTURE, FoldedText, crosses_sentence

#: Hits in disguise that are judged in one text (each may need the segmenter).
MAX_DISGUISED = 120
_LONGEST_INNOCENT = 16
#: Characters on either side of a hit that are cut into words with it.
_WINDOW = 8


class Hit(NamedTuple):
    """A concept's word in the folded text."""

    concept: str
    start: int
    end: int
    word: str
    disguise: str = ""
    """How it was disguised (谐音, 插入符号 …), or empty."""


class Column(NamedTuple):
    """Hits in order of their starts, and these."""

    hits: list[Hit]
    starts: list[int]


class Hits:
    """The hits of one text, with the boundary judgement made when a hit is first used."""

    def __init__(
        self,
        text: FoldedText,
        raw: Iterable[RawHit],
        automaton: Automaton,
        pack: RulePack,
        segmenter: Segmenter,
        turned: bool = False,
    ) -> None:
        """``turned``: whether the text is to be read from right to left."""
        self._text = text
        self._plain = text.plain
        self._positions = text.positions
        self._pack = pack
        self._segmenter = segmenter
        self._turned = turned
        self._disguised_left = MAX_DISGUISED
        self._meanings = automaton.meanings
        self._waiting: dict[str, list[RawHit]] = defaultdict(list)
        waiting = self._waiting
        meanings = automaton.meanings
        for hit in raw:
            for name in meanings[hit[0]]:
                waiting[name].append(hit)
        self._honest: dict[str, list[Hit]] = {}
        self._held: dict[str, list[Hit]] = {}
        self._columns: dict[tuple[str, ...], Column] = {}
        self._innocent = [(hit.start, hit.end) for hit in self.honest("innocent")]

    @cached_property
    def _topic_ends(self) -> set[int]:
        """Where a certificate or an occupation ends; only undisguised ones: a disguised 书 before 包过 proves nothing."""
        return {hit.end for name in ("credential", "occupation") for hit in self.honest(name) if not hit.disguise}

    def of(self, element: Element) -> Column:
        """Return the hits of any of the element's concepts that hold."""
        column = self._columns.get(element.concepts)
        if column is None:
            hits = [hit for name in element.concepts for hit in self.concept(name)]
            if len(element.concepts) > 1:
                hits.sort(key=attrgetter("start"))
            column = self._columns[element.concepts] = Column(hits, [hit.start for hit in hits])
        return column

    def concept(self, name: str) -> list[Hit]:
        """Return the hits of ``name`` that are no coincidence and stand as words of their own."""
        if name not in self._waiting:
            return []
        held = self._held.get(name)
        if held is None:
            needs_boundary = self._pack.concepts[name].boundary
            held = self._held[name] = [
                hit
                for hit in self.honest(name)
                if not self._coincidence(hit)
                and (
                    not needs_boundary
                    or hit.disguise
                    or self._segmenter.stands_alone(
                        self._plain,
                        hit.start,
                        hit.end,
                        self._text.clause(hit.start, hit.end, _WINDOW),
                        hit.start in self._topic_ends,
                    )
                )
            ]
        return held

    @property
    def met(self) -> Set[str]:
        """The concepts whose words may stand in the text."""
        return self._waiting.keys()

    def words(self, name: str) -> int:
        """Return how many different words of the concept ``name`` stand in the text, coincidences left out."""
        return len({hit.word for hit in self.honest(name) if not self._coincidence(hit)})

    def honest(self, name: str) -> list[Hit]:
        """Return the hits of ``name`` that folding did not invent, in order of their starts; boundaries are not judged."""
        if name not in self._waiting:
            return []
        found = self._honest.get(name)
        if found is None:
            judged = (self._judged(self._meanings[p][name], start, end) for p, start, end in self._waiting[name])
            found = self._honest[name] = [hit for hit in judged if hit is not None]
            found.sort(key=attrgetter("start"))
        return found

    def _judged(self, entries: Iterable[Entry], start: int, end: int) -> Hit | None:
        """Return the hit of the first of ``entries`` (of one concept) that stands at ``start:end``."""
        text = self._text
        plain = self._plain
        positions = self._positions
        stood = plain[start:end]
        inserted: str | None = ""
        if positions[end - 1] - positions[start] != end - start - 1:
            inserted = _inserted(text, start, end)
            if inserted is None:
                return None
        for entry in entries:
            concept = entry.concept
            if stood != entry.plain:
                if not concept.disguise or self._disguised_left == 0:
                    continue
            elif entry.kind and not _letters_alone(plain, start, end):
                continue
            if entry.kind == TURNED and len(entry.word) < TURNED_CLEAR and not self._turned:
                continue
            if entry.numbers is not None and not entry.numbers.stands(text.original, positions, start, end):
                continue
            if concept.alone and not _alone(text.original, positions[start], positions[end - 1] + 1):
                continue
            disguise: str | None = entry.kind or inserted
            if stood != entry.plain:
                self._disguised_left -= 1
                disguise = self._disguise(entry, start, end)
            if disguise is not None and not _bad_neighbour(concept, plain, start, end):
                return Hit(concept.name, start, end, entry.word, disguise)
        return None

    def _disguise(self, entry: Entry, start: int, end: int) -> str | None:
        """Return how ``entry`` is disguised at ``start:end``, or None where the folding only invented it."""
        text = self._text
        plain = self._plain
        stood = plain[start:end]
        if len(stood) != len(entry.plain):
            return None
        changed = {start + i for i, (a, b) in enumerate(zip(stood, entry.plain, strict=True)) if a != b}
        if len(changed) == len(stood) and len(stood) < 3 and PICTURE not in stood:
            return None
        known = self._pack.disguises.kinds
        kinds = set()
        for index in changed:
            char = text.original[self._positions[index]]
            kinds.add(known.get(char) or known.get(plain[index], "形近"))
        if entry.kind and not _letters_alone(plain, start, end):
            return None
        if not self._segmenter.all_single(plain, text.clause(start, end, _WINDOW), changed):
            return None
        if entry.kind:
            kinds.add(entry.kind)
        return "、".join(sorted(kinds))

    def _coincidence(self, hit: Hit) -> bool:
        """Whether an innocent word reaches into the hit; one that the hit holds wholly does not count."""
        if not self._innocent:
            return False
        at = bisect_left(self._innocent, (hit.start - _LONGEST_INNOCENT, 0))
        while at < len(self._innocent) and self._innocent[at][0] < hit.end:
            start, end = self._innocent[at]
            at += 1
            reaches = start <= hit.start < end or start < hit.end <= end
            inside = hit.start <= start and end <= hit.end and (start, end) != (hit.start, hit.end)
            before_topic = start < hit.start and end <= hit.end and hit.start in self._topic_ends
            if reaches and not inside and not before_topic:
                return True
        return False


def _alone(original: str, start: int, end: int) -> bool:
    """Whether no Latin letter or digit stands right before or after ``original[start:end]``."""
    beside = original[max(0, start - 1) : start] + original[end : end + 1]
    return not any(char.isascii() and char.isalnum() for char in beside)


def _letters_alone(plain: str, start: int, end: int) -> bool:
    """Whether Latin letters at the edges of the span are not part of a longer Latin word."""
    if _is_latin(plain[start]) and start and _is_latin(plain[start - 1]):
        return False
    return not (_is_latin(plain[end - 1]) and end < len(plain) and _is_latin(plain[end]))


def _is_latin(char: str) -> bool:
    return "a" <= char <= "z" or "0" <= char <= "9"


def _bad_neighbour(concept: Concept, plain: str, start: int, end: int) -> bool:
    return (start > 0 and plain[start - 1] in concept.left_not) or (
        end < len(plain) and plain[end] in concept.right_not
    )


def _inserted(text: FoldedText, start: int, end: int) -> str | None:
    """Return "" or the disguise where characters stood between those of the span; None where it is no one phrase."""
    gaps = text.gaps(start, end)
    filled = [gap for gap in gaps if gap]
    if any(crosses_sentence(gap) for gap in filled):
        every = len(filled) == len(gaps)
        around = _separated(text, start - 1) or _separated(text, end - 1)
        if not every or not (len(gaps) >= 2 or around):
            return None
        return "竖排" if all("\n" in gap for gap in filled) else "插入符号"
    if all(not gap.strip(" \u3000") for gap in filled):
        # Single spaces are how segmented text and old pages look; only a word that is wholly spaced out is odd.
        return "插入空格" if len(filled) == len(gaps) and len(gaps) >= 2 else ""
    if all(gap in "“”‘’\"'《》「」【】（）()" for gap in filled):
        return ""
    return "插入符号"


def _separated(text: FoldedText, index: int) -> bool:
    positions = text.positions
    return 0 <= index < len(positions) - 1 and positions[index + 1] - positions[index] > 1
