"""报送 from the console: once for each channel, tests, what nobody can say, and who is told what."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.account import Role
from domain.delivery import DeliveryState
from storage import Store
from tests.console.conftest import MakeClient, log_in
from tests.console.content import Content
from zhengxun.accounts import AccountService
from zhengxun.jobs.digest import make_digest
from zhengxun.services import Services

DAY = "/digest/2026-11-23/deliveries"


@pytest.fixture
def silent() -> Iterator[int]:
    """Port of a service that takes what it is sent and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    taken, _ = listener.accept()
                except OSError:
                    return
                with taken:
                    taken.recv(65536)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture
def channels(tmp_path: Path, silent: int, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, and a robot that is silent; the folder's path."""
    monkeypatch.setenv("GROUP_TOKEN", "geheim-geheim")
    folder = tmp_path / "out"
    text = f'[[channels]]\nname = "共享夹"\nkind = "folder"\npath = "{folder}"\nformats = ["json"]\n'
    text += f'[[channels]]\nname = "值班群"\nkind = "wecom"\nbase = "http://127.0.0.1:{silent}"\ntoken_env = "GROUP_TOKEN"\n'
    (tmp_path / "zhengxun.toml").write_text(text, "utf-8")
    return folder


def test_a_digest_goes_out_once(
    channels: Path,
    client_for: MakeClient,
    accounts: AccountService,
    content: Content,
    store: Store,
    services: Services,
) -> None:
    """A test is no digest; the real one arrives once; what may have arrived waits for a person's word."""
    content.lead(1, shot=False)
    make_digest(services, formats=["json"])
    client = client_for()
    csrf = log_in(client, accounts, Role.REVIEWER)

    def post(path: str, **data: str) -> tuple[int, str]:
        answer = client.post(f"{DAY}/{path}", data={"csrf": csrf, **data})
        return answer.status_code, answer.text

    def states(channel: str) -> list[DeliveryState]:
        parcels = store.deliveries.parcels(services.clock().date())
        return [parcel.state for parcel in parcels if parcel.channel == channel]

    page = client.get(DAY).text
    assert (page.count("还没有向这个渠道报送"), "geheim" in page) == (2, False)
    assert "可写" in post("test", channel="共享夹")[1]
    assert states("共享夹") == []
    assert post("send", channel="共享夹")[0] == 200
    written = channels / "digest-2026-11-23.json"
    assert (written.exists(), states("共享夹")) == (True, [DeliveryState.DELIVERED])
    written.unlink()
    again = post("send", channel="共享夹")
    assert (again[0], "不重复发送" in again[1], written.exists()) == (200, True, False)
    assert states("值班群") == [], "one channel does not send for another"

    code, page = post("send", channel="值班群")
    assert (code, "待确认" in page, "geheim" in page) == (422, True, False)
    unclear = [parcel for parcel in store.deliveries.parcels(services.clock().date()) if parcel.channel == "值班群"]
    assert post("send", channel="值班群")[0] == 200, "nothing to send"
    assert len(store.deliveries.parcels(services.clock().date())[-1].events) == len(unclear[-1].events)
    assert post(str(unclear[0].id), what="again")[0] == 200
    assert states("值班群")[0] is DeliveryState.WAITING
    assert post("send", channel="值班群")[0] == 422
    assert post(str(unclear[0].id), what="received")[0] == 200
    assert states("值班群")[0] is DeliveryState.DELIVERED

    with services.lock("delivery"):
        busy = post("send", channel="共享夹")
        assert (busy[0], "正在报送" in busy[1]) == (422, True)
    for path, data in (("send", {"channel": "没有"}), ("test", {"channel": "没有"}), ("9999", {"what": "again"}), ("1", {"what": "x"})):  # fmt: skip
        assert post(path, **data)[0] == 422, path
    log = [(one.entry.action, one.entry.target) for one in accounts.accounts.log()]
    assert {("报送简报", "简报 2026-11-23"), ("测试报送渠道", "渠道 共享夹")} <= set(log)
