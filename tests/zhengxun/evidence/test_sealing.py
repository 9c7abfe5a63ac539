"""Sealing: closed files get their link, the chain its copy; killed and concurrent work leaves nothing out."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.chain import CHAIN_FILE
from domain.errors import EvidenceDamaged
from tests.zhengxun.evidence.building import fill, services_at
from zhengxun.evidence.sealing import Sealed, seal
from zhengxun.jobs.sealing import seal_evidence


def test_closed_files_are_sealed_once_and_the_chain_is_copied(tmp_path: Path) -> None:
    """Three pages and their file make four links, line for line the same in database and folder."""
    services = services_at(tmp_path)
    folder = services.settings.evidence
    with services.store() as store:
        fill(store, folder)
        assert seal(store, folder) == Sealed(files=1, links=4)
        assert seal(store, folder) == Sealed(files=0, links=0)
        fill(store, folder, day=1)
        assert seal(store, folder) == Sealed(files=1, links=1 + 3)
        lines = (folder / CHAIN_FILE).read_bytes().splitlines()
        assert lines == [link.line for link in store.chain.links(0, 100)]


def test_a_file_that_is_being_written_waits_and_one_left_open_is_closed(tmp_path: Path) -> None:
    """Its rows are in the chain all the same."""
    services = services_at(tmp_path)
    folder = services.settings.evidence
    with services.store() as store:
        writer = fill(store, folder, close=False)
        assert seal(store, folder) == Sealed(files=0, links=3)
        writer._file.close()  # type: ignore[union-attr]  # as a killed process leaves it
        assert seal(store, folder) == Sealed(files=1, links=1)


@pytest.mark.parametrize("tail", [b"", b'{"torn', b'{"whole":1}\n' * 3])
def test_a_copy_that_a_kill_left_half_done_is_completed(tmp_path: Path, tail: bytes) -> None:
    """What stands behind the noted end is written again."""
    services = services_at(tmp_path)
    folder = services.settings.evidence
    with services.store() as store:
        fill(store, folder)
        seal(store, folder)
        with (folder / CHAIN_FILE).open("ab") as file:
            file.write(tail)
        fill(store, folder, day=1)
        seal(store, folder)
        lines = (folder / CHAIN_FILE).read_bytes().splitlines()
        assert lines == [link.line for link in store.chain.links(0, 100)]


def test_a_copy_that_was_cut_is_not_written_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The job says so and leaves it as it is; the crawl it follows is not lost."""
    services = services_at(tmp_path)
    folder = services.settings.evidence
    with services.store() as store:
        fill(store, folder)
        seal_evidence(services, store)
        cut = (folder / CHAIN_FILE).read_bytes()[:-1]
        (folder / CHAIN_FILE).write_bytes(cut)
        fill(store, folder, day=1)
        with pytest.raises(EvidenceDamaged, match="evidence verify --all"):
            seal(store, folder)
        with services.lock("evidence"):
            seal_evidence(services, store)  # another process is at it: nothing to do
        assert not caplog.records
        seal_evidence(services, store)
        assert "可能被改动" in caplog.text
    assert (folder / CHAIN_FILE).read_bytes() == cut
