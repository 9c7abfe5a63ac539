"""A site of odd links and of a robots.txt that has to be read with care: what must be fetched, and what must not."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from urllib.parse import quote

HOST = "127.0.1.21"
_LINE = "仓库盘点在每月最后一天进行，请各班组提前把工具归位，借出的要登记。"

ROBOTS = (
    "\ufeffUser-agent: OtherBot\r\nDisallow: /\r\n\r\n"
    "User-agent: *\r\nDisallow: /no/\r\nAllow: /no/but-yes\r\nDisallow: /*.doc$\r\nDisallow: /find*secret\r\n"
    f"Disallow: /{quote('禁')}\r\nDisallow: # nothing\r\n\r\nSitemap: /maps/index.xml\r\n"
)


@dataclass(frozen=True)
class Odd:
    """One address: how the home page links to it, and whether it must be asked for."""

    path: str
    """As the server sees it."""
    link: str
    """HTML on the home page; empty where it is found elsewhere."""
    wanted: bool = True
    why: str = ""


def _a(href: str) -> str:
    return f'<a href="{href}">链接</a>'


ODD = (
    Odd("/a%20b.html", _a("/a b.html"), why="space in href"),
    Odd(f"/{quote('说明')}.html", _a("/说明.html"), why="raw Chinese path"),
    Odd(f"/{quote('目录')}/1", _a(f"/{quote('目录')}/1"), why="escaped Chinese path"),
    Odd("/q?x=1&y=2", _a("/q?x=1&amp;y=2"), why="escaped ampersand"),
    Odd("/rel/p.html", _a("./x/../rel/p.html"), why="dots in path"),
    Odd("/proto", '<a href="//{host}/proto">x</a>', why="address without scheme"),
    Odd("/upper", '<a href="HTTP://{host}/upper">x</a>', why="scheme in capitals"),
    Odd("/padded", '<a href="\n /padded \t">x</a>', why="white space around the address"),
    Odd("/unquoted", "<a href=/unquoted>x</a>", why="no quotes"),
    Odd("/CAPS", "<A HREF='/CAPS'>x</A>", why="capital tag, single quotes"),
    Odd("/area", '<map name=m><area href="/area" alt="x"></map>', why="image map"),
    Odd("/framed", '<iframe src="/framed"></iframe>', why="inline frame: its text stands on the page"),
    Odd("/refresh", _a("/refresh"), why="page that refreshes elsewhere"),
    Odd("/refreshed", "", why="target of a meta refresh"),
    Odd("/base/", _a("/base/"), why="page with a base element"),
    Odd("/other/of-base.html", "", why="relative to the base element"),
    Odd("/mapped/1", "", why="only in a nested, gzipped sitemap"),
    Odd("/no/but-yes", _a("/no/but-yes"), why="the longer rule allows"),
    Odd("/file.docx", _a("/file.docx"), why="$ ends the pattern: .docx is not .doc"),
    Odd("/find?q=open", _a("/find?q=open"), why="pattern with * does not match"),
    Odd("/no/1", _a("/no/1"), False, "disallowed"),
    Odd("/file.doc", _a("/file.doc"), False, "disallowed by *.doc$"),
    Odd("/find?q=secret", _a("/find?q=secret"), False, "disallowed by find*secret"),
    Odd(f"/{quote('禁')}/1", _a("/禁/1"), False, "disallowed, written escaped"),
    Odd("/no/redirected", _a("/to-no"), False, "a redirect into a disallowed folder"),
)


def _html(body: str) -> bytes:
    return f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>仓库</title></head><body>{body}</body></html>'.encode()


def answer(path: str, authority: str) -> tuple[int, bytes, str, dict[str, str]]:
    """(status, body, Content-Type, headers) for ``path``; ``authority`` is host and port."""
    html = "text/html; charset=utf-8"
    if path == "/robots.txt":
        return 200, ROBOTS.encode(), "text/plain", {}
    if path == "/":
        links = "".join(f"<p>{odd.link.replace('{host}', authority)}</p>" for odd in ODD if odd.link)
        return 200, _html(f"<p>{_LINE}</p>{links}" + _a("#top") + _a("/?utm_source=a#x")), html, {}
    if path == "/refresh":
        return 200, _html('<meta http-equiv="refresh" content="0;url=/refreshed"><p>正在跳转</p>'), html, {}
    if path == "/base/":
        return (
            200,
            b'<html><head><base href="/other/"></head><body>' + _a("of-base.html").encode() + b"</body></html>",
            html,
            {},
        )
    if path == "/to-no":
        return 302, b"", html, {"Location": "/no/redirected"}
    if path == "/maps/index.xml":
        return (
            200,
            f"<sitemapindex><sitemap><loc>http://{authority}/maps/1.xml.gz</loc></sitemap></sitemapindex>".encode(),
            "text/xml",
            {},
        )
    if path == "/maps/1.xml.gz":
        places = "".join(f"<url><loc>http://{authority}{place}</loc></url>" for place in ("/mapped/1", "/no/mapped"))
        return 200, gzip.compress(f"<urlset>{places}</urlset>".encode()), "application/gzip", {}
    if any(path == odd.path for odd in ODD):
        number = [odd.path for odd in ODD].index(path)
        return 200, _html(f"<h1>第{number}号货架</h1><p>{_LINE}</p>"), html, {}
    return 404, b"<h1>404</h1>", html, {}
