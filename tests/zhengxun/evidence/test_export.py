"""Handing evidence over: standard tools accept the package and read from it what was received, byte for byte."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from docx import Document
from surt import surt as reference_surt
from warcio.archiveiterator import ArchiveIterator

from domain.errors import BadInput, EvidenceDamaged
from domain.evidence import CaptureKind, screenshot_file
from tests.zhengxun.evidence.authority import LocalAuthority, local_authority, openssl
from tests.zhengxun.evidence.building import NOON, PIXEL, SITE, fill, png, services_at
from zhengxun.evidence.cdx import surt
from zhengxun.evidence.export import Exported, export
from zhengxun.evidence.sealing import seal
from zhengxun.evidence.stamping import Authority, stamp_chain
from zhengxun.services import Services


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAuthority | None]:
    """A time stamp authority; None where the machine has no openssl."""
    if openssl() is None and not os.environ.get("CI"):
        yield None
        return
    with local_authority(tmp_path_factory.mktemp("tsa") / "a") as found:
        yield found


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory, authority: LocalAuthority | None) -> Services:
    """Two crawls over three pages, sealed and stamped."""
    services = services_at(tmp_path_factory.mktemp("store") / "data")
    folder = services.settings.evidence
    with services.store() as store:
        for day in range(2):
            fill(store, folder, 3, day=day, text="免考包过，<b>&联网\x07可查" if day else "免考包过")
            seal(store, folder)
        if authority is not None:
            stamp_chain(store.chain, folder, Authority(authority.url, authority.roots))
    return services


def hand_over(services: Services, out: Path, *leads: int, roots: Path | None = None) -> Exported:
    """Export leads."""
    with services.store() as store:
        return export(
            store,
            services.settings.evidence,
            leads,
            out,
            by="张三",
            at=NOON + timedelta(days=2),
            roots=roots,
            program="证巡 0.1.0",
        )


@pytest.fixture(scope="module")
def package(services: Services, authority: LocalAuthority | None, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The evidence of leads 1 and 3."""
    out = tmp_path_factory.mktemp("out") / "线索1和3.wacz"
    return hand_over(services, out, 1, 3, roots=authority.roots if authority else None)


def test_the_standard_validator_accepts_it(package: Exported) -> None:
    """``wacz validate`` of the format's own authors."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "wacz.main", "validate", "-f", str(package.package)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "valid" in done.stdout


def _records(package: Exported) -> list[tuple[str, str, bytes]]:
    found = []
    with zipfile.ZipFile(package.package) as archive, archive.open("archive/evidence.warc.gz") as file:
        for record in ArchiveIterator(io.BytesIO(file.read()), check_digests=True):
            payload = record.content_stream().read()
            assert record.digest_checker.passed
            found.append((record.rec_type, record.rec_headers.get_header("WARC-Target-URI"), payload))
    return found


def test_it_holds_all_that_was_received(package: Exported) -> None:
    """Both versions of both pages, each redirect, request, picture and screenshot, and who wrote the files; no other page."""
    records = _records(package)
    assert [kind for kind, *_ in records].count("warcinfo") == 2
    for number in (0, 2):
        assert [uri for kind, uri, _ in records if kind == "response"].count(f"{SITE}/{number}") == 2
        assert [uri for kind, uri, _ in records if kind == "response"].count(f"{SITE}/{number}?from=m") == 2
        assert ("response", f"{SITE}/{number}.jpg", PIXEL) in records
        assert ("resource", f"urn:fullPage:{SITE}/{number}", png(number)) in records
    responses, requests = (sum(kind == wanted for kind, *_ in records) for wanted in ("response", "request"))
    assert responses == requests == 12
    assert not any(f"{SITE}/1" in (uri or "") for _, uri, _ in records)


def test_its_index_finds_every_record(package: Exported, tmp_path: Path) -> None:
    """Offset and length of each line give that record; key, time, status and digest are those of cdxj-indexer."""
    with zipfile.ZipFile(package.package) as archive:
        data = archive.read("archive/evidence.warc.gz")
        lines = archive.read("indexes/index.cdx").decode().splitlines()
        assert archive.getinfo("archive/evidence.warc.gz").compress_type == zipfile.ZIP_STORED
    (tmp_path / "evidence.warc.gz").write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "cdxj_indexer.main", "--sort", str(tmp_path / "evidence.warc.gz")],
        capture_output=True,
        text=True,
        check=True,
    )
    keys = ("url", "status", "digest", "offset", "length", "filename")

    def plain(line: str) -> tuple[str, str, tuple[str, ...]]:
        key, time, said = line.split(" ", 2)
        values = json.loads(said)
        return key, time[:14], tuple(str(values.get(name, "")) for name in keys)

    def is_page(line: tuple[str, str, tuple[str, ...]]) -> bool:
        return not line[0].startswith("urn:")

    ours = [plain(line) for line in lines]
    theirs = [plain(line) for line in done.stdout.splitlines()]
    assert sorted(filter(is_page, ours)) == sorted(filter(is_page, theirs))
    assert lines == sorted(lines)
    assert sum(not is_page(line) for line in ours) == 4
    for _, _, (url, _, _, offset, length, _) in ours:
        record = next(iter(ArchiveIterator(io.BytesIO(data[int(offset) : int(offset) + int(length)]))))
        assert record.rec_headers.get_header("WARC-Target-URI") == url


@pytest.mark.parametrize(
    "url",
    [
        "http://www.Example.com/",
        "https://www2.example.com:8443/A/b/?b=2&a=1&a=0&c",
        "http://example.com:80/%E8%AF%81?q=%e8%AF%81",
        "http://127.0.0.1:8080/x/",
        "http://peixun.example/a;b=1?x=http://y/&=",
        "http://xn--fiqs8s.example/index.html?",
    ],
)
def test_keys_are_those_of_other_programs(url: str) -> None:
    """As the ``surt`` package orders addresses."""
    assert surt(url) == reference_surt(url)


def test_the_form_says_what_was_done(package: Exported) -> None:
    """Pages, times, hashes, program, exit, verification; hostile text as text; blanks for people to sign."""
    document = Document(str(package.form))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert text.startswith("电子数据取证记录\n（网络在线提取）\n编号：ZX-20261126-123000-1")
    for part in (f"{SITE}/0?from=m", "2026-11-24 12:30:00", "192.0.2.7", "203.0.113.9 太原联通", "yunwei-1"):
        assert any(part in cell for cell in cells), part
    assert any("zhengxun 0.1.0" in cell for cell in cells)
    assert "全部与提取时一致" in text
    assert "时间戳：http://127.0.0.1" in text or openssl() is None
    assert "张三" in text
    assert {"提取人（二人）", "见证人", "审核人", "单位（盖章）"} <= set(cells)
    assert sum(cell.count("\n") for cell in cells if SITE in cell) == package.exhibits


def test_the_list_of_hashes_is_whole(package: Exported, services: Services) -> None:
    """Each exhibit with the hash by which anyone can check it, in the package too."""
    rows = list(csv.reader(io.StringIO(package.hashes.read_text("utf-8-sig"))))
    assert len(rows) == 1 + package.exhibits == 13
    with zipfile.ZipFile(package.package) as archive:
        names = archive.namelist()
        assert archive.read("evidence/hashes.csv") == package.hashes.read_bytes()
        assert archive.read("evidence/record.docx") == package.form.read_bytes()
        links = [json.loads(line) for line in archive.read("evidence/chain.jsonl").splitlines()]
    hashes = {row[5] for row in rows[1:]}
    assert {name for name in names if name.startswith("screenshots/")} == {
        f"screenshots/{row[5]}.png" for row in rows if row[1] == "整页截图"
    }
    named = {link["number"] for link in links if link["kind"] == "records"}
    assert {1, 3, 5, 7} <= named
    assert hashes
    if openssl() is not None:
        assert any(name.endswith(".tsr") for name in names)
        assert links[-1]["kind"] == "stamp"
        assert all(link["previous"] == before["sha256"] for before, link in pairwise(links))


def test_handing_over_is_noted_in_the_chain(package: Exported, services: Services) -> None:
    """Who, when, which leads, and the hash of what was handed over."""
    with services.store() as store:
        (link,) = [one for one in store.chain.links(0, 100) if one.kind == "export"]
    assert json.loads(link.content) == {
        "leads": [1, 3],
        "by": "张三",
        "file": "线索1和3.wacz",
        "size": package.package.stat().st_size,
        "sha256": package.sha256,
    }


def test_nothing_is_written_over_and_nothing_half(services: Services, package: Exported, tmp_path: Path) -> None:
    """An existing file, another ending, an unknown lead, a folder that is not there: told, and no file is left."""
    (tmp_path / "a-取证记录.docx").write_bytes(b"mine")
    for out, leads, words in (
        (package.package, (1,), "已经存在"),
        (tmp_path / "a.wacz", (1,), "已经存在"),
        (tmp_path / "b.zip", (1,), ".wacz"),
        (tmp_path / "b.wacz", (99,), "99"),
        (tmp_path / "none" / "b.wacz", (1,), "无法写入"),
    ):
        with pytest.raises(BadInput, match=words):
            hand_over(services, out, *leads)
    assert [path.name for path in tmp_path.iterdir()] == ["a-取证记录.docx"]


def test_what_is_not_verified_is_not_handed_over(tmp_path: Path) -> None:
    """A damaged record stops the export and is named; another lead's damage does not."""
    services = services_at(tmp_path / "data")
    folder = services.settings.evidence
    with services.store() as store:
        fill(store, folder, 2)
        seal(store, folder)
        fill(store, folder, 1, day=1, run_id=9)
        seal(store, folder)
    with services.store() as store:
        shot = next(one for one in store.evidence.of_snapshot(1) if one.kind is CaptureKind.SCREENSHOT)
    (folder / screenshot_file(shot.sha256)).write_bytes(b"other")
    with pytest.raises(EvidenceDamaged, match=r"screenshots/.*被改动.*没有导出"):
        hand_over(services, tmp_path / "1.wacz", 1)
    assert hand_over(services, tmp_path / "2.wacz", 2).exhibits == 3
    assert not (tmp_path / "1.wacz").exists()
