"""Pictures of the sample sites: made from their names when asked for, so that the repository holds none."""

from __future__ import annotations

import struct
import zlib
from hashlib import sha256
from html import escape


def png(name: str, width: int = 96, height: int = 54) -> bytes:
    """A PNG with two bands whose colours follow from ``name`` (PNG specification, colour type 2, 8 bit)."""
    digest = sha256(name.encode()).digest()
    upper, lower = digest[:3], digest[3:6]
    rows = b"".join(b"\x00" + (upper if y < height * 2 // 3 else lower) * width for y in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def svg_poster(lines: list[str]) -> bytes:
    """A poster whose words stand only in the picture."""
    text = "".join(
        f'<text x="30" y="{80 + 60 * n}" font-size="36">{escape(line)}</text>' for n, line in enumerate(lines)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="800"><rect width="600" height="800" fill="#c00"/>'
        f'<g fill="#ff0">{text}</g></svg>'
    ).encode()
