"""证据链: every piece of evidence is named in a list in which each entry (a link) holds the hash of the one before it.

The list stands in the database and, line for line the same, in ``chain.jsonl`` of the evidence folder. A link's hash is
over the canonical JSON of all it says, so that whoever has the file can check the list with nothing but SHA-256, and
whoever knows the last hash (from a time stamp, a printed 取证记录) can tell that nothing before it was changed.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

#: What stands in the place of the hash before the first link.
NOTHING_BEFORE = "0" * 64

#: Where the list stands in the evidence folder.
CHAIN_FILE = "chain.jsonl"


class LinkKind(StrEnum):
    """What a link vouches for."""

    RECORDS = "records"
    """Rows of ``snapshots`` and ``captures`` that one transaction stored, each with its hash; they hold the hashes of
    the bytes. Written in that transaction."""
    FILE = "file"
    """A closed WARC file, all of its bytes."""
    REMOVAL = "removal"
    """A WARC file was removed because the time for which it is kept ran out: its name, size and hash, how many rows told
    of it, and after how many days. What the rows say stays."""
    STAMP = "stamp"
    """An RFC 3161 time stamp of an earlier link's hash."""
    EXPORT = "export"
    """Evidence of some leads was handed over: to whom it may concern, when, by whom, and the hash of the package."""
    COMPACTION = "compaction"
    """A WARC file was replaced by one that holds only those of its records that are still needed: what a removal says of
    the old one (the rows that still name it are those that ran out), and under ``kept`` name, size and hash of the new
    one and how many records and rows went there."""


#: Links that say that a file went.
GONE = (LinkKind.REMOVAL, LinkKind.COMPACTION)


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of the list; immutable."""

    number: int
    """1, 2, 3 …, without gaps."""
    at: datetime
    kind: str
    """A :class:`LinkKind` value; kept as text, because what is verified may have been altered."""
    content: str
    """Canonical JSON of what it vouches for."""
    previous: str
    """Hash of the link before it."""
    sha256: str
    """Hash of this one, see :func:`hash_of`."""

    @property
    def signed(self) -> bytes:
        """The bytes whose SHA-256 is the link's hash: what a time stamp is asked for."""
        return canonical(_said(self)).encode("utf-8", "surrogatepass")

    @property
    def line(self) -> bytes:
        """The link as a line of the chain file, without its line break; raises ``ValueError`` for content that is no JSON."""
        return canonical(_said(self) | {"sha256": self.sha256}).encode()


def canonical(value: Any) -> str:
    """JSON with sorted keys, no spaces, Chinese unescaped: equal values give equal text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def moment(at: datetime) -> str:
    """A time as the chain writes it: UTC with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def new_link(before: Link | None, at: datetime, kind: LinkKind, content: dict[str, Any]) -> Link:
    """The link that follows ``before`` (None: the first one)."""
    link = Link(
        number=before.number + 1 if before else 1,
        at=at,
        kind=kind.value,
        content=canonical(content),
        previous=before.sha256 if before else NOTHING_BEFORE,
        sha256="",
    )
    return Link(link.number, link.at, link.kind, link.content, link.previous, hash_of(link))


def hash_of(link: Link) -> str:
    """Hex SHA-256 over the canonical JSON of number, at, kind, content and previous.

    Raises ``ValueError`` for content that is no JSON.
    """
    return hashlib.sha256(link.signed).hexdigest()


def follows(link: Link, before: Link | None) -> bool:
    """Whether ``link`` is whole and stands where it belongs: behind ``before``."""
    if link.number != (before.number + 1 if before else 1):
        return False
    if link.previous != (before.sha256 if before else NOTHING_BEFORE):
        return False
    try:
        content = json.loads(link.content)
        return canonical(content) == link.content and hash_of(link) == link.sha256
    except ValueError:
        return False


def _said(link: Link) -> dict[str, Any]:
    return {
        "number": link.number,
        "at": moment(link.at),
        "kind": link.kind,
        "content": json.loads(link.content),
        "previous": link.previous,
    }
