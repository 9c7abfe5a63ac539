"""What the evidence chain holds of a row of ``snapshots`` or ``captures``: the hash of its columns as they are stored."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Text, func, select, type_coerce

from domain.chain import canonical, moment
from storage.dialects import portions
from storage.tables import Base, CaptureRow, SnapshotRow
from storage.types import UtcDateTime

#: The columns that a row's hash covers, by the word for the table in a link. A new column of these tables needs a new
#: word (``snapshots/2``), because the hashes that stand in the chain stay as they are. Of where the record lies, the
#: hash covers where it was written first: compaction moves records, and changes no hash. That a row does not point
#: at other bytes now is said by the record's id and the hash of its bytes, both of which are covered.
COLUMNS: Mapping[str, tuple[type[Base], tuple[str, ...]]] = {
    "snapshots": (
        SnapshotRow,
        (
            *("id", "page_id", "request_id", "fetched_at", "status", "size", "sha256", "text_sha256", "warc_file"),
            *("warc_offset", "warc_record_id", "content_type", "etag", "last_modified", "ip_address", "url"),
            *("final_url", "redirects"),
        ),
    ),
    "captures": (
        CaptureRow,
        (
            *("id", "snapshot_id", "url_key", "kind", "taken_at", "content_type", "sha256", "size", "width", "height"),
            *("warc_file", "warc_offset", "warc_record_id", "url"),
        ),
    ),
}


def raw(column: Any) -> Any:
    """A column as the driver gives it: an altered value that is no time or no JSON must show, not stop the reader."""
    return type_coerce(column, Text()).label(column.name)


def _first(kind: type[Base], name: str) -> Any:
    """A column as the row was stored."""
    columns = kind.__table__.c
    if name in _MOVED:
        return type_coerce(func.coalesce(columns[_MOVED[name]], columns[name]), Text()).label(name)
    return raw(columns[name])


_MOVED = {"warc_file": "first_file", "warc_offset": "first_offset"}

#: By table: a query of the columns that the hash covers, raw, and which of them are times.
ROWS: Mapping[str, tuple[Any, frozenset[str]]] = {
    table: (
        select(*(_first(kind, name) for name in names)),
        frozenset(name for name in names if isinstance(kind.__table__.c[name].type, UtcDateTime)),
    )
    for table, (kind, names) in COLUMNS.items()
}


def hashes_of(connection: Connection, table: str, ids: Collection[int]) -> Iterator[tuple[int, str]]:
    """(id, hash) of the rows that are there."""
    kind = COLUMNS[table][0]
    for portion in portions(ids):
        for row in connection.execute(ROWS[table][0].where(kind.__table__.c.id.in_(portion))):
            yield row.id, row_hash(table, row)


def row_hash(table: str, row: Any) -> str:
    """Hex SHA-256 over the canonical JSON of the columns that the chain covers.

    Times stand in it as :func:`domain.chain.moment` writes them, bytes as hex, JSON as the text it is.
    """
    times = ROWS[table][1]
    said = dict(row._mapping)
    for name, value in said.items():
        if name in times:
            at = raw_time(value)
            said[name] = value if at is None else moment(at)
        elif isinstance(value, bytes | memoryview):
            said[name] = bytes(value).hex()
    return hashlib.sha256(canonical(said).encode("utf-8", "surrogatepass")).hexdigest()


def raw_time(value: Any) -> datetime | None:
    """A raw time; None for what is none. SQLite keeps UTC without its zone."""
    if isinstance(value, str):
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            return None
        if at.isoformat(" ", "microseconds") != value:
            return None  # readable, but not as it was written: any letter may stand between day and hour
        value = at
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
