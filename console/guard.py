"""Who asks, whether he may, and whether the request is really his: session cookie, rights, CSRF.

A change (anything but GET and HEAD) must come from a page of ours: the browser's ``Sec-Fetch-Site`` or ``Origin`` says
so, and, once somebody is logged in, the session's secret stands in the form field ``csrf`` or the header ``X-CSRF-Token``
(which htmx sends with every request). OWASP, Cross-Site Request Forgery Prevention: synchronizer token, and origin check.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from console.ports import AccountsPort, Login
from domain.account import Right, User

COOKIE = "zhengxun_session"
_SAFE = frozenset({"GET", "HEAD"})


class NotLoggedIn(Exception):
    """The page needs a login: the browser is sent to the login page."""


class Forbidden(Exception):
    """Somebody is logged in and may not do this; ``str(error)`` is a Chinese sentence."""


class Guard:
    """Makes the dependencies that protect a route."""

    def __init__(self, accounts: AccountsPort) -> None:
        self._accounts = accounts

    async def login(self, request: Request) -> Login:
        """The login of this request; raises :class:`NotLoggedIn`. Every change is checked for its origin."""
        login = await self._checked(request, self._accounts.login)
        request.state.login = login
        return login

    async def half_login(self, request: Request) -> Login:
        """The login of this request that waits for its second step, checked in the same way."""
        return await self._checked(request, self._accounts.half_login)

    async def _checked(self, request: Request, find: Callable[[str], Login | None]) -> Login:
        require_own_origin(request)
        token = request.cookies.get(COOKIE)
        login = await run_in_threadpool(find, token) if token else None
        if login is None:
            raise NotLoggedIn
        if request.method not in _SAFE:
            await _require_csrf(request, login)
        return login

    def may(self, right: Right) -> Callable[[Request], Awaitable[User]]:
        """Dependency: the user of this request, who must have ``right``."""

        async def check(request: Request) -> User:
            login = await self.login(request)
            if not login.user.may(right):
                raise Forbidden(f"您的角色（{login.user.role.label}）没有这项权限；需要时请联系管理员。")
            return login.user

        return check

    def note(self, request: Request, action: str, target: str = "", detail: str = "") -> None:
        """Add a line to the audit log, in the name of the user of this request. Blocking: call from a plain function."""
        login: Login = request.state.login
        self._accounts.note(login.user, action, target, detail, address_of(request))


def require_own_origin(request: Request) -> None:
    """Refuse a change that another site has the browser make."""
    if request.method in _SAFE:
        return
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise Forbidden("请求来自其他网站，已拒绝。请从证巡的页面上操作。")
        return
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Forbidden("请求来自其他网站，已拒绝。请从证巡的页面上操作。")


async def _require_csrf(request: Request, login: Login) -> None:
    given = request.headers.get("x-csrf-token")
    if given is None and request.headers.get("content-type", "").startswith(
        ("application/x-www-form-urlencoded", "multipart/form-data")
    ):
        field = (await request.form()).get("csrf")
        given = field if isinstance(field, str) else None
    if given is None or not hmac.compare_digest(given.encode(), login.csrf.encode()):
        raise Forbidden("页面已过期，操作没有执行。请刷新页面后再试。")


def address_of(request: Request) -> str:
    """Network address of the client, as the server sees it."""
    return request.client.host if request.client else ""
