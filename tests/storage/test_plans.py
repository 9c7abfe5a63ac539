"""No query of an ordinary day walks through a table that grows for ever."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from domain.crawl import CrawlRequest, Outcome
from domain.lead import EventKind, Presence, Review
from domain.operator import LinkLimits
from storage import Store, open_store
from storage.engine import reading, writing
from storage.leads import LeadFilter
from tests.storage.build import AD, CLEAN, SITE, World, ended, judged, ok
from tests.storage.conftest import TestClock
from tests.storage.test_digests import freeze
from tests.storage.test_verification import feed

GROWING = (
    "snapshots",
    "crawl_requests",
    "pages",
    "documents",
    "assessments",
    "findings",
    "lead_events",
    "digest_items",
)


@contextmanager
def collected(engine: Engine) -> Iterator[dict[str, Any]]:
    """Every statement that runs inside the block, with the parameters of one of its executions."""
    statements: dict[str, Any] = {}

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "INSERT", "DELETE")):
            statements[statement] = parameters[0] if isinstance(parameters, list) else parameters

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def scans(engine: Engine, statement: str, parameters: Any) -> list[str]:
    """Lines of the statement's plan that read a growing table from its beginning to its end."""
    if engine.dialect.name == "sqlite":
        with reading(engine) as connection:
            plan = [str(row[3]) for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters)]
        if statement.startswith("INSERT") and "SELECT" not in statement:
            # The plan of an INSERT lists the tables that point to its table; SQLite looks at them only while a violated
            # reference is open in the transaction.
            return []
        return [line for line in plan if (found := re.match(r"SCAN (\w+)", line)) and is_growing(found[1], statement)]
    with writing(engine) as connection:
        # With a handful of rows PostgreSQL reads every table whole; forbidden to, it still must where no index helps.
        for way in ("seqscan", "hashjoin", "mergejoin"):
            connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        plan = [str(row[0]) for row in connection.exec_driver_sql("EXPLAIN " + statement, parameters)]
    found = (re.search(r"Seq Scan on (\w+)", line) for line in plan)
    # An index without a condition is walked through from end to end as well.
    whole = [
        line
        for line, below in zip(plan, [*plan[1:], ""], strict=True)
        if (index := re.search(r"(?:Index Scan|Index Only Scan|Bitmap Heap Scan) .*on (\w+)", line))
        and is_growing(index[1], statement)
        and "Cond:" not in below
        and "ix_leads" not in line
    ]
    return [match[0] for match in found if match and is_growing(match[1], statement)] + whole


def is_growing(name: str, statement: str) -> bool:
    """Whether a plan's name is, or stands for, one of the tables that grow for ever."""
    alias = re.search(rf"(\w+) AS {name}\b", statement)
    return (alias[1] if alias else name) in GROWING


def a_day(world: World, clock: TestClock, store: Store) -> None:
    """Everything a day asks: crawl, coverage, digest, lists, review, and building the day before again."""
    run = store.begin_run([world.target.id])
    ledger = store.ledger()
    ledger.plan([CrawlRequest(run.id, world.target.id, world.target.url, priority=9)])
    ledger.plan_known(run.id, world.target.id, 50)
    requests = ledger.pending(run.id, world.target.id, 20)
    ledger.record([ended(requests[0], clock(), Outcome.UNCHANGED), ended(requests[1], clock(), Outcome.TIMEOUT)])
    ledger.record([ok(requests[2], clock(), [judged(requests[2].url, AD + "改")])])
    ledger.record([ok(one, clock(), [judged(one.url, CLEAN)]) for one in requests[3:5]])
    feed(world, clock, AD)
    world.unchanged(f"{SITE}/feed.xml")
    ledger.pending_count(run.id, world.target.id)
    ledger.done_count(run.id, world.target.id)
    ledger.defer_rest(run.id, world.target.id, "max_pages", "上限")
    store.finish_run(run.id)
    store.interrupted_runs()
    store.recent_runs(20)
    day = date(2026, 11, 24)
    store.digests.coverage(day, clock())
    list(store.digests.lead_material(day, clock()))
    list(store.digests.lead_material(day, clock() - timedelta(hours=12)))
    freeze(store, clock(), 1, 2)
    store.digests.frozen(day)
    list(store.digests.lead_material(day, clock()))
    store.digests.list()
    store.leads.list(review=Review.PENDING, target_id=world.target.id, day=day)
    store.leads.list(limit=20)
    store.leads.get(1)
    store.leads.append(1, EventKind.CONFIRMED, "张三", None, clock())
    store.targets.list()
    list(store.stored_documents(limit=3, since=clock() - timedelta(days=1)))


