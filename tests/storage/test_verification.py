"""What a visit means for a lead: found, edited, corrected, gone, out of sight, back again."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.analysis import PageVisit
from domain.crawl import CrawlRequest, Outcome, Purpose
from domain.document import PageVerdict
from domain.lead import Presence
from storage.engine import reading
from storage.tables import PageRow
from tests.storage.build import AD, CLEAN, SITE, World, ended, judged, ok
from tests.storage.conftest import TestClock

FEED = f"{SITE}/feed.xml"
POST = f"{SITE}/post/1"


def test_a_flagged_page_becomes_one_lead(world: World, clock: TestClock) -> None:
    """The first flagged version opens the lead; the same page seen again adds no event but its time."""
    world.look(SITE)
    day = clock.forward(days=1)
    world.unchanged(SITE)

    assert world.events() == ["found"]
    assert world.store.leads.get(1).last_seen == day
    assert len(world.store.leads.list()) == 1


def test_a_harmless_page_becomes_no_lead(world: World) -> None:
    """Nothing is opened for a page that was not flagged."""
    world.look(SITE, CLEAN)

    assert world.store.leads.list() == []


def test_an_edit_is_noted_and_the_lead_rests_on_the_new_version(world: World, clock: TestClock) -> None:
    """Other visible text that still violates is an edit."""
    world.look(SITE)
    clock.forward(days=1)
    world.look(SITE, "改版后仍然" + AD)

    assert world.events() == ["found", "edited"]
    detail = world.store.leads.get(1)
    assert detail.document.text.startswith("改版后")
    assert (detail.evidence.snapshot_id, detail.lead.events[1].snapshot_id) == (2, 2)
    assert detail.contexts[0].startswith("改版后")


def test_new_bytes_with_the_same_text_are_no_edit(world: World) -> None:
    """A new version that says the same adds no event."""
    world.look(SITE)
    world.look(SITE)

    assert world.events() == ["found"]


def test_claims_taken_back_and_made_again(world: World, clock: TestClock) -> None:
    """Corrected when the claims are gone, reappeared when they are back; unchanged pages keep what they are."""
    world.look(SITE)
    clock.forward(days=1)
    world.look(SITE, CLEAN)
    assert world.state().presence is Presence.CORRECTED
    assert world.state().reason == "页面可以访问，未再发现违规宣传内容"
    world.unchanged(SITE)
    assert world.events() == ["found", "corrected"]
    assert world.store.leads.get(1).document.text == AD

    clock.forward(days=1)
    run = world.look(SITE)
    assert world.events() == ["found", "corrected", "reappeared"]
    assert world.store.run_summary(run.id).leads_reopened == 1


@pytest.mark.parametrize(
    ("outcome", "reason", "verdict"),
    [
        (Outcome.FAILED, "http_404", None),
        (Outcome.FAILED, "http_410", None),
        (Outcome.EMPTY, "soft_404", None),
        (Outcome.EMPTY, None, PageVerdict.SOFT_404),
        (Outcome.EMPTY, None, PageVerdict.DELETED),
        (Outcome.FAILED, "violation", PageVerdict.VIOLATION),
        (Outcome.FAILED, "moved", None),
    ],
)
def test_a_page_is_removed_after_two_looks_far_enough_apart(
    world: World, clock: TestClock, outcome: Outcome, reason: str | None, verdict: PageVerdict | None
) -> None:
    """The first look only raises the suspicion; a second one too soon changes nothing; six hours later it counts."""

    def gone() -> None:
        run = world.begin()
        world.record(ended(world.request(run, SITE), clock(), outcome, reason, verdict=verdict))

    world.look(SITE)
    clock.forward(days=1)
    gone()
    assert world.state().presence is Presence.SUSPECTED_GONE
    assert world.state().reason == "疑似下线，待复核"
    clock.forward(hours=5)
    gone()
    assert world.state().presence is Presence.SUSPECTED_GONE
    clock.forward(hours=1)
    gone()
    assert world.state().presence is Presence.REMOVED
    assert world.events() == ["found", "missing", "removed"]


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Outcome.BLOCKED, "captcha"),
        (Outcome.BLOCKED, "login_wall"),
        (Outcome.TIMEOUT, None),
        (Outcome.ROBOTS, None),
        (Outcome.TOO_LARGE, None),
        (Outcome.EMPTY, "script_only"),
        (Outcome.FAILED, "dns"),
        (Outcome.FAILED, "http_500"),
        (Outcome.FAILED, "redirected_out_of_scope"),
    ],
)
def test_being_kept_out_is_never_a_removal(
    world: World, clock: TestClock, outcome: Outcome, reason: str | None
) -> None:
    """However often we are kept out, the lead is only unverifiable, and stands again when the page is seen."""
    world.look(SITE)
    for _ in range(3):
        clock.forward(days=1)
        world.fails(SITE, outcome, reason)
    assert world.events() == ["found", "unverifiable"]
    assert outcome.label in (world.state().reason or "")

    clock.forward(days=1)
    world.unchanged(SITE)
    assert world.events() == ["found", "unverifiable", "seen"]


def test_a_page_the_budget_left_out_says_nothing(world: World, clock: TestClock) -> None:
    """A request that was never made changes neither page nor lead."""
    world.look(SITE)
    world.fails(SITE, Outcome.DEFERRED, "max_pages")

    assert world.events() == ["found"]


def test_the_entry_of_a_feed_is_a_page_of_its_own(world: World, clock: TestClock) -> None:
    """A flagged entry opens a lead at its own address, and the feed is none."""
    feed(world, clock, AD)

    (lead,) = world.store.leads.list()
    assert (lead.page_url, lead.title) == (POST, "考证服务")
    detail = world.store.leads.get(lead.id)
    assert detail.final_url == POST
    assert detail.document.embedded
    with reading(world.store.engine) as connection:
        pages = {row.url: row for row in connection.execute(select(*PageRow.__table__.c))}
    assert [(pages[url].times_seen, pages[url].times_changed) for url in (FEED, POST)] == [(1, 0), (1, 0)]


def test_an_unchanged_feed_still_shows_its_entries(world: World, clock: TestClock) -> None:
    """A 304 for the feed is a look at each entry it lists."""
    feed(world, clock, AD)
    day = clock.forward(days=1)
    world.unchanged(FEED)

    assert world.store.leads.get(1).last_seen == day
    assert world.events() == ["found"]


def test_an_edited_entry_is_an_edit_and_another_entry_is_none(world: World, clock: TestClock) -> None:
    """Entries are compared one by one, not by the feed's text."""
    feed(world, clock, AD)
    clock.forward(days=1)
    feed(world, clock, AD, more=[judged(f"{SITE}/post/2", CLEAN, embedded=True)])
    assert world.events() == ["found"]
    feed(world, clock, "改过：" + AD)
    assert world.events() == ["found", "edited"]


