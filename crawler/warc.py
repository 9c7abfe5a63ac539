"""Evidence on disk: WARC 1.1 (ISO 28500:2017), one gzip member per record, so that an offset is enough to read one.

Written here and not through warcio's writer, because that re-spells header bytes (non-ASCII ones are percent-encoded)
and hashes with SHA-1; warcio reads and checks these files in the tests. Header bytes and body are as the transfer layer
gave them, but for the values of a login's cookies (:mod:`crawler.logins`). What Scrapy (Twisted) does not keep, and what
therefore is no evidence: the reason phrase (the registered one
is written), the case of header names, hop-by-hop headers and how the body was chunked.

A file is written as ``….warc.gz.open`` and renamed when it is closed; references always carry the final name, and
:func:`locate` finds the file under either. A file of a killed process is closed by :func:`recover`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import uuid
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from crawler.exchange import Exchange, Resource
from domain.crawl import WarcRef
from domain.errors import EvidenceExpired
from domain.ports import Clock

#: Names the platform whose login went with a request; the values of its cookies are in no record.
LOGIN_FIELD = "Zhengxun-Login"
_OPEN = ".open"
_SUFFIX = ".warc.gz"
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_CHUNK = 1024 * 1024
#: zlib's default: on Chinese HTML level 9 takes twice the time and saves under two per cent.
_LEVEL = 6


class WarcWriter:
    """Writes the exchanges of one run; one thread at a time.

    ``about``: what the first record of each file says of who writes it (``software``, ``hostname``, ``ip`` …).
    """

    def __init__(
        self, folder: Path, run_id: int, max_size: int, clock: Clock, about: Sequence[tuple[str, str]] = ()
    ) -> None:
        self._folder = folder
        self._run_id = run_id
        self._max_size = max_size
        self._clock = clock
        self._about = (("software", "zhengxun"), *about) if "software" not in dict(about) else tuple(about)
        self._file: BinaryIO | None = None
        self._name = ""
        self._day = ""
        self._offset = 0
        self._warcinfo = ""
        self._dirty = False
        self._torn = False

    @property
    def folder(self) -> Path:
        """The evidence folder."""
        return self._folder

    def write(self, exchanges: Sequence[Exchange]) -> WarcRef:
        """Append request and response of each exchange (redirects first); return where the last response lies.

        Nothing is durable before :meth:`sync`. Raises ``OSError`` where the disk refuses.
        """
        self._make_room()
        ref: WarcRef | None = None
        for exchange in exchanges:
            response_id, request_id = _record_id(), _record_id()
            offset = self._append(_response(exchange, response_id, self._warcinfo))
            self._append(_request(exchange, request_id, response_id, self._warcinfo))
            ref = WarcRef(self._name, offset, response_id)
        if ref is None:
            raise ValueError("no exchange to write")
        return ref

    def write_resource(self, resource: Resource, page: WarcRef | None) -> WarcRef:
        """Append what was made of a page (not received as an answer) and say where it lies; ``page``: its response,
        None for a file that a person handed in.

        Nothing is durable before :meth:`sync`. Raises ``OSError`` where the disk refuses.
        """
        self._make_room()
        record_id = _record_id()
        offset = self._append(_resource(resource, record_id, page.record_id if page else None, self._warcinfo))
        return WarcRef(self._name, offset, record_id)

    def sync(self) -> None:
        """Make everything written so far durable."""
        if self._file is not None and self._dirty:
            with self._writing():
                self._file.flush()
                os.fsync(self._file.fileno())
            self._dirty = False

    def close(self) -> None:
        """Make everything durable and give the open file its final name.

        A file that the disk refused to go on with keeps the name of an open one: :func:`recover` cuts it behind its last
        whole record, when there is room.
        """
        if self._file is None:
            return
        if self._torn:
            with suppress(OSError):  # what is left in its buffer is refused again
                self._file.close()
            self._file, self._torn = None, False
            return
        self.sync()
        path = self._folder / (self._name + _OPEN)
        path.rename(self._folder / self._name)
        sync_folder(path.parent)
        self._file.close()
        self._file = None

    def _make_room(self) -> None:
        day = self._clock().astimezone(_SHANGHAI).strftime("%Y%m%d")
        if self._file is not None and (self._offset > self._max_size or day != self._day):
            self.close()
        if self._file is not None:
            return
        folder = self._folder / "warc" / day
        folder.mkdir(parents=True, exist_ok=True)
        self._day = day
        for sequence in range(_next_sequence(folder, self._run_id), 10**6):
            self._name = f"warc/{day}/{self._run_id}-{sequence:05d}{_SUFFIX}"
            try:
                file = (self._folder / (self._name + _OPEN)).open("xb")
            except FileExistsError:
                continue
            fcntl.flock(file.fileno(), fcntl.LOCK_EX)
            if os.fstat(file.fileno()).st_nlink:
                self._file = file
                break
            file.close()  # recover() took it for one that a killed process left, before it was locked
        if self._file is None:
            raise OSError(f"no free WARC file name for run {self._run_id} in {folder}")
        sync_folder(folder)
        self._offset = 0
        self._warcinfo = _record_id()
        self._append(_warcinfo(self._warcinfo, Path(self._name).name, self._about, self._run_id, self._clock()))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A refused write names the file, which the system's error does not, and leaves half a record behind."""
        try:
            yield
        except OSError as error:
            self._torn = True
            error.filename = error.filename or str(self._folder / (self._name + _OPEN))
            raise

    def _append(self, record: bytes) -> int:
        assert self._file is not None
        member = _packed(record)
        offset = self._offset
        with self._writing():
            self._file.write(member)
        self._offset += len(member)
        self._dirty = True
        return offset


