"""图片: what was read in one picture, where in it, and by what."""

from __future__ import annotations

from dataclasses import dataclass

#: (left, top, width, height, frame): whole pixels of the upright picture; the frame of an animation counts from 0.
Box = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class PictureLine:
    """One line of words in a picture."""

    text: str
    score: float
    """The reader's own certainty, 0–1."""
    box: Box


@dataclass(frozen=True, slots=True)
class PictureCode:
    """One QR code in a picture. Its content is kept and shown; nothing follows it by itself."""

    text: str
    box: Box


@dataclass(frozen=True, slots=True)
class PictureReading:
    """What one reader read in one picture. Depends on the picture's bytes and the reader only."""

    sha256: str
    """Hex, of the picture's bytes."""
    reader: str
    """Name and version of what read it, e.g. ``rapidocr-3.10.0/1``."""
    width: int
    height: int
    lines: tuple[PictureLine, ...] = ()
    codes: tuple[PictureCode, ...] = ()
    incomplete: tuple[str, ...] = ()
    """What of it was not read and why, Chinese sentences without full stop."""
    same_as: str | None = None
    """SHA-256 of the picture that was read in its place, where this one is nearly the same."""


@dataclass(frozen=True, slots=True)
class PictureRef:
    """Which picture a segment was read from, and where in it: one box for each line of the segment's text."""

    url: str
    """As the page names it; ``data:`` pictures by type and hash, see :mod:`crawler.pictures.choice`."""
    sha256: str
    width: int
    height: int
    boxes: tuple[Box, ...]

    def place(self, text: str, start: int, end: int) -> PicturePlace:
        """Where ``text[start:end]`` stands; ``text`` is the segment's."""
        first = text.count("\n", 0, start)
        last = first + text.count("\n", start, end)
        boxes = self.boxes[first : last + 1]
        if not boxes:
            return PicturePlace(self.url, self.sha256, self.width, self.height, (0, 0, self.width, self.height, 0))
        frame = boxes[0][4]
        boxes = tuple(box for box in boxes if box[4] == frame)
        left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
        right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
        return PicturePlace(
            self.url, self.sha256, self.width, self.height, (left, top, right - left, bottom - top, frame)
        )


@dataclass(frozen=True, slots=True)
class PicturePlace:
    """Where in a picture a claim stands."""

    url: str
    sha256: str
    width: int
    height: int
    box: Box


@dataclass(frozen=True, slots=True)
class PictureLook:
    """What is seen of a picture before it is read: enough to know it again."""

    width: int
    height: int
    frames: int
    hash: int
    """64-bit difference hash of its first frame."""
    signature: bytes
    """Mean brightness of 64 × 64 fields, row by row; empty where the picture cannot be compared that way."""
