"""A console on a real database, and a browser-like client that is logged in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from console.app import ConsoleServices, make_app
from console.status import Status
from domain.account import Role
from storage import Store, default_url, migrate, open_store
from tests.console.content import Content
from tests.console.status import STATUS
from zhengxun.accounts import AccountService
from zhengxun.console_services import console_services
from zhengxun.services import Services
from zhengxun.settings import Settings

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


@pytest.fixture
def services(tmp_path: Path, clock: MovingClock) -> Services:
    """The wiring of a process whose data lies in the test's folder."""
    settings = Settings.load(tmp_path, database_url=None, rules_dir=None, templates_dir=None, now=None)
    return Services(settings, clock)


@pytest.fixture
def console(store: Store, accounts: AccountService, services: Services) -> ConsoleServices:
    """The real services of the console on the test's store."""
    return console_services(services, store, accounts, lambda: STATUS)


@pytest.fixture
def content(store: Store, services: Services, clock: MovingClock) -> Iterator[Content]:
    """Makes leads with evidence."""
    made = Content(store, services.settings.evidence, clock)
    yield made
    made.close()


MakeClient = Callable[..., TestClient]


@pytest.fixture
def client_for(console: ConsoleServices) -> MakeClient:
    """Nobody logged in yet, on a console with that status."""

    def make(status: Status = STATUS) -> TestClient:
        app = make_app(replace(console, read_status=lambda: status))
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
