"""名录 of the console: official lists, and the facts of the rule packs in force, the very ones that pages are judged by."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from console.directory_desk import (
    ROWS,
    Directory,
    EditionLine,
    EditionRows,
    ListedBodies,
    ListForm,
    ListPreview,
)
from domain.credit_code import is_credit_code
from domain.directory import Edition, ListKind, code_key, editions_at, is_occupation, name_key
from domain.directory_words import found_words, unlisted_words
from domain.errors import BadInput
from zhengxun.console_services.kept import Kept
from zhengxun.console_services.uploads import read_upload
from zhengxun.directory.importing import Told, head_of, import_list, today
from zhengxun.directory.looking_up import look_up
from zhengxun.directory.reading import ReadList, read_list
from zhengxun.rules.facts import facts_in_force
from zhengxun.services import Services

if TYPE_CHECKING:
    from classifiers.model import Facts
    from storage import Store

#: Bad rows whose reason is shown; what a person corrects at one sitting.
_ROWS_SHOWN = 500
#: Rows whose name holds the words that are looked for, and the shortest words worth looking for.
_ALIKE, _WORTH_LOOKING = 30, 2
#: Shorter words are hardly a body's whole name.
_LIKE_A_NAME = 6
_HAN = re.compile(r"[一-鿿]")
_HOST = re.compile(r"[\w-]+(\.[\w-]+)+")


@dataclass(frozen=True)
class DirectoryDeskService:
    """Implements :class:`console.directory_desk.DirectoryDesk`."""

    services: Services
    store: Store
    _lists: Kept[tuple[ListPreview, ReadList]] = field(init=False)

    def __post_init__(self) -> None:
        # A list of 100,000 rows takes some 100 MB while it waits.
        object.__setattr__(self, "_lists", Kept(self.services.clock, 3))

    def look_up(self, words: str) -> Directory:
        """See the protocol."""
        facts = facts_in_force(self.services.settings)
        wanted = words.strip().lower()
        host = wanted.partition("//")[2].partition("/")[0] if "//" in wanted else wanted
        grouped: dict[str, list[str]] = {}
        for name, held_by in facts.listed.items():
            if wanted in f"{name}{held_by}".lower():
                grouped.setdefault(held_by, []).append(name)
        official = tuple(sorted(one for one in facts.official_hosts if host in one))
        media = tuple(sorted(one for one in facts.media_hosts if host in one))
        levels = tuple(sorted(one for one in facts.levels if wanted in one.lower()))
        return Directory(
            source=facts.source,
            qualifications=tuple((held_by, tuple(names)) for held_by, names in grouped.items()),
            official=official,
            media=media,
            levels=levels,
            found=sum(map(len, grouped.values())) + len(official) + len(media) + len(levels),
            answer=_answer(host, facts) if _HOST.fullmatch(host) else "",
        )

    def lists(self) -> Sequence[EditionLine]:
        """See the protocol."""
        return _lines(self.store.directory.editions(), today(self.services))

    def bodies(self, words: str) -> ListedBodies:
        """See the protocol."""
        if len(name_key(words)) < _WORTH_LOOKING:
            return ListedBodies((), ())
        found = look_up(self.store, words, today(self.services), _ALIKE)
        check = found.check
        if not check.consulted:
            return ListedBodies((), ())
        editions = {one.edition.id: one.edition for one in check.consulted}
        said = tuple(f"“{one.subject}”{found_words(one, check)}" for one in check.found)
        if not said and (is_credit_code(code_key(words)) or _names_a_body(words)):
            said = (unlisted_words(check),)
        return ListedBodies(said, tuple((editions[number], row) for number, row in found.alike))

    def edition(self, edition_id: int, words: str, page: int) -> EditionRows:
        """See the protocol."""
        edition = self.store.directory.edition(edition_id)
        rows, total = self.store.directory.rows(edition_id, words, limit=ROWS, offset=(page - 1) * ROWS)
        same = [line for line in self.lists() if name_key(line.edition.head.name) == name_key(edition.head.name)]
        return EditionRows(
            line=next(line for line in same if line.edition.id == edition_id),
            rows=tuple(rows),
            total=total,
            page=page,
            others=tuple(line for line in same if line.edition.id != edition_id),
        )

    def preview(self, form: ListForm, file_name: str, content: bytes, owner: str) -> ListPreview:
        """See the protocol."""
        editions = self.store.directory.editions()
        read = read_upload(file_name, content, read_list)
        told = Told(form.name, _kind(form.kind), form.authority, form.source, _day(form.as_of))
        head = head_of(told, file_name, read, editions, today(self.services))
        self.store.directory.refuse_clash(head)
        same = [line.edition for line in self.lists() if name_key(line.edition.head.name) == name_key(head.name)]
        preview = ListPreview(
            token="",
            head=head,
            first=read.listings[:ROWS],
            good=len(read.listings),
            bad=tuple((row.number, row.reason) for row in read.bad[:_ROWS_SHOWN]),
            doubts=tuple((row.number, row.reason) for row in read.doubts[:_ROWS_SHOWN]),
            refused=len(read.bad),
            ignored=read.columns.unread,
            other_sheets=read.other_sheets,
            current=next((one for one in same if one.withdrawn is None), None),
        )
        return replace(preview, token=self._lists.add(owner, (preview, read)))

    def take(self, token: str, owner: str) -> tuple[Edition, ListPreview]:
        """See the protocol."""
        preview, read = self._lists.get(token, owner)
        self._lists.drop(token)
        return import_list(self.services, self.store, preview.head, read, owner), preview

    def withdraw(self, edition_id: int, owner: str, reason: str) -> Edition:
        """See the protocol."""
        return self.store.directory.withdraw(edition_id, owner, reason, self.services.clock())


def _lines(editions: Sequence[Edition], day: date) -> list[EditionLine]:
    current = {one.edition.id for one in editions_at(editions, day)}
    lines = [
        EditionLine(one, "撤下" if one.withdrawn else "现行" if one.id in current else "已被替代") for one in editions
    ]
    lines.sort(key=lambda line: (line.state != "现行", -line.edition.head.as_of.toordinal(), -line.edition.id))
    return lines


def _names_a_body(words: str) -> bool:
    """Whether words that no list holds may be a body's name, and not an occupation, a level or a host."""
    key = name_key(words)
    return len(key) >= _LIKE_A_NAME and _HAN.search(key) is not None and not is_occupation(key)


def _kind(word: str) -> ListKind | None:
    return ListKind(word) if word in set(ListKind) else None


def _day(words: str) -> date | None:
    try:
        return date.fromisoformat(words.strip()) if words.strip() else None
    except ValueError:
        raise BadInput(f"截止日期“{words.strip()}”不是有效日期，应写成 2026-05-01 的样子。") from None


def _answer(host: str, facts: Facts) -> str:
    from classifiers.speaker import official, under

    if official(host, facts):
        return f"{host} 是主管部门或官方机构的网站。官方网站不等于其每一页都没有问题。"
    if under(host, facts.media_hosts):
        return f"{host} 是新闻媒体的网站：报道中引用的说法不当作它自己的宣传。"
    return f"{host} 不在官方网站和新闻媒体之列。不在其列不等于违规。"
