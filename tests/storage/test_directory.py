"""名录 in the database, on both of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from domain.analysis import JudgedDocument
from domain.directory import EditionHead, Listing, ListKind, name_key
from domain.document import Contact, ContactKind
from domain.errors import BadInput
from domain.operator import LinkLimits
from storage import Store
from storage.directory import KnownOfLead
from tests.storage.build import SITE, START, World, assessment, document, ok
from tests.storage.conftest import TestClock

HEAD = EditionHead(
    "山西省评价机构名录", ListKind.ASSESSMENT, "省厅", "晋人社〔2026〕1号", date(2026, 5, 1), "a.xlsx", "0" * 64
)
CODE = "91140000000000000T"
ROWS = [
    Listing(
        5, "山西甲（技能）评价有限公司", CODE, "电工", "五级", "太原", date(2024, 5, 1), date(2027, 4, 30), "", "注\x00"
    ),
    Listing(6, "山西乙评价有限公司", None, validity="三年"),
    Listing(7, "100%_培训学校"),
]


def test_an_edition_comes_back_as_it_went_in(store: Store) -> None:
    """Head, counts and rows; found by code and by name in any width, not by anything alike."""
    made = store.directory.add(HEAD, ROWS, 2, "张三", START)
    assert store.directory.editions() == [made]
    assert (made.head, made.rows, made.refused) == (HEAD, 3, 2)
    rows, total = store.directory.rows(made.id, limit=2)
    assert (rows, total) == ([replace(ROWS[0], remarks="注\ufffd"), ROWS[1]], 3)
    assert store.directory.rows(made.id, limit=2, offset=2)[0] == ROWS[2:]
    assert [row.number for row in store.directory.of_codes([made.id], [CODE])[made.id]] == [5]
    assert [
        row.number for row in store.directory.of_names([made.id], [name_key("山西甲(技能)评价有限公司")])[made.id]
    ] == [5]
    assert store.directory.of_names([made.id], ["山西甲"]) == {}
    assert store.directory.of_names([made.id + 1], [name_key(ROWS[1].name)]) == {}
    for words, numbers in (
        ("评价", [5, 6]),
        ("%", [7]),
        ("_", [7]),
        (CODE.lower(), [5]),
        ("没有", []),
        ("", [5, 6, 7]),
    ):
        assert [row.number for row in store.directory.rows(made.id, words, limit=9)[0]] == numbers, words
    assert [row.number for _, row in store.directory.holding([made.id], "评价", 1)] == [5]
    assert sorted(store.directory.names([made.id])) == sorted(name_key(row.name) for row in ROWS)
    assert store.directory.occupations([made.id]) == ["电工"]


def test_editions_stand_beside_each_other(store: Store) -> None:
    """A new one leaves the former as it was; the same file, another authority's or another kind's list is refused."""
    store.directory.add(HEAD, ROWS, 0, "张三", START)
    newer = replace(HEAD, as_of=date(2026, 6, 1), sha256="1" * 64)
    store.directory.add(newer, ROWS[:1], 0, "李四", START)
    assert [(one.head.as_of.month, one.rows) for one in store.directory.editions()] == [(5, 3), (6, 1)]
    for head, why in (
        (HEAD, "没有重复导入"),
        (replace(newer, sha256="2" * 64, authority="市局"), "另取名称"),
        (replace(newer, sha256="2" * 64, kind=ListKind.SCHOOL), "类别"),
    ):
        with pytest.raises(BadInput, match=why):
            store.directory.add(head, ROWS, 0, "张三", START)
    assert len(store.directory.editions()) == 2


def test_an_edition_is_withdrawn_once_and_kept(store: Store) -> None:
    """With a reason; it may be imported again."""
    made = store.directory.add(HEAD, ROWS, 0, "张三", START)
    for number, reason, why in ((made.id, " ", "理由"), (99, "误", "没有编号")):
        with pytest.raises(BadInput, match=why):
            store.directory.withdraw(number, "李四", reason, START)
    gone = store.directory.withdraw(made.id, "李四", "文件有误", START).withdrawn
    assert gone is not None
    assert (gone.actor, gone.reason, gone.at) == ("李四", "文件有误", START)
    with pytest.raises(BadInput, match="已经撤下"):
        store.directory.withdraw(made.id, "王五", "再撤", START)
    assert store.directory.rows(made.id, limit=9)[1] == 3
    assert store.directory.add(HEAD, ROWS, 0, "张三", START).id != made.id


def test_what_is_known_of_a_lead_is_its_operators(world: World, clock: TestClock) -> None:
    """Names and codes, not telephones, and none that a reviewer took out of linking; with the time of the fetch."""
    contacts = (
        Contact(ContactKind.CREDIT_CODE, CODE),
        Contact(ContactKind.ORGANISATION, "山西甲评价有限公司", confidence=0.9),
        Contact(ContactKind.ORGANISATION, "山西乙网络有限公司", confidence=0.9),
        Contact(ContactKind.PHONE, "13812345678"),
    )
    run = world.begin()
    made = JudgedDocument(replace(document(SITE), contacts=contacts), assessment())
    world.record(ok(world.request(run, SITE), clock(), [made]))
    world.store.finish_run(run.id)
    assert world.store.directory.known_of(1) == KnownOfLead(START, ())
    world.store.link(LinkLimits(), str)
    world.store.operators.exclude(ContactKind.ORGANISATION, "山西乙网络有限公司", "张三", "建站公司")
    known = world.store.directory.known_of(1)
    assert {contact.value for contact in known.identifiers} == {CODE, "山西甲评价有限公司"}
    with pytest.raises(BadInput, match="没有编号"):
        world.store.directory.known_of(2)
