"""WACZ 1.1.1: web archive, index, page list and everything else of one hand-over in a single zip file.

Records are copied byte for byte as they lie in the evidence folder, so that their hashes hold for the copy too. The zip
is written under a temporary name and renamed: there is a whole package, or none.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from crawler.warc import sync_folder
from domain.errors import BadInput
from zhengxun.evidence import cdx
from zhengxun.evidence.selection import SourceFile

VERSION = "1.1.1"
_ARCHIVE = "evidence.warc.gz"
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Page:
    """One line of the page list: what a reader opens."""

    id: str
    url: str
    at: datetime
    title: str


@dataclass
class _Resource:
    path: str
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)


class Package:
    """A package being written."""

    def __init__(self, stream: IO[bytes], created: datetime) -> None:
        self._zip = zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED)
        self._created = created
        self._resources: list[_Resource] = []

    def add(self, path: str, chunks: Iterable[bytes], *, compress: bool = False) -> None:
        """Add a file. WARC files are stored as they are: replay programs read single records out of the zip."""
        entry = zipfile.ZipInfo(path, self._created.timetuple()[:6])
        entry.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
        entry.external_attr = 0o644 << 16
        resource = _Resource(path)
        with self._zip.open(entry, "w", force_zip64=True) as file:
            for chunk in chunks:
                file.write(chunk)
                resource.size += len(chunk)
                resource.digest.update(chunk)
        self._resources.append(resource)

    def add_archive(self, sources: Sequence[SourceFile]) -> None:
        """Add the records of all sources as one WARC file, and its index."""
        lines: list[str] = []
        self.add(f"archive/{_ARCHIVE}", _copy(sources, lines))
        self.add("indexes/index.cdx", ("".join(f"{line}\n" for line in sorted(lines)).encode(),), compress=True)

    def add_pages(self, pages: Sequence[Page]) -> None:
        """Add the page list."""
        lines: list[dict[str, Any]] = [{"format": "json-pages-1.0", "id": "pages", "title": "线索网页"}]
        lines += [{"id": page.id, "url": page.url, "ts": _moment(page.at), "title": page.title} for page in pages]
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        self.add("pages/pages.jsonl", (text.encode("utf-8", "replace"),), compress=True)

    def finish(self, *, title: str, description: str, software: str, main: Page) -> None:
        """Add the list of all files with their hashes, and the hash of that list."""
        package = {
            "profile": "data-package",
            "wacz_version": VERSION,
            "title": title,
            "description": description,
            "software": software,
            "created": _moment(self._created),
            "mainPageUrl": main.url,
            "mainPageDate": _moment(main.at),
            "resources": [
                {
                    "name": resource.path.rpartition("/")[2].lower(),
                    "path": resource.path,
                    "hash": f"sha256:{resource.digest.hexdigest()}",
                    "bytes": resource.size,
                }
                for resource in self._resources
            ],
        }
        data = json.dumps(package, ensure_ascii=False, indent=2).encode("utf-8", "replace")
        self.add("datapackage.json", (data,), compress=True)
        digest = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(data).hexdigest()}"}
        self.add("datapackage-digest.json", (json.dumps(digest, indent=2).encode(),), compress=True)
        self._zip.close()


def _copy(sources: Sequence[SourceFile], lines: list[str]) -> Iterator[bytes]:
    """The chosen records' bytes, one source after another; ``lines`` gets their index."""
    offset = 0
    for source in sources:
        with source.path.open("rb") as file:
            for record in source.records:
                line = cdx.line(record, _ARCHIVE, offset)
                if line is not None:
                    lines.append(line)
                file.seek(record.offset)
                left = record.end - record.offset
                offset += left
                while left:
                    chunk = file.read(min(left, _CHUNK))
                    if not chunk:
                        raise OSError(f"{source.name} became shorter while it was read")
                    left -= len(chunk)
                    yield chunk


class NewFile:
    """A file that is there whole, or not at all: written under a temporary name, synced, renamed. Never overwrites."""

    def __init__(self, path: Path) -> None:
        if path.exists():
            raise BadInput(f"文件 {path} 已经存在；证据包不覆盖已有文件，请换一个文件名。")
        self._path = path
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}")

    def __enter__(self) -> IO[bytes]:
        try:
            self._file = self._temporary.open("w+b")
        except OSError as error:
            raise BadInput(f"文件 {self._path} 无法写入（{error.strerror}）；请检查文件夹和权限。") from error
        return self._file

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._file.flush()
                os.fsync(self._file.fileno())
                self._temporary.rename(self._path)
                with suppress(OSError):  # some removable disks cannot sync a folder
                    sync_folder(self._path.parent)
        finally:
            self._file.close()
            self._temporary.unlink(missing_ok=True)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
