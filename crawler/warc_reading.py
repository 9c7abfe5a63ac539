"""Reading single records back from WARC files, by reference, with every size bounded.

The files are ours, but whoever may change them can make them anything: nothing here trusts a length that it reads.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from crawler.warc import locate
from domain.crawl import WarcRef
from domain.errors import EvidenceDamaged

#: Bytes of one record after decompression, unless the caller says otherwise: the largest body a setting allows (320 MiB
#: after decompression is never stored, bodies are kept as received) with room for its headers.
MAX_RECORD = 256 * 1024 * 1024
_CHUNK = 256 * 1024
_MAX_HEAD = 64 * 1024


@dataclass(frozen=True, slots=True)
class Record:
    """One WARC record: its named fields (names lower case) and its block."""

    fields: Mapping[str, str]
    block: bytes

    @property
    def type(self) -> str:
        """``response``, ``request``, ``resource``, ``warcinfo`` …"""
        return self.fields.get("warc-type", "")

    @property
    def payload(self) -> bytes:
        """The body: of a response or request what follows the HTTP headers, else the whole block."""
        if self.fields.get("content-type", "").startswith("application/http"):
            return self.block.partition(b"\r\n\r\n")[2]
        return self.block

    @property
    def http_head(self) -> bytes:
        """First line and headers of a response or request; empty for other records."""
        if self.fields.get("content-type", "").startswith("application/http"):
            return self.block.partition(b"\r\n\r\n")[0]
        return b""


def read_record(folder: Path, ref: WarcRef, limit: int = MAX_RECORD) -> Record:
    """The record at ``ref`` in an evidence folder, whether its file is closed or still being written.

    Raises :class:`FileNotFoundError` where the file is missing, and :class:`EvidenceDamaged` where there is no whole
    record of that id, or one of more than ``limit`` bytes.
    """
    with locate(folder, ref.file).open("rb") as file:
        file.seek(ref.offset)
        record = parse(_member(file, ref, limit), ref.file, ref.offset)
    if record.fields.get("warc-record-id") != ref.record_id:
        raise EvidenceDamaged(f"证据文件 {ref.file} 偏移 {ref.offset} 处不是所引用的记录 {ref.record_id}。")
    return record


def read_payload(folder: Path, ref: WarcRef, limit: int = MAX_RECORD) -> bytes:
    """The body of the record at ``ref``, as it was received; see :func:`read_record`."""
    return read_record(folder, ref, limit).payload


def _member(file: BinaryIO, ref: WarcRef, limit: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    parts: list[bytes] = []
    size = 0
    while not unpacker.eof:
        data = unpacker.unconsumed_tail or file.read(_CHUNK)
        if not data:
            raise EvidenceDamaged(f"证据文件 {ref.file} 偏移 {ref.offset} 处的记录不完整。")
        try:
            part = unpacker.decompress(data, limit + 1 - size)
        except zlib.error as error:
            raise EvidenceDamaged(f"证据文件 {ref.file} 偏移 {ref.offset} 处的记录已损坏。") from error
        parts.append(part)
        size += len(part)
        if size > limit:
            raise EvidenceDamaged(f"证据文件 {ref.file} 偏移 {ref.offset} 处的记录超过 {limit} 字节。")
    return b"".join(parts)


def parse(data: bytes, file: str, offset: int) -> Record:
    """A record from its bytes; ``file`` and ``offset`` are for the message of :class:`EvidenceDamaged`."""
    head, blank, rest = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    if not blank or len(head) > _MAX_HEAD or lines[0] != b"WARC/1.1":
        raise EvidenceDamaged(f"证据文件 {file} 偏移 {offset} 处不是 WARC 记录。")
    fields: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.decode("utf-8", "replace").partition(":")
        if not colon or name.lower() in fields:
            raise EvidenceDamaged(f"证据文件 {file} 偏移 {offset} 处的记录头有误。")
        fields[name.lower()] = value.strip()
    length = fields.get("content-length", "")
    if len(length) > 15 or not length.isascii() or not length.isdigit() or rest[int(length) :] != b"\r\n\r\n":
        raise EvidenceDamaged(f"证据文件 {file} 偏移 {offset} 处的记录长度与记录头不符。")
    return Record(fields, rest[: int(length)])
