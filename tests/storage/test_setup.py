"""Creating, migrating and opening a database; what it refuses afterwards."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

import storage
from domain.delivery import DeliveryEvent, DeliveryKind
from domain.errors import NotSetUp
from domain.health import AlarmKind, HealthEvent
from domain.intake import Handover, IntakeItem, IntakeKind, ItemState
from domain.lead import EventKind
from domain.operator import LinkLimits
from domain.picture import PictureReading
from storage import Store, default_url, migrate, open_store, revision_state
from storage.engine import remedy, writing
from storage.revision import HEAD
from storage.tables import APPEND_ONLY, Base
from tests.storage.build import SITE, START, World, capture
from tests.storage.conftest import TestClock
from tests.storage.test_digests import freeze


def open_at(url: str) -> Store:
    """Open a store with a clock that stands still."""
    return open_store(url, clock=lambda: START, confirm_after=timedelta(hours=6))


def test_the_code_names_the_newest_migration() -> None:
    """The revision the store asks for is the head of the migrations folder."""
    config = Config()
    config.set_main_option("script_location", str(Path(storage.__file__).with_name("migrations")))

    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [HEAD]
    # Two files of one number: Alembic warns, and takes one of them.
    files = [path.stem for path in Path(scripts.versions).glob("0*.py")]
    assert sorted(files) == sorted(script.module.__name__.removesuffix("_py") for script in scripts.walk_revisions())


def comparable(item: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
    """Alembic cannot read a descending index back from SQLite; PostgreSQL compares all of them."""
    descending = {
        "ix_crawl_requests_left_over",
        "ix_crawl_requests_pending",
        "ix_leads_score",
        "ix_leads_target_id_score",
        "ix_leads_review_score",
    }
    return not (kind == "index" and name in descending)


def test_migrations_make_what_the_models_say(store: Store) -> None:
    """After all migrations there is no difference between database and models."""
    with store.engine.connect() as connection:
        options: dict[str, object] = {"compare_type": True}
        if connection.dialect.name == "sqlite":
            options["include_object"] = comparable
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_migrating_again_keeps_what_is_there(world: World, database_url: str) -> None:
    """``init`` is safe to repeat."""
    migrate(database_url)

    assert world.store.targets.list() == [world.target]
    assert revision_state(database_url).up_to_date


def test_migrations_that_start_together_wait_for_each_other(tmp_path: Path) -> None:
    """Four processes that set up the same new database all succeed."""
    url = default_url(tmp_path / "new" / "folder")
    failed: list[BaseException] = []

    def run() -> None:
        try:
            migrate(url)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    open_at(url).close()


def test_a_database_that_is_not_set_up_is_told_apart(tmp_path: Path) -> None:
    """Missing, empty, of another version, no database at all: each says what to do."""
    url = default_url(tmp_path)
    with pytest.raises(NotSetUp, match=r"不存在.*zhengxun init"):
        open_at(url)
    assert not (tmp_path / "zhengxun.db").exists()
    assert revision_state(url).current is None

    (tmp_path / "zhengxun.db").touch()
    with pytest.raises(NotSetUp, match="还没有建表"):
        open_at(url)

    migrate(url)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(NotSetUp, match="9999"):
        open_at(url)
    assert (revision_state(url).current, revision_state(url).up_to_date) == ("9999", False)

    (tmp_path / "text.db").write_text("这不是数据库" * 1000)
    with pytest.raises(NotSetUp, match="无法读取"):
        open_at(f"sqlite:///{tmp_path}/text.db")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql+psycopg://nobody:geheim@127.0.0.1:1/none", "无法读取"),
        ("mysql://localhost/x", "不支持数据库 mysql"),
        ("sqlite://", "没有文件名"),
        ("nonsense", "无法识别"),
    ],
)
def test_an_address_that_cannot_be_used_is_explained_without_its_password(url: str, says: str) -> None:
    """Unreachable servers, other databases and misspelt addresses end in NotSetUp."""
    with pytest.raises(NotSetUp, match=says) as raised:
        open_at(url)

    assert "geheim" not in str(raised.value)


def test_a_database_that_cannot_hold_chinese_is_refused(postgres_url: str) -> None:
    """A PostgreSQL database in SQL_ASCII is named with what to do, by set-up, opening and the doctor alike."""
    server = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    name = f"zhengxun_test_{uuid4().hex}"
    with server.connect() as connection:
        connection.execute(
            text(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
        )
    try:
        url = make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
        for look in (migrate, open_at, revision_state):
            with pytest.raises(NotSetUp, match=r"编码是 SQL_ASCII，必须是 UTF-8"):
                look(url)
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    """Setting up below a file names the folder that cannot be made."""
    (tmp_path / "file").touch()
    with pytest.raises(NotSetUp, match="file"):
        migrate(default_url(tmp_path / "file" / "data"))


def test_a_plain_postgresql_address_is_read_with_psycopg(postgres_url: str) -> None:
    """``postgresql://`` needs no driver's name."""
    open_at(postgres_url.replace("postgresql+psycopg", "postgresql")).close()


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}"])
def test_evidence_and_decisions_cannot_be_changed(world: World, clock: TestClock, table: str, change: str) -> None:
    """The database itself refuses UPDATE and DELETE on rows that are only ever added to."""
    from domain.account import AuditEntry
    from domain.blacklist import Step, StepKind, Subject, SubjectKind
    from domain.directory import EditionHead, Listing, ListKind
    from domain.discovery import Found, FoundBy
    from domain.target import RobotsOverride

    world.look(SITE)
    world.store.digest_issues.add(freeze(world.store, clock(), 1).date, "张三", clock())
    world.store.evidence.add(1, [capture()])
    world.store.intakes.add(
        Handover(IntakeKind.ADDRESS, "张三", START), [IntakeItem(ItemState.ADDRESS, url=f"{SITE}/x")]
    )
    world.store.pictures.add_reading(PictureReading("0" * 64, "reader/1", 10, 10))
    world.store.health.append([HealthEvent("target:1", AlarmKind.SILENT, True, START, "blocked", "无", 1)])
    world.store.targets.set_robots_override(1, RobotsOverride("书面同意", "张三", START))
    subject = Subject(SubjectKind.SITE, "peixun.example", "peixun.example")
    world.store.blacklist.add(subject, Step(StepKind.PROPOSED, clock(), "张三"), START.date())
    world.store.leads.append(1, EventKind.CONFIRMED, "张三", None, clock())
    world.look(f"{SITE}/copy")
    world.store.link(LinkLimits(), str)
    world.store.operators.split(1, [], [f"{SITE}/copy"], "张三", None)
    world.store.accounts.note(AuditEntry(clock(), "张三", "登录"))
    world.store.deliveries.plan(START.date(), "群", [""], clock())
    world.store.deliveries.append(1, DeliveryEvent(DeliveryKind.BEGUN, clock()))
    world.store.proposals.propose([Found(f"{SITE}/", FoundBy.LINK, SITE, SITE, "")], clock())
    world.store.stoppages.note(stopped=True, at=clock(), detail="磁盘已满")
    head = EditionHead("名录", ListKind.OTHER, "", "", START.date(), "a.csv", "0" * 64)
    world.store.directory.add(head, [Listing(1, "甲")], 0, "张三", clock())
    world.store.directory.withdraw(1, "张三", "误", clock())
    column = Base.metadata.tables[table].columns.keys()[-1]

    with writing(world.store.engine) as connection:
        assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar()
    with pytest.raises(DBAPIError, match="append-only"), writing(world.store.engine) as connection:
        connection.execute(text(change.format(table=table, column=column)))


