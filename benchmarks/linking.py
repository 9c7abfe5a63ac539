"""What linking a new page costs against many stored pages, and how well operators are found.

Prints the ratio (limit 2.0) of linking a portion of new pages with a large store to the same with a small one, in one run;
and pairwise precision (≥ 0.98) and recall (≥ 0.9) on made-up advertisers. ``--full``: 10^6 stored pages; ``--url
postgresql+psycopg://…``: on databases made for it on that server (and dropped) instead of on SQLite; its processes' time
counts too where they run on this machine.
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import create_engine, make_url, select, text

from domain.fingerprint import fingerprint
from domain.operator import LinkLimits
from storage import Store, default_url, migrate, open_store
from storage.engine import parse_url, reading
from storage.tables import OperatorPageRow, PageRow
from storage.types import key_of
from tests.storage.advertisers import Ad, ad, advertisers, pairwise
from tests.storage.build import World, ok

RATIO_LIMIT, PRECISION, RECALL = 2.0, 0.98, 0.9
SMALL, LARGE, FULL = 10_000, 100_000, 1_000_000
PER_OPERATOR = 5
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
STAMP = "2026-11-24 01:00:00.000000"
_ROWS = 20_000


def _domain(host: str) -> str:
    return ".".join(host.split(".")[-2:])


def _phone(operator: int) -> str:
    return f"139{operator:08d}"


def _text(rng: random.Random) -> str:
    return "".join(chr(0x4E00 + rng.randrange(4000)) for _ in range(300))


#: A table, its columns, and its rows.
Rows = tuple[str, str, Iterable[tuple[object, ...]]]


def stored(pages: int) -> Iterator[Rows]:
    """Rows as linking leaves them for ``pages`` flagged pages, five to an operator, each text different."""
    operators = pages // PER_OPERATOR
    yield (
        "identifiers",
        "id, kind, value, pages, sites, parties, official, excluded, common, first_seen, last_seen",
        (
            (2 * operator + which + 1, ("phone", "wechat")[which], value, 5, 1, 1, 0, 0, 0, STAMP, STAMP)
            for operator in range(operators)
            for which, value in enumerate((_phone(operator), f"kz{operator:08d}"))
        ),
    )
    yield (
        "operators",
        "id, name, pages, created_at",
        ((operator + 1, None, 5, STAMP) for operator in range(operators)),
    )
    yield "identifier_sites", "identifier_id, site", ((i + 1, f"site{i // 2}.example") for i in range(2 * operators))
    yield (
        "identifier_parties",
        "identifier_id, kind, other_id",
        ((i + 1, ("wechat", "phone")[i % 2], i + 2 - 2 * (i % 2)) for i in range(2 * operators)),
    )
    yield (
        "operator_identifiers",
        "identifier_id, operator_id, pages",
        ((i + 1, i // 2 + 1, 5) for i in range(2 * operators)),
    )
    rng = random.Random(1)
    for start in range(0, pages, _ROWS):
        yield from _stored_pages(range(start, min(pages, start + _ROWS)), rng)


def _stored_pages(numbers: range, rng: random.Random) -> Iterator[Rows]:
    def site(number: int) -> str:
        return f"site{number // PER_OPERATOR}.example"

    def url(number: int) -> str:
        return f"http://{site(number)}/{number}"

    yield (
        "pages",
        "id, url_key, target_id, purpose, depth, plan_rank, flagged, first_seen, last_seen, last_checked, times_seen,"
        " times_changed, text_sha256, host, url",
        ((n + 1, key_of(url(n)), 1, "page", 1, 1, 1, STAMP, STAMP, STAMP, 1, 0, "", site(n), url(n)) for n in numbers),
    )
    yield (
        "identifier_occurrences",
        "page_id, identifier_id, first_document_id, document_id, snapshot_id, source, confidence, raw",
        ((n + 1, 2 * (n // PER_OPERATOR) + which, 1, 1, 1, "text", 1.0, "") for n in numbers for which in (1, 2)),
    )
    yield (
        "operator_pages",
        "page_id, operator_id, site, ground, because, since",
        ((n + 1, n // PER_OPERATOR + 1, site(n), "identifier", "[]", STAMP) for n in numbers),
    )
    # A fingerprint costs a millisecond; random numbers of the same shape do for texts that nothing repeats.
    keys = {n: [rng.getrandbits(63) for _ in range(8)] for n in numbers}
    yield (
        "text_prints",
        "page_id, simhash, length, keys",
        ((n + 1, rng.getrandbits(63), 300, str(mine)) for n, mine in keys.items()),
    )
    yield "text_keys", "key, page_id", ((key, n + 1) for n, mine in keys.items() for key in mine)


def fill_sqlite(path: str, pages: int) -> None:
    """Put the rows into an empty store."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    for table, columns, rows in stored(pages):
        marks = ", ".join("?" * len(columns.split(",")))
        connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
    connection.commit()
    connection.execute("ANALYZE")
    connection.commit()
    connection.close()


def fill_postgres(url: str, pages: int) -> None:
    """Put the rows into an empty store; ids go on behind them."""
    import psycopg

    with psycopg.connect(
        make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    ) as connection:
        cursor = connection.cursor()
        cursor.execute("SET session_replication_role = replica")  # a benchmark's rows need no snapshots behind them
        for table, columns, rows in stored(pages):
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        for table in ("identifiers", "operators", "pages"):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
        connection.commit()
        connection.autocommit = True
        cursor.execute("VACUUM ANALYZE")


