"""Opening hostile pictures, choosing which to fetch, and knowing one again: no reader of words needed."""

from __future__ import annotations

import io
import os
import signal
import struct
import zlib

import pytest
from PIL import Image, ImageDraw

from crawler.pictures.choice import identity, looks_like_picture, worth_fetching
from crawler.pictures.image import MAX_FRAMES, BadPicture, decode
from crawler.pictures.sameness import is_same, look_at
from crawler.pictures.thumbnail import HEIGHT, PREVIEW_HEIGHT, PREVIEW_WIDTH, WIDTH, draw, preview
from crawler.pictures.worker import PictureWorker, Unreadable
from domain.picture import PictureLook
from tests.posters import CLAIMS, HAVE_FONTS, encode
from tests.posters import draw as draw_poster


def png_head(width: int, height: int) -> bytes:
    """The beginning of a PNG that claims to be of this size, with hardly any data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """Bytes of a picture."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (png_head(60_000, 60_000), "尺寸超过上限"),
        (png_head(400_000, 10), "超过上限"),
        (png_head(500, 500), "损坏"),
        (b"", "损坏"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 500, "损坏"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><text>x</text></svg>', "损坏或格式不受支持"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "格式不受支持"),
        (b"\0" * (10 * 1024 * 1024 + 1), "超过 10 MB"),
    ],
    ids=["bomb", "thread", "cut off", "nothing", "no jpeg", "svg", "postscript", "too many bytes"],
)
def test_hostile_bytes_are_refused_before_they_are_decoded(data: bytes, why: str) -> None:
    """Each with a reason in Chinese; formats that need other programs are never opened."""
    with pytest.raises(BadPicture, match=why):
        decode(data)


