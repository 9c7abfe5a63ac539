"""整理证据文件: what is needed moves byte for byte, what ran out is nowhere any more, and a kill at any step loses nothing."""

from __future__ import annotations

import errno
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from warcio.archiveiterator import ArchiveIterator

import zhengxun.evidence.compaction as compaction
from crawler.warc_copy import Places, copied_from, copy_name
from crawler.warc_reading import read_payload, read_record
from crawler.warc_scan import ScannedRecord, hash_file, scan
from domain.errors import EvidenceExpired
from domain.lead import EventKind
from storage import Store, default_url
from storage.engine import writing
from tests.storage.build import AD, CLEAN
from tests.zhengxun.evidence.building import NOON, SITE, png, services_at
from tests.zhengxun.evidence.test_expiry import LATER, _crawl
from zhengxun.evidence.compaction import Compacted, Rule, clear, compact
from zhengxun.evidence.expiry import finish
from zhengxun.evidence.export import export
from zhengxun.evidence.sealing import seal
from zhengxun.evidence.standing import standing
from zhengxun.evidence.verification import Verification
from zhengxun.jobs.backup import back_up, restore
from zhengxun.jobs.upkeep import upkeep
from zhengxun.services import Services

RULE = Rule(LATER, 30, 50)


def _filled(store: Store, folder: Path) -> str:
    """A sealed file with one lead's page between many that ran out; its name."""
    return _crawl(store, folder, a=CLEAN, b=CLEAN, offer=AD, c=CLEAN, d=CLEAN)


def _compact(store: Store, folder: Path, rule: Rule = RULE) -> Compacted:
    done = Compacted()
    compact(store, folder, rule, lambda: False, done)
    return done


def _members(path: Path) -> dict[str, bytes]:
    """The gzip members of a file by record id."""
    found = {}
    with path.open("rb") as file:
        for record in scan(path):
            assert isinstance(record, ScannedRecord)
            file.seek(record.offset)
            found[record.fields["warc-record-id"]] = file.read(record.end - record.offset)
    return found


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in (folder / "warc").glob("*/*.warc.gz*"))


@pytest.fixture
def services(tmp_path: Path, database_url: str) -> Services:
    """Services over an empty store, of each kind of database."""
    return services_at(tmp_path / "data", database_url=database_url)


def test_what_is_needed_moves_and_the_rest_is_nowhere(services: Services, tmp_path: Path) -> None:
    """Members are the same bytes; rows, chain, hand-over and old references find them; standard tools read the file."""
    folder = services.settings.evidence
    with services.store() as store:
        old = _filled(store, folder)
        records = store.evidence.in_file(old)
        before = {record.warc.record_id: record for record in records}
        members = _members(folder / old)
        size = (folder / old).stat().st_size
        hashes = [row.chained for _, rows in store.chain.walk() for row in rows]

        done = _compact(store, folder)
        seal(store, folder)

        new = copy_name(old)
        assert _files(folder) == [new]
        assert (done.files, done.problems) == (1, [])
        assert done.freed == size - (folder / new).stat().st_size
        kept = _members(folder / new)
        opening, own, *copies = kept
        assert own in members
        assert all(kept[one] == members[one] for one in [own, *copies]), "byte for byte"
        assert len(copies) == 7, "redirect, page and picture with their requests, and the screenshot"
        assert opening not in members
        moved = store.evidence.in_file(new)
        assert sorted(record.kind for record in moved) == ["page", "picture", "screenshot"]
        assert done.records == len(members) - 8

        # Nothing that is kept changed but its place, and what was written down before finds it.
        for record in moved:
            first = before[record.warc.record_id]
            assert (record.id, record.sha256, record.size) == (first.id, first.sha256, first.size)
            assert store.compaction.place_of(first.warc) == record.warc
            assert len(read_payload(folder, record.warc)) == record.size
        gone = [record for record in records if record.id not in {one.id for one in moved if one.table == record.table}]
        for record in gone:
            with pytest.raises(EvidenceExpired):
                read_payload(folder, record.warc)

        # The bytes that ran out are in no file of the data directory.
        dropped = [data for id_, data in members.items() if id_ not in kept]
        assert len(dropped) == 28
        for path in services.settings.data_dir.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                assert not any(data in content for data in dropped), path
        pictures = {png(number) for number in range(1, 6)}
        assert sum(path.read_bytes() in pictures for path in folder.rglob("*.png")) == 1

        # The chain says what happened; not one hash in it changed.
        report = Verification(store, folder).everything()
        assert report.sound, report.items
        assert [row.chained for _, rows in store.chain.walk() for row in rows] == hashes
        link = store.retention.removals()[old]
        said = json.loads(link.content)
        assert (said["file"], said["days"], said["snapshots"], said["captures"]) == (old, 30, 4, 8)
        assert said["kept"] | {"records": 8} == {
            "file": new,
            "size": (folder / new).stat().st_size,
            "sha256": hash_file(folder / new)[1],
            "records": 8,
            "snapshots": 1,
            "captures": 2,
        }
        assert said["dropped_records"] == 28
        assert store.compaction.outlook(50).freed == done.freed

        # Standard readers.
        with (folder / new).open("rb") as stream:
            types = []
            for one in ArchiveIterator(stream, check_digests=True):
                one.content_stream().read()
                assert one.digest_checker.passed is not False
                types.append(one.rec_type)
        assert types[:2] == ["warcinfo", "warcinfo"]
        info = gzip.decompress(kept[opening]).decode()
        assert f"isPartOf: compaction of {old}" in info
        assert hash_file(folder / new)[1] in said["kept"]["sha256"]

        lead = export(store, folder, [1], tmp_path / "一.wacz", by="张三", at=NOON)
        assert lead.exhibits == 3
        checked = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "wacz.main", "validate", "-f", str(lead.package)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr
        form = _text(lead.form)
        assert "203.0.113.9" in form, "who fetched it is told by the crawler's own warcinfo"
        assert f"证据文件 {new} 由先前的文件按保存期限整理而成（证据链第 {link.number} 条）" in form


