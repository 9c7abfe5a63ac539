"""Content codings undone within bounds (RFC 9110, 8.4.1): a few kilobytes must not become gigabytes in memory."""

from __future__ import annotations

import zlib

import brotli

_CHUNK = 64 * 1024
#: From this size on the ratio counts: a small page of blanks may shrink a lot.
_RATIO_FROM = 1024 * 1024
#: HTML written by people shrinks to a fifth to a twentieth, generated tables to a fiftieth.
_RATIO = 100
#: Codings on top of each other; no server in use sends more than two.
_MAX_LAYERS = 3


class TooLarge(Exception):
    """More bytes than allowed; ``args[0]`` is the number reached."""


class BadCoding(Exception):
    """The bytes are not what Content-Encoding says."""


def decode_body(body: bytes, codings: str | None, *, limit: int) -> bytes:
    """Undo the comma separated ``codings`` of a Content-Encoding header, last one first.

    Raises :class:`TooLarge` beyond ``limit`` bytes or for a bomb (over 1 MiB and 100 times the size received), and
    :class:`BadCoding` for damaged data or an unknown coding.
    """
    names = [name.strip().lower() for name in (codings or "").split(",")]
    layers = [name for name in names if name and name != "identity"]
    if len(layers) > _MAX_LAYERS:
        raise BadCoding(f"{len(layers)} codings")
    for name in reversed(layers):
        if name in ("gzip", "x-gzip"):
            body = _gunzip(body, limit) if body[:2] == b"\x1f\x8b" else body  # servers label plain bodies as gzip
        elif name == "deflate":
            body = _inflate_either(body, limit)
        elif name == "br":
            body = _unbrotli(body, limit)
        else:
            raise BadCoding(name)
    return body


def _check(size: int, received: int, limit: int) -> None:
    if size > limit or (size > _RATIO_FROM and size > _RATIO * received):
        raise TooLarge(size)


def _gunzip(body: bytes, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    rest = body
    while rest[:2] == b"\x1f\x8b":  # members may follow each other (RFC 1952, 2.2)
        inflater = zlib.decompressobj(wbits=31)
        size = _run(inflater, rest, parts, size, len(body), limit)
        rest = inflater.unused_data
    return b"".join(parts)


def _inflate_either(body: bytes, limit: int) -> bytes:
    parts: list[bytes] = []
    try:
        _run(zlib.decompressobj(), body, parts, 0, len(body), limit)
    except BadCoding:  # some servers send the raw stream without zlib's header
        parts.clear()
        _run(zlib.decompressobj(wbits=-15), body, parts, 0, len(body), limit)
    return b"".join(parts)


def _run(inflater: zlib._Decompress, data: bytes, parts: list[bytes], size: int, received: int, limit: int) -> int:
    try:
        while True:
            part = inflater.decompress(data, _CHUNK)
            size += len(part)
            _check(size, received, limit)
            parts.append(part)
            data = inflater.unconsumed_tail
            if inflater.eof or (not data and len(part) < _CHUNK):
                break
    except zlib.error as error:
        if not size:
            raise BadCoding(str(error)) from error
        # A damaged tail: browsers show what came before it, and so do we read it.
    if not size and not inflater.eof:
        raise BadCoding("nothing but a beginning")
    return size


def _unbrotli(body: bytes, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    decompressor = brotli.Decompressor()
    try:
        part = decompressor.process(body, output_buffer_limit=_CHUNK)
        while part:
            size += len(part)
            _check(size, len(body), limit)
            parts.append(part)
            part = b"" if decompressor.is_finished() else decompressor.process(b"", output_buffer_limit=_CHUNK)
    except brotli.error as error:
        if not size:
            raise BadCoding(str(error)) from error
    if not size and not decompressor.is_finished():
        raise BadCoding("nothing but a beginning")
    return b"".join(parts)
