"""Pages that try to break or misuse the digest: each form still opens and shows the words harmlessly."""

from __future__ import annotations

import io
import json
import re
from functools import cache
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from lxml import etree
from openpyxl.utils.escape import unescape

from digest import build
from digest.passages import split_context
from digest.renderers import RENDERERS
from digest.renderers.xlsx import CELL_LIMIT
from digest.templates import Templates
from digest.text import visible
from domain.digest import Coverage, CoverageGap, Digest
from domain.document import Contact, ContactKind

from .material import CUTOFF, DAY, NUMBER, RULE_PACK, Leads, assessment, finding, material
from .test_renderers import Page, docx_text, rendered, sheets

ATTACKS = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>包过",
    "attribute": '" onmouseover="alert(1)" x=\'y\' 包过',
    "template": "{{ 7*7 }}{% for x in () %}{# 包过 #}{{ digest.__class__ }}",
    "cdata": "包过]]></w:t></w:r><w:br/><![CDATA[&lt;&amp;&#0;",
    "rich string": '<r></t></is></c><c r="Z9"><f>1+1</f></c><c><is><t>包过</r>',
    "formula": '=HYPERLINK("http://evil.example","包过")',
    "plus": "+86包过",
    "minus": "-1包过",
    "at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "tab": "\t=1+1包过",
    "controls": "包\x01\x08\x0b\x1b[31m过\x7f\x85\x9b",
    "nul": "包\x00过",
    "surrogate": "包\ud83d过\udc00",
    "override": "包\u202e过证\u202c\u2066x\u2069",
    "zero width": "包\u200b\u200b\u200b过\ufeff证\u2060",
    "nonchar": "包\ufffe过\uffff",
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467 包过 \u2705\ufe0f \U0001f1e8\U0001f1f3",
    "long": "包过" * 20_000,
    "escape lookalike": "包_x000D_过_x0041_",
    "line ends": "包\r\n过\u2028证\u2029书",
}


def attacked(text: str) -> Digest:
    """A digest in which every field that comes from outside holds ``text``."""
    lead = material(
        1,
        title=text,
        target_name=text,
        account=text,
        platform="weixin",
        region=text,
        published_raw=text,
        page_url="http://example.cn/?q=" + text,
        final_url="http://example.cn/final?q=" + text,
        contacts=(Contact(ContactKind.WECHAT, text), Contact(ContactKind.ICP, text), Contact(ContactKind.PHONE, text)),
        assessment=assessment([finding(text)], evasion=(text,)),
        contexts=("前文" + text + "后文",),
    )
    gaps = Coverage(2, 1, (CoverageGap(1, text, "failed", text),))
    return build(Leads([lead], gaps), DAY, CUTOFF, NUMBER, RULE_PACK)


@cache
def harmless(form: str) -> bytes:
    """The same digest with nothing strange in it."""
    return rendered(attacked("包过"), form)


INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff]")


def assert_harmless(text: str) -> None:
    """Nothing in it is invisible but the joiner inside an emoji."""
    found = INVISIBLE.findall(re.sub("(?<=[\U0001f468\U0001f469])\u200d(?=[\U0001f467\U0001f469])", "", text))
    assert found == []


@pytest.mark.parametrize("name", ATTACKS)
def test_html_shows_the_words_and_runs_nothing(name: str) -> None:
    """No tag, attribute, direction override or template expression of a page takes effect in the report."""
    text = ATTACKS[name]
    plain, hit = Page(harmless("html").decode()), Page(rendered(attacked(text), "html").decode())
    assert [tag for tag in hit.tags if tag != "wbr"] == [tag for tag in plain.tags if tag != "wbr"]
    assert hit.outside == []
    assert_harmless(hit.text)
    if name == "template":
        assert text in hit.text


@pytest.mark.parametrize("name", ATTACKS)
def test_json_reads_back_exactly_and_looks_harmless(name: str) -> None:
    """The text is exact but for what no file can hold; the file itself has nothing invisible in it."""
    text = ATTACKS[name]
    data = rendered(attacked(text), "json").decode()
    assert_harmless(data.replace("\n", ""))
    quote = json.loads(data)["items"][0]["findings"][0]["quote"]
    assert quote == re.sub("[\x00\ud800-\udfff\ufffe\uffff]", "\ufffd", text)


@pytest.mark.parametrize("name", ATTACKS)
def test_xlsx_keeps_text_as_text(name: str) -> None:
    """No cell becomes a formula; what was read on the page is what the cell says."""
    text = ATTACKS[name]
    data = rendered(attacked(text), "xlsx")
    book = openpyxl.load_workbook(io.BytesIO(data))
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in {"s", "n", "inlineStr"}
                if isinstance(cell.value, str):
                    assert_harmless(cell.value)
                    assert len(cell.value) <= CELL_LIMIT
    cells = sheets(data)
    if name in {"formula", "plus", "minus", "at", "template", "script", "escape lookalike"}:
        # openpyxl leaves Excel's own escape (_x005F_) in inline strings; Excel reads it back.
        assert unescape(cells["命中明细"][1][5]) == text
    assert b"<f>" not in b"".join(ZipFile(io.BytesIO(data)).read(part) for part in ZipFile(io.BytesIO(data)).namelist())


