"""A whole database as one file, and back: SQLite's online backup, PostgreSQL's own tools."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import URL

from domain.errors import BadFile, BadInput, NotSetUp
from storage.engine import named, new_engine, parse_url
from storage.migration import missing_file


def backend(database_url: str) -> str:
    """``sqlite`` or ``postgresql``."""
    return parse_url(database_url).get_backend_name()


def database_size(database_url: str) -> int:
    """Bytes that a copy of the database takes at most; 0 where that is not known beforehand (PostgreSQL)."""
    url = parse_url(database_url)
    if url.get_backend_name() == "postgresql" or missing_file(url):
        return 0
    path = Path(url.database or "")
    log = path.with_name(f"{path.name}-wal")
    return path.stat().st_size + (log.stat().st_size if log.exists() else 0)


def copy_database(database_url: str, path: Path) -> None:
    """Write the database as it is at one moment to the new file ``path``, while others go on reading and writing.

    SQLite gives a database file that was checked, PostgreSQL an archive of ``pg_dump``. A database that is not there
    raises :class:`NotSetUp`, one that cannot be copied :class:`BadInput`.
    """
    url = parse_url(database_url)
    if missing_file(url):
        raise NotSetUp(f"数据库 {named(url)} 不存在；请先运行“zhengxun init”。")
    if url.get_backend_name() == "postgresql":
        _run(url, ["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={path}"], "备份")
        return
    try:
        with (
            closing(sqlite3.connect(f"{Path(url.database or '').absolute().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(path)) as copy,
        ):
            # All pages in one step: in portions, each write of a crawl would make it begin anew.
            source.backup(copy, pages=-1)
            faults = [row[0] for row in copy.execute("PRAGMA integrity_check(3)")]
            if faults != ["ok"]:
                raise BadFile(f"数据库 {named(url)} 已损坏（{faults[0]}），不能备份；请从较早的备份恢复。")
    except sqlite3.Error as error:
        raise BadInput(f"数据库 {named(url)} 无法复制到 {path}：{error}；请检查磁盘空间和权限。") from error


def restore_database(database_url: str, path: Path) -> None:
    """Bring a copy back into an empty place: a file that is not there yet, or a database without tables."""
    url = parse_url(database_url)
    refuse_used(database_url)
    if url.get_backend_name() == "postgresql":
        _run(url, ["pg_restore", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", str(path)],
             "恢复")  # fmt: skip
        return
    target = Path(url.database or "")
    target.parent.mkdir(parents=True, exist_ok=True)
    with path.open("rb") as source, target.open("xb") as file:
        while piece := source.read(1 << 20):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())


def refuse_used(database_url: str) -> None:
    """Raise :class:`BadInput` where something is in the way of a restored database."""
    url = parse_url(database_url)
    if url.get_backend_name() == "sqlite":
        if Path(url.database or "").exists():
            raise BadInput(f"数据库 {named(url)} 已经存在；恢复只能在空的地方进行。")
        return
    engine = new_engine(url)
    try:
        with engine.connect() as connection:
            tables = connection.execute(
                text("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()")
            ).scalar()
    finally:
        engine.dispose()
    if tables:
        raise BadInput(f"数据库 {named(url)} 中已有 {tables} 张表；恢复只能在空的数据库中进行。")


def _run(url: URL, command: Sequence[str], what: str) -> None:
    """One of PostgreSQL's tools on this database; the password goes by the environment, not by the command line."""
    query = {name: str(value) for name, value in url.query.items()}
    place = URL.create(
        "postgresql", url.username, host=url.host, port=url.port, database=url.database, query=query
    ).render_as_string(hide_password=False)
    environment = dict(os.environ)
    if url.password:
        environment["PGPASSWORD"] = str(url.password)
    try:
        ran = subprocess.run(
            [command[0], "--no-password", f"--dbname={place}", *command[1:]],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise BadInput(
            f"{what} PostgreSQL 数据库需要 {command[0]}，本机没有；请安装与服务器同版本的 postgresql-client。"
        ) from error
    if ran.returncode != 0:
        last = (ran.stderr.strip().splitlines() or ["（没有说明）"])[-1]
        raise BadInput(f"{command[0]} 未能完成{what}：{last}")
