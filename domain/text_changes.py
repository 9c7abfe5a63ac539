"""What was added to and dropped from a page between two versions, sentence by sentence, for people to read."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import groupby

#: Sentences compared at most per version; a page beyond it is compared as far as this, and the result says so.
MAX_SENTENCES = 4000

#: Pairs of equal sentences up to which texts are compared in order: half a second at worst. 4,000 sentences of two kinds
#: make eight million and took twelve; a page without repetitions makes as many as it has sentences.
_MAX_LIKENESSES = 300_000

# A sentence ends after its closing mark and the quotes and brackets that follow it, or at the end of a line.
_SENTENCE = re.compile(r"[^\n。！？!?；;]*(?:[。！？!?；;]+[”’」』）)\]]*|\n|$)")


class Change(StrEnum):
    """What became of a sentence."""

    KEPT = "kept"
    ADDED = "added"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Passage:
    """Sentences that follow each other and had the same fate."""

    change: Change
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TextChanges:
    """The way from one text to another."""

    passages: tuple[Passage, ...]
    """In reading order; of a replaced part first what was dropped, then what was added."""
    cut: bool = False
    """Whether a text was too long to be compared to its end."""

    @property
    def added(self) -> tuple[str, ...]:
        """Sentences that only the newer text has."""
        return self._of(Change.ADDED)

    @property
    def dropped(self) -> tuple[str, ...]:
        """Sentences that only the older text has."""
        return self._of(Change.DROPPED)

    def _of(self, change: Change) -> tuple[str, ...]:
        return tuple(
            sentence for passage in self.passages if passage.change is change for sentence in passage.sentences
        )


def sentences_of(text: str) -> list[str]:
    """Sentences of a text, without blanks at their ends; empty ones are left out."""
    return [sentence for match in _SENTENCE.finditer(text) if (sentence := " ".join(match.group().split()))]


def compare(older: str, newer: str) -> TextChanges:
    """Sentences added and dropped on the way from ``older`` to ``newer``."""
    before, after = sentences_of(older), sentences_of(newer)
    cut = len(before) > MAX_SENTENCES or len(after) > MAX_SENTENCES
    before, after = before[:MAX_SENTENCES], after[:MAX_SENTENCES]
    if _likenesses(before, after) > _MAX_LIKENESSES:
        return TextChanges(tuple(_counted(before, after)), cut)
    passages: list[Passage] = []
    # autojunk would take a line that a page repeats often (报名咨询) for noise and tear what stands around it apart.
    for tag, first, last, new_first, new_last in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            passages.append(Passage(Change.KEPT, tuple(after[new_first:new_last])))
            continue
        if first < last:
            passages.append(Passage(Change.DROPPED, tuple(before[first:last])))
        if new_first < new_last:
            passages.append(Passage(Change.ADDED, tuple(after[new_first:new_last])))
    return TextChanges(tuple(passages), cut)


def _likenesses(before: list[str], after: list[str]) -> int:
    """Pairs of equal sentences: what the comparison in order has to look at."""
    there = Counter(before)
    return sum(count * there[sentence] for sentence, count in Counter(after).items())


def _counted(before: list[str], after: list[str]) -> list[Passage]:
    """The comparison for pages that say the same thing hundreds of times: by how often, not where."""
    left = Counter(before)
    passages = []
    kept = set()
    for place, sentence in enumerate(after):
        if left[sentence]:
            left[sentence] -= 1
            kept.add(place)
    dropped = []
    for sentence in reversed(before):
        if left[sentence]:
            left[sentence] -= 1
            dropped.append(sentence)
    if dropped:
        passages.append(Passage(Change.DROPPED, tuple(dropped[::-1])))
    for stands, run in groupby(enumerate(after), lambda pair: pair[0] in kept):
        passages.append(Passage(Change.KEPT if stands else Change.ADDED, tuple(sentence for _, sentence in run)))
    return passages
