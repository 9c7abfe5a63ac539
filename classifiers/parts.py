"""A subject as one text: title, text and what only search engines see, with the way back to each."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from domain.assessment import Subject

#: Kinds of segments that a reader does not see; their text is not in ``Subject.text``.
UNSEEN = frozenset({"alt", "meta", "hidden"})


@dataclass(frozen=True, slots=True)
class Part:
    """One field of the subject inside the whole."""

    field: str
    segment: int | None
    start: int
    end: int


class Whole:
    """Title, text and unseen segments joined by blank lines."""

    __slots__ = ("_starts", "parts", "text")

    def __init__(self, subject: Subject) -> None:
        pieces: list[str] = []
        parts: list[Part] = []
        at = 0

        def add(field: str, segment: int | None, text: str) -> None:
            nonlocal at
            if text:
                parts.append(Part(field, segment, at, at + len(text)))
                pieces.append(text)
                at += len(text) + 2

        add("title", None, subject.title)
        add("text", None, subject.text)
        for index, (kind, text) in enumerate(subject.segments):
            if kind in UNSEEN and text and text not in subject.text and text != subject.title:
                add("segments", index, text)
        self.parts = parts
        self._starts = [part.start for part in parts]
        self.text = "\n\n".join(pieces)

    def part(self, start: int, end: int) -> Part | None:
        """Return the part that holds ``start:end`` wholly, or None."""
        at = bisect_right(self._starts, start) - 1
        if at < 0 or end > self.parts[at].end:
            return None
        return self.parts[at]
