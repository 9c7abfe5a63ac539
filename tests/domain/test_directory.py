"""名录: how names and occupations are compared, and which edition held on a day."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from domain.directory import (
    Edition,
    EditionHead,
    Listing,
    ListKind,
    Withdrawal,
    editions_at,
    name_key,
    occupations_of,
    outside_of,
)

AT = datetime(2026, 11, 24, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("山西甲（集团）有限公司", "山西甲(集团)有限公司", True),
        ("山西 甲　有限\u200b公司\r\n", "山西甲有限公司", True),
        ("ＡＢＣ培训学校", "ABC培训学校", True),
        ("山西甲有限公司", "山西甲有限责任公司", False),
        ("山西甲有限公司", "山西甲公司", False),
        ("太原市甲学校", "太原甲学校", False),
        ("山西甲（集团）有限公司", "山西甲集团有限公司", False),
    ],
)
def test_names_are_compared_as_wholes(one: str, other: str, same: bool) -> None:
    """Width, brackets and blanks are no difference; everything else is."""
    assert (name_key(one) == name_key(other)) is same


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("电工（五级、四级、三级）、焊工(4/3)", {"电工", "焊工"}),
        ("1.保育师 2.电工", {"保育师", "电工"}),
        ("起重装卸机械操作工（叉车司机）", {"起重装卸机械操作工", "叉车司机"}),
        ("4-04-05-05 人工智能训练师", {"人工智能训练师"}),
        ("电工:五级、四级；焊工：三级", {"电工", "焊工"}),
        ("家政服务员（母婴护理员）（五级）", {"家政服务员", "母婴护理员"}),
        ("养老护理员\n育婴员 三级/高级工", {"养老护理员", "育婴员"}),
        ("见附件", set()),
        ("", set()),
    ],
)
def test_occupations_are_read_out_of_a_cell(cell: str, names: set[str]) -> None:
    """With numbers, codes, levels and 工种 as offices write them."""
    assert occupations_of(cell) == names


@pytest.mark.parametrize(
    ("cells", "outside"),
    [
        (["电工（五级）"], ("保育师",)),
        (["电工", "保育师"], ()),
        (["高级保育师"], ("电工",)),
        ([""], ()),
        (["电工、焊工等"], ()),
        (["电工等12个工种"], ()),
        (["全部职业"], ()),
        (["电工、职业技能培训"], ()),
        (["电工", "见附件"], ()),
    ],
)
def test_an_occupation_is_outside_only_of_a_complete_list(cells: list[str], outside: tuple[str, ...]) -> None:
    """A list that gives none, or says that there are more, is no reason to ask."""
    assert (
        outside_of(("电工", "保育师"), [Listing(n, "甲", occupations=cell) for n, cell in enumerate(cells)]) == outside
    )


def _edition(number: int, name: str, day: str, *, gone: bool = False) -> Edition:
    head = EditionHead(name, ListKind.OTHER, "", "", date.fromisoformat(day), "a.csv", "0" * 64)
    return Edition(number, head, "张三", AT, 1, 0, Withdrawal(AT, "张三", "误") if gone else None)


@pytest.mark.parametrize(
    ("day", "chosen"),
    [
        ("2026-06-01", [(2, True)]),
        ("2026-04-30", [(1, True)]),
        ("2026-05-01", [(2, True)]),
        ("2025-12-31", [(2, False)]),
    ],
)
def test_the_edition_of_the_day_is_consulted(day: str, chosen: list[tuple[int, bool]]) -> None:
    """Of editions of one day the later import; before the first edition the current one, and it is said so."""
    editions = [
        _edition(3, "甲（名录）", "2026-01-01", gone=True),
        _edition(0, "甲（名录）", "2026-01-01"),
        _edition(2, "甲(名录)", "2026-05-01"),
        _edition(1, "甲（名录）", "2026-01-01"),
    ]
    found = editions_at(editions, date.fromisoformat(day))
    assert [(one.edition.id, one.of_its_time) for one in found] == chosen
