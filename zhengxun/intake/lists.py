"""Complaint lists, row by row: every good row becomes a piece, every bad one says why it is none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from crawler.addresses import canonical
from crawler.extract.post import Post
from domain.errors import BadFile, BadTarget
from domain.intake import IntakeItem, ItemState, upload_url
from domain.target import TargetKind
from zhengxun.intake.columns import Columns, Role, columns_of
from zhengxun.spreadsheets import Record
from zhengxun.target_draft import AddressCheck, address_of
from zhengxun.target_kinds import guess_kind, parse_kind

NAME = "complaint_list/1"

#: Rows that may stand above the header (title, issuing office, date).
_ABOVE = 10
_HEADER_LENGTH = 20
#: Addresses taken from one cell.
_ADDRESSES = 20
_ADDRESS = re.compile(r"https?://[^\s<>\"'“”‘’，。；、（）【】《》]+", re.IGNORECASE)
#: What people leave behind an address in running text.
_TRAILING = ".,;:!?)]}"
#: Platforms as :class:`domain.document.Document` names them, where the target's kind is called otherwise.
_PLATFORM = {TargetKind.WECHAT: "weixin", TargetKind.WEBSITE: "web", TargetKind.FEED: "web", TargetKind.SEARCH: "web"}


class BadRow(ValueError):
    """A row that cannot be taken; the text is a Chinese reason for people."""


def read_list(
    name: str, records: Iterable[Record], sha256: str, check: AddressCheck
) -> tuple[list[IntakeItem], tuple[str, ...]]:
    """All pieces of a list, and the names of columns that are not read.

    Raises :class:`domain.errors.BadFile` where no row can be a header and no cell holds an address.
    """
    filled = (record for record in records if any(cell.strip() for cell in record.cells))
    head = list(islice(filled, _ABOVE))
    if not head:
        raise BadFile(f"文件 {name} 是空的。")
    at, columns = _header(head)
    if columns is None:
        return _addresses_only(name, chain(head, filled), check), ()
    reader = _Reader(columns, sha256, check)
    items: list[IntakeItem] = []
    for record in chain(head[at + 1 :], filled):
        try:
            items += reader.row(record)
        except (BadRow, BadTarget) as error:
            items.append(IntakeItem(ItemState.BAD, record.number, reason=str(error)))
    return items, columns.unread


def addresses_in(text: str) -> list[str]:
    """Addresses in a cell or line as people paste them: alone, without scheme, or inside an app's share text."""
    found = [match[0].rstrip(_TRAILING) for match in _ADDRESS.finditer(text)]
    if not found and text.strip() and not re.search(r"\s|[\u4e00-\u9fff]{2}", text.strip()):
        found = [text.strip()]
    return list(dict.fromkeys(found))[:_ADDRESSES]


def _header(head: Sequence[Record]) -> tuple[int, Columns | None]:
    """Which row is the header: the one with the most columns of known meaning; the first among equals."""
    best, at = None, -1
    most = 0
    for number, record in enumerate(head):
        cells = [cell if len(cell.strip()) <= _HEADER_LENGTH else "" for cell in record.cells]
        columns = columns_of(cells)
        known = sum(role is not Role.UNKNOWN for role in columns.roles)
        if columns.usable and known > most and not any(_ADDRESS.search(cell) for cell in record.cells):
            best, at, most = columns, number, known
    return at, best


def _addresses_only(name: str, records: Iterable[Record], check: AddressCheck) -> list[IntakeItem]:
    items: list[IntakeItem] = []
    for record in records:
        found = [url for cell in record.cells for url in addresses_in(cell) if "://" in url]
        for url in found:
            try:
                items.append(IntakeItem(ItemState.ADDRESS, record.number, _checked(url, check)))
            except (BadRow, BadTarget) as error:
                items.append(IntakeItem(ItemState.BAD, record.number, reason=str(error)))
        if not found:
            items.append(IntakeItem(ItemState.BAD, record.number, reason="这一行没有网址"))
    if all(item.state is ItemState.BAD for item in items):
        raise BadFile(
            f"文件 {name} 的表头无法识别：至少要有“网址”（链接）或“内容”（正文、文案）一列；举报清单常用的表头如："
            "序号,平台,账号,标题,网址,内容,举报时间,备注。"
        )
    return items


