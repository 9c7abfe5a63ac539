"""Frames to lines of words and QR codes. Models come with the ``ocr`` extra; nothing is ever downloaded."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import zxingcpp
from PIL import Image

from crawler.pictures.image import Decoded
from domain.picture import Box, PictureCode, PictureLine, PictureReading

#: Raise when what is made of a picture changes: kept pages' pictures are then read again, within each run's budget.
REVISION = 1
#: Parts a picture is read in: the detector reduces whatever is larger, and small print would be lost.
TILE, OVERLAP = 1600, 200
#: Parts of one picture that are read.
MAX_TILES = 24
#: Pictures below these bounds hold no line of words worth reading; a QR code may be smaller.
MIN_SIDE, MIN_AREA = 32, 8_000
#: Certainty below which a line is left out: what remains there is mostly ornament.
MIN_SCORE = 0.6
MAX_LINES, MAX_CODES = 400, 20
_CODE_SIDE = 2400
_QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
_MODELS = ("PP-OCRv6_det_small", "PP-OCRv6_rec_small", "cls_mobile")

WITHOUT_OCR = "图片文字未识别：未安装文字识别组件（zhengxun[ocr]）"


def missing() -> str | None:
    """Chinese reason why words in pictures cannot be read here, or None. Costs no import of the engine."""
    for module, package in (("rapidocr", "rapidocr"), ("onnxruntime", "onnxruntime")):
        if find_spec(module) is None:
            return f"未安装 {package}（pip install 'zhengxun[ocr]'）"
    folder = models_folder()
    absent = [name for name in _MODELS if not any(folder.glob(f"*{name}*.onnx"))]
    if absent:
        return f"{folder} 缺少识别模型 {'、'.join(absent)}，请重新安装 rapidocr"
    return None


def models_folder() -> Path:
    """Where the engine's own models lie."""
    spec = find_spec("rapidocr")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "models"


def reader_name() -> str:
    """Name and version of what reads pictures here: of the OCR engine, or of the QR decoder where there is no other."""
    if missing() is None:
        try:
            return f"rapidocr-{version('rapidocr')}/{REVISION}"
        except PackageNotFoundError:
            return f"rapidocr/{REVISION}"
    return f"qr/{REVISION}"


