"""What a digest is built from, and what is frozen of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text

from domain.crawl import CrawlRequest, Outcome, Purpose
from domain.digest import Coverage, CoverageGap, Digest, DigestItem, DigestStatus, LeadMaterial
from domain.errors import ZhengxunError
from domain.lead import EventKind, Presence, Review
from storage import Store
from storage.engine import writing
from tests.storage.build import AD, CLEAN, SITE, World, assessment, judged, ok
from tests.storage.conftest import TestClock
from tests.storage.test_types import ITEM
from tests.storage.test_verification import FEED, POST, feed

COVERAGE = Coverage(2, 1, (CoverageGap(1, "站", "blocked", "验证码"),), (("ok", 3), ("blocked", 1)))


def day_of(moment: datetime) -> date:
    """Day in Shanghai of the tests' mornings."""
    return (moment + timedelta(hours=8)).date()


def material(store: Store, moment: datetime) -> dict[int, LeadMaterial]:
    """What a digest built at ``moment`` is made of."""
    return {one.lead_id: one for one in store.digests.lead_material(day_of(moment), moment)}


def freeze(store: Store, moment: datetime, *lead_ids: int) -> Digest:
    """Freeze a digest of the day with these leads."""
    items: tuple[DigestItem, ...] = tuple(replace(ITEM, lead_id=lead_id) for lead_id in lead_ids)
    number = store.digests.next_number(day_of(moment))
    return store.digests.freeze(Digest(day_of(moment), number, moment, "sha256:pack", COVERAGE, items))


def test_material_tells_all_of_a_lead(world: World, clock: TestClock) -> None:
    """Page, target, version, assessment, contexts, contacts and evidence are there."""
    world.look(SITE)
    found_at = clock()
    seen_at = clock.forward(hours=2)
    world.unchanged(SITE)

    (one,) = material(world.store, clock()).values()

    assert (one.page_url, one.final_url, one.title) == (SITE, SITE + "?from=redirect", "考证服务")
    assert (one.target_name, one.target_kind, one.region, one.platform) == ("peixun", "website", "山西", "web")
    assert (one.account, one.published_raw) == ("某考证中心", "2026年11月24日 09:00")
    assert (one.first_seen, one.last_seen) == (found_at, seen_at)
    assert one.assessment == assessment()
    assert one.contexts == (AD,)
    assert [contact.value for contact in one.contacts] == ["13800000000"]
    assert one.evidence is not None
    assert (one.evidence.snapshot_id, one.evidence.warc_offset) == (1, 1234)
    assert (one.shown_before, one.last_shown_at) == (False, None)


def test_open_leads_come_every_day_and_closed_ones_once(world: World, clock: TestClock) -> None:
    """A lead is listed while it is open, once more when it closed, and again when it is back."""
    world.look(f"{SITE}/a")
    world.look(f"{SITE}/b")
    freeze(world.store, clock(), 1, 2)

    clock.forward(days=1)
    world.look(f"{SITE}/a", CLEAN)
    second = material(world.store, clock())
    assert {lead: one.state.presence for lead, one in second.items()} == {1: Presence.CORRECTED, 2: Presence.ONLINE}
    assert all(one.shown_before for one in second.values())
    assert second[1].last_shown_at == clock() - timedelta(days=1)
    freeze(world.store, clock(), 1, 2)

    clock.forward(days=1)
    world.unchanged(f"{SITE}/a")
    assert list(material(world.store, clock())) == [2]
    freeze(world.store, clock(), 2)

    clock.forward(days=1)
    world.look(f"{SITE}/a")
    assert material(world.store, clock())[1].state.presence is Presence.REAPPEARED


def test_a_lead_that_was_never_shown_is_listed_even_when_it_closed(world: World, clock: TestClock) -> None:
    """What came and went between two digests is not lost."""
    world.look(SITE)
    clock.forward(hours=1)
    world.look(SITE, CLEAN)

    assert material(world.store, clock())[1].state.presence is Presence.CORRECTED


def test_dismissed_leads_are_not_listed(world: World, clock: TestClock) -> None:
    """What people found harmless stays out, until they think otherwise."""
    world.look(SITE)
    world.store.leads.append(1, EventKind.DISMISSED, "张三", None, clock())
    assert material(world.store, clock()) == {}
    clock.forward(days=1)
    world.unchanged(SITE)
    world.look(SITE, AD + "改")
    assert material(world.store, clock()) == {}

    clock.forward(days=1)
    world.store.leads.append(1, EventKind.CONFIRMED, "李四", None, clock())
    assert material(world.store, clock())[1].state.review is Review.CONFIRMED


