"""The four forms of a digest: what stands in each, and that the table of forms and the folder agree."""

from __future__ import annotations

import io
import json
import os
import pkgutil
import stat
import zipfile
from dataclasses import replace
from datetime import timedelta
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest

import digest.renderers
from digest import build, write
from digest.renderers import RENDERERS
from digest.templates import Templates
from digest.text import SHANGHAI
from digest.view import look
from domain.digest import Coverage, CoverageGap, Digest
from domain.errors import BadFile, BadInput
from domain.lead import Review

from .material import CUTOFF, DAY, NUMBER, RULE_PACK, Leads, example_leads, material, state

#: Compiling a template takes longer than filling it.
BUNDLED_ONLY = Templates()


@cache
def example() -> Digest:
    """A digest with every status in it."""
    return build(Leads(example_leads()), DAY, CUTOFF, NUMBER, RULE_PACK)


def rendered(digest: Digest, form: str, templates: Templates | None = None) -> bytes:
    """The file's bytes."""
    stream = io.BytesIO()
    RENDERERS[form](digest, stream, templates or BUNDLED_ONLY)
    return stream.getvalue()


class Page(HTMLParser):
    """Reads a page's words and notes what it would load or link to."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.outside: list[str] = []
        self._silent = 0
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag and every address in it that is not a place on this page."""
        self.tags.append(tag)
        self._silent += tag in {"style", "script"}
        for name, value in attrs:
            if name in {"href", "src", "action", "srcset", "data", "poster"} and not (value or "").startswith("#"):
                self.outside.append(f"{tag} {name}={value}")
            if name.startswith("on"):
                self.outside.append(f"{tag} {name}={value}")

    def handle_endtag(self, tag: str) -> None:
        """Leave a style sheet."""
        self._silent -= tag in {"style", "script"}

    def handle_data(self, data: str) -> None:
        """Collect what is read."""
        if not self._silent:
            self.words.append(data)

    @property
    def text(self) -> str:
        """All words, as a reader copies them."""
        return "".join(self.words)


def docx_text(data: bytes) -> str:
    """All words of a Word file's body, tables included."""
    document = docx.Document(io.BytesIO(data))
    return "\n".join(node.text or "" for node in document.element.body.iter() if node.tag.endswith("}t"))


