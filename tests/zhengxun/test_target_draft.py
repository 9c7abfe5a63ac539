"""Targets as people give them: address, kind, scope and budget."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.errors import BadTarget
from domain.target import Target, TargetKind
from zhengxun.target_draft import draft_target
from zhengxun.target_kinds import CHOICES, guess_kind, parse_kind, why_not_collectable


def _draft(url: str, **given: Any) -> Target:
    return draft_target(url=url, check=lambda _: None, now=datetime(2026, 11, 23, tzinfo=UTC), **given)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://mp.weixin.qq.com/s/abc", TargetKind.WECHAT),
        ("https://weibo.com/u/1", TargetKind.WEIBO),
        ("https://m.weibo.cn/u/1", TargetKind.WEIBO),
        ("https://www.xiaohongshu.com/user/profile/1", TargetKind.XIAOHONGSHU),
        ("https://v.douyin.com/abc/", TargetKind.DOUYIN),
        ("https://www.kuaishou.com/profile/1", TargetKind.KUAISHOU),
        ("https://space.bilibili.com/1", TargetKind.BILIBILI),
        ("https://zhuanlan.zhihu.com/p/1", TargetKind.ZHIHU),
        ("https://tieba.baidu.com/f?kw=1", TargetKind.TIEBA),
        ("https://www.baidu.com/", TargetKind.WEBSITE),
        ("https://www.toutiao.com/c/user/1/", TargetKind.TOUTIAO),
        ("https://a.example.com/feed", TargetKind.FEED),
        ("https://a.example.com/rss/", TargetKind.FEED),
        ("https://a.example.com/news.xml", TargetKind.FEED),
        ("https://a.example.com/index.rss", TargetKind.FEED),
        ("https://a.example.com/sitemap.xml", TargetKind.WEBSITE),
        ("https://a.example.com/feedback", TargetKind.WEBSITE),
        ("https://notweibo.com/", TargetKind.WEBSITE),
        ("https://weibo.com.example.com/", TargetKind.WEBSITE),
    ],
)
def test_kind_is_guessed_from_the_address(url: str, kind: TargetKind) -> None:
    """Platforms by host, feeds by path, everything else is a website."""
    assert guess_kind(url) is kind


@pytest.mark.parametrize("kind", CHOICES)
def test_every_kind_is_understood_by_word_and_by_label(kind: TargetKind) -> None:
    """The 类型 column may hold the machine word or the Chinese name."""
    assert parse_kind(kind.value) is parse_kind(kind.label) is kind


@pytest.mark.parametrize(
    ("word", "kind"), [("公众号", TargetKind.WECHAT), ("ＲＳＳ", TargetKind.FEED), ("b站", TargetKind.BILIBILI)]
)
def test_usual_names_of_kinds_are_understood(word: str, kind: TargetKind) -> None:
    """What people say instead of the label."""
    assert parse_kind(word) is kind


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://Www.Example.com:443/a/../b?utm_source=x", "https://www.example.com/b"),
        ("www.example.com", "http://www.example.com/"),
        ("example.com.cn/a", "http://example.com.cn/a"),
        ("www.example.com:8080/a", "http://www.example.com:8080/a"),
        (" https://www.example.com/ ", "https://www.example.com/"),
        ("http://培训.中国/", "http://xn--2js261j.xn--fiqs8s/"),
    ],
)
def test_addresses_become_canonical(given: str, url: str) -> None:
    """One page has one spelling; a bare host is completed."""
    assert _draft(given).url == url


@pytest.mark.parametrize(
    "given",
    ["", "  ", "不是网址", "abc", "ftp://a.example.com/", "javascript:alert(1)", "mailto:a@example.com", "http://",
     "https://a.example.com/ https://b.example.com/", "http://intranet/", "/news", "http://[::1", "第一页.html"],
)  # fmt: skip
def test_what_is_no_address_is_refused(given: str) -> None:
    """The message is a sentence about this text."""
    with pytest.raises(BadTarget, match="网址"):
        _draft(given)


def test_a_folder_limits_the_scope() -> None:
    """An address ending in / watches that folder, any other the whole site; the option decides otherwise."""
    assert _draft("https://a.example.com/news/").scope.path_prefix == "/news/"
    assert _draft("https://a.example.com/news/1.html").scope.path_prefix == "/"
    assert _draft("https://a.example.com/news/", scope_path="/").scope.path_prefix == "/"
    with pytest.raises(BadTarget, match="以 / 开头"):
        _draft("https://a.example.com/", scope_path="news")


def test_an_article_is_watched_alone() -> None:
    """Of WeChat the article itself, not the platform: no links are followed unless the depth says so."""
    article = _draft("https://mp.weixin.qq.com/s/AbC")
    assert (article.scope.path_prefix, article.budget.max_depth) == ("/s/AbC", 0)
    assert _draft("https://mp.weixin.qq.com/s/AbC", max_depth=1).budget.max_depth == 1


@pytest.mark.parametrize(
    ("url", "post"),
    [
        ("https://mp.weixin.qq.com/s/AbC", True),
        ("https://mp.weixin.qq.com/s?__biz=a&mid=1&idx=1&sn=b", True),
        ("https://weibo.com/1234567890/NabcDEF12", True),
        ("https://m.weibo.cn/status/4900000000000000", True),
        ("https://weibo.com/u/1234567890", False),
        ("https://www.xiaohongshu.com/explore/64aabbcc", True),
        ("https://www.xiaohongshu.com/user/profile/64aabbcc", False),
        ("https://www.douyin.com/video/7300000000000000000", True),
        ("https://www.douyin.com/user/MS4wLjABAAAA", False),
        ("https://www.bilibili.com/video/BV1xx411c7mD", True),
        ("https://space.bilibili.com/1", False),
        ("https://zhuanlan.zhihu.com/p/123456", True),
        ("https://www.zhihu.com/people/abc", False),
        ("https://tieba.baidu.com/p/8888888888", True),
        ("https://tieba.baidu.com/f?kw=%E8%80%83%E8%AF%81", False),
        ("https://www.toutiao.com/article/7300000000000000000/", True),
        ("https://www.toutiao.com/c/user/token/abc/", False),
    ],
)
def test_of_platforms_posts_and_lists_can_be_collected(url: str, post: bool) -> None:
    """One post is a page like any other; the list of an account or a bar is walked by its platform's navigation."""
    target = _draft(url)
    assert why_not_collectable(target.kind, target.url) is None
    assert (target.budget.max_depth == 0) is post


