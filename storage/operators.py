"""主体 for people: lists, one operator with its pages and grounds, what reviewers decide, and pages related to a lead."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, or_, select, update

from domain.document import Contact, ContactKind, ContactSource
from domain.errors import BadInput
from domain.lead import Presence, Review
from domain.operator import LABELS, Decision, DecisionKind, Ground, LinkLimits, ordered
from storage.dialects import portions
from storage.engine import reading, writing
from storage.identifiers import recount
from storage.lead_grounds import grounds_between
from storage.near_texts import near_pages
from storage.operator_listing import (
    ExcludedIdentifier,
    OperatorDetail,
    OperatorIdentifier,
    OperatorListing,
    Related,
    RelatedPage,
)
from storage.regrouping import operators_with, readmit, regroup
from storage.tables import (
    DocumentRow,
    IdentifierRow,
    LeadRow,
    LinkingRow,
    OperatorDecisionPageRow,
    OperatorDecisionRow,
    OperatorIdentifierRow,
    OperatorPageRow,
    OperatorRow,
    PageRow,
)

#: Pages of one operator that are shown; the number of all of them is always given.
PAGES_SHOWN = 2000
#: Identifiers of one operator that are shown.
IDENTIFIERS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Operators:
    """All operators."""

    engine: Engine
    clock: Callable[[], datetime]

    def list(self, *, everything: bool = False, limit: int = 100, offset: int = 0) -> list[OperatorListing]:
        """Operators with most leads first; ``everything``: also those whose pages hold no lead."""
        leads = (
            select(OperatorPageRow.operator_id, func.count().label("leads"))
            .join(LeadRow, LeadRow.page_id == OperatorPageRow.page_id)
            .where(LeadRow.review != Review.DISMISSED.value, OperatorPageRow.operator_id.is_not(None))
            .group_by(OperatorPageRow.operator_id)
            .subquery()
        )
        number = func.coalesce(leads.c.leads, 0)
        statement = (
            select(OperatorRow.id, OperatorRow.name, OperatorRow.pages, number.label("leads"))
            .join(leads, leads.c.operator_id == OperatorRow.id, isouter=everything)
            .where(OperatorRow.merged_into.is_(None), OperatorRow.pages > 0)
            .order_by(number.desc(), OperatorRow.pages.desc(), OperatorRow.id)
            .limit(limit)
            .offset(offset)
        )
        with reading(self.engine) as connection:
            rows = connection.execute(statement).all()
            known = identifiers_of(connection, [row.id for row in rows])
        return [OperatorListing(row.id, row.name, row.pages, row.leads, known[row.id]) for row in rows]

    def get(self, operator_id: int, pages: int = PAGES_SHOWN) -> OperatorDetail:
        """One operator with its first ``pages``; an unknown id raises :class:`BadInput`.

        One whose pages went to another is shown as that.
        """
        with reading(self.engine) as connection:
            operator_id = _present(connection, operator_id)
            listing = _listing(connection, operator_id)
            rows = connection.execute(
                _page_statement()
                .where(OperatorPageRow.operator_id == operator_id)
                .order_by(OperatorPageRow.page_id)
                .limit(pages)
            ).all()
            return OperatorDetail(listing, _with_grounds(connection, rows), _decisions(connection, operator_id))

    def related(self, lead_id: int, pages: int = PAGES_SHOWN) -> Related:
        """关联网页: the first ``pages`` of the lead's operator, and near copies of its text.

        An unknown id raises :class:`BadInput`.
        """
        with reading(self.engine) as connection:
            lead = connection.execute(select(LeadRow.page_id).where(LeadRow.id == lead_id)).first()
            if lead is None:
                raise BadInput(f"没有编号为 {lead_id} 的线索；可用“zhengxun leads list”查看编号。")
            operator_id = connection.execute(
                select(OperatorPageRow.operator_id).where(OperatorPageRow.page_id == lead.page_id)
            ).scalar()
            rows: list[Any] = []
            listing = None
            if operator_id is not None:
                listing = _listing(connection, operator_id)
                rows += connection.execute(
                    _page_statement()
                    .where(OperatorPageRow.operator_id == operator_id, OperatorPageRow.page_id != lead.page_id)
                    .order_by(OperatorPageRow.page_id)
                    .limit(pages)
                ).all()
            near = near_pages(connection, [lead.page_id])[lead.page_id]
            inside = {row.page_id for row in rows}
            for portion in portions(sorted(set(near) - inside)):
                rows += connection.execute(_page_statement().where(PageRow.id.in_(portion)).order_by(PageRow.id)).all()
            grounds = grounds_between(connection, lead.page_id, [row.page_id for row in rows])
            indirect = _reasons(connection, [row for row in rows if not grounds[row.page_id]])
        found = []
        for row in rows:
            reasons = list(grounds[row.page_id])
            if row.page_id in near:
                reasons.append("文案近似")
            own = row.page_id in inside
            found.append(_page(row, reasons or indirect[row.page_id], own))
        return Related(lead_id, listing, tuple(found), listing.pages if listing else 0)

    def merge(self, operator_ids: Sequence[int], actor: str, reason: str | None) -> OperatorListing:
        """Join operators into the first; it stays so when pages are linked again."""
        with writing(self.engine) as connection:
            present = list(dict.fromkeys(_present(connection, one) for one in operator_ids))
            if len(present) < 2:
                raise BadInput("合并至少要写两个不同的主体编号；可用“zhengxun operators list --all”查看编号。")
            for other in present[1:]:
                self._decide(connection, DecisionKind.MERGE, actor, reason, {0: [present[0], other]}, present[0], other)
                regroup(connection, {present[0], other}, self.clock(), keep=present[0])
            return _listing(connection, _present(connection, present[0]))

    def split(
        self, operator_id: int, lead_ids: Sequence[int], urls: Sequence[str], actor: str, reason: str | None
    ) -> OperatorListing:
        """Take the pages of some leads, or some addresses, out of an operator; the listing of the new one."""
        at = self.clock()
        with writing(self.engine) as connection:
            operator_id = _present(connection, operator_id)
            rows = connection.execute(
                select(OperatorPageRow.page_id, PageRow.url, LeadRow.id.label("lead_id"))
                .join(PageRow, PageRow.id == OperatorPageRow.page_id)
                .outerjoin(LeadRow, LeadRow.page_id == OperatorPageRow.page_id)
                .where(OperatorPageRow.operator_id == operator_id)
            ).all()
            missing = [f"线索 {one}" for one in lead_ids if all(row.lead_id != one for row in rows)]
            missing += [f"网址 {url}" for url in urls if all(row.url != url for row in rows)]
            if missing:
                raise BadInput(
                    f"{'、'.join(missing)} 不在主体 {operator_id} 名下，没有拆分；请用“operators show”核对。"
                )
            out = [row.page_id for row in rows if row.lead_id in lead_ids or row.url in urls]
            if not out or len(out) == len(rows):
                raise BadInput(f"主体 {operator_id} 共 {len(rows)} 个页面，须拆出其中一部分；没有拆分。")
            rest = [row.page_id for row in rows if row.page_id not in set(out)]
            decision = self._decide(connection, DecisionKind.SPLIT, actor, reason, {}, operator_id, None)
            _write_pages(connection, decision, {1: rest, 2: out})
            regroup(connection, {operator_id}, at, keep=operator_id, keep_page=rest[0])
            new = connection.execute(
                select(OperatorPageRow.operator_id).where(OperatorPageRow.page_id == out[0])
            ).scalar_one()
            return _listing(connection, int(new or operator_id))

    def excluded(self) -> builtins.list[ExcludedIdentifier]:
        """Identifiers that are taken out of linking, the newest decision first."""
        decision, identifier = OperatorDecisionRow, IdentifierRow
        newest = (
            select(func.max(decision.id)).where(decision.identifier_id == identifier.id).correlate(identifier)
        ).scalar_subquery()
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(
                    identifier.id,
                    identifier.kind,
                    identifier.value,
                    identifier.pages,
                    decision.actor,
                    decision.reason,
                    decision.at,
                )
                .join(decision, decision.id == newest)
                .where(identifier.excluded.is_(True))
                .order_by(decision.id.desc())
            ).all()
        return [
            ExcludedIdentifier(
                row.id, Contact(ContactKind(row.kind), row.value), row.pages, row.actor, row.reason, row.at
            )
            for row in rows
        ]

    def contact(self, identifier_id: int) -> Contact:
        """The identifier with this number; an unknown one raises :class:`BadInput`."""
        with reading(self.engine) as connection:
            row = connection.execute(
                select(IdentifierRow.kind, IdentifierRow.value).where(IdentifierRow.id == identifier_id)
            ).first()
        if row is None:
            raise BadInput(f"没有编号为 {identifier_id} 的标识；请回到主体页面重新选择。")
        return Contact(ContactKind(row.kind), row.value)

    def exclude(self, kind: ContactKind, value: str, actor: str, reason: str | None, *, include: bool = False) -> int:
        """Let an identifier join nothing (or, ``include``, again join pages); how many operators were grouped anew."""
        at = self.clock()
        with writing(self.engine) as connection:
            row = connection.execute(
                select(IdentifierRow.id).where(IdentifierRow.value == value, IdentifierRow.kind == kind.value)
            ).first()
            if row is None:
                raise BadInput(f"没有记录过{LABELS[kind]}“{value}”；请用“operators show”核对写法。")
            decided = DecisionKind.INCLUDE if include else DecisionKind.EXCLUDE
            self._decide(connection, decided, actor, reason, {}, None, None, row.id)
            connection.execute(update(IdentifierRow).where(IdentifierRow.id == row.id).values(excluded=not include))
            limits = connection.execute(select(LinkingRow.limits).where(LinkingRow.id == 1)).scalar()
            recount(connection, [row.id], LinkLimits(*limits) if limits else LinkLimits())
            if include:
                readmit(connection, row.id, at)
            affected = operators_with(connection, row.id)
            if affected:
                regroup(connection, affected, at)
            return len(affected)

    def _decide(
        self,
        connection: Connection,
        kind: DecisionKind,
        actor: str,
        reason: str | None,
        sides: dict[int, builtins.list[int]],
        operator_id: int | None,
        other_id: int | None,
        identifier_id: int | None = None,
    ) -> int:
        decision = connection.execute(
            insert(OperatorDecisionRow)
            .values(
                kind=kind.value,
                operator_id=operator_id,
                other_id=other_id,
                identifier_id=identifier_id,
                actor=actor,
                reason=reason,
                at=self.clock(),
            )
            .returning(OperatorDecisionRow.id)
        ).scalar_one()
        for side, operators in sides.items():
            pages = connection.execute(
                select(OperatorPageRow.page_id).where(OperatorPageRow.operator_id.in_(operators))
            ).scalars()
            _write_pages(connection, decision, {side: list(pages)})
        return int(decision)


def _write_pages(connection: Connection, decision: int, sides: dict[int, list[int]]) -> None:
    connection.execute(
        insert(OperatorDecisionPageRow),
        [{"decision_id": decision, "page_id": page, "side": side} for side, pages in sides.items() for page in pages],
    )


def _present(connection: Connection, operator_id: int) -> int:
    """The operator that stands for ``operator_id`` now."""
    wanted = operator_id
    for _ in range(1000):
        row = connection.execute(select(OperatorRow.merged_into).where(OperatorRow.id == operator_id)).first()
        if row is None:
            break
        if row.merged_into is None:
            return operator_id
        operator_id = row.merged_into
    raise BadInput(f"没有编号为 {wanted} 的主体；可用“zhengxun operators list --all”查看编号。")


def _listing(connection: Connection, operator_id: int) -> OperatorListing:
    row = connection.execute(select(OperatorRow.name, OperatorRow.pages).where(OperatorRow.id == operator_id)).one()
    leads = connection.execute(
        select(func.count())
        .select_from(OperatorPageRow)
        .join(LeadRow, LeadRow.page_id == OperatorPageRow.page_id)
        .where(OperatorPageRow.operator_id == operator_id, LeadRow.review != Review.DISMISSED.value)
    ).scalar_one()
    known = identifiers_of(connection, [operator_id])[operator_id]
    return OperatorListing(operator_id, row.name, row.pages, int(leads), known)


def identifiers_of(connection: Connection, operators: Sequence[int]) -> dict[int, tuple[OperatorIdentifier, ...]]:
    """Identifiers of operators that are not common, numbers first, at most :data:`IDENTIFIERS_SHOWN` each."""
    found: dict[int, dict[Contact, tuple[int, int]]] = {operator: {} for operator in operators}
    for portion in portions(operators):
        for row in connection.execute(
            select(
                OperatorIdentifierRow.operator_id,
                OperatorIdentifierRow.pages,
                IdentifierRow.id,
                IdentifierRow.kind,
                IdentifierRow.value,
            )
            .join(IdentifierRow, IdentifierRow.id == OperatorIdentifierRow.identifier_id)
            .where(OperatorIdentifierRow.operator_id.in_(portion), IdentifierRow.common.is_(False))
        ):
            found[row.operator_id][Contact(ContactKind(row.kind), row.value)] = (row.pages, row.id)
    return {
        operator: tuple(OperatorIdentifier(contact, *known[contact]) for contact in ordered(known)[:IDENTIFIERS_SHOWN])
        for operator, known in found.items()
    }


def _page_statement() -> Any:
    return (
        select(
            PageRow.id.label("page_id"),
            PageRow.url,
            PageRow.last_seen,
            DocumentRow.title,
            OperatorPageRow.ground,
            OperatorPageRow.because,
            LeadRow.id.label("lead_id"),
            LeadRow.review,
            LeadRow.presence,
            LeadRow.level,
        )
        .select_from(PageRow)
        .outerjoin(OperatorPageRow, OperatorPageRow.page_id == PageRow.id)
        .outerjoin(DocumentRow, DocumentRow.id == PageRow.document_id)
        .outerjoin(LeadRow, LeadRow.page_id == PageRow.id)
    )


def _with_grounds(connection: Connection, rows: Sequence[Any]) -> tuple[RelatedPage, ...]:
    reasons = _reasons(connection, rows)
    return tuple(_page(row, reasons[row.page_id], True) for row in rows)


def _page(row: Any, reasons: Sequence[str], inside: bool) -> RelatedPage:
    return RelatedPage(
        page_id=row.page_id,
        url=row.url,
        title=row.title or "",
        ground=Ground(row.ground).label if inside and row.ground else "文案近似",
        reasons=tuple(reasons),
        lead_id=row.lead_id,
        review=Review(row.review) if row.review else None,
        presence=Presence(row.presence) if row.presence else None,
        level=row.level,
        last_seen=row.last_seen,
        in_operator=inside,
    )


def _reasons(connection: Connection, rows: Sequence[Any]) -> dict[int, list[str]]:
    """Why each page stands with its operator, by the identifiers that were its ground."""
    ids = sorted({identifier for row in rows for identifier in row.because or ()})
    names: dict[int, str] = {}
    for portion in portions(ids):
        for found in connection.execute(
            select(IdentifierRow.id, IdentifierRow.kind, IdentifierRow.value).where(IdentifierRow.id.in_(portion))
        ):
            contact = Contact(ContactKind(found.kind), found.value, source=ContactSource.TEXT)
            names[found.id] = f"{LABELS[contact.kind]} {contact.masked}"
    reasons: dict[int, list[str]] = {}
    for row in rows:
        shared = [names[identifier] for identifier in row.because or () if identifier in names]
        if shared:
            reasons[row.page_id] = [f"与同一主体的其他页面同有{'、'.join(shared)}"]
        elif row.ground == Ground.SITE.value:
            reasons[row.page_id] = ["在该主体的网站上，本页没有联系方式"]
        elif row.ground == Ground.REVIEWER.value:
            reasons[row.page_id] = ["人工合并"]
        else:
            reasons[row.page_id] = []
    return reasons


def _decisions(connection: Connection, operator_id: int) -> tuple[Decision, ...]:
    rows = connection.execute(
        select(OperatorDecisionRow)
        .where(or_(OperatorDecisionRow.operator_id == operator_id, OperatorDecisionRow.other_id == operator_id))
        .order_by(OperatorDecisionRow.id)
        .with_only_columns(*OperatorDecisionRow.__table__.c)
    )
    return tuple(
        Decision(row.id, DecisionKind(row.kind), row.actor, row.reason, row.at, row.operator_id, row.other_id)
        for row in rows
    )
