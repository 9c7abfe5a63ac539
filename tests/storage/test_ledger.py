"""Planning requests and recording how they ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from domain.analysis import PageVisit
from domain.crawl import CrawlRequest, Outcome, Purpose
from domain.document import Segment, SegmentKind
from domain.errors import BadInput
from storage import Store
from storage.engine import reading
from storage.tables import AssessmentRow, Base, CrawlRequestRow, DocumentRow, FindingRow, PageRow, SnapshotRow
from tests.storage.build import AD, CLEAN, SITE, World, assessment, document, ended, judged, ok
from tests.storage.conftest import TestClock


def count(store: Store, table: type[Base]) -> int:
    """Number of rows."""
    with reading(store.engine) as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_a_run_plans_an_address_once(world: World) -> None:
    """Only what is new comes back, in the order given, with an id."""
    run, ledger = world.begin(), world.store.ledger()
    a, b, c = (CrawlRequest(run.id, world.target.id, f"{SITE}/{name}") for name in "abc")

    first = ledger.plan([a, b, a])
    second = ledger.plan([c, b])

    assert [request.url for request in first] == [a.url, b.url]
    assert [request.url for request in second] == [c.url]
    assert len({request.id for request in first + second}) == 3
    assert ledger.plan([]) == []
    assert ledger.pending_count(run.id, world.target.id) == 3


def test_another_run_plans_the_same_address_again(world: World) -> None:
    """(run, address) is unique, not the address."""
    runs = [world.begin(), world.begin()]

    assert [len(world.store.ledger().plan([CrawlRequest(run.id, world.target.id, SITE)])) for run in runs] == [1, 1]


def test_every_field_of_a_request_is_kept(world: World) -> None:
    """What was planned is handed out again as it was."""
    run = world.begin()
    wanted = CrawlRequest(run.id, world.target.id, SITE, 3, -7, Purpose.FEED, f"{SITE}/from", "报名 入口\x00")

    (planned,) = world.store.ledger().plan([wanted])
    (pending,) = world.store.ledger().pending(run.id, world.target.id, 10)

    assert replace(pending, anchor=wanted.anchor) == planned == replace(wanted, id=planned.id)
    assert pending.anchor == "报名 入口\ufffd"


def test_a_planned_request_knows_what_is_kept_of_its_page(world: World) -> None:
    """The version that is kept travels with the request, whether it is planned or handed out again."""
    world.look(SITE)
    run = world.begin()

    (planned,) = world.store.ledger().plan([CrawlRequest(run.id, world.target.id, SITE)])
    (pending,) = world.store.ledger().pending(run.id, world.target.id, 1)

    assert planned.known is not None
    assert planned.known == pending.known
    assert (planned.known.etag, planned.known.last_modified) == ('"v1"', "Tue, 24 Nov 2026 00:00:00 GMT")
    assert (planned.known.snapshot_id, len(planned.known.sha256), len(planned.known.text_sha256)) == (1, 64, 64)


def test_pending_gives_the_most_urgent_first_without_those_under_way(world: World) -> None:
    """Highest priority first, oldest first among equals, and none of the ids that are left out."""
    run, ledger = world.begin(), world.store.ledger()
    planned = ledger.plan(
        [
            CrawlRequest(run.id, world.target.id, f"{SITE}/{name}", priority=priority)
            for name, priority in [("low", -1), ("a", 5), ("b", 5), ("high", 9)]
        ]
    )
    ids = {request.url.rpartition("/")[2]: request.id or 0 for request in planned}

    def names(limit: int, exclude: tuple[int, ...] = ()) -> list[str]:
        return [one.url.rpartition("/")[2] for one in ledger.pending(run.id, world.target.id, limit, exclude)]

    assert names(10) == ["high", "a", "b", "low"]
    assert names(2, (ids["high"],)) == ["a", "b"]
    assert names(1, (ids["high"], ids["a"])) == ["b"]
    assert ledger.pending(run.id, world.target.id + 1, 10) == []


def test_recording_keeps_everything_of_a_visit(world: World, clock: TestClock) -> None:
    """Outcome, page, snapshot, documents, assessments and findings are there afterwards."""
    run = world.begin()
    request = world.request(run, SITE)
    visit = ok(request, clock(), [judged(SITE)])

    world.record(visit)

    stored = list(world.store.stored_documents())
    assert [one.document for one in stored] == [document(SITE)]
    assert [one.assessment for one in stored] == [assessment()]
    detail = world.store.leads.get(1)
    assert visit.snapshot is not None
    assert (detail.final_url, detail.evidence.sha256) == (visit.snapshot.final_url, visit.snapshot.sha256)
    assert (detail.evidence.warc, detail.evidence.warc_offset) == ("2026/11/24/a.warc.gz", 1234)
    summary = world.store.finish_run(run.id)
    assert (summary.pages, summary.snapshots_new, summary.leads_new) == ({"ok": 1}, 1, 1)


def test_recording_again_adds_nothing(world: World, clock: TestClock) -> None:
    """A batch that is recorded twice, or holds a visit twice, leaves the database as after the first time."""
    run = world.begin()
    visits = [ok(world.request(run, f"{SITE}/{name}"), clock(), [judged(f"{SITE}/{name}")]) for name in "ab"]

    world.record(*visits, visits[0])
    world.record(*visits)
    first = visits[0].outcome
    world.record(PageVisit(replace(first, outcome=Outcome.FAILED, reason="dns")))

    assert [count(world.store, row) for row in (SnapshotRow, DocumentRow, AssessmentRow, FindingRow)] == [2, 2, 2, 4]
    assert world.store.ledger().done_count(run.id, world.target.id) == 2
    assert world.store.ledger().pending_count(run.id, world.target.id) == 0
    assert world.store.run_summary(run.id).pages == {"ok": 2}
    assert world.events() == ["found"]


def test_a_batch_is_stored_whole_or_not_at_all(world: World, clock: TestClock) -> None:
    """One visit that cannot be stored takes the whole batch back."""
    run = world.begin()
    good = ok(world.request(run, SITE), clock(), [judged(SITE)])
    never_planned = ended(CrawlRequest(run.id, world.target.id, f"{SITE}/x", id=999), clock(), Outcome.TIMEOUT)

    with pytest.raises(ValueError, match="never planned"):
        world.record(good, never_planned)
    naive = PageVisit(
        replace(good.outcome, at=clock().replace(tzinfo=None)), good.verdict, good.snapshot, good.documents
    )
    with pytest.raises(Exception, match="without a zone"):
        world.record(naive)

    assert [count(world.store, row) for row in (PageRow, SnapshotRow, DocumentRow)] == [0, 0, 0]
    assert world.store.ledger().done_count(run.id, world.target.id) == 0


def test_a_request_without_an_id_is_refused(world: World, clock: TestClock) -> None:
    """Only requests that the ledger handed out can be recorded."""
    run = world.begin()

    with pytest.raises(ValueError, match="no id"):
        world.record(ended(CrawlRequest(run.id, world.target.id, SITE), clock(), Outcome.TIMEOUT))


def test_hostile_text_is_stored_with_its_offsets_right(world: World, clock: TestClock) -> None:
    """NUL and half characters anywhere in a page neither stop the batch nor move a finding."""
    run = world.begin()
    request = world.request(run, SITE)
    text = "\x00\ud83d" + AD
    bad = "\x00\ud83d"
    made = replace(
        document(SITE, text, title="考证" + bad),
        account=bad,
        published_raw=bad,
        images=(bad,),
        segments=(Segment(SegmentKind.MAIN, text),),
    )
    visit = ok(request, clock(), [replace(judged(SITE, text), document=made)])
    assert visit.snapshot is not None
    snapshot = replace(visit.snapshot, content_type="text/html" + bad, redirects=(bad,), etag=bad)

    world.record(replace(visit, snapshot=snapshot, outcome=replace(visit.outcome, detail=bad, final_url=bad)))

    (stored,) = world.store.stored_documents()
    (finding,) = stored.assessment.findings
    assert stored.document.text[finding.start : finding.end] == finding.quote == "包过"
    assert stored.document.title == "考证\ufffd\ufffd"


def test_what_was_never_read_is_asked_again(world: World) -> None:
    """Failed, blocked and deferred addresses of the run before are planned again; missing ones last, aliases not at all."""
    world.look(f"{SITE}/read", CLEAN)
    ledger = world.store.ledger()
    first = world.begin()
    requests = [
        CrawlRequest(first.id, world.target.id, f"{SITE}/{name}", priority=priority)
        for name, priority in [("404", 5), ("slow", 5), ("login", 3), ("alias", 2), ("late", 1)]
    ]
    missing, slow, login, alias, _ = ledger.plan(requests)
    ledger.record(
        [
            ended(missing, world.clock(), Outcome.FAILED, "http_404", status=404),
            ended(slow, world.clock(), Outcome.TIMEOUT, "no_answer"),
            ended(login, world.clock(), Outcome.BLOCKED, "login_wall"),
            ended(alias, world.clock(), Outcome.UNCHANGED, "redirected"),
        ]
    )
    ledger.defer_rest(first.id, world.target.id, "pages", "上限")
    assert count(world.store, PageRow) == 1
    second = world.begin()

    assert ledger.plan_known(second.id, world.target.id, 10) == 5

    planned = [one.url.rpartition("/")[2] for one in ledger.pending(second.id, world.target.id, 10)]
    assert planned == ["slow", "login", "late", "read", "404"]
    assert ledger.plan_known(second.id, world.target.id, 10) == 0


def test_known_pages_are_planned_open_leads_first_and_gone_ones_last(world: World, clock: TestClock) -> None:
    """Open leads, then pages in the order in which they were last looked at, then what is gone."""
    for name, text in [("gone", CLEAN), ("old", CLEAN), ("new", CLEAN), ("ad", AD)]:
        world.look(f"{SITE}/{name}", text)
        clock.forward(minutes=1)
    world.fails(f"{SITE}/gone", Outcome.FAILED, "http_404", 404)
    run, ledger = world.begin(), world.store.ledger()

    assert ledger.plan_known(run.id, world.target.id, 0) == 0
    assert ledger.plan_known(run.id, world.target.id, 2) == 2
    assert [one.url.rpartition("/")[2] for one in ledger.pending(run.id, world.target.id, 10)] == ["ad", "old"]
    assert ledger.plan_known(run.id, world.target.id, 10) == 2
    urls = [one.url.rpartition("/")[2] for one in ledger.pending(run.id, world.target.id, 10)]
    assert urls == ["ad", "old", "new", "gone"]
    assert ledger.plan_known(run.id, world.target.id, 10) == 0
    assert ledger.pending_count(run.id, world.target.id) == 4


def test_a_page_that_is_back_is_no_longer_gone(world: World, clock: TestClock) -> None:
    """Once it can be read again, a page is planned like any other."""
    world.look(f"{SITE}/a", CLEAN)
    world.fails(f"{SITE}/a", Outcome.FAILED, "http_404", 404)
    clock.forward(minutes=1)
    world.look(f"{SITE}/b", CLEAN)
    world.fails(f"{SITE}/b", Outcome.FAILED, "http_404", 404)
    clock.forward(minutes=1)
    world.unchanged(f"{SITE}/b")

    with reading(world.store.engine) as connection:
        pages = connection.execute(select(PageRow.gone_since, PageRow.plan_rank).order_by(PageRow.id)).all()
    assert [(page.gone_since is None, page.plan_rank) for page in pages] == [(False, 2), (True, 1)]


def test_a_dismissed_lead_no_longer_goes_first(world: World, clock: TestClock) -> None:
    """A page that people found harmless is planned like any other."""
    from domain.lead import EventKind

    world.look(f"{SITE}/plain", CLEAN)
    clock.forward(minutes=1)
    world.look(f"{SITE}/ad")
    world.store.leads.append(1, EventKind.DISMISSED, "张三", "是警示文章", clock())
    run = world.begin()

    world.store.ledger().plan_known(run.id, world.target.id, 1)

    (first,) = world.store.ledger().pending(run.id, world.target.id, 10)
    assert first.url == f"{SITE}/plain"


def test_what_the_budget_leaves_out_gets_its_outcome(world: World, clock: TestClock) -> None:
    """Deferring gives every pending request of the target, and of no other, its outcome."""
    other = world.add_target("other")
    run, ledger = world.begin(world.target, other), world.store.ledger()
    done = world.request(run, f"{SITE}/done")
    world.record(ended(done, clock(), Outcome.TIMEOUT))
    ledger.plan([CrawlRequest(run.id, world.target.id, f"{SITE}/{number}") for number in range(3)])
    ledger.plan([CrawlRequest(run.id, other.id, "http://other.example/")])

    assert ledger.defer_rest(run.id, world.target.id, "max_pages", "已达到每次 500 页的上限") == 3
    assert ledger.defer_rest(run.id, world.target.id, "max_pages", "已达到每次 500 页的上限") == 0

    assert ledger.pending(run.id, world.target.id, 10) == []
    assert (ledger.pending_count(run.id, world.target.id), ledger.done_count(run.id, world.target.id)) == (0, 4)
    assert ledger.pending_count(run.id, other.id) == 1
    assert world.store.run_summary(run.id).pages == {"timeout": 1, "deferred": 3}


def test_an_interrupted_run_is_found_and_goes_on(
    world: World, clock: TestClock, open_again: Callable[[], Store]
) -> None:
    """Another process finds the run, its pending requests and what it had done, and finishes it once."""
    run = world.begin()
    requests = [world.request(run, f"{SITE}/{name}") for name in "ab"]
    world.record(ended(requests[0], clock(), Outcome.TIMEOUT, detail="60 秒内没有应答"))
    clock.forward(minutes=5)
    later = open_again()

    (found,) = later.interrupted_runs()
    assert later.resume(found.id) == found == run
    assert later.ledger().pending(run.id, world.target.id, 10) == [requests[1]]
    later.ledger().record([ok(requests[1], clock(), [judged(f"{SITE}/b")])])
    summary = later.finish_run(run.id)

    assert later.finish_run(run.id) == summary
    assert later.interrupted_runs() == []
    assert later.targets.get(world.target.id).last_run_at == run.started_at
    assert (summary.targets, summary.pages) == (1, {"ok": 1, "timeout": 1})
    (failure,) = summary.failures
    assert (failure.request.url, failure.outcome, failure.detail) == (f"{SITE}/a", Outcome.TIMEOUT, "60 秒内没有应答")
    with pytest.raises(BadInput, match="已结束"):
        later.resume(run.id)


def test_the_newest_runs_are_listed_first(world: World) -> None:
    """A list of recent runs ends after as many as were asked for."""
    runs = [world.begin() for _ in range(3)]

    assert world.store.recent_runs(2) == [runs[2], runs[1]]


def test_an_unknown_run_is_named(store: Store) -> None:
    """Asking for a run that never was is an error, not an empty summary."""
    with pytest.raises(BadInput, match="41"):
        store.run_summary(41)


def test_a_page_remembers_how_often_it_was_seen_and_changed(world: World, clock: TestClock) -> None:
    """First and last time, last look, counts, and since when it is gone."""
    world.look(SITE, CLEAN)
    start = clock()
    world_at = [clock.forward(days=1)]
    world.unchanged(SITE)
    world_at.append(clock.forward(days=1))
    world.look(SITE, CLEAN + "新")
    world_at.append(clock.forward(days=1))
    world.fails(SITE, Outcome.FAILED, "http_410", 410)
    world_at.append(clock.forward(days=1))
    world.fails(SITE, Outcome.BLOCKED, "captcha")

    with reading(world.store.engine) as connection:
        page = connection.execute(select(*PageRow.__table__.c)).one()
        sights = list(connection.execute(select(CrawlRequestRow.sight).order_by(CrawlRequestRow.id)).scalars())
    assert (page.first_seen, page.last_seen, page.last_checked) == (start, world_at[1], world_at[3])
    assert (page.times_seen, page.times_changed, page.gone_since) == (3, 1, world_at[2])
    assert sights == ["clean", "clean", "clean", "gone", "not_seen"]


def test_a_feed_with_very_many_entries_is_recorded(
    world: World, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More entries than a statement takes parameters are asked for in portions, and none is lost or doubled."""
    monkeypatch.setattr("storage.dialects.IN_LIMIT", 3)
    texts = [AD if number % 2 else CLEAN for number in range(10)]
    for day in range(2):
        run = world.begin()
        request = world.request(run, f"{SITE}/feed.xml", purpose=Purpose.FEED)
        entries = [judged(f"{SITE}/{number}", text + str(day), embedded=True) for number, text in enumerate(texts)]
        world.record(ok(request, clock(), entries))
    world.unchanged(f"{SITE}/feed.xml")

    assert (count(world.store, PageRow), count(world.store, DocumentRow)) == (11, 20)
    assert [len(world.events(lead.id)) for lead in world.store.leads.list()] == [2] * 5
    run = world.begin()
    assert len(world.store.ledger().plan([CrawlRequest(run.id, 1, f"{SITE}/{number}") for number in range(10)])) == 10


