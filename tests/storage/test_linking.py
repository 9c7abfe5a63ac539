"""Pages of one operator fall together, strangers stay apart, and what a reviewer decided stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from digest.builder import build
from domain.crawl import Outcome
from domain.document import ContactKind
from domain.errors import BadInput
from domain.lead import EventKind, Presence
from domain.operator import LinkLimits
from storage import Store
from storage.engine import reading
from storage.tables import OperatorPageRow, PageRow
from tests.storage.advertisers import Ad, ad, advertisers, pairwise
from tests.storage.build import START, World, ok
from tests.storage.conftest import TestClock

TEXT = "建筑八大员证书免考包过，内部渠道，联网可查"


def domain_of(host: str) -> str:
    """Last two labels."""
    return ".".join(host.partition(":")[0].split(".")[-2:])


def put(world: World, *ads: Ad) -> None:
    """A run that brought these pages."""
    run = world.begin()
    world.record(*[ok(world.request(run, each.url), world.clock(), [each.judged]) for each in ads])
    world.store.finish_run(run.id)


def link(store: Store, limits: LinkLimits = LinkLimits(), portion: int = 200) -> None:  # noqa: B008
    """Link what came."""
    store.link(limits, domain_of, portion)


def groups(store: Store) -> dict[str, int]:
    """Operator of each page."""
    with reading(store.engine) as connection:
        rows = connection.execute(
            select(PageRow.url, OperatorPageRow.operator_id)
            .join(OperatorPageRow, OperatorPageRow.page_id == PageRow.id)
            .where(OperatorPageRow.operator_id.is_not(None))
        )
        return {url: int(operator) for url, operator in rows if operator is not None}


def together(store: Store, *urls: str) -> bool:
    """Whether these pages stand with one operator."""
    found = groups(store)
    return len({found.get(url, url) for url in urls}) == 1


def page(name: str, words: str, footer: str = "", statistics: str = "") -> Ad:
    """A page of its own site."""
    return ad(f"http://{name}.example/", 0, f"{TEXT}\n{words}", footer, statistics)


def test_operators_are_found_and_hotlines_glue_nothing(world: World) -> None:
    """A third of the pages stand on platforms with a hotline: precision ≥ 0.98, recall ≥ 0.9, whatever the portions."""
    ads = advertisers(24, 110)
    for start in range(0, len(ads), 120):
        put(world, *ads[start : start + 120])
        link(world.store, portion=50)

    precision, recall = pairwise({each.url: each.operator for each in ads}, groups(world.store))

    assert precision >= 0.98
    assert recall >= 0.9
    before = groups(world.store)
    link(world.store)
    assert groups(world.store) == before


def test_one_number_in_any_form_joins_and_says_why(world: World) -> None:
    """Plain, spelled and as 微信: one operator; the ground is in Chinese and masked."""
    put(world, page("a", "电话 13812341234"), page("b", "幺三八壹贰叁肆壹贰叁肆"), page("c", "V信：13812341234"))
    link(world.store)

    related = world.store.operators.related(1)

    assert [each.url for each in related.pages] == ["http://b.example/", "http://c.example/"]
    assert all("两页都写有手机 138****1234" in each.reasons for each in related.pages)
    assert related.pages_total == 3
    assert related.operator is not None
    assert "13812341234" not in related.operator.title


@pytest.mark.parametrize(
    ("one", "other", "joined"),
    [
        ("", "", False),
        ("版权所有 山西新知教育科技有限公司", "版权所有 山西新知教育科技有限公司", True),
        ("版权所有 山西新知教育科技有限公司", "版权所有 山西旧识教育科技有限公司", False),
    ],
)
def test_a_statistics_account_needs_a_second_ground(world: World, one: str, other: str, joined: bool) -> None:
    """A template's maker gives the same account, and the same text, to all his customers."""
    shared = "0123456789abcdef0123456789abcdef"
    put(world, page("a", "电话 13812341234", one, shared), page("b", "电话 13956785678", other, shared))
    link(world.store)
    assert together(world.store, "http://a.example/", "http://b.example/") is joined


def test_pages_without_numbers_stand_with_the_one_operator_of_their_site(world: World) -> None:
    """As long as there is one; authorities' and directories' pages are nobody's."""
    bare = ad("http://a.example/bare", 0, TEXT, "", "")
    put(world, bare)
    link(world.store)
    assert "http://a.example/bare" not in groups(world.store)
    put(world, page("a", "电话 13812341234"))
    link(world.store)
    assert together(world.store, "http://a.example/", "http://a.example/bare")
    put(world, ad("http://a.example/other", 0, f"{TEXT}\n电话 13956785678", "", ""))
    link(world.store)
    assert "http://a.example/bare" not in groups(world.store)
    many = "\n".join(f"培训点 139{number:08d}" for number in range(9))
    put(world, page("mulu", many), ad("http://rst.gov.cn/list", 0, "举报电话 13812341234", "", ""))
    link(world.store)
    assert not {"http://mulu.example/", "http://rst.gov.cn/list"} & set(groups(world.store))


def test_limits_can_be_changed_later(world: World) -> None:
    """An identifier that a lower limit makes common lets go of its pages; a higher one joins them again."""
    put(world, *(page(f"s{n}", "电话 13812341234") for n in range(5)))
    link(world.store)
    urls = [f"http://s{n}.example/" for n in range(5)]
    assert together(world.store, *urls)
    link(world.store, LinkLimits(max_sites=3))
    assert groups(world.store) == {}
    link(world.store, LinkLimits())
    assert together(world.store, *urls)


