"""主体 and 动态黑名单 of the console."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from console.lead_desk import Download, RelatedLine
from console.subject_desk import OPERATORS, OperatorLine, OperatorPage
from domain.blacklist import Entry, StepKind
from domain.errors import BadInput
from domain.operator import LABELS
from zhengxun.clock import day_of, for_people
from zhengxun.console_services.leads import XLSX
from zhengxun.jobs.blacklisting import decide_entry, export
from zhengxun.jobs.reviewing import MAX_REASON
from zhengxun.services import Services

if TYPE_CHECKING:
    from storage import Store
    from storage.operators import OperatorListing

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
        if not reason.strip():
            raise BadInput("合并主体须写明理由。")
        return self.store.operators.merge(operator_ids, by, reason.strip()[:MAX_REASON]).id

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


def _line(listing: OperatorListing) -> OperatorLine:
    return OperatorLine(
        listing.id,
        listing.title,
        listing.pages,
        listing.leads,
        tuple((LABELS[known.contact.kind], known.contact.masked, known.pages) for known in listing.identifiers[:8]),
    )
