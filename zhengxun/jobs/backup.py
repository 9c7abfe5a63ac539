"""``backup`` and ``restore``.

A backup may be made while pages are crawled. The order makes it consistent: first the copy of the evidence chain and the
time stamps (the database may be ahead of them, never behind), then the database at one moment, then the evidence, to
which only is added, and to which everything was written before the database told of it. What was added in between is
in the folder without being in the database, as after a crash; the next crawl closes such files.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from domain.chain import CHAIN_FILE
from domain.errors import BadFile, BadInput
from storage.revision import HEAD
from zhengxun.backup.archive import MANIFEST, Entry, Manifest, Sink, Source, new_sink, open_source
from zhengxun.disk import RoomLook
from zhengxun.services import Services
from zhengxun.settings import FILE_NAME

_DATABASE = "database"
#: Parts of the data directory that people made; secrets are files of their own and not among them.
_OWN = ("rules", "rule_versions", "digest_templates")


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What was written, or read."""

    place: Path
    files: int
    size: int
    """Bytes."""
    manifest: Manifest


def back_up(services: Services, place: Path, *, revision: str = HEAD) -> BackupReport:
    """Write a backup to ``place``, which must not exist (or be an empty folder), and read it back.

    ``revision``: migration of a database that is older than this program, before it is upgraded.

    :class:`NoRoom` where the disk of the data has too little room for it, before it begins or while it is written: a
    backup on the same disk must not take the room that the crawl needs.
    """
    _refuse_used(place)
    from storage.copying import database_size

    settings = services.settings
    inside = settings.data_dir.absolute()
    if place.absolute().is_relative_to(inside):
        raise BadInput(f"备份 {place} 不能放在数据目录 {inside} 里面；请另指一处，最好在另一块磁盘上。")
    if revision == HEAD:
        with services.store():
            pass  # not set up, or of another version: say so
    look = RoomLook(settings)
    look.require(beside=database_size(services.database_url))
    with new_sink(place, look) as sink:
        made = _write(services, sink, revision)
        text = made.as_bytes()
        with tempfile.TemporaryFile() as file:
            file.write(text)
            file.seek(0)
            sink.add(MANIFEST, file, len(text))
    with open_source(place) as source:
        size = source.verify()
    return BackupReport(place, len(made.files), size, made)


def _write(services: Services, sink: Sink, revision: str) -> Manifest:
    from storage.copying import backend, copy_database

    settings = services.settings
    entries: list[Entry] = []
    chain = [settings.evidence / CHAIN_FILE, *_files(settings.evidence / "timestamps")]
    for path in chain:
        _add(sink, entries, path, f"evidence/{path.relative_to(settings.evidence).as_posix()}")
    # Beside the data, where there is room for it: /tmp is often small.
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=settings.data_dir) as folder:
        copy = Path(folder) / _DATABASE
        copy_database(services.database_url, copy)
        _add(sink, entries, copy, _DATABASE)
    done = {entry.name for entry in entries}
    for path in _files(settings.evidence):
        name = f"evidence/{path.relative_to(settings.evidence).as_posix()}"
        if name not in done:
            _add(sink, entries, path, name)
    for path in _files(settings.digests):
        _add(sink, entries, path, f"digests/{path.relative_to(settings.digests).as_posix()}")
    for part in _OWN:
        for path in _files(settings.data_dir / part):
            _add(sink, entries, path, path.relative_to(settings.data_dir).as_posix())
    _add(sink, entries, settings.data_dir / FILE_NAME, FILE_NAME)
    return Manifest(
        services.clock().isoformat(), version("zhengxun"), revision, backend(services.database_url), tuple(entries)
    )


def _files(folder: Path) -> Iterator[Path]:
    """Regular files below ``folder``, sorted; the list is taken first, for it grows meanwhile."""
    found = [
        Path(place) / name
        for place, _, names in os.walk(folder)
        for name in names
        # Half-written digests have names with a point in front.
        if not name.startswith(".") and (Path(place) / name).is_file()
    ]
    yield from sorted(found)


def _add(sink: Sink, entries: list[Entry], path: Path, name: str) -> None:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        # A WARC file that was closed in between has lost its ending; other files may be missing (settings, chain).
        if path.suffix != ".open":
            return
        path, name = path.with_suffix(""), name.removesuffix(".open")
        file = path.open("rb")
    with file:
        size = os.fstat(file.fileno()).st_size
        entries.append(Entry(name, size, sink.add(name, file, size)))


def restore(services: Services, place: Path) -> BackupReport:
    """Bring a backup back into the data directory (and database) of ``services``, both of which must be empty.

    Every file is held against the manifest before anything is written, and again while it is. The database comes
    last: a restore that is cut off leaves a place that says it is not set up.
    """
    from storage.copying import backend, refuse_used, restore_database

    settings = services.settings
    _refuse_used(settings.data_dir)
    with open_source(place) as source:
        manifest = source.manifest
        if manifest.database != backend(services.database_url):
            raise BadInput(
                f"备份 {place} 来自 {manifest.database}，而当前设置的数据库是 {backend(services.database_url)}；"
                "请改设 ZHENGXUN_DATABASE_URL 后再恢复。"
            )
        refuse_used(services.database_url)
        size = source.verify()
        written: list[Path] = []
        try:
            for entry in manifest.files:
                if entry.name != _DATABASE:
                    _extract(source, entry, settings.data_dir / entry.name, written)
            database = next((entry for entry in manifest.files if entry.name == _DATABASE), None)
            if database is None:
                raise BadFile(f"备份 {place} 中没有数据库，不能使用。")
            copy = settings.data_dir / f".{_DATABASE}.restoring"
            _extract(source, database, copy, written)
            restore_database(services.database_url, copy)
            copy.unlink()
        except BaseException:
            for path in written:
                with suppress(OSError):
                    path.unlink(missing_ok=True)
            raise
    return BackupReport(place, len(manifest.files), size, manifest)


def _extract(source: Source, entry: Entry, path: Path, written: list[Path]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        written.append(path)
        source.read(entry, file.write)
        file.flush()
        os.fsync(file.fileno())


def _refuse_used(place: Path) -> None:
    if place.is_dir():
        if any(place.iterdir()):
            raise BadInput(f"{place} 不是空的；为免覆盖，请另指一个不存在或空的地方。")
    elif place.exists() or place.is_symlink():
        raise BadInput(f"{place} 已经存在；为免覆盖，请另指一个不存在或空的地方。")
