"""``digest-YYYY-MM-DD.xlsx``: 线索明细, 命中明细, 覆盖缺口, 汇总 as filterable tables.

Every cell of scraped text is written as a string cell by its own call, so ``=HYPERLINK(…)`` stays text and still
reads exactly as it stood on the page. ``constant_memory`` writes rows as they come; it asks for row order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, BinaryIO

from digest.templates import Templates
from digest.text import SHANGHAI
from digest.view import DigestView, FindingView, ItemView, look
from domain.digest import Digest

#: Excel's own limits: characters in a cell, links on a sheet, characters of a link.
CELL_LIMIT = 32_767
LINK_COUNT_LIMIT = 65_530
LINK_LENGTH_LIMIT = 2_079

Cell = str | int | float | None
Column = tuple[str, int, Callable[[ItemView], Cell]]

#: 线索台账 (workflow.md 3.3), the fields that are known: heading, width in characters, value.
LEAD_COLUMNS: tuple[Column, ...] = (
    ("序号", 6, lambda item: item.index),
    ("线索编号", 10, lambda item: item.lead_id),
    ("状态", 10, lambda item: item.status_label),
    ("内容有修改", 11, lambda item: "是" if item.changed else ""),
    ("风险等级", 9, lambda item: item.level_label),
    ("机器分值", 9, lambda item: float(item.score)),
    ("标题", 40, lambda item: item.title),
    ("网址", 44, lambda item: item.page_url),
    ("最终网址", 30, lambda item: item.final_url),
    ("监测对象", 22, lambda item: item.target),
    ("平台类型", 11, lambda item: item.platform),
    ("账号名", 16, lambda item: item.account),
    ("属地", 10, lambda item: item.region),
    ("违规类别", 24, lambda item: item.categories),
    ("命中条款", 34, lambda item: item.behaviours),
    (
        "命中原文",
        44,
        lambda item: "；".join(finding.quote for finding in item.findings),
    ),
    ("规避手法", 28, lambda item: "；".join(item.evasion)),
    ("法律依据", 40, lambda item: "；".join(item.legal)),
    (
        "计分说明",
        40,
        lambda item: "；".join(f"{step.text} {step.points}" for step in item.steps),
    ),
    ("主体名称", 22, lambda item: item.operator_name),
    ("联系方式（打码）", 28, lambda item: "；".join(item.identifiers)),
    ("本期同联系方式页面数", 12, lambda item: item.operator_pages or None),
    ("发布时间（网页原文）", 18, lambda item: item.published),
    ("首见时间", 17, lambda item: item.first_seen),
    ("末见时间", 17, lambda item: item.last_seen),
    ("建议措施", 24, lambda item: item.measure),
    ("建议移送部门", 20, lambda item: item.authorities),
    ("研判状态", 10, lambda item: item.review_label),
    ("状态说明", 28, lambda item: item.reason),
    ("快照编号", 10, lambda item: item.snapshot_id),
    ("SHA-256", 30, lambda item: item.sha256),
    ("WARC 文件", 30, lambda item: item.warc),
    ("WARC 偏移", 12, lambda item: item.warc_offset),
    ("截图", 20, lambda item: item.screenshot),
)

FINDING_COLUMNS: tuple[tuple[str, int, Callable[[ItemView, FindingView], Cell]], ...] = (
    ("序号", 6, lambda item, finding: item.index),
    ("线索编号", 10, lambda item, finding: item.lead_id),
    ("标题", 36, lambda item, finding: item.title),
    (
        "违规类别",
        18,
        lambda item, finding: f"{finding.category} {finding.category_label}".strip(),
    ),
    ("命中条款", 30, lambda item, finding: finding.behaviour),
    ("命中原文", 30, lambda item, finding: finding.quote),
    (
        "上下文",
        70,
        lambda item, finding: f"{finding.before}【{finding.quote}】{finding.after}",
    ),
    ("法律依据", 44, lambda item, finding: finding.legal),
    ("规则编号", 16, lambda item, finding: finding.rule_id),
)


def render(digest: Digest, stream: BinaryIO, templates: Templates) -> None:
    """Write ``digest`` as an Excel workbook."""
    import xlsxwriter

    seen = look(digest, templates)
    book = xlsxwriter.Workbook(
        stream,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_date_format": "yyyy-mm-dd hh:mm",
        },
    )
    book.set_properties(
        {
            "title": seen.title,
            "subject": seen.number,
            "created": _naive_local(digest.generated_at),
        }
    )
    sheets = _Sheets(book, seen)
    sheets.leads()
    sheets.findings()
    sheets.gaps()
    sheets.summary()
    book.close()


def _naive_local(moment: datetime) -> datetime:
    """XlsxWriter wants a naive time; the same digest must give the same file, so it is not the clock's."""
    return moment.astimezone(SHANGHAI).replace(tzinfo=None)


