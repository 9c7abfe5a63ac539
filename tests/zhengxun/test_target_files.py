"""Lists of targets: what offices send is read, what is exported is read back, hostile files end in a message."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, datetime, time
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from domain.errors import BadFile, RefusedAddress
from domain.target import Budget, Rendering, Scope, Target, TargetKind
from zhengxun import spreadsheets, target_files
from zhengxun.target_files import COLUMNS, read_sheet, write_sheet
from zhengxun.target_import import draft_rows

_NOW = datetime(2026, 11, 23, tzinfo=UTC)
_HEADER = ",".join(COLUMNS)


def _no_private(url: str) -> None:
    if "//10." in url:
        raise RefusedAddress(f"地址 {url} 不能采集。")


def _csv(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "对象.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_is_read_in_the_encodings_of_chinese_offices(tmp_path: Path, encoding: str) -> None:
    """UTF-8 with and without a byte order mark, GB18030, and Excel's Unicode text."""
    sheet = read_sheet(_csv(tmp_path, f"{_HEADER}\n朔州技校,https://a.example.com/,网站,每天,备注㐂\n", encoding))
    assert [dict(row.cells) for row in sheet.rows] == [
        {"名称": "朔州技校", "网址": "https://a.example.com/", "类型": "网站", "频率": "每天", "备注": "备注㐂"}
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "，"])
def test_columns_may_stand_in_any_order_and_with_other_separators(tmp_path: Path, delimiter: str) -> None:
    """The header decides what a column is; unknown columns are named, not read."""
    text = "频率|网址|负责人|名称\n每天|https://a.example.com/|张|甲\n".replace("|", delimiter)
    sheet = read_sheet(_csv(tmp_path, text))
    assert sheet.rows[0].cells["名称"] == "甲"
    assert sheet.ignored == ("负责人",)


def test_row_numbers_are_those_of_the_spreadsheet(tmp_path: Path) -> None:
    """Blank rows count, and a cell with line breaks is one row."""
    text = f'{_HEADER}\n\n"甲\n乙",https://a.example.com/,,,\n,,,,\n丙,https://b.example.com/,,,\n'
    assert [row.number for row in read_sheet(_csv(tmp_path, text)).rows] == [3, 5]


def test_good_rows_go_in_and_bad_rows_are_named(tmp_path: Path) -> None:
    """Each bad row has its number and its own reason; it never takes a good row with it."""
    text = (
        f"{_HEADER},最大页数\n"
        "甲,https://a.example.com/,网站,每天,,10\n"
        "乙,不是网址,网站,每天,,\n"
        "丙,https://c.example.com/,网站,有空就看,,\n"
        "丁,https://d.example.com/,火星,每天,,\n"
        "戊,https://A.example.com:443,网站,每天,,\n"
        "己,http://10.0.0.1/,,,,\n"
        "庚,,,,,\n"
        "辛,https://e.example.com/,,,,许多\n"
        "壬,ftp://f.example.com/,,,,\n"
        ",https://g.example.com/feed,,,,\n"
    )
    drafts, bad = draft_rows(read_sheet(_csv(tmp_path, text)), _no_private, _NOW)
    assert [(number, draft.name, draft.kind) for number, draft in drafts] == [
        (2, "甲", TargetKind.WEBSITE),
        (11, "g.example.com/feed", TargetKind.FEED),
    ]
    assert {row.number: row.reason for row in bad}.keys() == {3, 4, 5, 6, 7, 8, 9, 10}
    reasons = {row.number: row.reason for row in bad}
    assert "不是网址" in reasons[3]
    assert "有空就看" in reasons[4]
    assert "火星" in reasons[5]
    assert "第 2 行重复" in reasons[6]
    assert "10.0.0.1" in reasons[7]
    assert "网址为空" in reasons[8]
    assert "最大页数" in reasons[9]
    assert "ftp://" in reasons[10]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "空的"),
        ("名称,地址\n甲,https://a.example.com/\n", "缺少“网址”列"),
        ("名称,网址,网址\n", "不止一次"),
        ("甲\x00乙,网址\n", "编码"),
    ],
)
def test_a_file_without_the_header_is_refused(tmp_path: Path, text: str, part: str) -> None:
    """Without 名称 and 网址 nothing is guessed."""
    with pytest.raises(BadFile, match=part):
        read_sheet(_csv(tmp_path, text))


def test_missing_and_oversized_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the file and what to do."""
    with pytest.raises(BadFile, match="不存在"):
        read_sheet(tmp_path / "没有.csv")
    monkeypatch.setattr(spreadsheets, "MAX_FILE_BYTES", 10)
    with pytest.raises(BadFile, match="上限"):
        read_sheet(_csv(tmp_path, _HEADER))
    monkeypatch.undo()
    monkeypatch.setattr(target_files, "MAX_ROWS", 2)
    with pytest.raises(BadFile, match="2 行"):
        read_sheet(_csv(tmp_path, _HEADER + "\n" + "甲,https://a.example.com/,,,\n" * 3))


def _xlsx(path: Path, rows: list[list[object]]) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def test_xlsx_is_read_with_its_numbers(tmp_path: Path) -> None:
    """Numbers come as 200, not 200.0; row numbers are the sheet's."""
    path = _xlsx(
        tmp_path / "对象.xlsx",
        [
            [*COLUMNS, "最大页数"],
            ["甲", "https://a.example.com/", "网站", "每天", None, 200.0],
            [],
            ["乙", "x", "", "", "", ""],
        ],
    )
    sheet = read_sheet(path)
    assert sheet.rows[0].cells["最大页数"] == "200"
    assert [row.number for row in sheet.rows] == [2, 4]


