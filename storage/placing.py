"""Where the pages of one portion go, worked out in memory and written at the end (rules: :mod:`domain.operator`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.orm import aliased

from domain.document import ContactKind
from domain.grouping import Link
from domain.operator import SOURCE_CLASS, STRONG, Ground, weak_class
from storage.dialects import insert_for, portions
from storage.identifiers import Known, of_pages
from storage.near_texts import near_pages
from storage.regrouping import new_operator, operators_with, regroup, rename
from storage.tables import IdentifierRow, OperatorIdentifierRow, OperatorPageRow, OperatorRow


@dataclass(frozen=True, slots=True)
class Placed:
    """What is asked of a page to place it."""

    place: str
    """Host, or account on a platform; empty where others post too."""
    flagged: bool


@dataclass(slots=True)
class Placing:
    """Where the pages of one portion go, worked out in memory and written at the end."""

    connection: Connection
    pages: Mapping[int, Placed]
    at: datetime
    made: int = 0
    known: dict[int, list[Known]] = field(default_factory=dict)
    near: dict[int, dict[int, int]] = field(default_factory=dict)
    before: dict[int, int | None] = field(default_factory=dict)
    """Operator of pages that have a row."""
    holders: dict[int, dict[int, int]] = field(default_factory=dict)
    """For each identifier the operators that have it, with the number of their pages."""
    rows: dict[int, tuple[int | None, Link]] = field(default_factory=dict)
    counts: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    to_regroup: list[set[int]] = field(default_factory=list)
    strong_in: dict[int, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ids = sorted(self.pages)
        self.known = of_pages(self.connection, ids)
        self.near = near_pages(self.connection, ids)
        near = {other for found in self.near.values() for other in found}
        for portion in portions(sorted({*ids, *near})):
            for row in self.connection.execute(
                select(OperatorPageRow.page_id, OperatorPageRow.operator_id).where(OperatorPageRow.page_id.in_(portion))
            ):
                self.before[row.page_id] = row.operator_id
        identifiers = sorted({one.id for found in self.known.values() for one in found})
        self.holders = {identifier: {} for identifier in identifiers}
        for portion in portions(identifiers):
            for held in self.connection.execute(
                select(
                    OperatorIdentifierRow.identifier_id, OperatorIdentifierRow.operator_id, OperatorIdentifierRow.pages
                ).where(OperatorIdentifierRow.identifier_id.in_(portion))
            ):
                self.holders[held.identifier_id][held.operator_id] = held.pages

    def add_spread(self, identifiers: Iterable[int]) -> None:
        """Operators that an identifier held together which is common now."""
        for identifier in identifiers:
            found = operators_with(self.connection, identifier)
            if found:
                self.to_regroup.append(found)

    def operator_of(self, page: int) -> int | None:
        """Where a page stands at this moment."""
        return self.rows[page][0] if page in self.rows else self.before.get(page)

    def place(self, page: int, new: set[int]) -> None:
        """Give one page its operator."""
        known = self.known[page]
        mine = self.operator_of(page)
        if not known:
            if page not in self.before and self.pages[page].flagged and self.pages[page].place:
                self.rows[page] = None, Link(Ground.SITE)
            return
        if mine is not None and not any(one.id in new for one in known):
            return
        joins, link = self._joins(page, known, mine)
        if mine is not None:
            joins.add(mine)
        target = mine if mine is not None else min(joins, default=None)
        if target is None:
            target = new_operator(self.connection, self.at)
            self.made += 1
            link = Link(Ground.OWN)
        if len(joins) > 1:
            self.to_regroup.append(set(joins))
        if mine is None:
            self.rows[page] = target, link
            counted: Iterable[Known] = known
        else:
            counted = [one for one in known if one.id in new]
        for one in counted:
            self.holders[one.id][target] = self.holders[one.id].get(target, 0) + 1
            self.counts[one.id, target] += 1
            if one.strong:
                self.strong_in[target] = True

    def _joins(self, page: int, known: Sequence[Known], mine: int | None) -> tuple[set[int], Link]:
        """Operators that the page belongs to by the rules, and the ground of the first."""
        strong: dict[int, list[int]] = defaultdict(list)
        kinds: dict[int, dict[str, int]] = defaultdict(dict)
        for one in known:
            for operator in self.holders[one.id]:
                if one.strong:
                    strong[operator].append(one.id)
                else:
                    kinds[operator].setdefault(weak_class(one.kind), one.id)
        joins = self._without_parted(known, set(strong), mine)
        grounds = {
            operator: Link(Ground.IDENTIFIER, tuple(strong[operator])) for operator in joins if operator in strong
        }
        copies = {self.operator_of(other) for other in self.near.get(page, ())}
        has_strong = any(one.strong for one in known)
        weak = [operator for operator in kinds if operator not in strong]
        claims = sum(self._has_strong(operator) for operator in weak)
        for operator in weak:
            ids = tuple(kinds[operator].values())
            if len(ids) >= 2:
                grounds[operator] = Link(Ground.IDENTIFIERS, ids)
            elif operator in copies and SOURCE_CLASS not in kinds[operator]:
                grounds[operator] = Link(Ground.SAME_TEXT, ids)
            elif (
                (not has_strong and claims <= 1 and not joins)
                or (not self._has_strong(operator) and (has_strong or mine is not None))
                or (joins and self._share_two(operator, joins))
            ):
                grounds[operator] = Link(Ground.IDENTIFIERS, ids)
        if mine is not None:
            grounds.pop(mine, None)
        first = grounds[min(grounds)] if grounds else Link(Ground.OWN)
        return set(grounds), first

    def _without_parted(self, known: Sequence[Known], operators: set[int], mine: int | None) -> set[int]:
        """Two operators that have a strong identifier in common and stand apart were split: a page goes to one."""
        everyone = operators | ({mine} if mine is not None else set())
        parted = {
            operator
            for one in known
            if one.strong and len(holders := everyone & set(self.holders[one.id])) > 1
            for operator in holders
            if not any(operator in each for each in self.to_regroup)
        }
        if len(parted) < 2:
            return operators
        best = (
            mine
            if mine in parted
            else max(sorted(parted), key=lambda operator: sum(operator in self.holders[one.id] for one in known))
        )
        return {operator for operator in operators if operator not in parted or operator == best}

    def _at(self, page: int, operator: int) -> bool:
        """Whether the operator has pages on the page's site."""
        site = self.pages[page].place
        if not site:
            return False
        if any(self.pages[other].place == site for other, (placed, _) in self.rows.items() if placed == operator):
            return True
        found = self.connection.execute(
            select(OperatorPageRow.page_id)
            .where(OperatorPageRow.site == site, OperatorPageRow.operator_id == operator)
            .limit(1)
        )
        return found.first() is not None

    def _has_strong(self, operator: int) -> bool:
        if operator not in self.strong_in:
            self.strong_in[operator] = (
                self.connection.execute(
                    select(OperatorIdentifierRow.identifier_id)
                    .join(IdentifierRow, IdentifierRow.id == OperatorIdentifierRow.identifier_id)
                    .where(
                        OperatorIdentifierRow.operator_id == operator,
                        IdentifierRow.kind.in_(_STRONG_NAMES),
                    )
                    .limit(1)
                ).first()
                is not None
            )
        return self.strong_in[operator]

    def _share_two(self, operator: int, others: set[int]) -> bool:
        """Whether an operator shares weaker identifiers of two kinds with one of others, taken over all their pages."""
        theirs = aliased(OperatorIdentifierRow)
        kinds = self.connection.execute(
            select(theirs.operator_id, IdentifierRow.kind)
            .join(OperatorIdentifierRow, OperatorIdentifierRow.identifier_id == theirs.identifier_id)
            .join(IdentifierRow, IdentifierRow.id == theirs.identifier_id)
            .where(OperatorIdentifierRow.operator_id == operator, theirs.operator_id.in_(sorted(others)))
            .distinct()
        )
        shared: dict[int, set[str]] = defaultdict(set)
        for row in kinds:
            shared[row.operator_id].add(weak_class(ContactKind(row.kind)))
        return any(len(found) >= 2 for found in shared.values())

    def write(self) -> None:
        """Write rows and counts, and group anew what belongs together now."""
        if self.rows:
            statement = insert_for(self.connection, OperatorPageRow)
            new = statement.excluded
            columns = ("operator_id", "site", "ground", "because_page_id", "because", "since")
            self.connection.execute(
                statement.on_conflict_do_update(index_elements=["page_id"], set_={name: new[name] for name in columns}),
                [
                    {
                        "page_id": page,
                        "operator_id": operator,
                        "site": self.pages[page].place,
                        "ground": link.ground.value,
                        "because_page_id": link.page_id,
                        "because": list(link.identifiers),
                        "since": self.at,
                    }
                    for page, (operator, link) in sorted(self.rows.items())
                ],
            )
        if self.counts:
            statement = insert_for(self.connection, OperatorIdentifierRow)
            self.connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["identifier_id", "operator_id"],
                    set_={"pages": OperatorIdentifierRow.pages + statement.excluded.pages},
                ),
                [
                    {"identifier_id": identifier, "operator_id": operator, "pages": number}
                    for (identifier, operator), number in sorted(self.counts.items())
                ],
            )
        grown: dict[int, int] = defaultdict(int)
        for operator, _ in self.rows.values():
            if operator is not None:
                grown[operator] += 1
        if grown:
            self.connection.execute(
                update(OperatorRow)
                .where(OperatorRow.id == bindparam("row"))
                .values(pages=OperatorRow.pages + bindparam("more")),
                [{"row": operator, "more": more} for operator, more in sorted(grown.items())],
            )
        named = {operator for (_, operator) in self.counts}
        for operators in _together(self.to_regroup):
            regroup(self.connection, operators, self.at)
            named -= operators
        rename(self.connection, named)


_STRONG_NAMES = sorted(kind.value for kind in STRONG)


def _together(sets: Iterable[set[int]]) -> list[set[int]]:
    """``sets`` with those that overlap as one."""
    merged: list[set[int]] = []
    for each in sets:
        overlapping = [other for other in merged if other & each]
        merged = [other for other in merged if not other & each]
        merged.append(each.union(*overlapping))
    return merged
