"""Lists of leads, one lead, and what reviewers add."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from domain.crawl import CrawlRequest, Outcome
from domain.errors import BadInput, IllegalMove
from domain.lead import EventKind, Presence, Review, fold
from storage import Store
from tests.storage.build import AD, CLEAN, SITE, World, judged, ok
from tests.storage.conftest import TestClock


def test_lists_show_the_worst_first_and_can_be_narrowed(world: World, clock: TestClock) -> None:
    """Every condition narrows the list; limit and offset cut it."""
    other = world.add_target("other")
    run = world.begin()
    for name, score in [("a", 60.0), ("b", 90.0), ("c", 75.0)]:
        request = world.request(run, f"{SITE}/{name}")
        world.record(ok(request, clock(), [judged(request.url, score=score)]))
    clock.forward(days=1)
    world.fails(f"{SITE}/a", Outcome.BLOCKED, "captcha")
    world.look(f"{SITE}/d")
    leads = world.store.leads
    leads.append(2, EventKind.CONFIRMED, "张三", None, clock())

    def ids(**conditions: object) -> list[int]:
        return [lead.id for lead in leads.list(**conditions)]  # type: ignore[arg-type]

    assert ids() == [2, 4, 3, 1]
    assert ids(limit=2, offset=1) == [4, 3]
    assert ids(review=Review.CONFIRMED) == [2]
    assert ids(review=Review.PENDING, presence=Presence.ONLINE) == [4, 3]
    assert ids(presence=Presence.UNVERIFIABLE) == [1]
    assert ids(level="high") == [2, 4, 3, 1]
    assert ids(level="low") == []
    assert ids(target_id=world.target.id, limit=1) == [2]
    assert ids(target_id=other.id) == []
    assert ids(day=date(2026, 11, 24)) == [2, 3, 1]
    assert ids(day=date(2026, 11, 25)) == [4]
    first = leads.list(limit=1)[0]
    assert (first.title, first.page_url, first.target_name, first.score) == ("考证服务", f"{SITE}/b", "peixun", 90.0)
    assert (first.state.review, first.version) == (Review.CONFIRMED, 2)


def test_days_are_counted_in_shanghai(world: World, clock: TestClock) -> None:
    """A page found at 23:30 UTC belongs to the next day's list."""
    clock.forward(hours=22, minutes=30)
    world.look(SITE)

    assert [len(world.store.leads.list(day=date(2026, 11, day))) for day in (24, 25)] == [0, 1]


def test_a_decision_is_an_event_with_its_author(world: World, clock: TestClock) -> None:
    """What a person decided is kept with name, time and reason, and changes the state."""
    world.look(SITE)
    at = clock.forward(hours=1)

    state = world.store.leads.append(1, EventKind.DISMISSED, "张三", "警示文章", at)

    assert state.review is Review.DISMISSED
    detail = world.store.leads.get(1)
    event = detail.lead.events[-1]
    assert (event.kind, event.actor, event.reason, event.at) == (EventKind.DISMISSED, "张三", "警示文章", at)
    assert detail.lead.state == state == fold(detail.lead.events)


def test_a_move_the_state_does_not_allow_leaves_no_trace(world: World, clock: TestClock) -> None:
    """A lead cannot be referred before it is confirmed."""
    world.look(SITE)

    with pytest.raises(IllegalMove, match="待研判"):
        world.store.leads.append(1, EventKind.REFERRED, "张三", None, clock())

    assert world.events() == ["found"]


def test_two_people_cannot_decide_past_each_other(world: World, clock: TestClock) -> None:
    """Who decides on what he saw is told when there is something newer."""
    world.look(SITE)
    seen = world.store.leads.get(1).version
    world.store.leads.append(1, EventKind.CONFIRMED, "张三", None, clock(), expected_version=seen)

    with pytest.raises(IllegalMove, match="已有新的记录（11-24 09:00 张三：确认）"):
        world.store.leads.append(1, EventKind.DISMISSED, "李四", None, clock(), expected_version=seen)

    assert world.events() == ["found", "confirmed"]


