"""Hand-overs in both databases: kept with every piece, content that speaks only until its address was fetched."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from domain.crawl import CrawlRequest, Outcome, WarcRef
from domain.document import PageVerdict
from domain.intake import HANDED_IN, NOT_VISITED, Handover, IntakeItem, IntakeKind, ItemState, upload_url
from domain.lead import EventKind, Presence
from domain.recheck import LookPlan
from tests.storage.build import AD, CLEAN, SITE, World, ended, judged, ok
from tests.storage.conftest import TestClock

PAGE = f"{SITE}/reported"


def _hand_in(world: World, url: str, text: str, sha256: str = "ab" * 32) -> None:
    """A file whose only piece is content at ``url``."""
    store = world.store
    target = store.intakes.target()
    warc = WarcRef("warc/20261124/1-00001.warc.gz", 7, "<urn:uuid:1>")
    handover = Handover(IntakeKind.LIST, "王五", world.clock(), "12345转办", "举报.xlsx", sha256, 9, "text/csv", warc)
    item = IntakeItem(ItemState.CONTENT, 3, url, details=(("举报时间", "2026-11-20"),))
    store.intakes.add(handover, [item, IntakeItem(ItemState.BAD, 4, reason="没有网址")])
    run = store.begin_run([target.id])
    (request,) = store.ledger().plan([CrawlRequest(run.id, target.id, upload_url(sha256, "rows-3"))])
    visit = ok(request, world.clock(), [judged(url, text, embedded=True)])
    store.ledger().record([replace(visit, outcome=replace(visit.outcome, reason=HANDED_IN))])
    store.finish_run(run.id)


def test_a_hand_over_is_kept_with_where_it_came_from(world: World) -> None:
    """File, row, person, note and the row's other columns are found by the page's address."""
    _hand_in(world, PAGE, AD)
    (found,) = world.store.intakes.provenance(PAGE)
    assert (found.row, found.details) == (3, (("举报时间", "2026-11-20"),))
    handover = found.handover
    assert (handover.by, handover.note, handover.file_name) == ("王五", "12345转办", "举报.xlsx")
    assert world.store.intakes.of_file("ab" * 32) == handover
    assert world.store.intakes.of_file("cd" * 32) is None
    address = upload_url("ab" * 32, "rows-3")
    assert world.store.intakes.kept([address, PAGE]) == {address}


def test_handed_in_content_opens_a_lead_that_nobody_has_verified(world: World) -> None:
    """The lead is new, and says that the address was not visited."""
    _hand_in(world, PAGE, AD)
    (lead,) = world.store.leads.list()
    assert lead.page_url == PAGE
    assert (lead.state.presence, lead.state.reason) == (Presence.UNVERIFIABLE, NOT_VISITED)
    events = world.store.leads.get(lead.id).lead.events
    assert [event.kind for event in events] == [EventKind.FOUND, EventKind.UNVERIFIABLE]


def test_handed_in_leads_are_looked_at_where_they_have_an_address(world: World, clock: TestClock) -> None:
    """A recheck visits reported addresses, and neither parts of pages nor what has no address."""
    for number, url in enumerate([PAGE, f"{PAGE}#comment-9", upload_url("ab" * 32, "row-9")]):
        _hand_in(world, url, AD, f"{number}" * 64)
    due = world.store.looks.due(
        clock.forward(days=2), LookPlan((timedelta(hours=6),), timedelta(hours=6), timedelta(days=30))
    )
    assert [look.url for look in due] == [PAGE]


def test_the_pages_own_fetch_wins(world: World) -> None:
    """Crawled later it is the same page; what is handed in after that does not bring a corrected page back."""
    _hand_in(world, PAGE, AD)
    world.look(PAGE, CLEAN)
    (lead,) = world.store.leads.list()
    assert lead.state.presence is Presence.CORRECTED
    _hand_in(world, PAGE, AD, "ef" * 32)
    (lead,) = world.store.leads.list()
    assert lead.state.presence is Presence.CORRECTED


def test_addresses_that_were_asked_for(world: World) -> None:
    """Those with an outcome, and those of a run under way; not what a finished run left over."""
    store = world.store
    target = store.intakes.target()
    urls = [f"{SITE}/{number}" for number in range(4)]
    run = store.begin_run([target.id])
    first, _ = store.ledger().plan([CrawlRequest(run.id, target.id, url) for url in urls[:2]])
    store.ledger().record([ended(first, world.clock(), Outcome.FAILED, "dns")])
    store.finish_run(run.id)
    running = store.begin_run([target.id])
    store.ledger().plan([CrawlRequest(running.id, target.id, urls[2])])
    assert store.intakes.asked_for(target.id, urls) == {urls[0], urls[2]}


def test_the_intake_target_is_nobodys_target(world: World) -> None:
    """It is not listed, never due and not counted as planned; an address that could not be read is a gap all the same."""
    store = world.store
    target = store.intakes.target()
    assert store.intakes.target().id == target.id
    assert target.id not in [listed.id for listed in store.targets.list()]
    run = store.begin_run([target.id])
    (request,) = store.ledger().plan([CrawlRequest(run.id, target.id, PAGE)])
    store.ledger().record([ended(request, world.clock(), Outcome.BLOCKED, "captcha", verdict=PageVerdict.CAPTCHA)])
    store.finish_run(run.id)
    coverage = {one.target_id: one for one in store.target_coverage(world.clock().date(), world.clock())}
    assert coverage[target.id].planned is False
    (gap,) = coverage[target.id].gaps
    assert (gap.name, gap.outcome) == ("人工接收", "blocked")
    assert PAGE in gap.detail
