"""A console on a real database, and a browser-like client that is logged in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from console.app import ConsoleServices, make_app
from console.status import Status
from domain.account import Role
from storage import Store, default_url, migrate, open_store
from zhengxun.accounts import AccountService

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
PASSWORD = "正确的马 电池 订书钉"


class MovingClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **parts: float) -> None:
        """Move on by a timedelta's parts."""
        self.now += timedelta(**parts)


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("console")
    migrate(default_url(folder))
    return folder / "zhengxun.db"


@pytest.fixture
def clock() -> MovingClock:
    """09:00 in Shanghai."""
    return MovingClock()


@pytest.fixture
def store(tmp_path: Path, _template: Path, clock: MovingClock) -> Iterator[Store]:
    """An empty store."""
    (tmp_path / "zhengxun.db").write_bytes(_template.read_bytes())
    opened = open_store(default_url(tmp_path), clock=clock, confirm_after=timedelta(hours=6))
    yield opened
    opened.close()


@pytest.fixture
def accounts(store: Store, clock: MovingClock) -> AccountService:
    """The real service; hashing made cheap, because it is not what is tested."""
    return AccountService(store.accounts, clock, hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


MakeClient = Callable[[Status], TestClient]


@pytest.fixture
def client_for(accounts: AccountService) -> MakeClient:
    """Nobody logged in yet, on a console with that status."""

    def make(status: Status) -> TestClient:
        app = make_app(ConsoleServices(read_status=lambda: status, accounts=accounts))
        return TestClient(app, follow_redirects=False, base_url="http://console.test")

    return make


def log_in(client: TestClient, accounts: AccountService, role: Role = Role.ADMIN, name: str = "王芳") -> str:
    """Make a user and log him in; returns the CSRF secret of the session."""
    if accounts.accounts.find(name) is None:
        accounts.add(name, name, role, None, PASSWORD, by="system")
    answer = client.post("/login", data={"name": name, "password": PASSWORD})
    assert answer.status_code == 303, answer.text
    found = re.search(r'name="csrf" value="([^"]+)"', client.get("/system").text)
    assert found
    return found[1]
