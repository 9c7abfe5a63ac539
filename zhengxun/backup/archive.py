"""The form of a backup: named files in a folder or a .tar, and ``manifest.json`` with size and SHA-256 of each."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Protocol

from domain.errors import BadFile

MANIFEST = "manifest.json"
FORMAT = 1
_PIECE = 1 << 20
_LARGEST_MANIFEST = 1 << 30


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a backup."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds."""

    made_at: str
    program: str
    revision: str
    database: str
    """``sqlite`` or ``postgresql``."""
    files: tuple[Entry, ...]

    def as_bytes(self) -> bytes:
        """``manifest.json``."""
        value = {
            "format": FORMAT,
            "made_at": self.made_at,
            "program": self.program,
            "revision": self.revision,
            "database": self.database,
            "files": [{"name": one.name, "size": one.size, "sha256": one.sha256} for one in self.files],
        }
        return json.dumps(value, ensure_ascii=False, indent=1).encode()

    @classmethod
    def parse(cls, text: bytes, place: Path) -> Manifest:
        """The manifest; anything odd in it raises :class:`BadFile`. Names must stay below the place of restoring."""
        try:
            value = json.loads(text)
            files = tuple(Entry(str(one["name"]), int(one["size"]), str(one["sha256"])) for one in value["files"])
            found = cls(value["made_at"], value["program"], value["revision"], value["database"], files)
            known = value["format"] == FORMAT
        except (ValueError, KeyError, TypeError) as error:
            raise BadFile(f"备份 {place} 的清单 {MANIFEST} 已损坏，不能使用。") from error
        if not known:
            raise BadFile(f"备份 {place} 是另一种格式，本版本不认识；请用作备份时的程序版本恢复。")
        for entry in files:
            path = PurePosixPath(entry.name)
            if path.is_absolute() or ".." in path.parts or not path.parts:
                raise BadFile(f"备份 {place} 的清单中有越界的文件名“{entry.name}”，不能使用。")
        return found


class Sink(Protocol):
    """Where a backup is written."""

    def add(self, name: str, stream: BinaryIO, size: int) -> str:
        """Keep ``size`` bytes of ``stream`` under ``name``; return their SHA-256."""
        ...


#: Called before each piece that is written; raises what should end the backup.
Check = Callable[[], None]


class _FolderSink:
    def __init__(self, folder: Path, check: Check) -> None:
        self._folder, self._check = folder, check

    def add(self, name: str, stream: BinaryIO, size: int) -> str:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            counted = _Hashing(stream, size, self._check)
            shutil.copyfileobj(counted, file, _PIECE)
            file.flush()
            os.fsync(file.fileno())
        return counted.end(name)


class _TarSink:
    def __init__(self, archive: tarfile.TarFile, check: Check) -> None:
        self._archive, self._check = archive, check

    def add(self, name: str, stream: BinaryIO, size: int) -> str:
        facts = tarfile.TarInfo(name)
        facts.size, facts.mode = size, 0o600
        counted = _Hashing(stream, size, self._check)
        self._archive.addfile(facts, counted)
        return counted.end(name)


class _Hashing(io.RawIOBase):
    """Reads at most ``size`` bytes and hashes them: files that grow are kept as long as they were."""

    def __init__(self, stream: BinaryIO, size: int, check: Check) -> None:
        self._stream, self._left, self._hash, self._check = stream, size, hashlib.sha256(), check

    def read(self, size: int = -1) -> bytes:
        self._check()
        piece = self._stream.read(min(self._left, _PIECE if size < 0 else size))
        self._left -= len(piece)
        self._hash.update(piece)
        return piece

    def end(self, name: str) -> str:
        if self._left:
            raise BadFile(f"备份时 {name} 变短了；证据只增不减，请检查磁盘后重做备份。")
        return self._hash.hexdigest()


@contextmanager
def new_sink(place: Path, check: Check) -> Iterator[Sink]:
    """Write to ``place`` (a .tar file or a folder), which gets its name only when all is written."""
    partial = place.with_name(f"{place.name}.partial")
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        if place.suffix == ".tar":
            with partial.open("xb") as file:
                with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
                    yield _TarSink(archive, check)
                file.flush()
                os.fsync(file.fileno())
        else:
            partial.mkdir()
            yield _FolderSink(partial, check)
            if place.is_dir():
                place.rmdir()  # it is empty: the caller has looked
        partial.rename(place)
    except FileExistsError:
        raise BadFile(f"{partial} 已经存在：另一个备份正在进行，或上次中断；确认没有备份在进行后删去它再试。") from None
    except BaseException:
        if partial.is_dir():
            shutil.rmtree(partial, ignore_errors=True)
        else:
            partial.unlink(missing_ok=True)
        raise


class Source:
    """A backup that is read."""

    def __init__(self, place: Path, archive: tarfile.TarFile | None) -> None:
        self.place = place
        self._archive = archive
        self._members: dict[str, tarfile.TarInfo] = {}
        if archive is not None:
            self._members = {member.name: member for member in archive.getmembers() if member.isreg()}
        with self._open(MANIFEST) as stream:
            self.manifest = Manifest.parse(stream.read(_LARGEST_MANIFEST), place)

    def _open(self, name: str) -> Any:
        try:
            if self._archive is None:
                return (self.place / name).open("rb")
            found = self._archive.extractfile(self._members[name])
            assert found is not None
            return found
        except (OSError, KeyError) as error:
            raise BadFile(f"备份 {self.place} 中没有 {name} 或读不出来，备份不完整，不能使用。") from error

    def read(self, entry: Entry, write: Callable[[bytes], object]) -> None:
        """Hand the bytes of a file to ``write``; other bytes than the manifest says raise :class:`BadFile` at the end."""
        seen, size = hashlib.sha256(), 0
        with self._open(entry.name) as stream:
            while piece := stream.read(_PIECE):
                seen.update(piece)
                size += len(piece)
                write(piece)
        if (size, seen.hexdigest()) != (entry.size, entry.sha256):
            raise BadFile(f"备份 {self.place} 中的 {entry.name} 与清单的校验值不符，备份已损坏，不能使用。")

    def verify(self) -> int:
        """Read everything back; return the number of bytes."""
        for entry in self.manifest.files:
            self.read(entry, lambda piece: None)
        return sum(entry.size for entry in self.manifest.files)


@contextmanager
def open_source(place: Path) -> Iterator[Source]:
    """Open a backup; one that is none raises :class:`BadFile`."""
    if place.is_dir():
        yield Source(place, None)
        return
    try:
        archive = tarfile.open(place, "r:")  # noqa: SIM115 - closed below, errors of opening apart from those of reading
    except (OSError, tarfile.TarError) as error:
        raise BadFile(f"{place} 不存在，或不是 zhengxun backup 写出的文件夹或 .tar 文件。") from error
    with archive:
        yield Source(place, archive)
