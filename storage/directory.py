"""名录 in the database: editions of official lists, their rows, and what is known of a lead to be looked up in them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, or_, select, text

from domain.directory import Edition, EditionHead, Listing, ListKind, Withdrawal, code_key, name_key
from domain.document import Contact, ContactKind
from domain.errors import BadInput
from storage.dialects import insert_or_ignore, portions
from storage.engine import reading, writing
from storage.tables import (
    DirectoryEditionRow,
    DirectoryRow,
    DirectoryWithdrawalRow,
    DocumentRow,
    IdentifierRow,
    LeadRow,
    OperatorIdentifierRow,
    OperatorPageRow,
    SnapshotRow,
)

#: Rows that one INSERT brings in.
_PORTION = 5000


@dataclass(frozen=True, slots=True)
class KnownOfLead:
    """By what a lead's operator is known, and when the lead's page was fetched."""

    fetched_at: datetime
    """Of the version that the lead shows."""
    identifiers: tuple[Contact, ...]
    """Names and credit codes of its operator, those that belong to many left out."""


@dataclass(frozen=True, slots=True)
class Directory:
    """All lists."""

    engine: Engine

    def add(
        self, head: EditionHead, listings: Sequence[Listing], refused: int, imported_by: str, at: datetime
    ) -> Edition:
        """Store an edition with its rows in one transaction.

        :class:`BadInput` where this file was imported for the same list and day before, or the list is another
        authority's or of another kind: two lists with one name would take each other's place.
        """
        with writing(self.engine) as connection:
            if connection.dialect.name == "postgresql":
                # Two people who import at once: the second one sees what the first one did.
                connection.execute(text("LOCK TABLE directory_editions IN SHARE ROW EXCLUSIVE MODE"))
            _refuse_clash(head, _editions(connection))
            edition_id = connection.execute(
                insert(DirectoryEditionRow)
                .values(
                    list_key=name_key(head.name),
                    name=head.name,
                    kind=head.kind.value,
                    authority=head.authority,
                    source=head.source,
                    as_of=head.as_of,
                    file_name=head.file_name,
                    sha256=head.sha256,
                    imported_by=imported_by,
                    imported_at=at,
                    rows=len(listings),
                    refused=refused,
                )
                .returning(DirectoryEditionRow.id)
            ).scalar_one()
            for start in range(0, len(listings), _PORTION):
                connection.execute(
                    insert(DirectoryRow), [_columns(edition_id, one) for one in listings[start : start + _PORTION]]
                )
        return Edition(edition_id, head, imported_by, at, len(listings), refused)

    def refuse_clash(self, head: EditionHead) -> None:
        """Raise what :meth:`add` would, before anybody waits for it."""
        _refuse_clash(head, self.editions())

    def editions(self) -> list[Edition]:
        """All editions of all lists, in the order of their import."""
        with reading(self.engine) as connection:
            return _editions(connection)

    def edition(self, edition_id: int) -> Edition:
        """One edition; an unknown id raises :class:`BadInput`."""
        with reading(self.engine) as connection:
            found = _editions(connection, DirectoryEditionRow.id == edition_id)
        if not found:
            raise BadInput(f"没有编号为 {edition_id} 的名录版本；可用“zhengxun directory list --all”查看编号。")
        return found[0]

    def withdraw(self, edition_id: int, actor: str, reason: str, at: datetime) -> Edition:
        """撤下 an edition that should not have been imported; the list's former one is current again."""
        if not reason.strip():
            raise BadInput("撤下名录须写明理由。")
        self.edition(edition_id)
        with writing(self.engine) as connection:
            # Of two people at once the first one's reason stays.
            statement = insert_or_ignore(connection, DirectoryWithdrawalRow, ["edition_id"]).values(
                edition_id=edition_id, at=at, actor=actor, reason=reason.strip()
            )
            if connection.execute(statement.returning(DirectoryWithdrawalRow.id)).first() is None:
                raise BadInput(f"名录版本 {edition_id} 已经撤下，没有再记。")
        return self.edition(edition_id)

    def rows(self, edition_id: int, words: str = "", *, limit: int, offset: int = 0) -> tuple[list[Listing], int]:
        """Rows of an edition that hold ``words`` in name or code, in the file's order, and how many there are."""
        row = DirectoryRow
        wanted = [row.edition_id == edition_id, *([_holding(words)] if words.strip() else [])]
        with reading(self.engine) as connection:
            total = connection.execute(select(func.count()).select_from(row).where(*wanted)).scalar_one()
            found = connection.execute(
                select(*row.__table__.c).where(*wanted).order_by(row.id).limit(limit).offset(offset)
            ).all()
        return [_listing(one) for one in found], total

    def holding(self, editions: Collection[int], words: str, limit: int) -> list[tuple[int, Listing]]:
        """(edition, row) whose name or code holds ``words``: a search for people, which says nothing of who is who."""
        row = DirectoryRow
        with reading(self.engine) as connection:
            found = connection.execute(
                select(*row.__table__.c)
                .where(row.edition_id.in_(editions), _holding(words))
                .order_by(row.edition_id.desc(), row.id)
                .limit(limit)
            ).all()
        return [(one.edition_id, _listing(one)) for one in found]

    def of_codes(self, editions: Collection[int], codes: Collection[str]) -> dict[int, list[Listing]]:
        """Rows with one of these credit codes, by edition."""
        return self._by(DirectoryRow.credit_code, editions, codes)

    def of_names(self, editions: Collection[int], keys: Collection[str]) -> dict[int, list[Listing]]:
        """Rows whose name is one of these, compared as :func:`domain.directory.name_key` says; by edition."""
        return self._by(DirectoryRow.name_key, editions, keys)

    def _by(self, column: Any, editions: Collection[int], values: Collection[str]) -> dict[int, list[Listing]]:
        found: dict[int, list[Listing]] = {}
        with reading(self.engine) as connection:
            for portion in portions(sorted(values)):
                statement = select(*DirectoryRow.__table__.c).where(
                    column.in_(portion), DirectoryRow.edition_id.in_(editions)
                )
                for row in connection.execute(statement.order_by(DirectoryRow.id)):
                    found.setdefault(row.edition_id, []).append(_listing(row))
        return found

    def names(self, editions: Collection[int]) -> list[str]:
        """All names in these editions, as they are compared."""
        with reading(self.engine) as connection:
            statement = select(DirectoryRow.name_key).where(DirectoryRow.edition_id.in_(editions)).distinct()
            return list(connection.execute(statement).scalars())

    def occupations(self, editions: Collection[int]) -> list[str]:
        """All cells of occupations in these editions, each once."""
        with reading(self.engine) as connection:
            statement = select(DirectoryRow.occupations).where(
                DirectoryRow.edition_id.in_(editions), DirectoryRow.occupations != ""
            )
            return list(connection.execute(statement.distinct()).scalars())

    def known_of(self, lead_id: int) -> KnownOfLead:
        """Names and codes of a lead's operator; an unknown id raises :class:`BadInput`."""
        with reading(self.engine) as connection:
            lead = connection.execute(
                select(LeadRow.page_id, SnapshotRow.fetched_at)
                .join(DocumentRow, DocumentRow.id == LeadRow.document_id)
                .join(SnapshotRow, SnapshotRow.id == DocumentRow.snapshot_id)
                .where(LeadRow.id == lead_id)
            ).first()
            if lead is None:
                raise BadInput(f"没有编号为 {lead_id} 的线索；可用“zhengxun leads list”查看编号。")
            found = connection.execute(
                select(IdentifierRow.kind, IdentifierRow.value)
                .join(OperatorIdentifierRow, OperatorIdentifierRow.identifier_id == IdentifierRow.id)
                .join(OperatorPageRow, OperatorPageRow.operator_id == OperatorIdentifierRow.operator_id)
                .where(
                    OperatorPageRow.page_id == lead.page_id,
                    IdentifierRow.kind.in_([ContactKind.CREDIT_CODE.value, ContactKind.ORGANISATION.value]),
                    IdentifierRow.common.is_(False),
                )
                .order_by(IdentifierRow.kind, IdentifierRow.id)
                .limit(50)
            ).all()
        return KnownOfLead(lead.fetched_at, tuple(Contact(ContactKind(row.kind), row.value) for row in found))


