"""Days as offices write them in lists: 2024.5.1, 2024年5月, 20240501, an Excel serial, and terms with begin and end."""

from __future__ import annotations

import calendar
import re
import unicodedata
from datetime import date, timedelta

#: Day 0 of Excel's serials (the 1900 system, with its leap day that never was; right from 1900-03-01 on).
_EXCEL = date(1899, 12, 30)
_SERIAL = re.compile(r"[2-7]\d{4}(?:\.\d+)?")
_COMPACT = re.compile(r"(?:19|20)\d{6}")
_WRITTEN = re.compile(
    r"(?<!\d)((?:19|20)\d{2})\s*[年./-]\s*(\d{1,2})(?!\d)(?:\s*[月./-]\s*(\d{1,2})(?!\d)(?:\s*日)?|\s*月)?"
    r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
)
#: Says that there is no last day.
_NO_END = re.compile(r"(?:长期|永久|无固定期限|长期有效|不限|[-—/\\]+|无)?")


class BadDay(ValueError):
    """No day can be read out of the words."""


def day_of_words(words: str, *, last: bool = False) -> date | None:
    """The one day that a cell says; None where it says that there is none; :class:`BadDay` for anything else.

    ``last``: of a month that is written without a day its last one is meant.
    """
    text = unicodedata.normalize("NFKC", words).strip()
    if _NO_END.fullmatch(text):
        return None
    if _SERIAL.fullmatch(text):
        return _EXCEL + timedelta(days=int(float(text)))
    if _COMPACT.fullmatch(text):
        return _day(int(text[:4]), int(text[4:6]), int(text[6:]))
    match = _WRITTEN.match(text)
    if match is None or text[match.end() :].strip(" 起止前。."):
        raise BadDay(words)
    return _written(match, last)


def term_of_words(words: str) -> tuple[date | None, date | None]:
    """(first, last day) of a cell that says a term; one day alone is the last, unless it says 起; :class:`BadDay` otherwise."""
    text = unicodedata.normalize("NFKC", words).strip()
    found = list(_WRITTEN.finditer(text))
    if len(found) == 2 and not re.search(r"\d", _WRITTEN.sub("", text)):
        first, last = _written(found[0], False), _written(found[1], True)
        if first > last:
            raise BadDay(words)
        return first, last
    if len(found) == 1 and re.search(r"起|自|长期", text[: found[0].start()] + text[found[0].end() :]):
        if re.search(r"\d|[一二三四五六七八九十]", _WRITTEN.sub("", text)):
            raise BadDay(words)  # 自2024年5月1日起三年: let people read it
        return _written(found[0], False), None
    pieces = re.split(r"[-~—至到]+", text)
    if len(pieces) == 2 and all(_COMPACT.fullmatch(piece.strip()) for piece in pieces):
        return day_of_words(pieces[0]), day_of_words(pieces[1], last=True)
    return None, day_of_words(re.sub(r"^(?:有效期?)?(?:截止|截至|至|到)[::]?\s*", "", text), last=True)


def day_in_title(words: str) -> date | None:
    """The day that a title names (``截至2026年5月1日``); None where it names none, or several."""
    found = set()
    for match in _WRITTEN.finditer(unicodedata.normalize("NFKC", words)):
        if match[3]:
            try:
                found.add(_written(match, False))
            except BadDay:
                continue
    return found.pop() if len(found) == 1 else None


def _written(match: re.Match[str], last: bool) -> date:
    year, month = int(match[1]), int(match[2])
    if match[3]:
        return _day(year, month, int(match[3]))
    if not 1 <= month <= 12:
        raise BadDay(match[0])
    return _day(year, month, calendar.monthrange(year, month)[1] if last else 1)


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise BadDay(f"{year}-{month}-{day}") from None
