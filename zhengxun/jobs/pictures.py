"""Pictures of new page versions: fetched after the run's pages, then read, then the pages are judged with their words.

Pictures of unchanged pages are looked at again from time to time (:mod:`zhengxun.jobs.pictures_again`). Both parts find their work in the store, and each picture and each page is stored by itself: a killed process loses at
most the picture it was reading. Fetching is the crawler's own (robots.txt, politeness, address guard, one outcome each);
reading is done by one process of low priority.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from crawler.pictures.choice import INLINE, worth_fetching
from crawler.pictures.reader import missing, reader_name
from domain.crawl import CrawlRequest, CrawlRun, Outcome, Purpose
from domain.target import Budget, Target
from storage.pictures import Judged, PicturePage
from zhengxun.jobs import pictures_again
from zhengxun.jobs.picture_shelf import FRESH, PictureShelf, PicturesRead
from zhengxun.pictures import with_pictures
from zhengxun.services import Services

if TYPE_CHECKING:
    from crawler.process import StopRequest
    from storage import Store

logger = logging.getLogger(__name__)

#: Runs in which a picture that cannot be had is asked for, until the page's next version.
TRIES = 3
#: Most bytes and seconds that pictures of one target may take in a run.
_MAX_BYTES, _MAX_SECONDS = 300 * 1024 * 1024, 1800
_PORTION = 200


def fetch_pictures(
    services: Services, store: Store, run: CrawlRun, targets: Sequence[Target], stop: StopRequest
) -> bool:
    """Fetch the pictures that new versions of these targets' pages show; False when it was stopped.

    Within the limits of the settings for each page and target; what is over them gets the outcome ``deferred``.
    """
    import crawler
    from zhengxun import analysis

    if not services.settings.pictures:
        return True
    ledger = store.ledger(pictures=True)
    asked = []
    for target in targets:
        _plan(services, store, run.id, target)
        pictures_again.plan(services, store, run.id, target)
        if ledger.pending_count(run.id, target.id):
            asked.append(replace(target, budget=_budget(services)))
    if not asked:
        return True
    settings = replace(services.crawl_settings(), sitemaps=False)
    return crawler.run(asked, ledger, analysis.analyse, settings, run.id, clock=services.clock, stop=stop)


def _budget(services: Services) -> Budget:
    return Budget(max_pages=services.settings.pictures_per_target, max_seconds=_MAX_SECONDS, max_bytes=_MAX_BYTES)


def _plan(services: Services, store: Store, run_id: int, target: Target) -> None:
    """Plan what the target's waiting pages show and what is not kept yet, first pictures of all pages first."""
    ledger = store.ledger(pictures=True)
    reader, after = reader_name(), 0
    while pages := store.pictures.waiting(reader, [target.id], _PORTION, after):
        after = pages[-1].page_id
        wanted: list[CrawlRequest] = []
        for page in pages:
            if page.tries >= TRIES:
                continue
            urls, _ = worth_fetching(page.images, services.settings.pictures_per_page)
            wanted += [
                CrawlRequest(run_id, target.id, url, priority=-place, purpose=Purpose.PICTURE, via=page.url)
                for place, url in enumerate(urls)
                if url.startswith(("http://", "https://"))
            ]
        kept = store.pictures.captured([request.url for request in wanted], services.clock() - FRESH)
        own = store.evidence.of_snapshots([page.snapshot_id for page in pages])
        kept |= {capture.url: capture for captures in own.values() for capture in captures}
        ledger.plan([request for request in wanted if request.url not in kept])


def read_pictures(
    services: Services, store: Store, target_ids: Sequence[int], run_id: int, stop: threading.Event
) -> PicturesRead:
    """Read the pictures of these targets' waiting pages and judge the pages with their words, within the run's seconds.

    Ask only under the crawl lock, after the pictures were fetched in run ``run_id``. ``stop``: end after the page that
    is being read.
    """
    done = PicturesRead()
    if not services.settings.pictures or not target_ids:
        return done
    with ExitStack() as stack:
        shelf = PictureShelf(services, store, run_id, stack, done)
        after = 0
        while pages := store.pictures.waiting(shelf.reader, target_ids, _PORTION, after):
            after = pages[-1].page_id
            for page in pages:
                if stop.is_set():
                    return done
                _read_page(services, store, shelf, page, run_id)
        pictures_again.read(services, store, shelf, target_ids, run_id, stop)
    if done.pages:
        why = missing()
        if why is not None:
            logger.warning("图片文字未识别：%s；只识别了二维码。", why)
        if done.left:
            logger.warning("有 %d 个页面的部分图片留待下次采集时识别。", done.left)
    return done


def _read_page(services: Services, store: Store, shelf: PictureShelf, page: PicturePage, run_id: int) -> None:
    from classifiers.pages import assess_page
    from zhengxun.analysis import subject_of

    urls, beyond = worth_fetching(page.images, services.settings.pictures_per_page)
    kept = shelf.captures(page, urls)
    absent = [url for url in urls if url not in kept]
    ended = store.pictures.outcomes(run_id, absent) if absent else {}
    failed = [
        url for url in absent if url.startswith(INLINE) or ended.get(url, Outcome.DEFERRED) is not Outcome.DEFERRED
    ]
    left = len(absent) - len(failed) if page.tries < TRIES else 0
    readings, notes, unread = shelf.words(kept)
    left += unread
    if failed:
        notes[f"{len(failed)} 张图片未能采集"] = None
    if left:
        notes[f"{left} 张图片留待下次识别"] = None
    if beyond:
        notes[f"另有 {beyond} 张图片超出每页张数上限，未识别"] = None
    shelf.done.pages += 1
    shelf.done.left += left > 0
    base = store.pictures.document(page)
    document = with_pictures(base, readings)
    assessment = None
    if document is not None:
        assessment = assess_page(services.classifier, subject_of(document))
        assessment = replace(assessment, incomplete=(*assessment.incomplete, *notes))
    # What may be had another time is asked for again in the next run; what a page lacks for good is settled.
    settled = not left and (not failed or page.tries + 1 >= TRIES)
    judged = Judged(
        document,
        assessment,
        tuple(notes),
        unsure=_unsure(failed, left),
        reader=shelf.reader if settled else None,
        failed=bool(failed),
    )
    shelf.done.leads_new += store.pictures.record(page, judged, run_id)


def _unsure(failed: Sequence[str], left: int) -> str | None:
    if failed:
        return "页面部分图片未能采集，无法判定图片中的违规内容是否仍在"
    if left:
        return "页面部分图片尚未识别，无法判定图片中的违规内容是否仍在"
    if missing() is not None:
        return "未安装图片文字识别组件，无法判定图片中的违规内容是否仍在"
    return None
