"""What the section 名录 shows and asks for; ``zhengxun`` passes an implementation in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Directory:
    """What the program takes for given, as far as it meets the words that were looked for."""

    source: str
    """Where it was taken from, as the facts say themselves."""
    qualifications: tuple[tuple[str, tuple[str, ...]], ...]
    """(class and department, names) of the national catalogue of qualifications."""
    official: tuple[str, ...]
    """Hosts of authorities that do not end in ``gov.cn``."""
    media: tuple[str, ...]
    levels: tuple[str, ...]
    """Names of skill levels."""
    found: int
    answer: str
    """What the words are, where they are a host: Chinese sentence; empty where they are not."""


class DirectoryDesk(Protocol):
    """The facts by which pages are judged."""

    def look_up(self, words: str) -> Directory:
        """All that holds ``words``; empty: everything."""
        ...
