"""``digest-YYYY-MM-DD.xlsx``: 线索明细, 命中明细, 覆盖缺口, 汇总 as filterable tables.

Every cell of scraped text is written as a string cell by its own call, so ``=HYPERLINK(…)`` stays text and still
reads exactly as it stood on the page. ``constant_memory`` writes rows as they come; it asks for row order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, BinaryIO

from digest.item_view import ItemView
from digest.passages import FindingView
from digest.templates import Templates
from digest.text import SHANGHAI
from digest.view import DigestView, look
from domain.digest import Digest

#: Excel's own limits: characters in a cell, links on a sheet, characters of a link.
CELL_LIMIT = 32_767
LINK_COUNT_LIMIT = 65_530
LINK_LENGTH_LIMIT = 2_079

Cell = str | int | float | None
LeadColumn = tuple[str, int, bool, Callable[[ItemView], Cell]]
FindingColumn = tuple[str, int, bool, Callable[[ItemView, FindingView], Cell]]

#: 线索台账 (workflow.md 3.3), the fields that are known: heading, width in characters, whether lines break, value.
#: What a liaison works with comes first and is what the sheet prints; proof and reckoning follow.
LEAD_COLUMNS: tuple[LeadColumn, ...] = (
    ("序号", 6, False, lambda item: item.index),
    ("线索编号", 10, False, lambda item: item.lead_id),
    ("状态", 10, False, lambda item: item.status_label),
    ("风险等级", 10, False, lambda item: item.level_label),
    ("机器分值", 10, False, lambda item: float(item.score)),
    ("标题", 40, True, lambda item: item.title),
    ("网址", 44, False, lambda item: item.page_url),
    ("监测对象", 22, True, lambda item: item.target),
    ("平台类型", 12, False, lambda item: item.platform),
    ("账号名", 16, True, lambda item: item.account),
    ("属地", 10, False, lambda item: item.region),
    ("命中条款", 34, True, lambda item: item.behaviours),
    ("命中原文", 44, True, lambda item: "；".join(finding.quote for finding in item.findings)),
    ("建议措施", 24, True, lambda item: item.measure),
    ("建议移送部门", 20, True, lambda item: item.authorities),
    ("研判状态", 10, False, lambda item: item.review_label),
    ("移送情况", 26, True, lambda item: item.referral),
    ("状态说明", 28, True, lambda item: item.reason),
    ("内容有修改", 12, False, lambda item: "是" if item.changed else ""),
    ("增加的语句", 34, True, lambda item: "；".join(item.added)),
    ("删去的语句", 34, True, lambda item: "；".join(item.dropped)),
    ("违规类别", 24, True, lambda item: item.categories),
    ("规避手法", 30, True, lambda item: "；".join(item.evasion)),
    ("法律依据", 40, True, lambda item: "；".join(item.legal)),
    ("计分说明", 40, True, lambda item: "；".join(f"{step.text} {step.points}" for step in item.steps)),
    ("主体名称", 24, True, lambda item: item.operator_name),
    ("联系方式（打码）", 34, True, lambda item: "；".join(item.identifiers)),
    ("同主体页面数", 12, False, lambda item: item.operator_pages or None),
    ("发布时间（网页原文）", 18, False, lambda item: item.published),
    ("首见时间", 17, False, lambda item: item.first_seen),
    ("末见时间", 17, False, lambda item: item.last_seen),
    ("移送后天数", 10, False, lambda item: item.days_since_referral),
    ("移送超期", 10, False, lambda item: "是" if item.overdue else ""),
    ("最终网址", 36, False, lambda item: item.final_url),
    ("快照编号", 10, False, lambda item: item.snapshot_id),
    ("SHA-256", 66, False, lambda item: item.sha256),
    ("WARC 文件", 36, False, lambda item: item.warc),
    ("WARC 偏移", 12, False, lambda item: item.warc_offset),
    ("截图", 30, False, lambda item: item.screenshot or item.screenshot_note),
)
_PLACE = {heading: place for place, (heading, *_) in enumerate(LEAD_COLUMNS)}
_PRINTED = _PLACE["移送情况"]

FINDING_COLUMNS: tuple[FindingColumn, ...] = (
    ("序号", 6, False, lambda item, finding: item.index),
    ("线索编号", 10, False, lambda item, finding: item.lead_id),
    ("标题", 36, True, lambda item, finding: item.title),
    ("违规类别", 18, False, lambda item, finding: f"{finding.category} {finding.category_label}".strip()),
    ("命中条款", 30, True, lambda item, finding: finding.behaviour),
    ("命中原文", 30, True, lambda item, finding: finding.quote),
    ("上下文", 70, True, lambda item, finding: f"{finding.before}【{finding.quote}】{finding.after}"),
    ("法律依据", 44, True, lambda item, finding: finding.legal),
    ("规则编号", 16, False, lambda item, finding: finding.rule_id),
    ("出处", 12, False, lambda item, finding: finding.source or "网页文字"),
    ("图片网址", 44, False, lambda item, finding: finding.picture),
)

GAP_COLUMNS = (
    ("监测对象编号", 14, False, None),
    ("监测对象", 36, True, None),
    ("采集结果", 22, False, None),
    ("说明", 80, True, None),
)

SUMMARY_COLUMNS = (("项目", 26, False, None), ("名称", 56, True, None), ("数量", 12, False, None))

#: Points of one line of 10.5-point type, and the most lines a row shows before the rest is cut from view.
LINE_HEIGHT = 14.25
LINES_SHOWN = 12


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
        from digest.worksheet import TextSheet

        self._worksheet_class = TextSheet
        self._book = book
        self._seen = seen
        font = {"font_name": "宋体", "font_size": 10.5, "valign": "top"}
        centre = {**font, "align": "center"}
        self._head = book.add_format(
            {
                "font_name": "黑体",
                "font_size": 10.5,
                "font_color": "#FFFFFF",
                "bg_color": "#9B1C1C",
                "border": 1,
                "border_color": "#D9D2CC",
                "align": "center",
                "valign": "vcenter",
                "text_wrap": True,
            }
        )
        self._wrapped = book.add_format({**font, "text_wrap": True})
        self._plain = book.add_format(font)
        self._number = book.add_format(centre)
        self._link = book.add_format({**font, "font_color": "#1F4E79"})
        self._levels = {
            "high": book.add_format({**centre, "bold": True, "font_color": "#B42318"}),
            "medium": book.add_format({**centre, "bold": True, "font_color": "#B25E09"}),
            "low": book.add_format({**centre, "font_color": "#475467"}),
        }
        self._title = book.add_format(
            {"font_name": "黑体", "font_size": 16, "font_color": "#9B1C1C", "valign": "vcenter"}
        )
        self._strong = book.add_format({**font, "bold": True, "bg_color": "#F6F1EC"})

    def _sheet(self, name: str, columns: Sequence[tuple[str, int, bool, Any]], rows: int, frozen: int = 0) -> Any:
        sheet = self._book.add_worksheet(name, worksheet_class=self._worksheet_class)
        for place, (_, width, wrapped, _value) in enumerate(columns):
            sheet.set_column(place, place, width, self._wrapped if wrapped else self._plain)
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
        for place, (heading, *_) in enumerate(columns):
            sheet.write_string(0, place, heading, self._head)
        return sheet

    def _height(self, sheet: Any, row: int, columns: Sequence[tuple[str, int, bool, Any]], values: list[Cell]) -> None:
        """Make the row as high as its longest broken text needs: not every program does that when it opens a file.

        Must come before the row's cells: rows are written as they come.
        """
        lines = 1
        for (_, width, wrapped, _value), value in zip(columns, values, strict=True):
            # A Chinese character takes three bytes of UTF-8 and two columns, a Latin one takes one of each.
            if wrapped and isinstance(value, str) and 2 * len(value) > width:
                lines = max(lines, -(-(len(value.encode()) + len(value)) // (2 * width - 2)))
        if lines > 1:
            sheet.set_row(row, LINE_HEIGHT * min(lines, LINES_SHOWN) + 2)

    def _cell(self, sheet: Any, row: int, place: int, value: Cell, wrapped: bool) -> None:
        if value is None or value == "":
            return  # the column's own format shows
        if isinstance(value, str):
            sheet.write_string(row, place, _fit(value), self._wrapped if wrapped else self._plain)
        else:
            sheet.write_number(row, place, value, self._number)

    def leads(self) -> None:
        """One row a lead."""
        items = self._seen.items
        rows = max(1, len(items))
        sheet = self._sheet("线索明细", LEAD_COLUMNS, rows, frozen=_PLACE["标题"] + 1)
        sheet.set_paper(8)
        sheet.print_area(0, 0, rows, _PRINTED)
        level_place, address_place, final_place = _PLACE["风险等级"], _PLACE["网址"], _PLACE["最终网址"]
        links = 0
        for row, item in enumerate(items, 1):
            values = [value(item) for *_, value in LEAD_COLUMNS]
            self._height(sheet, row, LEAD_COLUMNS, values)
            for place, ((_, _, wrapped, _value), value) in enumerate(zip(LEAD_COLUMNS, values, strict=True)):
                link = {address_place: item.page_link, final_place: item.final_link}.get(place, "")
                if place == level_place and item.level in self._levels:
                    sheet.write_string(row, place, item.level_label, self._levels[item.level])
                elif link and len(link) <= LINK_LENGTH_LIMIT and links < LINK_COUNT_LIMIT:
                    shown = item.page_url if place == address_place else item.final_url
                    sheet.write_url(row, place, link, self._link, shown)
                    links += 1
                else:
                    self._cell(sheet, row, place, value, wrapped)

    def findings(self) -> None:
        """One row a claim, all of them."""
        total = sum(len(item.findings) for item in self._seen.items)
        sheet = self._sheet("命中明细", FINDING_COLUMNS, max(1, total), frozen=3)
        row = 0
        for item in self._seen.items:
            for finding in item.findings:
                row += 1
                values = [value(item, finding) for *_, value in FINDING_COLUMNS]
                self._height(sheet, row, FINDING_COLUMNS, values)
                for place, ((_, _, wrapped, _value), value) in enumerate(zip(FINDING_COLUMNS, values, strict=True)):
                    self._cell(sheet, row, place, value, wrapped)

    def gaps(self) -> None:
        """One row a gap."""
        sheet = self._sheet("覆盖缺口", GAP_COLUMNS, max(1, len(self._seen.gaps)))
        for row, gap in enumerate(self._seen.gaps, 1):
            cells: list[Cell] = [gap.target_id, gap.name, gap.outcome_label, gap.detail]
            self._height(sheet, row, GAP_COLUMNS, cells)
            for place, value in enumerate(cells):
                self._cell(sheet, row, place, value, wrapped=True)

    def summary(self) -> None:
        """Counts, and what they count."""
        seen = self._seen
        sheet = self._book.add_worksheet("汇总")
        for place, (_, width, wrapped, _value) in enumerate(SUMMARY_COLUMNS):
            sheet.set_column(place, place, width, self._wrapped if wrapped else self._plain)
        sheet.set_paper(9)
        sheet.hide_gridlines(0)
        sheet.fit_to_pages(1, 0)
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
            ("其中", "移送超期未下线", len(seen.overdue)),
            ("监测范围", "计划监测对象", seen.targets_planned),
            ("监测范围", "入口页面可读", seen.targets_ok),
            ("监测范围", "未能看全的对象", seen.gap_targets),
            ("监测范围", "覆盖缺口（处）", len(seen.gaps)),
            *(("采集请求", count.label, count.count) for count in seen.pages),
            *(("风险等级", count.label, count.count) for count in seen.by_level),
            *(("违规类别", f"{count.key} {count.label}", count.count) for count in seen.by_category),
            *(("违规行为", count.label, count.count) for count in seen.by_behaviour),
            *(("平台", count.label, count.count) for count in seen.by_platform),
            *(("属地", count.label, count.count) for count in seen.by_region),
            *(("研判状态", count.label, count.count) for count in seen.by_review),
            *(
                ("同一联系方式的页面数", f"{found.label}（{'、'.join(found.targets[:5])}）", found.pages)
                for found in seen.shared
            ),
            ("说明", seen.caution, None),
        ]
        last = ""
        for row, (group, label, value) in enumerate(rows, 2):
            self._height(sheet, row, SUMMARY_COLUMNS, [group, label, value])
            sheet.write_string(row, 0, group if group != last else "", self._strong)
            last = group
            self._cell(sheet, row, 1, label, wrapped=True)
            self._cell(sheet, row, 2, value, wrapped=False)
