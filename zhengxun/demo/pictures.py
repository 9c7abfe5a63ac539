"""Pictures of the sample sites: made from their names when asked for, and the one poster that has words."""

from __future__ import annotations

import struct
import zlib
from hashlib import sha256
from importlib.resources import files


def png(name: str, width: int = 96, height: int = 54) -> bytes:
    """A PNG with two bands whose colours follow from ``name`` (PNG specification, colour type 2, 8 bit)."""
    digest = sha256(name.encode()).digest()
    upper, lower = digest[:3], digest[3:6]
    rows = b"".join(b"\x00" + (upper if y < height * 2 // 3 else lower) * width for y in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def poster() -> bytes:
    """A poster whose words and QR code stand only in the picture. Kept as a file, because not every machine has Chinese
    fonts; drawn for this project."""
    return files(__package__).joinpath("sites", "poster.png").read_bytes()
