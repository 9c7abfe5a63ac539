"""The evidence chain in the database: appending links, and reading them against what they vouch for.

Links are appended under one lock, which a transaction takes before it stores the rows that the link names: ids of
snapshots and captures grow along the chain, so that a row that no link names shows as a gap.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, text

from domain.chain import GONE, Link, LinkKind, new_link
from domain.ports import Clock
from storage.dialects import insert_for, portions
from storage.engine import reading, writing
from storage.row_hashes import COLUMNS, ROWS, hashes_of, raw, raw_time, row_hash
from storage.tables import EvidenceChainCopyRow, EvidenceLinkRow

#: Advisory lock of the chain's end on PostgreSQL; any constant that nothing else in the database uses.
_CHAIN_LOCK = 0x5A58_4348

#: Stands for a time that was altered into none; no link was ever made then.
_NO_TIME = datetime.fromtimestamp(0, UTC)
_GREATEST_ID = 2**62
#: Links walked at a time: at most as many rows as 20 batches of visits stored.
_WALK = 20


@dataclass(frozen=True, slots=True)
class ChainedRow:
    """One row of ``snapshots`` or ``captures`` beside what the chain says of it."""

    table: str
    """``snapshots`` or ``captures``."""
    id: int
    chained: str | None
    """Hash that the chain holds; None where no link names the row."""
    found: str | None
    """Hash of the row as it is; None where it is gone."""

    @property
    def whole(self) -> bool:
        """Whether the row is there and as it was stored."""
        return self.chained is not None and self.chained == self.found


def lock_chain(connection: Connection) -> None:
    """Keep others from appending until this transaction ends; take it before storing rows that a link will name."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})
    # SQLite: the transaction holds the write lock already.


def chain_rows(
    connection: Connection, snapshot_ids: Collection[int], capture_ids: Collection[int], at: datetime
) -> None:
    """Append a link for rows that this transaction stored; nothing where there are none."""
    ids = {"snapshots": sorted(snapshot_ids), "captures": sorted(capture_ids)}
    if not any(ids.values()):
        return
    content: dict[str, Any] = {}
    for table, wanted in ids.items():
        hashes = dict(hashes_of(connection, table, wanted))
        content[table] = [[id_, hashes[id_]] for id_ in wanted]
    _append(
        connection,
        at,
        LinkKind.RECORDS,
        content,
        snapshot_last=max(snapshot_ids, default=None),
        capture_last=max(capture_ids, default=None),
    )


def _append(connection: Connection, at: datetime, kind: LinkKind, content: dict[str, Any], **columns: Any) -> Link:
    row = connection.execute(select(*_LINK).order_by(EvidenceLinkRow.number.desc()).limit(1)).first()
    link = new_link(_link(row) if row else None, at, kind, content)
    connection.execute(
        insert(EvidenceLinkRow).values(
            number=link.number,
            at=link.at,
            kind=link.kind,
            previous=link.previous,
            sha256=link.sha256,
            content=link.content,
            **columns,
        )
    )
    return link


#: The columns of a link, raw.
_LINK = tuple(
    raw(EvidenceLinkRow.__table__.c[name]) for name in ("number", "at", "kind", "content", "previous", "sha256")
)


def _link(row: Any) -> Link:
    return Link(row.number, raw_time(row.at) or _NO_TIME, row.kind, row.content, row.previous, row.sha256)


def named_rows(link: Link) -> dict[str, dict[int, str]]:
    """By table, the ids that a link names with their hashes; what is no such list (an altered link) counts as empty."""
    if link.kind != LinkKind.RECORDS.value:
        return {}
    try:
        content = json.loads(link.content)
        return {
            table: {id_: str(sha256) for id_, sha256 in content[table] if type(id_) is int and 0 < id_ < _GREATEST_ID}
            for table in COLUMNS
        }
    except (ValueError, TypeError, KeyError):
        return {}


def _found_by(link: Link) -> tuple[str | None, int | None, int | None]:
    """What the columns beside a link should say: file name, greatest snapshot id, greatest capture id."""
    rows = named_rows(link)
    name = None
    if link.kind == LinkKind.FILE.value:
        with suppress(ValueError, TypeError, KeyError):
            name = json.loads(link.content)["file"]
    return name, max(rows.get("snapshots", ()), default=None), max(rows.get("captures", ()), default=None)


def file_content(connection: Connection, name: str) -> dict[str, Any] | None:
    """What the chain says of a sealed file; None where it is not sealed."""
    row = connection.execute(select(*_LINK).where(EvidenceLinkRow.subject == name)).first()
    return dict(json.loads(row.content)) if row else None


