"""处置台账 as an Excel file: the leads of a referral, one a row, and columns that the authority fills in and sends back.

Fields after workflow.md 3.3 (practice, no national form). Every text is written as a string cell: ``=…`` stays text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, BinaryIO

from digest.case_view import CaseView, case_view
from digest.templates import Templates
from digest.words import Words
from domain.lead_detail import LeadDetail
from domain.lead_words import Answer

Cell = str | int
Column = tuple[str, int, Callable[[CaseView], Cell]]

LEAD_ID, ADDRESS, REFERRALS = "线索编号", "网址", "移送次数"
RESULT, MEASURE, HANDLED_ON, LETTER, HANDLER, REASON = (
    "办理结果", "处置措施", "处置日期", "处置文号", "承办单位经办人", "说明（退回须写理由）",
)  # fmt: skip

#: Columns that we fill and that the sheet prints: heading, width in characters, value.
COLUMNS: tuple[Column, ...] = (
    ("序号", 6, lambda case: case.index),
    (LEAD_ID, 9, lambda case: case.lead_id),
    ("平台类型", 10, lambda case: case.platform),
    ("标题", 24, lambda case: case.title),
    (ADDRESS, 34, lambda case: case.page_url),
    ("监测对象", 16, lambda case: case.target),
    ("账号名", 12, lambda case: case.account),
    ("属地", 8, lambda case: case.region),
    ("命中条款", 26, lambda case: case.behaviours),
    ("命中原文", 30, lambda case: case.quotes),
    ("联系方式和主体标识（打码）", 22, lambda case: "；".join(case.identifiers)),
    ("目前在线状态", 14, lambda case: case.presence),
    ("移送部门", 12, lambda case: case.referred_to),
    ("移送函号", 14, lambda case: case.referral_letter),
    ("移送时间", 12, lambda case: case.referred_at),
    (REFERRALS, 9, lambda case: case.referrals),
)

#: Columns that the authority fills in; printed too.
ANSWER_COLUMNS: tuple[Column, ...] = (
    (RESULT, 10, lambda case: case.answer),
    (MEASURE, 20, lambda case: case.measure),
    (HANDLED_ON, 12, lambda case: case.handled_on),
    (LETTER, 14, lambda case: case.answer_letter),
    (HANDLER, 10, lambda case: case.handler),
    (REASON, 22, lambda case: case.answer_reason),
)

#: The rest of what is known: how it was found and judged, and where the proof lies. Not printed.
PROOF_COLUMNS: tuple[Column, ...] = (
    ("最终网址", 30, lambda case: case.final_url),
    ("规避手法", 24, lambda case: case.evasion),
    ("风险等级", 10, lambda case: case.level_label),
    ("机器分值", 10, lambda case: case.score),
    ("发现时间", 17, lambda case: case.found_at),
    ("最近看到", 17, lambda case: case.last_seen),
    ("发布时间（网页原文）", 18, lambda case: case.published),
    ("确认人和时间", 20, lambda case: case.confirmed),
    ("确认理由", 24, lambda case: case.confirm_reason),
    ("承办人", 10, lambda case: case.owner),
    ("快照编号", 10, lambda case: case.snapshot_id),
    ("SHA-256", 40, lambda case: case.sha256),
    ("证据文件", 30, lambda case: f"{case.warc} 偏移 {case.warc_offset}"),
    ("截图", 20, lambda case: case.screenshot),
)

_NOTES = (
    "一、黄色各列由承办单位填写，其余各列请勿改动；不要删除或调整“线索编号”“网址”“移送次数”三列。",
    f"二、“{RESULT}”只填三者之一：{'、'.join(answer.label for answer in Answer)}；暂无结果的留空。",
    "三、填“退回”的请写明理由；填“已处置”的请写处置措施和日期（如 2026-11-30）。",
    "四、填好后原样发回，由移送单位用“zhengxun leads answers 文件名”读入；重复读入同一文件不会重复记录。",
    "五、本表所列均为监测形成的线索，是否违法由有权机关认定；联系方式已遮盖，请勿用于办理本事项以外的用途。",
)

#: Excel's limit for one cell.
_CELL = 32_000


def render_ledger(details: Sequence[LeadDetail], stream: BinaryIO, templates: Templates, *, day: date) -> None:
    """Write the 台账 of ``details`` as of ``day``."""
    import xlsxwriter

    words = Words.load(templates)
    book = xlsxwriter.Workbook(
        stream, {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties({"title": f"处置台账 {day.isoformat()}"})
    font = {"font_name": "宋体", "font_size": 10.5, "valign": "top", "text_wrap": True, "border": 1}
    head = {**font, "font_name": "黑体", "align": "center", "valign": "vcenter"}
    formats = {
        "head": book.add_format({**head, "font_color": "#FFFFFF", "bg_color": "#9B1C1C"}),
        "answer_head": book.add_format({**head, "bg_color": "#FFE699"}),
        "cell": book.add_format(font),
        "answer": book.add_format({**font, "bg_color": "#FFF9E5", "num_format": "@"}),
    }
    sheet = book.add_worksheet("处置台账")
    columns = (*COLUMNS, *ANSWER_COLUMNS, *PROOF_COLUMNS)
    answers = range(len(COLUMNS), len(COLUMNS) + len(ANSWER_COLUMNS))
    for place, (heading, width, _) in enumerate(columns):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, heading, formats["answer_head" if place in answers else "head"])
    sheet.set_row(0, 32)
    sheet.freeze_panes(1, 4)
    sheet.autofilter(0, 0, max(1, len(details)), len(columns) - 1)
    for row, detail in enumerate(details, 1):
        case = case_view(row, detail, words)
        sheet.set_row(row, _height(columns[: answers.stop], case))
        for place, (_, _, value) in enumerate(columns):
            _write(sheet, row, place, value(case), formats["answer" if place in answers else "cell"])
    sheet.data_validation(
        1, len(COLUMNS), max(1, len(details)), len(COLUMNS),
        {
            "validate": "list",
            "source": [answer.label for answer in Answer],
            "error_title": "办理结果",
            "error_message": "只能填：采纳、退回、已处置",
        },
    )  # fmt: skip
    sheet.set_landscape()
    sheet.set_paper(8)
    sheet.print_area(0, 0, max(1, len(details)), answers.stop - 1)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer("&L处置台账&C&P / &N")
    notes = book.add_worksheet("填写说明")
    wrapped = book.add_format({"font_name": "宋体", "font_size": 12, "text_wrap": True, "valign": "top"})
    notes.set_column(0, 0, 80, wrapped)
    for row, note in enumerate(_NOTES):
        notes.set_row(row, 36)
        notes.write_string(row, 0, note, wrapped)
    book.close()


def _height(columns: Sequence[Column], case: CaseView) -> float:
    """Points for the longest printed text: not every program makes rows as high as their text when it opens a file."""
    lines = 1
    for _, width, value in columns:
        text = str(value(case))
        # A Chinese character is two columns wide and takes three bytes of UTF-8, a Latin one takes one of each.
        lines = max(lines, -(-(len(text.encode()) + len(text)) // (2 * width - 2)))
    return 14.25 * min(lines, 14) + 3


def _write(sheet: Any, row: int, place: int, value: Cell, style: Any) -> None:
    if isinstance(value, int):
        sheet.write_number(row, place, value, style)
    elif value:
        text = value[:_CELL]
        # XlsxWriter takes such a text for rich-string markup and would write it into the sheet unescaped.
        sheet.write_string(row, place, f"{text} " if text.startswith("<r>") and text.endswith("</r>") else text, style)
    else:
        sheet.write_blank(row, place, None, style)
