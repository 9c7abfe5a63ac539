"""Logins: they go to their platform alone, with its own pages alone, and no byte of evidence holds their value."""

from __future__ import annotations

import gzip
from dataclasses import replace
from http.cookiejar import Cookie, CookieJar
from pathlib import Path

from crawler.logins import Login, Logins, without_values
from crawler.warc import LOGIN_FIELD
from crawler.warc_reading import read_record
from domain.target import Scope, Target, TargetKind
from tests.crawler.crawling import crawl, distrusted_tls, ends, outcomes, target_of
from tests.web import Answer, Seen, Site, redirect, web

SECRET = "geheim-4711"
RENEWED = "erneuert-4712"


def _cookie(domain: str, *, secure: bool = False) -> Cookie:
    return Cookie(
        0,
        "SUB",
        SECRET,
        None,
        False,
        domain,
        True,
        domain.startswith("."),
        "/",
        True,
        secure,
        None,
        True,
        None,
        None,
        {},
    )


def _login(*hosts: str, platform: TargetKind = TargetKind.WEIBO) -> Login:
    jar = CookieJar()
    for host in hosts:
        jar.set_cookie(_cookie(host))
    return Login(platform, hosts, jar)


def _behind_a_wall(seen: Seen) -> Answer:
    """A page for those who are logged in; each answer renews the login."""
    let_in = f"SUB={SECRET}" in seen.headers.get("cookie", "")
    body = "<body>考证不用学，报名包过</body>" if let_in else "<body>verdict:login_wall</body>"
    headers = {"Content-Type": "text/html; charset=utf-8", "Set-Cookie": f"SUB={RENEWED}; Path=/; Secure"}
    return Answer(body.encode(), headers=headers)


def _https(site: Site, path: str, kind: TargetKind, number: int) -> Target:
    return replace(target_of(site, number, path, kind=kind), url=f"https://{site.host}{path}")


def test_a_login_opens_its_platform_and_leaves_no_trace(tmp_path: Path) -> None:
    """The same page: read for a target of the platform or handed in, a wall for a web site's target. WARC and all files are clean."""
    with web() as net:
        site = net.site({"/status/1": _behind_a_wall, "/1": _behind_a_wall}, tls=distrusted_tls(tmp_path))
        login = _login(site.address)
        targets = [
            _https(site, "/status/1", TargetKind.WEIBO, 1),
            _https(site, "/1", TargetKind.WEBSITE, 2),
        ]
        ledger = crawl(targets, tmp_path / "evidence", logins=(login,))
        other = crawl(targets[:1], tmp_path / "other", logins=(replace(login, platform=TargetKind.ZHIHU),))
        asked = {seen.path: seen.headers.get("cookie", "") for seen in site.seen[:4]}
    assert ends(ledger) == {"/status/1": ("ok", None), "/1": ("blocked", "login_wall")}
    assert ends(other) == {"/status/1": ("blocked", "login_wall")}
    assert asked == {"/robots.txt": "", "/status/1": f"SUB={SECRET}", "/1": ""}
    (visit,) = (one for one in ledger.visits.values() if one.snapshot is not None)
    assert visit.snapshot is not None
    response = read_record(tmp_path / "evidence", visit.snapshot.warc)
    assert response.fields[LOGIN_FIELD.lower()] == "weibo"
    assert b"Set-Cookie: SUB=[withheld]; Path=/; Secure" in response.http_head
    written = b"".join(gzip.decompress(path.read_bytes()) for path in (tmp_path / "evidence").rglob("*.warc.gz"))
    assert b"\r\nCookie: [withheld: login of platform weibo" in written
    assert SECRET.encode() not in written
    assert RENEWED.encode() not in written
    assert SECRET not in repr(login)


def test_a_login_travels_to_no_other_place(tmp_path: Path) -> None:
    """Not with a redirect away from the platform, not over plain http, not by POST."""
    tls = distrusted_tls(tmp_path)
    with web() as net:
        elsewhere = net.site({"/x": "anderswo"}, tls=tls)
        site = net.site({"/a": redirect(f"https://{elsewhere.host}/x")}, tls=tls)
        login = _login(site.address, elsewhere.address)
        own = replace(login, hosts=(site.address,))
        target = replace(_https(site, "/a", TargetKind.WEIBO, 1), scope=Scope((site.host, elsewhere.host)))
        crawl([target], tmp_path / "evidence", logins=(own,))
        assert [seen.headers.get("cookie") for seen in site.seen if seen.path == "/a"] == [f"SUB={SECRET}"]
        assert [seen.headers.get("cookie") for seen in elsewhere.seen if seen.path == "/x"] == [None]
    assert login.header_for("GET", f"https://{site.host}/a") == f"SUB={SECRET}"
    assert login.header_for("GET", f"http://{site.host}/a") is None
    assert login.header_for("POST", f"https://{site.host}/a") is None
    assert own.header_for("GET", f"https://{elsewhere.host}/x") is None
    named = _login("weibo.com")
    for stranger in ("https://weibo.com.evil.cn/", "https://evilweibo.com/", "https://weibo.com@evil.cn/"):
        assert named.header_for("GET", stranger) is None, stranger
    assert Logins((named,)).of("https://weibo.com/1", TargetKind.WEBSITE) is None
    assert Logins((named,)).of("https://m.weibo.com/1", TargetKind.INTAKE) is named


def test_a_wall_says_what_is_the_matter_with_the_login(tmp_path: Path) -> None:
    """A file that cannot be used, and a login that the platform no longer takes, are told with the outcome."""
    with web() as net:
        site = net.site({"/status/1": "<body>verdict:login_wall</body>"}, tls=distrusted_tls(tmp_path))
        target = _https(site, "/status/1", TargetKind.WEIBO, 1)
        stale = crawl([target], tmp_path / "a", logins=(_login(site.address),))
        unusable = Login(
            TargetKind.WEIBO, (site.address,), None, "微博登录文件 cookies/weibo.txt 已过期，本次未使用登录"
        )
        without = crawl([target], tmp_path / "b", logins=(unusable,))
    assert "登录可能已失效" in (outcomes(stale)["/status/1"].detail or "")
    assert outcomes(without)["/status/1"].detail == (
        "网站要求登录后查看。微博登录文件 cookies/weibo.txt 已过期，本次未使用登录。"
    )
    assert all("cookie" not in seen.headers for seen in site.seen[2:])


def test_values_of_set_cookie_are_taken_out() -> None:
    """Name and attributes stay, for they are what the site answered."""
    headers = ((b"Set-Cookie", b"SUB=abc; HttpOnly"), (b"Content-Type", b"text/html"), (b"set-cookie", b"odd"))
    assert without_values(headers) == (
        (b"Set-Cookie", b"SUB=[withheld]; HttpOnly"),
        (b"Content-Type", b"text/html"),
        (b"set-cookie", b"odd=[withheld]"),
    )
