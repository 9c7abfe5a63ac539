"""Keeping what was made of a page: records that others can read, bytes that come back, nothing empty kept as proof."""

from __future__ import annotations

import gzip
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from warcio.archiveiterator import ArchiveIterator

from crawler.captures import keep, keep_picture
from crawler.exchange import Exchange, Resource
from crawler.warc import WarcWriter, locate
from crawler.warc_reading import read_payload, read_record
from domain.crawl import WarcRef
from domain.errors import EvidenceDamaged
from domain.evidence import CaptureKind, screenshot_file

NOON = datetime(2026, 11, 24, 4, 30, tzinfo=UTC)
PAGE = "http://a.test/证书?x=1"


def png(*, blank: bool = False) -> bytes:
    """A picture of a page."""
    picture = Image.new("RGB", (640, 900), "white")
    if not blank:
        ImageDraw.Draw(picture).rectangle((100, 100, 300, 200), fill="black")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def exchange(url: str, body: bytes) -> Exchange:
    """An answer."""
    return Exchange(url, 200, ((b"Content-Type", b"image/jpeg"),), body, ((b"User-Agent", b"x"),), NOON)


def resource(body: bytes, kind: CaptureKind = CaptureKind.SCREENSHOT, content_type: str = "image/png") -> Resource:
    """Something made of the page."""
    return Resource(kind, PAGE, NOON, content_type, body, 640, 900)


def test_captures_come_back_by_their_reference(tmp_path: Path) -> None:
    """While the file is open and after: the same bytes, tied to the page's response, not under the page's address."""
    writer = WarcWriter(tmp_path, 7, 10**6, lambda: NOON)
    page = writer.write([exchange("http://a.test/x", b"page")])
    shot = keep(writer, resource(png()), page)
    picture = keep_picture(writer, "http://a.test/a.jpg", (exchange("http://a.test/a.jpg", b"jpeg\r\n\r\nbytes"),))
    writer.sync()
    for _ in range(2):
        assert read_payload(tmp_path, shot.warc) == png()
        assert read_payload(tmp_path, picture.warc) == b"jpeg\r\n\r\nbytes"
        assert read_payload(tmp_path, page) == b"page"
        writer.close()

    assert (tmp_path / screenshot_file(shot.sha256)).read_bytes() == png()
    assert [path.name for path in (tmp_path / "screenshots").rglob("*.*")] == [f"{shot.sha256}.png"]
    record = read_record(tmp_path, shot.warc)
    assert record.type == "resource"
    assert record.fields["warc-target-uri"] == "urn:fullPage:http://a.test/%E8%AF%81%E4%B9%A6?x=1"
    assert record.fields["warc-concurrent-to"] == page.record_id
    assert record.fields["warc-payload-digest"] == f"sha256:{shot.sha256}"
    assert (shot.size, shot.width, picture.content_type) == (len(png()), 640, "image/jpeg")
    assert read_record(tmp_path, picture.warc).http_head.startswith(b"HTTP/1.1 200 OK\r\n")

    with locate(tmp_path, page.file).open("rb") as file:
        for found in ArchiveIterator(file, check_digests=True):
            found.content_stream().read()
            assert found.digest_checker.passed


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "是空的"),
        (png(blank=True), "是空白的"),
        (png()[:-40], "不完整"),
        (b"<html>", "不是 PNG"),
        (png()[:200], "不完整"),
    ],
)
def test_a_screenshot_that_shows_nothing_is_refused(tmp_path: Path, body: bytes, why: str) -> None:
    """Empty, one colour, cut off, no picture: not written, and the message says which page and why."""
    writer = WarcWriter(tmp_path, 7, 10**6, lambda: NOON)
    page = writer.write([exchange("http://a.test/x", b"page")])
    size = locate(tmp_path, page.file).stat().st_size
    with pytest.raises(EvidenceDamaged, match=why) as refused:
        keep(writer, resource(body), page)
    assert PAGE in str(refused.value)
    writer.sync()
    writer.close()
    assert locate(tmp_path, page.file).stat().st_size >= size
    assert not (tmp_path / "screenshots").exists()
    with locate(tmp_path, page.file).open("rb") as file:
        assert "resource" not in [record.rec_type for record in ArchiveIterator(file)]


def test_a_giant_screenshot_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    """Its size stands in its first bytes."""
    writer = WarcWriter(tmp_path, 7, 10**6, lambda: NOON)
    page = writer.write([exchange("http://a.test/x", b"page")])
    buffer = io.BytesIO()
    Image.new("1", (10_000, 7_000)).save(buffer, "PNG")
    with pytest.raises(EvidenceDamaged, match="过大"):
        keep(writer, resource(buffer.getvalue()), page)
    writer.close()


def test_what_is_not_the_record_is_named(tmp_path: Path) -> None:
    """A wrong offset, another record's id, a torn or swollen record, a file that is gone."""
    writer = WarcWriter(tmp_path, 7, 10**6, lambda: NOON)
    page = writer.write([exchange("http://a.test/x", b"page" * 1000)])
    dom = keep(writer, resource(b"<html></html>", CaptureKind.DOM, "text/html"), page)
    writer.close()
    path = tmp_path / page.file

    def wrong(ref: WarcRef, limit: int = 10**6) -> str:
        with pytest.raises(EvidenceDamaged) as raised:
            read_record(tmp_path, ref, limit)
        return str(raised.value)

    assert "已损坏" in wrong(WarcRef(page.file, page.offset + 1, page.record_id))
    assert "不是所引用的记录" in wrong(WarcRef(page.file, page.offset, dom.warc.record_id))
    assert "超过 100 字节" in wrong(page, 100)
    whole = path.read_bytes()
    path.write_bytes(whole[: dom.warc.offset + 30])
    assert "不完整" in wrong(dom.warc)
    path.write_bytes(whole[: dom.warc.offset] + gzip.compress(b"GET / HTTP/1.1\r\n\r\n"))
    assert "不是 WARC 记录" in wrong(dom.warc)
    path.write_bytes(whole[: dom.warc.offset] + gzip.compress(b"WARC/1.1\r\nContent-Length: 5\r\n\r\nab\r\n\r\n"))
    assert "长度" in wrong(dom.warc)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        read_record(tmp_path, page)