def _text(form: Path) -> str:
    from docx import Document

    document = Document(str(form))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*cells, *(paragraph.text for paragraph in document.paragraphs)])


def test_again_when_more_runs_out(services: Services) -> None:
    """A copy is compacted like any file, and removed when nothing in it is needed; each row knows its first place."""
    folder = services.settings.evidence
    with services.store() as store:
        old = _crawl(store, folder, a=CLEAN, b=AD, c=CLEAN, d=CLEAN, e=AD, f=CLEAN)
        first = {record.id: record.warc for record in store.evidence.in_file(old) if record.table == "snapshots"}
        assert _compact(store, folder).files == 1
        once = copy_name(old)
        assert _compact(store, folder).files == 0, "all in it is needed"
        store.leads.append(1, EventKind.DISMISSED, "张三", "不是广告", NOON)
        assert _compact(store, folder, Rule(LATER, 30, 40)).files == 1
        twice = copy_name(once)
        assert (_files(folder), copied_from(twice), copied_from(once), copied_from(old)) == ([twice], once, old, None)
        (row,) = [record for record in store.evidence.in_file(twice) if record.table == "snapshots"]
        assert store.compaction.place_of(first[row.id]) == row.warc
        seal(store, folder)
        assert Verification(store, folder).everything().sound
        store.leads.append(2, EventKind.DISMISSED, "张三", "不是广告", NOON)
        assert list(store.retention.expired_files(LATER)) == [twice], "it is as old as what it holds"


def test_a_record_that_two_rows_tell_of(services: Services) -> None:
    """It is needed where one of them is, and both find it afterwards."""
    folder = services.settings.evidence
    with services.store() as store:
        old = _filled(store, folder)
        pictures = [one for one in store.evidence.in_file(old) if one.kind == "picture"]
        shared = pictures[0].warc
        (capture,) = [one for one in store.evidence.of_snapshot(pictures[0].snapshot_id) if one.warc == shared]
        lead = next(one.id for one in store.evidence.of_lead(1).records if one.table == "snapshots")
        added = replace(capture, id=None, url=f"{SITE}/again.jpg")
        assert store.evidence.add(lead, [added])[-1].warc == shared
        assert _compact(store, folder).files == 1
        seal(store, folder)
        both = [one.warc for one in store.evidence.in_file(copy_name(old)) if one.warc.record_id == shared.record_id]
        assert len(both) == 2
        assert both[0] == both[1] != shared
        assert read_record(folder, both[0]).fields["warc-target-uri"] == f"{SITE}/1.jpg"
        assert Verification(store, folder).everything().sound


