"""What the section 名录 shows and asks for; ``zhengxun`` passes an implementation in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.directory import Edition, EditionHead, Listing

#: Rows of an edition on one page.
ROWS = 100


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


@dataclass(frozen=True, slots=True)
class EditionLine:
    """One edition of an official list."""

    edition: Edition
    state: str
    """现行, 已被替代 or 撤下."""


@dataclass(frozen=True, slots=True)
class ListedBodies:
    """What the current lists say of a name or credit code."""

    said: tuple[str, ...]
    """Sentences; empty where there are no lists."""
    alike: tuple[tuple[Edition, Listing], ...]
    """Rows whose name only holds the words."""


@dataclass(frozen=True, slots=True)
class EditionRows:
    """One edition with a page of its rows."""

    line: EditionLine
    rows: tuple[Listing, ...]
    total: int
    page: int
    others: tuple[EditionLine, ...]
    """Further editions of the same list, the newest first."""

    @property
    def pages(self) -> int:
        """Number of pages, at least 1."""
        return max(1, -(-self.total // ROWS))


@dataclass(frozen=True, slots=True)
class ListForm:
    """What people write of a list; empty: as the former edition or the title says."""

    name: str = ""
    kind: str = ""
    authority: str = ""
    source: str = ""
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class ListPreview:
    """A list that is not imported yet."""

    token: str
    head: EditionHead
    first: tuple[Listing, ...]
    good: int
    bad: tuple[tuple[int, str], ...]
    doubts: tuple[tuple[int, str], ...]
    """Rows that are taken without a part that cannot be right."""
    refused: int
    """All bad rows; ``bad`` holds the first of them."""
    ignored: tuple[str, ...]
    other_sheets: tuple[str, ...]
    current: Edition | None
    """The list's current edition, whose place this one takes where it is not older; None: the list is new."""


class DirectoryDesk(Protocol):
    """Official lists, and the facts by which pages are judged."""

    def look_up(self, words: str) -> Directory:
        """All facts that hold ``words``; empty: everything."""
        ...

    def lists(self) -> Sequence[EditionLine]:
        """All editions: current ones first, then former ones, the newest first."""
        ...

    def bodies(self, words: str) -> ListedBodies:
        """What the current lists say of a body."""
        ...

    def edition(self, edition_id: int, words: str, page: int) -> EditionRows:
        """Page ``page`` (from 1) of the rows that hold ``words``; an unknown id raises ``BadInput``."""
        ...

    def preview(self, form: ListForm, file_name: str, content: bytes, owner: str) -> ListPreview:
        """Read an uploaded list without keeping it; ``BadInput`` where it is none, or something is missing."""
        ...

    def take(self, token: str, owner: str) -> tuple[Edition, ListPreview]:
        """Import what was looked at."""
        ...

    def withdraw(self, edition_id: int, owner: str, reason: str) -> Edition:
        """撤下 an edition."""
        ...
