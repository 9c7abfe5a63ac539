"""What was added to and dropped from a page between two versions, sentence by sentence, for people to read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

#: Sentences compared at most per version; a page beyond it is compared as far as this, and the result says so.
MAX_SENTENCES = 4000

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