def test_old_posts_are_not_planned_again(world: World) -> None:
    """Links of an account's list: what is kept stays as it is, what is new or was only heard of is planned."""
    world.look(f"{SITE}/p/1")
    run = world.begin()
    links = [CrawlRequest(run.id, world.target.id, f"{SITE}/p/{number}") for number in (1, 2)]
    assert [request.url for request in world.store.ledger().plan_new(links)] == [f"{SITE}/p/2"]
    assert world.store.ledger().plan_known(run.id, world.target.id, 10, kept=False) == 0
    assert world.store.ledger().plan_known(run.id, world.target.id, 10) == 1


def test_pages_that_never_change_wait_where_the_budget_is_scarce(world: World, clock: TestClock) -> None:
    """Neither planned nor a gap nor lost; due again later, at once with an open lead, and always where there is room."""
    pages = [f"{SITE}/{number}" for number in range(3)]
    for url in pages[:2]:
        world.look(url, CLEAN, depth=2)
    world.look(pages[2], AD, depth=2)
    for _ in range(4):
        clock.forward(days=1)
        for url in pages:
            world.unchanged(url)
    ledger = world.store.ledger()
    clock.forward(days=1)
    roomy = world.begin()
    assert ledger.plan_known(roomy.id, world.target.id, 100) == 3
    scarce = world.begin()
    assert ledger.plan_known(scarce.id, world.target.id, 3) == 1
    links = [CrawlRequest(scarce.id, world.target.id, url, depth=2) for url in (*pages, f"{SITE}/new")]
    assert [request.url for request in ledger.plan_due(links)] == [f"{SITE}/new"]
    clock.forward(days=1)
    later = world.begin()
    assert ledger.plan_known(later.id, world.target.id, 3) == 3
