"""名录: lists that authorities publish of bodies that may train or assess, edition by edition, and what they say of a lead.

A list is known by its name. A new edition takes the place of the former; none is ever changed or removed. Names are
compared as wholes in one spelling, never by likeness: a false match would clear, or accuse, somebody else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class ListKind(StrEnum):
    """What the bodies of a list may do."""

    ASSESSMENT = "assessment"
    SCHOOL = "school"
    SUBSIDISED = "subsidised"
    OTHER = "other"

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return {
            "assessment": "职业技能等级认定评价机构",
            "school": "民办职业培训学校",
            "subsidised": "补贴性培训机构",
            "other": "其他",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Listing:
    """One row of a list: a body, as it is written there."""

    number: int
    """The row's number in the file, as a spreadsheet program shows it."""
    name: str
    credit_code: str | None = None
    """统一社会信用代码 with a right check character."""
    occupations: str = ""
    """职业（工种） as written; one cell may hold many, with their levels in brackets."""
    levels: str = ""
    district: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    """Last day."""
    validity: str = ""
    """The term as written, where no days could be read out of it."""
    remarks: str = ""


@dataclass(frozen=True, slots=True)
class EditionHead:
    """What people say of an edition when they import it."""

    name: str
    """Of the list; editions of one list have one name."""
    kind: ListKind
    authority: str
    """Who published it; empty: not said."""
    source: str
    """Address or document number; empty: not said."""
    as_of: date
    """The day for which it speaks."""
    file_name: str
    sha256: str
    """Of the file."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """撤下: somebody says that an edition should not have been imported; it is kept and not consulted any more."""

    at: datetime
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of a list as it was imported."""

    id: int
    head: EditionHead
    imported_by: str
    imported_at: datetime
    rows: int
    refused: int
    """Rows of the file that were not taken."""
    withdrawn: Withdrawal | None = None


@dataclass(frozen=True, slots=True)
class Consulted:
    """An edition that was looked at for one lead."""

    edition: Edition
    of_its_time: bool
    """Whether it held on the day in question; otherwise the list has no edition so old, and this is the current one."""


class FoundBy(StrEnum):
    """By what a listing was found."""

    CODE = "code"
    NAME = "name"
    TEXT = "text"
    """A listed name stands in the words of the page."""

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return {"code": "统一社会信用代码", "name": "机构名称", "text": "页面文字中的机构名称"}[self.value]


@dataclass(frozen=True, slots=True)
class Found:
    """What one edition says of one body."""

    subject: str
    """Code or name as it is known of the lead."""
    by: FoundBy
    consulted: Consulted
    listings: tuple[Listing, ...]
    """All rows of the edition that name it."""
    other_code: bool = False
    """The name is the same, the code is another: probably another body."""


@dataclass(frozen=True, slots=True)
class DirectoryCheck:
    """名录核对 of one lead."""

    day: date
    """When its page was fetched (Asia/Shanghai)."""
    consulted: tuple[Consulted, ...]
    found: tuple[Found, ...]
    unlisted: tuple[str, ...]
    """Names and codes known of the lead that no consulted edition holds."""
    outside: tuple[tuple[str, tuple[str, ...]], ...]
    """(body, occupations that the page advertises and no listing of the body holds); a fact to check."""
    left_out: int = 0
    """Further findings, of a page that names very many bodies."""


def editions_at(editions: Iterable[Edition], day: date) -> tuple[Consulted, ...]:
    """Of each list the edition that held on ``day``; of one whose first edition is younger, the current one."""
    lists: dict[str, list[Edition]] = {}
    for edition in editions:
        if edition.withdrawn is None:
            lists.setdefault(name_key(edition.head.name), []).append(edition)
    chosen = []
    for group in lists.values():
        group.sort(key=lambda each: (each.head.as_of, each.id))
        then = [each for each in group if each.head.as_of <= day]
        chosen.append(Consulted((then or group)[-1], bool(then)))
    return tuple(sorted(chosen, key=lambda each: (each.edition.head.kind, each.edition.head.name)))


_DROPPED = re.compile(r"[\s\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u00ad\x00-\x1f\x7f-\x9f]+")


