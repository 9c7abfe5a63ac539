"""Verification: whole stores pass, every change anywhere is found and named for what it is, nothing stops it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from domain.chain import CHAIN_FILE
from domain.errors import BadInput
from domain.evidence import EvidenceState
from tests.zhengxun.evidence.authority import LocalAuthority, local_authority, openssl
from tests.zhengxun.evidence.building import fill, services_at
from tests.zhengxun.evidence.flips import flip_everywhere, make_store, verifier
from zhengxun.evidence.report import Report
from zhengxun.evidence.sealing import seal
from zhengxun.evidence.stamping import Authority, stamp_chain
from zhengxun.evidence.verification import Verification
from zhengxun.services import Services


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sealed store of two crawls over three pages, open for changes."""
    folder = tmp_path_factory.mktemp("store")
    make_store(folder, 3)
    return folder


@pytest.fixture
def services(template: Path, tmp_path: Path) -> Services:
    """A copy of it."""
    shutil.copytree(template, tmp_path / "data")
    return services_at(tmp_path / "data")


def verify(services: Services, *leads: int) -> Report:
    """The report on some leads, or on everything."""
    with services.store() as store:
        verification = Verification(store, services.settings.evidence)
        return verification.leads(leads) if leads else verification.everything()


def faults(report: Report) -> set[tuple[str, str]]:
    """(kind, state) of everything that is not verified."""
    return {(kind, state.value) for kind, state in report.counts if state is not EvidenceState.VERIFIED}


def change(services: Services, *statements: str) -> None:
    """Change the database behind the program's back."""
    with closing(sqlite3.connect(services.settings.data_dir / "zhengxun.db")) as database, database:
        for statement in statements:
            database.execute(statement)


def warc(services: Services) -> Path:
    """The first WARC file."""
    return min((services.settings.evidence / "warc").rglob("*.warc.gz"))


def test_a_whole_store_is_verified(services: Services) -> None:
    """Every page, capture, screenshot, file and link; nothing is changed by looking."""
    before = {path: path.read_bytes() for path in services.settings.evidence.rglob("*") if path.is_file()}
    report = verify(services)
    assert report.sound
    assert {kind: number for (kind, _), number in report.counts.items()} == {
        "snapshot": 6,
        "capture": 12,
        "screenshot_file": 6,
        "warc_file": 2,
        "chain": 8,
        "chain_file": 1,
    }
    assert report.items == []
    assert before == {path: path.read_bytes() for path in services.settings.evidence.rglob("*") if path.is_file()}


def test_leads_are_verified_with_all_their_versions(services: Services) -> None:
    """Both versions of the page with their captures, the files they lie in, the chain; every item is listed."""
    report = verify(services, 1, 1)
    assert report.sound
    assert report.counts["snapshot", EvidenceState.VERIFIED] == 2
    assert report.counts["capture", EvidenceState.VERIFIED] == 4
    assert report.counts["warc_file", EvidenceState.VERIFIED] == 2
    assert len(report.items) == report.count(EvidenceState.VERIFIED) - report.counts["chain", EvidenceState.VERIFIED]
    with pytest.raises(BadInput, match="99"):
        verify(services, 99)


def test_every_one_byte_change_is_found(services: Services) -> None:
    """150 changes in files and in the database, one at a time."""
    with services.store() as store:
        sound = verifier(store, services.settings.evidence)
        assert sound()
        missed, places = flip_everywhere(services.settings.data_dir, 150, sound)
        assert sound()
    assert missed == 0, places
    assert {"warc", "screenshots", CHAIN_FILE} <= places.keys()


def _unlink(path: Callable[[Services], Path]) -> Callable[[Services], None]:
    return lambda services: path(services).unlink()


def _cut(path: Callable[[Services], Path], keep: int) -> Callable[[Services], None]:
    def act(services: Services) -> None:
        data = path(services).read_bytes()
        path(services).write_bytes(data[:keep] if keep > 0 else b"".join(data.splitlines(True)[:keep]))

    return act


def _swap(services: Services) -> None:
    one, other = sorted((services.settings.evidence / "warc").rglob("*.warc.gz"))
    data = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(data)


def _chain_file(services: Services) -> Path:
    return services.settings.evidence / CHAIN_FILE


def _screenshot(services: Services) -> Path:
    return next((services.settings.evidence / "screenshots").rglob("*.png"))


def _sql(*statements: str) -> Callable[[Services], None]:
    return lambda services: change(services, *statements)