def test_frames_that_show_something_new_are_read_and_no_more() -> None:
    """Of an animation at most three, one for each thing it shows; the rest is said to be unread."""
    frames = [Image.new("RGB", (200, 100), (80 * (n // 2), 40, 200 - 50 * (n // 2))) for n in range(10)]
    two = decode(saved(frames[0], "GIF", save_all=True, append_images=frames[1:4], duration=100))
    assert (two.numbers, two.incomplete) == ((0, 2), ()) or len(two.frames) == 2
    many = decode(saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100))
    assert len(many.frames) == MAX_FRAMES
    assert many.incomplete == ("动图只识别了其中 3 帧",)


def test_photographs_stand_upright_and_transparency_is_filled() -> None:
    """EXIF's turn is undone; white letters on nothing stay legible."""
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = decode(saved(Image.new("RGB", (300, 100)), "JPEG", exif=exif))
    assert (turned.width, turned.height, turned.frames[0].size) == (100, 300, (100, 300))
    clear = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    ImageDraw.Draw(clear).rectangle((20, 20, 80, 80), fill=(255, 255, 255, 255))
    shown = decode(saved(clear, "PNG")).frames[0].convert("L")
    assert shown.getpixel((50, 50)) - shown.getpixel((2, 2)) > 100  # type: ignore[operator]


@pytest.mark.skipif(not HAVE_FONTS and not os.environ.get("CI"), reason="Noto's fonts are not installed")
def test_a_resaved_poster_is_the_same_and_another_word_is_not() -> None:
    """Size and quality do not matter; one other character does."""
    poster = draw_poster(1, CLAIMS[0])
    look = look_at(decode(encode(poster)))
    small = poster.resize((poster.width * 4 // 5, poster.height * 4 // 5), Image.Resampling.LANCZOS)
    assert is_same(look, look_at(decode(saved(small, "JPEG", quality=85))))
    for place in range(len(CLAIMS[0])):
        lines = list(CLAIMS[0])
        lines[place] = lines[place][:-1] + "不"
        assert not is_same(look, look_at(decode(encode(draw_poster(1, tuple(lines)))))), lines[place]


def test_ornaments_are_not_fetched_and_the_limit_is_told() -> None:
    """Icons, placeholders, portraits, counters and vector graphics are passed over; a QR code and a logo are not."""
    images = [
        "https://a.cn/img/loading.gif",
        "https://a.cn/favicon.ico",
        "https://a.cn/i/avatar.jpg",
        "https://a.cn/btn_2.png",
        "https://hm.baidu.com/hm.gif?si=1",
        "https://a.cn/logo.svg",
        "https://a.cn/qrcode.png",
        "https://a.cn/logo.png",
        "data:image/png;sha256=00",
        "https://a.cn/qrcode.png",
    ]
    assert worth_fetching(images, 2) == (("https://a.cn/qrcode.png", "https://a.cn/logo.png"), 1)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("https://p1.x.com/202401/abc/1040g2sg30vq.jpg!nd", "http://p9.x.com/202402/def/1040g2sg30vq.jpg!nd", True),
        ("https://mmbiz.qpic.cn/mmbiz_png/AbCd/640?wx_fmt=png", "https://mmbiz.qpic.cn/mmbiz_png/EfGh/640?a", False),
        ("https://a.cn/u/1.jpg?t=1", "https://a.cn/u/1.jpg?t=2", True),
        ("https://a.cn/u/1.jpg", "https://a.cn/v/1.jpg", False),
    ],
)
def test_names_of_pictures_from_visit_to_visit(first: str, second: str, same: bool) -> None:
    """Host, signature and time stamp change; the name does not."""
    assert (identity(first) == identity(second)) is same


def test_what_a_picture_begins_with() -> None:
    """The bytes decide, whatever the server says."""
    image = Image.new("RGB", (20, 20))
    assert all(looks_like_picture(saved(image, kind)) for kind in ("PNG", "JPEG", "GIF", "WEBP", "BMP", "AVIF"))
    assert not looks_like_picture(b"<html>")


def test_previews_of_screenshots_show_the_top_and_no_more_than_the_looks() -> None:
    """At most 160 × 240 whatever the page's shape; of a long page its top."""
    long = Image.new("RGB", (1280, 9000), (0, 0, 200))
    long.paste((250, 250, 250), (0, 0, 1280, 1920))
    for image in (long, Image.new("RGB", (3000, 1)), Image.new("RGB", (1, 3000)), Image.new("RGB", (90, 60))):
        made = Image.open(io.BytesIO(preview(decode(saved(image, "PNG")))))
        assert made.width <= PREVIEW_WIDTH
        assert made.height <= PREVIEW_HEIGHT
    made = Image.open(io.BytesIO(preview(decode(saved(long, "PNG")))))
    assert made.size == (PREVIEW_WIDTH, PREVIEW_HEIGHT)
    assert all(low > 240 for low, _ in made.getextrema())  # nothing of what lies below


def test_small_copies_are_small_framed_and_covered() -> None:
    """At most 480 × 720, of a long poster the part with the claim, personal data painted over, nothing of the file passed on."""
    image = Image.new("RGB", (1000, 9000), (250, 250, 250))
    picture = decode(saved(image, "PNG", pnginfo=None))
    made = Image.open(io.BytesIO(draw(picture, [(100, 7000, 400, 60, 0)], [(100, 7100, 300, 50, 0)])))
    assert made.format == "JPEG"
    assert made.width <= WIDTH
    assert made.height <= HEIGHT
    colours = [colour for _, colour in made.convert("RGB").getcolors(100_000) or ()]
    assert any(red > 180 and green < 60 for red, green, _ in colours)  # type: ignore[misc]
    assert any(abs(red - 150) < 8 and abs(green - 150) < 8 for red, green, _ in colours)  # type: ignore[misc]
    assert not made.getexif()


def test_a_picture_that_ends_the_worker_costs_itself_only() -> None:
    """After its process was killed the next picture is read by a new one."""
    good = saved(Image.new("RGB", (50, 50)), "PNG")
    with PictureWorker(words=False) as worker:
        assert isinstance(worker.look(good), PictureLook)
        assert isinstance(worker.look(b"rubbish"), Unreadable)
        assert isinstance(worker.read(), Unreadable)
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)
        assert worker.look(good) == Unreadable("图片使识别程序异常退出")
        assert isinstance(worker.look(good), PictureLook)
        assert worker.pid is not None
    assert worker.pid is None