def test_of_many_at_once_one_decision_stands(world: World, clock: TestClock, open_again: Callable[[], Store]) -> None:
    """Eight people who saw the same version decide at the same moment: one is kept, seven are told."""
    world.look(SITE)
    results: list[str] = []
    barrier = threading.Barrier(8)
    stores = [open_again() for _ in range(8)]

    def decide(store: Store, name: str) -> None:
        barrier.wait()
        try:
            store.leads.append(1, EventKind.CONFIRMED, name, None, clock(), expected_version=1)
            results.append("kept")
        except IllegalMove:
            results.append("told")

    threads = [threading.Thread(target=decide, args=(store, str(number))) for number, store in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == ["kept"] + ["told"] * 7
    assert world.events() == ["found", "confirmed"]


def test_an_unknown_lead_is_named(world: World, clock: TestClock) -> None:
    """Neither reading nor deciding works on a number that is not there."""
    with pytest.raises(BadInput, match="31"):
        world.store.leads.get(31)
    with pytest.raises(BadInput, match="32"):
        world.store.leads.append(32, EventKind.NOTED, "张三", "x", clock())


@pytest.mark.parametrize("seed", range(3))
def test_the_state_in_the_row_is_always_the_fold_of_the_events(world: World, clock: TestClock, seed: int) -> None:
    """Whatever crawls and reviewers do, in any order, list and fold agree."""
    choose = random.Random(seed)
    visits: list[Callable[[], object]] = [
        lambda: world.look(SITE, AD + str(choose.random())),
        lambda: world.look(SITE, CLEAN + str(choose.random())),
        lambda: world.unchanged(SITE),
        lambda: world.fails(SITE, Outcome.FAILED, "http_404", 404),
        lambda: world.fails(SITE, Outcome.BLOCKED, "captcha"),
    ]
    reviews = (
        EventKind.CONFIRMED, EventKind.DISMISSED, EventKind.CHECK_REQUESTED, EventKind.REFERRED, EventKind.NOTED,
        EventKind.UNDONE, EventKind.ACCEPTED, EventKind.RETURNED, EventKind.HANDLED, EventKind.ASSIGNED,
    )  # fmt: skip
    world.look(SITE)
    for _ in range(25):
        clock.forward(hours=choose.randrange(1, 12))
        if choose.random() < 0.7:
            choose.choice(visits)()
        else:
            try:
                details = [("owner", choose.choice(["王五", ""]))]
                world.store.leads.append(1, choose.choice(reviews), "张三", None, clock(), details=details)
            except IllegalMove:
                continue
        detail = world.store.leads.get(1)
        assert detail.lead.state == fold(detail.lead.events)
        assert detail.version == len(detail.lead.events)


def test_crawls_reviews_and_digests_at_the_same_time_do_not_block_each_other(
    world: World, clock: TestClock, open_again: Callable[[], Store]
) -> None:
    """While a crawl records the same pages again and again, reviewers decide and digests are frozen; nobody fails."""
    from tests.storage.test_digests import freeze

    urls = [f"{SITE}/{number}" for number in range(12)]
    for url in urls:
        world.look(url)
    failed: list[BaseException] = []

    def guarded(work: Callable[[Store], None]) -> threading.Thread:
        def run(store: Store) -> None:
            try:
                work(store)
            except BaseException as error:
                failed.append(error)

        return threading.Thread(target=run, args=(open_again(),))

    def crawl(store: Store) -> None:
        for round_ in range(4):
            run = store.begin_run([1])
            planned = store.ledger().plan([CrawlRequest(run.id, 1, url) for url in urls])
            store.ledger().record([ok(one, clock(), [judged(one.url, f"{AD}{round_}")]) for one in planned])

    def review(store: Store) -> None:
        for lead_id in reversed(range(1, 13)):
            store.leads.append(lead_id, EventKind.NOTED, "张三", "x", clock())

    def report(store: Store) -> None:
        for day in range(4):
            freeze(store, clock() + timedelta(days=day), *range(1, 13))

    threads = [guarded(crawl), guarded(crawl), guarded(review), guarded(review), guarded(report)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    for lead in world.store.leads.list():
        detail = world.store.leads.get(lead.id)
        assert fold(detail.lead.events) == lead.state
        assert lead.version == len(detail.lead.events) >= 3


def test_a_referral_may_need_a_second_person(world: World, clock: TestClock) -> None:
    """With 双人复核, who confirmed a lead does not refer it; authority and owner are kept and can be asked for."""
    world.look(SITE)
    append = world.store.leads.append
    append(1, EventKind.CONFIRMED, "张三", None, clock(), code="Q2")
    with pytest.raises(IllegalMove, match="另一人"):
        append(1, EventKind.REFERRED, "张三", None, clock(), second_person=True)
    state = append(
        1, EventKind.REFERRED, "李四", None, clock(), second_person=True, details=[("authority", "市网信办")]
    )
    append(1, EventKind.ASSIGNED, "李四", None, clock(), details=[("owner", "王五")])

    assert (state.referred_to, state.confirmed_by) == ("市网信办", "张三")
    leads = world.store.leads
    assert [event.code for event in leads.get(1).lead.events] == [None, "Q2", None, None]
    assert (leads.count(owner="王五"), leads.count(owner=""), leads.count(platform="web")) == (1, 0, 1)
    assert (leads.count(region="山西"), leads.count(region="太原")) == (1, 0)
    assert leads.count(overdue_since=clock() - timedelta(days=7)) == 0
    clock.forward(days=8)
    assert leads.count(overdue_since=clock() - timedelta(days=7)) == 1
    with pytest.raises(BadInput, match="W1"):
        append(1, EventKind.DISMISSED, "李四", None, clock(), code="Q2")


def test_versions_of_a_page_are_listed_oldest_first(world: World, clock: TestClock) -> None:
    """Each kept version with its text and what was made of it; the newest alone on demand."""
    for text in (AD, AD + "七天拿证。", CLEAN):
        world.look(SITE, text)
        clock.forward(days=1)
    versions = world.store.leads.versions(1)
    assert [(version.text, version.flagged) for version in versions] == [
        (AD, True), (AD + "七天拿证。", True), (CLEAN, False),
    ]  # fmt: skip
    assert world.store.leads.versions(1, 2) == versions[1:]
