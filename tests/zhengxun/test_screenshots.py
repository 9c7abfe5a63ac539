"""Screenshots of flagged versions: of the live page where it says the same, of the kept bytes where it does not."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from PIL import Image, ImageStat

from crawler.browser.chromium import missing
from crawler.warc_reading import read_payload
from domain.evidence import Capture, CaptureKind
from tests.web import Answer, Seen, html, web
from tests.zhengxun.conftest import Zhengxun
from tests.zhengxun.test_jobs import HONEST, OFFER
from zhengxun.services import Services

lacking = missing()
needs_chromium = pytest.mark.skipif(lacking is not None and os.environ.get("CI") != "true", reason=lacking or "")

#: Colour of the bar that marks a picture made of the archive (crawler.photographs).
BAR = (255, 243, 205)
SHELL = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>办证</title></head><body><div id="app"></div>
<script>fetch('/data').then(r=>r.text()).then(t=>{app.innerHTML=t})</script></body></html>"""


def once(first: str, later: Answer) -> object:
    """A page that says ``first`` to the first visitor and ``later`` to all others."""
    asked: list[Seen] = []

    def page(seen: Seen) -> Answer:
        asked.append(seen)
        return html(first, "办证") if len(asked) == 1 else later

    return page


@needs_chromium
def test_each_flagged_version_has_its_picture(
    ready: Zhengxun, loopback: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Live pages, plain and scripted; a page that is gone and one that was corrected come from the archive, marked so.

    What is over a run's limit is told of and taken by the next tick, with no crawl between; then the digest's evidence is whole.
    """
    monkeypatch.setenv("ZHENGXUN_SCREENSHOTS", "1")
    monkeypatch.setenv("ZHENGXUN_SCREENSHOTS_PER_RUN", "3")
    links = "".join(f'<a href="/{name}">页</a> ' for name in ("live", "scripted", "gone", "corrected", "secret"))
    with web() as net:
        hidden = net.site({"*": lambda _: Answer(b"x")}, "127.9.9.9")
        site = net.site(
            {
                "/": html(HONEST + links),
                "/live": html(
                    f'{OFFER}<img src="/pic.png"><img src="{hidden.url}/a.png"><script src="/loop.js"></script>'
                ),
                "/pic.png": Answer(b"", 404),
                "/scripted": SHELL,
                "/data": Answer(OFFER.encode(), headers={"Content-Type": "text/html; charset=utf-8"}),
                "/gone": once(OFFER, Answer(b"gone", 404)),
                "/corrected": once(OFFER, html(HONEST * 3)),
            }
        )
        monkeypatch.setenv("ZHENGXUN_ALLOW_NETWORKS", f"{site.address}/32")
        assert ready("targets", "add", site.url + "/").status == 0
        assert ready("crawl", "--all").status in (0, 1)
        assert ready("health", "--json").json["screenshots"] == {"waiting": 1, "refused": 0}
        assert "1 条线索的页面待截图" in ready("doctor").out
        assert ready("tick").status in (0, 1)
        assert ready("health", "--json").json["screenshots"] == {"waiting": 0, "refused": 0}
        asked = len(site.seen)
        assert hidden.seen == []
        assert site.most_at_once == 1
    shots = _screenshots(tmp_path / "data")
    assert sorted(path for path in shots) == ["/corrected", "/gone", "/live", "/scripted"]
    for path, (capture, png) in shots.items():
        picture = Image.open(io.BytesIO(png)).convert("RGB")
        assert (picture.width, picture.height) == (capture.width, capture.height)
        assert min(ImageStat.Stat(picture).stddev) > 5, path
        assert (picture.getpixel((11, 11)) == BAR) == (path in ("/gone", "/corrected")), path
    # What has its picture is not asked for again.
    assert asked == len(site.seen)
    assert ready("digest", "--format", "json", "--out", tmp_path / "digest").status == 0
    (written,) = (tmp_path / "digest").iterdir()
    items = json.loads(written.read_text("utf-8"))["items"]
    assert len(items) == 4
    assert all(each["evidence"]["screenshot"] and each["screenshot_note"] is None for each in items)
    assert ready("evidence", "verify", "--all").status == 0


def _screenshots(data: Path) -> dict[str, tuple[Capture, bytes]]:
    services = Services.load(data)
    with services.store() as store:
        ids = [page.snapshot_id for page in store.evidence.without(CaptureKind.UPLOAD, 100)]
        found = [
            capture
            for captures in store.evidence.of_snapshots(ids).values()
            for capture in captures
            if capture.kind is CaptureKind.SCREENSHOT
        ]
        assert store.evidence.without(CaptureKind.SCREENSHOT, 100) == []
    folder: Path = services.settings.evidence
    return {"/" + capture.url.split("/", 3)[3]: (capture, read_payload(folder, capture.warc)) for capture in found}
