"""Spreadsheets that somebody sends to the console."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from domain.errors import BadFile

_Read = TypeVar("_Read")


def read_upload(name: str, content: bytes, read: Callable[[Path], _Read]) -> _Read:
    """What ``read`` makes of an uploaded .xlsx or .csv; :class:`BadFile` speaks of it without a path.

    The name that somebody gave his file never becomes a path.
    """
    suffix = Path(name).suffix.lower()
    if suffix not in (".csv", ".xlsx"):
        raise BadFile("只能导入 .xlsx 或 .csv 文件；.xls 请在表格程序中另存为 .xlsx。")
    with tempfile.TemporaryDirectory(prefix="zhengxun-import-") as folder:
        path = Path(folder) / f"导入的文件{suffix}"
        path.write_bytes(content)
        try:
            return read(path)
        except BadFile as error:
            raise BadFile(str(error).replace(str(path), "")) from None