@pytest.mark.parametrize(
    ("act", "found"),
    [
        (_unlink(warc), {("warc_file", "missing"), ("snapshot", "missing"), ("capture", "missing")}),
        (_cut(warc, 700), {("warc_file", "altered"), ("snapshot", "altered"), ("capture", "altered")}),
        (_swap, {("warc_file", "altered"), ("snapshot", "altered"), ("capture", "altered")}),
        (_unlink(_screenshot), {("screenshot_file", "missing")}),
        (_unlink(_chain_file), {("chain_file", "missing")}),
        (_cut(_chain_file, -1), {("chain_file", "missing")}),
        (_sql("DELETE FROM captures WHERE id = 12"), {("capture", "missing")}),
        (_sql("DELETE FROM captures WHERE snapshot_id = 6", "DELETE FROM snapshots WHERE id = 6"),
         {("capture", "missing"), ("snapshot", "missing")}),
        (_sql("DELETE FROM evidence_links WHERE number = 8"), {("chain_file", "altered")}),
        (_sql("DELETE FROM evidence_links WHERE number = 3"), {("chain", "altered"), ("chain_file", "altered"),
                                                              ("snapshot", "altered"), ("capture", "altered")}),
        (_sql("UPDATE snapshots SET warc_file = '../zhengxun.db' WHERE id = 1"), {("snapshot", "altered")}),
        (_sql("UPDATE snapshots SET warc_file = 'warc/x/y.warc.gz' WHERE id = 1"), {("snapshot", "altered")}),
        (_sql("UPDATE captures SET sha256 = '../../x' WHERE id = 1"),
         {("capture", "altered"), ("screenshot_file", "missing")}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(
    services: Services, act: Callable[[Services], None], found: set[tuple[str, str]]
) -> None:
    """Deleted, cut and swapped files, deleted and changed rows and links: each kind of item with its state."""
    act(services)
    report = verify(services)
    assert faults(report) == found
    assert all(item.reason for item in report.items)


def test_one_damaged_record_does_not_cost_the_others(services: Services) -> None:
    """Records behind the damage are still found by what the rows say, and are verified."""
    path = warc(services)
    with services.store() as store:
        second = store.evidence.in_file(path.relative_to(services.settings.evidence).as_posix())[3]
    data = bytearray(path.read_bytes())
    data[second.warc.offset + 40] ^= 255
    path.write_bytes(data)
    report = verify(services)
    assert [(item.kind, item.id) for item in report.items] == [("warc_file", None), (_kind(second.table), second.id)]


def _kind(table: str) -> str:
    return {"snapshots": "snapshot", "captures": "capture"}[table]


def test_evidence_being_written_is_verified_too(services: Services) -> None:
    """An open file with a record half written: what rows refer to is verified, the file counts as not sealed yet."""
    with services.store() as store:
        writer = fill(store, services.settings.evidence, 2, close=False, day=2)
        path = next((services.settings.evidence / "warc").rglob("*.open"))
        whole = path.read_bytes()
        path.write_bytes(whole + whole[:100])
        report = verify(services)
        assert report.sound
        assert (report.unsealed, report.uncopied) == (1, 2)
        path.write_bytes(whole)
        writer.close()
        # Closed, not sealed yet: a change shows all the same.
        assert verify(services).sound
        closed = max((services.settings.evidence / "warc").rglob("*.warc.gz"))
        closed.write_bytes(whole[:9] + b"\x00" + whole[10:])
        assert ("warc_file", "altered") in faults(verify(services))


def test_what_cannot_be_read_is_not_verified(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that gives no answer: cannot be checked, never verified."""
    bad = warc(services)
    real = Path.open

    def refuse(self: Path, *args: object, **named: object) -> object:
        if self == bad:
            raise OSError(5, "Input/output error")
        return real(self, *args, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    assert faults(verify(services)) == {
        ("warc_file", "unverifiable"),
        ("snapshot", "unverifiable"),
        ("capture", "unverifiable"),
    }


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAuthority]:
    """A time stamp authority."""
    if openssl() is None and not os.environ.get("CI"):
        pytest.skip("no openssl on this machine")
    with local_authority(tmp_path_factory.mktemp("tsa") / "a") as found:
        yield found


def test_time_stamps_are_verified(services: Services, authority: LocalAuthority) -> None:
    """With the roots they hold; without, nobody can tell; a changed or lost file shows; a new chain does not fit."""
    folder = services.settings.evidence
    with services.store() as store:
        stamp_chain(store.chain, folder, Authority(authority.url, authority.roots))
        seal(store, folder)

        def look(roots: Path | None = authority.roots) -> Report:
            return Verification(store, folder, roots).everything()

        report = look()
        assert report.sound
        assert report.stamped == 8
        assert faults(look(None)) == {("timestamp", "unverifiable")}
        (path,) = (folder / "timestamps").iterdir()
        data = path.read_bytes()
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        assert faults(look()) == {("timestamp", "altered")}
        path.unlink()
        assert faults(look()) == {("timestamp", "missing")}


def test_a_store_made_anew_does_not_fit_its_time_stamp(
    services: Services, authority: LocalAuthority, tmp_path: Path
) -> None:
    """Who rewrites database and folder alike cannot have the old stamp for the new chain."""
    folder = services.settings.evidence
    with services.store() as store:
        stamp_chain(store.chain, folder, Authority(authority.url, authority.roots))
        (old,) = [link for link in store.chain.links(0, 100) if link.kind == "stamp"]
    forged = services_at(tmp_path / "forged")
    with forged.store() as store:
        fill(store, forged.settings.evidence, 3, text="免考包过，改过的内容。")
        import json

        store.chain.add_stamp(json.loads(old.content))
        seal(store, forged.settings.evidence)
        shutil.copytree(folder / "timestamps", forged.settings.evidence / "timestamps")
        report = Verification(store, forged.settings.evidence, authority.roots).everything()
        assert faults(report) == {("timestamp", "altered")}


def test_an_empty_store_is_sound(tmp_path: Path) -> None:
    """Nothing is kept, nothing is wrong."""
    report = verify(services_at(tmp_path / "data"))
    assert report.sound
    assert report.head is None


def test_verification_is_the_same_on_both_databases(tmp_path: Path, database_url: str) -> None:
    """The same chain, the same answers."""
    services = services_at(tmp_path / "data", database_url=database_url)
    with services.store() as store:
        fill(store, services.settings.evidence, 2)
        seal(store, services.settings.evidence)
        assert Verification(store, services.settings.evidence).everything().sound
        assert Verification(store, services.settings.evidence).leads([1]).sound
        with store.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")  # triggers rest
            else:
                connection.exec_driver_sql("DROP TRIGGER snapshots_no_update")
            connection.exec_driver_sql("UPDATE snapshots SET redirects = '[]' WHERE id = 1")
        assert faults(Verification(store, services.settings.evidence).everything()) == {("snapshot", "altered")}
