"""What linking a new page costs against many stored pages, and how well operators are found.

Prints the ratio (limit 2.0) of linking a portion of new pages with a large store to the same with a small one, in one run,
on SQLite; and pairwise precision (≥ 0.98) and recall (≥ 0.9) on made-up advertisers. ``--full``: 10^6 stored pages.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import select

from domain.fingerprint import fingerprint
from domain.operator import LinkLimits
from storage import Store, default_url, migrate, open_store
from storage.engine import reading
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


def fill(path: Path, pages: int) -> None:
    """Rows as linking leaves them for ``pages`` flagged pages, five to an operator, each text different."""
    rng = random.Random(1)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    operators = pages // PER_OPERATOR
    connection.executemany(
        "INSERT INTO identifiers (id, kind, value, pages, sites, parties, official, excluded, common, first_seen, last_seen)"
        " VALUES (?, ?, ?, 5, 1, 1, 0, 0, 0, ?, ?)",
        (
            (2 * operator + which + 1, ("phone", "wechat")[which], value, STAMP, STAMP)
            for operator in range(operators)
            for which, value in enumerate((_phone(operator), f"kz{operator:08d}"))
        ),
    )
    connection.executemany(
        "INSERT INTO operators (id, name, pages, created_at) VALUES (?, NULL, 5, ?)",
        ((operator + 1, STAMP) for operator in range(operators)),
    )
    for table, columns, rows in (
        ("identifier_sites", "identifier_id, site", ((i + 1, f"site{i // 2}.example") for i in range(2 * operators))),
        (
            "identifier_parties",
            "identifier_id, kind, other_id",
            ((i + 1, ("wechat", "phone")[i % 2], i + 2 - 2 * (i % 2)) for i in range(2 * operators)),
        ),
        (
            "operator_identifiers",
            "identifier_id, operator_id, pages",
            ((i + 1, i // 2 + 1, 5) for i in range(2 * operators)),
        ),
    ):
        marks = ", ".join("?" * len(columns.split(",")))
        connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
    for start in range(0, pages, _ROWS):
        _fill_pages(connection, range(start, min(pages, start + _ROWS)), rng)
    connection.commit()
    connection.execute("ANALYZE")
    connection.commit()
    connection.close()


def _fill_pages(connection: sqlite3.Connection, numbers: range, rng: random.Random) -> None:
    urls = {number: f"http://site{number // PER_OPERATOR}.example/{number}" for number in numbers}
    connection.executemany(
        "INSERT INTO pages (id, url_key, target_id, purpose, depth, plan_rank, flagged, first_seen, last_seen, last_checked,"
        " times_seen, times_changed, text_sha256, host, url) VALUES (?, ?, 1, 'page', 1, 1, 1, ?, ?, ?, 1, 0, '', ?, ?)",
        (
            (number + 1, key_of(url), STAMP, STAMP, STAMP, f"site{number // PER_OPERATOR}.example", url)
            for number, url in urls.items()
        ),
    )
    connection.executemany(
        "INSERT INTO identifier_occurrences (page_id, identifier_id, first_document_id, document_id, snapshot_id, source,"
        " confidence, raw) VALUES (?, ?, 1, 1, 1, 'text', 1.0, '')",
        ((number + 1, 2 * (number // PER_OPERATOR) + which) for number in numbers for which in (1, 2)),
    )
    connection.executemany(
        "INSERT INTO operator_pages (page_id, operator_id, site, ground, because, since) VALUES (?, ?, ?, 'identifier', '[]', ?)",
        (
            (number + 1, number // PER_OPERATOR + 1, f"site{number // PER_OPERATOR}.example", STAMP)
            for number in numbers
        ),
    )
    prints = []
    keys = []
    for number in numbers:
        # A fingerprint costs a millisecond; random numbers of the same shape do for texts that nothing repeats.
        mine = [rng.getrandbits(63) for _ in range(8)]
        prints.append((number + 1, rng.getrandbits(63), 300, str(mine)))
        keys += [(key, number + 1) for key in mine]
    connection.executemany("INSERT INTO text_prints (page_id, simhash, length, keys) VALUES (?, ?, ?, ?)", prints)
    connection.executemany("INSERT INTO text_keys (key, page_id) VALUES (?, ?)", keys)


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


def _store(folder: Path, name: str) -> Store:
    place = folder / name
    place.mkdir()
    migrate(default_url(place))
    return open_store(default_url(place), clock=lambda: NOW, confirm_after=timedelta(hours=6))


def _costs(folder: Path, pages: int, portions: int) -> Iterator[float]:
    """Seconds of linking one portion after another; the store is filled before the first."""
    store = _store(folder, str(pages))
    world = World(store, lambda: NOW)
    started = time.monotonic()
    fill(folder / str(pages) / "zhengxun.db", pages)
    print(f"{pages} pages stored in {time.monotonic() - started:.0f} s", flush=True)
    rng = random.Random(2)
    for portion in range(portions):
        _put(world, _new_pages(pages, portion, rng))
        started = time.process_time()
        linked = store.link(LinkLimits(), _domain)
        yield time.process_time() - started
        assert linked.documents == 100
        assert linked.operators_new == 50, linked
    store.close()


def quality(folder: Path, seeds: range) -> tuple[float, float]:
    """Worst precision and recall of several made-up worlds of 64 operators."""
    precision = recall = 1.0
    for seed in seeds:
        store = _store(folder, f"quality-{seed}")
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
        store.close()
    return precision, recall


def main() -> int:
    """Measure; 1 where a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="10^6 stored pages against 10^4, and six worlds")
    full = parser.parse_args().full
    assert fingerprint("包过" * 100) is not None
    with tempfile.TemporaryDirectory() as folder:
        small = _costs(Path(folder), SMALL, 8)
        large = _costs(Path(folder), FULL if full else LARGE, 8)
        # In turns, so that both see the same machine; the fastest of each is what the work itself costs.
        pairs = list(zip(small, large, strict=True))[1:]
        low, high = min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)
        ratio = high / low
        print(
            f"linking 100 new pages: {low * 1000:.0f} ms against {SMALL} pages, {high * 1000:.0f} ms against "
            f"{FULL if full else LARGE}, ratio {ratio:.2f} (≤ {RATIO_LIMIT})"
        )
        precision, recall = quality(Path(folder), range(7, 13) if full else range(7, 8))
        print(f"worst precision {precision:.4f} (≥ {PRECISION}), worst recall {recall:.4f} (≥ {RECALL})")
    return int(ratio > RATIO_LIMIT or precision < PRECISION or recall < RECALL)


if __name__ == "__main__":
    sys.exit(main())