class PictureReader:
    """Reads pictures; holds the engine's models (about 500 MB), so one per process."""

    def __init__(self, words: bool = True, threads: int = 1) -> None:
        """``words``: False reads QR codes only, as where :func:`missing` says that the engine is not there."""
        self.name = reader_name() if words else f"qr/{REVISION}"
        self._engine: Any = None
        if words:
            from rapidocr import RapidOCR

            logging.getLogger("RapidOCR").setLevel(logging.ERROR)
            self._engine = RapidOCR(
                params={
                    "Global.log_level": "error",
                    "Global.max_side_len": TILE + 64,
                    "Global.text_score": MIN_SCORE,
                    "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                }
            )

    def read(self, sha256: str, picture: Decoded) -> PictureReading:
        """All that stands in a picture. Lines of later frames that say what an earlier one said are left out."""
        incomplete = list(picture.incomplete)
        lines: list[PictureLine] = []
        codes: dict[str, PictureCode] = {}
        said: set[str] = set()
        legible = min(picture.width, picture.height) >= MIN_SIDE and picture.width * picture.height >= MIN_AREA
        for frame, number in zip(picture.frames, picture.numbers, strict=True):
            scale = picture.width / frame.width
            for code in _codes(frame, scale, number):
                codes.setdefault(code.text, code)
            if not legible or self._engine is None:
                continue
            found, whole = self._lines(frame, scale, number)
            if not whole and "图片过大，只识别了其中一部分" not in incomplete:
                incomplete.append("图片过大，只识别了其中一部分")
            lines += [line for line in found if line.text not in said]
            said.update(line.text for line in found)
        if legible and self._engine is None:
            incomplete.append(WITHOUT_OCR)
        if len(lines) > MAX_LINES:
            incomplete.append(f"图片文字超过 {MAX_LINES} 行，其余未采用")
        return PictureReading(
            sha256,
            self.name,
            picture.width,
            picture.height,
            tuple(lines[:MAX_LINES]),
            tuple(codes.values())[:MAX_CODES],
            tuple(incomplete),
        )

    def _lines(self, frame: Image.Image, scale: float, number: int) -> tuple[list[PictureLine], bool]:
        import numpy as np

        kept: list[_Found] = []
        tiles = list(_tiles(frame.width, frame.height))
        for tile in tiles[:MAX_TILES]:
            pixels = np.asarray(frame.crop((tile.left, tile.top, tile.right, tile.bottom)))[:, :, ::-1]
            result = self._engine(np.ascontiguousarray(pixels))
            if result.boxes is None or result.txts is None:
                continue
            for quad, text, score in zip(result.boxes, result.txts, result.scores, strict=True):
                words = " ".join(text.split())
                if words:
                    _add(kept, tile.found(quad, words, float(score)))
        kept.sort(key=lambda found: found.tile)  # stable: within a tile the engine's order, top to bottom
        return [found.line(scale, number) for found in kept], len(tiles) <= MAX_TILES


@dataclass(frozen=True, slots=True)
class _Found:
    text: str
    score: float
    left: float
    top: float
    right: float
    bottom: float
    tile: int
    cut: bool
    """Touches a side where its tile was cut off from the next: its words may be cut off, too."""

    def line(self, scale: float, frame: int) -> PictureLine:
        return PictureLine(
            self.text, round(self.score, 3), _box(self.left, self.top, self.right, self.bottom, scale, frame)
        )

    def covers(self, other: _Found) -> bool:
        """Whether the two share most of the smaller one's area."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        if width <= 0 or height <= 0:
            return False
        smaller = min(
            (self.right - self.left) * (self.bottom - self.top), (other.right - other.left) * (other.bottom - other.top)
        )
        return width * height > 0.5 * smaller


@dataclass(frozen=True, slots=True)
class _Tile:
    number: int
    left: int
    top: int
    right: int
    bottom: int
    inner: tuple[bool, bool, bool, bool]
    """Whether left, top, right, bottom are cuts inside the picture."""

    def found(self, quad: Any, text: str, score: float) -> _Found:
        xs, ys = [float(x) for x, _ in quad], [float(y) for _, y in quad]
        left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
        near = (left < 6, top < 6, right > self.right - self.left - 6, bottom > self.bottom - self.top - 6)
        cut = any(inner and close for inner, close in zip(self.inner, near, strict=True))
        return _Found(
            text, score, left + self.left, top + self.top, right + self.left, bottom + self.top, self.number, cut
        )


def _tiles(width: int, height: int) -> Iterator[_Tile]:
    number = 0
    for top, bottom in _spans(height):
        for left, right in _spans(width):
            inner = (left > 0, top > 0, right < width, bottom < height)
            yield _Tile(number, left, top, right, bottom, inner)
            number += 1


def _spans(length: int) -> list[tuple[int, int]]:
    """Parts of one side, each at most a tile long, overlapping, of about the same length."""
    if length <= TILE:
        return [(0, length)]
    count = -(-(length - OVERLAP) // (TILE - OVERLAP))
    step = (length - TILE) / (count - 1)
    return [(round(step * n), round(step * n) + TILE) for n in range(count)]


def _add(kept: list[_Found], new: _Found) -> None:
    """Keep one of two readings of the same place: the uncut one, else the longer one."""
    for place, old in enumerate(kept):
        if old.tile != new.tile and old.covers(new):
            if (not new.cut, len(new.text)) > (not old.cut, len(old.text)):
                kept[place] = new
            return
    kept.append(new)


def _codes(frame: Image.Image, scale: float, number: int) -> Iterator[PictureCode]:
    reduced = frame.convert("L")
    longest = max(reduced.size)
    if longest > _CODE_SIDE:
        # A long poster is not made smaller than its width needs: codes stand in a part of it.
        shrink = min(1.0, max(_CODE_SIDE / longest, 1000 / min(reduced.size)))
        reduced = reduced.resize((max(1, int(reduced.width * shrink)), max(1, int(reduced.height * shrink))))
    by = frame.width / reduced.width * scale
    for code in zxingcpp.read_barcodes(reduced, formats=_QR):
        if not code.text:
            continue
        corners = (
            code.position.top_left,
            code.position.top_right,
            code.position.bottom_left,
            code.position.bottom_right,
        )
        xs, ys = [corner.x for corner in corners], [corner.y for corner in corners]
        yield PictureCode(code.text[:4000], _box(min(xs), min(ys), max(xs), max(ys), by, number))


def _box(left: float, top: float, right: float, bottom: float, scale: float, frame: int) -> Box:
    return (
        round(left * scale),
        round(top * scale),
        max(1, round((right - left) * scale)),
        max(1, round((bottom - top) * scale)),
        frame,
    )
