"""One pass over the folded text for all words of all concepts; :mod:`classifiers.hits` judges what was met.

Patterns are the packs' words and, for concepts that are looked for in disguise, the same words with characters spelt
out (bao过), shortened to a letter (免k), taken apart (言正书) or turned round. Homophones and look-alikes need no
patterns of their own: the fold table makes them equal, and what really stood there is compared afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, product
from typing import NamedTuple

import ahocorasick_rs
import numpy as np
from numpy.typing import NDArray

from classifiers.model import Concept, Disguises
from classifiers.normalise import FoldTable
from classifiers.numbers import NumberShape, number_shape
from domain.errors import BadRulePack

#: Pattern, start and end of a meeting that nobody has judged yet.
RawHit = tuple[int, int, int]


#: Disguise: written from right to left. Shorter words than these count so only where the text says as much.
TURNED = "倒序"
#: The concept of texts that say so.
_TURNING = "turned_round"
#: Characters of a word that is known from right to left whatever the text says.
TURNED_CLEAR = 4


#: Traits of a pattern: only the word itself counts, and no homophone or look-alike in it; …
LITERAL = 1
#: … a disguise of every character proves nothing, because there are one or two; …
SHORT = 2
#: … it counts only where a text says that it is to be read from right to left; …
TURNED_ROUND = 4
#: … it says so. The greatest, so that the greatest of many traits tells whether one has it.
TURNS = 8


#: Bytes that are the second of a character's two; with the others as first ones there is room for 16,000 characters.
_SECOND = 128
_MOST_CHARS = (255 - _SECOND) * _SECOND


class Entry(NamedTuple):
    """What a pattern may stand for."""

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
        spelt = {char: syllable for syllable, char in disguises.pinyin.items()}
        letter = {char: initial for initial, char in disguises.initials.items()}
        entries: dict[str, list[Entry]] = {}
        for concept in concepts:
            if concept.cue:
                continue
            for word in concept.words:
                plain = table.plain_text(word)
                entries.setdefault(table.folded(word), []).append(
                    Entry(concept, word, plain, "", number_shape(word, plain))
                )
                if concept.disguise:
                    for kind, variant in _variants(plain, disguises, spelt, letter):
                        folded = table.folded(variant)
                        entries.setdefault(folded, []).append(Entry(concept, word, table.plain_text(variant), kind))
        entries.pop("", None)
        self._entries = list(entries.values())
        #: For every pattern its entries by the names of their concepts.
        self.meanings = [_by_concept(group) for group in self._entries]
        #: By code point two bytes of their own for every character of a pattern, none of which is both a first and a
        #: second one; 0 for all others. So the machine passes in one step over what no pattern holds.
        self._signs = _signs(entries)
        self._machine = ahocorasick_rs.BytesAhoCorasick(
            [self._spelt(np.frombuffer(pattern.encode("utf-32-le"), np.uint32)) for pattern in entries],
            implementation=ahocorasick_rs.Implementation.ContiguousNFA,
        )
        names = dict.fromkeys(entry.concept.name for group in self._entries for entry in group)
        self._bit = {name: 1 << index for index, name in enumerate(names)}
        #: For every pattern the bits of the concepts that it may mean, before anything is judged.
        self.bits = [self.mask(entry.concept.name for entry in group) for group in self._entries]
        self._bytes = len(names) // 64 * 8 + 8
        rows = b"".join(bits.to_bytes(self._bytes, "little") for bits in self.bits)
        #: The same bits, 64 to a line, a column for every pattern.
        self.lines = np.frombuffer(rows, np.uint64).reshape(-1, self._bytes // 8).T.copy()
        #: For every pattern what :meth:`~classifiers.normalise.FoldedText.changes` sums up to where the word itself stands.
        self.changes = table.changes([group[0].plain for group in self._entries])
        #: For every pattern what is known of it before a text is seen: LITERAL, SHORT, TURNED_ROUND, TURNS.
        self.traits = np.array(
            [_traits(pattern, group) for pattern, group in zip(entries, self._entries, strict=True)], np.uint8
        )

    def mask(self, names: Iterable[str]) -> int:
        """Return the bits of the concepts ``names``; concepts without words in whole pages have none."""
        mask = 0
        for name in names:
            mask |= self._bit.get(name, 0)
        return mask

    def column(self, concepts: int) -> NDArray[np.uint64]:
        """Return the bits ``concepts`` as one column beside :attr:`lines`."""
        return np.frombuffer(concepts.to_bytes(self._bytes, "little"), np.uint64)[:, None]

    def raw(self, codes: NDArray[np.uint32]) -> NDArray[np.intp]:
        """Return patterns, starts and ends of every meeting in a folded text, overlapping ones included, by their ends."""
        hits = self._machine.find_matches_as_indexes(self._spelt(codes), overlapping=True)
        raw = np.fromiter(chain.from_iterable(hits), np.intp, 3 * len(hits)).reshape(-1, 3).T.copy()
        raw[1:] >>= 1
        return raw

    def _spelt(self, codes: NDArray[np.uint32]) -> bytes:
        return self._signs.take(codes).tobytes()

    def weighed(self, weights: Mapping[str, int]) -> NDArray[np.intp]:
        """Return for every pattern the greatest weight of the concepts that it may mean."""
        greatest = [max(weights[entry.concept.name] for entry in group) for group in self._entries]
        return np.array(greatest, np.intp)


def _signs(patterns: Iterable[str]) -> NDArray[np.uint16]:
    """Return the two bytes of every character of ``patterns``; BadRulePack where there are too many of them."""
    signs = np.zeros(0x110000, np.uint16)
    chars = dict.fromkeys(chain.from_iterable(patterns))
    if len(chars) > _MOST_CHARS:
        raise BadRulePack(f"规则包的用语里有 {len(chars)} 个不同的字，最多 {_MOST_CHARS} 个：请删去不用的用语。")
    for number, char in enumerate(chars):
        first, second = divmod(number, _SECOND)
        signs[ord(char)] = first + 1 | second + 256 - _SECOND << 8
    return signs


def _traits(pattern: str, group: Sequence[Entry]) -> int:
    plain = group[0].plain
    alike = len(group) == 1 or all(entry.plain == plain for entry in group)
    traits = 0
    if alike and not any(entry.concept.disguise for entry in group):
        traits |= LITERAL
    if alike and plain == pattern and len(pattern) <= 2:
        traits |= SHORT
    if all(entry.kind == TURNED and len(entry.word) < TURNED_CLEAR for entry in group):
        traits |= TURNED_ROUND
    if any(entry.concept.name == _TURNING for entry in group):
        traits |= TURNS
    return traits


def _by_concept(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.concept.name, []).append(entry)
    return groups


def _variants(
    word: str, disguises: Disguises, spelt: Mapping[str, str], letter: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield (kind, spelling) of ``word`` with characters spelt out, shortened, taken apart or turned round."""
    if not 2 <= len(word) <= 6:
        return
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
    if word != word[::-1]:
        yield TURNED, word[::-1]
