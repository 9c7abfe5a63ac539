"""主体 and 动态黑名单 of the console."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from console.lead_desk import Download, RelatedLine
from console.subject_desk import OPERATORS, EntryForm, IdentifierLine, OperatorLine, OperatorPage
from domain.blacklist import Entry, StepKind
from domain.errors import BadInput, LockHeld
from domain.operator import LABELS
from zhengxun.clock import day_of, for_people
from zhengxun.console_services.leads import XLSX
from zhengxun.jobs.blacklisting import confirmed_leads, decide_entry, export, list_subject, named_subject
from zhengxun.jobs.reviewing import MAX_REASON
from zhengxun.services import Services

if TYPE_CHECKING:
    from storage import Store
    from storage.operator_listing import OperatorListing

_PAGES = 300


@dataclass(frozen=True)
class SubjectDeskService:
    """Implements :class:`console.subject_desk.SubjectDesk`."""

    services: Services
    store: Store

    def operators(self, page: int) -> tuple[Sequence[OperatorLine], bool]:
        """See the protocol."""
        found = self.store.operators.list(limit=OPERATORS + 1, offset=(page - 1) * OPERATORS)
        return [_line(listing) for listing in found[:OPERATORS]], len(found) > OPERATORS

    def operator(self, operator_id: int) -> OperatorPage:
        """See the protocol."""
        detail = self.store.operators.get(operator_id, _PAGES)
        shown = detail.pages
        versions = self.store.leads.seen_versions([page.lead_id for page in shown if page.lead_id is not None])
        return OperatorPage(
            line=_line(detail.listing),
            identifiers=tuple(
                IdentifierLine(known.id, LABELS[known.contact.kind], known.contact.masked, known.pages)
                for known in detail.listing.identifiers
            ),
            pages=tuple(
                RelatedLine(
                    url=page.url,
                    title=page.title,
                    reasons=(page.ground, *page.reasons),
                    lead_id=page.lead_id,
                    version=versions.get(page.lead_id) if page.lead_id is not None else None,
                    review=page.review,
                    presence=page.presence,
                    level=page.level,
                    in_operator=page.in_operator,
                )
                for page in shown
            ),
            decisions=tuple(
                f"{for_people(decision.at)} {decision.actor}：{decision.kind.label}"
                + (f"（{decision.reason}）" if decision.reason else "")
                for decision in detail.decisions
            ),
        )

    def merge(self, operator_ids: Sequence[int], by: str, reason: str) -> int:
        """See the protocol."""
        said = _reason(reason, "合并主体")
        with _no_crawl(self.services):
            return self.store.operators.merge(operator_ids, by, said).id

    def split(self, operator_id: int, lead_ids: Sequence[int], urls: Sequence[str], by: str, reason: str) -> int:
        """See the protocol."""
        said = _reason(reason, "拆分主体")
        with _no_crawl(self.services):
            return self.store.operators.split(operator_id, lead_ids, urls, by, said).id

    def exclude(self, identifier_id: int, by: str, reason: str, *, include: bool = False) -> IdentifierLine:
        """See the protocol."""
        said = _reason(reason, "恢复标识" if include else "排除标识")
        contact = self.store.operators.contact(identifier_id)
        with _no_crawl(self.services):
            self.store.operators.exclude(contact.kind, contact.value, by, said, include=include)
        return IdentifierLine(identifier_id, LABELS[contact.kind], contact.masked, 0)

    def excluded(self) -> Sequence[IdentifierLine]:
        """See the protocol."""
        return [
            IdentifierLine(
                one.id,
                LABELS[one.contact.kind],
                one.contact.masked,
                one.pages,
                f"{for_people(one.at)} {one.actor}" + (f"：{one.reason}" if one.reason else ""),
            )
            for one in self.store.operators.excluded()
        ]

    def add_entry(self, form: EntryForm, by: str) -> Entry:
        """See the protocol."""
        if form.until is None:
            raise BadInput("列入须写明期限，如 2027-11-23。")
        return list_subject(
            self.services,
            self.store,
            named_subject(self.store, form.kind, form.key, form.name),
            by,
            form.reason,
            form.grounds,
            form.until,
            confirmed_leads(self.store, form.leads),
        )

    def today(self) -> date:
        """See the protocol."""
        return day_of(self.services.clock())

    def entries(self) -> Sequence[Entry]:
        """See the protocol."""
        return sorted(self.store.blacklist.entries(), key=lambda entry: (entry.last.at, entry.number), reverse=True)

    def decide(self, number: int, kind: StepKind, by: str, reason: str, until: date | None) -> Entry:
        """See the protocol."""
        return decide_entry(self.services, self.store, number, kind, by, reason, until)

    def published(self, form: str) -> Download:
        """See the protocol."""
        if form not in ("xlsx", "html"):
            raise BadInput("黑名单可导出为 xlsx 或 html。")
        with tempfile.TemporaryDirectory(prefix="zhengxun-blacklist-") as folder:
            sheet, page = export(self.services, self.store, Path(folder))
            if form == "xlsx":
                return Download(sheet.name, XLSX, sheet.read_bytes())
            return Download(page.name, "text/html; charset=utf-8", page.read_bytes())


@contextmanager
def _no_crawl(services: Services) -> Iterator[None]:
    """A crawl groups pages at its end; two who group at once would undo each other."""
    try:
        with services.lock("crawl"):
            yield
    except LockHeld:
        raise BadInput("正在采集，此时不能改动归并；请在采集结束后再试（进度见“系统状态”）。没有作任何改动。") from None


def _reason(reason: str, what: str) -> str:
    if not reason.strip():
        raise BadInput(f"{what}须写明理由。")
    return reason.strip()[:MAX_REASON]


def _line(listing: OperatorListing) -> OperatorLine:
    return OperatorLine(
        listing.id,
        listing.title,
        listing.pages,
        listing.leads,
        tuple((LABELS[known.contact.kind], known.contact.masked, known.pages) for known in listing.identifiers[:8]),
    )
