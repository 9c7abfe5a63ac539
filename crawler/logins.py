"""Logins of platforms: cookies that staff provide, sent to that platform alone and written down nowhere.

A login goes with a page of a target of its own platform (or with an address that was handed in), over https, by GET or HEAD.
Never with what a page of another site asks for, with pictures, scripts, robots.txt, or with anything that is sent: somebody
else's page must not be able to act in the account's name. The browser is not told of it; its transfers go through
:mod:`crawler.fetch` like all others, which is the only place that adds the header and keeps its value out of the evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from urllib.request import Request

from domain.target import TargetKind

#: Stands for the value of a header of a kept request; ASCII, because it is read as a header.
WITHHELD = b"[withheld: login of platform %s; the value was sent and is not recorded]"
_SIGNED_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Login:
    """One platform's login for one crawl."""

    platform: TargetKind
    hosts: tuple[str, ...]
    """Names of the platform; the names below them belong to it as well."""
    jar: CookieJar | None = field(repr=False)
    """None: there is a file, and it cannot be used."""
    fault: str | None = None
    """Chinese clause that says why not."""

    def header_for(self, method: str, url: str) -> str | None:
        """Value of the Cookie header for one transfer (RFC 6265, 5.4); None where none is to be sent."""
        if self.jar is None or method not in _SIGNED_METHODS or not self.covers(url):
            return None
        request = Request(url)  # noqa: S310 - only asks the jar, nothing is opened
        self.jar.add_cookie_header(request)
        return request.get_header("Cookie")

    def covers(self, url: str) -> bool:
        """Whether an address is the platform's, and a login may travel to it."""
        scheme, _, rest = url.partition("://")
        if scheme.lower() != "https":
            return False
        host = rest.partition("/")[0].partition("?")[0].rpartition("@")[2].partition(":")[0].lower()
        return any(host == name or host.endswith("." + name) for name in self.hosts)


class Logins:
    """All logins of one crawl."""

    def __init__(self, logins: Sequence[Login] = ()) -> None:
        self._logins = tuple(logins)

    def of(self, url: str, kind: TargetKind) -> Login | None:
        """The login for a page at ``url`` that is fetched for a target of this kind."""
        if not self._logins or not (kind is TargetKind.INTAKE or any(one.platform is kind for one in self._logins)):
            return None
        return next(
            (one for one in self._logins if (kind in (one.platform, TargetKind.INTAKE)) and one.covers(url)), None
        )


def remark(login: Login | None, sent: bool) -> str:
    """What is to be said beside "this page wants a login": the file's fault, or that its login no longer works."""
    if login is None:
        return ""
    if sent:
        return f"已使用{login.platform.label}登录文件，平台仍要求登录，登录可能已失效，请重新登录并更换文件。"
    return f"{login.fault}。" if login.fault else ""


def withheld(platform: TargetKind) -> bytes:
    """The mark that is kept in place of a Cookie header."""
    return WITHHELD % platform.value.encode("ascii")


def without_values(headers: Sequence[tuple[bytes, bytes]]) -> tuple[tuple[bytes, bytes], ...]:
    """Response headers with the values of cookies taken out: what a platform sets for a login may be the login renewed."""
    return tuple(
        (name, _without_value(value)) if name.lower() == b"set-cookie" else (name, value) for name, value in headers
    )


def _without_value(written: bytes) -> bytes:
    pair, semicolon, attributes = written.partition(b";")
    return pair.partition(b"=")[0] + b"=[withheld]" + semicolon + attributes
