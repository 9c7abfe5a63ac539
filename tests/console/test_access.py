"""Who gets in, who may do what, and which changes are refused."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from console.guard import COOKIE
from console.rendering import FOLDER
from domain.account import ROLE_RIGHTS, Right, Role
from domain.errors import BadInput
from tests.console.conftest import PASSWORD, MakeClient, MovingClock, log_in
from tests.console.status import STATUS
from zhengxun.accounts import AccountService


def test_without_a_login_every_page_leads_to_the_login_page(client_for: MakeClient) -> None:
    """Also for htmx, which needs a header of its own to leave the page."""
    client = client_for(STATUS)
    for path in ("/", "/system"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert client.get("/system", headers={"HX-Request": "true"}).headers["hx-redirect"] == "/login"
    assert "还没有任何用户" in client.get("/login").text


def test_login_logout_and_what_the_log_says(client_for: MakeClient, accounts: AccountService) -> None:
    """The cookie is for us only; after logging out the old token is worth nothing."""
    client = client_for(STATUS)
    csrf = log_in(client, accounts)
    cookie = next(iter(client.cookies.jar))
    assert cookie.name == COOKIE
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "strict"
    token = cookie.value
    assert client.post("/logout", data={"csrf": csrf}).status_code == 303
    client.cookies.set(COOKIE, token or "")
    assert client.get("/system").status_code == 303
    actions = [record.entry.action for record in accounts.accounts.log()]
    assert actions == ["退出", "登录", "新建用户"]


def test_a_token_planted_before_the_login_is_not_used(client_for: MakeClient, accounts: AccountService) -> None:
    """Session fixation: the session after a login has a token that nobody knew before."""
    client = client_for(STATUS)
    client.cookies.set(COOKIE, "planted")
    log_in(client, accounts)
    assert "planted" not in [cookie.value for cookie in client.cookies.jar if cookie.domain]
    other = client_for(STATUS)
    other.cookies.set(COOKIE, "planted")
    assert other.get("/system").status_code == 303


def test_guessing_ends_after_five_tries(client_for: MakeClient, accounts: AccountService, clock: MovingClock) -> None:
    """Unknown name and wrong password read the same; the right password does not help until the window is over."""
    client = client_for(STATUS)
    log_in(client_for(STATUS), accounts)
    said = {
        client.post("/login", data={"name": name, "password": "falsch falsch"}).text.count("登录名或密码不正确")
        for name in ("王芳", "王芳", "王芳", "王芳", "王芳", "谁也不是")
    }
    assert said == {1}
    locked = client.post("/login", data={"name": "王芳", "password": PASSWORD})
    assert locked.status_code == 403
    assert "失败次数过多" in locked.text
    clock.forward(minutes=16)
    assert client.post("/login", data={"name": "王芳", "password": PASSWORD}).status_code == 303


def test_a_session_ends_when_idle_and_in_any_case(
    client_for: MakeClient, accounts: AccountService, clock: MovingClock
) -> None:
    """Two hours without a request; twelve hours with them; at once when the user is disabled."""
    client = client_for(STATUS)
    log_in(client, accounts)
    clock.forward(hours=3)
    assert client.get("/system").status_code == 303
    log_in(client, accounts)
    for _ in range(7):
        clock.forward(minutes=100)
        assert client.get("/system").status_code == 200
    clock.forward(minutes=100)
    assert client.get("/system").status_code == 303
    log_in(client, accounts)
    accounts.set_disabled("王芳", True, by="system")
    assert client.get("/system").status_code == 303


@pytest.mark.parametrize(
    ("headers", "data"),
    [
        ({}, {}),
        ({}, {"csrf": "falsch"}),
        ({"X-CSRF-Token": "falsch"}, {}),
        ({"Origin": "http://evil.example"}, None),
        ({"Sec-Fetch-Site": "cross-site"}, None),
    ],
)
def test_changes_without_our_secret_or_from_elsewhere_are_refused(
    client_for: MakeClient, accounts: AccountService, headers: dict[str, str], data: dict[str, str] | None
) -> None:
    """CSRF: the login is still in force afterwards."""
    client = client_for(STATUS)
    csrf = log_in(client, accounts)
    answer = client.post("/logout", data={"csrf": csrf} if data is None else data, headers=headers)
    assert answer.status_code == 403
    assert client.get("/system").status_code == 200
    assert client.post("/logout", headers={"X-CSRF-Token": csrf}).status_code == 303


def test_a_login_from_another_site_is_refused(client_for: MakeClient, accounts: AccountService) -> None:
    """Login CSRF: nobody is logged in as somebody else without knowing."""
    accounts.add("王芳", "", Role.ADMIN, None, PASSWORD, by="system")
    answer = client_for(STATUS).post(
        "/login", data={"name": "王芳", "password": PASSWORD}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("name", "password", "why"),
    [
        ("王", PASSWORD, "登录名"),
        ("a b", PASSWORD, "登录名"),
        ("<b>x</b>", PASSWORD, "登录名"),
        ("王芳", "kurz", "太短"),
        ("王芳", "x" * 300, "太长"),
        ("王芳", "1234567890", "猜到"),
        ("王芳", "aaaaaaaaaaaa", "猜到"),
        ("zhangsan", "zhangsan2026", "猜到"),
    ],
)
def test_names_and_passwords_that_are_refused(accounts: AccountService, name: str, password: str, why: str) -> None:
    """The message says which rule; nobody is made."""
    with pytest.raises(BadInput, match=why):
        accounts.add(name, "", Role.READONLY, None, password, by="system")
    assert accounts.accounts.list() == []


def test_a_name_is_never_given_twice(accounts: AccountService) -> None:
    """Names stand in the history of leads: a disabled user's name stays his."""
    accounts.add("王芳", "", Role.ADMIN, None, PASSWORD, by="system")
    accounts.set_disabled("王芳", True, by="system")
    with pytest.raises(BadInput, match="已被使用过"):
        accounts.add("王芳", "", Role.ADMIN, None, PASSWORD, by="system")


def test_every_role_may_look_and_only_the_reviewer_judges() -> None:
    """Who gives out rights does not name institutions."""
    assert all(Right.VIEW in rights for rights in ROLE_RIGHTS.values())
    assert [role for role, rights in ROLE_RIGHTS.items() if Right.REVIEW in rights] == [Role.REVIEWER]
    assert [role for role, rights in ROLE_RIGHTS.items() if Right.USERS in rights] == [Role.ADMIN]


def test_vendored_files_are_what_they_were() -> None:
    """Each file of others has its licence and its hash beside it."""
    vendor = FOLDER / "static" / "vendor"
    listed = dict(reversed(line.split()) for line in (vendor / "SHA256SUMS").read_text().splitlines())
    files = {path.name: path for path in Path(vendor).iterdir() if path.suffix in (".js", ".css")}
    assert set(listed) == set(files)
    for name, path in files.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == listed[name], name
        assert (vendor / f"LICENSE-{name.partition('-')[0]}.txt").exists()
