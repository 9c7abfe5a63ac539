"""Connections to SQLite and PostgreSQL that behave alike."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import ArgumentError

from domain.errors import NoRoom, NotSetUp

#: How long a SQLite connection waits for another writer. A write of 100 visits takes well under a second; a digest of
#: 10,000 leads is frozen in about two. 30 s leaves room for a slow disk and still ends in a message, not in a hang.
BUSY_TIMEOUT_MS = 30_000

#: How long to wait for a PostgreSQL server to answer a connection, in seconds.
CONNECT_TIMEOUT_S = 10

_BEGIN = "zhengxun_begin"


def default_url(data_dir: Path) -> str:
    """Address of the SQLite database inside a data directory."""
    return URL.create("sqlite", database=str(data_dir.absolute() / "zhengxun.db")).render_as_string(hide_password=False)


def parse_url(database_url: str) -> URL:
    """The address, checked; a database that is not supported raises :class:`NotSetUp`."""
    try:
        url = make_url(database_url)
    except ArgumentError:
        raise NotSetUp(
            "数据库地址无法识别；请检查 ZHENGXUN_DATABASE_URL（sqlite:///… 或 postgresql+psycopg://…）。"
        ) from None
    backend = url.get_backend_name()
    if backend == "sqlite":
        if not url.database or url.database == ":memory:":
            raise NotSetUp("数据库地址没有文件名；SQLite 数据库必须是磁盘上的文件（sqlite:///路径）。")
        return url
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    raise NotSetUp(f"不支持数据库 {backend}；请使用 SQLite（sqlite:///…）或 PostgreSQL（postgresql+psycopg://…）。")


def postgres_address(database_url: str) -> str | None:
    """A PostgreSQL database's address as libpq takes it, password included; None for any other database."""
    url = parse_url(database_url)
    if url.get_backend_name() != "postgresql":
        return None
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def named(url: URL) -> str:
    """The database as it may be shown to people: without its password."""
    return url.database or "" if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)


def remedy(url: URL) -> str:
    """What to look at when the database cannot be used."""
    if url.get_backend_name() == "sqlite":
        path = Path(url.database or "").absolute()
        for place, what in ((path.parent, "所在的文件夹"), (path, "文件")):
            if place.exists() and not os.access(place, os.W_OK):
                # The log and its index lie beside the database and are written by readers too.
                return f"{what}只读，而 SQLite 读数据时也要写；请开放写权限，或把整个数据目录复制到可写的地方再用。"
    return "请检查地址、权限和数据库服务。"


#: What SQLite says of a disk that is full (the last one: there is no room for the log's index) …
_FULL = {"SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"}
#: … and of one that must not be written to; PostgreSQL's codes: disk_full, read_only_sql_transaction.
_READ_ONLY = {"SQLITE_READONLY", "SQLITE_READONLY_DBMOVED", "SQLITE_READONLY_DIRECTORY"}


def _tell_no_room(url: URL, context: ExceptionContext) -> None:
    """Put an error for people in the place of the driver's where the disk takes nothing more."""
    error = context.original_exception
    code = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None)
    if code in _FULL or code == "53100":
        why = "磁盘已满，写不进去；请清理磁盘或换一块更大的"
    elif code in _READ_ONLY or code == "25006":
        why = "只读，写不进去（SQLite 读数据时也要写）；请检查磁盘的挂载方式和文件的权限，或把整个数据目录复制到可写的地方再用"
    else:
        return
    raise NoRoom(f"数据库 {named(url)} {why}。已保存的内容不受影响，处理后再次执行即可继续。") from error


def _frozen(url: URL) -> URL:
    """The address by which a database on a read-only file system can be read.

    SQLite's log needs its index beside it, which cannot be made there. Where nothing is left in the log, the file alone
    is the database, and nobody can change it: it is opened as immutable. Writing is refused like anywhere on such a disk.
    """
    path = Path(url.database or "").absolute()
    log = path.with_name(f"{path.name}-wal")
    if not path.is_file() or not os.statvfs(path).f_flag & os.ST_RDONLY or (log.exists() and log.stat().st_size):
        return url
    return url.set(database=path.as_uri(), query={"immutable": "1", "uri": "true"})


def new_engine(url: URL, *, foreign_keys: bool = True) -> Engine:
    """An engine for ``url``; ``foreign_keys=False`` only for migrations that rebuild tables on SQLite."""
    if url.get_backend_name() == "postgresql":
        engine = create_engine(
            url,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT_S,
                "application_name": "zhengxun",
            },
        )

        def _must_be_utf8(connection: Any, _record: Any) -> None:
            encoding = connection.info.parameter_status("server_encoding")
            # None: a connection pooler in between did not pass it on.
            if encoding not in (None, "UTF8"):
                connection.close()
                raise NotSetUp(
                    f"数据库 {named(url)} 的编码是 {encoding}，必须是 UTF-8；"
                    "请用 CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0 另建一个数据库。"
                )

        # First of all: from SQL_ASCII the driver reads bytes, and SQLAlchemy's own first look at the server fails.
        event.listen(engine, "connect", _must_be_utf8, insert=True)
        event.listen(engine, "handle_error", partial(_tell_no_room, url))
        return engine
    engine = create_engine(_frozen(url))
    event.listen(engine, "handle_error", partial(_tell_no_room, url))

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        # The driver's own transaction control starts none before a SELECT and commits around DDL; SQLAlchemy's BEGIN
        # (below) is the only one.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        # Why NORMAL keeps what was committed through a kill -9: in WAL mode COMMIT returns after the pages were written
        # to the log file, and from then on they belong to the kernel, whatever becomes of the process. NORMAL only
        # leaves out the fsync of each commit: a power cut may take the last commits back (the database stays whole,
        # the crawl does them again), and FULL would make every recorded batch wait for the disk.
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
        cursor.execute("PRAGMA cache_size=-65536")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))

    return engine


@contextmanager
def writing(engine: Engine, *, durable: bool = False) -> Iterator[Connection]:
    """One write transaction: committed at the end, rolled back by an exception.

    On SQLite it takes the write lock at once: a transaction that reads first and then wants to write fails without
    waiting when another one wrote in between, whatever ``busy_timeout`` says. ``durable``: a power cut does not take it
    back, which is asked for where bytes are deleted on the strength of it.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection = connection.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
        with _synced(connection) if durable else nullcontext(), connection.begin():
            if durable and engine.dialect.name == "postgresql":
                connection.exec_driver_sql(_COMMIT_TO_DISK)
            yield connection


#: For servers that are set to acknowledge commits before they are on disk.
_COMMIT_TO_DISK = (
    "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'"
)


@contextmanager
def _synced(connection: Connection) -> Iterator[None]:
    """On SQLite, COMMIT waits for the disk (see ``synchronous`` above); to be entered before the transaction begins."""
    driver: Any = connection.connection.dbapi_connection
    if connection.dialect.name != "sqlite":
        yield
        return
    driver.execute("PRAGMA synchronous=FULL")
    try:
        yield
    finally:
        driver.execute("PRAGMA synchronous=NORMAL")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One read transaction that sees a single state of the database, however long it takes."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection
