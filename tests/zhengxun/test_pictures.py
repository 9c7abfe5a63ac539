"""Posters from the web to the digest: real pages, a real crawl, the real reader, a real database."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from crawler.pictures.image import decode
from crawler.pictures.reader import missing
from storage.engine import reading
from tests.posters import CLAIMS, HAVE_FONTS, HONEST, draw, encode
from tests.web import Answer, Site, Web, html
from tests.web import web as a_web
from tests.zhengxun.conftest import Zhengxun
from tests.zhengxun.test_jobs import DAY, _on
from zhengxun.services import Services

pytestmark = pytest.mark.skipif(
    bool(missing() or not HAVE_FONTS) and not os.environ.get("CI"), reason="the ocr extra or Noto's fonts are not here"
)

#: A page whose own words claim nothing.
PLAIN = "<h1>校园开放日</h1><p>欢迎各位家长和学员到校参观，开放时间为周六上午九点到十一点，请从南门进入。</p>"


def picture(data: bytes, kind: str = "image/png") -> Answer:
    """An answer with a picture."""
    return Answer(data, headers={"Content-Type": kind})


@pytest.fixture
def web() -> Iterator[Web]:
    """An empty small web."""
    with a_web() as running:
        yield running


@pytest.fixture
def cdn(web: Web) -> Site:
    """Where the pictures lie: the same poster twice in different qualities, an honest one, one behind robots.txt."""
    poster = draw(1, CLAIMS[0], code="https://u.example/abc")
    small = poster.resize((poster.width * 7 // 10, poster.height * 7 // 10))
    return web.site(
        {
            "/robots.txt": Answer(b"User-agent: *\nDisallow: /private/\n", headers={"Content-Type": "text/plain"}),
            "/poster.png": picture(encode(poster)),
            "/resaved.webp": picture(encode(small, "webp"), "image/webp"),
            "/honest.png": picture(encode(draw(2, HONEST[1]))),
            "/private/poster.png": picture(encode(draw(3, CLAIMS[1]))),
            "/broken.png": picture(b"\x89PNG\r\n\x1a\n" + b"broken" * 100),
        }
    )


@pytest.fixture
def site(web: Web, cdn: Site) -> Site:
    """A site whose pages say nothing in words."""
    inline = base64.b64encode(encode(draw(4, CLAIMS[2]), "webp")).decode()
    shown = {
        "/poster.html": f'<img src="{cdn.url}/poster.png" width="600">',
        "/again.html": f'<img src="{cdn.url}/poster.png"><img src="{cdn.url}/resaved.webp"><img src="/icon.png" width="16">',
        "/inline.html": f'<img src="data:image/webp;base64,{inline}">',
        "/honest.html": f'<img src="{cdn.url}/honest.png">',
        "/private.html": f'<img src="{cdn.url}/private/poster.png"><img src="/lost.png"><img src="{cdn.url}/broken.png">',
    }
    pages = {path: html(f"{PLAIN}<p>{path}</p><div>{body}</div>", path) for path, body in shown.items()}
    links = "".join(f'<a href="{path}">{path}</a> ' for path in shown)
    return web.site({"/": html(PLAIN + links, "首页"), **pages})


@pytest.fixture
def watched(ready: Zhengxun, loopback: None, site: Site, monkeypatch: pytest.MonkeyPatch) -> Zhengxun:
    """The program with that site as target 1, on a simulated morning."""
    _on(monkeypatch, DAY)
    assert ready("targets", "add", site.url + "/", "--name", "样例").status == 0
    return ready


def rows(folder: Path, statement: str) -> list[Any]:
    """What stands in the database."""
    with Services.load(folder).store() as store, reading(store.engine) as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def flagged(folder: Path, site: Site) -> set[str]:
    """Paths of the pages that have a lead."""
    found = rows(folder, "SELECT pages.url FROM leads JOIN pages ON pages.id = leads.page_id")
    return {url.removeprefix(site.url) for (url,) in found}


def test_claims_in_pictures_from_the_web_to_the_digest(
    watched: Zhengxun, site: Site, cdn: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each picture is fetched and read once, claims in it make a lead that shows where they stand; unchanged pages cost nothing."""
    data = tmp_path / "data"
    ran = watched("crawl", "--all", "--json")
    assert flagged(data, site) == {"/poster.html", "/again.html", "/inline.html"}
    assert ran.json["leads_new"] == 3
    assert ran.json["pages"] == {"ok": 6}
    assert ran.json["pictures"] == {"ok": 4, "robots": 1, "failed": 1}
    assert not any("/private/" in path or path == "/icon.png" for path in (*cdn.paths(), *site.paths()))
    assert cdn.paths().count("/poster.png") == 1
    assert next(seen for seen in cdn.seen if seen.path == "/poster.png").headers["referer"].startswith(site.url)

    read = rows(data, "SELECT sha256, same_as, reason FROM picture_readings")
    assert len(read) == 5  # poster, its copy, honest, inline, broken
    assert sum(same is not None for _, same, _ in read) == 1
    assert sum(reason is not None for *_, reason in read) == 1
    kept = rows(data, "SELECT url FROM captures WHERE kind = 'picture'")
    assert sum(url.startswith("data:image/webp;sha256=") for (url,) in kept) == 1
    assert sum(url.endswith("/poster.png") for (url,) in kept) == 2  # kept with both pages that show it
    contacts = rows(data, "SELECT contacts FROM documents WHERE contacts LIKE '%u.example%'")
    assert contacts
    notes = rows(
        data,
        "SELECT assessments.incomplete FROM assessments JOIN pages ON pages.assessment_id = assessments.id"
        " WHERE pages.url LIKE '%/private.html'",
    )
    assert "2 张图片未能采集" in notes[0][0]
    assert "图片损坏" in notes[0][0]

    assert watched("digest", "--out", tmp_path / "out").status == 0
    _says_where(tmp_path / "out")

    _on(monkeypatch, DAY + timedelta(days=1))
    asked = len(cdn.seen)
    again = watched("crawl", "--all", "--json")
    assert [path for path in cdn.paths()[asked:] if path not in ("/robots.txt", "/broken.png")] == []
    assert (again.json["leads_new"], again.json["pages"]) == (0, {"unchanged": 6})
    assert len(rows(data, "SELECT sha256 FROM picture_readings")) == 5

    cdn.pages["/new-poster.png"] = picture(encode(draw(9, CLAIMS[4])))
    site.pages["/honest.html"] = html(
        f'{PLAIN}<p>/honest.html</p><div><img src="{cdn.url}/new-poster.png"></div>', "/honest.html"
    )
    # Without the claim a new version says nothing yet: first its pictures are read, or the lead stays in doubt.
    site.pages["/poster.html"] = html(f'{PLAIN}<p>新版</p><img src="{cdn.url}/honest.png">', "开放日")
    site.pages["/again.html"] = html(f'{PLAIN}<p>新版</p><img src="{cdn.url}/missing.png">', "开放日")
    _on(monkeypatch, DAY + timedelta(days=2))
    third = watched("crawl", "--all", "--json")
    assert (third.json["leads_new"], third.json["pages"].get("ok")) == (1, 3)
    states = dict(rows(data, "SELECT pages.url, presence FROM leads JOIN pages ON pages.id = leads.page_id"))
    assert {url.removeprefix(site.url): presence for url, presence in states.items()} == {
        "/honest.html": "online",
        "/poster.html": "corrected",
        "/again.html": "unverifiable",
        "/inline.html": "online",
    }


