"""The process that reads answers: decompress, extract, classify. Hostile bytes meet big libraries here, not in the engine.

A worker may hang, crash or run out of memory; the engine sees that at its end of the pipe and goes on.
"""

from __future__ import annotations

import contextlib
import copyreg
import ctypes
import gc
import hashlib
import os
import pickle
import queue
import resource
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection

from crawler.decoding import BadCoding, TooLarge, decode_body
from domain.analysis import PageAnalysis
from domain.assessment import Assessment, Level, Speaker
from domain.crawl import FetchedPage
from domain.document import Link, PageVerdict, Segment
from domain.errors import ZhengxunError
from domain.ports import Analyse

#: Address space of one worker. Dictionaries and libraries take about 1 GiB of it; a page that needs more is hostile.
_MEMORY = 4 * 1024**3
#: A worker's first message.
READY = b"ready"


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer to be read; the body as received."""

    page: FetchedPage
    """Its ``body`` is still in its content coding."""
    content_encoding: str | None
    max_decoded: int
    known_text: str | None = None
    """``text_sha256`` of the version that is kept: where it is the same again, documents are not sent back."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of a reading: an analysis, or the word for why there is none."""

    analysis: PageAnalysis | None
    problem: str | None = None
    """``decoded`` (too large after decompression), ``bad_coding`` or ``error``."""


def read_answer(reading: Reading, analyse: Analyse) -> Finished:
    """Undo the content coding within its bounds and analyse; an error of the analysis is a result, not an end."""
    page = reading.page
    try:
        body = decode_body(page.body, reading.content_encoding, limit=reading.max_decoded)
    except TooLarge:
        return Finished(None, "decoded")
    except BadCoding:
        return Finished(None, "bad_coding")
    decoded = FetchedPage(page.url, page.final_url, page.status, page.content_type, body, page.hosts, page.rendered)
    try:
        analysis = analyse(decoded)
    except Exception as error:  # a page must not end the worker
        return Finished(None, f"error {type(error).__name__}: {error}"[:500])
    if (
        reading.known_text is not None
        and analysis.text_sha256 == reading.known_text
        and analysis.extraction.verdict is PageVerdict.OK
    ):
        return Finished(without_documents(analysis))
    return Finished(analysis)


def without_documents(analysis: PageAnalysis) -> PageAnalysis:
    """The same analysis with links only: enough for a page whose text is kept already."""
    extraction = analysis.extraction
    bare = type(extraction)(
        verdict=extraction.verdict,
        verdict_reason=extraction.verdict_reason,
        extractor=extraction.extractor,
        platform=extraction.platform,
        documents=(),
        links=extraction.links,
        encoding=extraction.encoding,
    )
    return PageAnalysis(bare, (), analysis.text_sha256)


def _quick_pickles() -> None:
    """Have the many small values of a page rebuilt by their constructors.

    A frozen dataclass with slots is otherwise pickled field by field through two Python functions, which for a page's
    segments and links costs as much as extracting them.
    """
    copyreg.pickle(Segment, lambda segment: (Segment, (segment.kind, segment.text, segment.picture)))
    copyreg.pickle(Link, lambda link: (Link, (link.url, link.anchor, link.place, link.nofollow)))


def serve(pipe: Connection, analyse: Analyse, warm_up: Callable[[], None] | None, pages: int) -> None:
    """Read answers from ``pipe`` until it closes or ``pages`` were read.

    Sends ``READY`` once it has loaded what it needs, then a :class:`Finished` for each answer, in order.
    """
    for number in (signal.SIGINT, signal.SIGTERM):  # the engine decides when a worker ends
        signal.signal(number, signal.SIG_IGN)
    _die_with_engine()
    _bound_memory()
    _quick_pickles()
    os.nice(5)  # fetching comes first: a page more in the queue costs nothing, an idle line does
    try:
        if warm_up is not None:
            warm_up()
    except ZhengxunError as error:
        pipe.send_bytes(str(error).encode())  # in place of READY: the engine tells the user
        return
    gc.freeze()  # dictionaries and rules are never garbage: no collection needs to walk through them again
    gc.set_threshold(10_000, 20, 20)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the engine was killed meanwhile
        pipe.send_bytes(READY)
    waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    # The pipe is emptied while a page is being read: otherwise both sides could block on writing to each other.
    threading.Thread(target=_fill, args=(pipe, waiting), daemon=True).start()
    for _ in range(pages):
        message = waiting.get()
        if message is None:
            return
        reading = pickle.loads(message)  # noqa: S301 - from our own engine
        finished = read_answer(reading, analyse)
        del reading
        del message
        try:
            pipe.send_bytes(pickle.dumps(finished, pickle.HIGHEST_PROTOCOL))
        except (BrokenPipeError, ConnectionResetError):
            return


def _fill(pipe: Connection, waiting: queue.SimpleQueue[bytes | None]) -> None:
    try:
        while True:
            waiting.put(pipe.recv_bytes())
    except (EOFError, OSError):
        waiting.put(None)


def _die_with_engine() -> None:
    """Have the kernel end this process when the engine is killed, even in the middle of a page that never ends."""
    if sys.platform == "linux":
        set_parent_death_signal = 1  # PR_SET_PDEATHSIG, prctl(2)
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def _bound_memory() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = _MEMORY if hard == resource.RLIM_INFINITY else min(_MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def extract_only(page: FetchedPage) -> PageAnalysis:
    """Extraction without classification, for ``scrapy crawl``; each assessment says that none was made."""
    from crawler.extract import extract  # the engine imports this module and needs no parsers

    extraction = extract(
        page.body,
        url=page.final_url,
        content_type=page.content_type,
        hosts=frozenset(page.hosts),
        rendered=page.rendered,
    )
    text = hashlib.sha256()
    for document in extraction.documents:
        for part in (document.title, document.text, *(segment.text for segment in document.segments)):
            text.update(part.encode("utf-8", "surrogatepass") + b"\0")
    none = Assessment(0.0, Level.NONE, (), (), Speaker.UNKNOWN, (), "none", incomplete=("未做研判",))
    return PageAnalysis(extraction, (none,) * len(extraction.documents), text.hexdigest())
