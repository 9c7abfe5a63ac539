"""WARC files: readable by others, rotated by size and day, repaired after a kill, never repaired under a living writer."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from crawler.exchange import Exchange
from crawler.warc import WarcWriter, locate, recover

NOON = datetime(2026, 11, 24, 4, 30, tzinfo=UTC)  # 12:30 in Shanghai


def _exchange(path: str, body: bytes = b"body", status: int = 200) -> Exchange:
    return Exchange(
        url=f"http://a.test{path}",
        status=status,
        headers=(
            (b"Content-Type", b"text/html"),
            (b"X-Name", "培训".encode("gbk")),
            (b"Set-Cookie", b"a=1"),
            (b"Set-Cookie", b"b=2"),
        ),
        body=body,
        request_headers=((b"User-Agent", b"ZhengxunBot/1.0"),),
        fetched_at=NOON,
        ip_address="192.0.2.1",
    )


def _writer(folder: Path, size: int = 10**6, run: int = 7) -> WarcWriter:
    return WarcWriter(folder, run, size, lambda: NOON)


def _records(path: Path) -> list[tuple[str, str | None]]:
    found = []
    with path.open("rb") as file:
        for record in ArchiveIterator(file, check_digests=True):
            record.content_stream().read()
            assert record.digest_checker.passed
            found.append((record.rec_type, record.rec_headers.get_header("WARC-Target-URI")))
    return found


def test_bytes_are_kept_as_they_came(tmp_path: Path) -> None:
    """Header bytes in any encoding, repeated headers and binary bodies come back unchanged, with their SHA-256."""
    body = bytes(range(256)) * 10
    writer = _writer(tmp_path)
    ref = writer.write([_exchange("/中?x=1", body)])
    writer.close()
    raw = (tmp_path / ref.file).read_bytes()[ref.offset :]
    record = gzip.decompress(raw) if raw.count(b"\x1f\x8b\x08") == 1 else _first_member(raw)
    head, _, block = record.partition(b"\r\n\r\n")
    assert head.startswith(b"WARC/1.1\r\nWARC-Type: response\r\n")
    assert b"WARC-IP-Address: 192.0.2.1" in head
    assert b"WARC-Date: 2026-11-24T04:30:00.000000Z" in head
    assert f"WARC-Payload-Digest: sha256:{hashlib.sha256(body).hexdigest()}".encode() in head
    http, _, payload = block.partition(b"\r\n\r\n")
    assert "X-Name: 培训".encode("gbk") in http
    assert http.count(b"Set-Cookie") == 2
    assert payload == body + b"\r\n\r\n"


def _first_member(raw: bytes) -> bytes:
    import zlib

    return zlib.decompressobj(wbits=31).decompress(raw)


def test_other_programs_can_check_it(tmp_path: Path) -> None:
    """``warcio check`` passes, records are in order: warcinfo, then response and request of each exchange."""
    writer = _writer(tmp_path)
    ref = writer.write([_exchange("/a", status=302), _exchange("/b")])
    writer.close()
    path = tmp_path / ref.file
    assert path.name == "7-00001.warc.gz"
    assert path.parent.name == "20261124"
    checked = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "warcio.cli", "check", str(path)], capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stdout
    assert _records(path) == [
        ("warcinfo", None),
        ("response", "http://a.test/a"),
        ("request", "http://a.test/a"),
        ("response", "http://a.test/b"),
        ("request", "http://a.test/b"),
    ]


def test_files_are_found_while_open_and_after(tmp_path: Path) -> None:
    """A reference holds the final name; the file is found under it before and after it is closed."""
    writer = _writer(tmp_path)
    ref = writer.write([_exchange("/a")])
    writer.sync()
    assert locate(tmp_path, ref.file).name.endswith(".warc.gz.open")
    writer.close()
    assert locate(tmp_path, ref.file) == tmp_path / ref.file
    with pytest.raises(FileNotFoundError, match="证据文件"):
        locate(tmp_path, "warc/20200101/1-00001.warc.gz")


def test_rotation_by_size_and_day(tmp_path: Path) -> None:
    """A full file is closed, a new day begins a new folder, another start of the same run never reuses a name."""
    moment = [NOON]
    writer = WarcWriter(tmp_path, 7, 5_000, lambda: moment[0])
    import os

    names = [writer.write([_exchange(f"/{n}", os.urandom(2_000))]).file for n in range(4)]
    moment[0] += timedelta(hours=12)
    names.append(writer.write([_exchange("/next")]).file)
    writer.close()
    again = _writer(tmp_path)
    names.append(again.write([_exchange("/again")]).file)
    again.close()
    assert names[:5] == sorted(names[:5])
    assert len(set(names[:4])) == 2
    assert len(set(names)) == 4
    assert "/20261125/" in names[4]
    assert len(list(tmp_path.rglob("*.warc.gz"))) == 4
    assert not list(tmp_path.rglob("*.open"))


@pytest.mark.parametrize("cut", [1, 50, 400, 2_500])
def test_a_torn_tail_is_cut_to_the_last_whole_record(tmp_path: Path, cut: int) -> None:
    """After a kill everything whole is kept, the rest is cut, the file gets its final name."""
    writer = _writer(tmp_path)
    refs = [writer.write([_exchange(f"/{n}", bytes(str(n), "ascii") * 500)]) for n in range(20)]
    writer.sync()
    path = locate(tmp_path, refs[0].file)
    torn = path.with_name("8-00001.warc.gz.open")
    torn.write_bytes(path.read_bytes()[:-cut])
    writer.close()
    assert [closed.name for closed in recover(tmp_path)] == ["8-00001.warc.gz"]
    kept = _records(torn.with_name("8-00001.warc.gz"))
    assert 0 < len(kept) < 41
    assert kept == _records(tmp_path / refs[0].file)[: len(kept)]
    assert recover(tmp_path) == []


def test_files_with_nothing_whole_and_files_in_use(tmp_path: Path) -> None:
    """A file without one whole record is removed; one that a living process writes is left alone."""
    writer = _writer(tmp_path)
    ref = writer.write([_exchange("/a")])
    writer.sync()
    folder = locate(tmp_path, ref.file).parent
    (folder / "9-00001.warc.gz.open").write_bytes(b"\x1f\x8b\x08\x00half")
    assert recover(tmp_path) == []
    assert sorted(path.name for path in folder.iterdir()) == ["7-00001.warc.gz.open"]
    writer.write([_exchange("/b")])
    writer.close()
    assert len(_records(tmp_path / ref.file)) == 5
