"""Small copies of the pictures in a digest, made from the kept bytes in the picture worker.

In pictures personal data are painted over; screenshots are made too small for them to be read.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from crawler.extract.contacts import contacts
from crawler.pictures.reader import reader_name
from crawler.pictures.worker import PictureWorker, Unreadable
from domain.crawl import WarcRef
from domain.digest import DigestPicture
from domain.document import PERSONAL
from domain.errors import EvidenceDamaged
from domain.evidence import screenshot_file
from domain.picture import Box, PictureReading
from zhengxun.pictures import picture_bytes

if TYPE_CHECKING:
    from storage import Store

logger = logging.getLogger(__name__)

#: Pictures shown in one digest; beyond it their addresses are named only, so that the file can still be mailed (6 MB).
MOST = 120
#: Screenshots shown in one digest, of the leads that stand first; of the others the path is named. Some 7 kB each.
MOST_SCREENSHOTS = 120


class Thumbnails:
    """Makes small copies, each once; use it as a context manager, which ends its worker."""

    def __init__(self, store: Store, evidence: Path) -> None:
        self._store = store
        self._evidence = evidence
        self._worker = PictureWorker(words=False, seconds=20.0)
        self._made: dict[tuple[str, tuple[Box, ...]], str] = {}
        self._screenshots: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._worker.close()

    def __call__(self, places: Sequence[DigestPicture]) -> str:
        """``data:`` address of a JPEG with the places framed; "" where the picture cannot be shown."""
        first = places[0]
        key = (first.sha256, tuple(dict.fromkeys(place.box for place in places)))
        if key not in self._made:
            if len(self._made) >= MOST:
                return ""
            self._made[key] = self._make(first, key[1])
        return self._made[key]

    def screenshot(self, name: str) -> str:
        """``data:`` address of a JPEG of the screenshot file ``name`` (as the digest names it); "" where there is none.

        A file that is not what its name says is not shown.
        """
        if name not in self._screenshots:
            if len(self._screenshots) >= MOST_SCREENSHOTS:
                return ""
            self._screenshots[name] = self._preview(name)
        return self._screenshots[name]

    def _preview(self, name: str) -> str:
        sha256 = Path(name).stem
        if name != screenshot_file(sha256):
            return ""
        try:
            data = (self._evidence / name).read_bytes()
        except OSError as error:
            logger.error("%s: %s", name, error.strerror)
            return ""
        if hashlib.sha256(data).hexdigest() != sha256:
            logger.error("截图 %s 与其校验值不符，简报中未显示；请执行 zhengxun evidence verify --all。", name)
            return ""
        if isinstance(self._worker.look(data), Unreadable):
            return ""
        return _data_address(self._worker.preview())

    def _make(self, picture: DigestPicture, frames: tuple[Box, ...]) -> str:
        read = self._store.pictures.readings([picture.sha256], reader_name()).get(picture.sha256)
        if read is None:
            return ""  # what is personal in it is not known, so it is not shown
        try:
            where = self._store.compaction.place_of(WarcRef(picture.warc, picture.warc_offset, picture.warc_record))
            data = picture_bytes(self._evidence, where)
        except (OSError, EvidenceDamaged) as error:
            logger.error("%s", error)
            return ""
        if isinstance(data, str) or isinstance(self._worker.look(data), Unreadable):
            return ""
        return _data_address(self._worker.thumbnail(frames, _personal(read.reading)))


def _data_address(jpeg: bytes | Unreadable) -> str:
    return "" if isinstance(jpeg, Unreadable) else "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def _personal(read: PictureReading) -> list[Box]:
    """Where numbers and accounts of persons stand, and all QR codes: they often are accounts."""
    lines = [line.box for line in read.lines if any(contact.kind in PERSONAL for contact in contacts(line.text))]
    return [*lines, *(code.box for code in read.codes)]