def test_what_is_not_touched(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too little to gain, too young, altered since it was sealed, no room, something needed again in between."""
    folder = services.settings.evidence
    with services.store() as store:
        old = _filled(store, folder)

        def untouched(done: Compacted) -> str:
            assert done.files == 0
            assert _files(folder) == [old]
            return "".join(done.problems)

        assert untouched(_compact(store, folder, Rule(LATER, 30, 90))) == ""
        waiting = store.compaction.outlook(50)
        assert waiting.waiting == 1
        assert 0.6 < waiting.possible / (folder / old).stat().st_size < 0.9
        assert untouched(_compact(store, folder, Rule(NOON - timedelta(days=1), 30, 50))) == ""
        with monkeypatch.context() as patched:
            patched.setattr(compaction, "free_space", lambda folder: compaction.SPARE)
            assert "只剩 64 MB；请腾出空间" in untouched(_compact(store, folder))

        real = compaction.copy_needed

        def seen_again(*arguments: Any) -> Any:
            with writing(store.engine) as connection:
                connection.execute(
                    text("UPDATE pages SET last_seen = :at"), {"at": LATER.isoformat(" ", "microseconds")}
                )
            return real(*arguments)

        with monkeypatch.context() as patched:
            patched.setattr(compaction, "copy_needed", seen_again)
            assert untouched(_compact(store, folder)) == ""
        with writing(store.engine) as connection:
            connection.execute(text("UPDATE pages SET last_seen = :at"), {"at": NOON.isoformat(" ", "microseconds")})

        whole = (folder / old).read_bytes()
        (folder / old).write_bytes(whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:])
        assert "与封存时的校验值不符" in untouched(_compact(store, folder)), "what is altered is not made to look sound"
        (folder / old).write_bytes(whole)
        assert _compact(store, folder).files == 1


def test_a_row_that_was_pointed_elsewhere_shows(tmp_path: Path) -> None:
    """The hash covers the first place; that the row names other bytes now, their id and hash say."""
    services = services_at(tmp_path / "data")
    folder = services.settings.evidence
    with services.store() as store:
        _crawl(store, folder, a=CLEAN, b=AD, c=CLEAN, d=CLEAN, e=AD, f=CLEAN)
        assert _compact(store, folder).files == 1
        seal(store, folder)
        first, second = (
            one.warc.offset for one in store.evidence.in_file(_files(folder)[0]) if one.table == "snapshots"
        )
        at_first = "first_offset = first_offset + {} WHERE first_file IS NOT NULL"
        for change, back in (
            (f"warc_offset = {second} WHERE warc_offset = {first}", f"warc_offset = {first} WHERE id = 2"),
            ("warc_file = first_file WHERE id = 2", f"warc_file = '{_files(folder)[0]}' WHERE id = 2"),
            (at_first.format(1), at_first.format(-1)),
        ):
            for statement, sound in ((change, False), (back, True)):
                with writing(store.engine) as connection:
                    connection.execute(text(f"UPDATE snapshots SET {statement}"))
                assert Verification(store, folder).everything().sound is sound, statement


def _die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _steps() -> list[tuple[Any, str]]:
    """What a compaction does to disk and database, each call of which is a place to die before and after."""
    import storage.compaction

    return [
        (os, "fsync"),
        (Path, "open"),
        (Path, "rename"),
        (Path, "replace"),
        (Path, "unlink"),
        (storage.compaction, "append_compaction"),
        (storage.compaction.Compaction, "move"),
    ]


def _killed_at(step: int, data: Path) -> bool:
    """Compact in a process of its own that is killed with signal 9 at its ``step``-th call; whether it came so far."""
    child = os.fork()
    if child == 0:
        try:
            calls = 0

            def counted(real: Any) -> Any:
                def call(*arguments: Any, **named: Any) -> Any:
                    nonlocal calls
                    calls += 1
                    if calls == step:
                        _die()
                    result = real(*arguments, **named)
                    calls += 1
                    if calls == step:
                        _die()
                    return result

                return call

            services = services_at(data)
            with services.store() as store:
                for place, name in _steps():
                    setattr(place, name, counted(getattr(place, name)))
                _compact(store, services.settings.evidence)
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    assert status in (0, signal.SIGKILL), status
    return status == signal.SIGKILL


def test_kill_9_between_any_two_steps(tmp_path: Path) -> None:
    """Old or new is whole each time, all verifies, and the next upkeep leaves what one without a kill leaves."""
    start = services_at(tmp_path / "start")
    with start.store() as store:
        old = _filled(store, start.settings.evidence)
    new = copy_name(old)
    step = 0
    seen: set[tuple[str, ...]] = set()
    while True:
        step += 1
        data = tmp_path / str(step)
        shutil.copytree(start.settings.data_dir, data)
        killed = _killed_at(step, data)
        services = services_at(data)
        folder = services.settings.evidence
        with services.store() as store:
            seal(store, folder)  # a tick may come first
            report = Verification(store, folder).everything()
            assert report.sound, (step, report.items)
            for record in store.evidence.of_lead(1).records:
                assert len(read_payload(folder, record.warc)) == record.size
            seen.add(tuple(_files(folder)))
            assert clear(store, folder) == []
            finish(store, folder)
            _compact(store, folder)
            seal(store, folder)
            assert _files(folder) == [new]
            assert len(list(folder.rglob("*.png"))) == 1
            report = Verification(store, folder).everything()
            assert (report.sound, report.unsealed) == (True, 0), report.items
        shutil.rmtree(data)
        if not killed:
            break
    part = (Path(new).parent / f".{Path(new).name}.compacting").as_posix()
    assert seen == {(old,), tuple(sorted((part, old))), tuple(sorted((new, old))), (new,)}


def test_the_upkeep_does_it_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By default at more than half; summary, JSON and standing say what was freed; a reader of evidence keeps it away."""
    from zhengxun.cli.upkeep import as_dict

    at_first = services_at(tmp_path / "data")
    with at_first.store() as store:
        old = _filled(store, at_first.settings.evidence)
    later = NOON + timedelta(days=31)
    settings = at_first.settings.model_copy(update={"keep_unflagged_days": 30})
    services = Services(settings, lambda: later)
    with services.lock("compaction", shared=True):
        assert any("核验或导出" in problem for problem in upkeep(services).problems)
    assert _files(settings.evidence) == [old]

    def refused(source: Path, target: Path, *_: Any) -> None:
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "full", str(target))

    with monkeypatch.context() as patched:
        patched.setattr(compaction, "copy_needed", refused)
        assert any("磁盘空间不足" in problem for problem in upkeep(services).problems)
    assert _files(settings.evidence) == [old], "nothing half done stays"
    done = upkeep(services)
    assert done.problems == []
    said = as_dict(done)
    assert (said["compacted"]["files"], said["compacted"]["records"], said["compacted"]["unfinished"]) == (1, 28, False)
    assert said["evidence"] == {"freed": said["compacted"]["size"], "files": 1, "possible": 0, "waiting": 0}
    with services.store() as store:
        assert "整理证据文件 1 个，清除到期记录 28 条" in store.accounts.log(limit=1)[0].entry.detail
        assert Verification(store, settings.evidence).everything().sound
        found = standing(services, store)
        assert found is not None
        assert "整理证据文件 1 个，共腾出 0.0 MB" in found.text

    back_up(services, tmp_path / "backup")
    again = services_at(tmp_path / "again", database_url=default_url(tmp_path / "again"))
    shutil.rmtree(tmp_path / "again")
    restore(again, tmp_path / "backup")
    with again.store() as store:
        assert Verification(store, again.settings.evidence).everything().sound
        assert all(read_payload(again.settings.evidence, one.warc) for one in store.evidence.of_lead(1).records)


