"""Verdicts by rule, and which documents changed rules are tried on."""

from __future__ import annotations

from domain.lead import EventKind, Review
from tests.storage.build import AD, CLEAN, SITE, World
from tests.storage.conftest import TestClock


def _decide(world: World, lead_id: int, *kinds: EventKind, clock: TestClock) -> None:
    for kind in kinds:
        details = [("authority", "市人社局")] if kind is EventKind.REFERRED else []
        world.store.leads.append(lead_id, kind, "王芳", "看过", clock.forward(minutes=1), details=details)


def test_leads_are_counted_by_rule_and_verdict(world: World, clock: TestClock) -> None:
    """A lead counts once for each rule that hits it now, an exempted hit never; the newest ones are named."""
    for number in range(4):
        world.look(f"{SITE}/{number}", AD + str(number))
    world.look(f"{SITE}/3", AD + "改过")
    world.look(f"{SITE}/clean", CLEAN)
    _decide(world, 1, EventKind.CONFIRMED, clock=clock)
    _decide(world, 2, EventKind.CONFIRMED, EventKind.REFERRED, clock=clock)
    _decide(world, 3, EventKind.DISMISSED, clock=clock)

    verdicts = world.store.rule_verdicts

    assert verdicts.counts() == {
        ("B-GUAR-0010", Review.CONFIRMED): 1,
        ("B-GUAR-0010", Review.REFERRED): 1,
        ("B-GUAR-0010", Review.DISMISSED): 1,
        ("B-GUAR-0010", Review.PENDING): 1,
    }
    named = verdicts.leads("B-GUAR-0010", [Review.CONFIRMED, Review.REFERRED], 10)
    assert [(one.lead_id, one.quote, one.review) for one in named] == [
        (2, "包过", Review.REFERRED),
        (1, "包过", Review.CONFIRMED),
    ]
    assert verdicts.leads("A-MARK-0020", list(Review), 10) == []


def test_changed_rules_are_tried_on_what_people_decided_and_on_the_newest_pages(world: World, clock: TestClock) -> None:
    """Decided leads in the version that was seen come first, then pages from the newest; never more than asked for."""
    for number in range(6):
        world.look(f"{SITE}/{number}", AD + str(number))
    _decide(world, 1, EventKind.DISMISSED, clock=clock)
    world.look(f"{SITE}/0", CLEAN)

    tried = {(one.document.url, one.document.text, one.review) for one in world.store.documents_to_try(3)}

    assert (f"{SITE}/0", AD + "0", Review.DISMISSED) in tried, "the version that was judged, not the later one"
    assert {url for url, _, _ in tried} == {f"{SITE}/0", f"{SITE}/5", f"{SITE}/4"}
    assert len(list(world.store.documents_to_try(100))) == 7
