"""Kept pictures of one run: taken down by address, read once each, by one process of low priority within the run's seconds."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from crawler.captures import keep
from crawler.exchange import Resource
from crawler.pictures.choice import INLINE
from crawler.pictures.reader import missing, reader_name
from crawler.pictures.sameness import is_same, near
from crawler.pictures.worker import PictureWorker, Unreadable
from crawler.warc import WarcWriter
from domain.errors import EvidenceDamaged
from domain.evidence import Capture, CaptureKind
from domain.picture import Box, PictureLook, PictureReading
from storage.pictures import PicturePage, StoredReading
from zhengxun.pictures import inline_pictures, picture_bytes
from zhengxun.services import Services

if TYPE_CHECKING:
    from storage import Store

logger = logging.getLogger(__name__)

#: A picture that was fetched this recently for another page, or another version, is not fetched again.
FRESH = timedelta(days=7)


@dataclass(slots=True)
class PicturesRead:
    """What one call of :func:`zhengxun.jobs.pictures.read_pictures` did."""

    pages: int = 0
    pictures: int = 0
    """Pictures that the reader really read."""
    known: int = 0
    """Pictures that had been read before, or that are the same as one that had."""
    leads_new: int = 0
    left: int = 0
    """Pages some of whose pictures wait for a later run."""


@dataclass(slots=True)
class PictureShelf:
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
        elsewhere = {
            url: capture
            for url, capture in self.store.pictures.captured(urls, self.services.clock() - FRESH).items()
            if url not in own or _is_newer(capture, own[url])
        }
        absent = [url for url in urls if url not in own]
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

    def words(self, kept: Mapping[str, Capture]) -> tuple[list[tuple[str, PictureReading]], dict[str, None], int]:
        """What stands in kept pictures: (address, reading), what was not read of them and why, and how many must wait."""
        readings: list[tuple[str, PictureReading]] = []
        notes: dict[str, None] = {}
        left = 0
        for url, capture in kept.items():
            stored = self.read(capture)
            if stored is None:
                left += 1
                continue
            readings.append((url, stored.reading))
            notes |= dict.fromkeys(stored.reading.incomplete if stored.reason is None else (stored.reason,))
        return readings, notes, left

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


def _is_newer(capture: Capture, own: Capture) -> bool:
    """Whether a picture's address gave other bytes to another page since."""
    return capture.taken_at > own.taken_at and capture.sha256 != own.sha256


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
