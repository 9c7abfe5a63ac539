"""Intake through the command line: files of every kind and addresses, real database, real crawl of a local site."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xlsxwriter import Workbook

from crawler.pictures.reader import missing
from crawler.warc import locate
from tests.posters import CLAIMS, HAVE_FONTS, draw, encode
from tests.web import Web, html, redirect
from tests.web import web as a_web
from tests.zhengxun.conftest import Zhengxun
from tests.zhengxun.test_jobs import HONEST, OFFER
from zhengxun.intake.columns import Role, role_of
from zhengxun.intake.lists import addresses_in
from zhengxun.services import Services

OFFER_WORDS = "全国通用电工证包过，内部渠道，不用考试不用培训，交钱直接出证，1280元一本，办理加微信 zhengshu88"


@pytest.fixture
def web() -> Iterator[Web]:
    """An empty small web."""
    with a_web() as running:
        yield running


def _xlsx(path: Path, rows: list[list[str]], links: dict[tuple[int, int], str] | None = None) -> Path:
    workbook = Workbook(str(path))
    sheet = workbook.add_worksheet()
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write_string(number, column, cell)
    for (row_number, column), link in (links or {}).items():
        sheet.write_url(row_number, column, link, string=rows[row_number][column])
    workbook.close()
    return path


def _source(report: Any) -> Any:
    (source,) = report["sources"]
    return source


@pytest.mark.parametrize(
    ("header", "role"),
    [
        ("网址", Role.URL), ("举报链接*", Role.URL), ("被举报网址", Role.URL), ("URL", Role.URL), ("截图链接", Role.REMARK),
        ("标题", Role.TITLE), ("帖子内容", Role.CONTENT), ("作品描述", Role.CONTENT), ("宣传文案", Role.CONTENT),
        ("举报内容", Role.REMARK), ("问题描述", Role.REMARK), ("违规内容", Role.REMARK), ("举报时间", Role.REMARK),
        ("发布时间", Role.PUBLISHED), ("平台", Role.PLATFORM), ("账号名称", Role.ACCOUNT), ("被举报账号", Role.ACCOUNT),
        ("被举报人", Role.ACCOUNT), ("账号ID", Role.ACCOUNT_ID), ("举报人", Role.PRIVATE), ("举报人电话", Role.PRIVATE),
        ("联系电话", Role.PRIVATE), ("身份证号", Role.PRIVATE), ("序号", Role.REMARK), ("颜色", Role.UNKNOWN),
    ],
)  # fmt: skip
def test_headers(header: str, role: Role) -> None:
    """What the page says and what the complainant says are different columns; the complainant is not read."""
    assert role_of(header) is role


def test_addresses_as_people_paste_them() -> None:
    """Alone, without scheme, and inside what an app's share button gives."""
    assert addresses_in("7.43 复制打开抖音 https://v.douyin.com/iR/ 看看【作品】") == ["https://v.douyin.com/iR/"]
    assert addresses_in(" www.example.com/a ") == ["www.example.com/a"]
    assert addresses_in("https://a.example/1，https://a.example/2。") == ["https://a.example/1", "https://a.example/2"]
    assert addresses_in("详见附件") == []


def test_a_complaint_list(ready: Zhengxun, loopback: None, web: Web, tmp_path: Path) -> None:
    """Good rows go in, bad ones are named; contents are judged, addresses crawled; the complainant's words are neither."""
    site = web.site({"/offer": html(OFFER, "办证"), "/short": redirect("/offer")})
    rows = [
        ["举报受理清单", "", "", "", "", "", ""],
        ["序号", "平台", "被举报账号", "网址", "帖子内容", "举报内容", "举报人"],
        ["1", "抖音", "考证直通车", "打开抖音 https://www.douyin.com/video/73 看", OFFER_WORDS, "虚假宣传", "张三"],
        ["2", "网站", "某学校", site.url + "/short", "", "说包过", "李四"],
        ["3", "网站", "某学校", "", "", f"他们说{OFFER_WORDS}", "李四"],
        ["4", "微信", "", "", OFFER_WORDS, "", ""],
        ["5", "网站", "", "点这里", "", "", ""],
        ["6", "网站", "", "看不清", "", "", ""],
        ["7", "网站", "", site.url + "/short", "", "", ""],
    ]
    path = _xlsx(tmp_path / "举报.xlsx", rows, {(6, 3): site.url + "/gone"})
    ran = ready("intake", path, "--note", "12345转办", "--by", "王五", "--json")
    assert ran.status == 1, ran.err
    source = _source(ran.json)
    assert (source["kind"], source["content"], source["addresses"]) == ("list", 2, 2)
    assert [bad["row"] for bad in source["bad"]] == [5, 8, 9]
    assert source["unread_columns"] == ["举报人"]
    assert ran.json["leads_new"] == 3
    assert [failure["url"] for failure in ran.json["failures"]] == [site.url + "/gone"]
    leads = {lead["page_url"]: lead for lead in ready("leads", "list", "--json").json}
    assert leads[site.url + "/offer"]["presence"] == "online"
    assert leads["https://www.douyin.com/video/73"]["presence"] == "unverifiable"
    assert {lead["target"] for lead in leads.values()} == {"人工接收"}
    with Services.load(tmp_path / "data").store() as store:
        (found,) = store.intakes.provenance("https://www.douyin.com/video/73")
        assert (found.row, found.handover.by, found.handover.note) == (3, "王五", "12345转办")
        assert ("举报内容", "虚假宣传") in found.details
        assert "张三" not in str(found)
        assert found.handover.warc is not None
        assert locate(tmp_path / "data" / "evidence", found.handover.warc.file).exists()
    told = leads["https://www.douyin.com/video/73"]["id"]
    shown = ready("leads", "show", told).out
    assert "来源：举报清单 举报.xlsx 第 3 行（" in shown
    assert "由 王五 提交，备注：12345转办）" in shown
    (one,) = ready("leads", "show", told, "--json").json["provenance"]
    assert (one["kind"], one["file"], one["row"], one["details"]["举报内容"]) == ("list", "举报.xlsx", 3, "虚假宣传")

    again = ready("intake", path, "--json")
    assert again.json["run_id"] is None
    assert (_source(again.json)["content"], _source(again.json)["addresses"], _source(again.json)["repeated"]) == (
        0,
        0,
        4,
    )
    assert len(ready("leads", "list", "--json").json) == 3


