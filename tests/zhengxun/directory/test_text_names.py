"""Listed names in texts: as wholes or not at all, and in the time of one reading."""

from __future__ import annotations

import time

import pytest

from domain.directory import name_key
from zhengxun.directory.text_names import TextNames, advertised

SHORT = "阳光培训学校"
FULL = "山西晨曦（技能）评价有限公司"
NAMES = TextNames(map(name_key, (SHORT, FULL, "太原市阳光培训学校分校", "电工")))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("阳光培训学校", [SHORT]),
        ("欢迎来到：阳光培训学校。", [SHORT]),
        ("发证单位：阳光培训学校", [SHORT]),
        ("证书由阳光培训学校颁发，全国联网", [SHORT]),
        ("阳光培训学校是正规学校", [SHORT]),
        ("主办单位 阳光培训学校 电话", [SHORT]),
        ("报名热线 山西晨曦（技能）评价有限公司 服务 培训中心", [FULL]),
        ("阳 光 培 训 学 校", [SHORT]),
        ("在山西晨曦(技能)评价有限公司报名", [FULL]),
        ("经山西晨曦（技能）评价有限公司评价", [FULL]),
        ("Ｘ。山西晨曦﹙技能﹚评价有限公司", [FULL]),
        ("太原阳光培训学校", []),
        ("太原市 阳光培训学校", []),
        ("金色 阳光培训学校", []),
        ("阳光培训学校 太原分校", []),
        ("（太原）阳光培训学校", []),
        ("太和阳光培训学校", []),
        ("阳光培训学校有限公司", []),
        ("阳光培训学校 有限公司", []),
        ("阳光培训学校太原分校", []),
        ("阳光培训学校和平校区", []),
        ("阳光培训学校（太原校区）", []),
        ("阳光培训学校电工培训中心", []),
        ("小阳光培训学校", []),
        ("阳光\n培训学校", []),
        ("山西晨曦（技能）评价有限责任公司", []),
        ("山西晨曦技能评价有限公司", []),
        ("中国山西晨曦（技能）评价有限公司", []),
        ("山西晨曦（技能）评价有限公司太原分公司", []),
        ("来自太原市阳光培训学校分校", ["太原市阳光培训学校分校"]),
        ("电工", []),
        ("", []),
    ],
)
def test_a_name_counts_as_a_whole_or_not_at_all(text: str, found: list[str]) -> None:
    """What would be another body's name says nothing; blanks and widths are no difference."""
    assert NAMES.find(text) == [name_key(name) for name in found]


def test_a_text_is_read_once_whatever_the_number_of_names() -> None:
    """With 10⁵ names a hostile text (every name begins everywhere) takes no longer than a thousand times one name's."""
    names = [f"山西{chr(0x4E00 + n // 300)}{chr(0x4E00 + n % 300)}职业技能培训学校" for n in range(100_000)]
    many, one = TextNames(names), TextNames(names[:1])
    hostile = "山西一" * 60_000 + f"\n由{names[777]}颁发"

    def taken(finder: TextNames) -> float:
        begun = time.process_time()
        assert names[777] in finder.find(hostile) or finder is one
        return time.process_time() - begun

    assert taken(many) < 20 * max(taken(one), 0.005)


def test_many_hits_are_bounded() -> None:
    """A page that is a list of bodies itself is read as far as fifty of them."""
    names = [f"山西{chr(0x4E00 + n)}培训学校" for n in range(200)]
    assert len(TextNames(names).find("\n".join(names))) == 50


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("电工证培训", ("电工",)),
        ("报考保育师、电工，五级起", ("保育师", "电工")),
        ("光电工程培训", ()),
        ("车工作证", ()),
        ("列车工证", ()),
        ("保育师范学校培训", ()),
        ("我们的保育师为您服务", ()),
        ("人工智能训练师三级", ("人工智能训练师",)),
        ("智能训练师培训", ()),
    ],
)
def test_occupations_count_where_they_are_advertised(text: str, found: tuple[str, ...]) -> None:
    """Beside 证, 培训, a level; as words of their own."""
    assert advertised(text, ("电工", "车工", "保育师", "人工智能训练师")) == found
