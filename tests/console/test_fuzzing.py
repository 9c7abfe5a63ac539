"""Schemathesis over every route: whatever is asked, no answer is an internal error."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from starlette.testclient import TestClient

from console.app import ConsoleServices, make_app
from console.headers import SECURITY_HEADERS
from domain.account import Role
from domain.directory import EditionHead, Listing, ListKind
from domain.operator import LinkLimits
from storage import Store
from tests.console.conftest import NOW, log_in
from tests.console.content import Content
from tests.console.status import STATUS
from tests.console.test_routes import HALF, TABLE
from zhengxun.accounts import AccountService
from zhengxun.jobs.digest import make_digest
from zhengxun.services import Services
from zhengxun.target_draft import registered_domain

#: They end the login with which all is asked, or start a crawl in a process of its own.
LEFT_OUT = {("POST", "/logout"), ("POST", "/login"), ("POST", "/targets/trials")}
EXAMPLES = 3


@pytest.fixture
def furnished(content: Content, store: Store, services: Services) -> None:
    """Something behind the small numbers that are tried first."""
    for number in (1, 2):
        content.lead(number, shot=number == 1)
    store.link(LinkLimits(), registered_domain)
    make_digest(services, formats=["json"])
    head = EditionHead("名录", ListKind.OTHER, "", "", NOW.date(), "a.csv", "0" * 64)
    store.directory.add(head, [Listing(1, "某某学校")], 0, "张三", NOW)


def test_no_request_ends_in_an_internal_error(
    console: ConsoleServices, accounts: AccountService, furnished: None
) -> None:
    """Every operation of the application, valid values and broken ones, by somebody who may use it."""
    app = make_app(replace(console, read_status=lambda: STATUS))
    clients: dict[Role, tuple[TestClient, str]] = {}
    for role in (Role.ADMIN, Role.REVIEWER):
        # What goes wrong inside is the page for it, as users see it.
        client = TestClient(app, base_url="http://console.test", follow_redirects=False, raise_server_exceptions=False)
        clients[role] = (client, log_in(client, accounts, role, role.value))
    schema = schemathesis.openapi.from_dict(app.openapi())
    schema.config.generation.update(modes=list(GenerationMode))
    asked: dict[tuple[str, str], int] = {}
    wrong: list[Any] = []

    def ask(case: Case) -> None:
        route = (case.method.upper(), case.operation.path)
        right = TABLE[route]
        role = next((role for role in clients if right in role.rights), Role.ADMIN)
        client, csrf = clients[role]
        given = case.as_transport_kwargs(base_url="http://console.test")
        given["headers"] = {**(given.get("headers") or {}), "X-CSRF-Token": csrf}
        given.pop("cookies", None)
        try:
            request = requests.Request(**given).prepare()
        except (ValueError, requests.RequestException):
            return  # no client can send it
        headers = {name: value for name, value in request.headers.items() if name.lower() != "cookie"}
        answer = client.request(request.method or "", request.url or "", headers=headers, content=request.body)
        asked[route] = asked.get(route, 0) + 1
        if answer.status_code >= 500 or any(name not in answer.headers for name in SECURITY_HEADERS):
            wrong.append((route, answer.status_code, request.url, request.body))
        if right not in (None, HALF):
            assert answer.headers.get("location") != "/login", "the login is still in force"

    operations = [found.ok() for found in schema.get_all_operations()]
    for operation in operations:
        if (operation.method.upper(), operation.path) in LEFT_OUT:
            continue
        bounded = settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        bounded(given(operation.as_strategy())(ask))()
    assert set(asked) >= set(TABLE) - LEFT_OUT - {("GET", "/login/enrol")}
    assert wrong == []
