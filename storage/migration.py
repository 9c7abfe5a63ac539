"""Creating and migrating the database, and telling which state it is in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from domain.errors import NoRoom, NotSetUp
from storage.engine import named, new_engine, parse_url, reading, remedy, writing
from storage.revision import HEAD

#: Advisory lock held while migrating PostgreSQL; any constant that nothing else in the database uses.
_MIGRATION_LOCK = 0x5A58_4D49


@dataclass(frozen=True, slots=True)
class RevisionState:
    """Which migration a database has, and which one this version needs."""

    current: str | None
    """None: reachable, but never set up."""
    head: str

    @property
    def up_to_date(self) -> bool:
        """Whether the store can be opened."""
        return self.current == self.head

    @property
    def is_newer(self) -> bool:
        """Whether a later version of the program has upgraded the database: this one does not know its migration."""
        return self.current is not None and self.current > self.head


def migrate(database_url: str) -> None:
    """Create the database's tables or bring them up to this version; safe to repeat and to run twice at once.

    A database that cannot be reached or written raises :class:`NotSetUp`.
    """
    # Alembic costs a tenth of a second to import, and only this function needs it.
    from alembic import command
    from alembic.config import Config

    url = parse_url(database_url)
    if url.get_backend_name() == "sqlite":
        _make_folder(url)
    config = Config()
    config.set_main_option(
        "script_location",
        str(Path(__file__).with_name("migrations")).replace("%", "%%"),
    )
    # Migrations rebuild SQLite tables under a new name; with foreign keys on, dropping the old one would empty the
    # tables that point to it. What they leave is checked before it is committed.
    engine = new_engine(url, foreign_keys=False)
    try:
        with writing(engine) as connection:
            # SQLite: the write lock just taken keeps a second migration waiting.
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            current = _version(connection)
            if current is not None and current > HEAD:
                raise NotSetUp(newer(named(url), current))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            if engine.dialect.name == "sqlite":
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                if broken is not None:
                    raise NotSetUp(f"数据库 {named(url)} 升级后表 {broken[0]} 的引用不完整，已撤销；请恢复备份后重试。")
    except NoRoom as error:
        raise NotSetUp(str(error)) from error
    except OperationalError as error:
        raise NotSetUp(f"无法连接或写入数据库 {named(url)}；{remedy(url)}") from error
    finally:
        engine.dispose()


def revision_state(database_url: str) -> RevisionState:
    """State of the database, for ``doctor``; one that cannot be reached raises :class:`NotSetUp`."""
    url = parse_url(database_url)
    if missing_file(url):
        return RevisionState(None, HEAD)
    engine = new_engine(url)
    try:
        return RevisionState(current_revision(engine, url), HEAD)
    finally:
        engine.dispose()


def missing_file(url: URL) -> bool:
    """Whether the SQLite file is not there: connecting would create an empty one."""
    return url.get_backend_name() == "sqlite" and not Path(url.database or "").exists()


def current_revision(engine: Engine, url: URL) -> str | None:
    """Migration of a reachable database; None where the tables were never created."""
    try:
        with reading(engine) as connection:
            return _version(connection)
    except NoRoom as error:
        raise NotSetUp(str(error)) from error
    except SQLAlchemyError as error:
        raise NotSetUp(f"无法读取数据库 {named(url)}；{remedy(url)}") from error


def _version(connection: Connection) -> str | None:
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def newer(database: str, current: str) -> str:
    """What to say of a database (by its name in messages) that a later version of the program has upgraded."""
    return (
        f"数据库 {database} 的版本是 {current}，已由较新的程序升级过，本程序只认到 {HEAD}；"
        "请换回较新的程序，或恢复升级前的备份（docs/operation.md“升级和退回”）。"
    )


def _make_folder(url: URL) -> None:
    folder = Path(url.database or "").parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotSetUp(f"无法创建数据库所在的文件夹 {folder}；请检查路径和权限。") from error
