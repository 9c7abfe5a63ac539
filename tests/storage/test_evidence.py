"""Captures kept with snapshots: in the visit's own transaction or later, once each, and what still lacks one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from domain.evidence import CaptureKind, screenshot_file
from storage.evidence import Backlog, Evidence
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
    """By lead, the last flagged version, not dismissed; an entry of a feed has no looks of its own."""
    evidence = world.store.evidence
    world.record(ok(world.request(world.begin(), f"{SITE}/feed"), clock(), [judged(f"{SITE}/e1", AD, embedded=True)]))
    world.look(SITE)
    world.look(f"{SITE}/clean", CLEAN)
    world.look(f"{SITE}/3")
    world.look(f"{SITE}/4")

    missing = evidence.without(CaptureKind.SCREENSHOT, 10)
    assert [(one.lead_id, one.url) for one in missing] == [(2, SITE), (3, f"{SITE}/3"), (4, f"{SITE}/4")]
    evidence.add(missing[0].snapshot_id, [capture()])
    assert _without(evidence) == [3, 4]
    assert [one.lead_id for one in evidence.without(CaptureKind.DOM, 10)] == [2, 3, 4]
    world.look(SITE, AD + "名额有限。")  # a new version has no screenshot yet
    assert _without(evidence) == [2, 3, 4]


def _without(evidence: Evidence, limit: int = 10, tried_before: datetime | None = None) -> list[int]:
    return [one.lead_id for one in evidence.without(CaptureKind.SCREENSHOT, limit, tried_before=tried_before)]


def test_what_cannot_be_photographed_holds_nothing_up_and_says_why(world: World, clock: TestClock) -> None:
    """Those that nobody tried come first, then the one tried longest ago; the digest says the reason as of its cutoff."""
    evidence = world.store.evidence
    for page in (SITE, f"{SITE}/2", f"{SITE}/3"):
        world.look(page)
    first, second, _ = evidence.without(CaptureKind.SCREENSHOT, 10)
    evidence.not_captured(CaptureKind.SCREENSHOT, second.snapshot_id, "页面空白，未截图")
    before = clock()
    clock.forward(hours=1)
    evidence.not_captured(CaptureKind.SCREENSHOT, first.snapshot_id, "浏览器异常退出，未截图")
    later = clock() + timedelta(hours=1)
    assert _without(evidence, 10, later) == [3, 2, 1]
    assert _without(evidence, 10, clock()) == [3, 2]
    assert _without(evidence, 1, later) == _without(evidence) == [3]
    assert evidence.backlog(CaptureKind.SCREENSHOT) == Backlog(waiting=1, refused=2)

    def notes(cutoff: datetime) -> list[str | None]:
        material = world.store.digests.lead_material(cutoff.date(), cutoff)
        return [each.evidence.screenshot_note for each in material if each.evidence is not None]

    assert notes(before) == ["尚未截图", "页面空白，未截图", "尚未截图"]
    assert notes(clock()) == ["浏览器异常退出，未截图", "页面空白，未截图", "尚未截图"]
    evidence.add(second.snapshot_id, [capture(at=clock())])
    assert notes(clock())[1] is None
    assert evidence.backlog(CaptureKind.SCREENSHOT) == Backlog(waiting=1, refused=1)


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