def _new_pages(pages: int, portion: int, rng: random.Random, size: int = 100) -> list[Ad]:
    """Half of them with the number of an operator that is stored, each with a text of its own."""
    made = []
    for number in range(size):
        operator = rng.randrange(pages // PER_OPERATOR) if number % 2 else 90_000_000 + portion * size + number
        url = f"http://new{portion}-{number}.example/"
        made.append(ad(url, operator, f"包过{_text(rng)}\n电话 {_phone(operator)}", "", ""))
    return made


def _put(world: World, ads: list[Ad]) -> None:
    run = world.begin()
    world.record(*[ok(world.request(run, each.url), NOW, [each.judged]) for each in ads])
    world.store.finish_run(run.id)


@contextmanager
def _store(folder: Path, name: str, server: str | None = None) -> Iterator[tuple[Store, str]]:
    """An empty store and its address: in a folder of its own, or a database of its own on a PostgreSQL server."""
    place, url, made = folder / name, "", None
    if server is None:
        place.mkdir()
        url = default_url(place)
    else:
        made = create_engine(parse_url(server), isolation_level="AUTOCOMMIT")
        database = f"zhengxun_linking_{os.getpid()}_{name}"
        url = parse_url(server).set(database=database).render_as_string(hide_password=False)
        with made.connect() as connection:
            connection.execute(
                text(f"CREATE DATABASE {database} TEMPLATE template0 LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'")
            )
    try:
        migrate(url)
        store = open_store(url, clock=lambda: NOW, confirm_after=timedelta(hours=6))
        try:
            yield store, url
        finally:
            store.close()
    finally:
        if made is not None:
            with made.connect() as connection:
                connection.execute(text(f"DROP DATABASE {database} WITH (FORCE)"))
            made.dispose()


def _spent(store: Store) -> float:
    """Processor seconds of this process, and of the database's own that serve the store and can be seen from here."""
    if store.engine.dialect.name == "sqlite":
        return time.process_time()
    with reading(store.engine) as connection:
        found = connection.execute(
            text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        ).scalars()
        servers = [Path(f"/proc/{pid}/stat") for pid in found]
    ticks = os.sysconf("SC_CLK_TCK")
    return time.process_time() + sum(
        sum(map(int, path.read_text().rpartition(")")[2].split()[11:13])) / ticks for path in servers if path.exists()
    )


def _costs(folder: Path, pages: int, portions: int, server: str | None) -> Iterator[float]:
    """Seconds of linking one portion after another; the store is filled before the first."""
    with _store(folder, str(pages), server) as (store, url):
        world = World(store, lambda: NOW)
        started = time.monotonic()
        if server is None:
            fill_sqlite(str(make_url(url).database), pages)
        else:
            fill_postgres(url, pages)
        print(f"{pages} pages stored in {time.monotonic() - started:.0f} s", flush=True)
        rng = random.Random(2)
        for portion in range(portions):
            _put(world, _new_pages(pages, portion, rng))
            before = _spent(store)
            linked = store.link(LinkLimits(), _domain)
            yield _spent(store) - before
            assert linked.documents == 100
            assert linked.operators_new == 50, linked


def quality(folder: Path, seeds: range) -> tuple[float, float]:
    """Worst precision and recall of several made-up worlds of 64 operators."""
    precision = recall = 1.0
    for seed in seeds:
        with _store(folder, f"quality-{seed}") as (store, _):
            world = World(store, lambda: NOW)
            ads = advertisers(seed=seed)
            for start in range(0, len(ads), 150):
                _put(world, ads[start : start + 150])
                store.link(LinkLimits(), _domain)
            with reading(store.engine) as connection:
                rows = connection.execute(
                    select(PageRow.url, OperatorPageRow.operator_id)
                    .join(OperatorPageRow, OperatorPageRow.page_id == PageRow.id)
                    .where(OperatorPageRow.operator_id.is_not(None))
                ).all()
            right, found = pairwise({each.url: each.operator for each in ads}, {url: owner or 0 for url, owner in rows})
            print(f"seed {seed}: {len(ads)} pages, precision {right:.4f}, recall {found:.4f}", flush=True)
            precision, recall = min(precision, right), min(recall, found)
    return precision, recall


def main() -> int:
    """Measure; 1 where a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="10^6 stored pages against 10^4, and six worlds")
    parser.add_argument("--pages", type=int, help="stored pages of the large store")
    parser.add_argument("--url", help="PostgreSQL server (a database of which may be connected to)")
    options = parser.parse_args()
    full, many = options.full, options.pages or (FULL if options.full else LARGE)
    assert fingerprint("包过" * 100) is not None
    with tempfile.TemporaryDirectory() as folder:
        small = _costs(Path(folder), SMALL, 8, options.url)
        large = _costs(Path(folder), many, 8, options.url)
        # In turns, so that both see the same machine; the fastest of each is what the work itself costs.
        pairs = list(zip(small, large, strict=True))[1:]
        low, high = min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)
        ratio = high / low
        print(
            f"linking 100 new pages: {low * 1000:.0f} ms against {SMALL} pages, {high * 1000:.0f} ms against "
            f"{many}, ratio {ratio:.2f} (≤ {RATIO_LIMIT})"
        )
        precision, recall = quality(Path(folder), range(7, 13) if full else range(7, 8))
        print(f"worst precision {precision:.4f} (≥ {PRECISION}), worst recall {recall:.4f} (≥ {RECALL})")
    return int(ratio > RATIO_LIMIT or precision < PRECISION or recall < RECALL)


if __name__ == "__main__":
    sys.exit(main())
