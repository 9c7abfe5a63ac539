"""MediaCrawler's files as they lie in its ``data`` folder: contents and comments, in JSON, JSON lines, CSV or Excel."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from crawler.extract.mediacrawler import UnreadableRow, is_profile, is_row, post_of
from domain.errors import BadFile
from domain.intake import IntakeItem, ItemState
from zhengxun.spreadsheets import Record

#: Rows of one file; MediaCrawler writes one file per day and platform.
MAX_ROWS = 200_000
_FOLDERS = frozenset({"xhs", "dy", "ks", "bili", "wb", "tieba", "zhihu"})


def folder_of(path: Path) -> str:
    """MediaCrawler's word for the platform: the folder above the file's format (``data/ks/csv/…``), or ""."""
    return next((part for part in reversed(path.parts[:-1]) if part in _FOLDERS), "")


def rows_of_json(name: str, text: str) -> list[tuple[int, object]] | None:
    """Numbered rows of a JSON list or of JSON lines; None where it is neither (one object, another format).

    A line that is no JSON is a row of its own that :func:`read_rows` reports.
    """
    stripped = text.lstrip("\ufeff").strip()
    if stripped.startswith("["):
        try:
            loaded = json.loads(stripped, strict=False)
        except (ValueError, RecursionError) as error:
            raise BadFile(f"文件 {name} 不是完整的 JSON（可能没有写完）；请重新导出。") from error
        return list(enumerate(loaded, start=1)) if isinstance(loaded, list) else None
    if not stripped.startswith("{"):
        return None
    rows: list[tuple[int, object]] = []
    for number, line in enumerate(stripped.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            rows.append((number, json.loads(line, strict=False)))
        except (ValueError, RecursionError):
            rows.append((number, None))
    # A single object that was printed over several lines is no JSON lines.
    return rows if any(isinstance(row, dict) for _, row in rows) else None


def rows_of_table(records: Iterable[Record]) -> Iterator[tuple[int, object]]:
    """Numbered rows of a table whose first row names MediaCrawler's fields."""
    header: list[str] = []
    for record in records:
        if not header:
            header = [cell.strip() for cell in record.cells]
            continue
        if any(record.cells):
            yield record.number, dict(zip(header, record.cells, strict=False))


def looks_exported(rows: Iterable[tuple[int, object]]) -> bool:
    """Whether the first readable row is one of MediaCrawler's."""
    first = next((row for _, row in rows if isinstance(row, Mapping)), None)
    return first is not None and (is_row(first) or is_profile(first))


def read_rows(name: str, rows: Iterable[tuple[int, object]], folder: str) -> list[IntakeItem]:
    """One piece for each row; a post that stands in the file twice is taken once, as it was written last."""
    items: list[IntakeItem] = []
    place: dict[str, int] = {}
    for number, row in rows:
        if len(items) >= MAX_ROWS:
            raise BadFile(f"文件 {name} 超过 {MAX_ROWS} 行；请分成几份接收。")
        if not isinstance(row, Mapping):
            items.append(IntakeItem(ItemState.BAD, number, reason="这一行不是完整的 JSON 对象"))
            continue
        try:
            document = post_of(row, folder).document(embedded=True)
        except UnreadableRow as error:
            items.append(IntakeItem(ItemState.BAD, number, reason=str(error)))
            continue
        words = str(row.get("source_keyword") or "").strip()
        details = (("source_keyword", words[:500]),) if words else ()
        item = IntakeItem(ItemState.CONTENT, number, document.url, document, details=details)
        if document.url in place:
            # MediaCrawler appends to the day's file whenever it meets a post again.
            earlier = items[place[document.url]]
            items[place[document.url]] = IntakeItem(
                ItemState.BAD, earlier.row, reason=f"与第 {number} 行是同一条内容，以后写的一行为准"
            )
        place[document.url] = len(items)
        items.append(item)
    return items
