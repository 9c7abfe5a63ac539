"""名录: a published list as Excel or CSV is read into listings; each row that cannot be taken is named with its reason."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain, islice
from pathlib import Path

from domain.credit_code import is_credit_code
from domain.directory import Listing, code_key, name_key
from domain.errors import BadFile
from zhengxun.directory.columns import Columns, Role, columns_of
from zhengxun.directory.days import BadDay, day_in_title, day_of_words, term_of_words
from zhengxun.spreadsheets import BadRow, Record, other_sheets, read_bytes, records

MAX_ROWS = 200_000
#: Rows among which the header must stand; titles and notes of lists take three or four.
_HEADER_WITHIN = 30
_MAX_NAME, _MAX_TEXT = 100, 2000

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_WIDE = re.compile(r"[０-９Ａ-Ｚａ-ｚ]+")
_BLANKS = re.compile(r"[ \t\u00a0\u3000]+")
_HAN = re.compile(r"[一-鿿]")
_FOOT = re.compile(
    r"(?:注|备注|说明|合计|总计|小计|共计|填表|制表|审核|单位(?:盖章|负责人)).{0,200}|.{0,10}(?:盖章|负责人).{0,20}"
)
_SECTION = re.compile(
    r"[(]?[一二三四五六七八九十]{1,3}[)、.．].*|(?:.{2,8}[省市区县旗盟州]|省直|省本级|市直|市本级)(?:[(].{0,20}[)])?"
)


@dataclass(frozen=True, slots=True)
class ReadList:
    """What a file holds."""

    listings: tuple[Listing, ...]
    bad: tuple[BadRow, ...]
    """Rows that are not taken."""
    doubts: tuple[BadRow, ...]
    """Rows that are taken without a part that cannot be right (a credit code, a term)."""
    columns: Columns
    titles: tuple[str, ...]
    """What stands above the header."""
    other_sheets: tuple[str, ...]
    """Sheets that hold something and are not read."""
    sha256: str

    @property
    def day(self) -> date | None:
        """The day that the title names (截至2026年5月1日)."""
        return day_in_title("\n".join(self.titles))


def read_list(path: Path) -> ReadList:
    """The list in a .csv or .xlsx; :class:`BadFile` for what cannot be one, or names no bodies."""
    body = read_bytes(path)
    rows = records(path, body, titled=True)
    header, titles, rest = _header(path, rows)
    columns, first = _columns(header, rest)
    listings, bad, doubts = _listings(path, columns, chain(first, rest))
    if not listings and not bad:
        raise BadFile(f"文件 {path} 的表头之下没有内容。")
    return ReadList(
        tuple(listings),
        tuple(bad),
        tuple(doubts),
        columns,
        titles,
        other_sheets(body),
        hashlib.sha256(body).hexdigest(),
    )


def _header(path: Path, rows: Iterable[Record]) -> tuple[Record, tuple[str, ...], Iterable[Record]]:
    """The first row that names a column of bodies, what stands above it, and the rows below it."""
    rest = iter(rows)
    titles: list[str] = []
    seen = 0
    for record in islice(rest, _HEADER_WITHIN):
        seen += 1
        cells = [_clean(cell) for cell in record.cells]
        if columns_of(cells).usable:
            return record, tuple(titles), rest
        titles += list(dict.fromkeys(filter(None, cells)))
    if not seen:
        raise BadFile(f"文件 {path} 是空的；应有一行表头，其中有“机构名称”列。")
    raise BadFile(
        f"文件 {path} 的前 {_HEADER_WITHIN} 行中没有找到表头；表头应有“机构名称”（或“学校名称”“单位名称”等）一列，"
        "其他列如统一社会信用代码、职业（工种）、等级、地区、有效期、备注可有可无。"
    )


def _columns(header: Record, rest: Iterable[Record]) -> tuple[Columns, list[Record]]:
    """Columns by the header and, where the next row belongs to it, that one; else that row is handed back."""
    top = [_clean(cell) for cell in header.cells]
    plain = columns_of(top)
    after = next(iter(rest), None)
    if after is None:
        return plain, []
    below = [_clean(cell) for cell in after.cells]
    at = plain.roles.index(Role.NAME)
    said = below[at] if at < len(below) else ""
    others = [cell for index, cell in enumerate(below) if cell and index != at]
    if (
        said in ("", top[at])
        and others
        and all(columns_of([cell]).roles[0] is not Role.UNKNOWN or cell in top or cell in _SUBHEADS for cell in others)
    ):
        return columns_of(top, below), []
    return plain, [after]


#: Words below 有效期 in a second row of the header that mean nothing by themselves.
_SUBHEADS = frozenset({"起", "止", "自", "至", "起始", "截止"})


def _listings(path: Path, columns: Columns, rows: Iterable[Record]) -> tuple[list[Listing], list[BadRow], list[BadRow]]:
    listings: list[Listing] = []
    bad: list[BadRow] = []
    doubts: list[BadRow] = []
    seen: dict[Listing, int] = {}
    above: Listing | None = None
    for record in rows:
        cells = _by_role(columns, record.cells)
        if not any(words for role, words in cells.items() if role is not Role.SERIAL):
            continue
        if len(listings) + len(bad) >= MAX_ROWS:
            raise BadFile(f"文件 {path} 超过 {MAX_ROWS} 行；请分成几份导入。")
        goes_on = above if _continues(cells, above) else None
        reason = _why_not(cells, columns, record) if goes_on is None else None
        if reason is None:
            listing, doubt = _listing(record.number, cells, goes_on)
            same = replace(listing, number=0)
            if same in seen:
                reason = f"与第 {seen[same]} 行完全相同，没有重复收录。"
            else:
                seen[same] = record.number
                listings.append(listing)
                above = listing
                doubts += [BadRow(record.number, one) for one in doubt]
        if reason:
            bad.append(BadRow(record.number, reason))
            above = None
    return listings, bad, doubts


def _by_role(columns: Columns, cells: Sequence[str]) -> dict[Role, str]:
    found: dict[Role, str] = {}
    for role, cell in zip(columns.roles, cells, strict=False):
        words = _clean(cell)[:_MAX_TEXT]
        if role is Role.OCCUPATION and found.get(role) and words and words != found[role]:
            found[role] += f"（{words}）"
        elif role is not Role.UNKNOWN and (words or role not in found):
            found[role] = words
    return found


def _continues(cells: dict[Role, str], above: Listing | None) -> bool:
    """Whether a row goes on with the body of the one above: merged cells leave all but the first empty in a .csv.

    Only where it has neither name, code nor number of its own, and says what another row says of a body.
    """
    return (
        above is not None
        and not cells.get(Role.NAME)
        and not cells.get(Role.CODE)
        and Role.SERIAL in cells
        and not cells[Role.SERIAL]
        and bool(cells.get(Role.OCCUPATION))
    )


def _why_not(cells: dict[Role, str], columns: Columns, record: Record) -> str | None:
    name = cells.get(Role.NAME, "")
    if record.separated and any(cell.strip() for cell in record.cells[len(columns.roles) :]):
        return "单元格比表头多；内容中有分隔符的单元格要用英文双引号括起来。"
    if not name:
        notes = [words for role, words in cells.items() if words and role is not Role.SERIAL]
        return f"没有机构名称（“{notes[0][:40]}”）。" if notes else "没有机构名称。"
    key = name_key(name)
    if key == name_key(columns.names[columns.roles.index(Role.NAME)]):
        return "是重复的表头，没有收录。"
    alone = not any(words for role, words in cells.items() if role not in (Role.NAME, Role.SERIAL))
    if name[0] in "=+@" or not _HAN.search(name):
        return f"机构名称“{name[:40]}”不是机构名称。"
    if alone and (_FOOT.fullmatch(key) or _SECTION.fullmatch(key)):
        return f"“{name[:40]}”是小标题或附注，没有收录。"
    if len(key) < 4:
        return f"机构名称“{name}”过短，不是全称。"
    if len(key) > _MAX_NAME:
        return f"机构名称“{name[:40]}…”过长（{len(key)} 字），应不超过 {_MAX_NAME} 字。"
    return None


def _listing(number: int, cells: dict[Role, str], above: Listing | None) -> tuple[Listing, list[str]]:
    """A row as a listing, and what of it was left out; ``above``: the body that it goes on with."""
    doubts: list[str] = []
    code = code_key(cells.get(Role.CODE, "").lstrip("'"))
    if code and not is_credit_code(code):
        if re.search(r"[0-9A-Z]", code):
            doubts.append(f"统一社会信用代码“{code[:30]}”校验不符（位数或校验码不对），只按名称收录。")
        code = ""
    first, last, validity = _term(cells, doubts)
    made = Listing(
        number=number,
        # A line break in a narrow column is no part of the name.
        name=cells.get(Role.NAME, "").replace("\n", ""),
        credit_code=code or None,
        occupations=cells.get(Role.OCCUPATION, ""),
        levels=cells.get(Role.LEVEL, ""),
        district=cells.get(Role.DISTRICT, ""),
        valid_from=first,
        valid_to=last,
        validity=validity,
        remarks=cells.get(Role.REMARK, ""),
    )
    if above is None:
        return made, doubts
    made = replace(made, name=above.name, credit_code=above.credit_code, district=made.district or above.district)
    if not (first or last or validity):
        made = replace(made, valid_from=above.valid_from, valid_to=above.valid_to, validity=above.validity)
    return made, doubts


def _term(cells: dict[Role, str], doubts: list[str]) -> tuple[date | None, date | None, str]:
    """First and last day, and the words that could not be read as such."""
    first = last = None
    unread: list[str] = []
    for role in (Role.VALIDITY, Role.FROM, Role.TO):
        words = cells.get(role, "")
        try:
            if role is Role.VALIDITY:
                first, last = term_of_words(words)
            elif role is Role.FROM:
                first = day_of_words(words) or first
            else:
                last = day_of_words(words, last=True) or last
        except BadDay:
            unread.append(words)
    if first and last and first > last:
        unread.append(f"{first.isoformat()} 至 {last.isoformat()}")
        first = last = None
    if unread:
        doubts.append(f"日期或有效期“{'；'.join(unread)[:60]}”无法识别，按原文保存。")
    return first, last, "；".join(unread)


def _clean(cell: str) -> str:
    """A cell without what nobody sees; blanks of all widths are one, and full-width letters and digits are plain ones.

    Chinese punctuation stays as it is written.
    """
    text = _CONTROL.sub("", cell.replace("\r\n", "\n").replace("\r", "\n"))
    text = _WIDE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    return "\n".join(_BLANKS.sub(" ", line).strip() for line in text.split("\n")).strip()
