"""One-byte changes anywhere in a store, one at a time, each undone: does verification find every one?

``python -m tests.zhengxun.evidence.flips [NUMBER]`` makes a thousand.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from storage import Store
from tests.zhengxun.evidence.building import fill, services_at
from zhengxun.evidence.sealing import seal
from zhengxun.evidence.verification import Verification

#: Tables whose every column counts as evidence.
TABLES = ("snapshots", "captures", "evidence_links")


def flip_everywhere(
    folder: Path, number: int, verify: Callable[[], bool], seed: int = 20261124
) -> tuple[int, Counter[str]]:
    """Change ``number`` random bytes; return how many were not found, and how many changes each place got.

    Half of them in files of the evidence folder (WARC files, screenshots and the chain as often as each other, each byte
    as likely as any other in its file), half in values of the database.
    """
    choose = random.Random(seed)
    evidence = folder / "evidence"
    parts = sorted(evidence.iterdir())
    places: Counter[str] = Counter()
    missed = 0
    for count in range(number):
        if count % 2:
            part = choose.choice(parts)
            path = choose.choice(sorted(path for path in part.rglob("*") if path.is_file()) or [part])
            with _flipped_byte(path, choose):
                missed += _missed(verify, path.name)
            places[path.relative_to(evidence).parts[0]] += 1
        else:
            with _flipped_value(folder / "zhengxun.db", choose) as place:
                missed += _missed(verify, place)
            places[place] += 1
    return missed, places


def _missed(sound: Callable[[], bool], place: str) -> bool:
    if sound():
        print("not found:", place, file=sys.stderr)
        return True
    return False


@contextmanager
def _flipped_byte(path: Path, choose: random.Random) -> Iterator[None]:
    data = path.read_bytes()
    place = choose.randrange(len(data))
    path.write_bytes(data[:place] + bytes([data[place] ^ 1 << choose.randrange(8)]) + data[place + 1 :])
    try:
        yield
    finally:
        path.write_bytes(data)


@contextmanager
def _flipped_value(path: Path, choose: random.Random) -> Iterator[str]:
    """Change one character of one value (not of a key: rows are told apart by it)."""
    with closing(sqlite3.connect(path)) as database:
        table = choose.choice(TABLES)
        columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})") if not row[5]]
        key = {"evidence_links": "number"}.get(table, "id")
        while True:
            column = choose.choice(columns)
            row = choose.choice(database.execute(f"SELECT {key}, {column} FROM {table}").fetchall())
            old = row[1]
            if old in (None, "", b""):
                continue
            try:
                _set(database, table, column, key, row[0], _other(old, choose))
            except sqlite3.IntegrityError:
                continue  # the database itself refuses two rows of the same key
            break
        try:
            yield f"{table}.{column}"
        finally:
            _set(database, table, column, key, row[0], old)


def _other(value: object, choose: random.Random) -> object:
    if isinstance(value, int):
        return value ^ 1 << choose.randrange(8)
    if isinstance(value, bytes):
        place = choose.randrange(len(value))
        return value[:place] + bytes([value[place] ^ 1 << choose.randrange(8)]) + value[place + 1 :]
    text = str(value)
    place = choose.randrange(len(text))
    other = choose.choice([letter for letter in "0123456789abcdef" if letter != text[place]])
    return text[:place] + other + text[place + 1 :]


def _set(database: sqlite3.Connection, table: str, column: str, key: str, id_: int, value: object) -> None:
    with database:
        database.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (value, id_))


def open_for_changes(folder: Path) -> None:
    """Take away the triggers, as one would who has the database to himself."""
    with closing(sqlite3.connect(folder / "zhengxun.db")) as database, database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")


def make_store(folder: Path, pages: int) -> None:
    """Two crawls, sealed."""
    services = services_at(folder)
    with services.store() as store:
        fill(store, services.settings.evidence, pages)
        seal(store, services.settings.evidence)
        fill(store, services.settings.evidence, pages, day=1)
        seal(store, services.settings.evidence)
    open_for_changes(folder)


def verifier(store: Store, folder: Path) -> Callable[[], bool]:
    """A function that says whether the whole store is verified (so that True, after a change, is a miss)."""
    return lambda: Verification(store, folder).everything().sound


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        make_store(Path(name), pages=6)
        opened = services_at(Path(name))
        with opened.store() as store:
            assert verifier(store, opened.settings.evidence)()
            wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
            not_found, where = flip_everywhere(Path(name), wanted, verifier(store, opened.settings.evidence))
        print(f"changed {wanted}, not found {not_found}; {dict(where.most_common())}")
        sys.exit(1 if not_found else 0)
