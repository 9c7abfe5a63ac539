"""New rules reach pages that do not change, and a change of rules is no correction."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from domain.assessment import Assessment, Level
from domain.crawl import Outcome
from domain.document import Document
from domain.lead import EventKind, Presence
from tests.storage.build import AD, CLEAN, SITE, World, assessment
from tests.storage.conftest import TestClock

NEW = "sha256:new"


def _strict(document: Document) -> Assessment:
    """Rules that find nothing in anything."""
    return replace(assessment(document.text), findings=(), level=Level.NONE, score=0.0, rule_pack=NEW)


def _wide(document: Document) -> Assessment:
    """Rules that flag everything."""
    return replace(assessment(document.text), level=Level.HIGH, score=99.0, rule_pack=NEW)


def _begin(world: World) -> None:
    """The packs of the tests' assessments are in force and everything is judged by them."""
    world.store.rejudge("sha256:pack", lambda document: assessment(document.text))


def test_pages_newly_flagged_by_new_rules_become_leads(world: World, clock: TestClock) -> None:
    """An unchanged page is a lead once the rules say so; a page that is gone is not."""
    world.look(f"{SITE}/a", CLEAN)
    world.look(f"{SITE}/gone", CLEAN)
    world.fails(f"{SITE}/gone", Outcome.FAILED, "http_404", 404)
    _begin(world)
    clock.forward(hours=1)

    done = world.store.rejudge(NEW, _wide)

    assert done is not None
    assert (done.pages, done.leads_new) == (2, 1)
    (lead,) = world.store.leads.list()
    assert lead.page_url == f"{SITE}/a"
    assert world.store.leads.get(lead.id).last_seen < clock()


def test_a_lead_that_new_rules_no_longer_hit_is_not_corrected(world: World, clock: TestClock) -> None:
    """The page did not change: it stays online with a note for people, also after its next, unchanged visit."""
    world.look(f"{SITE}/ad", AD)
    _begin(world)
    clock.forward(hours=1)

    done = world.store.rejudge(NEW, _strict)
    world.unchanged(f"{SITE}/ad")

    assert done is not None
    assert done.no_longer_hit == 1
    detail = world.store.leads.get(1)
    assert detail.lead.state.presence is Presence.ONLINE
    assert [event.kind for event in detail.lead.events] == [EventKind.FOUND, EventKind.NOTED]


def test_every_pack_is_worked_through_once(world: World, clock: TestClock) -> None:
    """Asking again does nothing; going back to earlier packs uses what they had said."""
    world.look(f"{SITE}/ad", AD)
    _begin(world)
    clock.forward(hours=1)
    assert world.store.rejudge(NEW, _wide) is not None
    assert world.store.rejudge(NEW, _wide) is None
    clock.forward(hours=1)

    def never(document: Document) -> Assessment:
        raise AssertionError("judged already")

    assert world.store.rejudge("sha256:pack", never) is not None


def test_a_killed_process_goes_on_where_it_was(world: World, clock: TestClock) -> None:
    """Portions are kept; the next start does the rest and nothing twice."""
    for name in "abcd":
        world.look(f"{SITE}/{name}", CLEAN)
    _begin(world)
    clock.forward(hours=1)
    seen: list[str] = []

    def dies(document: Document) -> Assessment:
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(document.url)
        return _wide(document)

    try:
        world.store.rejudge(NEW, dies, portion=1)
    except KeyboardInterrupt:
        pass
    else:
        raise AssertionError("it should have been interrupted")
    clock.forward(hours=1)
    done = world.store.rejudge(NEW, _wide, portion=1)

    assert done is not None
    assert (done.pages, len(world.store.leads.list())) == (2, 4)


def test_a_real_edit_after_new_rules_is_judged_by_them(world: World, clock: TestClock) -> None:
    """Text that both the old and the new rules flag, then taken away, is a correction."""
    world.look(f"{SITE}/ad", AD)
    _begin(world)
    clock.forward(hours=1)
    world.store.rejudge(NEW, _wide)
    clock.forward(hours=1)

    world.look(f"{SITE}/ad", CLEAN)

    assert world.store.leads.get(1).lead.state.presence is Presence.CORRECTED
    assert timedelta(0) < clock() - world.store.leads.get(1).last_seen