def test_merge_and_split_stay(world: World) -> None:
    """What reviewers decided is in force after new pages and after the limits changed; it is told who and why."""
    a, b, c = "http://a.example/", "http://b.example/", "http://c.example/"
    put(world, page("a", "电话 13812341234"), page("b", "电话 13812341234"), page("c", "电话 13956785678"))
    link(world.store)
    found = groups(world.store)

    merged = world.store.operators.merge([found[a], found[c]], "张三", "同一地址")
    assert together(world.store, a, b, c)
    assert merged.id == found[a]
    split = world.store.operators.split(merged.id, [], [b], "李四", "转让")
    assert split.id != merged.id
    put(world, page("e", "电话 13911112222"), page("f", "电话 13911112222"))
    link(world.store)
    first, second = "http://e.example/", "http://f.example/"
    old = groups(world.store)[first]
    assert world.store.operators.split(old, [], [first], "李四", None).id != old
    assert groups(world.store)[second] == old, "what stays keeps the number"
    put(world, page("d", "电话 13812341234"))
    link(world.store)
    link(world.store, LinkLimits(max_sites=40))
    assert together(world.store, a, c)
    assert not together(world.store, a, b)
    detail = world.store.operators.get(found[c])
    assert detail.listing.id == merged.id
    assert next((each.kind.value, each.actor, each.reason) for each in detail.decisions) == (
        "merge",
        "张三",
        "同一地址",
    )
    with pytest.raises(BadInput, match="没有拆分"):
        world.store.operators.split(merged.id, [999], [], "李四", None)


def test_a_digest_shows_the_operators_of_its_cutoff_and_keeps_them(world: World, clock: TestClock) -> None:
    """Pages, numbers and merges that came later are not in it: neither in the frozen one nor in one that is built late."""
    put(world, page("a", "电话 13812341234"), page("b", "微信 kaozheng66"))
    link(world.store)
    day, cutoff = START.date(), clock()
    frozen = world.store.digests.freeze(build(world.store.digests, day, cutoff, "〔2026〕第001期", "sha256:pack"))
    clock.forward(hours=1)
    put(world, page("c", "电话 13812341234\n微信 kaozheng66 QQ 123456789"))
    link(world.store)
    assert together(world.store, "http://a.example/", "http://b.example/", "http://c.example/")
    late = build(world.store.digests, day, cutoff, "〔2026〕第001期", "sha256:pack")
    known = {item.page_url: item.operator for item in frozen.items}
    assert {item.page_url: item.operator.identifiers for item in late.items if item.operator} == {
        url: operator.identifiers for url, operator in known.items() if operator
    }
    assert [item.operator.pages for item in late.items if item.operator] == [1, 1]
    assert world.store.digests.freeze(late) == world.store.digests.frozen(day) == frozen


def test_an_identifier_can_be_excluded(world: World) -> None:
    """It joins nothing any more, until it is included again."""
    put(world, page("a", "电话 13812341234"), page("b", "电话 13812341234"))
    link(world.store)
    world.store.operators.exclude(ContactKind.PHONE, "13812341234", "张三", "代理商总机")
    assert not together(world.store, "http://a.example/", "http://b.example/")
    put(world, page("c", "电话 13812341234"))
    link(world.store)
    assert groups(world.store) == {}
    world.store.operators.exclude(ContactKind.PHONE, "13812341234", "张三", "核实后恢复", include=True)
    assert together(world.store, "http://a.example/", "http://b.example/", "http://c.example/")


def test_a_new_page_joins_the_confirmed_lead_of_its_operator(world: World, clock: TestClock) -> None:
    """While it stands and once it was closed, by number or by words alone; once, and with a reference to it."""
    put(world, page("a", "电话 13812341234"))
    link(world.store)
    world.store.leads.append(1, EventKind.CONFIRMED, "张三", None, clock())
    clock.forward(hours=1)
    put(world, page("b", "电话 13812341234"), page("copy", "微信：13956785678"))
    link(world.store)
    link(world.store)

    def notes(lead: int) -> list[str]:
        events = world.store.leads.get(lead).lead.events
        return [event.reason or "" for event in events if event.kind is EventKind.JOINED]

    assert notes(2) == ["疑似同一主体：线索 1（已确认）。两页都写有手机 138****1234；文案近似"]
    assert notes(3) == ["疑似同一主体：线索 1（已确认）。文案近似"]
    clock.forward(hours=12)
    world.fails("http://a.example/", Outcome.FAILED, "http_404", 404)
    clock.forward(hours=7)
    world.fails("http://a.example/", Outcome.FAILED, "http_404", 404)
    other_words = ad("http://c.example/", 0, "零基础直接拿证包过，全国通用\n微信 13812341234", "", "")
    put(world, other_words)
    link(world.store)
    assert notes(4)[0].startswith("疑似复发于新网址：线索 1（已确认，已下线）")
    assert [world.state(lead).joins for lead in (1, 2, 3, 4)] == [None, 1, 1, 1]
    old = world.store.leads.get(1).lead
    assert (old.state.presence, old.events[-1].reason) == (Presence.REMOVED, "疑似在新网址复发：线索 4")


def test_a_killed_process_goes_on_where_it_was(world: World, open_again: Callable[[], Store]) -> None:
    """Portions are kept, and what is linked twice is counted once."""
    put(world, page("a", "电话 13812341234"), page("b", "电话 13812341234"), page("c", "电话 13812341234"))
    seen = 0

    def dies(host: str) -> str:
        nonlocal seen
        seen += 1
        if seen == 3:
            raise KeyboardInterrupt
        return domain_of(host)

    with pytest.raises(KeyboardInterrupt):
        world.store.link(LinkLimits(), dies, 1)
    store = open_again()
    link(store)
    assert together(store, "http://a.example/", "http://b.example/", "http://c.example/")
    (listing,) = store.operators.list()
    assert (listing.pages, listing.leads) == (3, 3)
    assert listing.identifiers[0].pages == 3
