"""整页截图 of flagged page versions, after a crawl: each version that has none, within the settings' limits.

Finds its work in the store and stores each picture by itself: a killed process loses at most the one being taken. What is over
the limits is taken by the next ``tick``, with no crawl to wait for; what cannot be photographed is noted with its reason and asked
for again after the next crawl, once nothing else waits.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from email.parser import BytesHeaderParser
from typing import TYPE_CHECKING

from crawler import captures
from crawler.browser.chromium import missing
from crawler.decoding import BadCoding, TooLarge, decode_body
from crawler.exchange import Resource
from crawler.warc import WarcWriter
from crawler.warc_reading import read_payload, read_record
from domain.errors import EvidenceDamaged, LockHeld
from domain.evidence import CaptureKind, UncapturedPage
from zhengxun.disk import shortage
from zhengxun.jobs.room import note_stop, watching_room
from zhengxun.services import Services

if TYPE_CHECKING:
    from crawler.photographs import Original, Photograph
    from storage import Store

logger = logging.getLogger(__name__)

#: Seconds that all screenshots after one crawl may take.
SECONDS = 300.0
#: A page that could not be photographed is not asked for again sooner, however often crawls end.
RETRY = timedelta(hours=20)


@dataclass(slots=True)
class ScreenshotsTaken:
    """What one call of :func:`take_screenshots` did."""

    live: int = 0
    restored: int = 0
    """Made of the kept bytes, and marked so in the picture: 由存档还原."""
    refused: list[tuple[str, str]] = field(default_factory=list)
    """(address, Chinese reason) of pages of which there is no picture."""


def screenshots_wanted(services: Services) -> bool:
    """Whether the settings ask for screenshots at all."""
    return services.settings.screenshots and services.settings.screenshots_per_run > 0


def take_screenshots(services: Services, store: Store, *, again: bool = True) -> ScreenshotsTaken:
    """Take a picture of each flagged version that has none; nothing where the setting is off or there is no browser.

    ``again``: also of those that could not be photographed before, :data:`RETRY` ago or more.
    """
    done = ScreenshotsTaken()
    settings = services.settings
    if not screenshots_wanted(services):
        return done
    tried_before = services.clock() - RETRY if again else None
    pages = store.evidence.without(CaptureKind.SCREENSHOT, settings.screenshots_per_run, tried_before=tried_before)
    if not pages:
        return done
    if (lack := shortage(settings)) is not None:
        note_stop(services, store, lack.clause)
        logger.warning("%s", lack.sentence)
        return done
    lacking = missing()
    if lacking is not None:
        logger.warning("%s：未给 %s 个页面截图", lacking, len(pages))
        done.refused = [(page.url, f"{lacking}，未截图") for page in pages]
        return done
    originals = [original for page in pages if (original := _original(services, store, page, done)) is not None]
    if not originals:
        return done

    import crawler
    from crawler.photographs import PhotographJob
    from zhengxun import analysis

    crawl_settings = services.crawl_settings()
    analysis.use_rules(services.rules)
    writer = WarcWriter(
        crawl_settings.evidence_folder, _NO_RUN, crawl_settings.warc_size, services.clock, services.about
    )

    def deliver(photograph: Photograph) -> None:
        _keep(services, store, writer, photograph, done)

    try:
        with watching_room(services, store) as stop:
            crawler.photograph(
                PhotographJob(
                    originals,
                    analysis.analyse,
                    crawl_settings,
                    services.clock,
                    deliver,
                    warm_up=analysis.warm_up,
                    seconds=SECONDS,
                ),
                stop,
            )
        if stop.no_room is not None:
            logger.warning("%s", stop.no_room)
    finally:
        writer.close()
    for url, reason in done.refused:
        logger.info("%s：%s", url, reason)
    return done


#: Number in the names of WARC files that no crawl run wrote.
_NO_RUN = 0


def _original(services: Services, store: Store, page: UncapturedPage, done: ScreenshotsTaken) -> Original | None:
    """The kept version; None where its bytes cannot be read, which ``evidence verify`` reports, or have no looks."""
    from crawler.photographs import Original

    folder = services.settings.evidence
    dom = next((one for one in store.evidence.of_snapshot(page.snapshot_id) if one.kind is CaptureKind.DOM), None)
    try:
        record = read_record(folder, page.warc)
        headers = BytesHeaderParser().parsebytes(record.http_head.partition(b"\r\n")[2])
        sha256 = record.fields.get("warc-payload-digest", "").removeprefix("sha256:")
        if dom is not None:
            return Original(page, dom.content_type, read_payload(folder, dom.warc), sha256, rendered=True)
        body = decode_body(record.payload, headers.get("Content-Encoding"), limit=services.crawl_settings().max_decoded)
    except (OSError, EvidenceDamaged, TooLarge, BadCoding) as error:
        logger.error("%s: %s", page.url, error)
        _refuse(store, page, "存档的页面读不出，未截图", done)
        return None
    content_type = headers.get("Content-Type")
    kind = (content_type or "text/html").partition(";")[0].strip().lower()
    if kind not in ("text/html", "application/xhtml+xml"):
        _refuse(store, page, "内容不是网页，没有可截的画面", done)  # JSON, feeds, texts
        return None
    return Original(page, content_type, body, sha256, rendered=False)


def _keep(services: Services, store: Store, writer: WarcWriter, photograph: Photograph, done: ScreenshotsTaken) -> None:
    page, shot = photograph.original.page, photograph.screenshot
    if shot is None:
        _refuse(store, page, photograph.note or "未截图", done)
        return
    resource = Resource(
        CaptureKind.SCREENSHOT, page.url, services.clock(), "image/png", shot.png, shot.width, shot.height
    )
    try:
        capture = captures.keep(writer, resource, page.warc)
    except EvidenceDamaged as error:
        _refuse(store, page, str(error), done)
        return
    writer.sync()
    store.evidence.add(page.snapshot_id, [capture])
    if photograph.restored:
        done.restored += 1
        logger.info("%s：%s，已由存档还原", page.url, photograph.note)
    else:
        done.live += 1


def _refuse(store: Store, page: UncapturedPage, reason: str, done: ScreenshotsTaken) -> None:
    store.evidence.not_captured(CaptureKind.SCREENSHOT, page.snapshot_id, reason)
    done.refused.append((page.url, reason))


@dataclass(frozen=True, slots=True)
class ScreenshotGap:
    """How many leads' pages have no screenshot."""

    waiting: int
    refused: int

    @property
    def text(self) -> str:
        """In Chinese."""
        parts = [f"{self.waiting} 条线索的页面待截图，由下次 tick 继续"] if self.waiting else []
        parts += [f"{self.refused} 条线索的页面截不了图（原因见简报和线索），下次采集后再试"] if self.refused else []
        return "；".join(parts) or "列为线索的页面都有整页截图"


def screenshot_gap(services: Services, store: Store) -> ScreenshotGap | None:
    """What still lacks a screenshot; None where the settings ask for none."""
    if not screenshots_wanted(services):
        return None
    backlog = store.evidence.backlog(CaptureKind.SCREENSHOT)
    return ScreenshotGap(backlog.waiting, backlog.refused)


def catch_up(services: Services, store: Store) -> None:
    """Take the screenshots that a crawl left over; nothing where another process crawls or none is left."""
    gap = screenshot_gap(services, store)
    if gap is None or not gap.waiting or missing() is not None:
        return
    try:
        with services.lock("crawl"):
            take_screenshots(services, store, again=False)
    except LockHeld:
        return
