"""What was edited in a page since a reader was last told of it: for the digest."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from domain.text_changes import compare
from storage.page_versions import page_versions

#: Sentences of each kind that are told, and characters of each; all of them are in the versions themselves.
SENTENCES, CHARACTERS = 5, 120
#: Versions looked at per page, newest first: one that changes at every look must not cost the whole digest's time.
_VERSIONS = 20


class Edit(NamedTuple):
    """Sentences that came and went."""

    added: tuple[str, ...]
    dropped: tuple[str, ...]


def edits_of(connection: Connection, leads: Iterable[tuple[int, datetime | None]], cutoff: datetime) -> dict[int, Edit]:
    """Edits by lead id, for (lead, cutoff of the digest that last told of it) pairs; up to ``cutoff``.

    What stands now is compared with the newest version that the reader can have been told of.
    """
    found = {}
    for lead_id, told in leads:
        versions = [
            version for version in page_versions(connection, lead_id, _VERSIONS) if version.fetched_at <= cutoff
        ]
        if len(versions) < 2:
            continue
        before = [version for version in versions[:-1] if told is None or version.fetched_at <= told] or versions[:1]
        changes = compare(before[-1].text, versions[-1].text)
        found[lead_id] = Edit(_short(changes.added), _short(changes.dropped))
    return found


def _short(sentences: tuple[str, ...]) -> tuple[str, ...]:
    """The first few, each cut, saying so."""
    shown = [
        sentence if len(sentence) <= CHARACTERS else sentence[:CHARACTERS] + "…" for sentence in sentences[:SENTENCES]
    ]
    more = len(sentences) - len(shown)
    return (*shown, f"（另有 {more} 句）") if more else tuple(shown)