def _fit(value: str) -> str:
    """``value`` as a cell can hold it (UTF-16 units, as Excel counts), saying that it was cut."""
    if value.startswith("<r>") and value.endswith("</r>"):
        # XlsxWriter takes such a text for rich-string markup and would write it into the sheet unescaped.
        value += " "
    if len(value) * 2 <= CELL_LIMIT or len(value.encode("utf-16-le")) // 2 <= CELL_LIMIT:
        return value
    note = "…（超出单元格上限，已截断）"
    return value.encode("utf-16-le")[: (CELL_LIMIT - len(note)) * 2].decode("utf-16-le", "ignore") + note


class _Sheets:
    def __init__(self, book: Any, seen: DigestView) -> None:
        self._book = book
        self._seen = seen
        font = {"font_name": "宋体", "font_size": 10.5, "valign": "top"}
        self._head = book.add_format(
            {
                **font,
                "bold": True,
                "font_color": "#FFFFFF",
                "bg_color": "#9B1C1C",
                "border": 1,
                "border_color": "#D9D2CC",
                "valign": "vcenter",
                "align": "center",
                "text_wrap": True,
            }
        )
        self._text = book.add_format({**font, "text_wrap": True})
        self._number = book.add_format({**font, "align": "center"})
        self._link = book.add_format({**font, "font_color": "#1F4E79", "text_wrap": True})
        self._levels = {
            "high": book.add_format(
                {
                    **font,
                    "align": "center",
                    "bold": True,
                    "font_color": "#B42318",
                }
            ),
            "medium": book.add_format(
                {
                    **font,
                    "align": "center",
                    "bold": True,
                    "font_color": "#B25E09",
                }
            ),
            "low": book.add_format({**font, "align": "center", "font_color": "#475467"}),
        }
        self._title = book.add_format(
            {
                "font_name": "黑体",
                "font_size": 16,
                "font_color": "#9B1C1C",
                "valign": "vcenter",
            }
        )
        self._strong = book.add_format({**font, "bold": True, "bg_color": "#F6F1EC"})

    def _sheet(
        self,
        name: str,
        columns: Sequence[tuple[str, int, Any]],
        rows: int,
        frozen: int = 0,
    ) -> Any:
        sheet = self._book.add_worksheet(name)
        for place, (_, width, _) in enumerate(columns):
            sheet.set_column(place, place, width, self._text)
        sheet.hide_gridlines(0)
        sheet.freeze_panes(1, frozen)
        sheet.autofilter(0, 0, rows, len(columns) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.set_footer(f"&L{name}&C&P / &N")
        sheet.set_row(0, 30)
        for place, (heading, _, _) in enumerate(columns):
            sheet.write_string(0, place, heading, self._head)
        return sheet

    def _cell(self, sheet: Any, row: int, place: int, value: Cell) -> None:
        if value is None or value == "":
            return  # the column's own format shows
        if isinstance(value, str):
            sheet.write_string(row, place, _fit(value), self._text)
        else:
            sheet.write_number(row, place, value, self._number)

    def leads(self) -> None:
        """One row a lead."""
        items = self._seen.items
        sheet = self._sheet("线索明细", LEAD_COLUMNS, max(1, len(items)), frozen=7)
        level_place, address_place, final_place = 4, 7, 8
        links = 0
        for row, item in enumerate(items, 1):
            for place, (_, _, value) in enumerate(LEAD_COLUMNS):
                link = {
                    address_place: item.page_link,
                    final_place: item.final_link,
                }.get(place, "")
                if place == level_place and item.level in self._levels:
                    sheet.write_string(row, place, item.level_label, self._levels[item.level])
                elif link and len(link) <= LINK_LENGTH_LIMIT and links < LINK_COUNT_LIMIT:
                    shown = item.page_url if place == address_place else item.final_url
                    sheet.write_url(row, place, link, self._link, shown)
                    links += 1
                else:
                    self._cell(sheet, row, place, value(item))

    def findings(self) -> None:
        """One row a claim, all of them."""
        total = sum(len(item.findings) for item in self._seen.items)
        sheet = self._sheet("命中明细", FINDING_COLUMNS, max(1, total), frozen=3)
        row = 0
        for item in self._seen.items:
            for finding in item.findings:
                row += 1
                for place, (_, _, value) in enumerate(FINDING_COLUMNS):
                    self._cell(sheet, row, place, value(item, finding))

    def gaps(self) -> None:
        """One row a target that was not seen."""
        columns = (
            ("监测对象编号", 14, None),
            ("监测对象", 36, None),
            ("采集结果", 22, None),
            ("说明", 80, None),
        )
        sheet = self._sheet("覆盖缺口", columns, max(1, len(self._seen.gaps)))
        for row, gap in enumerate(self._seen.gaps, 1):
            cells: tuple[Cell, ...] = (gap.target_id, gap.name, gap.outcome_label, gap.detail)
            for place, value in enumerate(cells):
                self._cell(sheet, row, place, value)

    def summary(self) -> None:
        """Counts, and what they count."""
        seen = self._seen
        sheet = self._book.add_worksheet("汇总")
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, 48)
        sheet.set_column(2, 2, 12)
        sheet.set_paper(9)
        sheet.set_row(0, 34)
        sheet.write_string(0, 0, _fit(seen.title), self._title)
        rows: list[tuple[str, str, Cell]] = [
            ("期号", seen.number, None),
            ("日期", seen.date, None),
            ("统计截止（北京时间）", seen.generated_at, None),
            ("规则包", seen.rule_pack, None),
            ("线索总数", "", seen.total),
            *(("线索状态", count.label, count.count) for count in seen.totals),
            ("其中", "内容有修改仍违规", seen.changed),
            ("监测范围", "计划监测对象", seen.targets_planned),
            ("监测范围", "已完整采集", seen.targets_ok),
            ("监测范围", "覆盖缺口", len(seen.gaps)),
            *(("采集请求", count.label, count.count) for count in seen.pages),
            *(("风险等级", count.label, count.count) for count in seen.by_level),
            *(("违规类别", f"{count.key} {count.label}", count.count) for count in seen.by_category),
            *(("违规行为", count.label, count.count) for count in seen.by_behaviour),
            *(("平台", count.label, count.count) for count in seen.by_platform),
            *(("属地", count.label, count.count) for count in seen.by_region),
            *(("研判状态", count.label, count.count) for count in seen.by_review),
            *(("同一联系方式出现的页面", count.label, count.count) for count in seen.shared),
            ("说明", seen.caution, None),
        ]
        for row, (group, label, value) in enumerate(rows, 2):
            sheet.write_string(row, 0, group, self._strong)
            self._cell(sheet, row, 1, label)
            self._cell(sheet, row, 2, value)
