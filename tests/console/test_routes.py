"""Every route, for every role: a route that is missing from the table fails, and so does one that lets somebody in."""

from __future__ import annotations

import pytest
from fastapi.routing import APIRoute

from console.app import ConsoleServices, make_app
from domain.account import Right, Role
from domain.directory import EditionHead, Listing, ListKind
from tests.console.conftest import NOW, MakeClient, log_in
from tests.console.content import Content
from zhengxun.accounts import AccountService

#: For who has taken the first step of a login only: everybody else is sent to the login page (see test_two_steps).
HALF = "half"
#: (method, path) → right that it needs; None: nobody has to be logged in.
TABLE: dict[tuple[str, str], Right | str | None] = {
    ("GET", "/login"): None,
    ("POST", "/login"): None,
    ("GET", "/login/code"): HALF,
    ("POST", "/login/code"): HALF,
    ("GET", "/login/enrol"): HALF,
    ("POST", "/login/enrol"): HALF,
    ("POST", "/logout"): Right.VIEW,
    ("GET", "/account"): Right.VIEW,
    ("POST", "/account/enrol"): Right.VIEW,
    ("POST", "/account/confirm"): Right.VIEW,
    ("POST", "/account/codes"): Right.VIEW,
    ("POST", "/account/remove"): Right.VIEW,
    ("GET", "/healthz"): None,
    ("GET", "/metrics"): None,
    ("GET", "/"): Right.VIEW,
    ("GET", "/system"): Right.VIEW,
    ("GET", "/digest"): Right.VIEW,
    ("GET", "/digest/{day}"): Right.VIEW,
    ("GET", "/digest/{day}/figures"): Right.VIEW,
    ("GET", "/digest/{day}/files/{form}"): Right.VIEW,
    ("POST", "/digest/{day}/issue"): Right.REVIEW,
    ("GET", "/digest/{day}/deliveries"): Right.REVIEW,
    ("POST", "/digest/{day}/deliveries/send"): Right.REVIEW,
    ("POST", "/digest/{day}/deliveries/test"): Right.REVIEW,
    ("POST", "/digest/{day}/deliveries/{number}"): Right.REVIEW,
    ("GET", "/targets"): Right.VIEW,
    ("GET", "/targets/proposals"): Right.VIEW,
    ("POST", "/targets/proposals"): Right.TARGETS,
    ("GET", "/targets/new"): Right.TARGETS,
    ("POST", "/targets/new"): Right.TARGETS,
    ("POST", "/targets/trials"): Right.TARGETS,
    ("GET", "/targets/trials/{token}"): Right.TARGETS,
    ("GET", "/targets/export/{form}"): Right.VIEW,
    ("POST", "/targets/many"): Right.TARGETS,
    ("GET", "/targets/import"): Right.TARGETS,
    ("POST", "/targets/import"): Right.TARGETS,
    ("POST", "/targets/import/{token}"): Right.TARGETS,
    ("GET", "/targets/{target_id}"): Right.VIEW,
    ("POST", "/targets/{target_id}"): Right.TARGETS,
    ("GET", "/rules"): Right.VIEW,
    ("GET", "/rules/test"): Right.VIEW,
    ("POST", "/rules/test"): Right.VIEW,
    ("GET", "/rules/new"): Right.RULES,
    ("GET", "/rules/files/{name}"): Right.VIEW,
    ("GET", "/rules/files/{name}/edit"): Right.RULES,
    ("POST", "/rules/files/{name}/check"): Right.RULES,
    ("POST", "/rules/files/{name}/try"): Right.RULES,
    ("POST", "/rules/files/{name}/effect"): Right.RULES,
    ("GET", "/rules/effects/{token}"): Right.RULES,
    ("POST", "/rules/effects/{token}/publish"): Right.RULES,
    ("GET", "/rules/versions"): Right.VIEW,
    ("GET", "/rules/versions/{number}"): Right.VIEW,
    ("POST", "/rules/versions/{number}/restore"): Right.RULES,
    ("GET", "/rules/{rule_id}"): Right.VIEW,
    ("GET", "/operators"): Right.VIEW,
    ("GET", "/operators/{operator_id}"): Right.VIEW,
    ("POST", "/operators/merge"): Right.REVIEW,
    ("POST", "/operators/{operator_id}/split"): Right.REVIEW,
    ("POST", "/identifiers"): Right.REVIEW,
    ("GET", "/blacklist"): Right.VIEW,
    ("GET", "/blacklist/new"): Right.REVIEW,
    ("POST", "/blacklist/new"): Right.REVIEW,
    ("GET", "/blacklist/files/{form}"): Right.REVIEW,
    ("POST", "/blacklist/{number}"): Right.REVIEW,
    ("GET", "/directory"): Right.VIEW,
    ("GET", "/directory/import"): Right.LISTS,
    ("POST", "/directory/import"): Right.LISTS,
    ("POST", "/directory/import/{token}"): Right.LISTS,
    ("GET", "/directory/lists/{edition_id}"): Right.VIEW,
    ("POST", "/directory/lists/{edition_id}/withdraw"): Right.LISTS,
    ("GET", "/users"): Right.USERS,
    ("POST", "/users"): Right.USERS,
    ("GET", "/audit"): Right.AUDIT,
    ("GET", "/manual"): Right.VIEW,
    ("GET", "/manual/{path}"): Right.VIEW,
    ("GET", "/leads"): Right.VIEW,
    ("GET", "/leads/next"): Right.VIEW,
    ("GET", "/leads/{lead_id}"): Right.VIEW,
    ("GET", "/leads/{lead_id}/versions"): Right.VIEW,
    ("GET", "/leads/{lead_id}/related"): Right.VIEW,
    ("POST", "/leads/{lead_id}/reveal"): Right.REVEAL,
    ("POST", "/leads/{lead_id}/decide"): Right.REVIEW,
    ("POST", "/leads/bulk"): Right.REVIEW,
    ("POST", "/leads/letter"): Right.REVIEW,
    ("POST", "/leads/ledger"): Right.REVIEW,
    ("GET", "/evidence/leads/{lead_id}/screenshot"): Right.REVEAL,
    ("GET", "/evidence/leads/{lead_id}/pictures/{sha256}"): Right.REVEAL,
    ("GET", "/evidence/leads/{lead_id}/versions/{snapshot_id}/text"): Right.VIEW,
    ("GET", "/evidence/leads/{lead_id}/versions/{snapshot_id}/page"): Right.REVEAL,
}
_VALUES = {
    "lead_id": "1",
    "snapshot_id": "1",
    "day": "2026-11-23",
    "form": "json",
    "token": "x",
    "target_id": "1",
    "operator_id": "1",
    "edition_id": "1",
    "number": "1",
    "name": "64_rules_e_other.yaml",
    "rule_id": "B-GUAR-0010",
    "sha256": "0" * 64,
    "path": "index.html",
}


