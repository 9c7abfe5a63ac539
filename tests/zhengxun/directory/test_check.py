"""名录核对 of a lead: by code, by name, by the words of the page, as of its day; and what is not said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from domain.analysis import JudgedDocument
from domain.assessment import Speaker
from domain.directory import DirectoryCheck, EditionHead, Listing, ListKind
from domain.directory_words import CAUTION, sentences
from domain.document import Contact, ContactKind
from domain.operator import LinkLimits
from storage import Store, default_url, migrate, open_store
from tests.storage.build import AD, SITE, START, World, assessment, document, ok
from zhengxun.directory.check import DirectoryChecker

CODE, OTHER_CODE = "91140000000000000T", "91110000600037341L"
SCHOOL = "太原市晨曦职业培训学校"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database."""
    folder = tmp_path_factory.mktemp("check")
    migrate(default_url(folder))
    return folder / "zhengxun.db"


@pytest.fixture
def world(template: Path, tmp_path: Path) -> Iterator[World]:
    """A store with one target, on 2026-11-24."""
    (tmp_path / "zhengxun.db").write_bytes(template.read_bytes())
    store = open_store(default_url(tmp_path), clock=lambda: START, confirm_after=timedelta(hours=6))
    yield World(store, lambda: START)
    store.close()


def lead(world: World, text: str = AD, *contacts: Contact, account: str = "", speaker: Speaker = Speaker.SELLER) -> int:
    """A lead whose page says ``text``, joined to an operator."""
    number = world.store.leads.count() + 1
    url = f"{SITE}/{number}"
    made = replace(document(url, f"{AD}\n{text}"), contacts=contacts, account=account or None, account_id=None)
    judged = JudgedDocument(made, replace(assessment(made.text), speaker=speaker))
    run = world.begin()
    world.record(ok(world.request(run, url), START, [judged]))
    world.store.finish_run(run.id)
    world.store.link(LinkLimits(), str)
    return number


def listed(store: Store, *rows: Listing, name: str = "评价机构名录", as_of: str = "2026-05-01") -> int:
    """An edition with these rows."""
    day = date.fromisoformat(as_of)
    head = EditionHead(name, ListKind.ASSESSMENT, "省厅", "", day, "a.csv", f"{name}{as_of}")
    return store.directory.add(head, rows, 0, "张三", START).id


def check(world: World, lead_id: int) -> DirectoryCheck:
    """With one occupation of the catalogue beside those of the lists."""
    return DirectoryChecker(world.store, lambda: ["游泳救生员"]).check(world.store.leads.get(lead_id))


def code(value: str = CODE) -> Contact:
    """A credit code on the page."""
    return Contact(ContactKind.CREDIT_CODE, value)


def organisation(value: str, confidence: float = 0.9) -> Contact:
    """An institution's name on the page."""
    return Contact(ContactKind.ORGANISATION, value, confidence=confidence)


def test_what_is_listed_is_said_with_all_that_the_list_says(world: World) -> None:
    """By code although the name was changed; rows of one body together; the term."""
    rows = [
        Listing(3, "太原市旧名职业培训学校", CODE, "电工", "五级、四级", "太原", date(2024, 5, 1), date(2027, 4, 30)),
        Listing(4, "太原市旧名职业培训学校", CODE, "焊工", "五级", "太原", date(2024, 5, 1), date(2027, 4, 30)),
    ]
    listed(world.store, *rows)
    found = check(world, lead(world, "", code(), organisation(SCHOOL)))
    assert sentences(found) == [
        f"统一社会信用代码“{CODE}”：已列入《评价机构名录》（截至 2026-05-01，省厅），名称“太原市旧名职业培训学校”：职业 电工（五级、四级）、焊工（五级），"
        "地区 太原，有效期 2024-05-01 至 2027-04-30。",
        f"所核对的 1 份名录均未列入：{SCHOOL}。{CAUTION}。",
    ]


def test_a_name_decides_only_where_no_code_speaks_against_it(world: World) -> None:
    """The same name with another code is said to be that."""
    listed(world.store, Listing(3, SCHOOL, OTHER_CODE))
    first = check(world, lead(world, "", code(), organisation(SCHOOL)))
    assert [(one.by, one.other_code) for one in first.found] == [("name", True)]
    assert "与本线索的不同" in sentences(first)[0]
    assert first.unlisted == (CODE,)


