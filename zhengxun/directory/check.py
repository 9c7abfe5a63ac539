"""名录核对: what the lists say of a lead's operator, and of the bodies that its page names.

The credit code decides, then the whole name; nothing is ever taken for alike. The lists are those of the day on which
the page was fetched, where an edition of that time was imported.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from crawler.extract.institutions import is_institution
from domain.directory import (
    Consulted,
    DirectoryCheck,
    Found,
    FoundBy,
    Listing,
    code_key,
    editions_at,
    is_occupation,
    name_key,
    occupations_of,
    outside_of,
)
from domain.document import Contact, ContactKind
from domain.operator import identities, speaks_for_others
from zhengxun.clock import day_of
from zhengxun.directory.text_names import TextNames, advertised
from zhengxun.services import Services

if TYPE_CHECKING:
    from domain.lead_detail import LeadDetail
    from storage import Store

#: Sets of editions whose names are kept ready; leads of one week ask for one or two.
_KEPT = 3
#: Names and codes of an operator that are looked up, and findings that one section tells of.
_MOST = 20
_FINDINGS = 40

_Made = TypeVar("_Made")
#: Who issues, by a label: 发证单位：某某中心. Names in running text are left to the lists' own names.
_ISSUER = re.compile(
    r"(?:发证|颁证|颁发|评价|认定|鉴定|考核|培训)(?:单位|机构|部门|学校|主体)[ \t]*[:：][ \t]*"
    r"([一-鿿][一-鿿()（）]{3,38}[一-鿿)）])(?=[^一-鿿()（）]|$)"
)


@dataclass(frozen=True)
class DirectoryChecker:
    """Looks leads up. Keeps what is dear to make; safe to use from several threads."""

    store: Store
    occupations: Callable[[], Iterable[str]] = tuple
    """Further names of occupations that a page may advertise: the national catalogue's."""
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _ready: OrderedDict[tuple[object, ...], object] = field(default_factory=OrderedDict, init=False, repr=False)

    def check(self, detail: LeadDetail) -> DirectoryCheck:
        """All that the lists say of one lead."""
        editions = self.store.directory.editions()
        if all(edition.withdrawn for edition in editions):
            return DirectoryCheck(day_of(detail.last_seen), (), (), (), ())
        known = self.store.directory.known_of(detail.lead.id)
        day = day_of(known.fetched_at)
        consulted = editions_at(editions, day)
        text = f"{detail.document.title}\n{detail.document.account or ''}\n{detail.document.text}"
        quoting = speaks_for_others(detail.assessment.speaker)
        contacts = [*known.identifiers, *(() if quoting else identities(detail.document))]
        codes, names = _known(contacts, () if quoting else _issuers(text))
        finder = self._made(("names", *_ids(consulted)), lambda: TextNames(self.store.directory.names(_ids(consulted))))
        found, unlisted = self._look_up(consulted, codes, names, finder.find(text))
        outside = self._outside(consulted, found, text)
        return DirectoryCheck(
            day, consulted, tuple(found[:_FINDINGS]), unlisted, outside, max(0, len(found) - _FINDINGS)
        )

    def _look_up(
        self, consulted: Sequence[Consulted], codes: Sequence[str], names: dict[str, str], in_text: Sequence[str]
    ) -> tuple[list[Found], tuple[str, ...]]:
        directory, ids = self.store.directory, _ids(consulted)
        by_code = directory.of_codes(ids, codes) if codes else {}
        keys = {**dict.fromkeys(in_text, ""), **names}
        by_name = directory.of_names(ids, keys) if keys else {}
        found: list[Found] = []
        listed: set[str] = set()
        for one in consulted:
            told: set[Listing] = set()
            for code in codes:
                rows = tuple(row for row in by_code.get(one.edition.id, ()) if row.credit_code == code)
                if rows:
                    found.append(Found(code, FoundBy.CODE, one, rows))
                    told.update(rows)
                    listed.update([code, *(name_key(row.name) for row in rows)])
            for key, written in keys.items():
                rows = tuple(row for row in by_name.get(one.edition.id, ()) if name_key(row.name) == key)
                by = FoundBy.NAME if key in names else FoundBy.TEXT
                found += _by_name(one, written or (rows[0].name if rows else ""), by, codes, rows, told)
                if rows:
                    listed.add(key)
        unlisted = [code for code in codes if code not in listed]
        unlisted += [written for key, written in names.items() if key not in listed]
        return found, tuple(unlisted)

    def _outside(
        self, consulted: Sequence[Consulted], found: Sequence[Found], text: str
    ) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """For each body that is listed: what the page advertises and no row of the body in any list holds."""
        bodies: dict[str, list[Listing]] = {}
        for one in found:
            if not one.other_code:
                bodies.setdefault(name_key(one.listings[0].name), []).extend(one.listings)
        if not any(row.occupations for rows in bodies.values() for row in rows):
            return ()
        ids = _ids(consulted)
        known = self._made(("occupations", *ids), lambda: self._vocabulary(ids))
        named = advertised(text, known)
        told = ((rows[0].name, outside_of(named, rows)) for rows in bodies.values())
        return tuple((body, outside) for body, outside in told if outside)

    def _vocabulary(self, ids: Sequence[int]) -> tuple[str, ...]:
        held = {name for cell in self.store.directory.occupations(ids) for name in occupations_of(cell)}
        return tuple(sorted(filter(is_occupation, held | {name_key(name) for name in self.occupations()})))

    def _made(self, key: tuple[object, ...], make: Callable[[], _Made]) -> _Made:
        """What ``make`` gives, kept; of many who ask at once one makes it and the others wait."""
        with self._lock:
            if key not in self._ready:
                self._ready[key] = make()
                while len(self._ready) > 2 * _KEPT:
                    self._ready.popitem(last=False)
            self._ready.move_to_end(key)
            return self._ready[key]  # type: ignore[return-value]


