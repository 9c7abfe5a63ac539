"""XlsxWriter's worksheet with a shorter way for ordinary text cells.

A digest's workbook is half a million text cells, and XlsxWriter spends two thirds of its time on turning each into
XML in general terms. This takes the short way where a text needs nothing but escaping, and XlsxWriter's own way in
every other case. It hangs on one method that is not public (``_write_cell``, XlsxWriter 3.3); the tests read every
cell back, so a release that changes it is noticed.
"""

from __future__ import annotations

import re
from typing import Any

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import CellStringTuple, Worksheet

# Blanks at either end, control codes, noncharacters, Excel's own escapes (_x000D_), and the rich-string shortcut.
_NEEDS_CARE = re.compile("^\\s|\\s\\Z|[\\x00-\\x08\\x0b-\\x1f\\ufffe\\uffff]|_x[0-9A-Fa-f]{4}_|^<r>")

_COLUMNS = tuple(xl_col_to_name(place) for place in range(64))


class TextSheet(Worksheet):  # type: ignore[misc]
    """A worksheet for ``constant_memory`` mode, given to ``Workbook.add_worksheet``."""

    def _write_cell(self, row: int, col: int, cell: Any) -> None:
        if (
            type(cell) is not CellStringTuple
            or cell.format is None
            or col >= len(_COLUMNS)
            or not self.constant_memory
            or _NEEDS_CARE.search(cell.string) is not None
        ):
            super()._write_cell(row, col, cell)
            return
        text = cell.string
        if "&" in text or "<" in text or ">" in text:
            text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        style = cell.format._get_xf_index()
        self.fh.write(f'<c r="{_COLUMNS[col]}{row + 1}" s="{style}" t="inlineStr"><is><t>{text}</t></is></c>')
