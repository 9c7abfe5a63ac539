"""Copying the records of a WARC file that are still needed to a new one: the same gzip members, byte for byte.

What belongs to a record that is needed goes with it: the request it answered, and the redirects right before it. The
file's warcinfo goes too, behind one that says where the copies come from.
"""

from __future__ import annotations

import hashlib
import os
import re
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from crawler.warc import sync_folder
from crawler.warc_scan import ScannedRecord, scan
from domain.errors import EvidenceDamaged

#: Ending of a copy that is being written: no reader takes it for a WARC file.
PART = ".compacting"
_COPY = re.compile(r"(.+?)(?:\.kept(\d+))?\.warc\.gz")
_CHUNK = 1024 * 1024
#: Most records that stand before an answer and belong to it: two for each redirect, and a little more.
_BEFORE = 64


def copy_name(file: str) -> str:
    """Name of the file that takes the place of ``file``: ``12-00001.kept1.warc.gz`` for ``12-00001.warc.gz``."""
    found = _COPY.fullmatch(file)
    if found is None:
        raise ValueError(f"{file} is no WARC file's name")
    return f"{found[1]}.kept{int(found[2] or 0) + 1}.warc.gz"


def copied_from(file: str) -> str | None:
    """Name of the file whose place ``file`` took; None for one that the crawler wrote."""
    found = _COPY.fullmatch(file)
    if found is None or found[2] is None:
        return None
    before = int(found[2]) - 1
    return f"{found[1]}.kept{before}.warc.gz" if before else f"{found[1]}.warc.gz"


@dataclass(slots=True)
class Places:
    """Where a file's records lie that rows tell of, in ascending order, and which of them are needed.

    Seventeen bytes each, so that a file of any size can be looked at whole.
    """

    offsets: array[int] = field(default_factory=lambda: array("q"))
    needed: bytearray = field(default_factory=bytearray)
    moved: array[int] = field(default_factory=lambda: array("q"))
    """Offset of the copy; -1 where there is none."""

    def add(self, offset: int, needed: bool) -> None:
        """The next place; one that several rows tell of is needed where one of them is."""
        if self.offsets and self.offsets[-1] == offset:
            self.needed[-1] |= needed
            return
        self.offsets.append(offset)
        self.needed.append(needed)
        self.moved.append(-1)

    def at(self, offset: int) -> int | None:
        """Number of the place at ``offset``; None where no row tells of a record there."""
        number = bisect_left(self.offsets, offset)
        return number if number < len(self.offsets) and self.offsets[number] == offset else None

    def copy_of(self, offset: int) -> int | None:
        """Where the copy of the record at ``offset`` lies; None where there is none."""
        number = self.at(offset)
        return self.moved[number] if number is not None and self.moved[number] >= 0 else None

    def bytes_needed(self, size: int) -> int:
        """Bytes of a file of ``size`` that are needed, told from the places alone.

        From each needed record to the next one that rows tell of, and what stands before the first: its request is
        in it, the redirects of the next one are counted with it.
        """
        if not self.offsets:
            return size
        total = self.offsets[0]
        for number, offset in enumerate(self.offsets):
            if self.needed[number]:
                last = number + 1 == len(self.offsets)
                total += (size if last else self.offsets[number + 1]) - offset
        return total


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy that is on disk."""

    size: int
    sha256: str
    records: int
    """Records copied from the file, those of type warcinfo included."""
    dropped: int
    """Records of the file that are not in the copy."""


def copy_needed(source: Path, target: Path, opening: bytes, places: Places) -> Copied:
    """Write ``opening`` and all that is needed of ``source`` to ``target``, durably; note where each record went.

    Raises :class:`EvidenceDamaged` where the file has a record that is not whole, or none at a place that is needed; and
    ``OSError`` where the disk refuses. ``target`` may be there half-written then.
    """
    digest = hashlib.sha256(opening)
    size = len(opening)
    copied = total = 0
    with source.open("rb") as old, target.open("wb") as new:
        new.write(opening)
        seen = _Seen()
        for record in _needed(source, places, seen):
            number = places.at(record.offset)
            if number is not None:
                places.moved[number] = size
            for chunk in _bytes(old, record):
                new.write(chunk)
                digest.update(chunk)
            size += record.end - record.offset
            copied += 1
        total = seen.records
        new.flush()
        os.fsync(new.fileno())
    for offset, needed, to in zip(places.offsets, places.needed, places.moved, strict=True):
        if needed and to < 0:
            raise EvidenceDamaged(f"偏移 {offset} 处没有所引用的记录")
    sync_folder(target.parent)
    return Copied(size, digest.hexdigest(), copied, total - copied)


@dataclass(slots=True)
class _Seen:
    records: int = 0


def _needed(path: Path, places: Places, seen: _Seen) -> Iterator[ScannedRecord]:
    """The records that go with the copy, in order."""
    before: deque[ScannedRecord] = deque(maxlen=_BEFORE)
    """Records that nothing tells of, since the last one that something does."""
    answered: str | None = None
    for record in scan(path):
        if isinstance(record, EvidenceDamaged):
            raise record
        if record.fault is not None:
            raise EvidenceDamaged(f"偏移 {record.offset} 处的记录{record.fault}")
        seen.records += 1
        number = places.at(record.offset)
        if record.fields.get("warc-type") == "warcinfo":
            yield record
        elif number is not None:
            answered = None
            if places.needed[number]:
                yield from _redirects(before)
                yield record
                answered = record.fields.get("warc-record-id")
            before.clear()
        elif answered is not None and _is_request_of(record, answered):
            yield record
        else:
            before.append(record)


def _redirects(before: deque[ScannedRecord]) -> list[ScannedRecord]:
    """The redirects that led to the next record: answers of status 3xx, each with its request, right before it."""
    found: list[ScannedRecord] = []
    earlier = list(before)
    while len(earlier) >= 2:
        answer, request = earlier[-2:]
        status = answer.http_head.split(b" ", 2)[1:2]
        if not _is_request_of(request, answer.fields.get("warc-record-id")) or not status or status[0][:1] != b"3":
            break
        found[:0] = (answer, request)
        del earlier[-2:]
    return found


def _is_request_of(record: ScannedRecord, answer: str | None) -> bool:
    return record.fields.get("warc-type") == "request" and record.fields.get("warc-concurrent-to") == answer


def _bytes(file: BinaryIO, record: ScannedRecord) -> Iterator[bytes]:
    file.seek(record.offset)
    left = record.end - record.offset
    while left:
        chunk = file.read(min(left, _CHUNK))
        if not chunk:
            raise EvidenceDamaged(f"偏移 {record.offset} 处的记录不完整")
        left -= len(chunk)
        yield chunk
