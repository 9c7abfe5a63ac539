"""A crawl in a process of its own, so that a test can kill it: ``python -m tests.crawler.killed FOLDER HOST:PORT``."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import crawler
import storage
from tests.crawler.crawling import now, read_simply, settings_for


def main(folder: Path, host: str) -> None:
    """Begin a run over one target, or go on with the one that was interrupted."""
    from domain.target import Budget, Scope, TargetKind

    store = storage.open_store(storage.default_url(folder), clock=now, confirm_after=timedelta(hours=6))
    target, _ = store.targets.add(
        name=host,
        url=f"http://{host}/",
        kind=TargetKind.WEBSITE,
        schedule="0 6 * * *",
        scope=Scope((host,)),
        budget=Budget(max_pages=1000),
    )
    interrupted = store.interrupted_runs()
    run = store.resume(interrupted[0].id) if interrupted else store.begin_run([target.id])
    settings = settings_for(folder / "evidence", warc_size=20_000)
    assert crawler.run([target], store.ledger(), read_simply, settings, run.id, clock=now)
    store.finish_run(run.id)
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
