"""Lists of targets as spreadsheets: reading what offices send (.csv in UTF-8 or GB18030, .xlsx) and writing the same.

Everything read is untrusted: sizes are bounded before anything is unpacked or held in memory.
"""

from __future__ import annotations

import csv
import io
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from domain.errors import BadFile
from domain.target import Target
from zhengxun.schedule import describe, parse_schedule

#: Largest file taken. 100,000 rows of ordinary length are about 10 MB.
MAX_FILE_BYTES = 20 * 1024 * 1024
#: Largest sum of the unpacked parts of an .xlsx; its own compression is 5–15 times, a zip bomb's over 100 times.
MAX_UNPACKED_BYTES = 150 * 1024 * 1024
MAX_ROWS = 100_000
MAX_COLUMNS = 50
MAX_CELL = 5000

#: Header of the contract, in the order in which it is written.
COLUMNS = ("名称", "网址", "类型", "频率", "备注")
OPTIONAL = ("最大页数", "最大深度", "地区", "渲染", "路径范围", "状态")
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
class _Record:
    number: int
    cells: Sequence[str]
    links: Mapping[int, str] = field(default_factory=dict)
    """Hyperlinks by column."""
    separated: bool = False
    """Cells are told apart by a separator that may also stand inside one."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """All filled rows, and columns whose name is unknown (not read)."""

    rows: tuple[Row, ...]
    ignored: tuple[str, ...]


def read_sheet(path: Path) -> Sheet:
    """Rows of a .csv or .xlsx; :class:`BadFile` for anything that cannot be one, or a header without 名称 and 网址."""
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise BadFile(f"{path} 不是文件。")
        if size > MAX_FILE_BYTES:
            raise BadFile(f"文件 {path} 有 {size // 1024 // 1024} MB，超过上限 20 MB；请分成几份导入。")
        body = path.read_bytes()
    except OSError as error:
        raise BadFile(f"文件 {path} 不存在或无法读取。") from error
    if body.startswith(b"PK\x03\x04"):
        records = _xlsx_records(path, body)
    elif body.startswith(b"\xd0\xcf\x11\xe0"):
        raise BadFile(f"文件 {path} 是旧版 .xls 格式或加密文档；请另存为不加密的 .xlsx 再导入。")
    elif path.suffix.lower() in {".xlsx", ".xlsm"}:
        raise BadFile(f"文件 {path} 不是有效的 .xlsx 文件（可能已损坏）；请重新导出。")
    else:
        records = _csv_records(path, body)
    return _to_sheet(path, records)


def _to_sheet(path: Path, records: Iterator[_Record]) -> Sheet:
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


def _decode(path: Path, body: bytes) -> str:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise BadFile(f"文件 {path} 不是 UTF-8 或 GB18030 编码的文本；请另存为“CSV UTF-8”或 .xlsx。")


def _csv_records(path: Path, body: bytes) -> Iterator[_Record]:
    text = _decode(path, body)
    first_line = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t，", key=first_line.count) if first_line else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    number = 0
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadFile(f"文件 {path} 第 {number + 1} 行附近不是有效的 CSV（引号不配对或单元格过长）。") from error
        number += 1
        yield _Record(number, [_undefused(cell[:MAX_CELL]) for cell in record[:MAX_COLUMNS]], separated=True)


def _xlsx_records(path: Path, body: bytes) -> Iterator[_Record]:
    damaged = BadFile(f"文件 {path} 不是有效的 .xlsx 文件（可能已损坏）；请重新导出。")
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            # zipfile never unpacks more of a part than its directory entry declares, so the declared sum is a bound.
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise damaged from error
    if unpacked > MAX_UNPACKED_BYTES:
        raise BadFile(f"文件 {path} 解压后超过 {MAX_UNPACKED_BYTES // 1024 // 1024} MB，疑似压缩炸弹，未读取。")
    from openpyxl import load_workbook

    try:
        workbook = load_workbook(io.BytesIO(body), read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # openpyxl raises whatever its XML and zip layers raise on a damaged file
        raise damaged from error
    try:
        sheet = workbook.worksheets[0] if workbook.worksheets else None
        if sheet is None:
            raise damaged
        try:
            # The path of the part stands nowhere else in openpyxl.
            links = _links(body, sheet._worksheet_path)  # type: ignore[attr-defined]
        except Exception as error:  # see above
            raise damaged from error
        # A declared size of 1,048,576 × 16,384 would be padded with empty cells.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True)
        number = 0
        while True:
            try:
                record = next(rows)
            except StopIteration:
                return
            except Exception as error:  # see above
                raise damaged from error
            number += 1
            yield _Record(number, [_cell_text(value)[:MAX_CELL] for value in record], links.get(number, {}))
    finally:
        workbook.close()


_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def _links(body: bytes, sheet_path: str) -> dict[int, dict[int, str]]:
    """Hyperlinks of a sheet by row number and column (ECMA-376 part 1, 18.3.1.47); openpyxl reads none when streaming."""
    from openpyxl.utils.cell import coordinate_to_tuple
    from openpyxl.xml.functions import fromstring, iterparse

    folder, _, name = sheet_path.rpartition("/")
    relations = f"{folder}/_rels/{name}.rels"
    links: dict[int, dict[int, str]] = {}
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        if relations not in archive.namelist():
            return links
        addresses = {
            relation.get("Id"): relation.get("Target", "")
            for relation in fromstring(archive.read(relations))
            if relation.get("TargetMode") == "External"
        }
        if not addresses:
            return links
        with archive.open(sheet_path) as part:
            for _, element in iterparse(part):
                tag = element.tag.rpartition("}")[2]
                if tag == "row":
                    element.clear()
                elif tag == "hyperlink" and element.get(_RELATION) in addresses:
                    row, column = coordinate_to_tuple(element.get("ref", "").partition(":")[0])
                    links.setdefault(row, {})[column - 1] = addresses[element.get(_RELATION)][:MAX_CELL]
    return links


def _cell_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


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
        "是" if target.render else "否",
        target.scope.path_prefix,
        "已暂停" if target.paused else "正常",
    ]


def _defused(cell: str) -> str:
    """A cell that no spreadsheet program takes for a formula; the apostrophe is taken off again on import."""
    return "'" + cell if cell.startswith(("=", "+", "-", "@", "\t", "\r", "'")) else cell


def _undefused(cell: str) -> str:
    """What :func:`write_sheet` was given for ``cell``."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in set("=+-@\t\r'") else cell


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