def name_key(name: str) -> str:
    """A name as it is compared: full and half width (brackets too) are one, blanks and invisible characters nothing."""
    return _DROPPED.sub("", unicodedata.normalize("NFKC", name))


def code_key(code: str) -> str:
    """A credit code as it is compared."""
    return _DROPPED.sub("", unicodedata.normalize("NFKC", code)).replace("-", "").upper()


_LEVEL = r"(?:高级技师|特级技师|首席技师|技师|学徒工|[初中高]级工?|[一二三四五1-5](?:级|(?=[、,，/至到~—-])))"
_LEVELS = re.compile(rf"(?:{_LEVEL}|[\s、,，/;；至到和及~—()-]|等级|不分)+")
_LEVELS_BEHIND = re.compile(rf"[:：\s—-]*{_LEVEL}(?:[\s、,，/至到和及~—-]|{_LEVEL})*$")
_SEPARATORS = "、,，;；/|\n"
_NUMBERING = re.compile(r"^(?:[(]?\d{1,3}[)]|\d{1,3}[.、．](?!\d)|\d-\d{2}-\d{2}-\d{2})\s*")
_WITHIN = re.compile(rf"([()])|[{_SEPARATORS}]|\s+(?=\d{{1,3}}[.、．])")
#: Words by which a cell says that it does not list everything.
_OPEN = re.compile(r"全部|所有|附件|附表|详见|不限|各(?:职业|工种)|等(?:\d+个?(?:职业|工种))?$|相关(?:职业|工种)")


#: How names of occupations end. 办学内容 and the like also hold 美容, 职业技能培训 …, which are none.
_OCCUPATION = re.compile(r".*(?:师|员|工|手|司机|经纪人|教练)")


def is_occupation(name: str) -> bool:
    """Whether ``name`` has the form of an occupation's name."""
    return _OCCUPATION.fullmatch(name) is not None


def occupations_of(text: str) -> frozenset[str]:
    """Names of occupations (职业 and 工种) in a cell: ``电工（五级、四级）、起重工（叉车司机）`` → 电工, 起重工, 叉车司机."""
    return frozenset(name for _, name in _named(text))


def _complete(text: str) -> bool:
    """Whether a cell names all occupations that it means: no 全部职业, 见附件, …等, and nothing that is no occupation."""
    return not any(_OPEN.search(piece) for piece in _pieces(unicodedata.normalize("NFKC", text))) and all(
        is_occupation(name) for within, name in _named(text) if not within
    )


def _named(text: str) -> Iterator[tuple[bool, str]]:
    """(whether it stands in brackets, name) of what a cell names."""
    for piece in _pieces(unicodedata.normalize("NFKC", text)):
        depth = 0
        for part in filter(None, _WITHIN.split(piece)):
            if part in ("(", ")"):
                depth += 1 if part == "(" else -1
                continue
            name = name_key(_LEVELS_BEHIND.sub("", _NUMBERING.sub("", part.strip())))
            if len(name) >= 2 and not _LEVELS.fullmatch(name) and not _OPEN.search(name):
                yield depth > 0, name


def _pieces(text: str) -> Iterator[str]:
    """``text`` cut at separators outside of brackets."""
    depth, start = 0, 0
    for index, char in enumerate(text):
        if char == "(":
            depth += 1
        elif char == ")":
            depth = max(0, depth - 1)
        elif char in _SEPARATORS and depth == 0:
            yield text[start:index].strip()
            start = index + 1
    yield text[start:].strip()


def outside_of(advertised: Sequence[str], listings: Iterable[Listing]) -> tuple[str, ...]:
    """Those of ``advertised`` that no listing holds; empty where no listing gives occupations, or one is not complete.

    One name within the other counts as held (中级消防设施操作员, 消防设施操作员): this is a question for people, and a
    wrong one costs their trust.
    """
    given = [listing.occupations for listing in listings if listing.occupations]
    held = frozenset().union(*map(occupations_of, given))
    if not held or not all(map(_complete, given)):
        return ()
    return tuple(name for name in advertised if not any(name in one or one in name for one in held))
