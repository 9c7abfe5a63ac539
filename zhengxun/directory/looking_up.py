"""名录: one name or credit code looked up by somebody who asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from domain.credit_code import is_credit_code
from domain.directory import DirectoryCheck, Found, FoundBy, Listing, code_key, editions_at, name_key

if TYPE_CHECKING:
    from storage import Store


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What the lists say of some words."""

    check: DirectoryCheck
    alike: tuple[tuple[int, Listing], ...]
    """(edition, row) whose name only holds the words: a help for people, no match."""


def look_up(store: Store, words: str, day: date, alike: int) -> LookedUp:
    """The bodies that bear this name or code in the editions of ``day``, and at most ``alike`` whose name holds it."""
    consulted = editions_at(store.directory.editions(), day)
    ids = [one.edition.id for one in consulted]
    code, key = code_key(words), name_key(words)
    if is_credit_code(code):
        by, rows = FoundBy.CODE, store.directory.of_codes(ids, [code])
    else:
        by, rows = FoundBy.NAME, store.directory.of_names(ids, [key]) if key else {}
    found = tuple(
        Found(words.strip(), by, one, tuple(rows[one.edition.id])) for one in consulted if rows.get(one.edition.id)
    )
    holding = store.directory.holding(ids, words, alike + len(found)) if key and ids and by is FoundBy.NAME else []
    unlisted = () if found else (words.strip(),)
    return LookedUp(
        DirectoryCheck(day, consulted, found, unlisted, ()),
        tuple(pair for pair in holding if name_key(pair[1].name) != key)[:alike],
    )
