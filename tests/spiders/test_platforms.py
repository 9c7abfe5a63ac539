"""Accounts, bars and lists of platforms: where their lists are, which links are posts, and old posts left alone.

Addresses of real platforms are only reasoned about; what is fetched is a local site that plays one.
"""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import spiders
from crawler.extract import extract
from crawler.memory_ledger import MemoryLedger
from crawler.navigation import Navigation
from domain.crawl import KnownVersion
from domain.document import PageVerdict
from domain.target import TargetKind
from spiders import platforms
from tests.crawler.crawling import crawl, now, target_of
from tests.web import Site, Web
from tests.web import web as a_web


def test_every_platform_module_is_in_the_table() -> None:
    """Folder and table agree, so that no platform is forgotten."""
    modules = {info.name for info in pkgutil.iter_modules(spiders.__path__)} - {"website", "platforms"}
    assert {kind.value for kind in platforms.NAVIGATION} == modules


@pytest.mark.parametrize(
    ("kind", "url", "lists"),
    [
        (
            TargetKind.WEIBO,
            "https://weibo.com/u/1234567890",
            ("https://m.weibo.cn/api/container/getIndex?containerid=1076031234567890&type=uid&value=1234567890",),
        ),
        (TargetKind.WEIBO, "https://m.weibo.cn/status/NxYz12345", ()),
        (
            TargetKind.BILIBILI,
            "https://space.bilibili.com/9876/dynamic",
            ("https://api.bilibili.com/x/polymer/web-dynamic/v1/feed/space?host_mid=9876",),
        ),
        (TargetKind.BILIBILI, "https://www.bilibili.com/video/BV1xx411c7mD", ()),
        (
            TargetKind.ZHIHU,
            "https://www.zhihu.com/people/some-one/activities",
            ("https://www.zhihu.com/people/some-one/answers", "https://www.zhihu.com/people/some-one/posts"),
        ),
        (TargetKind.TIEBA, "https://tieba.baidu.com/f?kw=x", ("https://tieba.baidu.com/f?kw=x",)),
        (TargetKind.TIEBA, "https://tieba.baidu.com/p/1", ()),
        (
            TargetKind.XIAOHONGSHU,
            "https://www.xiaohongshu.com/user/profile/5f0?x=1",
            ("https://www.xiaohongshu.com/user/profile/5f0",),
        ),
        (
            TargetKind.DOUYIN,
            "https://www.iesdouyin.com/share/user/MS4wLjABAAAA",
            ("https://www.douyin.com/user/MS4wLjABAAAA",),
        ),
        (TargetKind.KUAISHOU, "https://www.kuaishou.com/profile/3xabc", ("https://www.kuaishou.com/profile/3xabc",)),
        (
            TargetKind.TOUTIAO,
            "https://www.toutiao.com/c/user/token/MS4wLjAB/",
            ("https://www.toutiao.com/c/user/token/MS4wLjAB/",),
        ),
        (
            TargetKind.WECHAT,
            "https://mp.weixin.qq.com/mp/appmsgalbum?__biz=MzA&action=getalbum&album_id=12&scene=1",
            ("https://mp.weixin.qq.com/mp/appmsgalbum?__biz=MzA&action=getalbum&album_id=12&count=20&f=json",),
        ),
        (TargetKind.WECHAT, "https://mp.weixin.qq.com/s/abc", ()),
    ],
)
def test_lists_of_an_account(kind: TargetKind, url: str, lists: tuple[str, ...]) -> None:
    """The list's address by the one that people know; single posts have none."""
    assert platforms.NAVIGATION[kind].lists(url) == lists


@pytest.mark.parametrize(
    ("kind", "post", "other"),
    [
        (TargetKind.WEIBO, "https://m.weibo.cn/status/NxYz12345", "https://weibo.com/u/1234567890"),
        (TargetKind.BILIBILI, "https://www.bilibili.com/opus/123", "https://www.bilibili.com/anime/"),
        (TargetKind.ZHIHU, "https://zhuanlan.zhihu.com/p/1", "https://www.zhihu.com/topic/1"),
        (TargetKind.TIEBA, "https://tieba.baidu.com/p/12", "https://tieba.baidu.com/home/main?un=x"),
        (TargetKind.DOUYIN, "https://www.douyin.com/video/12", "https://www.douyin.com/hot"),
        (TargetKind.KUAISHOU, "https://www.kuaishou.com/short-video/3x", "https://www.kuaishou.com/brilliant"),
        (TargetKind.TOUTIAO, "https://www.toutiao.com/article/12/", "https://www.toutiao.com/ch/news_hot/"),
        (TargetKind.WECHAT, "https://mp.weixin.qq.com/s/abc", "https://mp.weixin.qq.com/cgi-bin/home"),
    ],
)
def test_links_that_are_followed(kind: TargetKind, post: str, other: str) -> None:
    """Posts, from the list only: what stands beside a post is other people's."""
    navigation = platforms.NAVIGATION[kind]
    own = post.rpartition("/")[0]
    assert navigation.follows(own, 0, post)
    assert not navigation.follows(own, 0, other)
    assert not navigation.follows(own, 0, post.replace("://", "://evil.example/"))
    assert not navigation.follows(own, 1, post)


