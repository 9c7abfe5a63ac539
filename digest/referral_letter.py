"""线索移送函 as a Word file, in the letter form of GB/T 9704 (fields after workflow.md 3.1; no national form exists)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

from digest.case_view import CaseView, case_view
from digest.templates import Templates
from digest.text import visible
from digest.word_package import write_package
from digest.words import WORD_LIMIT, Words, ranked
from domain.lead_detail import LeadDetail

PARTS = {
    "[Content_Types].xml": "referral/content_types.xml",
    "_rels/.rels": "docx/package_rels.xml",
    "docProps/core.xml": "referral/core.xml.j2",
    "word/_rels/document.xml.rels": "referral/document_rels.xml",
    "word/document.xml": "referral/document.xml.j2",
    "word/styles.xml": "docx/styles.xml",
    "word/settings.xml": "docx/settings.xml",
    "word/fontTable.xml": "docx/font_table.xml",
    "word/footer1.xml": "docx/footer_1.xml",
    "word/footer2.xml": "docx/footer_2.xml",
    "word/footer3.xml": "referral/footer_first.xml",
}


@dataclass(frozen=True, slots=True)
class LetterView:
    """The letter; strings and numbers only. Empty strings are places to be filled in by hand."""

    title: str
    unit: str
    number: str
    authority: str
    basis: str
    caution: str
    contact: str
    contact_phone: str
    reply_days: str
    date: str
    date_label: str
    cases: tuple[CaseView, ...]
    sites: int
    accounts: int
    platforms: str
    """``网站 3 条、微博 1 条``."""
    behaviours: str
    legal: tuple[str, ...]
    first_found: str
    last_found: str
    screenshots: int
    again: int
    """Cases that had been referred before."""


def render_letter(
    details: Sequence[LeadDetail],
    stream: BinaryIO,
    templates: Templates,
    *,
    day: date,
    authority: str = "",
    number: str = "",
) -> None:
    """Write the letter that hands over ``details`` (at least one) to ``authority`` on ``day``."""
    words = Words.load(templates)
    cases = tuple(case_view(index, detail, words) for index, detail in enumerate(details, 1))
    accounts = {
        (case.platform, case.account) for case in cases if case.account and case.platform != words.platform("web")
    }
    sites = {detail.lead.page_url.split("/", 3)[2] for detail in details if detail.document.platform in ("web", "feed")}
    kinds = [text for text, present in (("网站", sites), ("账号", accounts)) if present] or ["网页"]
    behaviours = Counter(name for case in cases for name in case.behaviours.split("；") if name)
    found = sorted(case.found_at for case in cases)
    view = LetterView(
        title=f"关于移送{'和'.join(kinds)}涉嫌发布虚假培训评价发证宣传线索的函",
        unit=words.plain("unit"),
        number=visible(number, WORD_LIMIT),
        authority=visible(authority, WORD_LIMIT),
        basis=words.plain("basis"),
        caution=words.plain("caution"),
        contact=words.plain("contact"),
        contact_phone=words.plain("contact_phone"),
        reply_days=words.plain("reply_days") or "15",
        date=day.isoformat(),
        date_label=f"{day.year}年{day.month}月{day.day}日",
        cases=cases,
        sites=len(sites),
        accounts=len(accounts),
        platforms="、".join(f"{name} {count} 条" for name, count in ranked(Counter(case.platform for case in cases))),
        behaviours="、".join(f"{name}（{count} 条）" for name, count in ranked(behaviours)),
        legal=tuple(dict.fromkeys(basis for case in cases for basis in case.legal)),
        first_found=found[0],
        last_found=found[-1],
        screenshots=sum(bool(case.screenshot) for case in cases),
        again=sum(case.referrals > 1 for case in cases),
    )
    write_package(stream, PARTS, templates, {"letter": view})
