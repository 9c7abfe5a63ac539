"""Pictures of pages that did not change, fetched again from time to time: a poster may be replaced under its own address.

What the server says of a picture (ETag, 304) is not asked: whoever hides a poster may answer what he likes. It is fetched whole
and its bytes' hash decides; the same bytes are not kept a second time. Bounded by the same number of pictures per target
and run as new ones, which go first; pages that were not looked at for longest come first, and what does not fit waits.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from crawler.pictures.choice import INLINE, worth_fetching
from crawler.pictures.reader import reader_name
from domain.crawl import CrawlRequest, Purpose
from domain.picture import PictureReading
from domain.target import Target
from storage.pictures import Judged, PicturePage
from zhengxun.jobs.picture_shelf import PictureShelf
from zhengxun.pictures import with_pictures
from zhengxun.services import Services

if TYPE_CHECKING:
    from storage import Store

_PORTION = 200
#: Behind all pictures that were never read.
_LAST = -1000


def plan(services: Services, store: Store, run_id: int, target: Target) -> None:
    """Plan pictures of the target's pages that are due to be looked at again, as far as the run has room for them."""
    ledger = store.ledger(pictures=True)
    room = services.settings.pictures_per_target - ledger.pending_count(run_id, target.id)
    for page in _due(services, store, [target.id]):
        urls = _on_the_web(services, page)
        if len(urls) > room:
            return
        wanted = [
            CrawlRequest(run_id, target.id, url, priority=_LAST - place, purpose=Purpose.PICTURE, via=page.url)
            for place, url in enumerate(urls)
        ]
        room -= len(ledger.plan(wanted))


def read(
    services: Services,
    store: Store,
    shelf: PictureShelf,
    target_ids: Sequence[int],
    run_id: int,
    stop: threading.Event,
) -> None:
    """Judge the pages anew whose pictures turned out to be others, and note those that are as they were."""
    for page in _due(services, store, target_ids):
        if stop.is_set():
            return
        _look(services, store, shelf, page, run_id)


def _due(services: Services, store: Store, target_ids: Sequence[int]) -> Iterator[PicturePage]:
    """Pages whose pictures were last looked at long enough ago, longest first."""
    days = services.settings.picture_again_days
    if not days:
        return
    before = services.clock() - timedelta(days=days)
    after: tuple[datetime, int] | None = None
    while pages := store.pictures.settled(reader_name(), target_ids, before, _PORTION, after):
        assert pages[-1].settled_at is not None
        after = pages[-1].settled_at, pages[-1].page_id
        yield from pages


def _on_the_web(services: Services, page: PicturePage) -> list[str]:
    """Pictures that have an address; those that stand in the page itself change only with it."""
    urls, _ = worth_fetching(page.images, services.settings.pictures_per_page)
    return [url for url in urls if not url.startswith(INLINE)]


def _look(services: Services, store: Store, shelf: PictureShelf, page: PicturePage, run_id: int) -> None:
    asked = _on_the_web(services, page)
    ended = store.pictures.outcomes(run_id, asked)
    if asked and not ended:
        return  # there was no room for it, or nothing could be fetched
    urls, _ = worth_fetching(page.images, services.settings.pictures_per_page)
    kept = shelf.captures(page, urls)
    gone = store.pictures.gone(run_id, asked)
    standing = {url: capture for url, capture in kept.items() if url not in gone}
    assert page.settled_at is not None
    changed = len(standing) < len(kept) or any(capture.taken_at > page.settled_at for capture in standing.values())
    if not changed:
        store.pictures.looked_again(page.page_id)
        return
    readings, notes, left = shelf.words(standing)
    if left:
        return  # the run's seconds are used up; the next run finds the new pictures kept
    shelf.done.pages += 1
    shelf.done.leads_new += store.pictures.record(page, _judged(services, store, shelf, page, readings, notes), run_id)


def _judged(
    services: Services,
    store: Store,
    shelf: PictureShelf,
    page: PicturePage,
    readings: Sequence[tuple[str, PictureReading]],
    notes: dict[str, None],
) -> Judged:
    from classifiers.pages import assess_page
    from zhengxun.analysis import subject_of

    base = store.pictures.document(page)
    document = with_pictures(base, readings) or base
    assessment = assess_page(services.classifier, subject_of(document))
    assessment = replace(assessment, incomplete=(*assessment.incomplete, *notes))
    return Judged(document, assessment, tuple(notes), reader=shelf.reader, replaced=True)
