"""The evidence chain in the database: what is stored is chained at once, and whatever is changed later shows."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import text

from domain.chain import NOTHING_BEFORE, Link, LinkKind, follows, hash_of
from domain.evidence import CaptureKind
from storage.chain import ChainedRow
from storage.engine import writing
from storage.row_hashes import COLUMNS
from tests.storage.build import SITE, START, World, capture, judged, ok
from tests.storage.conftest import TestClock


def chain_of(world: World) -> list[Link]:
    """All links."""
    return world.store.chain.links(0, 1000)


def faults(world: World) -> list[ChainedRow]:
    """Rows that are not as the chain says."""
    return [row for _, rows in world.store.chain.walk() for row in rows if not row.whole]


def change(world: World, statement: str) -> None:
    """Change the database as someone would who has it to himself."""
    with writing(world.store.engine) as connection:
        tables = ("snapshots", "captures", "evidence_links")
        if connection.dialect.name == "sqlite":
            for table in tables:
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_update")
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_delete")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")  # triggers rest
        connection.execute(text(statement))


@pytest.fixture
def filled(world: World, clock: TestClock) -> World:
    """Three pages, each with a link of its own; the second with two captures that came later."""
    for page in range(3):
        world.look(f"{SITE}/{page}")
        clock.forward(minutes=1)
    world.store.evidence.add(2, [capture(), capture(CaptureKind.DOM)])
    return world


def test_everything_stored_is_chained_in_its_own_transaction(world: World, clock: TestClock) -> None:
    """A batch has one link that names its snapshots and captures; what was stored already adds none."""
    run = world.begin()
    requests = [world.request(run, f"{SITE}/{page}") for page in range(2)]
    visits = [replace(ok(one, clock(), [judged(one.url)]), captures=(capture(url=one.url),)) for one in requests]
    world.record(*visits)
    world.record(*visits)
    world.unchanged(f"{SITE}/0")
    world.store.evidence.add(1, [capture(url=f"{SITE}/0")])

    (link,) = chain_of(world)
    content = json.loads(link.content)
    assert (link.number, link.kind, link.previous, link.at) == (1, "records", NOTHING_BEFORE, START)
    assert [[id_ for id_, _ in content[table]] for table in ("snapshots", "captures")] == [[1, 2], [1, 2]]
    assert hash_of(link) == link.sha256
    assert faults(world) == []


def test_links_stand_in_order(filled: World) -> None:
    """Each holds the hash of the one before; files and stamps are links too, a file only once."""
    filled.store.chain.add_file("warc/20261124/1-00001.warc.gz", 10, "ab" * 32)
    filled.store.chain.add_file("warc/20261124/1-00001.warc.gz", 11, "cd" * 32)
    stamp = filled.store.chain.add_stamp({"of": 5})

    links = chain_of(filled)
    assert [link.kind for link in links] == ["records"] * 4 + ["file", "stamp"]
    assert all(follows(link, before) for link, before in zip(links, [None, *links], strict=False))
    assert filled.store.chain.head() == filled.store.chain.last_stamp() == stamp == links[-1]
    assert filled.store.chain.last_evidence() == links[4]
    assert filled.store.chain.file_links(["warc/20261124/1-00001.warc.gz", "x"]).keys() == {
        "warc/20261124/1-00001.warc.gz"
    }
    assert filled.store.chain.count() == 6
    assert json.loads(links[4].line)["content"]["size"] == 10


@pytest.mark.parametrize(
    ("statement", "table", "id_"),
    [
        ("UPDATE snapshots SET final_url = 'http://other.example/' WHERE id = 2", "snapshots", 2),
        ("UPDATE snapshots SET warc_offset = 7 WHERE id = 3", "snapshots", 3),
        ("UPDATE snapshots SET fetched_at = '2026-11-24 01:00:00.000001' WHERE id = 1", "snapshots", 1),
        ("UPDATE snapshots SET redirects = '[' WHERE id = 1", "snapshots", 1),
        ("UPDATE captures SET width = 1281 WHERE id = 1", "captures", 1),
        ("DELETE FROM captures WHERE id = 2", "captures", 2),
        (
            "INSERT INTO captures SELECT 9, snapshot_id, url_key, 'mhtml', taken_at, content_type, sha256, size, width,"
            " height, warc_file, warc_offset, warc_record_id, url, NULL, NULL FROM captures WHERE id = 1",
            "captures",
            9,
        ),
    ],
)
def test_a_changed_deleted_or_added_row_shows(filled: World, statement: str, table: str, id_: int) -> None:
    """Exactly that row, in the walk over all and when it is asked for."""
    assert faults(filled) == []
    change(filled, statement)

    (row,) = faults(filled)
    assert (row.table, row.id) == (table, id_)
    assert (row.found is None) == statement.startswith("DELETE")
    assert (row.chained is None) == statement.startswith("INSERT")
    assert filled.store.chain.rows(table, [id_]) == [row]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE evidence_links SET content = replace(content, '[[2,', '[[3,') WHERE number = 2",
        "UPDATE evidence_links SET previous = sha256 WHERE number = 3",
        "UPDATE evidence_links SET sha256 = previous WHERE number = 2",
        "UPDATE evidence_links SET kind = 'file' WHERE number = 2",
        "UPDATE evidence_links SET content = content || ' ' WHERE number = 2",
        "UPDATE evidence_links SET content = '{' WHERE number = 2",
        "DELETE FROM evidence_links WHERE number = 2",
    ],
)
def test_a_changed_link_shows(filled: World, statement: str) -> None:
    """It does not follow the one before, or the next does not follow it."""
    change(filled, statement)
    links = chain_of(filled)
    assert not all(follows(link, before) for link, before in zip(links, [None, *links], strict=False))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE snapshots SET fetched_at = 'yesterday'",
        "UPDATE snapshots SET fetched_at = replace(fetched_at, ' ', 'T')",
        "UPDATE captures SET url_key = 'x', size = 'much', kind = 'nothing' WHERE id = 2",
        "UPDATE evidence_links SET at = 'never', content = 7",
    ],
)
def test_values_that_are_none_show_and_stop_nothing(filled: World, statement: str) -> None:
    """SQLite keeps what the column's type forbids."""
    if filled.store.engine.dialect.name != "sqlite":
        return  # PostgreSQL refuses such values itself
    change(filled, statement)
    assert len(faults(filled)) in (1, 3, 5)
    assert filled.store.evidence.in_file("warc/20261124/1-00001.warc.gz")
    assert [link for link in chain_of(filled) if link.number == 4]


def test_the_hash_covers_every_column() -> None:
    """A column that a later version adds must be put under the hash by a new word for the table.

    Where a record was written first stands in the hash in the place of where it lies.
    """
    for kind, names in COLUMNS.values():
        assert sorted([*names, "first_file", "first_offset"]) == sorted(kind.__table__.columns.keys())


def test_the_kinds_of_links_keep_their_words() -> None:
    """They stand in files that must be readable for years."""
    assert [kind.value for kind in LinkKind] == ["records", "file", "removal", "stamp", "export", "compaction"]
