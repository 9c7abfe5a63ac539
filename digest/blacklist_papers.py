"""The 黑名单 in force, as an Excel file and as a page for publication. No personal data: subjects, grounds, terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

from digest.templates import Templates
from digest.text import Mask, one_line, shanghai, visible
from digest.words import WORD_LIMIT, Words
from domain.blacklist import GROUNDS, Entry

_NOTE = 300
_HEADINGS = (
    ("序号", 6), ("条目编号", 10), ("类别", 8), ("名称", 34), ("列入事由", 20), ("说明", 50), ("列入日期", 12), ("期限至", 12),
    ("涉及线索数", 12),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry for readers; plain text and numbers only."""

    index: int
    number: int
    kind: str
    name: str
    grounds: str
    reason: str
    since: str
    until: str
    leads: int


def _views(entries: Sequence[Entry]) -> list[EntryView]:
    mask = Mask()
    return [
        EntryView(
            index=index,
            number=entry.number,
            kind=entry.subject.kind.label,
            name=mask(visible(one_line(entry.subject.name), WORD_LIMIT)),
            grounds="、".join(GROUNDS.get(ground, ground) for ground in entry.last.grounds) or "其他",
            reason=mask(visible(one_line(entry.last.reason or ""), _NOTE)),
            since=shanghai(entry.last.at)[:10],
            until=entry.last.until.isoformat() if entry.last.until else "",
            leads=len(entry.last.lead_ids),
        )
        for index, entry in enumerate(entries, 1)
    ]


def render_sheet(entries: Sequence[Entry], stream: BinaryIO, day: date) -> None:
    """Write the entries as an Excel workbook; every text is a string cell."""
    import xlsxwriter

    book = xlsxwriter.Workbook(
        stream, {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties({"title": f"黑名单 {day.isoformat()}"})
    font = {"font_name": "宋体", "font_size": 10.5, "valign": "top", "text_wrap": True, "border": 1}
    head = book.add_format({**font, "font_name": "黑体", "font_color": "#FFFFFF", "bg_color": "#9B1C1C"})
    cell = book.add_format(font)
    sheet = book.add_worksheet("黑名单")
    for place, (heading, width) in enumerate(_HEADINGS):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, heading, head)
    for row, view in enumerate(_views(entries), 1):
        values = (
            view.index, view.number, view.kind, view.name, view.grounds, view.reason, view.since, view.until, view.leads,
        )  # fmt: skip
        for place, value in enumerate(values):
            if isinstance(value, int):
                sheet.write_number(row, place, value, cell)
            else:
                sheet.write_string(row, place, value, cell)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(1, len(entries)), len(_HEADINGS) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    book.close()


def render_page(entries: Sequence[Entry], stream: BinaryIO, templates: Templates, day: date) -> None:
    """Write the entries as one HTML page (``blacklist.html.j2``) without anything from outside."""
    words = Words.load(templates)
    values = {
        "unit": words.plain("unit"),
        "date_label": f"{day.year}年{day.month}月{day.day}日",
        "entries": _views(entries),
    }
    for chunk in templates.render("blacklist.html.j2", values):
        stream.write(chunk.encode())
