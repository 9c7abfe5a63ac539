"""One pass over the folded text for all words of all concepts, and the judgement whether a meeting was honest.

Patterns are the packs' words and, for concepts that are looked for in disguise, the same words with characters spelt
out (bao过), shortened to a letter (免k), taken apart (言正书) or turned round. Homophones and look-alikes need no
patterns of their own: the fold table makes them equal, and what really stood there is compared afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import NamedTuple

import ahocorasick_rs
import numpy as np
from numpy.typing import NDArray

from classifiers.boundary import Segmenter
from classifiers.model import Concept, Disguises
from classifiers.normalise import PICTURE, FoldedText, FoldTable, crosses_sentence
from classifiers.numbers import NumberShape, number_shape

#: Hits in disguise that are judged in one text (each may need the segmenter).
MAX_DISGUISED = 120


#: Pattern, start and end of a meeting that nobody has judged yet.
RawHit = tuple[int, int, int]


class Hit(NamedTuple):
    """A concept's word in the folded text."""

    concept: str
    start: int
    end: int
    word: str
    disguise: str = ""
    """How it was disguised (谐音, 插入符号 …), or empty."""


class _Entry(NamedTuple):
    concept: Concept
    word: str
    plain: str
    kind: str
    """"" for the word itself, otherwise the disguise that the pattern spells out."""
    numbers: NumberShape | None = None
    """Of a word with digits: what they need beside them."""