def locate(folder: Path, file: str) -> Path:
    """Path of a WARC file by the name in a :class:`WarcRef`, whether it is closed or still being written.

    Raises ``FileNotFoundError`` where there is neither, :class:`EvidenceExpired` where its time ran out.
    """
    path = folder / file
    for candidate in (path, path.with_name(path.name + _OPEN), path):  # renamed between the first two looks
        if candidate.exists():
            return candidate
    if removal_note(folder, file).exists():
        raise EvidenceExpired(f"证据文件 {file} 已按保存期限清理。")
    raise FileNotFoundError(f"证据文件 {file} 不在 {folder} 中")


def removal_note(folder: Path, file: str) -> Path:
    """Where it is noted that a WARC file was removed because its time ran out."""
    path = folder / file
    return path.with_name(path.name.removesuffix(_SUFFIX) + ".removed.json")


def recover(folder: Path) -> list[Path]:
    """Close files that a killed process left open: cut the torn tail after the last whole record, then rename.

    Files that a living process writes are locked and left alone. Returns the paths of the files closed.
    """
    closed = []
    for path in sorted((folder / "warc").glob(f"*/*{_SUFFIX}{_OPEN}")):
        try:
            opened = path.open("r+b")
        except FileNotFoundError:  # its writer closed it
            continue
        with opened as file:
            try:
                fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            if not _is_named(file, path):
                continue
            whole = _whole_members(file)
            if whole == 0:
                path.unlink()
                continue
            file.truncate(whole)
            os.fsync(file.fileno())
            final = path.with_name(path.name.removesuffix(_OPEN))
            path.rename(final)
            sync_folder(path.parent)
            closed.append(final)
    return closed


def _is_named(file: BinaryIO, path: Path) -> bool:
    """Whether an open file still has that name: its writer may have closed and renamed it before it could be locked."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _whole_members(file: BinaryIO) -> int:
    """Length of the file's beginning that consists of whole gzip members."""
    file.seek(0)
    whole = 0
    data = b""
    while True:
        unpacker = zlib.decompressobj(wbits=31)
        consumed = 0
        while not unpacker.eof:
            if not data:
                data = file.read(_CHUNK)
                if not data:
                    return whole
            try:
                unpacker.decompress(data)
            except zlib.error:
                return whole
            consumed += len(data) - len(unpacker.unused_data)
            data = unpacker.unused_data
        whole += consumed


def _next_sequence(folder: Path, run_id: int) -> int:
    numbers = [
        int(text)
        for path in folder.glob(f"{run_id}-*{_SUFFIX}*")
        if (text := path.name.removeprefix(f"{run_id}-").partition(".")[0]).isdigit()
    ]
    return max(numbers, default=0) + 1


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: an fsync of a file does not say under which name it is found."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _record_id() -> str:
    return f"<urn:uuid:{uuid.uuid4()}>"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _record(fields: Iterable[tuple[str, str]], block: bytes) -> bytes:
    lines = ["WARC/1.1", *(f"{name}: {value}" for name, value in fields), f"Content-Length: {len(block)}", "", ""]
    return "\r\n".join(lines).encode("utf-8") + block + b"\r\n\r\n"


