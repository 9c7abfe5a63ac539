"""整理证据文件: how much of a sealed WARC file is still needed, and the move of what is to a file of its own.

What is needed is what :mod:`storage.retention` keeps, record by record; a record that several rows tell of is needed
where one of them is. Rows move with their records in one transaction; those that ran out go on naming the old file, of
which the chain says that it went.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, case, delete, func, literal, select, union_all, update

from domain.chain import Link
from domain.crawl import WarcRef
from domain.errors import EvidenceDamaged
from domain.ports import Clock
from storage.chain import append_compaction, file_content, lock_chain, removed_files
from storage.dialects import insert_for
from storage.engine import reading, writing
from storage.retention import kept, kept_capture, must_stay, rows_in, sealed_before
from storage.tables import CaptureRow, CompactionLookRow, EvidenceLinkRow, SnapshotRow

_PORTION = 1000
_TABLES: tuple[tuple[str, Any], ...] = (("snapshots", SnapshotRow), ("captures", CaptureRow))


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of what a file holds that must be kept, on disk already."""

    file: str
    size: int
    sha256: str
    records: int
    """Records copied."""
    dropped: int
    """Records left out."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What retention brought so far, and what compaction could still bring."""

    freed: int
    """Bytes of all files that went, less those of the files that took their places."""
    files: int
    """Files that went, or were replaced."""
    possible: int
    """Bytes that nothing needs any more, in files that are to be compacted."""
    waiting: int
    """Such files."""


class _StaysNow(Exception):
    """Something that was to be dropped must be kept after all."""


@dataclass(frozen=True, slots=True)
class Compaction:
    """Compaction in one store."""

    engine: Engine
    clock: Clock

    def candidates(self, cutoff: datetime) -> list[str]:
        """Names of sealed files whose records may have run out, those first that nobody looked at for the longest."""
        link, look = EvidenceLinkRow, CompactionLookRow
        with reading(self.engine) as connection:
            gone = removed_files(connection)
            names = connection.execute(
                select(link.subject)
                .outerjoin(look, look.file == link.subject)
                .where(*sealed_before(cutoff))
                .order_by(look.at.asc().nulls_first(), link.number)
            ).scalars()
            return [name for name in names if name is not None and name not in gone]

    def sealed(self, file: str) -> tuple[int, str] | None:
        """Size and hash with which a file was sealed; None where it was not, or went."""
        with reading(self.engine) as connection:
            content = file_content(connection, file)
        return None if content is None else (content["size"], content["sha256"])

    def places(self, file: str, cutoff: datetime) -> Iterator[tuple[int, bool]]:
        """(offset, whether it must be kept) of the records that rows tell of, by offset; one place may come twice.

        Raises :class:`EvidenceDamaged` where a row was altered so that its place is no number.
        """
        snapshots = select(SnapshotRow.warc_offset.label("place"), case((kept(cutoff), 1), else_=0).label("needed"))
        captures = select(
            CaptureRow.warc_offset.label("place"), case((kept_capture(cutoff), 1), else_=0).label("needed")
        ).join(SnapshotRow, SnapshotRow.id == CaptureRow.snapshot_id)
        both = union_all(
            snapshots.where(SnapshotRow.warc_file == file), captures.where(CaptureRow.warc_file == file)
        ).subquery()
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(both.c.place, both.c.needed).order_by(both.c.place), execution_options={"yield_per": _PORTION}
            )
            for offset, needed in rows:
                if not isinstance(offset, int):  # SQLite keeps whatever was put into a column of numbers
                    raise EvidenceDamaged(f"数据库中记录的偏移“{offset}”被改动")
                yield offset, bool(needed)

    def note_look(self, file: str, size: int, needed: int) -> None:
        """Remember how much of a file is needed now."""
        values = {"at": self.clock(), "size": size, "needed": needed}
        with writing(self.engine) as connection:
            statement = insert_for(connection, CompactionLookRow).values(file=file, **values)
            connection.execute(statement.on_conflict_do_update(index_elements=["file"], set_=values))

    def move(
        self, file: str, copy: Copy, copy_of: Callable[[int], int | None], cutoff: datetime, days: int
    ) -> Link | None:
        """Have all rows of copied records name the copy, and the chain say so; None where that must not be after all.

        ``copy_of``: where the copy of the record at an offset lies, None for one that was dropped. One transaction, on
        disk when this returns: from then on the copy is the evidence.
        """
        try:
            with writing(self.engine, durable=True) as connection:
                lock_chain(connection)
                sealed = file_content(connection, file)
                if sealed is None or file in removed_files(connection):
                    return None
                moved = {table: _move(connection, row, file, copy.file, copy_of) for table, row in _TABLES}
                if must_stay(connection, file, cutoff):
                    raise _StaysNow
                connection.execute(delete(CompactionLookRow).where(CompactionLookRow.file == file))
                said = {"file": copy.file, "size": copy.size, "sha256": copy.sha256, "records": copy.records, **moved}
                left = rows_in(connection, file) | {"dropped_records": copy.dropped, "days": days, "kept": said}
                return append_compaction(connection, self.clock(), sealed | left)
        except _StaysNow:
            return None

    def outlook(self, percent: int) -> Outlook:
        """Bytes freed and to be freed; ``percent``: what share must be unneeded for a file to be compacted."""
        look = CompactionLookRow
        with reading(self.engine) as connection:
            contents = [json.loads(link.content) for link in removed_files(connection).values()]
            gone = {content["file"] for content in contents}
            spare = look.size - look.needed
            waiting = [
                row.spare
                for row in connection.execute(
                    select(look.file, spare.label("spare")).where(spare * literal(100) > look.size * literal(percent))
                )
                if row.file not in gone
            ]
        freed = sum(content["size"] - content.get("kept", {}).get("size", 0) for content in contents)
        return Outlook(freed, len(contents), sum(waiting), len(waiting))

    def place_of(self, ref: WarcRef) -> WarcRef:
        """Where a record lies now that was at ``ref`` first: for what was frozen before it moved."""
        with reading(self.engine) as connection:
            for _, row in _TABLES:
                found = connection.execute(
                    select(row.warc_file, row.warc_offset)
                    .where(
                        row.first_file == ref.file,
                        row.first_offset == ref.offset,
                        row.warc_record_id == ref.record_id,
                    )
                    .limit(1)
                ).first()
                if found is not None:
                    return WarcRef(found.warc_file, found.warc_offset, ref.record_id)
        return ref


def _move(connection: Connection, row: Any, file: str, to: str, copy_of: Callable[[int], int | None]) -> int:
    """Move the rows of copied records; return how many."""
    statement = (
        update(row.__table__)
        .where(row.__table__.c.id == bindparam("row"))
        .values(
            warc_file=to,
            warc_offset=bindparam("place"),
            first_file=func.coalesce(row.first_file, file),
            first_offset=func.coalesce(row.first_offset, row.warc_offset),
        )
    )
    moved = last = 0
    while True:
        rows = connection.execute(
            select(row.id, row.warc_offset).where(row.warc_file == file, row.id > last).order_by(row.id).limit(_PORTION)
        ).all()
        if not rows:
            return moved
        last = rows[-1].id
        places = [{"row": each.id, "place": copy_of(each.warc_offset)} for each in rows]
        places = [each for each in places if each["place"] is not None]
        if places:
            connection.execute(statement, places)
        moved += len(places)