def test_an_entry_that_says_less_does_not_close_its_lead(world: World, clock: TestClock) -> None:
    """A feed may shorten its entries; only the page's own fetch says that the claims are gone."""
    feed(world, clock, AD)
    clock.forward(days=1)
    feed(world, clock, CLEAN)
    assert world.events() == ["found"]

    world.look(POST, CLEAN)
    assert world.events() == ["found", "corrected"]


def test_a_feed_never_overrides_a_page_that_was_fetched_itself(world: World, clock: TestClock) -> None:
    """Neither a clean page nor a page that is gone is flagged again because the feed still lists it."""
    feed(world, clock, AD)
    world.look(POST)
    assert world.events() == ["found"]
    clock.forward(days=1)
    world.fails(POST, Outcome.FAILED, "http_404", 404)
    feed(world, clock, AD + "。")
    clock.forward(days=1)
    world.fails(POST, Outcome.FAILED, "http_404", 404)
    feed(world, clock, AD)

    assert world.events() == ["found", "missing", "removed"]


def test_a_page_behind_a_wall_stands_as_long_as_its_feed_shows_it(world: World, clock: TestClock) -> None:
    """Being kept out of a page says nothing when its feed showed it just now, and does when it no longer does."""
    feed(world, clock, AD)
    world.fails(POST, Outcome.BLOCKED, "captcha")
    assert world.events() == ["found"]

    clock.forward(days=1)
    world.fails(POST, Outcome.BLOCKED, "captcha")
    assert world.events() == ["found", "unverifiable"]


def test_an_entry_is_visited_itself_only_inside_the_scope(world: World, clock: TestClock) -> None:
    """An open lead known from a feed is planned where its host belongs to the target, and nowhere else."""
    feed(world, clock, AD, more=[judged("http://elsewhere.example/post", embedded=True)])
    run, ledger = world.begin(), world.store.ledger()

    ledger.plan_known(run.id, world.target.id, 10)

    planned = {request.url for request in ledger.pending(run.id, world.target.id, 10)}
    assert planned == {FEED, POST}


def test_a_page_with_several_documents_goes_by_the_worst(world: World, clock: TestClock) -> None:
    """A thread of posts is one page; its lead rests on the post that scores highest."""
    run = world.begin()
    request = world.request(run, SITE)
    world.record(
        ok(request, clock(), [judged(SITE, CLEAN), judged(SITE, AD, score=60.0), judged(SITE, AD + "!", score=90.0)])
    )

    (lead,) = world.store.leads.list()
    assert lead.score == 90.0
    assert world.store.leads.get(lead.id).document.text == AD + "!"


def test_a_sitemap_is_no_page(world: World, clock: TestClock) -> None:
    """An answer without a snapshot leaves its outcome and nothing else."""
    run = world.begin()
    request = world.request(run, f"{SITE}/sitemap.xml", purpose=Purpose.SITEMAP)
    world.record(ended(request, clock(), Outcome.OK, status=200))

    assert world.store.run_summary(run.id).pages == {"ok": 1}
    assert world.store.ledger().plan_known(world.begin().id, world.target.id, 10) == 0


def test_visits_of_one_batch_act_in_their_order(world: World, clock: TestClock) -> None:
    """A feed and the page it lists, in one batch, leave one lead with one beginning."""
    run = world.begin()
    visits: list[PageVisit] = [
        ok(world.request(run, FEED, purpose=Purpose.FEED), clock(), [judged(POST, embedded=True)]),
        ok(world.request(run, POST), clock(), [judged(POST)]),
    ]
    world.record(*visits)

    assert world.events() == ["found"]
    assert not world.store.leads.get(1).document.embedded


def feed(world: World, clock: TestClock, text: str, more: list = []) -> None:  # type: ignore[type-arg]  # noqa: B006
    """A run in which the feed was new or changed and lists POST with ``text``."""
    run = world.begin()
    request = CrawlRequest(run.id, world.target.id, FEED, purpose=Purpose.FEED)
    (planned,) = world.store.ledger().plan([request])
    world.record(ok(planned, clock(), [judged(POST, text, embedded=True), *more]))
    world.store.finish_run(run.id)