def _says_where(folder: Path) -> None:
    """Every form of the digest says that the claims stand in pictures; the page shows them, framed and re-encoded."""
    day = DAY.date().isoformat()
    items = json.loads((folder / f"digest-{day}.json").read_text("utf-8"))["items"]
    assert len(items) == 3
    found = [finding["picture"] for item in items for finding in item["findings"]]
    assert all(place["box"]["width"] > 100 and place["box"]["height"] > 15 for place in found)
    page = (folder / f"digest-{day}.html").read_text("utf-8")
    assert page.count("<b>图片文字</b>") >= 3
    shown = [base64.b64decode(part.partition('"')[0]) for part in page.split("data:image/jpeg;base64,")[1:]]
    assert len(shown) == 3
    for data in shown:
        made = decode(data)
        assert max(made.width, made.height) <= 720
        colours = {colour for _, colour in made.frames[0].quantize(64).convert("RGB").getcolors(10_000) or ()}
        assert any(red > 170 and green < 70 and blue < 70 for red, green, blue in colours)  # the frame
    with ZipFile(folder / f"digest-{day}.docx") as document:
        assert "图片文字 · " in document.read("word/document.xml").decode()
    sheet = load_workbook(folder / f"digest-{day}.xlsx")["命中明细"]
    last = [cell.value for cell in sheet[sheet.max_row]]
    assert last[-2] == "图片文字"