@pytest.mark.parametrize("name", ATTACKS)
def test_docx_opens_and_adds_no_markup(name: str) -> None:
    """Every part is well-formed XML with the same elements as for harmless words."""
    plain, hit = harmless("docx"), rendered(attacked(ATTACKS[name]), "docx")

    def elements(data: bytes) -> list[str]:
        return [node.tag for node in etree.fromstring(ZipFile(io.BytesIO(data)).read("word/document.xml")).iter()]

    assert elements(hit) == elements(plain)
    assert_harmless(docx_text(hit))


def test_what_hides_is_written_out() -> None:
    """Zero-width and direction characters are evidence: they are shown, with their number."""
    assert visible("包\u200b\u200b\u200b过") == "包‹U+200B×3›过"
    assert visible("证\u202e书") == "证‹U+202E›书"
    assert visible("\U0001f468\u200d\U0001f469") == "\U0001f468\u200d\U0001f469"
    assert visible("包\u200d过") == "包‹U+200D›过"
    assert visible("包过\n包过") == "包过\n包过"


def test_a_cut_text_says_so() -> None:
    """Nobody takes a part for the whole."""
    assert visible("包过" * 100, 10) == "包过包过包过包过包过…（共 200 字）"


def test_very_long_addresses_are_text_in_excel() -> None:
    """A link beyond Excel's length, or to anything but the web, is written as text."""
    leads = [
        material(1, page_url="http://example.cn/" + "a" * 3000),
        material(2, page_url="javascript:alert(1)"),
        material(3, page_url="file:///etc/passwd"),
        material(4, page_url="http://example.cn/a b"),
        material(5, page_url="http://example.cn/" + "a" * 2061),
    ]
    book = openpyxl.load_workbook(io.BytesIO(rendered(build(Leads(leads), DAY, CUTOFF, NUMBER, RULE_PACK), "xlsx")))
    rows = list(book["线索明细"].iter_rows(min_row=2))
    assert [row[6].hyperlink is not None for row in rows] == [False, False, False, False, True]
    assert rows[0][6].value.startswith("http://example.cn/aaa")
    assert rows[1][6].value == "javascript:alert(1)"


def test_link_limit_of_a_sheet_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the number of links Excel opens, addresses go on as text, without a warning or a lost row."""
    import digest.renderers.xlsx as module

    monkeypatch.setattr(module, "LINK_COUNT_LIMIT", 3)
    leads = [material(n) for n in range(1, 8)]
    book = openpyxl.load_workbook(io.BytesIO(rendered(build(Leads(leads), DAY, CUTOFF, NUMBER, RULE_PACK), "xlsx")))
    rows = list(book["线索明细"].iter_rows(min_row=2))
    assert sum(row[6].hyperlink is not None for row in rows) == 3
    assert all(row[6].value for row in rows)


@pytest.mark.parametrize(
    ("context", "quote"),
    [
        ("包过" + "甲" * 38 + "包过" + "乙" * 40, "包过"),
        ("包过" + "乙" * 40, "包过"),
        ("甲" * 40 + "包过", "包过"),
        ("承诺包过", "包过"),
    ],
)
def test_the_quote_is_found_in_its_context(context: str, quote: str) -> None:
    """Of several occurrences the one forty characters in is marked; nothing of the context is lost."""
    before, marked, after = split_context(context, quote)
    assert before + marked + after == context
    assert marked == quote
    assert len(before) in {0, 2, 40}


def test_a_quote_outside_its_context_stands_alone() -> None:
    """A context that lost the quote (masked, cut) does not mark something else."""
    assert split_context("别的话", "包过") == ("", "包过", "")


@pytest.mark.parametrize("form", RENDERERS)
def test_hostile_number_and_pack(form: str) -> None:
    """Even the digest's own head is escaped."""
    assert rendered(build(Leads([]), DAY, CUTOFF, "<b>\x00{{x}}", RULE_PACK), form, Templates())


def test_a_sheet_of_strange_values_has_no_error(tmp_path: Any) -> None:
    """All attacks together in one digest still make one file of each form."""
    leads = [material(n, title=text, account=text) for n, text in enumerate(ATTACKS.values(), 1)]
    everything = build(Leads(leads), DAY, CUTOFF, NUMBER, RULE_PACK)
    assert len(sheets(rendered(everything, "xlsx"))["线索明细"]) == len(ATTACKS) + 1
