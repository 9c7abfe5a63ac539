"""Who published and when, as the page says it, never guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from crawler.extract import extract
from crawler.extract.dates import BEIJING, parse_instant
from domain.document import Document

TEXT = (
    "<p>本市人社部门近日发布提示，报名前应当查验机构资质，不要轻信所谓内部渠道，详情如下所述，供广大考生参考。</p>" * 3
)


def article(byline: str, head: str = "", tail: str = "") -> Document:
    """An article with this line below its heading."""
    html = f"<html><head><title>关于考试报名的提示_某站</title>{head}</head><body><h1>关于考试报名的提示</h1>{byline}{TEXT}{tail}</body></html>"
    return extract(html.encode(), url="http://a.cn/1", content_type="text/html").documents[0]


def beijing(*fields: int) -> datetime:
    """A Beijing time."""
    return datetime(*fields, tzinfo=BEIJING)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("byline", "instant", "raw"),
    [
        ("<div>2024年5月1日 08:00</div>", beijing(2024, 5, 1, 8), "2024年5月1日 08:00"),
        ("<p>发布时间：2024-05-01 08:00:30　来源：某某网</p>", beijing(2024, 5, 1, 8, 0, 30), "2024-05-01 08:00:30"),
        ("<span>2024/5/1</span><span>浏览：12</span>", beijing(2024, 5, 1), "2024/5/1"),
        ("<span>2024.05.01</span>", beijing(2024, 5, 1), "2024.05.01"),
        ("<div>日期：2024年05月01日 下午3:20</div>", beijing(2024, 5, 1, 15, 20), "2024年05月01日 下午3:20"),
        ("<time datetime='2024-05-01T08:00:00+08:00'>昨天</time>", beijing(2024, 5, 1, 8), "2024-05-01T08:00:00+08:00"),
    ],
)
def test_times_on_the_page(byline: str, instant: datetime, raw: str) -> None:
    """Chinese date forms below the heading are Beijing time and keep their wording."""
    made = article(byline)
    assert (made.published_at, made.published_raw) == (instant, raw)


@pytest.mark.parametrize(
    ("head", "instant"),
    [
        (
            '<meta property="article:published_time" content="2024-05-01T08:00:00Z">',
            datetime(2024, 5, 1, 8, tzinfo=UTC),
        ),
        ('<meta name="PubDate" content="2024-05-01 08:00">', beijing(2024, 5, 1, 8)),
        ('<meta itemprop="datePublished" content="2024-05-01">', beijing(2024, 5, 1)),
        (
            '<script type="application/ld+json">{"@graph":[{"@type":"X"},{"datePublished":"2024-05-01T08:00:00+08:00"}]}</script>',
            beijing(2024, 5, 1, 8),
        ),
    ],
)
def test_times_in_the_head(head: str, instant: datetime) -> None:
    """Meta elements and JSON-LD come before the visible line."""
    assert article("<p>2020-01-01</p>", head).published_at == instant


@pytest.mark.parametrize("raw", ["3小时前", "昨天 10:20", "05-01", "5月1日", "刚刚", "12-31 23:59"])
def test_times_without_a_year_stay_words(raw: str) -> None:
    """Relative and yearless forms are kept as written; no clock is read to complete them."""
    made = article(f"<div class=time>{raw}</div>")
    assert (made.published_at, made.published_raw) == (None, raw)


def test_nothing_is_invented() -> None:
    """Copyright years, dates in sentences, in footers and side columns, and lists of dated entries are no publishing time."""
    footer = '<div class="footer">Copyright © 2019-2024 版权所有 更新日期：2020-02-02</div>'
    side = '<div class="sidebar"><p>2021-03-03</p></div>'
    assert article("", tail=footer + side).published_at is None
    sentence = "<p>根据2023年6月1日起施行的规定，培训机构应当公示收费项目与标准，不得承诺保证通过考试，违者依法处理，特此说明并提醒大家注意，报名时请索取收据。</p>"
    assert article(sentence).published_at is None
    rows = "".join(f"<li><a href=/{i}>通知{i}</a><span>2024-05-{i:02d}</span></li>" for i in range(1, 9))
    for listing in (rows, rows.replace("<span>", " <span>")):
        html = f"<title>通知公告</title><h1>通知公告</h1><ul>{listing}</ul>{TEXT}"
        made = extract(html.encode(), url="http://a.cn/", content_type="text/html; charset=utf-8").documents[0]
        assert made.published_at is None


@pytest.mark.parametrize(
    "raw", ["2024-02-30", "2024-13-01", "9999999999", "0", "abc", "2024", "", "x" * 500, "-1", "2024-05-01T99:00"]
)
def test_impossible_times_are_none(raw: str) -> None:
    """What is no instant between 1990 and 2100 is None."""
    assert parse_instant(raw) in (None, beijing(2024, 5, 1))


def test_machine_times() -> None:
    """Epoch seconds and milliseconds, RFC 5322 and offsets are understood."""
    assert parse_instant("1714521600") == datetime(2024, 5, 1, tzinfo=UTC)
    assert parse_instant("1714521600000") == datetime(2024, 5, 1, tzinfo=UTC)
    assert parse_instant("Wed, 01 May 2024 08:00:00 +0800") == beijing(2024, 5, 1, 8)
    assert parse_instant("2024-05-01 08:00 +0900") == datetime(2024, 5, 1, 8, tzinfo=timezone(timedelta(hours=9)))


@pytest.mark.parametrize(
    ("byline", "head", "account"),
    [
        ("<p>来源：太原日报</p>", "", "太原日报"),
        ("<p>作者：小王 2024-05-01</p>", "", "小王"),
        ("<p><span>2024-05-01</span><span>来源：某某教育网</span><span>作者：王某</span></p>", "", "某某教育网"),
        ("<p>发布者：某某培训学校 | 浏览：20</p>", "", "某某培训学校"),
        ("", '<meta name=author content="某某学校">', "某某学校"),
        ("", '<script type="application/ld+json">{"author":{"name":"某某网校"}}</script>', "某某网校"),
        ("<p>来源：本站</p>", '<meta name=author content="admin">', None),
        ("", "", None),
    ],
)
def test_accounts(byline: str, head: str, account: str | None) -> None:
    """Structured authors, the author meta and 来源/作者 lines name the account; placeholders do not."""
    assert article(byline, head).account == account


def test_broken_structured_data_is_skipped() -> None:
    """Invalid, deep or oddly typed JSON-LD changes nothing."""
    for broken in ("{", "[" * 5000, "null", '{"author":[]}', '{"datePublished":5,"author":7}'):
        made = article("<p>来源：太原日报</p>", f'<script type="application/ld+json">{broken}</script>')
        assert made.account == "太原日报"
