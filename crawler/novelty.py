"""Whether pages of one address pattern still bring anything: calendars, facets and endless pagers do not.

A page brings something new when at least :data:`NEW_TEXT` characters of its lines were not seen on this target before,
or when it leads to a page of another pattern. Text decides, not the address: a list of 300 articles has one pattern too.
"""

from __future__ import annotations

from collections.abc import Iterable

from domain.document import Document

#: Characters in lines never seen before. A calendar page brings a heading of about ten (2031年5月活动安排), a short
#: notice at least one sentence of about thirty.
NEW_TEXT = 24
#: Lines shorter than this are labels and numbers.
_LINE = 6
#: Lines and patterns remembered per target; beyond it everything counts as new, which costs pages but hides none.
_REMEMBERED = 50_000
_PATTERNS = 5_000


class Novelty:
    """What one target has shown in this run."""

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self._lines: set[int] = set()
        self._barren: dict[str, int] = {}

    def saw(self, pattern: str, documents: Iterable[Document], leads_elsewhere: bool) -> None:
        """Take note of a page that was read."""
        if self.is_new(documents) or leads_elsewhere:
            self._barren.pop(pattern, None)
        else:
            self.saw_nothing(pattern)

    def saw_nothing(self, pattern: str) -> None:
        """Take note of a page that brought nothing (empty, gone, soft 404)."""
        if pattern in self._barren or len(self._barren) < _PATTERNS:
            self._barren[pattern] = self._barren.get(pattern, 0) + 1

    def is_new(self, documents: Iterable[Document]) -> bool:
        """Whether the documents hold enough text that was not seen before; remembers their lines."""
        fresh = 0
        lines = self._lines
        for document in documents:
            for line in (document.title, *document.text.split("\n")):
                if len(line) < _LINE:
                    continue
                mark = hash(line)
                if mark not in lines:
                    fresh += len(line)
                    if len(lines) < _REMEMBERED:
                        lines.add(mark)
        return fresh >= NEW_TEXT

    def exhausted(self, pattern: str) -> bool:
        """Whether the pattern's pages come last from now on."""
        return self._barren.get(pattern, 0) >= self._patience