def test_a_place_is_needed_where_one_of_its_rows_is() -> None:
    """In whatever order they come; and how much is needed goes from each place to the next."""
    places = Places()
    for offset, needed in ((100, True), (100, False), (300, False), (600, False), (600, True), (900, False)):
        places.add(offset, needed)
    assert [bool(one) for one in places.needed] == [True, False, True, False]
    assert places.bytes_needed(1000) == 100 + 200 + 300
    assert (places.at(300), places.at(301), places.copy_of(100)) == (1, None, None)
    assert Places().bytes_needed(1000) == 1000, "of a file that no row tells of nothing is known"


def test_what_a_kill_left_is_no_evidence(tmp_path: Path) -> None:
    """Half a copy is not verified, and gone after the next upkeep, also where no limit is set any more."""
    services = services_at(tmp_path / "data")
    folder = services.settings.evidence
    with services.store() as store:
        old = _filled(store, folder)
        part = (folder / old).with_name(f".{Path(copy_name(old)).name}.compacting")
        part.write_bytes((folder / old).read_bytes()[:700])
        report = Verification(store, folder).everything()
        assert (report.sound, report.unsealed) == (True, 0)
    assert upkeep(services).problems == []
    assert _files(folder) == [old]


def test_a_copy_that_replaced_a_lost_file_stays(tmp_path: Path) -> None:
    """A database older than the evidence does not know the copy: it is all there is, and is not cleared up."""
    services = services_at(tmp_path / "data")
    folder = services.settings.evidence
    with services.store() as store:
        old = _filled(store, folder)
        (folder / old).rename(folder / copy_name(old))
        (problem,) = clear(store, folder)
        assert "由较旧的备份恢复" in problem
        assert _files(folder) == [copy_name(old)]