@pytest.fixture
def lived_in(world: World, clock: TestClock) -> World:
    """A store with a few pages, leads and a digest of the day before."""
    for number in range(12):
        world.look(f"{SITE}/{number}", AD if number % 2 else CLEAN)
    feed(world, clock, AD)
    freeze(world.store, clock(), 1)
    clock.forward(days=1)
    return world


def test_no_query_of_a_day_reads_a_growing_table_whole(lived_in: World, clock: TestClock, database_url: str) -> None:
    """Every statement that a day runs finds its rows by an index."""
    store = open_store(database_url, clock=clock, confirm_after=timedelta(hours=6), is_due=lambda target, now: True)
    with closing(store), collected(store.engine) as statements:
        a_day(World(store, clock), clock, store)

    whole = {
        statement: found
        for statement, params in statements.items()
        if (found := scans(lived_in.store.engine, statement, params))
    }

    assert len(statements) > 60
    assert whole == {}


def test_lists_of_leads_are_filtered_and_counted_in_an_index(lived_in: World, clock: TestClock) -> None:
    """Whatever the queue is filtered by, the wide rows are read of the leads that are shown only."""
    leads = lived_in.store.leads
    engine = lived_in.store.engine
    if engine.dialect.name != "sqlite":
        return  # PostgreSQL chooses by what it counted of the rows, not by what it could do
    asked: tuple[dict[str, Any], ...] = (
        {"platform": "web"},
        {"platform": "web", "region": "山西", "level": "high"},
        {"owner": "", "presence": Presence.ONLINE},
        {"review": Review.REFERRED, "overdue_since": clock()},
    )
    with collected(engine) as statements:
        for more in asked:
            for review in (Review.PENDING, None):
                wanted = LeadFilter(**({"review": review} | more))
                leads.list(wanted, limit=20, offset=40)
                leads.count(wanted)
                leads.neighbours(1, wanted)
    with reading(engine) as connection:
        lines = [
            str(row[3])
            for statement, parameters in statements.items()
            for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters)
        ]
    read = [line for line in lines if re.match(r"(SCAN|SEARCH) leads\b", line)]
    assert len(read) > 20
    assert [line for line in read if "COVERING INDEX" not in line and "PRIMARY KEY" not in line] == []


def test_a_query_without_an_index_would_be_noticed(lived_in: World) -> None:
    """The check itself sees a scan: a condition that no index answers is reported on both databases."""
    engine = lived_in.store.engine
    wanted = "SELECT id FROM crawl_requests WHERE detail = 'x'"

    assert scans(engine, wanted, ())
    assert scans(engine, "SELECT count(*) FROM snapshots", ())
    assert scans(engine, "SELECT id FROM snapshots WHERE id = 1", ()) == []


def test_leads_to_report_are_found_by_their_index(world: World, clock: TestClock) -> None:
    """For the digest and for leads that moved: SQLite answers a column compared with 1 by walking through all leads."""
    world.look(SITE)
    engine = world.store.engine
    if engine.dialect.name != "sqlite":
        return  # the planner of PostgreSQL goes by the size of the table
    with collected(engine) as statements:
        list(world.store.digests.lead_material(clock().date(), clock()))
        world.store.link(LinkLimits(), str)
    asking = [each for each in statements.items() if "WHERE leads.to_report" in each[0]]
    assert len(asking) == 2
    for statement, parameters in asking:
        with reading(engine) as connection:
            plan = [str(row[3]) for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters)]
        assert any("INDEX ix_leads_to_report" in line for line in plan), plan
        assert not any(line.startswith("SCAN leads") and "INDEX" not in line for line in plan), plan
