"""Pictures in the store: their part of the ledger, what waits to be read, and what the words in them make of page and lead."""

from __future__ import annotations

from dataclasses import replace

from domain.analysis import PageVisit
from domain.assessment import Finding
from domain.crawl import CrawlOutcome, CrawlRequest, Outcome, Purpose
from domain.document import Document, Segment, SegmentKind
from domain.evidence import CaptureKind
from domain.lead import Presence
from domain.picture import PictureLine, PictureLook, PictureReading, PictureRef
from storage.pictures import Judged, PicturePage
from tests.storage.build import AD, CLEAN, SITE, World, assessment, capture, document
from tests.storage.conftest import TestClock

PAGE = f"{SITE}/page"
IMAGE = f"{SITE}/a.png"
READER = "reader/1"
CUT = "部分图片未能采集"


def read_document(words: str) -> Document:
    """The page's document with the words of its picture at its end."""
    base = document(PAGE, CLEAN)
    ref = PictureRef(IMAGE, "a" * 64, 400, 300, ((10, 20, 300, 40, 0),))
    return replace(
        base, text=f"{base.text}\n{words}", segments=(*base.segments, Segment(SegmentKind.PICTURE, words, ref))
    )


def judged(words: str, *, reader: str | None = READER, unsure: str | None = None) -> Judged:
    """What reading a page's picture brought: these words."""
    made = read_document(words)
    said = assessment(made.text)
    return Judged(made, replace(said, incomplete=("一句",)), ("一句",), unsure=unsure, reader=reader)


def waiting(world: World) -> list[PicturePage]:
    """Pages that wait for their pictures."""
    return world.store.pictures.waiting(READER, [world.target.id], 10)


def fetch(world: World) -> CrawlRequest:
    """Plan the page's picture in a new run."""
    run = world.begin()
    wanted = CrawlRequest(run.id, world.target.id, IMAGE, purpose=Purpose.PICTURE, via=PAGE)
    (planned,) = world.store.ledger(pictures=True).plan([wanted])
    return planned


def test_the_ledger_keeps_pages_and_pictures_apart(world: World, clock: TestClock) -> None:
    """Neither part hands out, counts, defers or lists as failures what belongs to the other."""
    world.look(PAGE, CLEAN)
    picture = fetch(world)
    pages, pictures = world.store.ledger(), world.store.ledger(pictures=True)
    place = (picture.run_id, world.target.id)
    assert pages.plan([replace(picture, url=IMAGE + "?2", id=None)]) == []
    assert pictures.plan([replace(picture, url=PAGE + "/2", purpose=Purpose.PAGE, id=None)]) == []
    assert (pages.pending(*place, 9), pages.pending_count(*place), pages.defer_rest(*place, "pages", "x")) == ([], 0, 0)
    assert [request.url for request in pictures.pending(*place, 9)] == [IMAGE]
    assert (pictures.pending_count(*place), pictures.done_count(*place), pictures.plan_known(*place, 9)) == (1, 0, 0)
    pictures.record([PageVisit(CrawlOutcome(picture, Outcome.FAILED, clock(), 404, "http_404", "没有"))])
    assert (pictures.pending_count(*place), pictures.done_count(*place), pages.done_count(*place)) == (0, 1, 0)
    summary = world.store.finish_run(picture.run_id)
    assert (summary.pages, summary.failures, summary.pictures) == ({}, (), {"failed": 1})
    gaps = [gap for day in world.store.target_coverage(clock().date(), clock()) for gap in day.gaps]
    assert any("1 张图片：没有" in gap.detail for gap in gaps)
    assert world.store.ledger().plan_known(world.begin().id, world.target.id, 9) == 1, "the page, and no picture"