def test_a_day_is_built_as_it_stood_at_its_cutoff(world: World, clock: TestClock) -> None:
    """What happened later, and digests of later days, change nothing in what an earlier day is built from."""
    moments = []
    world.look(f"{SITE}/a")
    world.look(f"{SITE}/b")
    moments.append(clock())
    clock.forward(days=1)
    world.look(f"{SITE}/a", "改：" + AD)
    world.unchanged(f"{SITE}/b")
    world.look(f"{SITE}/c")
    feed(world, clock, AD)
    moments.append(clock())
    clock.forward(days=1)
    world.look(f"{SITE}/a", CLEAN)
    world.store.leads.append(2, EventKind.DISMISSED, "张三", None, clock())
    feed(world, clock, "改：" + AD)
    moments.append(clock())
    fresh = [material(world.store, moment) for moment in moments]

    clock.forward(days=1)
    world.look(f"{SITE}/b", "三改：" + AD)
    world.fails(f"{SITE}/c", Outcome.FAILED, "http_404", 404)
    feed(world, clock, "三改：" + AD)
    world.look(f"{SITE}/d")
    freeze(world.store, clock(), 1, 3, 4)

    assert [sorted(day) for day in fresh] == [[1, 2], [1, 2, 3, 4], [1, 3, 4]]
    assert [material(world.store, moment) for moment in moments] == fresh
    assert fresh[1][1].assessment.findings[0].start == AD.index("包过") + 2
    assert fresh[1][4].page_url == POST


def test_material_tells_whether_its_target_is_still_visited(world: World, clock: TestClock) -> None:
    """A pause is told, and a removal from the moment of it."""
    world.look(SITE)
    before = clock()
    assert material(world.store, before)[1].target_stopped is None
    world.store.targets.pause([world.target.id])
    assert material(world.store, before)[1].target_stopped == "paused"
    clock.forward(hours=1)
    world.store.targets.remove([world.target.id])
    assert material(world.store, clock())[1].target_stopped == "removed"
    assert material(world.store, before)[1].target_stopped != "removed"


def test_last_seen_is_the_last_look_that_found_the_claims(world: World, clock: TestClock) -> None:
    """Looks at a page that is corrected, or out of reach, do not move it."""
    world.look(SITE)
    with_claims = clock.forward(days=1)
    world.unchanged(SITE)
    clock.forward(hours=1)
    world.fails(SITE, Outcome.TIMEOUT)
    clock.forward(hours=1)
    world.look(SITE, CLEAN)

    one = material(world.store, clock())[1]
    assert (one.state.presence, one.last_seen) == (Presence.CORRECTED, with_claims)


def test_a_look_that_was_put_off_is_no_look(world: World, clock: TestClock) -> None:
    """A page that the budget left out was last seen when it was last read."""
    world.look(SITE)
    seen_at = clock()
    clock.forward(days=1)
    run = world.begin()
    world.request(run, SITE)
    world.store.ledger().defer_rest(run.id, world.target.id, "max_pages", "已达到上限")

    one = material(world.store, clock())[1]
    assert (one.last_seen, one.state.presence) == (seen_at, Presence.ONLINE)


def test_a_day_that_is_built_late_knows_when_its_feed_was_looked_at(world: World, clock: TestClock) -> None:
    """An unchanged feed is a look at its entries as of any cutoff; one that lists others now is none."""
    moments = [clock()]
    feed(world, clock, AD)
    for _ in range(2):
        moments.append(clock.forward(days=1))
        world.fails(FEED, Outcome.UNCHANGED, "http_304", 304)
    fresh = list(moments)
    clock.forward(days=1)
    run = world.begin()
    (planned,) = world.store.ledger().plan([CrawlRequest(run.id, world.target.id, FEED, purpose=Purpose.FEED)])
    world.record(ok(planned, clock(), [judged(f"{SITE}/post/2", embedded=True)]))
    moments.append(clock.forward(hours=1))
    world.fails(FEED, Outcome.UNCHANGED, "http_304", 304)
    clock.forward(days=1)
    feed(world, clock, AD)

    assert [material(world.store, moment)[1].last_seen for moment in moments] == [*fresh, fresh[-1]]


def test_what_was_written_after_the_digest_is_in_the_next_one(world: World, clock: TestClock) -> None:
    """A visit older than a digest's cutoff, recorded after it was frozen, is reported the next time."""
    world.look(SITE)
    clock.forward(days=1)
    cutoff = clock()
    freeze(world.store, cutoff, 1)
    clock.now = cutoff - timedelta(seconds=5)
    world.look(SITE, CLEAN)
    clock.now = cutoff + timedelta(days=1)

    assert material(world.store, clock())[1].state.presence is Presence.CORRECTED
    freeze(world.store, clock(), 1)
    clock.forward(days=1)
    assert material(world.store, clock()) == {}


