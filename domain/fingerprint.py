"""Fingerprints of texts, by which near copies are found without comparing with every page.

Long texts: SimHash of 64 bits over 4-grams (at most 12 bits apart: an edited copy, measured in the design notes) and
one-permutation MinHash whose rows form eight keys; two texts that share a key are compared. Short advertisements: only
equal when squeezed to their letters. Digits do not count, so a mirror with another telephone number is a copy.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

#: Squeezed characters below which a text says too little to be compared.
MIN_LENGTH = 16
#: From this length on texts are compared approximately.
LONG = 120
#: Squeezed characters that are read.
MAX_LENGTH = 8000
#: Bits by which near copies may differ.
MAX_DISTANCE = 12

_GRAM = 4
_BANDS, _ROWS = 8, 4
_BINS = _BANDS * _ROWS
_LANE = 16
#: For each value of a byte, its bits spread over eight lanes of one big number: the bits of all grams are counted by adding.
_SPREAD = [sum(1 << (_LANE * bit) for bit in range(8) if byte >> bit & 1) for byte in range(256)]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Of one text. All numbers are signed 64-bit, as databases keep them."""

    simhash: int
    length: int
    """Squeezed characters (at most :data:`MAX_LENGTH`)."""
    keys: tuple[int, ...]
    """Texts that share one of them may be near copies."""


def squeeze(text: str) -> str:
    """Letters and hanzi of ``text`` only, lower case, at most :data:`MAX_LENGTH`."""
    return "".join(c for c in text[: MAX_LENGTH * 3].lower() if c.isalpha())[:MAX_LENGTH]


def fingerprint(text: str) -> Fingerprint | None:
    """Fingerprint of ``text``; None where it is too short."""
    squeezed = squeeze(text)
    if len(squeezed) < MIN_LENGTH:
        return None
    whole = _mixed(zlib.crc32(squeezed.encode()), len(squeezed))
    if len(squeezed) < LONG:
        return Fingerprint(_signed(whole), len(squeezed), (_signed(_mixed(whole & 0xFFFFFFFF, 0xFFFF)),))
    counts = [0] * 8
    bins = [0] * _BINS
    grams = {squeezed[i : i + _GRAM] for i in range(len(squeezed) - _GRAM + 1)}
    for gram in grams:
        value = _mixed(zlib.crc32(gram.encode()), 0)
        for place in range(8):
            counts[place] += _SPREAD[value >> (8 * place) & 0xFF]
        index = value % _BINS
        rest = (value >> 5) + 1
        if not bins[index] or rest < bins[index]:
            bins[index] = rest
    half = len(grams) / 2
    simhash = 0
    for place, total in enumerate(counts):
        for bit in range(8):
            if total >> (_LANE * bit) & 0xFFFF > half:
                simhash |= 1 << (8 * place + bit)
    keys = []
    for band in range(_BANDS):
        row = bins[band * _ROWS : (band + 1) * _ROWS]
        keys.append(_signed(_mixed(zlib.crc32(repr(row).encode()), band + 1)))
    return Fingerprint(_signed(simhash), len(squeezed), tuple(keys))


def near(one: Fingerprint, other: Fingerprint) -> int | None:
    """Bits by which near copies differ; None where the two are none."""
    if one.length < LONG or other.length < LONG:
        return 0 if one.simhash == other.simhash and one.length == other.length else None
    if not 0.5 <= one.length / other.length <= 2:
        return None
    distance = ((one.simhash ^ other.simhash) & 0xFFFFFFFFFFFFFFFF).bit_count()
    return distance if distance <= MAX_DISTANCE else None


def _mixed(value: int, salt: int) -> int:
    """64 well-mixed bits of a CRC (splitmix64's finish)."""
    value = (value + (salt + 1) * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return value ^ (value >> 31)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value
