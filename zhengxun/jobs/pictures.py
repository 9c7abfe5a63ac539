"""Pictures of new page versions: fetched after the run's pages, then read, then the pages are judged with their words.

Both parts find their work in the store, and each picture and each page is stored by itself: a killed process loses at
most the picture it was reading. Fetching is the crawler's own (robots.txt, politeness, address guard, one outcome each);
reading is done by one process of low priority.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from crawler.captures import keep
from crawler.exchange import Resource
from crawler.pictures.choice import INLINE, worth_fetching
from crawler.pictures.reader import missing, reader_name
from crawler.pictures.sameness import is_same, near
from crawler.pictures.worker import PictureWorker, Unreadable
from crawler.warc import WarcWriter
from domain.crawl import CrawlRequest, CrawlRun, Outcome, Purpose
from domain.errors import EvidenceDamaged
from domain.evidence import Capture, CaptureKind
from domain.picture import Box, PictureLook, PictureReading
from domain.target import Budget, Target
from storage.pictures import Judged, PicturePage, StoredReading
from zhengxun.pictures import inline_pictures, picture_bytes, with_pictures
from zhengxun.services import Services

if TYPE_CHECKING:
    from crawler.process import StopRequest
    from storage import Store

logger = logging.getLogger(__name__)

#: A picture that was fetched this recently for another page, or another version, is not fetched again.
FRESH = timedelta(days=7)
#: Runs in which a picture that cannot be had is asked for, until the page's next version.
TRIES = 3
#: Most bytes and seconds that pictures of one target may take in a run.
_MAX_BYTES, _MAX_SECONDS = 300 * 1024 * 1024, 1800
_PORTION = 200


@dataclass(slots=True)
class PicturesRead:
    """What one call of :func:`read_pictures` did."""

    pages: int = 0
    pictures: int = 0
    """Pictures that the reader really read."""
    known: int = 0
    """Pictures that had been read before, or that are the same as one that had."""
    leads_new: int = 0
    left: int = 0
    """Pages some of whose pictures wait for a later run."""


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
        shelf = _Shelf(services, store, run_id, stack, done)
        after = 0
        while pages := store.pictures.waiting(shelf.reader, target_ids, _PORTION, after):
            after = pages[-1].page_id
            for page in pages:
                if stop.is_set():
                    return done
                _read_page(services, store, shelf, page, run_id)
    if done.pages:
        why = missing()
        if why is not None:
            logger.warning("图片文字未识别：%s；只识别了二维码。", why)
        if done.left:
            logger.warning("有 %d 个页面的部分图片留待下次采集时识别。", done.left)
    return done


def _read_page(services: Services, store: Store, shelf: _Shelf, page: PicturePage, run_id: int) -> None:
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
    readings: list[tuple[str, PictureReading]] = []
    notes: dict[str, None] = {}
    for url, capture in kept.items():
        stored = shelf.read(capture)
        if stored is None:
            left += 1
            continue
        readings.append((url, stored.reading))
        notes |= dict.fromkeys(stored.reading.incomplete if stored.reason is None else (stored.reason,))
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


@dataclass(slots=True)
class _Shelf:
    """Kept pictures and what was read in them, during one call."""

    services: Services
    store: Store
    run_id: int
    stack: ExitStack
    done: PicturesRead
    reader: str = field(default_factory=reader_name)
    _worker: PictureWorker | None = None
    _until: float = 0.0
    _hashes: list[tuple[str, int]] | None = None
    _array: np.ndarray = field(default_factory=lambda: np.empty(0, np.uint64))

    def captures(self, page: PicturePage, urls: Sequence[str]) -> dict[str, Capture]:
        """Kept pictures of a page by address, in its order; those kept with another page become this one's, too."""
        own = {
            capture.url: capture
            for capture in self.store.evidence.of_snapshot(page.snapshot_id)
            if capture.kind is CaptureKind.PICTURE
        }
        absent = [url for url in urls if url not in own]
        elsewhere = self.store.pictures.captured(absent, self.services.clock() - FRESH) if absent else {}
        inside = self._inline(page, [url for url in absent if url.startswith(INLINE) and url not in elsewhere])
        new = [*(replace(capture, id=None) for capture in elsewhere.values()), *inside]
        if new:
            own |= {capture.url: capture for capture in self.store.evidence.add(page.snapshot_id, new)}
        return {url: own[url] for url in urls if url in own}

    def _inline(self, page: PicturePage, names: Sequence[str]) -> list[Capture]:
        """Keep pictures that stand in the page itself as things of their own, so that a file shows them."""
        if not names:
            return []
        evidence = self.services.settings.evidence
        where = self.store.pictures.response_of(page.snapshot_id)
        try:
            found = inline_pictures(evidence, where, names)
        except (OSError, EvidenceDamaged) as error:
            logger.error("%s", error)
            return []
        if not found:
            return []
        writer = WarcWriter(
            evidence,
            self.run_id,
            self.services.crawl_settings().warc_size,
            self.services.clock,
            self.services.about,
        )
        try:
            return [
                keep(
                    writer,
                    Resource(
                        CaptureKind.PICTURE, name, self.services.clock(), name[len(INLINE) :].partition(";")[0], data
                    ),
                    where,
                )
                for name, data in found.items()
            ]
        finally:
            writer.close()

    def read(self, capture: Capture) -> StoredReading | None:
        """What stands in a kept picture; None where the run's time for reading is used up."""
        known = self.store.pictures.readings([capture.sha256], self.reader).get(capture.sha256)
        if known is not None:
            self.done.known += 1
            return known
        if self._worker is None:
            self._until = time.monotonic() + self.services.settings.picture_seconds
            self._worker = self.stack.enter_context(PictureWorker(words=missing() is None))
        if time.monotonic() >= self._until:
            return None
        data = self._bytes(capture)
        if data is None:
            # Not kept as a reading: the picture is not to blame, and evidence may be restored.
            nothing = PictureReading(capture.sha256, self.reader, 0, 0)
            return StoredReading(nothing, "图片的证据记录无法读取")
        look = self._worker.look(data) if isinstance(data, bytes) else data
        if isinstance(look, Unreadable):
            return self._keep(PictureReading(capture.sha256, self.reader, 0, 0), None, look.reason)
        same = self._same(look)
        if same is not None:
            self.done.known += 1
            return self._keep(_scaled(same, capture.sha256, look), look, None)
        self.done.pictures += 1
        read = self._worker.read()
        if isinstance(read, Unreadable):
            return self._keep(PictureReading(capture.sha256, self.reader, look.width, look.height), look, read.reason)
        if self._hashes is not None and look.signature:
            self._hashes.append((capture.sha256, look.hash))
        return self._keep(replace(read, sha256=capture.sha256), look, None)

    def _bytes(self, capture: Capture) -> bytes | Unreadable | None:
        try:
            data = picture_bytes(self.services.settings.evidence, capture.warc)
            return Unreadable(data) if isinstance(data, str) else data
        except (OSError, EvidenceDamaged) as error:
            logger.error("%s", error)
            return None

    def _same(self, look: PictureLook) -> PictureReading | None:
        """The reading of a picture that is nearly the same."""
        if not look.signature:
            return None
        if self._hashes is None:
            self._hashes = self.store.pictures.looks(self.reader)
        if len(self._array) != len(self._hashes):
            self._array = np.array([hashed for _, hashed in self._hashes], np.uint64)
        for place in near(self._array, look.hash):
            sha256 = self._hashes[int(place)][0]
            other = self.store.pictures.look_of(sha256, self.reader)
            if other is not None and is_same(look, other):
                stored = self.store.pictures.readings([sha256], self.reader).get(sha256)
                return stored.reading if stored is not None else None
        return None

    def _keep(self, read: PictureReading, look: PictureLook | None, reason: str | None) -> StoredReading:
        self.store.pictures.add_reading(read, look, reason)
        return StoredReading(read, reason)


def _scaled(read: PictureReading, sha256: str, look: PictureLook) -> PictureReading:
    """A reading as that of the same picture in another size."""
    across, down = look.width / max(1, read.width), look.height / max(1, read.height)

    def box(old: Box) -> Box:
        left, top, width, height, frame = old
        return round(left * across), round(top * down), round(width * across), round(height * down), frame

    return replace(
        read,
        sha256=sha256,
        width=look.width,
        height=look.height,
        lines=tuple(replace(line, box=box(line.box)) for line in read.lines),
        codes=tuple(replace(code, box=box(code.box)) for code in read.codes),
        same_as=read.same_as or read.sha256,
    )
