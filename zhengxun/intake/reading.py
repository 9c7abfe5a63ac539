"""One file in, pieces out: what kind of file it is, by its content, and which reader takes it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from domain.errors import BadFile
from domain.intake import IntakeItem, IntakeKind, ItemState
from zhengxun.intake import exports, lists
from zhengxun.intake.saved import read_page
from zhengxun.spreadsheets import Record, decode, read_bytes, records
from zhengxun.target_draft import AddressCheck

#: Largest file taken: a day of MediaCrawler's comments, or a page saved with all its pictures.
MAX_FILE_BYTES = 100 * 1024 * 1024
#: Characters of one cell that are read: a post's whole text stands in one.
MAX_CELL = 100_000

_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM")
_TABLES = frozenset({".csv", ".tsv", ".xlsx", ".xlsm"})
_TYPES = {
    ".html": "text/html",
    ".htm": "text/html",
    ".mhtml": "multipart/related",
    ".mht": "multipart/related",
    ".json": "application/json",
    ".txt": "text/plain",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".bmp": "image/bmp",
}


@dataclass(frozen=True, slots=True)
class FileReading:
    """What one file holds."""

    kind: IntakeKind
    name: str
    body: bytes
    sha256: str
    content_type: str
    items: tuple[IntakeItem, ...]
    unread: tuple[str, ...] = ()
    """Columns that were not read."""


def read_file(
    path: Path, check: AddressCheck, *, kind: IntakeKind | None = None, url: str | None = None
) -> FileReading:
    """Read one file; ``kind`` overrides what its content looks like, ``url`` is a saved page's address.

    Raises :class:`domain.errors.BadFile` where nothing of it can be taken.
    """
    body = read_bytes(path, MAX_FILE_BYTES)
    sha256 = hashlib.sha256(body).hexdigest()
    found = kind or kind_of(path, body)
    unread: tuple[str, ...] = ()
    if found is IntakeKind.PICTURE:
        from zhengxun.intake.pictures import read_picture  # numpy and the worker: for pictures only

        items = read_picture(path.name, body, sha256, url)
    elif found is IntakeKind.ADDRESS:
        items = _addresses(path, body, check)
    elif found is IntakeKind.EXPORT:
        items = exports.read_rows(path.name, _rows(path, body), exports.folder_of(path.absolute()))
    elif found is IntakeKind.LIST:
        items, unread = lists.read_list(path.name, records(path, body, MAX_CELL), sha256, check)
    else:
        items = read_page(path.name, body, _TYPES.get(path.suffix.lower()), sha256, url)
    return FileReading(found, path.name, body, sha256, _media_type(path, body), tuple(items), unread)


def kind_of(path: Path, body: bytes) -> IntakeKind:
    """What a file looks like."""
    if body.startswith(_PICTURES) or (body[:4] == b"RIFF" and body[8:12] == b"WEBP"):
        return IntakeKind.PICTURE
    if body.startswith(b"PK\x03\x04") or path.suffix.lower() in _TABLES:
        rows = list(_first_rows(path, body))
        return IntakeKind.EXPORT if exports.looks_exported(exports.rows_of_table(rows)) else IntakeKind.LIST
    if path.suffix.lower() in {".json", ".jsonl", ".ndjson"}:
        rows_of_json = exports.rows_of_json(path.name, decode(path, body))
        if rows_of_json is not None and exports.looks_exported(rows_of_json):
            return IntakeKind.EXPORT
        return IntakeKind.PAGE
    if path.suffix.lower() == ".txt" and _all_addresses(decode(path, body)):
        return IntakeKind.ADDRESS
    return IntakeKind.PAGE


def _first_rows(path: Path, body: bytes) -> Iterable[Record]:
    rows = records(path, body, MAX_CELL)
    try:
        for _ in range(2):
            yield next(rows)
    except StopIteration:
        return


def _rows(path: Path, body: bytes) -> Iterable[tuple[int, object]]:
    if body.startswith(b"PK\x03\x04") or path.suffix.lower() in _TABLES:
        return exports.rows_of_table(records(path, body, MAX_CELL))
    rows = exports.rows_of_json(path.name, decode(path, body))
    if rows is None:
        raise BadFile(f"文件 {path.name} 不是 MediaCrawler 的导出文件（应为 JSON 数组、JSON 行、CSV 或 Excel）。")
    return rows


def _all_addresses(text: str) -> bool:
    lines = [line for line in text.splitlines() if line.strip()]
    return bool(lines) and all(any("://" in url for url in lists.addresses_in(line)) for line in lines[:200])


def _addresses(path: Path, body: bytes, check: AddressCheck) -> list[IntakeItem]:
    lines = enumerate(decode(path, body).splitlines(), start=1)
    items, _ = lists.read_list(
        path.name, chain([Record(0, ["网址"])], (Record(number, [line]) for number, line in lines)), "", check
    )
    if all(item.state is ItemState.BAD for item in items):
        raise BadFile(f"文件 {path.name} 中没有可用的网址。")
    return items


def _media_type(path: Path, body: bytes) -> str:
    if body.startswith(b"PK\x03\x04"):
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _TYPES.get(path.suffix.lower(), "application/octet-stream" if b"\0" in body[:1000] else "text/plain")
