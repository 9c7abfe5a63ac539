"""The process that opens and reads pictures: hostile bytes and 500 MB of models stay out of every other process.

One picture at a time, in a process of low priority that is started with the first picture and ended with the last, so
that its memory goes back to the system. A picture that hangs or crashes it costs that picture only.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import multiprocessing
import os
import pickle
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Self

from crawler.pictures.image import BadPicture, Decoded, decode
from crawler.pictures.sameness import look_at
from domain.picture import Box, PictureLook, PictureReading

#: Address space of the process. Models and libraries take about 1.5 GiB of it, 550 MB of which are really used.
_MEMORY = 4 * 1024**3
#: Pictures after which the process is replaced: whatever a decoder leaks ends with it.
_PICTURES = 500
#: Seconds for the start, with the models' loading, on a slow and busy machine.
_START_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Unreadable:
    """There is no reading of these bytes, now or later; ``reason`` is a Chinese sentence without full stop."""

    reason: str


class PictureWorker:
    """Reads pictures in a process of its own. One thread at a time; use it as a context manager."""

    def __init__(self, *, words: bool = True, threads: int = 1, seconds: float = 60.0) -> None:
        self._words = words
        self._threads = threads
        self._seconds = seconds
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._left = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Process id of the worker, where one runs (benchmarks measure it)."""
        return self._process.pid if self._process is not None else None

    def look(self, data: bytes) -> PictureLook | Unreadable:
        """What the picture looks like; it stays with the worker until the next one is looked at."""
        if self._left == 0:
            self.close()
        if self._pipe is None:
            self._start()
        self._left -= 1
        return self._ask(("look", data))

    def read(self) -> PictureReading | Unreadable:
        """Read the picture that was looked at last."""
        return self._ask(("read", None))

    def thumbnail(self, frames: Sequence[Box], covers: Sequence[Box]) -> bytes | Unreadable:
        """A small JPEG of the picture that was looked at last; see :func:`crawler.pictures.thumbnail.draw`."""
        return self._ask(("draw", (tuple(frames), tuple(covers))))

    def preview(self) -> bytes | Unreadable:
        """A very small JPEG of the screenshot that was looked at last; see :func:`crawler.pictures.thumbnail.preview`."""
        return self._ask(("preview", None))

    def close(self) -> None:
        """End the process; memory goes back to the system."""
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if self._process is not None:
            self._process.join(timeout=1.0)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()
            self._process.close()
            self._process = None
        self._left = 0

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, self._words, self._threads), daemon=True)
        self._process.start()
        theirs.close()
        self._left = _PICTURES
        if not self._pipe.poll(_START_SECONDS):
            self.close()
            raise OSError("picture reader did not start in time")
        try:
            self._pipe.recv_bytes()
        except EOFError as error:
            self.close()
            raise OSError("picture reader ended while it started") from error

    def _ask(self, message: tuple[str, object]) -> Any:
        if self._pipe is None:
            return Unreadable("图片使识别程序异常退出")
        try:
            self._pipe.send_bytes(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))
            if not self._pipe.poll(self._seconds):
                self.close()
                return Unreadable(f"图片未能在 {self._seconds:.0f} 秒内识别完")
            return pickle.loads(self._pipe.recv_bytes())  # noqa: S301 - from our own worker
        except (EOFError, OSError):
            self.close()
            return Unreadable("图片使识别程序异常退出")


def serve(pipe: Connection, words: bool, threads: int) -> None:
    """Answer questions about one picture after another: its look, its reading, a small copy of it."""
    for number in (signal.SIGINT, signal.SIGTERM):  # the job decides when its worker ends
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: ends with a job that is killed
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = _MEMORY if hard == resource.RLIM_INFINITY else min(_MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    os.nice(10)  # pages come first
    from crawler.pictures.reader import PictureReader
    from crawler.pictures.thumbnail import draw, preview

    reader = PictureReader(words, threads)
    picture: Decoded | None = None
    sha256 = ""
    with contextlib.suppress(EOFError, OSError):
        pipe.send_bytes(b"ready")
        while True:
            what, content = pickle.loads(pipe.recv_bytes())  # noqa: S301 - from our own job
            answer: object
            if what == "look":
                sha256 = hashlib.sha256(content).hexdigest()
                picture, answer = _looked_at(content)
            elif picture is None:
                answer = Unreadable("图片损坏或格式不受支持")
            elif what == "read":
                answer = _made(reader.read, sha256, picture)
            elif what == "preview":
                answer = _made(preview, picture)
            else:
                answer = _made(draw, picture, *content)
            pipe.send_bytes(pickle.dumps(answer, pickle.HIGHEST_PROTOCOL))


def _looked_at(data: bytes) -> tuple[Decoded | None, PictureLook | Unreadable]:
    try:
        picture = decode(data)
        return picture, look_at(picture)
    except BadPicture as bad:
        return None, Unreadable(str(bad))
    except Exception as error:  # a picture must not end the worker
        return None, Unreadable(f"图片无法打开（{type(error).__name__}）")


def _made(make: Callable[..., object], *arguments: object) -> object:
    try:
        return make(*arguments)
    except Exception as error:  # a picture must not end the worker
        return Unreadable(f"图片识别出错（{type(error).__name__}）")