def append_removal(connection: Connection, at: datetime, content: dict[str, Any]) -> Link:
    """Say that a file goes; part of a larger transaction that holds the chain."""
    return _append(connection, at, LinkKind.REMOVAL, content)


def append_compaction(connection: Connection, at: datetime, content: dict[str, Any]) -> Link:
    """Say that a file goes and what of it stands in the new one, for which this vouches as well; part of a larger
    transaction that holds the chain."""
    new = {name: content["kept"][name] for name in ("file", "size", "sha256")}
    _append(connection, at, LinkKind.FILE, new, subject=new["file"])
    return _append(connection, at, LinkKind.COMPACTION, content)


def removed_files(connection: Connection) -> dict[str, Link]:
    """Files of which the chain says that they went, with the links that say so."""
    kinds = [kind.value for kind in GONE]
    rows = connection.execute(select(*_LINK).where(EvidenceLinkRow.kind.in_(kinds)))
    return {json.loads(row.content)["file"]: _link(row) for row in rows}


@dataclass(frozen=True, slots=True)
class Chain:
    """The chain of one store."""

    engine: Engine
    clock: Clock

    def head(self) -> Link | None:
        """The last link."""
        return self._first(select(*_LINK).order_by(EvidenceLinkRow.number.desc()).limit(1))

    def last_stamp(self) -> Link | None:
        """The last link that is a time stamp."""
        return self.last_of(LinkKind.STAMP)

    def last_of(self, kind: LinkKind) -> Link | None:
        """The last link of a kind."""
        return self._first(
            select(*_LINK).where(EvidenceLinkRow.kind == kind.value).order_by(EvidenceLinkRow.number.desc()).limit(1)
        )

    def last_evidence(self) -> Link | None:
        """The last link that is no time stamp: what the next stamp is to vouch for."""
        return self._first(
            select(*_LINK)
            .where(EvidenceLinkRow.kind != LinkKind.STAMP.value)
            .order_by(EvidenceLinkRow.number.desc())
            .limit(1)
        )

    def links(self, after: int, limit: int) -> list[Link]:
        """Links with a greater number than ``after``, in order."""
        with reading(self.engine) as connection:
            return [
                _link(row)
                for row in connection.execute(
                    select(*_LINK).where(EvidenceLinkRow.number > after).order_by(EvidenceLinkRow.number).limit(limit)
                )
            ]

    def file_links(self, names: Collection[str]) -> dict[str, Link]:
        """Links for WARC files, by name."""
        found = {}
        with reading(self.engine) as connection:
            for portion in portions(names):
                rows = connection.execute(
                    select(*_LINK, EvidenceLinkRow.subject).where(EvidenceLinkRow.subject.in_(portion))
                )
                found.update({row.subject: _link(row) for row in rows})
        return found

    def add_file(self, name: str, size: int, sha256: str) -> None:
        """Vouch for a closed WARC file; one that has its link already is left as it is."""
        with writing(self.engine) as connection:
            lock_chain(connection)
            if connection.execute(select(EvidenceLinkRow.number).where(EvidenceLinkRow.subject == name)).first():
                return
            content = {"file": name, "size": size, "sha256": sha256}
            _append(connection, self.clock(), LinkKind.FILE, content, subject=name)

    def add_stamp(self, content: dict[str, Any]) -> Link:
        """Keep a time stamp of an earlier link."""
        with writing(self.engine) as connection:
            lock_chain(connection)
            return _append(connection, self.clock(), LinkKind.STAMP, content)

    def add_export(self, content: dict[str, Any]) -> Link:
        """Note that evidence was handed over."""
        with writing(self.engine) as connection:
            lock_chain(connection)
            return _append(connection, self.clock(), LinkKind.EXPORT, content)

    def naming(self, table: str, id_: int) -> Link | None:
        """The link that names a row; None where none does."""
        last = EvidenceLinkRow.snapshot_last if table == "snapshots" else EvidenceLinkRow.capture_last
        link = self._first(select(*_LINK).where(last >= id_).order_by(last).limit(1))
        return link if link is not None and id_ in named_rows(link).get(table, {}) else None

    def stamps(self, after: int) -> Iterator[Link]:
        """Links with a greater number than ``after`` that are time stamps, in order."""
        while link := self._first(
            select(*_LINK)
            .where(EvidenceLinkRow.kind == LinkKind.STAMP.value, EvidenceLinkRow.number > after)
            .order_by(EvidenceLinkRow.number)
            .limit(1)
        ):
            yield link
            after = link.number

    def copied(self) -> tuple[int, int]:
        """How far the copy in the evidence folder goes: number of its last link, and size in bytes."""
        with reading(self.engine) as connection:
            row = connection.execute(select(EvidenceChainCopyRow.number, EvidenceChainCopyRow.size)).first()
        return (row.number, row.size) if row else (0, 0)

    def note_copied(self, number: int, size: int) -> None:
        """The copy in the evidence folder is durable up to there."""
        with writing(self.engine) as connection:
            connection.execute(
                insert_for(connection, EvidenceChainCopyRow)
                .values(id=1, number=number, size=size)
                .on_conflict_do_update(index_elements=["id"], set_={"number": number, "size": size})
            )

    def walk(self) -> Iterator[tuple[Link | None, list[ChainedRow]]]:
        """Every link with the rows it names as they are now, and with rows before them that no link names.

        Last of all comes None with the rows behind the last link. One state of the database, read in portions.
        """
        with reading(self.engine) as connection:
            ends = dict.fromkeys(COLUMNS, 0)
            number = 0
            while portion := _portion(connection, number):
                number = portion[-1].number
                yield from _beside(connection, portion, ends)
            rest = [
                ChainedRow(table, row.id, None, row_hash(table, row))
                for table, (kind, _) in COLUMNS.items()
                for row in connection.execute(
                    ROWS[table][0].where(kind.__table__.c.id > ends[table]), execution_options={"yield_per": 500}
                )
            ]
            yield None, rest

    def rows(self, table: str, ids: Sequence[int]) -> list[ChainedRow]:
        """Some rows beside what the chain says of them."""
        last = EvidenceLinkRow.snapshot_last if table == "snapshots" else EvidenceLinkRow.capture_last
        found = []
        with reading(self.engine) as connection:
            hashes = dict(hashes_of(connection, table, ids))
            for id_ in ids:
                row = connection.execute(select(*_LINK).where(last >= id_).order_by(last).limit(1)).first()
                named = named_rows(_link(row)).get(table, {}) if row else {}
                found.append(ChainedRow(table, id_, named.get(id_), hashes.get(id_)))
        return found

    def misplaced(self) -> Iterator[int]:
        """Numbers of links that would not be found by what they say: the columns for looking up were altered."""
        row = EvidenceLinkRow
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(*_LINK, row.subject, row.snapshot_last, row.capture_last), execution_options={"yield_per": 500}
            )
            for each in rows:
                if (each.subject, each.snapshot_last, each.capture_last) != _found_by(_link(each)):
                    yield each.number

    def count(self) -> int:
        """Number of links."""
        with reading(self.engine) as connection:
            return int(connection.execute(select(func.count()).select_from(EvidenceLinkRow)).scalar_one())

    def _first(self, statement: Any) -> Link | None:
        with reading(self.engine) as connection:
            row = connection.execute(statement).first()
        return _link(row) if row else None