@pytest.mark.parametrize("url", ["https://mp.weixin.qq.com/mp/profile_ext?action=home", "https://www.zhihu.com/hot"])
def test_what_is_neither_is_a_gap_with_a_reason(url: str) -> None:
    """Nothing is taken for watched that nobody can walk."""
    target = _draft(url)
    assert "docs/operation.md" in (why_not_collectable(target.kind, target.url) or "")


def test_bare_domain_www_and_m_belong_together() -> None:
    """Sites redirect between these names; other subdomains, ports and addresses stay apart."""
    assert set(_draft("https://www.example.com/").scope.hosts) == {"www.example.com", "example.com", "m.example.com"}
    assert _draft("https://bbs.example.com/").scope.hosts == ("bbs.example.com",)
    assert _draft("http://127.0.0.1:8000/").scope.hosts == ("127.0.0.1:8000",)
    assert "example.com.cn:8080" in _draft("http://www.example.com.cn:8080/").scope.hosts


def test_names_are_one_line_of_visible_text() -> None:
    """Control characters and direction overrides do not reach lists or digests."""
    assert _draft("https://a.example.com/", name=" 甲\u202e乙\n\x1b[31m丙 ").name == "甲 乙 [31m丙"
    assert _draft("https://a.example.com/b/c.html").name == "a.example.com/b/c.html"
    with pytest.raises(BadTarget, match="名称过长"):
        _draft("https://a.example.com/", name="甲" * 101)


@pytest.mark.parametrize(
    ("field", "value"), [("max_pages", 0), ("max_pages", 100_001), ("max_depth", -1), ("max_depth", 51)]
)
def test_budgets_have_bounds(field: str, value: int) -> None:
    """A typing error does not become a month of fetching."""
    with pytest.raises(BadTarget, match=str(value)):
        _draft("https://a.example.com/", **{field: value})