def _refuse_clash(head: EditionHead, editions: Sequence[Edition]) -> None:
    former = [one for one in editions if name_key(one.head.name) == name_key(head.name) and one.withdrawn is None]
    for one in former:
        if one.head.sha256 == head.sha256 and one.head.as_of == head.as_of:
            raise BadInput(
                f"这份文件已于 {one.imported_at.date().isoformat()} 由 {one.imported_by} 导入为《{one.head.name}》"
                f"（版本 {one.id}，截至 {one.head.as_of.isoformat()}），没有重复导入。"
            )
    if not former:
        return
    last = former[-1].head
    if head.authority and last.authority and name_key(head.authority) != name_key(last.authority):
        raise BadInput(
            f"《{last.name}》已有的版本由“{last.authority}”发布，这次写的是“{head.authority}”；"
            "如果是另一份名录，请另取名称（如加上地名），否则会替代原来的一份。"
        )
    if head.kind is not last.kind:
        raise BadInput(
            f"《{last.name}》已有的版本类别是“{last.kind.label}”，这次是“{head.kind.label}”；请核对，是另一份名录的请另取名称。"
        )


def _holding(words: str) -> Any:
    """Condition: the name, or the whole code, holds the words."""
    key = name_key(words)
    return or_(DirectoryRow.name_key.contains(key, autoescape=True), DirectoryRow.credit_code == code_key(words))


def _columns(edition_id: int, one: Listing) -> dict[str, Any]:
    return {
        "edition_id": edition_id,
        "number": one.number,
        "name": one.name,
        "name_key": name_key(one.name),
        "credit_code": one.credit_code,
        "occupations": one.occupations,
        "levels": one.levels,
        "district": one.district,
        "valid_from": one.valid_from,
        "valid_to": one.valid_to,
        "validity": one.validity,
        "remarks": one.remarks,
    }


def _listing(row: Any) -> Listing:
    return Listing(
        row.number,
        row.name,
        row.credit_code,
        row.occupations,
        row.levels,
        row.district,
        row.valid_from,
        row.valid_to,
        row.validity,
        row.remarks,
    )


def _editions(connection: Connection, *conditions: Any) -> list[Edition]:
    edition, gone = DirectoryEditionRow, DirectoryWithdrawalRow
    rows = connection.execute(
        select(*edition.__table__.c, gone.at, gone.actor, gone.reason)
        .outerjoin(gone, gone.edition_id == edition.id)
        .where(*conditions)
        .order_by(edition.id)
    )
    return [
        Edition(
            row.id,
            EditionHead(row.name, ListKind(row.kind), row.authority, row.source, row.as_of, row.file_name, row.sha256),
            row.imported_by,
            row.imported_at,
            row.rows,
            row.refused,
            None if row.at is None else Withdrawal(row.at, row.actor, row.reason),
        )
        for row in rows
    ]
