"""What the trap site (``baigong``) answers beside its pages: each trap is one that a crawler meets on the real web."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape
from urllib.parse import parse_qs, urlsplit

from zhengxun.demo.content import SampleSite

TRAP_SITE = "baigong"
_CALENDAR = re.compile(r"/rili/(\d{4})/(\d{1,2})\Z")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a sample server."""

    status: int
    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


def _page(title: str, body: str) -> Answer:
    html = (
        f'<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{escape(title)}</title></head>\n'
        f"<body>{body}</body></html>\n"
    )
    return Answer(200, html.encode())


def _redirect(location: str, status: int = 302) -> Answer:
    return Answer(status, headers={"Location": location})


def _calendar(year: int, month: int) -> Answer:
    """A month with links to the one before and the one after, for ever."""
    before = (year - 1, 12) if month == 1 else (year, month - 1)
    after = (year + 1, 1) if month == 12 else (year, month + 1)
    days = "".join(f"<td>{day}</td>" + ("</tr><tr>" if day % 7 == 0 else "") for day in range(1, 29))
    return _page(
        f"{year}年{month}月活动日历 - 百工技能图书馆",
        f"<h1>{year}年{month}月活动日历</h1><table><tr>{days}</tr></table>"
        f'<p><a href="/rili/{before[0]}/{before[1]}">上个月</a> <a href="/rili/{after[0]}/{after[1]}">下个月</a> '
        '<a href="/">返回首页</a></p><p>本月每周六上午九点有义务磨刀和小家电修理。</p>',
    )


def _session(seed: str) -> str:
    """A session id that differs from page to page, but not from one visit of the same address to the next."""
    return sha256(seed.encode()).hexdigest()[:16]


def _notice_board(target: str, site: SampleSite) -> Answer | None:
    """Reader's board: every link carries a fresh session id; what is shown depends only on ``topic``."""
    topic = parse_qs(urlsplit(target).query).get("topic", [""])[0]
    sid = _session(target)
    links = (
        f'<p><a href="/hui?sid={sid}">读者之窗</a> <a href="/hui?topic=1&amp;sid={sid}">一号留言</a> '
        f'<a href="/hui?topic=2&amp;PHPSESSID={sid}">二号留言</a> <a href="/guanzang.html;jsessionid={sid.upper()}">馆藏</a> '
        f'<a href="/xinshu.html?sid={sid}&amp;utm_source=hui">新书到馆</a></p>'
    )
    if not topic:
        return _page("读者之窗 - 百工技能图书馆", f"<h1>读者之窗</h1><p>读者可以在这里留言，请遵守公约。</p>{links}")
    page = site.by_path.get(f"/hui?topic={topic}")
    if page is None:
        return None
    lines = "".join(f"<p>{escape(line)}</p>" for line in page.body.splitlines())
    return _page(f"{page.title} - 百工技能图书馆", f"<h1>{escape(page.title)}</h1><div>{lines}</div>{links}")


def _login(target: str) -> Answer:
    return _page(
        "用户登录 - 百工技能图书馆",
        '<h1>请先登录</h1><p>您访问的内容需要登录后查看。</p><form action="/member/login" method="post">'
        '<input name="user" placeholder="借书证号"><input type="password" name="password" placeholder="密码">'
        "<button>登录</button></form>",
    )


def _captcha(target: str) -> Answer:
    return _page(
        "安全验证",
        '<div class="verify-wrap"><h2>请完成安全验证</h2><p>系统检测到您的访问过于频繁，请拖动滑块完成拼图后继续访问。</p>'
        '<div id="captcha" class="geetest_captcha"></div></div>',
    )


def _lost(target: str) -> Answer:
    return _page(
        "页面不存在 - 百工技能图书馆",
        '<h1>404</h1><p>抱歉，您访问的页面不存在或已被删除。</p><p><a href="/">返回首页</a></p>',
    )


def _loop(target: str) -> Answer:
    parts = urlsplit(target)
    turn = int(parse_qs(parts.query).get("n", ["0"])[0]) + 1
    return _redirect(f"/tiao/{'b' if parts.path.endswith('a') else 'a'}?n={turn}")


#: Address → answer; calendar and notice board are matched apart because their addresses vary.
_FIXED: dict[str, Callable[[str], Answer]] = {
    "/member/center": lambda target: _redirect("/member/login?next=%2Fmember%2Fcenter"),
    "/member/login": _login,
    "/yanzheng": _captcha,
    "/lost/2026-1.html": _lost,
    "/old/index.htm": lambda target: _redirect("/guanzang.html", 301),
    "/go/neiwang": lambda target: _redirect("http://[::1]:9/oa/"),
}


def trap_answer(site: SampleSite, target: str, partner_url: str) -> Answer | None:
    """What the trap site answers to ``target`` (path and query), or None where it is no trap.

    ``partner_url``: address on another sample site, to which a link on this one redirects.
    """
    if site.key != TRAP_SITE:
        return None
    path = urlsplit(target).path.partition(";")[0]
    if path in {"/tiao/a", "/tiao/b"}:
        return _loop(target)
    if path == "/go/huoban":
        return _redirect(partner_url)
    if path == "/hui":
        return _notice_board(target, site)
    month = _CALENDAR.match(path)
    if month:
        return _calendar(int(month[1]), int(month[2]))
    answer = _FIXED.get(path)
    return answer(target) if answer else None
