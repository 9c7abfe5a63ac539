"""What of a day's plan was seen."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from domain.crawl import CrawlRequest, CrawlRun, Outcome, Purpose
from domain.digest import Coverage
from domain.target import Target
from storage import Store, open_store
from tests.storage.build import SITE, START, World, ended, judged, ok
from tests.storage.conftest import TestClock

DAY = date(2026, 11, 24)


def coverage(store: Store, clock: TestClock, day: date = DAY) -> Coverage:
    """Coverage of a day up to now."""
    return store.digests.coverage(day, clock())


def visit(
    world: World, clock: TestClock, run: CrawlRun, target: Target, url: str, outcome: Outcome, **words: str
) -> None:
    """One request of a run with its end; the target's own address has depth 0."""
    depth = 0 if url == target.url else 1
    (request,) = world.store.ledger().plan([CrawlRequest(run.id, target.id, url, depth=depth)])
    if outcome is Outcome.OK:
        world.record(ok(request, clock(), [judged(url)]))
    else:
        world.record(ended(request, clock(), outcome, **words))  # type: ignore[arg-type]


def test_nothing_is_covered_on_a_day_without_runs(world: World, clock: TestClock) -> None:
    """Without a schedule, a target that no run visited is not counted."""
    assert coverage(world.store, clock) == Coverage(0, 0, ())


def test_a_target_whose_start_page_was_seen_is_ok(world: World, clock: TestClock) -> None:
    """Read or unchanged counts; outcomes are counted by page."""
    run = world.begin()
    visit(world, clock, run, world.target, world.target.url, Outcome.UNCHANGED)
    visit(world, clock, run, world.target, f"{SITE}/a", Outcome.OK)

    assert coverage(world.store, clock) == Coverage(1, 1, (), (("ok", 1), ("unchanged", 1)))


def test_every_kind_of_gap_is_named(world: World, clock: TestClock) -> None:
    """Start pages by themselves, other pages together for each outcome with one of them as an example."""
    other = world.add_target("other")
    run = world.begin(world.target, other)
    visit(world, clock, run, world.target, world.target.url, Outcome.OK)
    for number in range(3):
        visit(world, clock, run, world.target, f"{SITE}/robots/{number}", Outcome.ROBOTS)
    visit(world, clock, run, world.target, f"{SITE}/slow", Outcome.TIMEOUT, detail="60 秒内没有应答")
    (late,) = world.store.ledger().plan([CrawlRequest(run.id, world.target.id, f"{SITE}/late")])
    world.store.ledger().defer_rest(run.id, world.target.id, "max_pages", "已达到每次 6 页的上限")
    visit(world, clock, run, other, other.url, Outcome.BLOCKED, reason="captcha", detail="网站要求输入验证码")

    found = coverage(world.store, clock)

    assert (found.targets_planned, found.targets_ok) == (2, 1)
    assert [(gap.target_id, gap.name, gap.outcome, gap.detail) for gap in found.gaps] == [
        (1, "peixun", "robots", f"3 个页面：robots 禁止（如 {SITE}/robots/0）"),
        (1, "peixun", "timeout", f"1 个页面：60 秒内没有应答（如 {SITE}/slow）"),
        (1, "peixun", "deferred", f"1 个页面：已达到每次 6 页的上限（如 {late.url}）"),
        (2, "other", "blocked", "入口页面：网站要求输入验证码"),
    ]
    assert dict(found.pages) == {"ok": 1, "robots": 3, "blocked": 1, "timeout": 1, "deferred": 1}


def test_a_page_counts_with_its_last_outcome_of_the_day(world: World, clock: TestClock) -> None:
    """What was out of reach in the morning and seen at noon is no gap."""
    for outcome in (Outcome.TIMEOUT, Outcome.OK):
        run = world.begin()
        visit(world, clock, run, world.target, world.target.url, outcome)
        visit(world, clock, run, world.target, f"{SITE}/a", outcome)
        clock.forward(hours=2)

    assert coverage(world.store, clock) == Coverage(1, 1, (), (("ok", 2),))


def test_a_missing_sitemap_is_no_gap(world: World, clock: TestClock) -> None:
    """Most sites have none."""
    run = world.begin()
    visit(world, clock, run, world.target, world.target.url, Outcome.OK)
    request = world.request(run, f"{SITE}/sitemap.xml", purpose=Purpose.SITEMAP, depth=0)
    world.record(ended(request, clock(), Outcome.FAILED, "http_404"))

    assert coverage(world.store, clock).gaps == ()


@pytest.mark.parametrize(
    ("outcome", "reason", "gap"),
    [
        (Outcome.FAILED, "http_404", False),
        (Outcome.FAILED, "http_410", False),
        (Outcome.FAILED, "moved", False),
        (Outcome.FAILED, "deleted", False),
        (Outcome.FAILED, "violation", False),
        (Outcome.EMPTY, "soft_404", False),
        (Outcome.EMPTY, "needs_rendering", True),
        (Outcome.FAILED, "http_503", True),
        (Outcome.FAILED, "dns", True),
        (Outcome.BLOCKED, "http_403", True),
    ],
)
def test_a_page_that_is_gone_is_no_gap(
    world: World, clock: TestClock, outcome: Outcome, reason: str, gap: bool
) -> None:
    """Its answer was definite, unlike that of a page which is out of reach; a start page has to be there."""
    other = world.add_target("other")
    run = world.begin(world.target, other)
    visit(world, clock, run, world.target, world.target.url, Outcome.OK)
    visit(world, clock, run, world.target, f"{SITE}/a", outcome, reason=reason)
    visit(world, clock, run, other, other.url, outcome, reason=reason)

    gaps = coverage(world.store, clock).gaps
    assert [found.name for found in gaps] == ["peixun", "other"][0 if gap else 1 :]


