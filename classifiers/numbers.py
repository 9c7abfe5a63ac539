"""Numbers in words of the packs (100%通过, 3天拿证): digits mean nothing without what stands beside them.

Folding drops ``%`` and joins digits over separators, so a telephone number (400-000-1001) or a date (2026-10-06) would hold
``100``. What stood in the original decides: a number is one run of digits, not part of a longer one, with its
percent sign where the word has one.
"""

from __future__ import annotations

from collections.abc import Sequence

_DIGITS = frozenset("0123456789０１２３４５６７８９")
_PERCENT = frozenset("%％﹪")
#: What may stand between a number and its percent sign.
_BLANK = " \u3000"


class NumberShape:
    """The numbers of one word: where its digits stand, and which runs end with a percent sign."""

    __slots__ = ("_percent", "_runs")

    def __init__(self, word: str, plain: str) -> None:
        """``word`` as written in the pack, ``plain`` as folding leaves it (percent sign dropped)."""
        self._runs: list[tuple[int, int]] = []
        self._percent: set[int] = set()
        at = 0
        while at < len(plain):
            if plain[at] not in _DIGITS:
                at += 1
                continue
            end = at
            while end < len(plain) and plain[end] in _DIGITS:
                end += 1
            self._runs.append((at, end))
            at = end
        kept = 0
        for char in word:
            if kept < len(plain) and (char.casefold() == plain[kept] or char in _DIGITS):
                kept += 1
            elif char in _PERCENT:
                self._percent.add(kept)

    def stands(self, original: str, positions: Sequence[int], start: int, end: int) -> bool:
        """Whether the numbers of the folded span ``start:end`` stand so in ``original``."""
        for first, last in self._runs:
            left, right = positions[start + first], positions[start + last - 1]
            if right - left != last - first - 1:
                return False
            if (left and original[left - 1] in _DIGITS) or original[right + 1 : right + 2] in _DIGITS:
                return False
            if last in self._percent and original[right + 1 : right + 3].lstrip(_BLANK)[:1] not in _PERCENT:
                return False
        return True


def number_shape(word: str, plain: str) -> NumberShape | None:
    """Shape of the numbers in ``word``; None where it has none."""
    return NumberShape(word, plain) if any(char in _DIGITS for char in plain) else None
