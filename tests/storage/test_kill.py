"""kill -9 in the middle of recording, again and again."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time

from sqlalchemy import text

from domain.crawl import CrawlRequest
from domain.lead import fold
from storage import Store
from storage.engine import reading
from tests.storage.build import SITE, World

_PAGES = 300

#: Goes on with the run it finds, three visits to a batch, and says after each batch how far it is.
_CRAWL = """
import sys
from datetime import timedelta
from storage import open_store
from tests.storage.build import AD, CLEAN, START, judged, ok

store = open_store(sys.argv[1], clock=lambda: START, confirm_after=timedelta(hours=6))
(run,) = store.interrupted_runs()
store.resume(run.id)
ledger = store.ledger()
while batch := ledger.pending(run.id, run.target_ids[0], 3):
    ledger.record([ok(one, START, [judged(one.url, AD if one.id % 3 else CLEAN)]) for one in batch])
    print(ledger.done_count(run.id, run.target_ids[0]), flush=True)
"""


def crawl(url: str) -> subprocess.Popen[str]:
    """A process that goes on with the interrupted run."""
    return subprocess.Popen([sys.executable, "-c", _CRAWL, url], stdout=subprocess.PIPE, text=True)


def number(store: Store, question: str) -> int:
    """The one number that a query gives."""
    with reading(store.engine) as connection:
        return int(connection.execute(text(question)).scalar_one())


def test_a_crawl_killed_at_any_moment_is_finished_by_the_next(world: World, database_url: str) -> None:
    """After each kill the database is whole and holds what was acknowledged; in the end nothing is lost or doubled."""
    choose = random.Random(20261124)
    run = world.begin()
    world.store.ledger().plan([CrawlRequest(run.id, 1, f"{SITE}/{page}") for page in range(_PAGES)])
    acknowledged = 0
    kills = 0
    while True:
        process = crawl(database_url)
        assert process.stdout is not None
        # Some batches, then a random part of the next one.
        for _ in range(choose.randrange(1, 12)):
            acknowledged = int(process.stdout.readline() or acknowledged)
        if acknowledged == _PAGES or kills == 6:
            break
        time.sleep(choose.random() * 0.02)
        process.send_signal(signal.SIGKILL)
        rest = process.communicate()[0].split()
        acknowledged = int(rest[-1]) if rest else acknowledged
        kills += 1
        assert process.returncode == -signal.SIGKILL
        check_whole(world.store, acknowledged)
    process.communicate()
    assert process.returncode == 0
    assert kills == 6

    summary = world.store.finish_run(run.id)
    assert (summary.pages, summary.snapshots_new, summary.leads_new) == ({"ok": _PAGES}, _PAGES, _PAGES * 2 // 3)
    check_whole(world.store, _PAGES)
    for lead in world.store.leads.list(limit=_PAGES):
        detail = world.store.leads.get(lead.id)
        assert fold(detail.lead.events) == lead.state
        assert len(detail.lead.events) == 1


def check_whole(store: Store, acknowledged: int) -> None:
    """Every done request has one snapshot with one document, assessment and, if flagged, lead; none is half there."""
    if store.engine.dialect.name == "sqlite":
        with reading(store.engine) as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").first() is None
    done = number(store, "SELECT count(*) FROM crawl_requests WHERE outcome IS NOT NULL")
    # A batch may be committed although its process was killed before it could say so.
    assert acknowledged <= done <= acknowledged + 3
    assert number(store, "SELECT done FROM crawl_run_targets") == done
    assert number(store, "SELECT planned FROM crawl_run_targets") == _PAGES
    for table in ("snapshots", "documents", "assessments", "pages"):
        assert number(store, f"SELECT count(*) FROM {table}") == done
    assert number(store, "SELECT count(DISTINCT request_id) FROM snapshots") == done
    flagged = number(store, "SELECT count(*) FROM assessments WHERE level <> 'none'")
    assert number(store, "SELECT count(*) FROM leads") == flagged
    assert number(store, "SELECT count(*) FROM lead_events") == flagged
    assert number(store, "SELECT count(*) FROM findings") == 2 * flagged