def test_a_run_that_was_cut_off_is_a_gap(world: World, clock: TestClock) -> None:
    """A target whose visit was begun and whose start page has no outcome was not seen."""
    world.begin()
    other = world.add_target("other")
    run = world.begin(other)
    world.store.ledger().plan([CrawlRequest(run.id, other.id, other.url)])

    found = coverage(world.store, clock)

    assert (found.targets_planned, found.targets_ok) == (2, 0)
    assert {(gap.target_id, gap.outcome) for gap in found.gaps} == {(1, "deferred"), (2, "deferred")}
    assert "尚未完成" in found.gaps[0].detail


def test_a_spider_that_begins_elsewhere_is_judged_by_where_it_began(world: World, clock: TestClock) -> None:
    """Without a request for the target's own address, the addresses of depth 0 are its start pages."""
    run = world.begin()
    request = world.request(run, f"{SITE}/api/list", depth=0)
    world.record(ok(request, clock(), [judged(request.url)]))

    assert (coverage(world.store, clock).targets_planned, coverage(world.store, clock).targets_ok) == (1, 1)


def test_looking_at_leads_again_is_no_visit_of_the_target(world: World, clock: TestClock) -> None:
    """A recheck counts its pages and their gaps, and does not make the target planned."""
    run = world.begin()
    visit(world, clock, run, world.target, f"{SITE}/lead", Outcome.TIMEOUT)

    found = coverage(world.store, clock)

    assert (found.targets_planned, found.targets_ok, dict(found.pages)) == (0, 0, {"timeout": 1})
    assert [gap.outcome for gap in found.gaps] == ["timeout"]


def test_a_target_that_was_due_and_not_visited_is_a_gap(world: World, clock: TestClock, database_url: str) -> None:
    """The caller's schedule is asked as of the cutoff; paused and removed targets are not planned."""
    due, done, paused, removed = (world.add_target(name) for name in ("due", "done", "paused", "removed"))
    world.store.targets.pause([paused.id])
    world.store.targets.remove([removed.id])
    run = world.begin(done)
    visit(world, clock, run, done, done.url, Outcome.OK)
    world.store.finish_run(run.id)
    asked: dict[str, object] = {}

    def is_due(target: Target, now: object) -> bool:
        asked[target.name] = target.last_run_at
        return target.name == "due"

    clock.forward(days=1)
    later = world.begin(due)
    world.store.finish_run(later.id)
    store = open_store(database_url, clock=clock, confirm_after=timedelta(hours=6), is_due=is_due)
    found = store.digests.coverage(DAY, START + timedelta(hours=3))
    store.close()

    assert (found.targets_planned, found.targets_ok) == (2, 1)
    assert [(gap.name, gap.outcome) for gap in found.gaps] == [("due", "not_run")]
    assert asked == {"peixun": None, "due": None}


def test_a_day_does_not_see_what_came_after_its_cutoff(world: World, clock: TestClock) -> None:
    """Requests of the next day, and of this day after the cutoff, change nothing."""
    run = world.begin()
    visit(world, clock, run, world.target, world.target.url, Outcome.OK)
    before = coverage(world.store, clock)
    cutoff = clock()
    clock.forward(hours=1)
    visit(world, clock, run, world.target, f"{SITE}/later", Outcome.TIMEOUT)
    clock.forward(days=1)
    visit(world, clock, world.begin(), world.target, world.target.url, Outcome.BLOCKED)

    assert world.store.digests.coverage(DAY, cutoff) == before


def test_a_start_page_that_was_seen_after_the_cutoff_was_not_seen_by_then(world: World, clock: TestClock) -> None:
    """At the cutoff the visit was begun and not yet done."""
    run = world.begin()
    (request,) = world.store.ledger().plan([CrawlRequest(run.id, 1, world.target.url)])
    cutoff = clock.forward(minutes=1)
    clock.forward(minutes=1)
    world.record(ok(request, clock(), [judged(request.url)]))

    then = world.store.digests.coverage(DAY, cutoff)

    assert (then.targets_planned, then.targets_ok) == (1, 0)
    assert [gap.outcome for gap in then.gaps] == ["deferred"]
    assert coverage(world.store, clock).targets_ok == 1


def test_a_run_over_midnight_counts_for_the_day_it_ends_on(world: World, clock: TestClock) -> None:
    """A target begun at 23:30 and still under way after midnight is visited on both days."""
    clock.forward(hours=14, minutes=30)
    run = world.begin()
    visit(world, clock, run, world.target, world.target.url, Outcome.OK)
    clock.forward(hours=1)
    visit(world, clock, run, world.target, f"{SITE}/a", Outcome.OK)
    world.store.finish_run(run.id)

    both = [coverage(world.store, clock, day) for day in (DAY, DAY + timedelta(days=1))]

    assert [(day.targets_planned, day.targets_ok, dict(day.pages)) for day in both] == [(1, 1, {"ok": 1})] * 2


def test_each_target_has_a_line_of_its_own(world: World, clock: TestClock) -> None:
    """The coverage of single targets says which were seen and how their pages ended."""
    run = world.begin()
    visit(world, clock, run, world.target, world.target.url, Outcome.OK)

    (line,) = world.store.target_coverage(DAY, clock())

    assert (line.target_id, line.name, line.planned, line.ok, line.pages) == (1, "peixun", True, True, {"ok": 1})