def _portion(connection: Connection, after: int) -> list[Link]:
    rows = connection.execute(
        select(*_LINK).where(EvidenceLinkRow.number > after).order_by(EvidenceLinkRow.number).limit(_WALK)
    )
    return [_link(row) for row in rows]


def _beside(
    connection: Connection, links: Sequence[Link], ends: dict[str, int]
) -> Iterator[tuple[Link, list[ChainedRow]]]:
    """Links with their rows; ``ends`` holds the greatest id named so far by table, and is moved on."""
    named = [named_rows(link) for link in links]
    found: dict[str, dict[int, str]] = {}
    for table, (kind, _) in COLUMNS.items():
        last = max((id_ for rows in named for id_ in rows.get(table, ())), default=0)
        ids = kind.__table__.c.id
        rows = connection.execute(ROWS[table][0].where(ids > ends[table], ids <= last)) if last else ()
        found[table] = {row.id: row_hash(table, row) for row in rows}
    for link, rows_of in zip(links, named, strict=True):
        checked = []
        for table, wanted in rows_of.items():
            checked += [ChainedRow(table, id_, sha256, found[table].pop(id_, None)) for id_, sha256 in wanted.items()]
        yield link, checked
    for table, rows_by_id in found.items():
        ends[table] = max([ends[table], *(id_ for rows_of in named for id_ in rows_of.get(table, ()))])
        if rows_by_id:
            yield links[-1], [ChainedRow(table, id_, None, sha256) for id_, sha256 in rows_by_id.items()]