class Automaton:
    """All words of all concepts that are looked for in whole pages."""

    def __init__(self, concepts: Iterable[Concept], disguises: Disguises, table: FoldTable) -> None:
        self._table = table
        self._kinds = disguises.kinds
        entries: dict[str, list[_Entry]] = {}
        for concept in concepts:
            if concept.cue:
                continue
            for word in concept.words:
                plain = table.plain_text(word)
                entries.setdefault(table.folded(word), []).append(
                    _Entry(concept, word, plain, "", number_shape(word, plain))
                )
                if concept.disguise:
                    for kind, variant in _variants(plain, disguises):
                        folded = table.folded(variant)
                        entries.setdefault(folded, []).append(_Entry(concept, word, table.plain_text(variant), kind))
        entries.pop("", None)
        self._entries = list(entries.values())
        self._machine = ahocorasick_rs.AhoCorasick(
            list(entries), implementation=ahocorasick_rs.Implementation.ContiguousNFA
        )
        names = dict.fromkeys(entry.concept.name for group in self._entries for entry in group)
        self._bit = {name: 1 << index for index, name in enumerate(names)}
        #: For every pattern the bits of the concepts that it may mean, before anything is judged.
        self.bits = [self.mask(entry.concept.name for entry in group) for group in self._entries]
        size = len(names) // 64 * 8 + 8
        self._rows = np.frombuffer(b"".join(bits.to_bytes(size, "little") for bits in self.bits), np.uint64)
        self._rows = self._rows.reshape(-1, size // 8)

    def mask(self, names: Iterable[str]) -> int:
        """Return the bits of the concepts ``names``; concepts without words in whole pages have none."""
        mask = 0
        for name in names:
            mask |= self._bit.get(name, 0)
        return mask

    def together(self, patterns: NDArray[np.intp]) -> int:
        """Return the bits of all concepts that ``patterns`` may mean."""
        return int.from_bytes(np.bitwise_or.reduce(self._rows[patterns], axis=0).tobytes(), "little")

    def any_of(self, patterns: NDArray[np.intp], concepts: int) -> NDArray[np.bool_]:
        """Return for each of ``patterns`` whether it may mean one of the bits ``concepts``."""
        row = np.frombuffer(concepts.to_bytes(8 * self._rows.shape[1], "little"), np.uint64)
        met: NDArray[np.bool_] = np.logical_or.reduce(self._rows[patterns] & row, axis=1)
        return met

    def raw(self, folded: str) -> list[RawHit]:
        """Return every meeting, overlapping ones included, by their ends."""
        return self._machine.find_matches_as_indexes(folded, overlapping=True)

    def weighed(self, weights: Mapping[str, int]) -> NDArray[np.intp]:
        """Return for every pattern the greatest weight of the concepts that it may mean."""
        greatest = [max(weights[entry.concept.name] for entry in group) for group in self._entries]
        return np.array(greatest, np.intp)

    def judged(
        self, text: FoldedText, raw: Iterable[RawHit], segmenter: Segmenter, wanted: set[str]
    ) -> dict[str, list[Hit]]:
        """Return the hits of the concepts ``wanted`` that hold, in order of their starts; boundaries are not judged yet."""
        plain = text.plain
        positions = text.positions
        found: dict[str, list[Hit]] = {}
        seen: set[tuple[str, int, int]] = set()
        disguised_left = MAX_DISGUISED
        looked_for = self.mask(wanted)
        bits = self.bits
        for pattern, start, end in raw:
            if not bits[pattern] & looked_for:
                continue
            entries = self._entries[pattern]
            stood = plain[start:end]
            inserted = ""
            if positions[end - 1] - positions[start] != end - start - 1:
                judged = _inserted(text, start, end)
                if judged is None:
                    continue
                inserted = judged
            for entry in entries:
                concept = entry.concept
                name = concept.name
                if name not in wanted:
                    continue
                if stood != entry.plain:
                    if not concept.disguise or disguised_left == 0:
                        continue
                elif entry.kind and not _letters_alone(plain, start, end):
                    continue
                if (name, start, end) in seen:
                    continue
                if entry.numbers is not None and not entry.numbers.stands(text.original, positions, start, end):
                    continue
                disguise = entry.kind or inserted
                if stood != entry.plain:
                    disguised_left -= 1
                    kinds = self._disguised(text, entry, start, end, segmenter)
                    if kinds is None:
                        continue
                    disguise = kinds
                if (concept.left_not or concept.right_not) and _bad_neighbour(concept, plain, start, end):
                    continue
                seen.add((name, start, end))
                found.setdefault(name, []).append(Hit(name, start, end, entry.word, disguise))
        for hits in found.values():
            hits.sort(key=lambda hit: hit.start)
        return found

    def _disguised(self, text: FoldedText, entry: _Entry, start: int, end: int, segmenter: Segmenter) -> str | None:
        """Return how ``entry`` is disguised at ``start:end``, or None where the folding only invented it."""
        plain = text.plain
        stood = plain[start:end]
        if len(stood) != len(entry.plain):
            return None
        changed = {start + i for i, (a, b) in enumerate(zip(stood, entry.plain, strict=True)) if a != b}
        if len(changed) == len(stood) and len(stood) < 3 and PICTURE not in stood:
            return None
        kinds = set()
        for index in changed:
            char = text.original[text.positions[index]]
            kinds.add(self._kinds.get(char) or self._kinds.get(plain[index], "形近"))
        if entry.kind and not _letters_alone(plain, start, end):
            return None
        if not segmenter.all_single(plain, start, end, changed):
            return None
        if entry.kind:
            kinds.add(entry.kind)
        return "、".join(sorted(kinds))


def _variants(word: str, disguises: Disguises) -> Iterator[tuple[str, str]]:
    """Yield (kind, spelling) of ``word`` with characters spelt out, shortened, taken apart or turned round."""
    if not 2 <= len(word) <= 6:
        return
    spelt = {char: syllable for syllable, char in disguises.pinyin.items()}
    letter = {char: initial for initial, char in disguises.initials.items()}
    if len(word) <= 4:
        choices = [(char, spelt[char]) if char in spelt else (char,) for char in word]
        for combination in product(*choices):
            variant = "".join(combination)
            if variant != word:
                yield "拼音", variant
        for index, char in enumerate(word):
            if char in letter:
                yield "首字母", word[:index] + letter[char] + word[index + 1 :]
        for written, char in disguises.pieces.items():
            if char in word:
                yield "拆字", word.replace(char, written)
        if len(word) == 4:
            yield "倒序", word[::-1]


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
