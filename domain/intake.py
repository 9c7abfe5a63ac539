"""人工接收: what people hand in (files, complaint lists, single addresses), and what became of each piece."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.crawl import WarcRef
from domain.document import Document

#: Host of addresses that stand for things handed in without an address of their own (RFC 2606: belongs to nobody, is never
#: fetched).
UPLOAD_HOST = "upload.invalid"

#: Reason of the outcome of a hand-over.
HANDED_IN = "handed_in"
#: Ground of a lead's presence while only a hand-over tells of its page.
NOT_VISITED = "人工接收的内容，本系统尚未访问该网址核实"


class IntakeKind(StrEnum):
    """What was handed in."""

    PAGE = "page"
    LIST = "list"
    EXPORT = "export"
    PICTURE = "picture"
    ADDRESS = "address"

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return _KIND_LABELS[self]


_KIND_LABELS = {
    IntakeKind.PAGE: "保存的网页",
    IntakeKind.LIST: "举报清单",
    IntakeKind.EXPORT: "MediaCrawler 导出",
    IntakeKind.PICTURE: "截图海报",
    IntakeKind.ADDRESS: "网址",
}


class ItemState(StrEnum):
    """What became of one piece."""

    CONTENT = "content"
    """Its text was kept and judged."""
    ADDRESS = "address"
    """It is an address only; it is fetched like any page."""
    BAD = "bad"
    """Not taken; ``reason`` says why."""


@dataclass(frozen=True, slots=True)
class IntakeItem:
    """One row of a file, or the whole of it."""

    state: ItemState
    row: int | None = None
    """Number of the row as a spreadsheet program shows it; None for a file that is one piece."""
    url: str | None = None
    """Its address, where it has one; for content without one, an address of :data:`UPLOAD_HOST`."""
    document: Document | None = None
    reason: str | None = None
    """Chinese, for people."""
    details: tuple[tuple[str, str], ...] = ()
    """What the row says beside the content (time and words of the complaint …), by the file's own column names."""


@dataclass(frozen=True, slots=True)
class Handover:
    """来源: who handed in what, when."""

    kind: IntakeKind
    by: str
    at: datetime
    note: str | None = None
    file_name: str | None = None
    """None for addresses."""
    sha256: str | None = None
    """Hex SHA-256 of the file's bytes."""
    size: int | None = None
    content_type: str | None = None
    warc: WarcRef | None = None
    """Record that holds the file's bytes."""
    id: int | None = None
    """Given by the store."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where one page's content came from, as far as people handed it in."""

    handover: Handover
    row: int | None
    details: tuple[tuple[str, str], ...] = ()

    @property
    def place(self) -> str:
        """Kind, file and row in Chinese: ``举报清单 举报.xlsx 第 3 行``."""
        handover = self.handover
        file = f" {handover.file_name}" if handover.file_name else ""
        return f"{handover.kind.label}{file}{f' 第 {self.row} 行' if self.row is not None else ''}"


def upload_url(sha256: str, part: str) -> str:
    """Address of a piece of a file that has none of its own; the same bytes always give the same one."""
    return f"https://{UPLOAD_HOST}/{sha256}/{part}"


def is_fetchable(url: str) -> bool:
    """Whether an address can be asked for: not one of :func:`upload_url`, and no part of a page (``…#comment-17``).

    A route (``…#/course``, ``…#!course``) is a page that a script draws, and can.
    """
    _, mark, part = url.partition("#")
    return (not mark or part.startswith(("/", "!"))) and not url.startswith(f"https://{UPLOAD_HOST}/")
