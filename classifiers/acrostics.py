"""Acrostics: a forbidden word written with the first (or last) characters of a verse's lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

#: Characters of a verse's line; longer lines are prose.
_SHORTEST, _LONGEST = 4, 14
#: Characters of any kind in a line, beyond which it is prose without counting.
_WIDEST = 48
#: Lines that make a verse.
_LINES = 4
#: Characters of a text that are looked at.
_READ = 6_000
_LINE = re.compile(r"[^\n]+")
_HAN = re.compile(r"[\u4e00-\u9fff]")


class Acrostic(NamedTuple):
    """``word`` written down the lines of ``original[start:end]``."""

    word: str
    start: int
    end: int


def acrostics(original: str, words: Iterable[str]) -> list[Acrostic]:
    """Return the ``words`` that stand down the edge of a verse; a verse is four or more lines of about one length."""
    found: list[Acrostic] = []
    if not _lines_in_a_row(original[:_READ]):
        return found
    for verse in _verses(original[:_READ]):
        for column in (0, -1):
            edge = "".join(_HAN.findall(line.group())[column] for line in verse)
            for word in words:
                at = edge.find(word)
                if at >= 0:
                    found.append(Acrostic(word, verse[at].start(), verse[at + len(word) - 1].end()))
    return found


def _lines_in_a_row(text: str) -> bool:
    """Whether enough lines follow one another that are neither too short nor too long for a verse: most pages have none."""
    row = 0
    for line in text.split("\n"):
        if line:
            row = row + 1 if _SHORTEST <= len(line) <= _WIDEST else 0
            if row == _LINES:
                return True
    return False


def _verses(text: str) -> Iterator[list[re.Match[str]]]:
    """Yield the runs of lines whose numbers of Han characters differ by one at most."""
    run: list[re.Match[str]] = []
    size = 0
    for line in _LINE.finditer(text):
        length = len(_HAN.findall(line.group())) if line.end() - line.start() <= _WIDEST else 0
        fits = _SHORTEST <= length <= _LONGEST
        if run and not (fits and abs(length - size) <= 1):
            if len(run) >= _LINES:
                yield run
            run = []
        if fits:
            size = size if run else length
            run.append(line)
    if len(run) >= _LINES:
        yield run
