"""Scraped text made safe to look at, and personal data made unreadable.

Two different jobs. :func:`storable` removes what no file format or database can hold. :func:`visible` is for
people only: what a reader cannot see (zero width, direction overrides, control codes) is written out, because hiding
words that way is itself evidence, and because an override would turn the words of *our* document around.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone

from domain.document import PERSONAL, Contact, ContactKind
from domain.personal import EMAIL, IDENTITY, PHONE

#: Asia/Shanghai has had no daylight saving since 1991, so a fixed offset is exact and needs no zone database.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")

_UNSTORABLE_SET = "\x00\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
_UNSTORABLE = re.compile(f"[{_UNSTORABLE_SET}]")

# Control codes (C0 without tab and line ends, DEL, C1), soft hyphen, combining grapheme joiner, Arabic letter mark,
# Hangul fillers, Mongolian separators, zero-width and direction marks, invisible operators, BOM, interlinear marks, tags.
_INVISIBLE_SET = (
    "\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff"
)
_INVISIBLE_RUN = re.compile(f"([{_INVISIBLE_SET}])\\1*")
_TROUBLE = re.compile(f"[{_INVISIBLE_SET}{_UNSTORABLE_SET}]")
_BLANKS = re.compile(r"[ \t\r\n\x0b\x0c\x85\u2028\u2029]+")

#: Invisible characters, for renderers that write them as escapes.
INVISIBLE = re.compile(f"[{_INVISIBLE_SET}]")

# Emoji families and flags are joined by U+200D; written out they would read as an attempt to hide something.
_EMOJI = "[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]"
_JOINS_EMOJI = re.compile(f"(?<={_EMOJI})\u200d(?={_EMOJI})")

# Shorter ids are also ordinary words and numbers.
_ACCOUNT = re.compile(r"[A-Za-z0-9_-]{5,}")
# What a cut at either end may have left of a number or an account; less than three characters tell nothing.
_CUT_HEAD = re.compile(r"[A-Za-z0-9_@.-]{3,}")
_CUT_TAIL = re.compile(r"[A-Za-z0-9_@.-]{3,}\Z")


def storable(value: str) -> str:
    """``value`` with NUL, lone surrogates and noncharacters replaced by U+FFFD: no file or database holds them."""
    return _UNSTORABLE.sub("\ufffd", value)


def one_line(value: str) -> str:
    """``value`` with runs of blanks and line ends as one space each, trimmed."""
    return _BLANKS.sub(" ", value).strip()


def visible(value: str, limit: int | None = None) -> str:
    """``value`` for people: storable, everything invisible written as ``‹U+202E›``, at most ``limit`` characters.

    A longer text ends in ``…（共 N 字）`` so that nobody takes the part for the whole.
    """
    length = len(value)
    if limit is not None and length > limit:
        value = value[:limit]
    # Nearly all texts need nothing done, and a digest has hundreds of thousands of them.
    if _TROUBLE.search(value) is not None:
        value = _INVISIBLE_RUN.sub(_spell_out, storable(value))
    if limit is not None and length > limit:
        value += f"…（共 {length} 字）"
    return value


def _spell_out(match: re.Match[str]) -> str:
    character = match.group(1)
    count = len(match.group())
    if character == "\u200d" and count == 1 and _JOINS_EMOJI.match(match.string, match.start()):
        return character
    return f"‹U+{ord(character):04X}{f'×{count}' if count > 1 else ''}›"


def shanghai(moment: datetime) -> str:
    """``moment`` as people read it, to the minute: ``2026-11-23 08:00``."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def iso_shanghai(moment: datetime) -> str:
    """``moment`` in ISO 8601 with ``+08:00``, to the second."""
    return moment.astimezone(SHANGHAI).isoformat(timespec="seconds")


def masked(contact: Contact) -> str:
    """The contact as a digest may show it; see :attr:`domain.document.Contact.masked`."""
    return storable(contact.masked)


class Mask:
    """Masks personal data inside running text: by shape (mobile, identity card, mail), and one page's known contacts.

    Addresses of pages are never masked: without them nothing can be taken down.
    """

    def __init__(self, contacts: Iterable[Contact] = ()) -> None:
        contacts = tuple(contacts)
        self._personal = tuple(contact.value.lower() for contact in contacts if contact.kind in PERSONAL)
        self._known = {
            contact.value.lower(): masked(contact)
            for contact in contacts
            if contact.kind in {ContactKind.WECHAT, ContactKind.QQ} and _ACCOUNT.fullmatch(contact.value)
        }

    def _account(self, match: re.Match[str]) -> str:
        return self._known.get(match.group().lower(), match.group())

    def excerpt(self, value: str) -> str:
        """``value``, cut out of a longer text, with all personal data masked, also what the cut left of a number."""
        head, tail = _CUT_HEAD.match(value), _CUT_TAIL.search(value)
        if tail is not None and self._is_rest(tail.group(), str.startswith):
            value = f"{value[: tail.start()]}{tail.group()[:2]}****"
        if head is not None and self._is_rest(head.group(), str.endswith):
            value = f"****{value[head.end() :]}"
        return self(value)

    def _is_rest(self, rest: str, place: Callable[[str, str], bool]) -> bool:
        rest = rest.lower()
        return any(len(known) > len(rest) and place(known, rest) for known in self._personal)

    def places(self, value: str) -> list[tuple[int, int, str]]:
        """(start, end, what stands there instead) of all personal data in ``value``, in order, none overlapping.

        For whoever marks other places of the same text and must not lose count.
        """
        found: list[tuple[int, int, str]] = []
        for pattern, instead in ((PHONE, r"\1****\3"), (IDENTITY, r"\1********\2"), (EMAIL, r"\1***@\2")):
            found += [(match.start(), match.end(), match.expand(instead)) for match in pattern.finditer(value)]
        if self._known:
            found += [
                (match.start(), match.end(), self._known[match.group().lower()])
                for match in _ACCOUNT.finditer(value)
                if match.group().lower() in self._known
            ]
        apart: list[tuple[int, int, str]] = []
        for place in sorted(found, key=lambda place: (place[0], -place[1])):
            if not apart or place[0] >= apart[-1][1]:
                apart.append(place)
        return apart

    def __call__(self, value: str) -> str:
        """``value`` with all personal data masked."""
        if self._known:
            lowered = value.lower()
            if any(account in lowered for account in self._known):
                value = _ACCOUNT.sub(self._account, value)
        value = PHONE.sub(r"\1****\3", value)
        value = IDENTITY.sub(r"\1********\2", value)
        if "@" in value:
            value = EMAIL.sub(r"\1***@\2", value)
        return value
