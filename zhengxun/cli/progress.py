"""Progress bars: on standard error, and only if that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from zhengxun.cli.output import clean

if TYPE_CHECKING:
    from crawler.settings import Progress
    from domain.crawl import CrawlRun
    from zhengxun.jobs.crawl import OnProgress


@contextmanager
def crawl_progress() -> Iterator[OnProgress | None]:
    """A callback that draws how far a crawl is; None where nobody would see it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars
    from rich.text import Text

    console = Console(stderr=True)
    columns = (
        TextColumn("采集"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn("个对象，{task.fields[pages]} 页"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[latest]}", markup=False),
    )
    with Bars(*columns, console=console, transient=True) as bars:
        tasks: dict[int, object] = {}

        def show(run: CrawlRun, targets: int, state: Progress) -> None:
            if run.id not in tasks:
                tasks[run.id] = bars.add_task("采集", total=targets, pages=0, latest="")
            latest = clean(state.latest.request.url)[:60] if state.latest is not None else ""
            bars.update(
                tasks[run.id],  # type: ignore[arg-type]
                completed=state.targets_finished,
                pages=state.pages,
                latest=Text(latest).plain,
            )

        yield show


@contextmanager
def byte_progress(word: str) -> Iterator[Callable[[int, int], None] | None]:
    """A callback (bytes done, bytes in all) that draws how far reading is; None where nobody would see it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn(word), BarColumn(bar_width=30), DownloadColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(word, total=None)

        def show(done: int, total: int) -> None:
            bars.update(task, completed=done, total=total)

        yield show