def test_csv_in_gb18030_without_a_header(ready: Zhengxun, loopback: None, web: Web, tmp_path: Path) -> None:
    """A bare list of addresses needs no header; one in a text file neither."""
    site = web.site({"/a": html(HONEST), "/b": html(HONEST)})
    (tmp_path / "a.csv").write_bytes(f"一,{site.url}/a\n二,没有\n".encode("gb18030"))
    (tmp_path / "b.txt").write_text(f"{site.url}/b\n\n", "utf-8")
    ran = ready("intake", tmp_path / "a.csv", tmp_path / "b.txt", "--json")
    assert [(source["kind"], source["addresses"]) for source in ran.json["sources"]] == [("list", 1), ("address", 1)]
    assert [bad["row"] for bad in ran.json["sources"][0]["bad"]] == [2]
    assert ran.json["pages"] == {"ok": 2}


def test_mediacrawler_files(ready: Zhengxun, tmp_path: Path) -> None:
    """JSON, JSON lines and CSV; a post written twice is taken once, a torn line is named."""
    row = {
        "note_id": "64a1", "title": "电工证", "desc": OFFER_WORDS, "time": 1714500000000, "nickname": "考证小助手",
        "note_url": "https://www.xiaohongshu.com/explore/64a1", "ip_location": "", "last_modify_ts": 1,
    }  # fmt: skip
    other = row | {"note_id": "64a2", "desc": "读书会周六举行", "note_url": "https://www.xiaohongshu.com/explore/64a2"}
    (tmp_path / "search_contents.json").write_text(json.dumps([row, other, row], ensure_ascii=False), "utf-8")
    comment = {
        "comment_id": "9",
        "note_id": "64a2",
        "content": OFFER_WORDS,
        "create_time": 1714500000000,
        "ip_location": "",
    }
    (tmp_path / "search_comments.jsonl").write_text(json.dumps(comment) + '\n{"comment_id": "1', "utf-8")
    with (tmp_path / "again.csv").open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.DictWriter(out, list(row))
        writer.writeheader()
        writer.writerow(row)
    names = ["search_contents.json", "search_comments.jsonl", "again.csv"]
    ran = ready("intake", *(tmp_path / name for name in names), "--json")
    assert [(source["kind"], source["content"], len(source["bad"])) for source in ran.json["sources"]] == [
        ("export", 2, 1),
        ("export", 1, 1),
        ("export", 1, 0),
    ]
    leads = {lead["page_url"] for lead in ready("leads", "list", "--json").json}
    assert leads == {
        "https://www.xiaohongshu.com/explore/64a1",
        "https://www.xiaohongshu.com/explore/64a2#comment-9",
    }