def test_sqlite_keeps_a_log_checks_references_and_waits(sqlite_url: str) -> None:
    """The settings on which the promises of the store rest are in force on every connection."""
    store = open_at(sqlite_url)
    with store.engine.connect() as first, store.engine.connect() as second:
        for connection in (first, second):
            read = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
            ]
            assert read == ["wal", 1, 1, 30_000]
    store.close()


def test_a_durable_commit_waits_for_the_disk(database_url: str) -> None:
    """For that one transaction; by default SQLite takes a power cut's loss, and a server may be set to."""
    store = open_at(database_url)
    asked, disk, quick = (
        ("PRAGMA synchronous", 2, 1)
        if store.engine.dialect.name == "sqlite"
        else ("SHOW synchronous_commit", "on", "off")
    )
    with writing(store.engine, durable=True) as connection:
        assert connection.exec_driver_sql(asked).scalar() == disk
    with writing(store.engine) as connection:
        assert connection.exec_driver_sql(asked).scalar() == quick
    store.close()


def test_a_read_only_place_is_named_as_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite cannot read where it cannot write: the message says so, whether folder or file is read-only."""
    url = default_url(tmp_path)
    migrate(url)
    path = tmp_path / "zhengxun.db"
    refused = make_url(url)
    # Root may write wherever a mode forbids it; so the system's answer is given here.
    monkeypatch.setattr("storage.engine.os.access", lambda place, mode: place != path)
    assert "文件只读" in remedy(refused)
    monkeypatch.setattr("storage.engine.os.access", lambda place, mode: place != tmp_path)
    assert "所在的文件夹只读" in remedy(refused)
    path.write_text("这不是数据库" * 1000)
    with pytest.raises(NotSetUp, match="只读"):
        open_at(url)
