"""Lists of targets as spreadsheets: reading what offices send and writing the same."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.errors import BadFile
from domain.target import Target
from zhengxun.schedule import describe, parse_schedule
from zhengxun.spreadsheets import Record, read_bytes, records

MAX_ROWS = 100_000

#: Header of the contract, in the order in which it is written.
COLUMNS = ("名称", "网址", "类型", "频率", "备注")
OPTIONAL = ("最大页数", "最大深度", "地区", "标签", "渲染", "路径范围", "状态")
REQUIRED = ("名称", "网址")


@dataclass(frozen=True, slots=True)
class Row:
    """One filled row; ``number`` is the row's number in the file as a spreadsheet program shows it."""

    number: int
    cells: Mapping[str, str]
    link: str | None = None
    """Where the hyperlink on the cell 网址 leads (.xlsx)."""
    surplus: tuple[str, ...] = ()
    """Filled cells to the right of the header (.csv): a comma inside a cell moved the others."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """All filled rows, and columns whose name is unknown (not read)."""

    rows: tuple[Row, ...]
    ignored: tuple[str, ...]


def read_sheet(path: Path) -> Sheet:
    """Rows of a .csv or .xlsx; :class:`BadFile` for anything that cannot be one, or a header without 名称 and 网址."""
    return _to_sheet(path, records(path, read_bytes(path)))


def _to_sheet(path: Path, records: Iterator[Record]) -> Sheet:
    header: list[str] = []
    rows: list[Row] = []
    for record in records:
        values = [cell.strip() for cell in record.cells]
        if not any(values):
            continue
        if not header:
            header = [unicodedata.normalize("NFKC", value).strip().strip("*:") for value in values]
            _check_header(path, header)
            continue
        if len(rows) >= MAX_ROWS:
            raise BadFile(f"文件 {path} 超过 {MAX_ROWS} 行；请分成几份导入。")
        cells = {name: value for name, value in zip(header, values, strict=False) if name}
        surplus = tuple(filter(None, values[len(header) :])) if record.separated else ()
        rows.append(Row(record.number, cells, record.links.get(header.index("网址")), surplus))
    if not header:
        raise BadFile(f"文件 {path} 是空的；第一行应为表头：{','.join(COLUMNS)}。")
    known = {*COLUMNS, *OPTIONAL}
    return Sheet(tuple(rows), tuple(name for name in header if name and name not in known))


def _check_header(path: Path, header: list[str]) -> None:
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise BadFile(
            f"文件 {path} 的表头缺少“{'”“'.join(missing)}”列；第一行应为表头：{','.join(COLUMNS)}（次序不限，后三列可缺）。"
        )
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise BadFile(f"文件 {path} 的表头中“{twice[0]}”列出现了不止一次；请只留一列。")


def write_sheet(path: Path, targets: Sequence[Target]) -> None:
    """Write ``targets`` so that :func:`read_sheet` and ``targets import`` read them back; .csv or .xlsx by suffix."""
    header = [*COLUMNS, *OPTIONAL]
    rows = [_record(target) for target in targets]
    suffix = path.suffix.lower()
    try:
        if suffix == ".csv":
            with path.open("w", encoding="utf-8-sig", newline="") as out:
                writer = csv.writer(out)
                writer.writerow(header)
                writer.writerows([_defused(cell) for cell in row] for row in rows)
        elif suffix == ".xlsx":
            _write_xlsx(path, header, rows)
        else:
            raise BadFile(f"不能导出为“{path.name}”；文件名应以 .csv 或 .xlsx 结尾。")
    except OSError as error:
        raise BadFile(f"无法写入 {path}；请检查文件夹是否存在、是否有权限、文件是否正被打开。") from error


def _record(target: Target) -> list[str]:
    words = describe(target.schedule)
    # Words only where they mean exactly this expression: reading back must not move a schedule.
    schedule = words if words == target.schedule or parse_schedule(words) == target.schedule else target.schedule
    return [
        target.name,
        target.url,
        target.kind.label,
        schedule,
        target.note or "",
        str(target.budget.max_pages),
        str(target.budget.max_depth),
        target.region or "",
        "、".join(target.tags),
        target.render.label,
        target.scope.path_prefix,
        "已暂停" if target.paused else "正常",
    ]


def _defused(cell: str) -> str:
    """A cell that no spreadsheet program takes for a formula; the apostrophe is taken off again on import."""
    return "'" + cell if cell.startswith(("=", "+", "-", "@", "\t", "\r", "'")) else cell


def _write_xlsx(path: Path, header: list[str], rows: list[list[str]]) -> None:
    from xlsxwriter import Workbook

    workbook = Workbook(
        str(path), {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    sheet = workbook.add_worksheet("监测对象")
    bold = workbook.add_format({"bold": True})
    sheet.write_row(0, 0, header, bold)
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            sheet.write_string(number, column, cell)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 44)
    sheet.set_column(2, len(header) - 1, 14)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(rows), 1), len(header) - 1)
    workbook.close()