def test_without_the_reader_nothing_is_silent(
    watched: Zhengxun, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where words in pictures are not read, assessments, log and doctor say so; codes are read all the same."""
    monkeypatch.setattr("crawler.pictures.reader.find_spec", lambda name: None)
    ran = watched("crawl", "--all", "--json")
    assert flagged(tmp_path / "data", site) == set()
    assert "图片文字未识别" in ran.err
    found = rows(tmp_path / "data", "SELECT incomplete FROM assessments WHERE incomplete LIKE '%未安装文字识别组件%'")
    assert len(found) >= 2
    shown = watched("doctor")
    assert "图片文字识别" in shown.out
    assert "未安装 rapidocr" in shown.out


def test_a_poster_replaced_under_its_own_address(
    ready: Zhengxun, loopback: None, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page never changes. A week on its pictures are fetched again: a new claim is a lead, another one an edit, its end is seen."""
    data = tmp_path / "data"
    honest, bad, worse = (encode(draw(n, words)) for n, words in ((21, HONEST[0]), (22, CLAIMS[0]), (23, CLAIMS[1])))
    cdn = web.site({"/poster.png": picture(honest)})
    shown = f'<div><img src="{cdn.url}/poster.png"></div>'
    site = web.site(
        {"/": html(f'{PLAIN}{shown}<a href="/b">b</a>', "首页"), "/b": html(f"{PLAIN}<p>另一页</p>{shown}")}
    )
    _on(monkeypatch, DAY)
    ready("targets", "add", site.url + "/")

    def crawl(day: int) -> Any:
        _on(monkeypatch, DAY + timedelta(days=day))
        return ready("crawl", "--all", "--json").json

    def presences() -> set[tuple[str, ...]]:
        return set(rows(data, "SELECT pages.url, presence FROM leads JOIN pages ON pages.id = leads.page_id"))

    assert crawl(0)["leads_new"] == 0
    cdn.pages["/poster.png"] = picture(bad)
    assert crawl(2)["leads_new"] == 0  # not due yet, and nothing was asked for
    assert cdn.paths().count("/poster.png") == 1
    week = crawl(8)
    assert (week["leads_new"], week["pages"], week["pictures"]) == (2, {"unchanged": 2}, {"ok": 1})
    assert {presence for _, presence in presences()} == {"online"}
    again = crawl(16)  # the same bytes: fetched, and nothing is kept a second time
    assert (again["leads_new"], again["pictures"]) == (0, {"unchanged": 1})
    assert len(rows(data, "SELECT id FROM captures WHERE kind = 'picture'")) == 4
    cdn.pages["/poster.png"] = picture(worse)
    crawl(24)
    events = rows(data, "SELECT kind FROM lead_events ORDER BY id")
    assert [kind for (kind,) in events].count("edited") == 2, events
    cdn.pages["/poster.png"] = Answer(status=404)
    assert crawl(32)["leads_new"] == 0
    assert {presence for _, presence in presences()} == {"corrected"}
