"""Small copies of pictures for people: re-encoded from pixels, so that nothing of the hostile file itself is passed on."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from crawler.pictures.image import Decoded
from domain.picture import Box

#: Pixels of a small copy, and its quality as JPEG: some 20 to 60 kB.
WIDTH, HEIGHT, QUALITY = 480, 720, 72
#: Of a poster longer than this many times its width only the part around the claims is shown.
_LONGEST = 1.5
#: Of a screenshot: so small that numbers and QR codes in it cannot be read, large enough to tell the page by; some 5 kB.
PREVIEW_WIDTH, PREVIEW_HEIGHT, _PREVIEW_QUALITY = 160, 240, 60
_FRAME, _COVER = (208, 0, 0), (150, 150, 150)


def draw(picture: Decoded, frames: Sequence[Box], covers: Sequence[Box]) -> bytes:
    """JPEG of a picture with ``frames`` framed and ``covers`` (personal data) painted over; at most 480 × 720 pixels.

    Shows the frame of an animation in which the first of ``frames`` stands.
    """
    number = frames[0][4] if frames else 0
    place = picture.numbers.index(number) if number in picture.numbers else 0
    image = picture.frames[place].copy()
    scale = image.width / picture.width
    pen = ImageDraw.Draw(image)
    for box in covers:
        if box[4] == number:
            pen.rectangle(_corners(box, scale, 2), fill=_COVER)
    shown = [_corners(box, scale, 4) for box in frames if box[4] == number]
    image, (left, top) = _part(image, shown)
    factor = min(1.0, WIDTH / image.width, HEIGHT / image.height)
    small = image.resize(
        (max(1, round(image.width * factor)), max(1, round(image.height * factor))), Image.Resampling.LANCZOS
    )
    pen = ImageDraw.Draw(small)
    for corners in shown:
        x0, y0, x1, y1 = corners
        pen.rectangle(
            ((x0 - left) * factor, (y0 - top) * factor, (x1 - left) * factor, (y1 - top) * factor),
            outline=_FRAME,
            width=3,
        )
    out = io.BytesIO()
    small.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def preview(picture: Decoded) -> bytes:
    """JPEG of the top of a screenshot, at most 160 × 240 pixels: what the page looks like, not what it says."""
    image = picture.frames[0]
    image = image.crop((0, 0, image.width, min(image.height, image.width * PREVIEW_HEIGHT // PREVIEW_WIDTH or 1)))
    image.thumbnail((PREVIEW_WIDTH, PREVIEW_HEIGHT), Image.Resampling.BOX)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_PREVIEW_QUALITY, optimize=True)
    return out.getvalue()


def _part(
    image: Image.Image, shown: Sequence[tuple[float, float, float, float]]
) -> tuple[Image.Image, tuple[int, int]]:
    """The part of a picture that is shown, and where in it that begins."""
    width, height = image.size
    longest = round(width * _LONGEST)
    if height <= longest or not shown:
        return image, (0, 0)
    middle = (min(y0 for _, y0, _, _ in shown) + min(max(y1 for *_, y1 in shown), shown[0][3] + longest)) / 2
    top = round(min(max(0.0, middle - longest / 2), height - longest))
    return image.crop((0, top, width, top + longest)), (0, top)


def _corners(box: Box, scale: float, margin: int) -> tuple[float, float, float, float]:
    left, top, width, height, _ = box
    return (
        left * scale - margin,
        top * scale - margin,
        (left + width) * scale + margin,
        (top + height) * scale + margin,
    )