def _routes(console: ConsoleServices) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    stack = list(make_app(console).routes)
    while stack:
        route = stack.pop()
        if isinstance(route, APIRoute):
            found |= {(method, route.path.replace(":path}", "}")) for method in route.methods}
        else:
            stack += getattr(getattr(route, "original_router", None), "routes", [])
    return found


def test_no_route_is_missing_from_the_table(console: ConsoleServices) -> None:
    """Who adds a route says here who may use it."""
    assert _routes(console) == set(TABLE)


@pytest.mark.parametrize("role", list(Role))
def test_only_who_has_the_right_gets_in(
    client_for: MakeClient, accounts: AccountService, content: Content, role: Role
) -> None:
    """403 for everybody else, whatever is asked with it; the login page for nobody."""
    content.lead(1)
    head = EditionHead("名录", ListKind.OTHER, "", "", NOW.date(), "a.csv", "0" * 64)
    content.store.directory.add(head, [Listing(1, "某某学校")], 0, "张三", NOW)
    client = client_for()
    nobody = client_for()
    csrf = log_in(client, accounts, role, role.value)
    for (method, path), right in TABLE.items():
        if path in ("/login", "/logout", "/metrics"):  # metrics ask for an address or a token, see test_metrics
            continue
        address = path.format(**_VALUES)
        given = {"data": {"csrf": csrf}} if method == "POST" else {}
        status = client.request(method, address, **given).status_code
        if right == HALF:
            assert status == 303, (method, path, role)
        elif right is not None and right not in role.rights:
            assert status == 403, (method, path, role)
        else:
            assert status not in (401, 403, 404, 500), (method, path, role, status)
        if right is not None:
            answer = nobody.request(method, address, **({"data": {}} if method == "POST" else {}))
            assert (answer.status_code, answer.headers.get("location")) == (303, "/login"), (method, path)
        if method == "POST" and right != HALF:
            refused = client.post(address, data={"csrf": "falsch"})
            assert refused.status_code == 403, (path, "CSRF")
