"""The sample sites as a file for ``zhengxun targets import``."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

HEADER = ("名称", "网址", "类型", "频率", "备注")


class WatchedSite(Protocol):
    """What a row needs to know of a site."""

    @property
    def name(self) -> str:
        """名称."""
        ...

    @property
    def url(self) -> str:
        """Address that is watched."""
        ...

    @property
    def kind(self) -> str:
        """Word for 类型, e.g. ``网站``."""
        ...

    @property
    def note(self) -> str:
        """备注."""
        ...


def write_targets(
    sites: Iterable[WatchedSite], folder: Path, *, bad_rows: bool = False, encoding: str = "utf-8-sig"
) -> Path:
    """Write ``监测对象.csv`` into ``folder`` and return its path.

    ``bad_rows`` adds two rows that an import has to refuse by number and reason, without refusing the rest: a row
    whose address is none, and a row whose 频率 nobody can understand.
    """
    path = folder / "监测对象.csv"
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        first = ""
        for site in sites:
            first = first or site.url
            writer.writerow((site.name, site.url, site.kind, "每天", site.note))
        if bad_rows:
            writer.writerow(("没有网址的一行", "待补", "网站", "每天", "网址缺失"))
            writer.writerow(("看不懂的频率", first + "other/", "网站", "有空就看", ""))
    return path
