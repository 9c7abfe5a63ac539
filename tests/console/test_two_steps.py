"""两步登录: enrolling, codes, recovery codes, and what somebody who has the password alone cannot do."""

from __future__ import annotations

import base64
import re
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from starlette.testclient import TestClient

from console.app import ConsoleServices, make_app
from console.guard import COOKIE
from domain.account import LoginStage, Role
from domain.errors import BadInput
from tests.console.conftest import PASSWORD, MakeClient, MovingClock, log_in
from zhengxun.accounts import AccountService
from zhengxun.two_steps import TwoSteps


def code_of(secret: str, clock: MovingClock, steps: int = 0) -> str:
    """What an app shows now, or so many times 30 seconds later."""
    totp = TOTP(base64.b32decode(secret.replace(" ", "")), 6, SHA1(), 30)
    return totp.generate(int(clock.now.timestamp()) + 30 * steps).decode()


def secret_in(page: str) -> str:
    """The secret as the page shows it for typing."""
    found = re.search(r'<code class="address">([A-Z2-7 ]+)</code>', page)
    assert found, page
    return found[1]


def enrol(client: TestClient, csrf: str, clock: MovingClock) -> tuple[str, list[str]]:
    """By the pages, as people do; the secret and the recovery codes."""
    page = client.post("/account/enrol", data={"csrf": csrf, "password": PASSWORD}).text
    assert "data:image/svg+xml;base64," in page
    secret = secret_in(page)
    done = client.post("/account/confirm", data={"csrf": csrf, "code": code_of(secret, clock)}).text
    codes = re.findall(r"<li><code>([A-Z0-9-]+)</code>", done)
    assert len(codes) == 10
    return secret, codes