def test_further_pages_of_a_bar() -> None:
    """The next pages of the list are followed, some deep."""
    tieba = platforms.NAVIGATION[TargetKind.TIEBA]
    first, second, fifth = (f"https://tieba.baidu.com/f?kw=x{rest}" for rest in ("", "&pn=50", "&pn=200"))
    assert tieba.follows(first, 0, second)
    assert tieba.follows(second, 1, "https://tieba.baidu.com/p/12")
    assert not tieba.follows(second, 3, fifth)


_BAR = """<html><body><code class="pagelet_html" id="pagelet_html_frs-list/pagelet/thread_list"><!--
<ul id="thread_list"><li class="j_thread_list clearfix"><a rel="noopener" href="/p/8901" title="电工证包过"
class="j_th_tit ">电工证包过</a><div class="threadlist_abs threadlist_abs_onlyline">七天拿证</div>
<span class="frs-author-name-wrap"><a class="frs-author-name">考证王</a></span></li></ul>
<div id="frs_list_pager"><a href="//tieba.baidu.com/f?kw=x&pn=50">2</a></div>--></code></body></html>"""


def test_a_bar_is_read() -> None:
    """Threads with title, abstract and author, and the next page; a page without its list names what is missing."""
    read = extract(_BAR.encode(), url="https://tieba.baidu.com/f?kw=x", content_type="text/html; charset=utf-8")
    (document,) = read.documents
    assert (document.url, document.text, document.account) == (
        "https://tieba.baidu.com/p/8901",
        "电工证包过\n七天拿证",
        "考证王",
    )
    assert [link.url for link in read.links] == [
        "https://tieba.baidu.com/p/8901",
        "https://tieba.baidu.com/f?kw=x&pn=50",
    ]
    body = "<html><body>" + "<p>本吧热议话题，欢迎吧友参加讨论。</p>" * 30 + "</body></html>"
    changed = extract(body.encode(), url="https://tieba.baidu.com/f?kw=x", content_type="text/html; charset=utf-8")
    assert (changed.verdict, changed.verdict_reason) == (PageVerdict.FAILED, "missing_field:thread_list")


def test_an_account_of_xiaohongshu_is_read() -> None:
    """Notes with title and author; an account without notes is no failure, a page without the list is."""
    card = {"noteId": "64a1" * 6, "displayTitle": "电工证包过", "user": {"nickname": "考证王", "userId": "5f0"}}
    url = "https://www.xiaohongshu.com/user/profile/5f0"

    def page(state: Any) -> bytes:
        filler = "<p>小红书</p>" * 200
        return (
            f"<html><body>{filler}<script>window.__INITIAL_STATE__={json.dumps(state)}</script></body></html>".encode()
        )

    read = extract(page({"user": {"notes": [[{"id": "x", "noteCard": card}], []]}}), url=url, content_type="text/html")
    (document,) = read.documents
    assert (document.title, document.account, document.url) == (
        "电工证包过",
        "考证王",
        "https://www.xiaohongshu.com/explore/" + "64a1" * 6,
    )
    assert extract(page({"user": {"notes": []}}), url=url, content_type="text/html").verdict is PageVerdict.OK
    changed = extract(page({"user": {"feed": []}}), url=url, content_type="text/html")
    assert (changed.verdict, changed.verdict_reason) == (PageVerdict.FAILED, "missing_field:user.notes")


@pytest.fixture
def web() -> Iterator[Web]:
    """An empty small web."""
    with a_web() as running:
        yield running


def test_only_new_posts_are_fetched(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list, then its posts; next time the list and the new post. What posts link to is not followed."""
    site = web.site({"/list": _links("/p/1", "/p/2", "/other"), "/p/1": _links("/p/7"), "/p/2": _links()})
    monkeypatch.setitem(platforms.NAVIGATION, TargetKind.TIEBA, _local(site))
    target = target_of(site, kind=TargetKind.TIEBA, path="/account")
    crawl([target], tmp_path)
    assert sorted(site.paths()) == ["/list", "/p/1", "/p/2", "/robots.txt"]
    site.seen.clear()
    site.pages["/list"] = _links("/p/1", "/p/2", "/p/3")
    site.pages["/p/3"] = _links()
    known = {f"{site.url}/p/{number}": KnownVersion(number, "0" * 64, "0" * 64) for number in (1, 2)}
    crawl([target], tmp_path, ledger=MemoryLedger(now, known))
    assert sorted(site.paths()) == ["/list", "/p/3", "/robots.txt"]


def _links(*paths: str) -> str:
    words = "".join(f'<p>第 {path} 篇：本周培训安排与考试时间的说明</p><a href="{path}">详情</a>' for path in paths)
    return f"<h1>列表</h1><p>培训学校的动态，欢迎关注和留言。</p>{words}"


def _local(site: Site) -> Navigation:
    return Navigation(hosts=(site.address,), lists=lambda url: (f"{site.url}/list",), is_post=lambda url: "/p/" in url)
