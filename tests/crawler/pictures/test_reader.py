"""Words and QR codes in pictures, read by the real engine, which is loaded once."""

from __future__ import annotations

import os
import re

import pytest
from PIL import Image

from crawler.pictures.image import decode
from crawler.pictures.reader import PictureReader, missing
from domain.picture import PictureReading
from tests.posters import CLAIMS, HAVE_FONTS, draw, encode, gallery, share_read

pytestmark = pytest.mark.skipif(
    bool(missing() or not HAVE_FONTS) and not os.environ.get("CI"), reason="the ocr extra or Noto's fonts are not here"
)


@pytest.fixture(scope="module")
def reader() -> PictureReader:
    """The engine with its models."""
    return PictureReader()


def read(reader: PictureReader, image: Image.Image, kind: str = "png") -> PictureReading:
    """A reading of a drawn picture."""
    return reader.read("0" * 64, decode(encode(image, kind)))


@pytest.mark.parametrize("number", [1, 5, 6, 7])
def test_posters(reader: PictureReader, number: int) -> None:
    """Tilted, small, on gradients and photographs, vertical, JPEG of quality 30: 95 % of the characters, and the codes."""
    poster = gallery(number)[0]
    found = reader.read("0" * 64, decode(poster.data))
    right, all_ = share_read(found, poster.lines)
    assert right >= 0.95 * all_
    assert [code.text for code in found.codes] == ([poster.code] if poster.code else [])


def test_long_posters_are_read_in_parts_and_each_line_once(reader: PictureReader) -> None:
    """A line on the cut between two parts is neither lost nor doubled; boxes count in the whole picture."""
    lines = tuple(f"第{n}项 全国通用证书编号{n:03d}" for n in range(1, 31))
    image = draw(2, lines, sizes=(40,), width=700)
    assert image.height > 2000
    found = read(reader, image)
    words = [re.sub(r"\s", "", line.text) for line in found.lines]
    assert words == [re.sub(r"\s", "", line) for line in lines]
    tops = [line.box[1] for line in found.lines]
    assert tops == sorted(tops)
    assert 2000 < tops[-1] < image.height


def test_a_code_alone_and_a_picture_without_words(reader: PictureReader) -> None:
    """A QR code in a corner says where it stands; a plain picture says nothing, completely."""
    found = read(reader, draw(3, CLAIMS[3][:1], code="weixin://abc"))
    (code,) = found.codes
    left, _, width, height, frame = code.box
    assert (code.text, frame) == ("weixin://abc", 0)
    assert left < 120
    assert abs(width - height) < 8
    plain = read(reader, Image.new("RGB", (300, 200), "navy"))
    assert (plain.lines, plain.codes, plain.incomplete) == ((), (), ())
