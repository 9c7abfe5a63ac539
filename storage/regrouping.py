"""Making the groups of some operators again, where pages joined two of them or an identifier lost its force."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, func, insert, select, update

from domain.document import ContactKind
from domain.grouping import Group, Link, Node, PageDecision, group
from domain.operator import Ground, weak_class
from storage.dialects import portions
from storage.identifiers import Known, of_pages
from storage.near_texts import near_pages
from storage.tables import (
    IdentifierRow,
    OccurrenceRow,
    OperatorDecisionPageRow,
    OperatorIdentifierRow,
    OperatorPageRow,
    OperatorRow,
    PageRow,
)


def regroup(
    connection: Connection,
    operators: Collection[int],
    at: datetime,
    *,
    keep: int | None = None,
    keep_page: int | None = None,
) -> set[int]:
    """Group the pages of ``operators`` anew; ids of all operators that have pages now.

    A group keeps the id that most of its pages had, ``keep`` before others (for the group of ``keep_page``, if given); what loses all its pages says where they
    went.
    """
    pages: dict[int, Any] = {}
    for portion in portions(sorted(operators)):
        for row in connection.execute(
            select(
                OperatorPageRow.page_id, OperatorPageRow.operator_id, OperatorPageRow.ground, OperatorPageRow.site
            ).where(OperatorPageRow.operator_id.in_(portion))
        ):
            pages[row.page_id] = row
    known = of_pages(connection, sorted(pages))
    decisions = _decisions(connection, sorted(pages))
    decided = {page for decision in decisions for side in decision.sides for page in side}
    near = near_pages(connection, [page for page, found in known.items() if found])
    nodes = [
        node_of(page, found, near.get(page, ()), pages[page].site)
        for page, found in sorted(known.items())
        if found or page in decided
    ]
    groups = group(nodes, decisions)
    placed = {page for each in groups for page in each.pages}
    released = [page for page in pages if page not in placed]
    _release(connection, released)
    ids = _ids(connection, groups, pages, at, keep, keep_page)
    _empty(connection, set(operators) - set(ids))
    _write(connection, groups, ids, at)
    _count(connection, groups, ids, known, operators)
    by_site(connection, {pages[page].site for page in released} - {""}, at)
    return set(ids)


def node_of(page_id: int, known: Iterable[Known], near: Iterable[int] = (), site: str = "") -> Node:
    """A page as the rules see it."""
    known = list(known)
    return Node(
        page_id,
        frozenset(one.id for one in known if one.strong),
        frozenset((weak_class(one.kind), one.id) for one in known if not one.strong),
        frozenset(near),
        site,
    )


def _decisions(connection: Connection, pages: Sequence[int]) -> list[PageDecision]:
    sides: dict[int, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for portion in portions(pages):
        for row in connection.execute(
            select(
                OperatorDecisionPageRow.decision_id, OperatorDecisionPageRow.page_id, OperatorDecisionPageRow.side
            ).where(OperatorDecisionPageRow.page_id.in_(portion))
        ):
            sides[row.decision_id][row.side].add(row.page_id)
    found = []
    for decision, by_side in sorted(sides.items()):
        # A merge is written with side 0, a split with sides 1 and 2.
        split = 0 not in by_side
        parts = tuple(frozenset(by_side.get(side, ())) for side in ((1, 2) if split else (0,)))
        found.append(PageDecision(decision, parts))
    return found


def _release(connection: Connection, pages: Sequence[int]) -> None:
    """Pages that nothing joins any more, or that stood with an operator by their site only."""
    for portion in portions(pages):
        connection.execute(
            update(OperatorPageRow)
            .where(OperatorPageRow.page_id.in_(portion))
            .values(operator_id=None, ground=Ground.SITE.value, because_page_id=None, because=[])
        )


def _empty(connection: Connection, operators: Collection[int]) -> None:
    """Operators that have no pages left."""
    for portion in portions(sorted(operators)):
        connection.execute(update(OperatorRow).where(OperatorRow.id.in_(portion)).values(pages=0))


def readmit(connection: Connection, identifier_id: int, at: datetime) -> None:
    """Pages with an identifier that stand with nobody get an operator of their own, to be grouped with the others."""
    rows = connection.execute(
        select(OccurrenceRow.page_id, PageRow.host, OperatorPageRow.page_id.label("placed"))
        .join(PageRow, PageRow.id == OccurrenceRow.page_id)
        .outerjoin(OperatorPageRow, OperatorPageRow.page_id == OccurrenceRow.page_id)
        .where(OccurrenceRow.identifier_id == identifier_id, OperatorPageRow.operator_id.is_(None))
        .order_by(OccurrenceRow.page_id)
    ).all()
    for row in rows:
        operator = new_operator(connection, at)
        values = {"operator_id": operator, "ground": Ground.OWN.value, "because": [], "since": at}
        if row.placed is None:
            connection.execute(insert(OperatorPageRow).values(page_id=row.page_id, site=row.host, **values))
        else:
            connection.execute(update(OperatorPageRow).where(OperatorPageRow.page_id == row.page_id).values(**values))


def _ids(
    connection: Connection,
    groups: Sequence[Group],
    pages: Mapping[int, Any],
    at: datetime,
    keep: int | None,
    keep_page: int | None,
) -> list[int]:
    votes: list[Counter[int]] = [
        Counter(pages[page].operator_id for page in each.pages if pages[page].operator_id is not None)
        for each in groups
    ]
    ids: list[int | None] = [None] * len(groups)
    taken: set[int] = set()
    wanted = sorted(
        (
            (
                operator != keep or (keep_page is not None and keep_page not in groups[index].pages),
                -number,
                operator,
                index,
            )
            for index, counter in enumerate(votes)
            for operator, number in counter.items()
        ),
    )
    for _, _, operator, index in wanted:
        if ids[index] is None and operator not in taken:
            ids[index] = operator
            taken.add(operator)
    missing = [index for index, each in enumerate(ids) if each is None]
    for index in missing:
        ids[index] = new_operator(connection, at)
    made = [each for each in ids if each is not None]
    emptied = {operator for counter in votes for operator in counter} - taken
    for operator in sorted(emptied):
        index = max(range(len(votes)), key=lambda each, op=operator: (votes[each][op], -each))  # type: ignore[misc]
        connection.execute(
            update(OperatorRow).where(OperatorRow.id == operator).values(merged_into=made[index], pages=0)
        )
    return made


def new_operator(connection: Connection, at: datetime) -> int:
    """Id of a new operator without pages."""
    made = connection.execute(
        insert(OperatorRow).values(name=None, pages=0, created_at=at, merged_into=None).returning(OperatorRow.id)
    )
    return int(made.scalar_one())


def _write(connection: Connection, groups: Sequence[Group], ids: Sequence[int], at: datetime) -> None:
    rows = [
        {"b_page": page, "b_operator": operator} | link_columns(link)
        for each, operator in zip(groups, ids, strict=True)
        for page, link in each.pages.items()
    ]
    if rows:
        connection.execute(
            update(OperatorPageRow)
            .where(OperatorPageRow.page_id == bindparam("b_page"))
            .values(
                # Before that moment it stood with another: a digest of an earlier day must not show this one.
                since=case(
                    (OperatorPageRow.operator_id.is_distinct_from(bindparam("b_operator")), at),
                    else_=OperatorPageRow.since,
                ),
                operator_id=bindparam("b_operator"),
                ground=bindparam("b_ground"),
                because_page_id=bindparam("b_because_page_id"),
                because=bindparam("b_because"),
            ),
            rows,
        )


def link_columns(link: Link) -> dict[str, Any]:
    """Columns of a page's row that say why it stands there, as bound parameters."""
    return {
        "b_ground": link.ground.value,
        "b_because_page_id": link.page_id,
        "b_because": list(link.identifiers),
    }


