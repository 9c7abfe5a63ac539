"""Locks that a killed process cannot leave behind."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

from domain.errors import LockHeld, NotSetUp
from storage.days import SHANGHAI
from storage.engine import named, new_engine, parse_url
from storage.forks import not_in_children


@contextmanager
def hold(data_dir: Path, name: str, database_url: str) -> Iterator[None]:
    """Hold the lock ``name`` (e.g. ``crawl``) as long as the block runs; taken by another process: :class:`LockHeld`.

    SQLite: a lock on a file in ``data_dir/locks``, which the kernel drops when the process ends, however it ends.
    PostgreSQL: an advisory lock on a connection of its own, which the server drops with the connection, so that it
    also holds between machines.
    """
    url = parse_url(database_url)
    if url.get_backend_name() == "postgresql":
        with _advisory_lock(url, name):
            yield
    else:
        with _file_lock(data_dir / "locks", name):
            yield


@contextmanager
def _file_lock(folder: Path, name: str) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The file is never deleted: whoever waits on a deleted file holds a lock that nobody else can see.
        descriptor = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise NotSetUp(f"无法在 {folder} 中建立锁文件；请检查数据目录的权限。") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
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
def _advisory_lock(url: URL, name: str) -> Iterator[None]:
    engine = new_engine(url)
    try:
        try:
            connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        except OperationalError as error:
            raise NotSetUp(f"无法连接数据库 {named(url)}；请检查地址和数据库服务。") from error
        with connection:
            # Advisory locks belong to the database; two installations in two schemas of it must not meet.
            schema = connection.execute(text("SELECT current_schema()")).scalar()
            digest = hashlib.sha256(f"zhengxun:{schema}:{name}".encode()).digest()
            key = int.from_bytes(digest[:8], "big", signed=True)
            if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar():
                raise LockHeld(f"“{name}”正在由另一个进程或另一台机器执行；请等它结束后再试。")
            with not_in_children(connection.connection.dbapi_connection.fileno()):  # type: ignore[union-attr]
                yield
    finally:
        engine.dispose()
