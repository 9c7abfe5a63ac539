"""Content codings: what servers send is read, what would blow up is stopped early."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import brotli
import pytest

from crawler.decoding import BadCoding, TooLarge, decode_body

BODY = ("职业技能培训" * 3000).encode() + bytes(range(256)) * 40
LIMIT = 1 << 20


def _quick_brotli(body: bytes) -> bytes:
    return brotli.compress(body, quality=1)


@pytest.mark.parametrize(
    ("coded", "coding"),
    [
        (BODY, None),
        (BODY, "identity"),
        (gzip.compress(BODY), "gzip"),
        (gzip.compress(BODY), "X-GZIP"),
        (gzip.compress(BODY[:9]) + gzip.compress(BODY[9:]), "gzip"),
        (gzip.compress(BODY) + b"trailing", "gzip"),
        (zlib.compress(BODY), "deflate"),
        (zlib.compress(BODY)[2:-4], "deflate"),
        (brotli.compress(BODY), "br"),
        (brotli.compress(gzip.compress(BODY)), "gzip, br"),
        (BODY, "gzip"),
    ],
)
def test_decodes(coded: bytes, coding: str | None) -> None:
    """All codings we ask for, several members, raw deflate, layers, and plain bodies labelled as packed."""
    assert decode_body(coded, coding, limit=LIMIT) == BODY


@pytest.mark.parametrize(
    ("pack", "coding"), [(gzip.compress, "gzip"), (zlib.compress, "deflate"), (_quick_brotli, "br")]
)
def test_bombs_are_stopped_before_they_fill_memory(pack: object, coding: str) -> None:
    """A hundred megabytes of zeros cost a few."""
    bomb = pack(b"\0" * (100 << 20))  # type: ignore[operator]
    tracemalloc.start()
    with pytest.raises(TooLarge):
        decode_body(bomb, coding, limit=16 << 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 << 20


@pytest.mark.parametrize(
    ("body", "coding"), [(b"x", "zstd2"), (b"\x1f\x8b\x08bad", "gzip"), (b"bad", "br"), (b"x", "gzip,gzip,gzip,gzip")]
)
def test_damage_is_named(body: bytes, coding: str) -> None:
    """Unknown codings, damaged data and too many layers are no pages."""
    with pytest.raises(BadCoding):
        decode_body(body, coding, limit=LIMIT)
