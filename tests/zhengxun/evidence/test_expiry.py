"""到期清理: only files that hold nothing that must be kept go, the chain says so, and a kill at any step tells no lie."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from crawler.warc import WarcWriter, locate
from crawler.warc_reading import read_payload
from domain.crawl import CrawlRequest
from domain.errors import EvidenceExpired
from domain.evidence import EvidenceState, screenshot_file
from domain.lead import EventKind
from domain.target import Scope, TargetKind
from storage import Store
from storage.engine import writing
from tests.storage.build import AD, CLEAN
from tests.zhengxun.evidence.building import ABOUT, NOON, SITE, services_at, visit
from zhengxun.evidence.expiry import Expired, expire
from zhengxun.evidence.export import export
from zhengxun.evidence.report import Report
from zhengxun.evidence.sealing import seal
from zhengxun.evidence.verification import Verification
from zhengxun.jobs.upkeep import upkeep
from zhengxun.services import Services

#: Everything that was kept at NOON has run out by then.
LATER = NOON + timedelta(days=1)


def _crawl(store: Store, folder: Path, **pages: str) -> str:
    """One crawl of pages by name and text, in a file of its own; its name."""
    target, _ = store.targets.add(
        name="某网站",
        url=SITE + "/",
        kind=TargetKind.WEBSITE,
        schedule="0 8 * * *",
        scope=Scope(("peixun.example",)),
    )
    run = store.begin_run([target.id])
    writer = WarcWriter(folder, run.id, 10**8, lambda: NOON, ABOUT)
    ledger = store.ledger()
    planned = ledger.plan([CrawlRequest(run.id, target.id, f"{SITE}/{name}") for name in pages])
    visits = [visit(writer, request, request.id or 0, pages[request.url.rpartition("/")[2]]) for request in planned]
    ledger.record(visits)
    writer.close()
    store.finish_run(run.id)
    seal(store, folder)
    assert visits[0].snapshot is not None
    return visits[0].snapshot.warc.file


def _states(report: Report) -> Counter[tuple[str, str]]:
    return Counter({(kind, state.value): number for (kind, state), number in report.counts.items() if kind != "chain"})


@pytest.fixture
def services(tmp_path: Path, database_url: str) -> Services:
    """Services over an empty store, of each kind of database."""
    return services_at(tmp_path / "data", database_url=database_url)


def test_a_file_without_leads_goes_and_the_chain_says_so(services: Services, tmp_path: Path) -> None:
    """It is 按保存期限清理 instead of missing, for each record; the lead's file stays and is handed over as before."""
    folder = services.settings.evidence
    with services.store() as store:
        mixed = _crawl(store, folder, offer=AD, beside=CLEAN)
        clean = _crawl(store, folder, a=CLEAN, b=CLEAN)
        size = (folder / clean).stat().st_size
        refs = [record.warc for record in store.evidence.in_file(clean)]
        shots = [
            screenshot_file(record.sha256) for record in store.evidence.in_file(clean) if record.kind == "screenshot"
        ]
        assert expire(store, folder, NOON - timedelta(days=1), 30) == Expired(0, 0), "too young"
        assert expire(store, folder, LATER, 30) == Expired(1, size)
        assert expire(store, folder, LATER, 30) == Expired(0, 0)
        assert (folder / mixed).exists()
        assert not (folder / clean).exists()
        assert not any((folder / shot).exists() for shot in shots)
        with pytest.raises(EvidenceExpired, match=r"已按保存期限清理"):
            read_payload(folder, refs[0])
        seal(store, folder)
        report = Verification(store, folder).everything()
        assert report.sound, report.items
        assert _states(report) == {
            ("snapshot", "verified"): 2,
            ("capture", "verified"): 4,
            ("screenshot_file", "verified"): 2,
            ("warc_file", "verified"): 1,
            ("snapshot", "expired"): 2,
            ("capture", "expired"): 4,
            ("warc_file", "expired"): 1,
            ("chain_file", "verified"): 1,
        }
        assert Verification(store, folder).leads([1]).sound
        export(store, folder, [1], tmp_path / "l.wacz", by="张三", at=NOON)

        (folder / mixed).rename(folder / f"{mixed}.gone")
        note = locate_note(folder, clean)
        shutil.copy(note, locate_note(folder, mixed))
        report = Verification(store, folder).everything()
        assert report.counts["warc_file", EvidenceState.MISSING] == 1, "a note alone explains nothing"