def test_times_and_hyperlinks_of_a_workbook_are_understood(tmp_path: Path) -> None:
    """A time cell is a time of every day; words with a hyperlink behind them stand for where it leads."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        list(COLUMNS),
        ["甲", "点击查看", "网站", time(8, 0), None],
        ["乙", "https://b.example.com/", "网站", time(21, 30), None],
        ["丙", "没有链接", "网站", None, None],
    ):
        sheet.append(row)
    sheet["B2"].hyperlink = "https://a.example.com/x?y=1&z=2"
    sheet["B2"].value = "点击查看"
    sheet["B3"].hyperlink = "https://elsewhere.example.com/"
    sheet["B3"].value = "https://b.example.com/"
    sheet["A4"].hyperlink = "https://name.example.com/"
    path = tmp_path / "对象.xlsx"
    book.save(path)
    drafts, bad = draft_rows(read_sheet(path), _no_private, _NOW)
    assert [(draft.url, draft.schedule) for _, draft in drafts] == [
        ("https://a.example.com/x?y=1&z=2", "0 8 * * *"),
        ("https://b.example.com/", "30 21 * * *"),
    ]
    assert [row.number for row in bad] == [4]


def test_a_comma_that_moved_the_cells_makes_a_bad_row(tmp_path: Path) -> None:
    """Filled cells beyond the header are named; empty ones mean nothing."""
    text = f"{_HEADER}\n甲,https://a.example.com/,网站,每天,看公告,和新闻\n乙,https://b.example.com/,网站,每天,,,,\n"
    drafts, bad = draft_rows(read_sheet(_csv(tmp_path, text)), _no_private, _NOW)
    assert [number for number, _ in drafts] == [3]
    assert [(row.number, "“和新闻”" in row.reason) for row in bad] == [(2, True)]


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """A workbook whose parts declare more than the limit is refused before any of them is read."""
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (spreadsheets.MAX_UNPACKED_BYTES + 1))
    assert path.stat().st_size < spreadsheets.MAX_FILE_BYTES
    with pytest.raises(BadFile, match="压缩炸弹"):
        read_sheet(path)


@pytest.mark.parametrize("body", [b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0old xls", b"not a workbook"])
def test_damaged_workbooks_end_in_a_message(tmp_path: Path, body: bytes) -> None:
    """A file that only calls itself .xlsx is named as damaged or of the old format."""
    path = tmp_path / "坏.xlsx"
    path.write_bytes(body)
    with pytest.raises(BadFile, match=r"xls"):
        read_sheet(path)


def test_a_zip_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    """Some other zip archive with the suffix .xlsx."""
    path = tmp_path / "other.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(BadFile, match=r"有效的 \.xlsx"):
        read_sheet(path)


_TARGETS = [
    Target(
        1,
        "=HYPERLINK(1)",
        "https://a.example.com/news/",
        TargetKind.WEBSITE,
        "0 9 * * mon-fri",
        Scope(("a.example.com",), "/news/"),
        Budget(max_pages=20, max_depth=2),
        render=Rendering.NEVER,
        region="朔州",
        note="'-1+1",
    ),
    Target(
        2, "乙", "https://b.example.com/x.html", TargetKind.FEED, "5 */7 * * *", Scope(("b.example.com",)), paused=True
    ),
]


@pytest.mark.parametrize("name", ["对象.csv", "对象.xlsx"])
def test_what_is_exported_reads_back_the_same(tmp_path: Path, name: str) -> None:
    """Export and import are inverse, formulas and apostrophes included."""
    write_sheet(tmp_path / name, _TARGETS)
    drafts, bad = draft_rows(read_sheet(tmp_path / name), _no_private, _NOW)
    assert bad == []
    for (_, draft), target in zip(drafts, _TARGETS, strict=True):
        assert (draft.name, draft.url, draft.kind, draft.schedule) == (
            target.name,
            target.url,
            target.kind,
            target.schedule,
        )
        assert (draft.budget, draft.render, draft.region, draft.note, draft.paused) == (
            target.budget,
            target.render,
            target.region,
            target.note,
            target.paused,
        )
        assert draft.scope.path_prefix == target.scope.path_prefix


def test_exported_cells_are_no_formulas(tmp_path: Path) -> None:
    """A name that begins with = is text for every spreadsheet program."""
    write_sheet(tmp_path / "a.csv", _TARGETS)
    rows = list(csv.reader(io.StringIO((tmp_path / "a.csv").read_text("utf-8-sig"))))
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    write_sheet(tmp_path / "a.xlsx", _TARGETS)
    sheet = load_workbook(tmp_path / "a.xlsx").active
    assert sheet is not None
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}


def test_other_suffixes_are_refused(tmp_path: Path) -> None:
    """Only .csv and .xlsx are written."""
    with pytest.raises(BadFile, match=r"\.csv 或 \.xlsx"):
        write_sheet(tmp_path / "a.ods", [])
