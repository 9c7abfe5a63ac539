"""Time stamps of the chain: made when due, checked when made, asked for again, read by ``openssl`` too."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from domain.chain import LinkKind
from domain.errors import BadInput, EvidenceDamaged
from tests.zhengxun.evidence.authority import LocalAuthority, local_authority, openssl
from tests.zhengxun.evidence.building import NOON, fill, services_at
from zhengxun.evidence.stamping import Authority, NoStamp, check, is_due, load_roots, stamp_chain, stamp_of
from zhengxun.jobs.tick import tick
from zhengxun.services import Services

if openssl() is None and not os.environ.get("CI"):
    pytest.skip("no openssl on this machine", allow_module_level=True)

EIGHT = time(8, 0)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAuthority]:
    """One authority for all tests here."""
    with local_authority(tmp_path_factory.mktemp("tsa") / "a") as authority:
        yield authority


@pytest.fixture
def authority(keys: LocalAuthority) -> LocalAuthority:
    """The authority in good order."""
    keys.fault = ""
    return keys


def test_a_stamp_holds_for_two_independent_verifiers(tmp_path: Path, authority: LocalAuthority) -> None:
    """The stamped hash is the last link's; our check and ``openssl ts -verify`` agree, also that another hash is wrong."""
    services = services_at(tmp_path / "data")
    folder = services.settings.evidence
    with services.store() as store:
        fill(store, folder)
        head = store.chain.head()
        assert head is not None
        stamp = stamp_of(stamp_chain(store.chain, folder, Authority(authority.url, authority.roots)))
        assert store.chain.last_evidence() == head
    assert (stamp.of, stamp.of_sha256) == (head.number, head.sha256)
    roots = load_roots(authority.roots)
    assert check(stamp.response, head.sha256, roots) == stamp.time
    with pytest.raises(EvidenceDamaged, match="不符"):
        check(stamp.response, head.previous, roots)
    with pytest.raises(EvidenceDamaged):
        check(stamp.response[:-1] + b"\x00", head.sha256, roots)
    for digest, status in ((head.sha256, 0), (head.previous, 1)):
        verify = ["openssl", "ts", "-verify", "-digest", digest, "-in", str(folder / stamp.file)]
        done = subprocess.run(
            [*verify, "-CAfile", str(authority.roots), "-untrusted", str(authority.folder / "tsa.pem")],
            capture_output=True,
            check=False,
        )
        assert done.returncode == status, done.stderr


@pytest.mark.parametrize("fault", ["garbage", "replay", "error"])
def test_an_answer_that_does_not_hold_is_not_kept(tmp_path: Path, authority: LocalAuthority, fault: str) -> None:
    """No answer, nonsense, an old answer played again: nothing is stored, and the reason is told."""
    services = services_at(tmp_path / "data")
    folder = services.settings.evidence
    with services.store() as store:
        fill(store, folder, 1)
        stamp_chain(store.chain, folder, Authority(authority.url, authority.roots))
        fill(store, folder, 1, day=1)
        count = store.chain.count()
        authority.fault = fault
        with pytest.raises(NoStamp, match=authority.url):
            stamp_chain(store.chain, folder, Authority(authority.url, authority.roots))
        assert store.chain.count() == count
    assert len(list((folder / "timestamps").iterdir())) == 1


def test_a_stamp_of_another_root_is_not_kept(tmp_path: Path, authority: LocalAuthority) -> None:
    """The roots that are set decide; roots that cannot be read are bad input."""
    services = services_at(tmp_path / "data")
    with services.store() as store, local_authority(tmp_path / "other") as other:
        fill(store, services.settings.evidence, 1)
        with pytest.raises(NoStamp, match="不受所设根证书信任"):
            stamp_chain(store.chain, services.settings.evidence, Authority(other.url, authority.roots))
        with pytest.raises(BadInput, match="ZHENGXUN_TIMESTAMP_ROOTS"):
            stamp_chain(store.chain, services.settings.evidence, Authority(other.url, tmp_path / "none.pem"))


def test_once_a_day_and_again_until_it_is_there(tmp_path: Path, authority: LocalAuthority) -> None:
    """Due once evidence waits and the hour has struck since the last stamp, whatever the day."""
    services = services_at(tmp_path / "data")
    folder = services.settings.evidence
    with services.store() as store:
        assert not is_due(store.chain, NOON, EIGHT)
        fill(store, folder, 1)
        assert is_due(store.chain, NOON, EIGHT)
        assert is_due(store.chain, NOON + timedelta(days=3, hours=-8), EIGHT)  # 04:30: since yesterday
        stamp_chain(store.chain, folder, Authority(authority.url, authority.roots))
        assert not is_due(store.chain, NOON + timedelta(days=1), EIGHT)  # nothing new
        fill(store, folder, 1, day=1)
        assert not is_due(store.chain, NOON + timedelta(hours=10), EIGHT)
        assert is_due(store.chain, NOON + timedelta(hours=20), EIGHT)  # 08:30 the next day


def test_tick_asks_again(tmp_path: Path, authority: LocalAuthority) -> None:
    """A failure is told and costs nothing; the next tick has the stamp, and the copy of the chain holds it."""
    services = services_at(
        tmp_path / "data", timestamp_url=authority.url, timestamp_roots=authority.roots, now=NOON.isoformat()
    )
    with services.store() as store:
        fill(store, services.settings.evidence, 1)
        store.targets.pause([1])
    authority.fault = "error"
    report = tick(services)
    assert report.no_stamp is not None
    assert authority.url in report.no_stamp
    authority.fault = ""
    assert tick(services).no_stamp is None
    with services.store() as store:
        (stamp,) = [link for link in store.chain.links(0, 10) if link.kind == LinkKind.STAMP.value]
        assert stamp.line in (services.settings.evidence / "chain.jsonl").read_bytes()


def test_an_authority_without_roots_is_named(tmp_path: Path) -> None:
    """Both settings are needed."""
    from zhengxun.jobs.sealing import stamp_evidence

    services: Services = services_at(tmp_path / "data", timestamp_url="http://127.0.0.1:1/")
    with services.store() as store:
        fill(store, services.settings.evidence, 1)
        assert "ZHENGXUN_TIMESTAMP_ROOTS" in (stamp_evidence(services, store) or "")


def test_the_time_is_the_authoritys(authority: LocalAuthority, tmp_path: Path) -> None:
    """Not our clock's, which anyone could set."""
    services = services_at(tmp_path / "data")
    with services.store() as store:
        fill(store, services.settings.evidence, 1)
        link = stamp_chain(store.chain, services.settings.evidence, Authority(authority.url, authority.roots))
    assert link.at == NOON
    assert stamp_of(link).time != NOON
    assert isinstance(stamp_of(link).time, datetime)