def test_a_body_found_by_its_code_is_told_once(world: World) -> None:
    """Its name says nothing more."""
    listed(world.store, Listing(3, SCHOOL, OTHER_CODE))
    own = check(world, lead(world, "", code(OTHER_CODE), organisation(SCHOOL)))
    assert [(one.by, one.other_code) for one in own.found] == [("code", False)]
    assert own.unlisted == ()


def test_the_page_of_another_lead_of_the_operator_gives_its_name(world: World) -> None:
    """The operator's identifiers count, whichever of its pages they stand on."""
    phone = Contact(ContactKind.PHONE, "13812345678")
    listed(world.store, Listing(3, SCHOOL))
    lead(world, "甲", phone, organisation(SCHOOL))
    assert [one.subject for one in check(world, lead(world, "乙", phone)).found] == [SCHOOL]


def test_names_in_the_text_are_found_and_never_called_unlisted(world: World) -> None:
    """The issuer that a page names; a name that goes on is another body; one behind a label is known."""
    listed(world.store, Listing(3, "山西甲评价有限公司", OTHER_CODE, "电工"), Listing(4, "山西乙评价有限公司"))
    text = "证书由山西甲评价有限公司颁发。山西乙评价有限公司太原分公司承办。发证机构：中国丙技能评价中心\n"
    found = check(world, lead(world, text, code()))
    assert [(one.by, one.subject, one.other_code) for one in found.found] == [("text", "山西甲评价有限公司", False)]
    assert found.unlisted == (CODE, "中国丙技能评价中心")
    assert "页面文字中的机构名称“山西甲评价有限公司”：已列入" in sentences(found)[0]


def test_occupations_outside_of_the_listed_ones_are_a_question(world: World) -> None:
    """Only those that the page advertises and some list or the catalogue names, over all lists that hold the body."""
    listed(world.store, Listing(3, SCHOOL, None, "电工（五级）"), Listing(4, "太原市乙学校", None, "保育师"))
    listed(world.store, Listing(3, SCHOOL, None, "焊工"), name="学校名单")
    text = "电工证、焊工证、保育师证、游泳救生员证、占星师证，报名从速"
    assert check(world, lead(world, text)).outside == ()
    found = check(world, lead(world, text, organisation(SCHOOL)))
    assert found.outside == ((SCHOOL, ("保育师", "游泳救生员")),)
    assert sentences(found)[2] == f"页面提到“保育师”“游泳救生员”，名录给“{SCHOOL}”所列的职业中没有，请核对。"
    assert check(world, lead(world, "电工证、焊工证", organisation(SCHOOL))).outside == ()


def test_the_lists_of_the_pages_day_are_asked(world: World) -> None:
    """A later edition does not change what was listed; a list that was not there yet is used, and it is said so."""
    checker = DirectoryChecker(world.store)
    number = lead(world, "", organisation(SCHOOL))
    detail = world.store.leads.get(number)
    assert sentences(checker.check(detail)) == ["还没有导入名录，没有核对。"]
    first = listed(world.store, Listing(3, SCHOOL, valid_to=date(2026, 10, 31)))
    assert "2026-11-24）已过期" in sentences(checker.check(detail))[0]
    later = listed(world.store, Listing(3, "别的职业培训学校"), as_of="2026-12-01")
    assert [one.edition.id for one in checker.check(detail).consulted] == [first]
    world.store.directory.withdraw(first, "张三", "误", START)
    found = checker.check(detail)
    assert [(one.edition.id, one.of_its_time) for one in found.consulted] == [(later, False)]
    assert (found.found, found.unlisted) == ((), (SCHOOL,))


def test_nothing_is_taken_for_the_operator_that_is_not(world: World) -> None:
    """Unsure names, and those that a report names, are no names of the operator."""
    listed(world.store, Listing(3, SCHOOL))
    for number in (
        lead(world, "", organisation("山西丁职业培训学校", 0.5)),
        lead(world, "", organisation("山西丁职业培训学校"), code(OTHER_CODE), speaker=Speaker.MEDIA),
    ):
        found = check(world, number)
        assert (found.found, found.unlisted) == ((), ())
        assert sentences(found)[0].startswith("没有已知的机构名称")