def locate_note(folder: Path, file: str) -> Path:
    """The note in place of a file."""
    path = folder / file
    return path.with_name(path.name.replace(".warc.gz", ".removed.json"))


def test_what_keeps_a_file(services: Services) -> None:
    """A page seen since, a lead in any state but long dismissed, a lead once referred, a thing handed in."""
    folder = services.settings.evidence
    with services.store() as store:
        file = _crawl(store, folder, offer=AD)

        def goes() -> bool:
            return list(store.retention.expired_files(LATER)) == [file]

        assert not goes()
        store.leads.append(1, EventKind.DISMISSED, "张三", "不是广告", NOON)
        assert goes(), "dismissed, and nothing since"
        with writing(store.engine) as connection:
            connection.execute(
                text("UPDATE leads SET last_event_at = :at"), {"at": LATER.isoformat(" ", "microseconds")}
            )
        assert not goes(), "dismissed only just now"
        with writing(store.engine) as connection:
            at = {"at": NOON.isoformat(" ", "microseconds")}
            connection.execute(text("UPDATE leads SET last_event_at = :at, first_referred_at = :at"), at)
        assert not goes(), "was referred once"
        with writing(store.engine) as connection:
            connection.execute(text("UPDATE leads SET first_referred_at = NULL"))
            connection.execute(text("UPDATE pages SET last_seen = :at"), {"at": LATER.isoformat(" ", "microseconds")})
        assert not goes(), "the page still says so"
        with writing(store.engine) as connection:
            connection.execute(text("UPDATE pages SET last_seen = :at"), at)
        assert goes()
        with writing(store.engine) as connection:
            connection.execute(text("UPDATE targets SET kind = 'intake'"))
        assert not goes(), "people handed it in"


class _Killed(BaseException):
    """The process ends here."""


def test_a_kill_at_any_step_is_finished_the_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ended before each of its calls of the system: the store verifies as it is then, and the next call ends the work."""
    start = services_at(tmp_path / "start")
    with start.store() as store:
        _crawl(store, start.settings.evidence, offer=AD)
        file = _crawl(store, start.settings.evidence, a=CLEAN)
    calls = 0
    last = 0

    def counted(real: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == last:
                raise _Killed
            return real(*arguments, **named)

        return call

    seen: set[str] = set()
    while True:
        last += 1
        calls = 0
        shutil.copytree(start.settings.data_dir, tmp_path / str(last))
        services = services_at(tmp_path / str(last))
        folder = services.settings.evidence
        with services.store() as store:
            with monkeypatch.context() as patched:
                patched.setattr("zhengxun.evidence.expiry.os.fsync", counted(os.fsync))
                for name in ("replace", "unlink", "open"):
                    patched.setattr(Path, name, counted(getattr(Path, name)))
                try:
                    expire(store, folder, LATER, 30)
                    killed = False
                except _Killed:
                    killed = True
            report = Verification(store, folder).everything()
            faults = {(item.kind, item.state.value) for item in report.items}
            assert report.sound, (last, faults)
            seen.add("gone" if not (folder / file).exists() else "there")
            expire(store, folder, LATER, 30)
            seal(store, folder)
            assert not (folder / file).exists()
            assert len(list(folder.rglob("*.png"))) == 1, "the lead's; those of the file are gone with it"
            assert Verification(store, folder).everything().sound
            with pytest.raises(EvidenceExpired):
                locate(folder, file)
        shutil.rmtree(tmp_path / str(last))
        if not killed:
            break
    assert last > 6
    assert seen == {"gone", "there"}


def test_the_upkeep_does_it_where_a_time_is_set(tmp_path: Path) -> None:
    """Off by default; with a limit the files go, and the audit log says how many."""
    at_first = services_at(tmp_path / "data")
    with at_first.store() as store:
        file = _crawl(store, at_first.settings.evidence, a=CLEAN)
    later = NOON + timedelta(days=31)
    assert upkeep(Services(at_first.settings, lambda: later)).expired is None
    settings = at_first.settings.model_copy(update={"keep_unflagged_days": 30})
    services = Services(settings, lambda: later)
    with services.lock("crawl"):
        assert any("没有清理" in problem for problem in upkeep(services).problems)
    done = upkeep(services)
    assert (done.problems, done.expired is not None and done.expired.files) == ([], 1)
    assert not (settings.evidence / file).exists()
    with services.store() as store:
        assert "清理证据文件 1 个" in store.accounts.log(limit=1)[0].entry.detail
        assert Verification(store, settings.evidence).everything().sound
