"""Locks that a killed process cannot leave behind."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

from domain.errors import LockHeld, NotSetUp
from storage.days import SHANGHAI
from storage.engine import named, new_engine, parse_url
from storage.forks import not_in_children


@contextmanager
def hold(data_dir: Path, name: str, database_url: str, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock ``name`` (e.g. ``crawl``) as long as the block runs; taken by another process: :class:`LockHeld`.

    SQLite: a lock on a file in ``data_dir/locks``, which the kernel drops when the process ends, however it ends.
    PostgreSQL: an advisory lock on a connection of its own, which the server drops with the connection, so that it
    also holds between machines. ``shared``: any number may hold it so, and nobody whole meanwhile.
    """
    url = parse_url(database_url)
    if url.get_backend_name() == "postgresql":
        with session(url) as (connection, schema):
            if not try_lock(connection, lock_key(schema, name), shared):
                raise LockHeld(f"“{name}”正在由另一个进程或另一台机器执行；请等它结束后再试。")
            yield
    else:
        with _file_lock(data_dir / "locks", name, shared):
            yield


@contextmanager
def hold_free(database_url: str, names: Sequence[str]) -> Iterator[frozenset[str]]:
    """Hold those of the locks ``names`` that nobody holds now, and say which; PostgreSQL only."""
    with session(parse_url(database_url)) as (connection, schema):
        yield frozenset(name for name in dict.fromkeys(names) if try_lock(connection, lock_key(schema, name)))


def lock_key(schema: str, name: str) -> int:
    """Number of the advisory lock ``name``: locks belong to the database, and two installations may share one."""
    digest = hashlib.sha256(f"zhengxun:{schema}:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


@contextmanager
def _file_lock(folder: Path, name: str, shared: bool) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The file is never deleted: whoever waits on a deleted file holds a lock that nobody else can see.
        descriptor = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        why = "文件系统只读，请检查挂载方式" if error.errno == errno.EROFS else "请检查数据目录的权限"
        raise NotSetUp(f"无法在 {folder} 中建立锁文件；{why}。") from error
    try:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockHeld(f"“{name}”正在由另一个进程执行{_holder(descriptor)}；请等它结束后再试。") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        with not_in_children(descriptor):
            yield
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> str:
    """Who holds the lock, in words; empty when the file does not tell (its writer had only just begun)."""
    pid = os.pread(descriptor, 20, 0).decode("ascii", "replace")
    # The holder wrote its number when it took the lock, so the file's time says since when.
    since = datetime.fromtimestamp(os.fstat(descriptor).st_mtime, UTC).astimezone(SHANGHAI)
    return f"（进程 {pid}，自 {since:%Y-%m-%d %H:%M:%S} 起）" if pid.isdigit() else ""


@contextmanager
def session(url: URL) -> Iterator[tuple[Connection, str]]:
    """A connection of its own, with the name of its schema; what it locks is free again when the block ends."""
    engine = new_engine(url)
    try:
        try:
            connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        except OperationalError as error:
            raise NotSetUp(f"无法连接数据库 {named(url)}；请检查地址和数据库服务。") from error
        with connection:
            schema = str(connection.execute(text("SELECT current_schema()")).scalar())
            with not_in_children(connection.connection.dbapi_connection.fileno()):  # type: ignore[union-attr]
                yield connection, schema
    finally:
        engine.dispose()


_TRY = text("SELECT pg_try_advisory_lock(:key)")
_TRY_SHARED = text("SELECT pg_try_advisory_lock_shared(:key)")


def try_lock(connection: Connection, key: int, shared: bool = False) -> bool:
    """Whether the advisory lock was free and is held now, until the session ends or unlocks it."""
    return bool(connection.execute(_TRY_SHARED if shared else _TRY, {"key": key}).scalar())
