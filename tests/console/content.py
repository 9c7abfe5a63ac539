"""Leads with real evidence for the tests of the console: pages in WARC files, a screenshot, claims in their text."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from PIL import Image, ImageDraw

from crawler.captures import keep
from crawler.exchange import Exchange, Resource
from crawler.warc import WarcWriter
from domain.analysis import JudgedDocument
from domain.crawl import CrawlRun
from domain.document import Contact, ContactKind, Segment, SegmentKind
from domain.evidence import Capture, CaptureKind
from domain.picture import PictureRef
from domain.target import Target
from storage import Store
from storage.pictures import Judged
from tests.storage.build import SITE, World, assessment, document, ok

#: Words that a page of the console must show as words.
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
PHONE = "13812345678"
TEXT = f"建筑八大员证书 免考包过，内部渠道。\n联系电话 {PHONE}，微信 zhengshu_888。\n{HOSTILE}"
PAGE = f"""<!DOCTYPE html><html><head><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=http://evil.example/">
<base href="http://evil.example/"><link rel="stylesheet" href="http://evil.example/a.css">
<link rel="dns-prefetch" href="http://evil.example/"><title>考证</title>
<script>window.top.document.title = "taken"</script></head>
<body onload="alert(3)"><h1>免考包过</h1><p style="background:url(http://evil.example/b.png)">联系电话 {PHONE}</p>
<img src="http://evil.example/c.png"><iframe src="http://evil.example/"></iframe>
<form action="http://evil.example/"><input name="a" autofocus></form></body></html>"""


def png() -> bytes:
    """A screenshot."""
    picture = Image.new("RGB", (640, 480), "white")
    ImageDraw.Draw(picture).rectangle((100, 100, 300, 200), fill="black")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


@dataclass
class Content:
    """Makes leads in a store and keeps their evidence in a folder."""

    store: Store
    evidence: Path
    clock: Callable[[], datetime]

    def __post_init__(self) -> None:
        self.world = World(self.store, self.clock)
        self.writer = WarcWriter(self.evidence, 1, 10**7, self.clock)

    def lead(
        self,
        number: int,
        text: str = TEXT,
        title: str = "考证服务",
        *,
        score: float | None = None,
        target: Target | None = None,
        shot: bool = True,
    ) -> CrawlRun:
        """Page ``/number`` as it is read in one run; its lead gets the next free id the first time."""
        url = f"{SITE}/{number}"
        run = self.world.begin(*([target] if target else []))
        body = (PAGE + f"<p>{number} {len(text)}</p>").encode()
        at = self.clock()
        where = self.writer.write([Exchange(url, 200, ((b"Content-Type", b"text/html"),), body, (), at)])
        judged = JudgedDocument(
            replace(
                document(url, text, title=title),
                contacts=(Contact(ContactKind.PHONE, PHONE), Contact(ContactKind.WECHAT, "zhengshu_888")),
            ),
            assessment(text, score=score),
        )
        visit = ok(self.world.request(run, url), at, [judged])
        assert visit.snapshot is not None
        snapshot = replace(
            visit.snapshot, warc=where, sha256=hashlib.sha256(body).hexdigest(), final_url=url, content_type="text/html"
        )
        kept = (
            (keep(self.writer, Resource(CaptureKind.SCREENSHOT, url, at, "image/png", png(), 640, 480), where),)
            if shot
            else ()
        )
        self.writer.sync()
        self.world.record(replace(visit, snapshot=snapshot))
        if kept:
            self.store.evidence.add(self.store.leads.versions(self._lead_of(url))[-1].snapshot_id, kept)
        self.store.finish_run(run.id)
        return run

    def poster(self, number: int, words: str) -> str:
        """A poster on page ``/number``, read line by line, its claims making the lead; return the picture's SHA-256."""
        url, reader, data = f"{SITE}/{number}", "reader/1", png()
        sha256 = hashlib.sha256(data).hexdigest()
        waiting = self.store.pictures.waiting(reader, [self.world.target.id], 100)
        page = next(page for page in waiting if page.url == url)
        at = self.clock()
        where = self.writer.write(
            [Exchange(f"{SITE}/a.png", 200, ((b"Content-Type", b"image/svg+xml"),), data, (), at)]
        )
        self.writer.sync()
        kept = Capture(CaptureKind.PICTURE, f"{SITE}/a.png", at, "image/svg+xml", sha256, len(data), where, 640, 480)
        self.store.evidence.add(page.snapshot_id, (kept,))
        lines = words.split("\n")
        boxes = tuple((100, 100 + 40 * line, 300, 30, 0) for line in range(len(lines)))
        ref = PictureRef(f"{SITE}/a.png", sha256, 640, 480, boxes)
        base = self.store.pictures.document(page)
        made = replace(
            base, text=f"{base.text}\n{words}", segments=(*base.segments, Segment(SegmentKind.PICTURE, words, ref))
        )
        self.store.pictures.record(page, Judged(made, assessment(made.text, score=50.0), (), reader=reader), None)
        return sha256

    def _lead_of(self, url: str) -> int:
        return next(line.id for line in self.store.leads.list(limit=10_000) if line.page_url == url)

    def close(self) -> None:
        """Close the WARC file."""
        self.writer.close()