class _Reader:
    """Turns the rows of one list into pieces."""

    def __init__(self, columns: Columns, sha256: str, check: AddressCheck) -> None:
        self._columns = columns
        self._sha256 = sha256
        self._check = check
        self._seen: dict[str, tuple[int, str]] = {}

    def row(self, record: Record) -> Iterator[IntakeItem]:
        cells = self._cells(record)
        urls = self._urls(record, cells)
        content = "\n".join(cells[Role.CONTENT])
        details = self._details(record)
        if not content:
            if not urls:
                raise BadRow("没有网址，也没有所举报内容的原文，无从查看")
            return iter([self._address(record.number, url, details) for url in urls])
        return iter([self._content(record.number, urls, content, cells, details)])

    def _cells(self, record: Record) -> dict[Role, list[str]]:
        cells: dict[Role, list[str]] = {role: [] for role in Role}
        for cell, role in zip(record.cells, self._columns.roles, strict=False):
            if cell.strip():
                cells[role].append(cell.strip())
        if record.separated and any(cell.strip() for cell in record.cells[len(self._columns.roles) :]):
            raise BadRow("单元格比表头多；内容中有分隔符的单元格要用英文双引号括起来")
        return cells

    def _urls(self, record: Record, cells: dict[Role, list[str]]) -> list[str]:
        """Canonical addresses of a row; behind words without one, where their hyperlink leads."""
        written = [url for cell in cells[Role.URL] for url in addresses_in(cell)]
        if not written:
            written = [
                link
                for column, link in record.links.items()
                if column < len(self._columns.roles)
                and self._columns.roles[column] in (Role.URL, Role.TITLE)
                and link.lower().startswith(("http://", "https://"))
            ]
        if not written and cells[Role.URL]:
            raise BadRow(f"“{cells[Role.URL][0][:80]}”不是网址")
        return list(dict.fromkeys(_checked(url, self._check) for url in written))

    def _details(self, record: Record) -> tuple[tuple[str, str], ...]:
        kept = []
        for name, role, cell in zip(self._columns.names, self._columns.roles, record.cells, strict=False):
            if role not in (Role.PRIVATE, Role.UNKNOWN, Role.CONTENT, Role.URL) and cell.strip():
                kept.append((name, cell.strip()[:500]))
        return tuple(kept)

    def _address(self, number: int, url: str, details: tuple[tuple[str, str], ...]) -> IntakeItem:
        if url in self._seen:
            return IntakeItem(ItemState.BAD, number, reason=f"网址与第 {self._seen[url][0]} 行相同，未重复接收")
        self._seen[url] = (number, "")
        return IntakeItem(ItemState.ADDRESS, number, url, details=details)

    def _content(
        self,
        number: int,
        urls: Sequence[str],
        content: str,
        cells: dict[Role, list[str]],
        details: tuple[tuple[str, str], ...],
    ) -> IntakeItem:
        url = urls[0] if urls else upload_url(self._sha256, f"row-{number}")
        title = " ".join(cells[Role.TITLE])
        said = f"{title}\n{content}"
        if url in self._seen:
            first, words = self._seen[url]
            if words == said:
                return IntakeItem(ItemState.BAD, number, reason=f"网址和内容与第 {first} 行相同，未重复接收")
            # Another thing that stands at the same address (posts of one account): a document of its own.
            url = f"{url}#row-{self._sha256[:8]}-{number}"
        self._seen[url] = (number, said)
        post = Post(url, self._platform(cells, urls), NAME)
        if title:
            post.heading(title)
        post.markup(content)
        for other in urls[1:]:
            post.link(other)
        post.account = " ".join(cells[Role.ACCOUNT])[:100]
        post.account_id = " ".join(cells[Role.ACCOUNT_ID])[:100]
        post.time(*cells[Role.PUBLISHED])
        post.lead()
        if not post.segments:
            raise BadRow("内容为空")
        return IntakeItem(ItemState.CONTENT, number, url, post.document(embedded=True), details=details)

    def _platform(self, cells: dict[Role, list[str]], urls: Sequence[str]) -> str:
        kind = guess_kind(urls[0]) if urls else TargetKind.WEBSITE
        if kind is TargetKind.WEBSITE and cells[Role.PLATFORM]:
            try:
                kind = parse_kind(cells[Role.PLATFORM][0])
            except BadTarget:
                return "web"
        return _PLATFORM.get(kind, kind.value)


def _checked(url: str, check: AddressCheck) -> str:
    from domain.errors import RefusedAddress

    address = canonical(address_of(url))
    assert address is not None  # address_of gives canonical addresses
    try:
        check(address)
    except RefusedAddress as error:
        raise BadRow(str(error)) from error
    return address
