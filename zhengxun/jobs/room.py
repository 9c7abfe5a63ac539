"""Work that takes something in asks here whether there is room for it: before it begins, and while it goes on.

When taking in stops and when it goes on again are events of the store: the digest of that day says of what was not
seen that the disk was full.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from domain.errors import NoRoom
from zhengxun.disk import NO_ROOM, refusal, shortage
from zhengxun.services import Services

if TYPE_CHECKING:
    from crawler.process import StopRequest
    from storage import Store

logger = logging.getLogger(__name__)

#: Seconds between two looks at the disk.
LOOK_EVERY = 1.0
#: Seconds between two looks at the wish of whoever started the work to end it early.
_LISTEN_EVERY = 0.1


def require_room(services: Services, store: Store) -> None:
    """Raise :class:`NoRoom` where a disk has less room than the setting wants."""
    lack = shortage(services.settings)
    if lack is None:
        with suppress(NoRoom):
            store.stoppages.note(stopped=False, at=services.clock(), detail="")
        return
    note_stop(services, store, lack.clause)
    raise NoRoom(lack.sentence)


def note_stop(services: Services, store: Store, detail: str) -> None:
    """Keep that taking in stopped; a database that cannot be written to any more is said so in the log."""
    try:
        store.stoppages.note(stopped=True, at=services.clock(), detail=detail)
    except NoRoom as error:
        logger.error("%s", error)


@contextmanager
def watching_room(services: Services, store: Store, outer: StopRequest | None = None) -> Iterator[StopRequest]:
    """A wish to stop that comes true when room runs out, and with ``outer``.

    A thread of its own looks: the disk may be a share that does not answer, and the reactor must not wait for it.
    What was stopped says so in ``no_room``. A write that the disk refuses ends the block in the same way.
    """
    from crawler.process import StopRequest

    stop = StopRequest()
    over = threading.Event()

    def watch() -> None:
        looks = 0
        while not over.wait(_LISTEN_EVERY) and not stop.is_set():
            if outer is not None and outer.is_set():
                stop.signal = outer.signal
                stop.set()
                return
            looks += 1
            if looks * _LISTEN_EVERY < LOOK_EVERY:
                continue
            looks = 0
            try:
                lack = shortage(services.settings)
            except OSError as error:
                logger.warning("剩余空间无法读取：%s", error)
                continue
            if lack is not None:
                stop.no_room = lack.sentence
                stop.set()

    thread = threading.Thread(target=watch, name="room", daemon=True)
    thread.start()
    try:
        yield stop
    except NoRoom as error:
        stop.no_room = str(error)
        stop.set()
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        stop.no_room = refusal(error)
        stop.set()
    finally:
        over.set()
        thread.join()
    if stop.no_room is not None:
        note_stop(services, store, stop.no_room)
