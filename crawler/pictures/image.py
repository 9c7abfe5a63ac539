"""Bytes of a picture to upright frames without transparency. The bytes are hostile: every size is bounded before it is used."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageOps,
    ImageStat,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

#: Formats that are opened; SVG is no raster picture, the others are either rare on the web or have had too many holes.
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "AVIF")
#: Their decoders, named so that no other plugin need be loaded.
_DECODERS = (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)
#: Bytes of one picture.
MAX_BYTES = 10 * 1024 * 1024
#: Pixels a picture may claim: a phone's camera makes 12 to 50 million, a decompression bomb thousands of millions.
MAX_PIXELS = 64_000_000
#: Pixels that are kept; larger pictures are reduced. A long poster of 1080 x 20000 stays as it is.
KEPT_PIXELS = 24_000_000
#: Longest side that is kept.
MAX_SIDE = 30_000
#: Frames of an animation that are read, and that are looked at to find them.
MAX_FRAMES, FRAMES_LOOKED_AT = 3, 24
#: Mean difference of brightness (0–255) from which on a frame shows something else than those before.
_NEW_FRAME = 6.0


class BadPicture(Exception):
    """These bytes are no picture that can be read; the message is a Chinese sentence without full stop."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture ready to be read."""

    width: int
    """Of the upright picture as it is shown, in its own pixels."""
    height: int
    frames: tuple[Image.Image, ...]
    """RGB, upright; smaller than ``width`` × ``height`` where the picture was reduced."""
    numbers: tuple[int, ...]
    """Which frame of the animation each is, from 0."""
    incomplete: tuple[str, ...]
    animated: bool = False


def decode(data: bytes) -> Decoded:
    """Frames of a picture; raises :class:`BadPicture`."""
    if len(data) > MAX_BYTES:
        raise BadPicture(f"图片超过 {MAX_BYTES // 1024 // 1024} MB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of its own limit, which ours is below, and of odd metadata
            return _decode(data)
    except BadPicture:
        raise
    except Image.DecompressionBombError as error:  # from twice Pillow's own limit on, which is higher than ours
        raise BadPicture("图片尺寸超过上限") from error
    except Exception as error:  # decoders raise whatever they like for broken bytes
        raise BadPicture("图片损坏或格式不受支持") from error


def _decode(data: bytes) -> Decoded:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        if image.width * image.height > MAX_PIXELS or max(image.size) > MAX_SIDE:
            raise BadPicture(f"图片尺寸 {image.width}×{image.height} 超过上限")
        size = image.size
        if image.format == "JPEG" and image.width * image.height > KEPT_PIXELS:
            image.draft("RGB", (image.width // 2, image.height // 2))  # the decoder itself reduces, at no memory
        animated = bool(getattr(image, "is_animated", False)) and image.format != "MPO"
        frames: list[Image.Image] = []
        numbers: list[int] = []
        looked_at_all = True
        turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
        for number, frame in _frames(image, animated):
            if not frames or _differs(frames, frame):
                if len(frames) == MAX_FRAMES:
                    looked_at_all = False
                    break
                frames.append(frame)
                numbers.append(number)
        if animated and number == FRAMES_LOOKED_AT - 1:
            looked_at_all = False
        width, height = size[::-1] if turned else size
        incomplete = () if looked_at_all else (f"动图只识别了其中 {len(frames)} 帧",)
        return Decoded(width, height, tuple(frames), tuple(numbers), incomplete, animated)


def _frames(image: Image.Image, animated: bool) -> Iterator[tuple[int, Image.Image]]:
    # Frames must be decoded one after the other; large animations get fewer looks, so that the work stays the same.
    looks = max(1, min(FRAMES_LOOKED_AT, 2 * MAX_PIXELS // (image.width * image.height))) if animated else 1
    for number in range(looks):
        if number:
            try:
                image.seek(number)
            except EOFError:
                return
        yield number, _upright(image)


def _upright(image: Image.Image) -> Image.Image:
    image.load()
    pixels = image.width * image.height
    if pixels > KEPT_PIXELS:
        shrink = (KEPT_PIXELS / pixels) ** 0.5
        image = image.convert("RGBA" if image.has_transparency_data else "RGB").resize(
            (max(1, int(image.width * shrink)), max(1, int(image.height * shrink))), Image.Resampling.BOX
        )
    return _flattened(ImageOps.exif_transpose(image))


def _flattened(image: Image.Image) -> Image.Image:
    """Without transparency, on a ground that its own colours stand out from."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    opaque = image.getchannel("A")
    if opaque.getextrema()[0] == 255:
        return image.convert("RGB")
    mask = opaque.point(lambda value: 255 if value > 127 else 0)
    bright = ImageStat.Stat(image.convert("L"), mask).mean[0] if mask.getbbox() else 0
    ground = Image.new("RGBA", image.size, (40, 40, 40, 255) if bright > 140 else (255, 255, 255, 255))
    return Image.alpha_composite(ground, image).convert("RGB")


def _differs(frames: list[Image.Image], frame: Image.Image) -> bool:
    small = _small(frame)
    return all(
        sum(abs(a - b) for a, b in zip(_small(known), small, strict=True)) / len(small) > _NEW_FRAME for known in frames
    )


def _small(frame: Image.Image) -> bytes:
    return frame.convert("L").resize((32, 32), Image.Resampling.BOX).tobytes()