def test_a_digest_that_is_built_late_does_not_take_back_a_newer_one(world: World, clock: TestClock) -> None:
    """After the digest of an earlier day is frozen, the next one still counts from the newest that listed the lead."""
    world.look(SITE)
    yesterday = clock()
    clock.forward(days=1)
    world.unchanged(SITE)
    today = clock()
    freeze(world.store, today, 1)
    freeze(world.store, yesterday, 1)
    clock.forward(days=1)

    assert material(world.store, clock())[1].last_shown_at == today


def test_many_leads_cost_a_handful_of_queries(world: World, clock: TestClock) -> None:
    """The number of statements does not grow with the number of leads."""
    from sqlalchemy import event

    statements: list[str] = []
    event.listen(world.store.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))

    def count() -> int:
        statements.clear()
        list(world.store.digests.lead_material(day_of(clock()), clock()))
        return len(statements)

    world.look(f"{SITE}/0")
    few = count()
    for number in range(1, 40):
        world.look(f"{SITE}/{number}")

    assert count() == few < 12


def test_numbers_are_counted_by_year_and_never_given_twice(store: Store) -> None:
    """The same day keeps its number; the next one gets the next; a new year begins at one."""
    days = [date(2026, 12, 30), date(2026, 12, 31), date(2026, 12, 30), date(2027, 1, 1), date(2026, 12, 29)]

    numbers = [store.digests.next_number(day) for day in days]

    assert numbers == ["〔2026〕第001期", "〔2026〕第002期", "〔2026〕第001期", "〔2027〕第001期", "〔2026〕第003期"]


def test_a_frozen_digest_comes_back_equal(world: World, clock: TestClock) -> None:
    """Items, coverage and number are kept as they were; the list names it."""
    world.look(SITE)

    kept = freeze(world.store, clock(), 1)

    assert world.store.digests.frozen(day_of(clock())) == kept
    assert kept.items == (replace(ITEM, lead_id=1),)
    assert (kept.coverage, kept.number) == (COVERAGE, "〔2026〕第001期")
    assert world.store.digests.frozen(date(2026, 1, 1)) is None
    (listed,) = world.store.digests.list()
    assert (listed.date, listed.number, listed.items) == (date(2026, 11, 24), "〔2026〕第001期", 1)


def test_freezing_a_day_again_keeps_the_first(world: World, clock: TestClock) -> None:
    """Another digest of the same day is not kept, and what is kept comes back."""
    world.look(SITE)
    kept = freeze(world.store, clock(), 1)

    assert freeze(world.store, clock.forward(hours=1)) == kept
    assert len(world.store.digests.list()) == 1


def test_of_many_builders_at_once_one_digest_is_kept(
    world: World, clock: TestClock, open_again: Callable[[], Store]
) -> None:
    """Six processes that freeze the same day at the same moment all get the same digest, and other days other numbers."""
    world.look(SITE)
    stores = [open_again() for _ in range(6)]
    barrier = threading.Barrier(6)
    kept: list[Digest] = []

    def build(number: int, store: Store) -> None:
        barrier.wait()
        kept.append(freeze(store, clock() + timedelta(seconds=number), 1))
        kept.append(freeze(store, clock() + timedelta(days=1 + number), 1))

    threads = [threading.Thread(target=build, args=(number, store)) for number, store in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(kept) == 12
    assert len({digest.generated_at for digest in kept if digest.date == day_of(clock())}) == 1
    assert len({digest.number for digest in kept}) == 7


def test_a_digest_that_was_tampered_with_is_not_shown(world: World, clock: TestClock) -> None:
    """Whoever gets round the triggers is found out by the hash."""
    world.look(SITE)
    freeze(world.store, clock(), 1)
    with writing(world.store.engine) as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER digest_items_no_update"))
        else:
            connection.execute(text("ALTER TABLE digest_items DISABLE TRIGGER digest_items_append_only"))
        connection.execute(text("UPDATE digest_items SET payload = replace(payload, '87.5', '7.5')"))

    try:
        with pytest.raises(ZhengxunError, match="校验值不一致"):
            world.store.digests.frozen(day_of(clock()))
    finally:
        if world.store.engine.dialect.name == "postgresql":
            with writing(world.store.engine) as connection:
                connection.execute(text("ALTER TABLE digest_items ENABLE TRIGGER digest_items_append_only"))


def test_the_status_in_the_row_is_the_items_status(world: World, clock: TestClock) -> None:
    """A digest's items can be counted by status without reading them."""
    world.look(SITE)
    freeze(world.store, clock(), 1)
    with writing(world.store.engine) as connection:
        assert connection.execute(text("SELECT status FROM digest_items")).scalar() == DigestStatus.STILL_ONLINE.value
