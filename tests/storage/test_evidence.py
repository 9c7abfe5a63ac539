"""Captures kept with snapshots: in the visit's own transaction or later, once each, and what still lacks one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.exc import DBAPIError

from domain.evidence import CaptureKind, screenshot_file
from tests.storage.build import AD, CLEAN, SITE, START, World, capture, judged, ok
from tests.storage.conftest import TestClock


def test_captures_come_with_the_visit_and_only_once(world: World, clock: TestClock) -> None:
    """What a visit kept is stored with its snapshot; the same capture again, at once or later, changes nothing."""
    shot, picture = capture(), capture(CaptureKind.PICTURE, f"{SITE}/a.png")
    run = world.begin()
    visit = replace(ok(world.request(run, SITE), clock(), [judged(SITE, AD)]), captures=(shot, picture, shot))
    world.record(visit)
    world.record(visit)

    kept = world.store.evidence.of_snapshot(1)
    assert [replace(one, id=None) for one in kept] == [shot, picture]
    again = replace(capture(at=clock.forward(hours=1)), sha256="0" * 64)
    assert world.store.evidence.add(1, [again, capture(CaptureKind.DOM)])[:2] == kept
    assert [one.kind.value for one in world.store.evidence.of_snapshot(1)] == ["screenshot", "picture", "dom"]
    assert world.store.evidence.of_snapshots([1, 2]).keys() == {1}


def test_a_pictures_own_request_serves_several_pages(world: World, clock: TestClock) -> None:
    """It has no snapshot of its own; the capture belongs to those that are named."""
    world.look(SITE)
    world.look(f"{SITE}/2")
    run = world.begin()
    visit = ok(world.request(run, f"{SITE}/a.png"), clock(), [])
    picture = capture(CaptureKind.PICTURE, f"{SITE}/a.png")
    world.record(replace(visit, snapshot=None, captures=(picture,), captures_of=(1, 2)))

    assert world.store.evidence.of_snapshots([1, 2]).keys() == {1, 2}


def test_captures_without_a_snapshot_are_refused(world: World, clock: TestClock) -> None:
    """A visit that kept nothing else has nothing to tie them to; a snapshot that does not exist is refused."""
    run = world.begin()
    visit = ok(world.request(run, SITE), clock(), [])
    with pytest.raises(ValueError, match="no snapshot"):
        world.record(replace(visit, snapshot=None, captures=(capture(),)))
    with pytest.raises(DBAPIError):
        world.store.evidence.add(99, [capture()])


def test_flagged_versions_without_a_screenshot_are_listed(world: World, clock: TestClock) -> None:
    """By lead, the last flagged version, not dismissed; an entry of a feed by its own address."""
    evidence = world.store.evidence
    world.look(SITE)
    world.look(f"{SITE}/clean", CLEAN)
    world.look(f"{SITE}/3")
    entries = [judged(f"{SITE}/e{n}", AD, embedded=True) for n in (1, 2)]
    world.record(ok(world.request(world.begin(), f"{SITE}/feed"), clock(), entries))

    missing = evidence.without(CaptureKind.SCREENSHOT, 10)
    assert [(one.lead_id, one.url, one.embedded) for one in missing] == [
        (1, SITE, False),
        (2, f"{SITE}/3", False),
        (3, f"{SITE}/e1", True),
        (4, f"{SITE}/e2", True),
    ]
    assert [one.lead_id for one in evidence.without(CaptureKind.SCREENSHOT, 1, after_lead=1)] == [2]

    feed = missing[2].snapshot_id
    evidence.add(1, [capture()])
    evidence.add(feed, [capture(url=f"{SITE}/e1")])
    assert [one.lead_id for one in evidence.without(CaptureKind.SCREENSHOT, 10)] == [2, 4]
    assert [one.lead_id for one in evidence.without(CaptureKind.DOM, 10)] == [1, 2, 3, 4]

    world.look(SITE, AD + "名额有限。")  # a new version has no screenshot yet
    assert [one.lead_id for one in evidence.without(CaptureKind.SCREENSHOT, 10)] == [1, 2, 4]


def test_the_digest_names_the_screenshot_of_the_version_it_shows(world: World, clock: TestClock) -> None:
    """Its file, relative to the evidence folder; one that was taken after the cutoff is not known yet."""
    world.look(SITE)
    entries = [judged(f"{SITE}/e{n}", AD, embedded=True) for n in (1, 2)]
    world.record(ok(world.request(world.begin(), f"{SITE}/feed"), clock(), entries))
    shot = capture(at=clock.forward(minutes=5))
    world.store.evidence.add(1, [shot])
    entry = capture(url=f"{SITE}/e2", at=clock())
    world.store.evidence.add(2, [entry])

    def screenshots() -> list[str | None]:
        material = world.store.digests.lead_material(START.date(), clock())
        return [one.evidence.screenshot for one in material if one.evidence]

    assert screenshots() == [screenshot_file(shot.sha256), None, screenshot_file(entry.sha256)]
    assert [world.store.leads.get(lead).evidence.screenshot for lead in (1, 2, 3)] == screenshots()
    clock.forward(minutes=-1)
    assert screenshots() == [None, None, None]