def test_a_picture_is_kept_with_the_present_version_of_its_page(world: World, clock: TestClock) -> None:
    """Its request has no snapshot of its own; a picture whose page is not kept leaves its outcome only."""
    world.look(PAGE, CLEAN)
    (page,) = waiting(world)
    request = fetch(world)
    stray = replace(request, url=IMAGE + "?x", via=SITE + "/never", id=None)
    (stray,) = world.store.ledger(pictures=True).plan([stray])
    kept = capture(CaptureKind.PICTURE, IMAGE)
    visits = [PageVisit(CrawlOutcome(each, Outcome.OK, clock(), 200), captures=(kept,)) for each in (request, stray)]
    world.store.ledger(pictures=True).record(visits)
    assert [each.url for each in world.store.evidence.of_snapshot(page.snapshot_id)] == [IMAGE]
    assert world.store.pictures.captured([IMAGE])[IMAGE].sha256 == kept.sha256
    assert world.store.pictures.captured([IMAGE], clock.forward(days=1)) == {}
    assert world.store.pictures.outcomes(request.run_id, [IMAGE, PAGE]) == {IMAGE: Outcome.OK}


def test_claims_in_a_picture_make_a_lead_that_says_where(world: World, clock: TestClock) -> None:
    """The page's document gets the words, the lead rests on them, and each finding has its place in the picture."""
    world.look(PAGE, CLEAN)
    (page,) = waiting(world)
    run = world.begin()
    clock.forward(minutes=5)
    assert world.store.pictures.record(page, judged(AD), run.id)
    assert waiting(world) == []
    detail = world.store.leads.get(1)
    (claim,) = (each for each in detail.assessment.findings if isinstance(each, Finding))
    assert claim.picture is not None
    assert (claim.picture.url, claim.picture.box) == (IMAGE, (10, 20, 300, 40, 0))
    assert detail.contexts[0] in AD
    assert world.store.finish_run(run.id).leads_new == 1
    (material,) = world.store.digests.lead_material(clock().date(), clock())
    assert material.assessment.incomplete == ("一句",)
    world.unchanged(PAGE)
    assert (world.state().presence, waiting(world)) == (Presence.ONLINE, [])
    assert world.store.pictures.waiting("reader/2", [world.target.id], 10), "another reader reads again"


def test_a_lead_from_a_picture_waits_for_the_next_version_to_be_read(world: World, clock: TestClock) -> None:
    """A version clean in words says nothing; then its pictures tell whether it was corrected, edited, or cannot be judged."""
    world.look(PAGE, CLEAN)
    world.store.pictures.record(waiting(world)[0], judged(AD), None)

    def next_version(made: Judged) -> Presence:
        clock.forward(days=1)
        before = world.state().presence
        world.look(PAGE, f"{CLEAN}{clock().isoformat()}")
        world.unchanged(PAGE)
        assert world.state().presence is before, "nothing is said before the pictures are read"
        world.store.pictures.record(waiting(world)[0], made, None)
        return world.state().presence

    assert next_version(judged(AD + "改")) is Presence.ONLINE
    assert world.events()[-1] == "edited"
    assert next_version(judged(CLEAN, reader=None, unsure=CUT)) is Presence.UNVERIFIABLE
    assert next_version(judged(CLEAN)) is Presence.CORRECTED
    assert world.events() == ["found", "edited", "unverifiable", "corrected"]


def test_readings_are_kept_and_found_again(world: World) -> None:
    """By hash and reader, with looks for comparison; the first one stays."""
    pictures = world.store.pictures
    line = PictureLine("包过", 0.98, (1, 2, 3, 4, 0))
    look = PictureLook(100, 50, 1, 2**63 + 5, bytes(range(256)) * 16)
    pictures.add_reading(PictureReading("b" * 64, READER, 100, 50, (line,)), look)
    pictures.add_reading(PictureReading("b" * 64, READER, 1, 1))
    pictures.add_reading(PictureReading("c" * 64, READER, 0, 0), reason="图片损坏")
    found = pictures.readings(["b" * 64, "c" * 64, "d" * 64], READER)
    assert found["b" * 64].reading.lines == (line,)
    assert (found["c" * 64].reason, len(found)) == ("图片损坏", 2)
    assert pictures.looks(READER) == [("b" * 64, 2**63 + 5)]
    assert pictures.look_of("b" * 64, READER) == look
    assert pictures.readings(["b" * 64], "reader/2") == {}