def sheets(data: bytes) -> dict[str, list[list[Any]]]:
    """Cells of every sheet."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    return {sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book.worksheets}


def test_folder_and_table_of_renderers_agree() -> None:
    """A module in the folder that is not in the table would never be used, and the other way round."""
    modules = {module.name for module in pkgutil.iter_modules(digest.renderers.__path__)}
    assert modules == set(RENDERERS)


@pytest.mark.parametrize("form", RENDERERS)
def test_same_digest_same_bytes(form: str) -> None:
    """A digest is frozen: rendering it again, later, gives the identical file."""
    assert rendered(example(), form) == rendered(example(), form)


@pytest.mark.parametrize("form", RENDERERS)
def test_an_empty_day_is_a_complete_file(form: str) -> None:
    """No leads and nothing planned is said in words, not by a broken file."""
    empty = build(Leads((), Coverage(0, 0, ())), DAY, CUTOFF, NUMBER, RULE_PACK)
    data = rendered(empty, form)
    if form == "json":
        assert json.loads(data)["items"] == []
    elif form == "html":
        assert "本期没有线索" in Page(data.decode()).text
        assert "本日没有计划执行的监测对象" in Page(data.decode()).text
    elif form == "docx":
        assert "本期没有线索" in docx_text(data)
    else:
        assert len(sheets(data)["线索明细"]) == 1


def test_json_is_the_contract_to_the_letter() -> None:
    """Keys, their order and the forms of times are what CONTRACT.md promises; nothing is missing or renamed."""
    told = json.loads(rendered(example(), "json"))
    assert list(told) == ["date", "number", "generated_at", "rule_pack", "totals", "coverage", "items"]
    assert told["date"] == "2026-11-23"
    assert told["generated_at"] == "2026-11-23T08:00:00+08:00"
    assert told["totals"] == {
        "new": 3,
        "still_online": 1,
        "reappeared": 1,
        "corrected": 1,
        "removed": 1,
        "unverifiable": 2,
    }
    assert told["coverage"] == {
        "targets_planned": 12,
        "targets_ok": 10,
        "gaps": [
            {
                "target_id": 7,
                "name": "晋技教育微信公众号",
                "outcome": "blocked",
                "detail": "平台要求验证码，未能进入文章列表",
            },
            {
                "target_id": 9,
                "name": "三晋考证论坛",
                "outcome": "deferred",
                "detail": "达到每次 500 页上限，余 132 页未采",
            },
        ],
    }
    contract = {
        "lead_id", "status", "changed", "page_url", "final_url", "title", "target", "platform", "account", "region",
        "level", "score", "categories", "findings", "operator", "first_seen", "last_seen", "measure", "evidence",
    }  # fmt: skip
    for item in told["items"]:
        assert contract <= set(item)
        assert set(item) - contract == {
            "review", "reason", "referred_at", "referred_to", "days_since_referral", "overdue", "answer", "added",
            "dropped", "relation", "screenshot_note",
        }  # fmt: skip
    first = told["items"][0]
    assert set(first["findings"][0]) == {
        "rule_id",
        "category",
        "quote",
        "context",
        "legal_basis",
        "behaviour",
        "picture",
    }
    assert first["operator"] == {
        "id": None,
        "name": None,
        "identifiers": [
            {"kind": "phone", "value": "138****0000"},
            {"kind": "wechat", "value": "hz****66"},
            {"kind": "icp", "value": "晋ICP备2026000001号"},
        ],
        "pages": 2,
    }
    assert first["evidence"] == {
        "snapshot_id": 11,
        "sha256": "ab" * 32,
        "warc": "2026/11/zx-20261122-0001.warc.gz",
        "warc_offset": 4096,
        "screenshot": None,
    }
    assert first["first_seen"] == (CUTOFF - timedelta(days=3)).astimezone(SHANGHAI).isoformat()


def test_html_shows_every_lead_with_its_proof_and_loads_nothing() -> None:
    """One page that holds all: no outside file, no script, no link to a flagged page, claims marked, gaps told."""
    digest_of_day = example()
    page = Page(rendered(digest_of_day, "html").decode())
    assert page.outside == []
    assert "script" not in page.tags
    for item in look(digest_of_day, Templates()).items:
        for expected in (item.title, item.page_url, item.measure, item.sha256, item.warc, item.first_seen):
            assert expected in page.text
        for finding in item.findings:
            assert finding.before + finding.quote + finding.after in page.text
            assert finding.behaviour in page.text
        for law in item.legal:
            assert law in page.text
    assert page.tags.count("mark") == sum(len(item.findings) for item in digest_of_day.items)
    for gap in digest_of_day.coverage.gaps:
        assert gap.name in page.text
        assert gap.detail in page.text
    assert "本期未能看全的监测对象：2 个" in page.text


def test_html_keeps_addresses_in_pieces_and_whole() -> None:
    """No text node is an address that a mail program would make a link of; the whole stands in the tooltip."""
    url = "http://zhengshu1.example.cn/a/1.html"
    lead = material(1, contexts=("一次包过，登录 www.fake-osta.cn 查询，邮箱 a@fake.cn",), title=f"见 {url} 说明")
    gap = Coverage(1, 0, (CoverageGap(1, "www.gap.cn", "failed", f"入口 {url} 打不开"),))
    source = rendered(build(Leads([lead], gap), DAY, CUTOFF, NUMBER, RULE_PACK), "html").decode()
    page = Page(source)
    assert not any("://" in words or "zhengshu1.example" in words or "www.fake" in words for words in page.words)
    assert "登录 www.fake-osta.cn 查询" in page.text
    assert f'title="{url}"' in source
    assert url in page.text


def test_many_gaps_are_all_listed_at_the_end() -> None:
    """Beyond fifteen gaps the box shows the first ones and the full table follows the leads, in html and docx."""
    gaps = tuple(CoverageGap(n, f"对象{n:03d}号", "timeout", f"第 {n} 次超时") for n in range(1, 41))
    many = build(Leads([material()], Coverage(60, 20, gaps)), DAY, CUTOFF, NUMBER, RULE_PACK)
    text = Page(rendered(many, "html").decode()).text
    assert "另有 25 处" in text
    assert "对象040号" in text
    assert "附件2" in docx_text(rendered(many, "docx"))
    assert "对象040号" in docx_text(rendered(many, "docx"))


def test_targets_are_counted_once_however_many_gaps_they_have() -> None:
    """Three gaps of one target and one of another are two targets in html, docx and xlsx; reading is said of start pages."""
    gaps = (
        CoverageGap(1, "甲站", "timeout", "2 个页面：超时"),
        CoverageGap(1, "甲站", "robots", "3 个页面：robots 禁止"),
        CoverageGap(1, "甲站", "deferred", "9 个页面：超出预算"),
        CoverageGap(2, "乙站", "timeout", "入口页面：超时"),
    )
    partly = build(Leads([], Coverage(2, 1, gaps)), DAY, CUTOFF, NUMBER, RULE_PACK)
    html, word = Page(rendered(partly, "html").decode()).text, docx_text(rendered(partly, "docx"))
    assert "本期未能看全的监测对象：2 个" in html
    assert "以下 2 个对象未采集或未采全" in word
    for text in (html, word):
        assert "超时 2 个" in text
        assert "robots 禁止 1 个" in text
        assert "计划监测对象 2 个，入口页面可读 1 个" in text
        assert "完整采集" not in text
    summary = openpyxl.load_workbook(io.BytesIO(rendered(partly, "xlsx")))["汇总"]
    counted = {row[1]: row[2] for row in summary.iter_rows(values_only=True)}
    assert [counted[name] for name in ("计划监测对象", "入口页面可读", "未能看全的对象", "覆盖缺口（处）")] == [
        2,
        1,
        2,
        4,
    ]


def test_xlsx_is_a_filterable_table_with_safe_links() -> None:
    """Four sheets, frozen and filtered heads, real links only for addresses, one row a lead and one a claim."""
    digest_of_day = example()
    data = rendered(digest_of_day, "xlsx")
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["线索明细", "命中明细", "覆盖缺口", "汇总"]
    leads = book["线索明细"]
    assert leads.freeze_panes == "G2"
    assert leads.auto_filter.ref == f"A1:AM{len(digest_of_day.items) + 1}"
    assert leads.max_row == len(digest_of_day.items) + 1
    first = digest_of_day.items[0]
    assert leads["G2"].value == first.page_url
    assert leads["G2"].hyperlink.target == first.page_url
    assert leads["F2"].value == first.title
    assert leads["E2"].value == first.score
    assert book["命中明细"].max_row == 1 + sum(len(item.findings) for item in digest_of_day.items)
    assert [cell.value for cell in book["覆盖缺口"][2]] == [
        7,
        "晋技教育微信公众号",
        "被拦截",
        "平台要求验证码，未能进入文章列表",
    ]


def test_docx_follows_the_official_layout() -> None:
    """A4 with the margins of GB/T 9704, fixed line of 28.9 points, East Asian fonts, page numbers on the outer side."""
    document = docx.Document(io.BytesIO(rendered(example(), "docx")))
    section = document.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    assert [
        round(edge.mm)
        for edge in (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    ] == [37, 35, 28, 26]
    normal = document.styles["Normal"]
    assert normal.paragraph_format.line_spacing.pt == 28.9
    styles = document.styles.element.xml
    assert 'w:eastAsia="仿宋_GB2312"' in styles
    assert 'w:eastAsia="方正小标宋简体"' in styles
    assert document.settings.odd_and_even_pages_header_footer
    odd, even = section.footer.paragraphs[0], section.even_page_footer.paragraphs[0]
    assert (odd.paragraph_format.alignment, even.paragraph_format.alignment) == (2, 0)
    headings = [paragraph.text for paragraph in document.paragraphs if paragraph.style.style_id == "Heading1"]
    assert headings == [
        "一、当日监测概况",
        "二、重点线索",
        "三、分类统计",
        "四、同源情况",
        "五、移送与处置进展",
        "六、说明",
    ]


def test_docx_lists_every_lead_twice() -> None:
    """News has a block of its own, what was told before a row; all stand in the appendix, with addresses."""
    digest_of_day = example()
    text = docx_text(rendered(digest_of_day, "docx"))
    for index, item in enumerate(digest_of_day.items, 1):
        assert (f"{index}. {item.title}" in text) == (item.status.value in {"new", "reappeared"} or item.changed)
        assert text.count(item.title) >= 2
        assert item.page_url in text


def test_write_names_files_by_day_and_leaves_no_rest(tmp_path: Path) -> None:
    """Files appear under their final names only, readable by whom the umask lets, and a repeat replaces them."""
    paths = write(example(), ["html", "json", "xlsx", "docx", "json"], tmp_path / "out")
    again = write(example(), ["json"], tmp_path / "out")
    assert [path.name for path in paths] == [f"digest-2026-11-23.{form}" for form in ("html", "json", "xlsx", "docx")]
    assert again == [tmp_path / "out" / "digest-2026-11-23.json"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(path.name for path in paths)
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(paths[0].stat().st_mode) == 0o666 & ~mask


def test_an_unknown_format_writes_nothing(tmp_path: Path) -> None:
    """A misspelt format is refused before the first file."""
    with pytest.raises(BadInput, match="xls"):
        write(example(), ["html", "xls"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_failing_renderer_leaves_the_old_file(tmp_path: Path) -> None:
    """A broken template of the user's costs no digest that was already there."""
    (path,) = write(example(), ["html"], tmp_path)
    before = path.read_bytes()
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / "digest.html.j2").write_text("标题\n{{ digest.titel }}", encoding="utf-8")
    with pytest.raises(BadFile, match=r"digest\.html\.j2.*第 2 行"):
        write(example(), ["html"], tmp_path, templates)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == [path.name]