def checker_of(services: Services, store: Store) -> DirectoryChecker:
    """A checker that knows the names of the national catalogue, as the rules in force give them."""
    from zhengxun.rules.facts import facts_in_force

    return DirectoryChecker(store, lambda: facts_in_force(services.settings).listed)


def _by_name(
    one: Consulted,
    subject: str,
    by: FoundBy,
    codes: Sequence[str],
    rows: Sequence[Listing],
    told: set[Listing],
) -> list[Found]:
    """What the rows with one name say, those with the lead's code left out: they are told already.

    Known codes are the operator's: of a name that only stands in the text they say nothing.
    """
    mine = by is FoundBy.NAME and bool(codes)
    alien = tuple(row for row in rows if mine and row.credit_code and row.credit_code not in codes)
    same = tuple(row for row in rows if row not in alien and row not in told)
    found = [Found(subject, by, one, same)] if same else []
    return found + ([Found(subject, by, one, alien, other_code=True)] if alien else [])


def _ids(consulted: Iterable[Consulted]) -> list[int]:
    return [one.edition.id for one in consulted]


def _known(contacts: Iterable[Contact], issuers: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """Credit codes, and names by how they are compared, of a lead's operator and of who issues by its page."""
    codes: dict[str, None] = {}
    names: dict[str, str] = {}
    for contact in contacts:
        if contact.kind is ContactKind.CREDIT_CODE:
            codes.setdefault(code_key(contact.value))
        elif contact.kind is ContactKind.ORGANISATION:
            names.setdefault(name_key(contact.value), contact.value)
    for issuer in issuers:
        names.setdefault(name_key(issuer), issuer)
    names.pop("", None)
    return list(codes)[:_MOST], dict(list(names.items())[:_MOST])


def _issuers(text: str) -> list[str]:
    return [match[1] for match in _ISSUER.finditer(text[:200_000]) if is_institution(match[1])]
