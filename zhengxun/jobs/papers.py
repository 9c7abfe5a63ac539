"""移送函 and 处置台账 of chosen leads, and the authority's answers read back from the returned 台账."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from domain.errors import BadFile, BadInput, ZhengxunError
from domain.lead import Answer, EventKind
from domain.lead_detail import LeadDetail
from zhengxun.clock import day_of
from zhengxun.jobs.reviewing import Decision, decide
from zhengxun.services import Services
from zhengxun.spreadsheets import read_bytes, records

if TYPE_CHECKING:
    from storage import Store

#: Leads in one letter; more are no letter any more, and each is read whole.
MAX_LEADS = 500
MAX_ROWS = 20_000

#: What people write instead of the three words.
_ANSWERS = {
    "采纳": Answer.ACCEPTED, "受理": Answer.ACCEPTED, "已受理": Answer.ACCEPTED, "立案": Answer.ACCEPTED, "已立案": Answer.ACCEPTED,
    "退回": Answer.RETURNED, "不予受理": Answer.RETURNED, "不受理": Answer.RETURNED,
    "已处置": Answer.HANDLED, "已处理": Answer.HANDLED, "办结": Answer.HANDLED, "已办结": Answer.HANDLED,
}  # fmt: skip
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?")


def write_papers(
    services: Services, store: Store, lead_ids: Sequence[int], out_dir: Path, *, authority: str = "", letter: str = ""
) -> tuple[Path, Path]:
    """Write 移送函 (.docx) and 处置台账 (.xlsx) of these leads into ``out_dir``; return both paths.

    ``authority`` and ``letter``: addressee and number of the letter; left empty, those of the leads' last referral, where
    all name the same. Raises :class:`BadInput` where a lead is unknown or the folder cannot be written.
    """
    from digest.case_ledger import render_ledger
    from digest.referral_letter import render_letter
    from digest.templates import Templates
    from digest.writing import sync_folder, write_whole

    ids = list(dict.fromkeys(lead_ids))
    if not ids:
        raise BadInput("没有写线索编号，没有生成文书。")
    if len(ids) > MAX_LEADS:
        raise BadInput(f"一次最多为 {MAX_LEADS} 条线索生成文书，这里有 {len(ids)} 条；请分几次。")
    details = [store.leads.get(lead_id) for lead_id in ids]
    addressee = authority or _common(detail.lead.state.referred_to for detail in details)
    number = letter or _common(_letter_of(detail) for detail in details)
    templates = Templates(services.settings.templates)
    day = day_of(services.clock())
    name = f"{day:%Y%m%d}-线索{ids[0]}" + (f"等{len(ids)}条" if len(ids) > 1 else "")
    paper, ledger = out_dir / f"移送函-{name}.docx", out_dir / f"处置台账-{name}.xlsx"
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        write_whole(
            paper,
            lambda stream: render_letter(details, stream, templates, day=day, authority=addressee, number=number),
        )
        write_whole(ledger, lambda stream: render_ledger(details, stream, templates, day=day))
        sync_folder(out_dir)
    except OSError as error:
        raise BadInput(f"文书无法写入 {out_dir}；请检查文件夹权限和磁盘空间。") from error
    return paper, ledger


def _common(values: Iterable[str | None]) -> str:
    found = set(values)
    return (found.pop() or "") if len(found) == 1 else ""


def _letter_of(detail: LeadDetail) -> str | None:
    referrals = [event for event in detail.lead.events if event.kind is EventKind.REFERRED]
    return referrals[-1].detail("letter") if referrals else None


@dataclass(slots=True)
class AnswerReport:
    """What became of a returned 台账."""

    added: list[int] = field(default_factory=list)
    """Leads whose answer is new."""
    unchanged: list[int] = field(default_factory=list)
    """Leads whose answer was known already."""
    empty: int = 0
    """Rows without a result."""
    bad: list[tuple[int, str]] = field(default_factory=list)
    """(row number in the file, reason)."""


def take_answers(services: Services, store: Store, path: Path, actor: str) -> AnswerReport:
    """Read a returned 台账 (.xlsx or .csv); every good row is kept, every bad one is told; repeating it changes nothing.

    Raises :class:`BadFile` for a file that is no 台账.
    """
    report = AnswerReport()
    header: list[str] = []
    for record in records(path, read_bytes(path)):
        cells = [cell.strip() for cell in record.cells]
        if not any(cells):
            continue
        if not header:
            header = [re.sub(r"\s+", "", cell) for cell in cells]
            _check_header(path, header)
            continue
        if record.number > MAX_ROWS:
            raise BadFile(f"文件 {path} 超过 {MAX_ROWS} 行；请核对是否选错了文件。")
        try:
            _take_row(services, store, dict(zip(header, cells, strict=False)), actor, report)
        except ZhengxunError as error:
            report.bad.append((record.number, str(error)))
    if not header:
        raise BadFile(f"文件 {path} 是空的；应为随移送函发出的《处置台账》。")
    return report


def _check_header(path: Path, header: list[str]) -> None:
    from digest.case_ledger import LEAD_ID, RESULT

    missing = [name for name in (LEAD_ID, RESULT) if name not in header]
    if missing:
        raise BadFile(f"文件 {path} 的表头缺少“{'”“'.join(missing)}”列；应为随移送函发出的《处置台账》。")


def _take_row(services: Services, store: Store, row: dict[str, str], actor: str, report: AnswerReport) -> None:
    from digest import case_ledger as columns

    result = row.get(columns.RESULT, "")
    answers = {
        "measure": row.get(columns.MEASURE, ""),
        "handled_on": _day(services, row.get(columns.HANDLED_ON, "")),
        "letter": row.get(columns.LETTER, ""),
        "handler": row.get(columns.HANDLER, ""),
    }
    reason = row.get(columns.REASON, "")
    if not result:
        if any(answers.values()) or reason:
            raise BadInput(f"填了处置情况而没有填“{columns.RESULT}”；应填 采纳、退回 或 已处置。")
        report.empty += 1
        return
    answer = _ANSWERS.get(re.sub(r"\s+", "", result))
    if answer is None:
        raise BadInput(f"“{columns.RESULT}”写的是“{result[:20]}”，应为 采纳、退回 或 已处置。")
    if answer is Answer.RETURNED and not reason:
        raise BadInput("退回没有写理由。")
    lead_id = _lead_id(row.get(columns.LEAD_ID, ""))
    detail = store.leads.get(lead_id)
    _check_lead(detail, row)
    details = tuple((key, value) for key, value in answers.items() if value)
    state = detail.lead.state
    if state.answer is answer:
        last = next(event for event in reversed(detail.lead.events) if event.kind.value == answer.value)
        if (last.details, last.reason or "") == (details, reason):
            report.unchanged.append(lead_id)
            return
    decision = Decision(EventKind(answer.value), actor, reason or None, None, details)
    decide(services, store, lead_id, decision, expected_version=detail.version)
    report.added.append(lead_id)


def _lead_id(cell: str) -> int:
    text = cell.removesuffix(".0")
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) < 2**53:
        raise BadInput(f"线索编号“{cell[:20]}”不是数字；请勿改动这一列。")
    return int(text)


def _check_lead(detail: LeadDetail, row: dict[str, str]) -> None:
    """The row must be about this lead's last referral: sorted columns and old files would answer for the wrong one."""
    from digest import case_ledger as columns
    from digest.text import visible

    address = row.get(columns.ADDRESS, "")
    expected = visible(detail.lead.page_url, 500)
    if address and address != expected:
        raise BadInput(
            f"网址与线索 {detail.lead.id} 的网址不一致；请勿改动“{columns.LEAD_ID}”和“{columns.ADDRESS}”列。"
        )
    referrals = row.get(columns.REFERRALS, "").removesuffix(".0")
    if referrals and referrals != str(detail.lead.state.referrals):
        raise BadInput(
            f"台账是第 {referrals[:10]} 次移送时发出的，线索 {detail.lead.id} 现为第 {detail.lead.state.referrals} 次移送；"
            "请用最近一次的台账。"
        )


def _day(services: Services, cell: str) -> str:
    """A day as ``2026-11-30``; an empty cell stays empty. A day to come is a mistake."""
    if not cell:
        return ""
    match = _DATE.fullmatch(cell)
    try:
        day = date(*map(int, match.groups())) if match else datetime.strptime(cell, "%Y%m%d").date()  # noqa: DTZ007 - a day
    except ValueError:
        raise BadInput(f"处置日期“{cell[:20]}”无法识别；请写成 2026-11-30 的样子。") from None
    if day > day_of(services.clock()):
        raise BadInput(f"处置日期 {day} 还没有到；请核对。")
    return day.isoformat()
