"""Which records of which WARC files belong to the evidence of some leads, and where their bytes lie."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crawler.warc import locate
from crawler.warc_scan import ScannedRecord, scan
from domain.crawl import PageSnapshot
from domain.errors import EvidenceDamaged
from domain.evidence import CaptureKind, StoredRecord

#: Most records that stand before a page's answer and belong to it: two for each redirect, and a little more.
_BEFORE = 64


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One WARC file and the records of it that are handed over, in order; the first ones say who wrote the file."""

    name: str
    path: Path
    records: tuple[ScannedRecord, ...]


def select(
    folder: Path,
    records: Sequence[StoredRecord],
    pages: Mapping[int, PageSnapshot],
    advance: Callable[[int], None] | None = None,
) -> list[SourceFile]:
    """The records of pages (with request and redirects) and captures, by file.

    Raises :class:`EvidenceDamaged` where one is not there. ``advance`` is told how many bytes more were read.
    """
    by_file: dict[str, dict[int, StoredRecord]] = {}
    for record in records:
        by_file.setdefault(record.warc.file, {})[record.warc.offset] = record
    found = []
    for name, wanted in sorted(by_file.items()):
        path = locate(folder, name)
        found.append(SourceFile(name, path, tuple(_of_file(path, wanted, pages, advance))))
    return found


def _of_file(
    path: Path,
    wanted: Mapping[int, StoredRecord],
    pages: Mapping[int, PageSnapshot],
    advance: Callable[[int], None] | None,
) -> Iterable[ScannedRecord]:
    chosen: dict[int, ScannedRecord] = {}
    before: deque[ScannedRecord] = deque(maxlen=_BEFORE)
    missing = set(wanted)
    answers: set[str] = set()
    for record in scan(path):
        if isinstance(record, EvidenceDamaged):
            raise EvidenceDamaged(f"证据文件 {path.name} {record}，没有导出。")
        if advance is not None:
            advance(record.end - record.offset)
        stored = wanted.get(record.offset)
        if record.fields.get("warc-type") == "warcinfo":
            chosen[record.offset] = record
        if stored is not None:
            missing.discard(record.offset)
            if stored.table == "snapshots":
                for earlier in _redirects(before, pages[stored.id].redirects):
                    chosen[earlier.offset] = earlier
            chosen[record.offset] = record
            if stored.table == "snapshots" or stored.kind == CaptureKind.PICTURE.value:
                answers.add(stored.warc.record_id)
        elif record.fields.get("warc-concurrent-to") in answers and record.fields.get("warc-type") == "request":
            chosen[record.offset] = record
            answers.discard(record.fields["warc-concurrent-to"])
        before.append(record)
        if not missing and not answers:
            break
    if missing:
        raise EvidenceDamaged(f"证据文件 {path.name} 偏移 {min(missing)} 处没有所引用的记录，没有导出。")
    return [chosen[offset] for offset in sorted(chosen)]


def _redirects(before: Sequence[ScannedRecord], urls: Sequence[str]) -> list[ScannedRecord]:
    """The answers and requests of a page's redirects: the records right before its answer, if they are these."""
    last = list(before)[-2 * len(urls) :] if urls else []
    targets = [record.fields.get("warc-target-uri") for record in last]
    return last if targets == [url for url in urls for _ in range(2)] else []