def test_saved_pages(ready: Zhengxun, tmp_path: Path) -> None:
    """The address a browser wrote into the file, or the one given; a saved captcha is no content."""
    page = f"<html><head><title>办证</title></head><body>{OFFER}</body></html>"
    saved = tmp_path / "saved.html"
    saved.write_text(f"<!-- saved from url=(0030)https://peixun.example.com/ad -->\n{page}", "utf-8")
    plain = tmp_path / "plain.html"
    plain.write_text(page, "utf-8")
    mhtml = tmp_path / "saved.mhtml"
    mhtml.write_bytes(
        b"From: <Saved by Blink>\r\nSnapshot-Content-Location: https://mp.example.com/s/1\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/related; type="text/html"; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html\r\n'
        b"Content-Transfer-Encoding: 8bit\r\nContent-Location: https://mp.example.com/s/1\r\n\r\n"
        + page.encode()
        + b"\r\n--b--\r\n"
    )
    assert _source(ready("intake", saved, "--json").json)["content"] == 1
    assert _source(ready("intake", plain, "--url", "peixun.example.com/other", "--json").json)["content"] == 1
    assert _source(ready("intake", mhtml, "--json").json)["content"] == 1
    leads = {lead["page_url"] for lead in ready("leads", "list", "--json").json}
    assert leads == {
        "https://peixun.example.com/ad", "http://peixun.example.com/other", "https://mp.example.com/s/1",
    }  # fmt: skip
    shown = ready("leads", "show", 1, "--json").json
    assert shown["evidence"]["sha256"]


@pytest.mark.skipif(bool(missing()) and not os.environ.get("CI"), reason="no OCR on this machine")
@pytest.mark.skipif(not HAVE_FONTS and not os.environ.get("CI"), reason="no Chinese fonts on this machine")
def test_a_screenshot(ready: Zhengxun, tmp_path: Path) -> None:
    """Its words are judged as picture segments; the address that was said is the lead's."""
    (tmp_path / "shot.png").write_bytes(encode(draw(1, CLAIMS[0])))
    ran = ready("intake", tmp_path / "shot.png", "--url", "https://www.douyin.com/video/7", "--json")
    assert (ran.status, _source(ran.json)["kind"]) == (0, "picture"), ran.err
    (lead,) = ready("leads", "list", "--json").json
    assert lead["page_url"] == "https://www.douyin.com/video/7"
    document = ready("leads", "show", lead["id"], "--json").json["document"]
    assert [segment["kind"] for segment in document["segments"]] == ["picture"]


def test_what_cannot_be_taken(ready: Zhengxun, tmp_path: Path, loopback: None, web: Web) -> None:
    """Each source says why; the good one of the same call goes in all the same."""
    site = web.site({"/a": html(HONEST)})
    (tmp_path / "empty.html").write_text("<html></html>", "utf-8")
    (tmp_path / "list.csv").write_text("颜色,大小\n红,大\n", "utf-8")
    (tmp_path / "shot.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "cut.json").write_text('[{"note_id": "1"', "utf-8")
    names = ["empty.html", "list.csv", "shot.png", "cut.json", "missing.html"]
    sources = [*(tmp_path / name for name in names), "http://10.0.0.1/", f"{site.url}/a"]
    ran = ready("intake", *sources, "--json")
    assert ran.status == 1
    errors = [source["error"] for source in ran.json["sources"]]
    assert errors[-1] is None
    for error, words in zip(
        errors, ["没有可读", "表头", "图片", "不是完整的 JSON", "不存在", "10.0.0.1"], strict=False
    ):
        assert words in error
    assert ran.json["pages"] == {"ok": 1}
    assert ready("intake", tmp_path / "missing.html").status == 2
    assert ready("intake", tmp_path / "a", tmp_path / "b", "--url", "http://a.example/").status == 2


def test_addresses_wait_for_a_crawl_under_way(ready: Zhengxun, loopback: None, web: Web, tmp_path: Path) -> None:
    """Another process crawls: the address is planned, and the next crawl fetches it; content needs no crawl."""
    site = web.site({"/a": html(OFFER)})
    services = Services.load(tmp_path / "data")
    with services.lock("crawl"):
        ran = ready("intake", f"{site.url}/a", "--json")
    assert (ran.status, ran.json["waiting"]) == (1, 1)
    crawled = ready("crawl", "--all", "--json")
    assert crawled.json["pages"] == {"ok": 1}
    assert site.paths().count("/a") == 1
    (lead,) = ready("leads", "list", "--json").json
    assert lead["page_url"] == f"{site.url}/a"


def test_a_killed_intake_is_completed_by_repeating_it(
    ready: Zhengxun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Portions that are stored stay, the others follow; nothing is there twice."""
    from zhengxun.jobs import intake as job

    rows = "".join(f"https://a.example.com/{number},{OFFER_WORDS}{number}\n" for number in range(5))
    path = tmp_path / "list.csv"
    path.write_text(f"网址,内容\n{rows}", "utf-8")
    monkeypatch.setattr(job, "PORTION", 2)
    whole = job._Intake._record_portion
    calls = []

    def killed(self: Any, *arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        whole(self, *arguments)

    monkeypatch.setattr(job._Intake, "_record_portion", killed)
    assert ready("intake", path).status == 130
    monkeypatch.setattr(job._Intake, "_record_portion", whole)
    ran = ready("intake", path, "--json")
    assert (_source(ran.json)["content"], _source(ran.json)["repeated"]) == (3, 2)
    assert len(ready("leads", "list", "--json").json) == 5
    with Services.load(tmp_path / "data").store() as store:
        assert len(store.intakes.provenance("https://a.example.com/0")) == 1
