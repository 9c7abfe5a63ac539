"""名录: an edition made of a file and of what people say of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from domain.directory import Edition, EditionHead, ListKind, name_key
from domain.errors import BadInput
from zhengxun.clock import day_of
from zhengxun.directory.reading import ReadList
from zhengxun.services import Services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage import Store

_MAX_NAME, _MAX_SOURCE = 100, 500


@dataclass(frozen=True, slots=True)
class Told:
    """What people say of an edition; empty: taken from the list's former edition, from the title, or not said."""

    name: str
    kind: ListKind | None = None
    authority: str = ""
    source: str = ""
    as_of: date | None = None


def head_of(told: Told, file_name: str, read: ReadList, editions: Sequence[Edition], today: date) -> EditionHead:
    """The head of a new edition; :class:`BadInput` names what is missing or cannot be."""
    name = " ".join(told.name.split()).strip("《》")
    if not name_key(name):
        raise BadInput("请写明名录的名称，如“山西省职业技能等级认定评价机构备案名录”。")
    for label, words, most in (
        ("名称", name, _MAX_NAME),
        ("发布机关", told.authority, _MAX_NAME),
        ("来源", told.source, _MAX_SOURCE),
    ):
        if len(words) > most:
            raise BadInput(f"名录的{label}过长（{len(words)} 字），至多 {most} 字。")
    as_of = told.as_of or read.day
    if as_of is None:
        raise BadInput("请写明名录的截止日期（名录反映的是哪一天的情况）；表头上方没有写，或写了不止一个日期。")
    if as_of > today:
        raise BadInput(f"名录的截止日期 {as_of.isoformat()} 在今天（{today.isoformat()}）之后；请核对。")
    if as_of.year < 1990:
        raise BadInput(f"名录的截止日期 {as_of.isoformat()} 过早；请核对。")
    former = [one.head for one in editions if name_key(one.head.name) == name_key(name) and one.withdrawn is None]
    last = former[-1] if former else None
    return EditionHead(
        name=name,
        kind=told.kind or (last.kind if last else kind_of(name)),
        authority=" ".join(told.authority.split()) or (last.authority if last else ""),
        source=" ".join(told.source.split()),
        as_of=as_of,
        file_name=file_name[:200],
        sha256=read.sha256,
    )


def kind_of(name: str) -> ListKind:
    """What a list is by its name, where nobody says it."""
    if "补贴" in name or "定点培训" in name:
        return ListKind.SUBSIDISED
    if "民办" in name or "培训学校" in name:
        return ListKind.SCHOOL
    if "评价" in name or "认定" in name:
        return ListKind.ASSESSMENT
    return ListKind.OTHER


def import_list(services: Services, store: Store, head: EditionHead, read: ReadList, by: str) -> Edition:
    """Store an edition; one without a single row is refused: it would take the former one's place."""
    if not read.listings:
        raise BadInput("没有一行可以收录，没有导入。")
    return store.directory.add(head, read.listings, len(read.bad), by, services.clock())


def today(services: Services) -> date:
    """The day in Shanghai."""
    return day_of(services.clock())
