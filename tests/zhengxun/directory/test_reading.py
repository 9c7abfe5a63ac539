"""Lists as offices publish them: titles, merged cells, odd days, bad rows, hostile files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from domain.errors import BadFile
from zhengxun.directory.columns import Role, role_of
from zhengxun.directory.days import BadDay, day_of_words, term_of_words
from zhengxun.directory.reading import read_list

CODE = "91140000000000000T"


def write_xlsx(path: Path, rows: Sequence[Sequence[Any]], merged: Sequence[str] = ()) -> Path:
    """A workbook with these rows and merged areas in its first sheet."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    for area in merged:
        sheet.merge_cells(area)
    book.save(path)
    return path


def write_csv(path: Path, text: str, encoding: str = "gb18030") -> Path:
    """A text file."""
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("role", "headers"),
    [
        (Role.NAME, "机构名称 评价机构名称 单位名称 学校名称* 培训机构 备案机构全称 社会培训评价组织名称 企业名称 补贴性培训机构名称 名称 承训机构"),
        (Role.CODE, "统一社会信用代码 社会信用代码 信用代码 机构统一社会信用代码"),
        (Role.OCCUPATION, "职业（工种） 职业名称 工种 备案职业（工种）名称 职业(工种)及等级 培训项目 办学内容 评价范围"),
        (Role.LEVEL, "等级 职业技能等级 技能等级 认定等级 级别 培训层次"),
        (Role.DISTRICT, "地区 区县 所在市 所属地市 行政区划 属地"),
        (Role.FROM, "有效期起 备案时间 批准日期 发证日期 有效期开始日期"),
        (Role.TO, "有效期至 有效期止 备案有效期至 到期时间 截止日期"),
        (Role.VALIDITY, "有效期 备案有效期 有效期限 许可证有效期 起止时间"),
        (Role.REMARK, "备注 备　注 说明"),
        (Role.SERIAL, "序号 编号 No."),
        (Role.UNKNOWN, "联系人 联系电话 法定代表人 办学地址 职业编码 发证机关 审批机关名称 主管单位名称 机构代码 机构性质 山西省评价机构备案名录"),
    ],
)  # fmt: skip
def test_columns_are_known_by_their_usual_names(role: Role, headers: str) -> None:
    """Whatever their decoration; who grants, and people, are not read."""
    for header in headers.split(" "):
        assert role_of(header) is role, header


@pytest.mark.parametrize(
    ("words", "day"),
    [
        *((words, date(2024, 5, 1)) for words in ("2024.5.1", "2024-05-01 00:00:00", "45413", "45413.0", "20240501", "２０２４／５／１", "2024年5月1日", "2024.05.01.")),
        ("2024年2月", date(2024, 2, 29)),
        *((words, None) for words in ("", "长期", "—", "无固定期限")),
    ],
)  # fmt: skip
def test_days_are_read_as_offices_write_them(words: str, day: date | None) -> None:
    """Written, compact, or as Excel counts them."""
    assert day_of_words(words, last=True) == day