def first_step(client: TestClient, name: str = "王芳") -> str:
    """Name and password; the CSRF secret of the half login."""
    answer = client.post("/login", data={"name": name, "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login/code")
    found = re.search(r'name="csrf" value="([^"]+)"', client.get("/login/code").text)
    assert found
    return found[1]


def test_enrol_then_log_in_by_two_steps(client_for: MakeClient, accounts: AccountService, clock: MovingClock) -> None:
    """A half login opens nothing; the right code opens all under a new token; the same code never twice."""
    owner = client_for()
    secret, _ = enrol(owner, log_in(owner, accounts), clock)
    client = client_for()
    csrf = first_step(client)
    half = client.cookies[COOKIE]
    for path in ("/", "/system", "/account", "/login/enrol"):
        assert client.get(path).headers["location"] == "/login", path
    used = client.post("/login/code", data={"csrf": csrf, "code": code_of(secret, clock)})
    assert (used.status_code, "已用过" in used.text) == (403, True), "the code that enrolled is spent"
    clock.forward(seconds=30)
    code = code_of(secret, clock)
    assert client.post("/login/code", data={"csrf": "falsch", "code": code}).status_code == 403
    assert client.post("/login/code", data={"csrf": csrf, "code": f" {code[:3]} {code[3:]} "}).status_code == 303
    assert client.get("/system").status_code == 200
    assert client.cookies[COOKIE] != half
    thief = client_for()
    thief.cookies.set(COOKIE, half)
    assert thief.get("/login/code").status_code == 303, "the first step's token is worth nothing any more"
    other = client_for()
    assert other.post("/login/code", data={"csrf": first_step(other), "code": code}).status_code == 403, "replay"
    assert code_of(secret, clock, 1) != code
    assert ["登录", "动态码"] in [[one.entry.action, one.entry.detail] for one in accounts.accounts.log()]


def test_recovery_codes_work_once_and_are_kept_as_hashes(
    client_for: MakeClient, accounts: AccountService, clock: MovingClock
) -> None:
    """Typed in small letters too; renewing them by a code makes the earlier ones worthless."""
    owner = client_for()
    csrf = log_in(owner, accounts)
    secret, codes = enrol(owner, csrf, clock)
    user = accounts.accounts.list()[0]
    with accounts.accounts.engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT sha256 FROM recovery_codes").scalars().all()
    assert not set(kept) & set(codes)
    for code, status in ((codes[0].lower().replace("-", " "), 303), (codes[0], 403), (codes[1], 303)):
        client = client_for()
        assert client.post("/login/code", data={"csrf": first_step(client), "code": code}).status_code == status
    clock.forward(seconds=60)
    renewed = owner.post("/account/codes", data={"csrf": csrf, "code": code_of(secret, clock)})
    assert (renewed.status_code, codes[2] in renewed.text) == (200, False)
    client = client_for()
    assert client.post("/login/code", data={"csrf": first_step(client), "code": codes[2]}).status_code == 403
    assert accounts.authenticators.of(user.id).codes_left == 10  # type: ignore[union-attr]


def test_guessing_codes_ends_and_the_password_does_not_wipe_it_out(
    client_for: MakeClient, accounts: AccountService, clock: MovingClock
) -> None:
    """Five wrong codes, with the right password in between: then nothing is taken for a quarter of an hour."""
    owner = client_for()
    secret, codes = enrol(owner, log_in(owner, accounts), clock)
    clock.forward(minutes=1)
    for _ in range(5):
        client = client_for()
        csrf = first_step(client)
        assert client.post("/login/code", data={"csrf": csrf, "code": "000000"}).status_code == 403
    for right in (code_of(secret, clock), codes[0]):
        late = client.post("/login/code", data={"csrf": csrf, "code": right})
        assert (late.status_code, "失败次数过多" in late.text) == (403, True)
    assert client_for().post("/login", data={"name": "王芳", "password": PASSWORD}).status_code == 403
    clock.forward(minutes=16)
    assert client.get("/login/code").status_code == 303, "a half login does not wait that long"
    client = client_for()
    csrf = first_step(client)
    assert client.post("/login/code", data={"csrf": csrf, "code": code_of(secret, clock)}).status_code == 303


def test_a_role_that_must(console: ConsoleServices, accounts: AccountService, clock: MovingClock) -> None:
    """Who has no authenticator yet gets nothing but the page to enrol; he cannot go back to the password alone."""
    strict = replace(accounts, two_steps_for=frozenset({Role.ADMIN}))
    app = make_app(replace(console, accounts=strict, two_steps=TwoSteps(strict)))
    client = TestClient(app, base_url="http://console.test", follow_redirects=False)
    accounts.add("管理", "管理", Role.ADMIN, None, PASSWORD, by="system")
    answer = client.post("/login", data={"name": "管理", "password": PASSWORD})
    assert answer.headers["location"] == "/login/enrol"
    assert client.get("/users").headers["location"] == "/login"
    assert client.get("/login/code").headers["location"] == "/login"
    page = client.get("/login/enrol").text
    secret = secret_in(page)
    assert secret_in(client.get("/login/enrol").text) == secret, "looking again changes nothing"
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    assert csrf
    wrong = client.post("/login/enrol", data={"csrf": csrf[1], "code": "12345"})
    assert (wrong.status_code, secret_in(wrong.text)) == (422, secret)
    done = client.post("/login/enrol", data={"csrf": csrf[1], "code": code_of(secret, clock)})
    assert (done.status_code, "恢复码" in done.text) == (200, True)
    page = client.get("/account").text
    assert "不能关闭" in page
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    assert csrf
    clock.forward(minutes=1)
    refused = client.post("/account/remove", data={"csrf": csrf[1], "code": code_of(secret, clock)})
    assert (refused.status_code, "不能关闭" in refused.text) == (422, True)


def test_turning_it_on_and_off_needs_proof(
    client_for: MakeClient, accounts: AccountService, clock: MovingClock
) -> None:
    """A stolen session neither enrols a telephone of its own nor removes the owner's."""
    client = client_for()
    csrf = log_in(client, accounts)
    assert client.post("/account/enrol", data={"csrf": csrf, "password": "falsch"}).status_code == 422
    secret, _ = enrol(client, csrf, clock)
    assert client.post("/account/enrol", data={"csrf": csrf, "password": PASSWORD}).status_code == 422
    assert client.post("/account/confirm", data={"csrf": csrf, "code": code_of(secret, clock, 1)}).status_code == 422
    assert client.post("/account/remove", data={"csrf": csrf, "code": "123456"}).status_code == 422
    clock.forward(minutes=1)
    assert client.post("/account/remove", data={"csrf": csrf, "code": code_of(secret, clock)}).status_code == 303
    answer = client_for().post("/login", data={"name": "王芳", "password": PASSWORD})
    assert answer.headers["location"] == "/"


def test_an_administrator_resets_a_lost_telephone(
    client_for: MakeClient, accounts: AccountService, clock: MovingClock
) -> None:
    """The user's sessions end, the log says who did it; nobody resets his own."""
    manager, other = client_for(), client_for()
    csrf = log_in(manager, accounts, Role.ADMIN, "管理一")
    enrol(other, log_in(other, accounts, Role.REVIEWER, "王芳"), clock)
    assert "重置两步登录" in manager.get("/users").text
    given = {"csrf": csrf, "what": "two_steps"}
    for wrong in ("管理一", "没有此人"):
        assert manager.post("/users", data={**given, "name": wrong}).status_code == 422, wrong
    assert manager.post("/users", data={**given, "name": "王芳"}).status_code == 200
    assert manager.post("/users", data={**given, "name": "王芳"}).status_code == 422
    assert other.get("/system").status_code == 303
    assert client_for().post("/login", data={"name": "王芳", "password": PASSWORD}).headers["location"] == "/"
    reset = [one.entry for one in accounts.accounts.log() if one.entry.action == "重置两步登录"]
    assert [(entry.actor, entry.target) for entry in reset] == [("管理一", "用户 王芳")]


def test_a_code_is_spent_by_one_of_two_at_once(accounts: AccountService, clock: MovingClock) -> None:
    """What decides is one statement in the database, not what was read before."""
    user = accounts.add("王芳", "", Role.ADMIN, None, PASSWORD, by="system")
    two = TwoSteps(accounts)
    secret = two.begin(user).secret
    two.confirm(user, code_of(secret, clock), "")
    step = int(clock.now.timestamp()) // 30 + 1
    assert [accounts.authenticators.use_step(user.id, step) for _ in range(2)] == [True, False]
    with pytest.raises(BadInput, match="过时"):
        two.finish(accounts.begin_session(user, LoginStage.ENROL), "000000", "")