def _count(
    connection: Connection,
    groups: Sequence[Group],
    ids: Sequence[int],
    known: Mapping[int, Sequence[Known]],
    before: Collection[int],
) -> None:
    for portion in portions(sorted({*before, *ids})):
        connection.execute(delete(OperatorIdentifierRow).where(OperatorIdentifierRow.operator_id.in_(portion)))
    rows = []
    for each, operator in zip(groups, ids, strict=True):
        counter = Counter(one.id for page in each.pages for one in known[page])
        rows += [
            {"identifier_id": identifier, "operator_id": operator, "pages": number}
            for identifier, number in counter.items()
        ]
        connection.execute(
            update(OperatorRow).where(OperatorRow.id == operator).values(pages=len(each.pages), merged_into=None)
        )
    if rows:
        connection.execute(insert(OperatorIdentifierRow), rows)
    rename(connection, ids)


def rename(connection: Connection, operators: Iterable[int]) -> None:
    """Name operators by the institution's name that stands on most of their pages, or by their account."""
    names: dict[int, tuple[Any, ...]] = {}
    ids = sorted(set(operators))
    for portion in portions(ids):
        for row in connection.execute(
            select(
                OperatorIdentifierRow.operator_id, OperatorIdentifierRow.pages, IdentifierRow.value, IdentifierRow.id
            )
            .join(IdentifierRow, IdentifierRow.id == OperatorIdentifierRow.identifier_id)
            .where(
                OperatorIdentifierRow.operator_id.in_(portion),
                IdentifierRow.kind == ContactKind.ORGANISATION.value,
            )
        ):
            best = (row.pages, -row.id, row.value)
            if row.operator_id not in names or best > names[row.operator_id]:
                names[row.operator_id] = best
    if ids:
        connection.execute(
            update(OperatorRow).where(OperatorRow.id == bindparam("row")).values(name=bindparam("b_name")),
            [{"row": operator, "b_name": names[operator][2] if operator in names else None} for operator in ids],
        )


def operators_with(connection: Connection, identifier_id: int) -> set[int]:
    """Operators on whose pages an identifier stands, also where it is common."""
    return {
        operator
        for operator in connection.execute(
            select(OperatorPageRow.operator_id)
            .join(OccurrenceRow, OccurrenceRow.page_id == OperatorPageRow.page_id)
            .where(OccurrenceRow.identifier_id == identifier_id, OperatorPageRow.operator_id.is_not(None))
            .distinct()
        ).scalars()
        if operator is not None
    }


def by_site(connection: Connection, sites: Collection[str], at: datetime) -> None:
    """Flagged pages without an identifier stand with the one operator of their site; with several, with none."""
    for site in sorted(sites):
        owners = connection.execute(
            select(func.min(OperatorPageRow.operator_id), func.max(OperatorPageRow.operator_id)).where(
                OperatorPageRow.site == site, OperatorPageRow.operator_id.is_not(None)
            )
        ).one()
        if owners[0] is None:
            continue
        if owners[0] != owners[1]:
            connection.execute(
                update(OperatorPageRow)
                .where(OperatorPageRow.site == site, OperatorPageRow.ground == Ground.SITE.value)
                .values(operator_id=None)
            )
            continue
        joined = connection.execute(
            update(OperatorPageRow)
            .where(OperatorPageRow.site == site, OperatorPageRow.operator_id.is_(None))
            .values(operator_id=owners[0], ground=Ground.SITE.value, because=[], since=at)
        ).rowcount
        if joined:
            connection.execute(
                update(OperatorRow).where(OperatorRow.id == owners[0]).values(pages=OperatorRow.pages + joined)
            )
