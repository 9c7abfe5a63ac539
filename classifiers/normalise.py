"""Folding: one pass at C speed from the original text to the text that is matched, and a map back.

Every character folds to exactly one character or to nothing, so a table indexed by code points does it: for texts an
array that numpy looks up at once (five times as fast as ``str.translate``), for single words ``str.translate`` itself.
Folded away are case, width, traditional forms, homophones and look-alikes; dropped are spaces, punctuation, symbols,
emoji, control characters and unpaired surrogates. Words of the packs are folded by the same table, so both meet;
whether a meeting was honest is looked up in the original afterwards.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

#: Characters beyond stay as they are.
_TABLE_SIZE = 0x30000
#: Stands in the tables for "nothing": U+0000 itself is dropped, so no character folds to it.
_DROPPED = 0
_LINE_BREAK = 10

#: Stands in plain text for an emoji that stands in for a character.
PICTURE = "\u25a1"
_TRADITIONAL = Path(__file__).parent / "tables" / "traditional.txt"

#: Blocks in which characters are neither plain Han nor anything to keep as it is.
_ODD_BLOCKS = (
    (0x0000, 0x3400),
    (0x4DC0, 0x4E00),
    (0xA000, 0xAC00),
    (0xD7B0, 0xFB50),
    (0xFE00, 0x10000),
    (0x1D400, 0x1D800),
    (0x1F000, 0x1FB00),
)

#: Compatibility forms that NFKC leaves alone or spreads over several characters.
_SPECIAL = {
    **{chr(0x2776 + i): "123456789"[i] for i in range(9)},
    **{chr(0x2780 + i): "123456789"[i] for i in range(9)},
    **{chr(0x278A + i): "123456789"[i] for i in range(9)},
    **{chr(0x24F5 + i): "123456789"[i] for i in range(9)},
    **{chr(0x1F150 + i): chr(97 + i) for i in range(26)},
    **{chr(0x1F170 + i): chr(97 + i) for i in range(26)},
    **{chr(0x1F1E6 + i): chr(97 + i) for i in range(26)},
    "㊣": "正",
    "🉐": "得",
    "🈴": "合",
    "🈯": "指",
    "🈶": "有",
    "🈚": "无",
    "🉑": "可",
    "🈲": "禁",
    "🈷": "月",
    "🈵": "满",
    "🈺": "营",
    "🈸": "申",
    "🈹": "割",
    "㉆": "文",
    "〇": "0",
    "○": "",
}

_CYRILLIC_GREEK = dict(
    zip("АВЕКМНОРСТУХаеорсухѴѵΑΒΕΖΗΙΚΜΝΟΡΤΥΧαοχνЗ", "abekmhopctyxaeopcyxvvabezhikmnoptyxaoxv3", strict=True)
)


def _compatible(char: str) -> str:
    """Return the one character that ``char`` stands for under NFKC and case folding, or ``""`` where it is to be dropped."""
    special = _SPECIAL.get(char)
    if special is not None:
        return special
    folded = _CYRILLIC_GREEK.get(char)
    if folded is not None:
        return folded
    plain = unicodedata.normalize("NFKC", char).casefold()
    kept = [c for c in plain if unicodedata.category(c)[0] in "LN"]
    if not kept:
        return ""
    # ⑴ and ㈠ lose their brackets; ⑩ and ㍿ keep their first character: a span must stay one character long.
    return kept[0]


class FoldTable:
    """The two tables: ``fold`` for matching, ``plain`` (without homophones and look-alikes) for reading what stood there."""

    def __init__(self, fold: NDArray[np.uint32], plain: NDArray[np.uint32]) -> None:
        """``fold`` and ``plain``: by code point what it becomes, 0 for nothing; both drop the same characters."""
        self.fold = fold
        self.plain = plain
        #: Whether it becomes something else when it is folded, and is no picture.
        self.altered = (fold != plain) & (plain != ord(PICTURE))
        self._fold: list[int] = fold[:_TABLE_SIZE].tolist()
        self._plain: list[int] = plain[:_TABLE_SIZE].tolist()

    def folded(self, word: str) -> str:
        """Return ``word`` as it is matched; texts are a matter of :class:`FoldedText`."""
        return word.translate(self._fold).replace("\0", "")

    def plain_text(self, word: str) -> str:
        """Return ``word`` simplified, in lower case, without what is dropped; as long as :meth:`folded` makes it."""
        return word.translate(self._plain).replace("\0", "")

    def changes(self, plain: Sequence[str]) -> NDArray[np.uint32]:
        """Return what :meth:`FoldedText.changes` of each of the words ``plain`` sums up to; none is empty."""
        codes = np.frombuffer("".join(plain).encode("utf-32-le"), np.uint32)
        starts = np.array([0, *accumulate(map(len, plain))])[:-1]
        return np.add.reduceat(codes - self.fold.take(codes), starts, dtype=np.uint32)


def build_table(stand_ins: Mapping[str, str]) -> FoldTable:
    """Return the tables for ``stand_ins``: character used in a disguise → the character it stands for."""
    plain = np.arange(0x110000, dtype=np.uint32)
    for start, end in _ODD_BLOCKS:
        for code in range(start, end):
            kept = _compatible(chr(code)) if not 0xD800 <= code < 0xF900 else ""
            plain[code] = ord(kept) if kept else _DROPPED
    for line in _TRADITIONAL.read_text(encoding="utf-8").split():
        for variant in line[1:]:
            if ord(variant) < _TABLE_SIZE:
                plain[ord(variant)] = ord(line[0])
    for compatible in range(0xF900, 0xFB00):
        single = unicodedata.normalize("NFKC", chr(compatible))
        if len(single) == 1 and compatible != ord(single):
            plain[compatible] = plain[ord(single)]
    direct = {ord(char): ord(meant) for char, meant in stand_ins.items()}
    meant = np.arange(0x110000, dtype=np.uint32)
    meant[list(direct)] = list(direct.values())
    fold = meant.take(plain)
    for code, target in direct.items():
        if plain[code] == _DROPPED or int(plain[code]) not in direct:
            fold[code] = target
    plain[(plain == _DROPPED) & (fold != _DROPPED)] = ord(PICTURE)
    return FoldTable(fold, plain)


_SENTENCE_END = re.compile(r"[。！？!?；;\n\r…]+")
#: No line break: texts are wrapped inside words.
_CLAUSE = re.compile(r"[。！？!?；;，,、：:]")
_HARD_GAP = re.compile(r"[。！？!?；;，,、：:\n\r]")


class FoldedText:
    """One text with its folded form; the maps back are made only when something was found."""

    __slots__ = ("_at", "_breaks", "_kept", "_left", "_plain", "codes", "original", "table")

    def __init__(self, original: str, table: FoldTable, lines: bool = False) -> None:
        """``lines``: line breaks stay, so that no word is met across them."""
        self.original = original
        self.table = table
        codes = np.frombuffer(original.encode("utf-32-le", "surrogatepass"), np.uint32)
        values = table.fold.take(codes)
        if lines:
            values[codes == _LINE_BREAK] = _LINE_BREAK
        self._kept = values != _DROPPED
        self._left = codes[self._kept]
        #: The folded text as code points.
        self.codes = values[self._kept]
        self._at: NDArray[np.intp] | None = None
        self._breaks: list[int] | None = None
        self._plain: str | None = None

    def __len__(self) -> int:
        """Return the number of folded characters."""
        return len(self.codes)

    @property
    def indices(self) -> NDArray[np.intp]:
        """Index in the original of every folded character, for many at once."""
        if self._at is None:
            self._at = np.flatnonzero(self._kept)
        return self._at

    @property
    def positions(self) -> Sequence[int]:
        """Index in the original of every folded character, for one at a time."""
        # A view gives Python's own numbers one by one: most of them are never asked for.
        return self.indices.data

    def changes(self) -> NDArray[np.uint32]:
        """Return by folded character how far folding moved it from its plain form; 0: it is its plain form.

        Modulo 2³². What was moved is a homophone, a look-alike or an emoji.
        """
        moved: NDArray[np.uint32] = self.table.plain.take(self._left) - self.codes
        return moved

    def altered(self, at: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return for each of the folded characters ``at`` whether folding took a homophone or a look-alike for it."""
        altered: NDArray[np.bool_] = self.table.altered.take(self._left.take(at))
        return altered

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where the folded characters ``start:end`` stand in the original."""
        positions = self.positions
        return positions[start], positions[end - 1] + 1

    def folded_index(self, original_index: int) -> int:
        """Return the index of the first folded character at or after ``original_index``."""
        return bisect_left(self.positions, original_index)

    @property
    def breaks(self) -> list[int]:
        """Folded indices at which a new sentence begins, ascending; 0 and the length of the folded text included."""
        if self._breaks is None:
            ends = [match.start() for match in _SENTENCE_END.finditer(self.original)]
            found = self.indices.searchsorted(ends)
            self._breaks = sorted({0, len(self), *found.tolist()})
        return self._breaks

    def sentence(self, index: int) -> tuple[int, int]:
        """Return the folded bounds of the sentence that holds the folded character ``index``."""
        breaks = self.breaks
        at = bisect_right(breaks, index)
        start = breaks[at - 1]
        end = breaks[at] if at < len(breaks) else len(self.positions)
        return start, end

    def clause(self, start: int, end: int, reach: int) -> tuple[int, int]:
        """Return the folded span with at most ``reach`` characters more to either side, up to a comma, stop or colon.

        No word reaches over one.
        """
        low = next((at for at in range(start, max(0, start - reach), -1) if self._ends(at)), max(0, start - reach))
        last = min(len(self), end + reach)
        return low, next((at for at in range(end, last) if self._ends(at)), last)

    def _ends(self, at: int) -> bool:
        """Whether a clause ends before the folded character ``at``, which is not the first."""
        first, last = self.positions[at - 1] + 1, self.positions[at]
        return last > first and _CLAUSE.search(self.original, first, last) is not None

    @property
    def plain(self) -> str:
        """The text without what was dropped, simplified and in lower case: index by index beside ``folded``."""
        if self._plain is None:
            self._plain = _text(self.table.plain.take(self._left))
        return self._plain

    def gaps(self, start: int, end: int) -> list[str]:
        """Return what stood between neighbouring characters of the folded span ("" where nothing did)."""
        positions = self.positions
        original = self.original
        return [original[positions[i] + 1 : positions[i + 1]] for i in range(start, end - 1)]


def _text(codes: NDArray[np.uint32]) -> str:
    return codes.tobytes().decode("utf-32-le")


def crosses_sentence(gap: str) -> bool:
    """Whether ``gap`` holds punctuation that normally ends a phrase."""
    return _HARD_GAP.search(gap) is not None
