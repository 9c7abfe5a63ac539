"""Spreadsheets that offices send (.csv in UTF-8 or GB18030, .xlsx), row by row.

Everything read is untrusted: sizes are bounded before anything is unpacked or held in memory.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from domain.errors import BadFile
from zhengxun.merged_cells import Filler, merged_down

#: Largest file taken. 100,000 rows of ordinary length are about 10 MB.
MAX_FILE_BYTES = 20 * 1024 * 1024
#: Largest sum of the unpacked parts of an .xlsx; its own compression is 5–15 times, a zip bomb's over 100 times.
MAX_UNPACKED_BYTES = 150 * 1024 * 1024
MAX_COLUMNS = 50
MAX_CELL = 5000


@dataclass(frozen=True, slots=True)
class Record:
    """One row as it stands in the file; ``number`` counts from 1 as a spreadsheet program shows it."""

    number: int
    cells: Sequence[str]
    links: Mapping[int, str] = field(default_factory=dict)
    """Hyperlinks by column."""
    separated: bool = False
    """Cells are told apart by a separator that may also stand inside one."""


def read_bytes(path: Path, limit: int | None = None) -> bytes:
    """The file's bytes; :class:`BadFile` where it is missing, unreadable or longer than ``limit`` (20 MB)."""
    limit = MAX_FILE_BYTES if limit is None else limit
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise BadFile(f"{path} 不是文件。")
        if size > limit:
            raise BadFile(
                f"文件 {path} 有 {size // 1024 // 1024} MB，超过上限 {limit // 1024 // 1024} MB；请分成几份导入。"
            )
        return path.read_bytes()
    except OSError as error:
        raise BadFile(f"文件 {path} 不存在或无法读取。") from error


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was not taken; ``number`` is its number in the file."""

    number: int
    reason: str


def records(path: Path, body: bytes, max_cell: int = MAX_CELL, *, titled: bool = False) -> Iterator[Record]:
    """All rows of a .csv or of the first sheet of an .xlsx; :class:`BadFile` for what can be neither.

    ``titled``: a list as offices publish it. Cells that are merged downwards say in each row what the first one says,
    and a title may stand above the header.
    """
    if body.startswith(b"PK\x03\x04"):
        return _xlsx_records(path, body, max_cell, titled)
    if body.startswith(b"\xd0\xcf\x11\xe0"):
        raise BadFile(f"文件 {path} 是旧版 .xls 格式或加密文档；请另存为不加密的 .xlsx 再导入。")
    if path.suffix.lower() in {".xlsx", ".xlsm"}:
        raise BadFile(f"文件 {path} 不是有效的 .xlsx 文件（可能已损坏）；请重新导出。")
    return _csv_records(path, body, max_cell, titled)


def decode(path: Path, body: bytes) -> str:
    """A text file of an office; :class:`BadFile` where it is in neither UTF-8, UTF-16 nor GB18030."""
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


def _csv_records(path: Path, body: bytes, max_cell: int, titled: bool) -> Iterator[Record]:
    text = decode(path, body)
    first_line = text.lstrip().split("\n", 1)[0]
    if titled:
        # A title is a sentence: its commas are not the separator.
        first_line = max(text.lstrip().split("\n", _TITLE_LINES)[:_TITLE_LINES], key=_separators)
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
        yield Record(number, [_undefused(cell[:max_cell]) for cell in record[:MAX_COLUMNS]], separated=True)


#: Lines of a list among which the header is.
_TITLE_LINES = 30


def _separators(line: str) -> int:
    return max(map(line.count, ",;\t"))


def _xlsx_records(path: Path, body: bytes, max_cell: int, titled: bool) -> Iterator[Record]:
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
            part = sheet._worksheet_path  # type: ignore[attr-defined]
            links = _links(body, part)
            filler = Filler(merged_down(body, part) if titled else {})
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
            cells = filler.fill(number, [_cell_text(value)[:max_cell] for value in record])
            yield Record(number, cells, links.get(number, {}))
    finally:
        workbook.close()


def other_sheets(body: bytes) -> tuple[str, ...]:
    """Names of the sheets of an .xlsx behind the first one that hold something; ask only after :func:`records` read it."""
    if not body.startswith(b"PK\x03\x04"):
        return ()
    from openpyxl import load_workbook

    workbook = load_workbook(io.BytesIO(body), read_only=True, data_only=True, keep_links=False)
    try:
        found = []
        for sheet in workbook.worksheets[1:]:
            try:
                sheet.reset_dimensions()
                rows = sheet.iter_rows(max_row=_TITLE_LINES, max_col=MAX_COLUMNS, values_only=True)
                empty = all(value is None for row in rows for value in row)
            except Exception:  # as above: a damaged sheet is not empty, and the first one was read
                empty = False
            if not empty:
                found.append(sheet.title)
        return tuple(found)
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


def _undefused(cell: str) -> str:
    """What :func:`write_sheet` was given for ``cell``."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in set("=+-@\t\r'") else cell