@pytest.mark.parametrize("words", ["三年", "2024/13/1", "2024.5.1起三年", "12345", "2024", "5月1日"])
def test_what_is_no_day_is_refused(words: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(BadDay):
        day_of_words(words)


@pytest.mark.parametrize(
    ("words", "term"),
    [
        *((words, (date(2024, 5, 1), date(2027, 4, 30))) for words in ("2024.5.1-2027.4.30", "2024年5月1日至2027年4月30日", "20240501-20270430", "2024-05-01~2027-04-30", "2024.5-2027.4")),
        ("至2027年4月", (None, date(2027, 4, 30))),
        ("2027-04-30", (None, date(2027, 4, 30))),
        ("2024年5月1日起", (date(2024, 5, 1), None)),
        ("", (None, None)),
    ],
)  # fmt: skip
def test_terms_are_read(words: str, term: tuple[date | None, date | None]) -> None:
    """Both ends, or one."""
    assert term_of_words(words) == term


@pytest.mark.parametrize("words", ["自2024年5月1日起三年", "2027.1.1-2024.1.1", "三年"])
def test_what_is_no_term_is_refused(words: str) -> None:
    """People read it as it stands."""
    with pytest.raises(BadDay):
        term_of_words(words)


def test_a_published_list_is_read(tmp_path: Path) -> None:
    """Title and header of two rows, merged cells, serials; bad rows are named, and what cannot be right is left out."""
    path = write_xlsx(
        tmp_path / "名录.xlsx",
        [
            ["山西省职业技能等级认定评价机构备案名录（截至2026年5月1日）"],
            ["序号", "评价机构\n名称", "统一社会信用代码", "备案职业（工种）", None, "有效期", None, "备注", "联系电话"],
            [None, None, None, "职业（工种）", "等级", "起", "止"],
            [1, "山西　甲 评价有限公司", f" {CODE.lower()}", "电工", "五级、四级", datetime(2024, 5, 1), "2027.4.30", "=1+1", "13800000000"],
            [None, None, None, "焊工", "四级", 45413, "2027年4月"],
            [2, "太原市乙（职业）培训学校", "9.11E+17", "保育师", "三级", "2024/5/1", "三年"],
            [3, None, None, "保育师"],
            [4, "丙丁", None, "保育师"],
            [5, "@SUM(1)评价机构", None, "保育师"],
            ["序号", "评价机构名称"],
            [6, "山西　甲 评价有限公司", CODE, "电工", "五级、四级", "2024.5.1", "2027.4.30", "=1+1"],
            [7, "大同市戊\u202e\x7f职业培训学校"],
            ["注：以上由各市提供"],
            [None, "合计：6家"],
        ],
        ["A1:I1", "A2:A3", "B2:B3", "C2:C3", "D2:E2", "F2:G2", "H2:H3", "A4:A5", "B4:B5", "C4:C5"],
    )  # fmt: skip
    read = read_list(path)
    assert read.day == date(2026, 5, 1)
    assert [(one.number, one.name, one.credit_code, one.occupations, one.levels) for one in read.listings] == [
        (4, "山西 甲 评价有限公司", CODE, "电工", "五级、四级"),
        (5, "山西 甲 评价有限公司", CODE, "焊工", "四级"),
        (6, "太原市乙（职业）培训学校", None, "保育师", "三级"),
        (12, "大同市戊职业培训学校", None, "", ""),
    ]
    terms = [(one.valid_from, one.valid_to, one.validity) for one in read.listings[:3]]
    both = (date(2024, 5, 1), date(2027, 4, 30), "")
    assert terms == [both, both, (date(2024, 5, 1), None, "三年")]
    assert [row.number for row in read.bad] == [7, 8, 9, 10, 11, 14]
    for row, part in zip(
        read.bad, ("没有机构名称", "过短", "不是机构名称", "重复的表头", "完全相同", "附注"), strict=True
    ):
        assert part in row.reason
    assert [(row.number, part in row.reason) for row, part in zip(read.doubts, ("校验不符", "三年"), strict=True)] == [
        (6, True),
        (6, True),
    ]
    assert read.columns.unread == ("联系电话",)


def test_merged_cells_say_in_each_row_what_the_first_says(tmp_path: Path) -> None:
    """Also where each row has a number of its own; what is merged over several columns is no body's."""
    rows = [
        ["序号", "机构名称", "职业"],
        [1, "山西甲评价有限公司", "电工"],
        [2, None, "焊工"],
        [3, None, "保育师"],
        ["太原市"],
        [4, None, "电工"],
    ]
    read = read_list(write_xlsx(tmp_path / "a.xlsx", rows, ["B2:B3", "A5:C5"]))
    assert [(one.number, one.occupations) for one in read.listings] == [(2, "电工"), (3, "焊工")]
    assert [row.number for row in read.bad] == [4, 6]


def test_a_csv_without_merged_cells_goes_on_below(tmp_path: Path) -> None:
    """Where name, code and number are left empty below a body; a row with a number of its own and no name is bad."""
    text = (
        "太原市民办职业培训学校名单，截至2026年4月1日，共3家\n序号,学校名称,办学内容,有效期\n"
        '1,太原市甲职业培训学校,电工,2024.1.1-2026.12.31\n,,焊工,\n2,,保育师,\n3,"太原市乙职业\n培训学校",,\n4,太原市丙学校,a,b,多了\n'
    )
    read = read_list(write_csv(tmp_path / "名单.csv", text))
    assert [(one.number, one.name, one.occupations) for one in read.listings] == [
        (3, "太原市甲职业培训学校", "电工"),
        (4, "太原市甲职业培训学校", "焊工"),
        (6, "太原市乙职业培训学校", ""),
    ]
    assert {one.valid_to for one in read.listings[:2]} == {date(2026, 12, 31)}
    assert [row.number for row in read.bad] == [5, 7]
    assert read.day == date(2026, 4, 1)


def test_rows_alike_are_kept_once_and_other_sheets_are_named(tmp_path: Path) -> None:
    """Nothing is lost in silence."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["机构名称"], ["山西甲评价有限公司"], ["山西甲评价有限公司"]):
        sheet.append(row)
    book.create_sheet("第二批").append(["机构名称"])
    book.create_sheet("空表")
    book.save(tmp_path / "a.xlsx")
    read = read_list(tmp_path / "a.xlsx")
    assert ([one.number for one in read.listings], [row.number for row in read.bad]) == ([2], [3])
    assert read.other_sheets == ("第二批",)
    damaged = tmp_path / "b.xlsx"
    with zipfile.ZipFile(tmp_path / "a.xlsx") as whole, zipfile.ZipFile(damaged, "w") as archive:
        for name in whole.namelist():
            body = whole.read(name)
            archive.writestr(
                name, body.replace(b"<sheetData", b"<sheetData><row></wrong") if "sheet3" in name else body
            )
    assert read_list(damaged).other_sheets == ("第二批", "空表")


def test_files_that_are_no_list_are_refused(tmp_path: Path) -> None:
    """Empty, without a column of bodies, a zip bomb: a sentence, nothing read."""
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 200_000_000)
    for name, body, part in (
        ("a.csv", b"", "空的"),
        ("b.csv", "网址,频率\nhttp://a.example/,每天\n".encode(), "没有找到表头"),
        ("c.csv", "机构名称\n".encode(), "没有内容"),
        ("d.xlsx", b"PK\x03\x04broken", "不是有效"),
        ("e.xlsx", bomb.getvalue(), "压缩炸弹"),
        ("f.xls", b"\xd0\xcf\x11\xe0", "另存为"),
    ):
        (tmp_path / name).write_bytes(body)
        with pytest.raises(BadFile, match=part):
            read_list(tmp_path / name)