def test_articles_of_one_law_stand_together() -> None:
    """A law that several claims rest on is named once, with all its articles."""
    item = look(example(), Templates()).items[0]
    assert item.legal == ("广告法 第二十八条、第二十四条第一项", "反不正当竞争法 第九条", "职业教育法 第六十五条")


def test_overdue_referrals_have_a_section_of_their_own() -> None:
    """Each reading form names the overdue lead, its authority and the days; without one there is no such section."""
    waiting = replace(state(review=Review.REFERRED), referred_at=CUTOFF - timedelta(days=9), referred_to="市网信办")
    late = build(Leads([material(state=waiting)]), DAY, CUTOFF, NUMBER, RULE_PACK, overdue_after=timedelta(days=7))
    words = "移送 市网信办 2026-11-14，已 9 天（超期）"
    assert "移送超期仍未下线：1 条" in rendered(late, "html").decode()
    assert words in rendered(late, "html").decode()
    document = zipfile.ZipFile(io.BytesIO(rendered(late, "docx"))).read("word/document.xml").decode()
    assert words in document
    sheet = openpyxl.load_workbook(io.BytesIO(rendered(late, "xlsx")))["线索明细"]
    cells = dict(zip([cell.value for cell in sheet[1]], [cell.value for cell in sheet[2]], strict=True))
    assert (cells["移送情况"], cells["移送后天数"], cells["移送超期"]) == (words, 9, "是")
    (item,) = json.loads(rendered(late, "json"))["items"]
    assert (item["days_since_referral"], item["overdue"], item["referred_to"]) == (9, True, "市网信办")
    assert "移送超期" not in rendered(build(Leads([material()]), DAY, CUTOFF, NUMBER, RULE_PACK), "html").decode()


def test_a_screenshot_is_shown_small_and_named_in_the_forms_for_people() -> None:
    """HTML shows the small copy where one can be made and names the file; Word and Excel name it."""
    name = f"screenshots/ab/{'ab' * 32}.png"
    leads = [
        replace(lead, evidence=lead.evidence and replace(lead.evidence, screenshot=name)) for lead in example_leads()
    ]
    digest = build(Leads(leads), DAY, CUTOFF, NUMBER, RULE_PACK)
    shown = rendered(digest, "html", Templates(preview=lambda path: f"data:image/jpeg;base64,{path[-8:-4]}")).decode()
    assert '<img src="data:image/jpeg;base64,abab"' in shown
    assert "default-src 'none'; img-src data:;" in shown, "a browser shows no picture without it"
    assert name in Page(shown).text
    unseen = rendered(digest, "html", Templates()).decode()
    assert "<img" not in unseen
    assert name in Page(unseen).text
    assert name in docx_text(rendered(digest, "docx", Templates()))
    book = openpyxl.load_workbook(io.BytesIO(rendered(digest, "xlsx", Templates())), read_only=True)
    assert any(name in row for row in book.worksheets[0].iter_rows(values_only=True))
