"""Knowing a picture again that was saved in another size or quality, so that it is not read twice.

Two pictures are the same where (1) their shapes differ by less than 2 %, (2) their difference hashes (64 bits) differ in
at most :data:`HASH_DISTANCE` bits, and (3) in none of 64 × 64 fields the mean brightness differs by more than
:data:`FIELD_DISTANCE` of 255. The hash finds candidates fast; the fields decide, because posters of one template have
the same hash, and one other character in them can be the whole claim (benchmarks/pictures.py measures both sides).
Pictures longer than four times their width, and animations, are known again by their bytes only.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from crawler.pictures.image import Decoded
from domain.picture import PictureLook

HASH_DISTANCE = 6
FIELD_DISTANCE = 5
FIELDS = 64
_LONGEST = 4.0


def look_at(picture: Decoded) -> PictureLook:
    """Hash and fields of a picture."""
    grey = picture.frames[0].convert("L")
    shape = max(picture.width, picture.height) / max(1, min(picture.width, picture.height))
    comparable = not picture.animated and shape <= _LONGEST
    fields = grey.resize((FIELDS, FIELDS), Image.Resampling.BILINEAR).tobytes() if comparable else b""
    return PictureLook(picture.width, picture.height, len(picture.frames), _difference_hash(grey), fields)


def _difference_hash(grey: Image.Image) -> int:
    """One bit for each of 8 × 8 fields: whether it is clearly brighter than its right neighbour."""
    small = np.asarray(grey.resize((9, 8), Image.Resampling.BOX), dtype=np.int16)
    # A margin, because in plain areas the noise of JPEG would decide.
    bits = (small[:, :-1] - small[:, 1:]) > 2
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def is_same(first: PictureLook, second: PictureLook) -> bool:
    """Whether what was read in one counts for the other; see the module."""
    if not first.signature or not second.signature or _shapes_differ(first, second):
        return False
    if (first.hash ^ second.hash).bit_count() > HASH_DISTANCE:
        return False
    a = np.frombuffer(first.signature, np.uint8).astype(np.int16)
    b = np.frombuffer(second.signature, np.uint8).astype(np.int16)
    return len(a) == len(b) and int(np.abs(a - b).max()) <= FIELD_DISTANCE


def near(hashes: np.ndarray, wanted: int) -> np.ndarray:
    """Places in ``hashes`` (uint64) that differ from ``wanted`` in at most :data:`HASH_DISTANCE` bits."""
    return np.flatnonzero(np.bitwise_count(hashes ^ np.uint64(wanted)) <= HASH_DISTANCE)


def _shapes_differ(first: PictureLook, second: PictureLook) -> bool:
    a, b = first.width * second.height, second.width * first.height
    return abs(a - b) > 0.02 * max(a, b)
