"""Checking whole WARC files: every byte hashed, every record taken apart, in memory that does not grow with either.

A record's own digests say that its block is whole. What they cannot say (the WARC headers, gzip's own header, whole
records cut out) the hash over the file's bytes does, once the evidence chain holds it.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from domain.errors import EvidenceDamaged

_CHUNK = 1024 * 1024
_FIRST_READ = 8 * 1024
_MAX_HEAD = 64 * 1024
#: What :class:`crawler.warc.WarcWriter` (zlib) writes before every member. Nothing else guards these ten bytes in a file
#: that is not in the chain yet.
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"


@dataclass(frozen=True, slots=True)
class ScannedRecord:
    """What one record of a file is, told from its bytes."""

    offset: int
    end: int
    """Offset behind it."""
    fields: dict[str, str]
    """WARC header fields, names in lower case."""
    payload_sha256: str
    payload_size: int
    http_head: bytes = b""
    """Status line and headers of an HTTP message, at most 64 KiB; empty for other records."""
    fault: str | None = None
    """Why its own digest and length do not fit, as a Chinese clause; None where they do."""


def hash_file(path: Path, advance: Callable[[int], None] | None = None) -> tuple[int, str]:
    """Length and hex SHA-256 of a file; ``advance`` is told how many bytes more were read."""
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            if advance is not None:
                advance(len(chunk))
    return size, digest.hexdigest()


def scan(path: Path, resume_at: Iterable[int] = ()) -> Iterator[ScannedRecord | EvidenceDamaged]:
    """Every record of a file in order; in the place of what is none, an error (given, not raised).

    Behind such a place nobody knows where the next record begins: reading goes on at the next of ``resume_at``
    (ascending offsets at which records are known to be).
    """
    known = sorted(set(resume_at))
    with path.open("rb") as file:
        size = file.seek(0, 2)
        offset = 0
        while offset < size:
            try:
                record = _scan_one(file, offset)
            except EvidenceDamaged as error:
                yield error
                offset = next((place for place in known if place > offset), size)
                continue
            yield record
            offset = record.end


def _scan_one(file: BinaryIO, offset: int) -> ScannedRecord:
    member = _Member(file, offset)
    head = bytearray()
    while b"\r\n\r\n" not in head:
        part = member.read()
        if not part or len(head) > _MAX_HEAD:
            raise EvidenceDamaged(f"偏移 {offset} 处不是 WARC 记录")
        head += part
    lines, _, rest = bytes(head).partition(b"\r\n\r\n")
    fields = _fields(lines, offset)
    block = _Block(fields)
    block.take(rest)
    while part := member.read():
        block.take(part)
    return ScannedRecord(
        offset=offset,
        end=member.end,
        fields=fields,
        payload_sha256=block.payload.hexdigest(),
        payload_size=block.payload_size,
        http_head=block.http_head,
        fault=block.fault(),
    )


class _Member:
    """One gzip member, read piece by piece."""

    def __init__(self, file: BinaryIO, offset: int) -> None:
        self._file = file
        self._offset = offset
        self._unpacker = zlib.decompressobj(wbits=31)
        file.seek(offset)
        head = file.read(len(_GZIP_HEAD))
        if head != _GZIP_HEAD:
            raise EvidenceDamaged(f"偏移 {offset} 处不是本程序写入的压缩记录")
        self._waiting = head
        self._next = _FIRST_READ
        self.end = offset

    def read(self) -> bytes:
        """The next piece, at most a megabyte; empty at the end of the member."""
        while True:
            if self._unpacker.eof:
                return b""
            data = self._waiting or self._more()
            try:
                # Without further data, what the unpacker still holds back comes out.
                part = self._unpacker.decompress(data, _CHUNK)
            except zlib.error:
                raise EvidenceDamaged(f"偏移 {self._offset} 处的记录已损坏") from None
            self._waiting = self._unpacker.unconsumed_tail
            self.end = self._file.tell() - len(self._unpacker.unused_data)
            if part:
                return part
            if not data and not self._unpacker.eof:
                raise EvidenceDamaged(f"偏移 {self._offset} 处的记录不完整")

    def _more(self) -> bytes:
        """More of the file: little at first, since most records are small and what is read too much is read again."""
        data = self._file.read(self._next)
        self._next = min(2 * self._next, _CHUNK)
        return data


def _fields(head: bytes, offset: int) -> dict[str, str]:
    lines = head.split(b"\r\n")
    fields: dict[str, str] = {}
    for line in lines[1:]:
        name, _, value = line.decode("utf-8", "replace").partition(":")
        fields[name.lower()] = value.strip()
    length = fields.get("content-length", "")
    if lines[0] != b"WARC/1.1" or len(length) > 15 or not length.isascii() or not length.isdigit():
        raise EvidenceDamaged(f"偏移 {offset} 处不是 WARC 记录")
    return fields


@dataclass(slots=True)
class _Block:
    """Digests over a record's block and over its payload, built up piece by piece."""

    fields: dict[str, str]
    payload_size: int = 0
    payload: hashlib._Hash = field(default_factory=hashlib.sha256)
    _block: hashlib._Hash = field(default_factory=hashlib.sha256)
    _left: int = field(init=False)
    _head: bytearray | None = field(init=False)
    """HTTP head as far as it was read; None behind it, and in records without one."""
    _tail: bytes = b""
    http_head: bytes = b""

    def __post_init__(self) -> None:
        self._left = int(self.fields["content-length"])
        self._head = bytearray() if self.fields.get("content-type", "").startswith("application/http") else None

    def take(self, data: bytes) -> None:
        """The next bytes behind the WARC headers."""
        block, rest = data[: self._left], data[self._left :]
        self._left -= len(block)
        self._tail = (self._tail + rest)[:8]
        self._block.update(block)
        if self._head is None:
            self._pay(block)
            return
        # Only the last bytes matter for finding the blank line; a head of many megabytes must not be looked through
        # from its beginning with every piece.
        start = max(0, len(self._head) - 3)
        self._head += block
        place = self._head.find(b"\r\n\r\n", start)
        if place >= 0:
            self.http_head = bytes(self._head[: min(place, _MAX_HEAD)])
            self._pay(bytes(self._head[place + 4 :]))
            self._head = None

    def _pay(self, data: bytes) -> None:
        self.payload.update(data)
        self.payload_size += len(data)

    def fault(self) -> str | None:
        """Why the record does not fit its own headers."""
        if self._left or self._tail != b"\r\n\r\n":
            return "长度与记录头不符"
        if self.fields.get("warc-block-digest") != f"sha256:{self._block.hexdigest()}":
            return "内容与记录头中的校验值不符"
        return None