def _packed(record: bytes) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, 31)
    return packer.compress(record) + packer.flush()


def copy_opening(filename: str, about: Iterable[tuple[str, str]], at: datetime) -> bytes:
    """The first record of a file that holds copies of another file's records, packed; ``about``: what it says of that."""
    said = [*about, ("format", "WARC File Format 1.1")]
    return _packed(_warcinfo_saying(said, _record_id(), filename, at))


def _warcinfo(record_id: str, filename: str, about: Iterable[tuple[str, str]], run_id: int, at: datetime) -> bytes:
    said = [*about, ("format", "WARC File Format 1.1"), ("isPartOf", f"run-{run_id}"), ("robots", "obey")]
    return _warcinfo_saying(said, record_id, filename, at)


def _warcinfo_saying(said: Iterable[tuple[str, str]], record_id: str, filename: str, at: datetime) -> bytes:
    block = "".join(f"{name}: {' '.join(value.split())}\r\n" for name, value in said).encode("utf-8", "replace")
    fields = [
        ("WARC-Type", "warcinfo"),
        ("WARC-Record-ID", record_id),
        ("WARC-Date", _moment(at)),
        ("WARC-Filename", filename),
        ("WARC-Block-Digest", _digest(block)),
        ("Content-Type", "application/warc-fields"),
    ]
    return _record(fields, block)


def _http_block(first_line: str, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bytes:
    parts = [first_line.encode("latin-1", "replace"), b"\r\n"]
    for name, value in headers:
        parts += (name, b": ", value.replace(b"\r", b" ").replace(b"\n", b" "), b"\r\n")
    parts += (b"\r\n", body)
    return b"".join(parts)


def _response(exchange: Exchange, record_id: str, warcinfo_id: str) -> bytes:
    try:
        phrase = HTTPStatus(exchange.status).phrase
    except ValueError:
        phrase = ""
    block = _http_block(f"{exchange.protocol} {exchange.status} {phrase}", exchange.headers, exchange.body)
    fields = [
        ("WARC-Type", "response"),
        ("WARC-Record-ID", record_id),
        ("WARC-Warcinfo-ID", warcinfo_id),
        ("WARC-Target-URI", exchange.url),
        ("WARC-Date", _moment(exchange.fetched_at)),
        ("WARC-Payload-Digest", _digest(exchange.body)),
        ("WARC-Block-Digest", _digest(block)),
        ("Content-Type", "application/http; msgtype=response"),
        *_login(exchange),
    ]
    if exchange.ip_address:
        fields.insert(5, ("WARC-IP-Address", exchange.ip_address))
    return _record(fields, block)


def _request(exchange: Exchange, record_id: str, response_id: str, warcinfo_id: str) -> bytes:
    parts = urlsplit(exchange.url)
    target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
    host = (b"Host", parts.netloc.rpartition("@")[2].encode("latin-1", "replace"))
    block = _http_block(f"GET {target} HTTP/1.1", [host, *exchange.request_headers], b"")
    fields = [
        ("WARC-Type", "request"),
        ("WARC-Record-ID", record_id),
        ("WARC-Warcinfo-ID", warcinfo_id),
        ("WARC-Concurrent-To", response_id),
        ("WARC-Target-URI", exchange.url),
        ("WARC-Date", _moment(exchange.fetched_at)),
        ("WARC-Block-Digest", _digest(block)),
        ("Content-Type", "application/http; msgtype=request"),
        *_login(exchange),
    ]
    return _record(fields, block)


def _login(exchange: Exchange) -> list[tuple[str, str]]:
    """An extension field (WARC 1.1, 4: others may be added) of what was fetched with a platform's login."""
    return [(LOGIN_FIELD, exchange.login)] if exchange.login is not None else []


def _resource(resource: Resource, record_id: str, page_id: str | None, warcinfo_id: str) -> bytes:
    digest = _digest(resource.body)
    fields = [
        ("WARC-Type", "resource"),
        ("WARC-Record-ID", record_id),
        ("WARC-Warcinfo-ID", warcinfo_id),
        # The standard keeps WARC-Refers-To for other types of records.
        *((("WARC-Concurrent-To", page_id),) if page_id is not None else ()),
        ("WARC-Target-URI", resource.target),
        ("WARC-Date", _moment(resource.taken_at)),
        ("WARC-Payload-Digest", digest),
        ("WARC-Block-Digest", digest),
        ("Content-Type", resource.content_type),
    ]
    return _record(fields, resource.body)
