"""复发（新地址）: an ad that is gone stands as such while its copy at a new address has to be followed, and no longer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from digest.builder import build
from domain.crawl import Outcome
from domain.lead import EventKind, Presence, Review
from storage import Store
from storage.engine import writing
from storage.moves import follow
from tests.storage.advertisers import ad
from tests.storage.build import CLEAN, START, World, ok
from tests.storage.conftest import TestClock
from tests.storage.test_linking import groups, link

TEXT = "建筑八大员证书免考包过，内部渠道，联网可查\n报名"
OLD, NEW = "http://old.example/", "http://new.example/"


def put(world: World, url: str, contact: str = "电话 13812341234") -> None:
    """A run in which the page stood, and linking after it."""
    run = world.begin()
    world.record(ok(world.request(run, url), world.clock(), [ad(url, 0, f"{TEXT}\n{contact}", "", "").judged]))
    world.store.finish_run(run.id)
    link(world.store)


def gone(world: World, clock: TestClock, url: str) -> None:
    """Two looks, far enough apart, and linking after them."""
    for hours in (1, 7):
        clock.forward(hours=hours)
        world.fails(url, Outcome.FAILED, "http_404", 404)
    link(world.store)


def decide(store: Store, clock: TestClock, lead: int, kind: EventKind) -> None:
    store.leads.append(lead, kind, "张三", "理由", clock.forward(minutes=1))


@pytest.fixture
def moved(world: World, clock: TestClock) -> World:
    """Lead 1, confirmed and removed; lead 2, its copy at a new address."""
    put(world, OLD)
    decide(world.store, clock, 1, EventKind.CONFIRMED)
    gone(world, clock, OLD)
    clock.forward(hours=1)
    put(world, NEW)
    return world


def test_a_copy_at_a_new_address_moves_the_lead_once(moved: World) -> None:
    """The old lead says where, the new one what it joins; whoever looks at the gone page again says nothing new."""
    old = moved.store.leads.get(1).lead
    assert (old.state.presence, old.state.moved_to, old.state.open) == (Presence.MOVED, 2, False)
    assert old.state.reason == "线索 2：http://new.example/（文案近似；两页都写有手机 138****1234）"
    assert (moved.state(2).joins, moved.state(2).presence) == (1, Presence.ONLINE)
    link(moved.store)
    moved.fails(OLD, Outcome.FAILED, "http_404", 404)
    assert moved.events(1)[-2:] == ["removed", "moved"]


def test_the_digest_tells_of_the_move_once(moved: World, clock: TestClock) -> None:
    """As of its cutoff: before the move it was removed; on the day after, only the new lead is left to tell of."""
    earlier = moved.store.digests.lead_material(START.date(), clock() - timedelta(minutes=30))
    assert {each.lead_id: each.state.presence for each in earlier} == {1: Presence.REMOVED}
    made = build(moved.store.digests, START.date(), clock(), "〔2026〕第001期", "sha256:pack")
    assert {item.lead_id: item.status.value for item in made.items} == {1: "reappeared", 2: "new"}
    moved.store.digests.freeze(made)
    tomorrow = clock.forward(days=1)
    assert [each.lead_id for each in moved.store.digests.lead_material(tomorrow.date(), tomorrow)] == [2]


def test_dismissing_the_new_lead_puts_the_old_one_back_and_undoing_that_again(moved: World, clock: TestClock) -> None:
    """At once, and again after 撤销; what people decided of the old lead stays as it is."""
    decide(moved.store, clock, 2, EventKind.DISMISSED)
    assert (moved.state(1).presence, moved.state(1).moved_to) == (Presence.REMOVED, None)
    assert moved.state(1).reason == "新地址的线索 2 已判为误报"
    decide(moved.store, clock, 2, EventKind.UNDONE)
    assert (moved.state(1).presence, moved.state(1).review) == (Presence.MOVED, Review.CONFIRMED)
    decide(moved.store, clock, 1, EventKind.UNDONE)
    assert (moved.state(1).presence, moved.state(1).review) == (Presence.MOVED, Review.PENDING)


def test_the_new_page_going_settles_it_and_the_next_copy_moves_it_again(moved: World, clock: TestClock) -> None:
    """Each with the time when the claims went from the old address; then the old page itself comes back."""
    went = moved.state(1).gone_at
    gone(moved, clock, NEW)
    assert (moved.state(1).presence, moved.state(1).reason) == (Presence.REMOVED, "新地址的线索 2 已下线")
    clock.forward(hours=1)
    put(moved, "http://third.example/")
    assert (moved.state(1).presence, moved.state(1).moved_to, moved.state(1).gone_at) == (Presence.MOVED, 3, went)
    clock.forward(hours=1)
    put(moved, OLD)
    state = moved.state(1)
    assert (state.presence, state.moved_to, state.open) == (Presence.REAPPEARED, None, True)


def test_a_corrected_page_moves_and_is_corrected_again_once_settled(world: World, clock: TestClock) -> None:
    """What it was before the move is what it is after it."""
    put(world, OLD)
    decide(world.store, clock, 1, EventKind.CONFIRMED)
    clock.forward(hours=1)
    world.look(OLD, CLEAN)
    clock.forward(hours=1)
    put(world, NEW)
    assert world.state(1).presence is Presence.MOVED
    decide(world.store, clock, 2, EventKind.DISMISSED)
    assert world.state(1).presence is Presence.CORRECTED


def test_strangers_and_copies_that_stood_beside_it_move_nothing(world: World, clock: TestClock) -> None:
    """The same words with another's number, and copies that were known while the old page stood or may have stood."""
    put(world, OLD)
    decide(world.store, clock, 1, EventKind.CONFIRMED)
    put(world, "http://beside.example/")
    clock.forward(hours=1)
    put(world, OLD)
    clock.forward(minutes=1)
    put(world, "http://later.example/")
    clock.forward(hours=12)
    gone(world, clock, OLD)
    clock.forward(hours=1)
    put(world, "http://stranger.example/", "电话 13956785678")
    assert [world.state(lead).joins for lead in (2, 3, 4)] == [1, 1, 1]
    assert world.state(1).presence is Presence.REMOVED
    put(world, NEW, "手机 138-1234-1234")
    assert world.state(1).moved_to == 5
    world.store.operators.split(groups(world.store)[OLD], [5], [], "张三", "不是同一家")
    with writing(world.store.engine) as connection:
        assert follow(connection, clock()) == 1
    assert world.state(1).reason == "新地址的线索 5 属于另一主体"
