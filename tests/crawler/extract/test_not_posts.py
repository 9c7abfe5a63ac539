"""Pages that only resemble a platform's are ordinary pages; lists on platforms are lists."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from crawler.extract import extract
from tests.crawler.extract.replay import fixtures

CLAIM = "国家认可证书，免考包过，咨询电话13800006666。"
COPIES = {
    "toutiao": f'<article class="syl-article-base tt-article-content"><p>{CLAIM}</p></article>',
    "zhihu": f'<h1>报考</h1><div class="RichText ztext Post-RichText"><p>{CLAIM}</p></div>',
    "weibo": f'<div class="detail_wbtext_4CRf9">{CLAIM}</div>',
    "bilibili": f'<div class="opus-module-content"><p>{CLAIM}</p></div>',
    "xiaohongshu": f'<div id="detail-desc" class="note-text">{CLAIM}</div>',
    "douyin": f'<div data-e2e="detail-video-info"><h1>{CLAIM}</h1></div>',
    "tieba": f"<div class=l_post><div class=d_post_content>{CLAIM}</div></div>",
}


@pytest.mark.parametrize("platform", COPIES)
def test_copied_markup_is_no_platform(platform: str) -> None:
    """A site that copied an article with its markup is read as any site, and never fails for want of an author."""
    page = f"<!doctype html><html><head><meta charset=utf-8><title>某某教育</title></head><body><h1>招生简章</h1>{COPIES[platform]}<p>联系我们</p></body></html>"
    made = extract(page.encode(), url="http://www.a.cn/news/1.html", content_type="text/html; charset=utf-8")
    assert (made.verdict, made.platform) == ("ok", "web")
    assert made.extractor in ("html/1", "forum_thread/1")
    assert CLAIM in made.documents[0].text


STATES = {
    "bilibili": '<script>window.__INITIAL_STATE__={"videoData":{"title":"招生视频","desc":"x"}}</script>',
    "xiaohongshu": '<script>window.__INITIAL_STATE__={"noteData":{"desc":"x","imageList":[]}}</script>',
    "toutiao": '<script>var BASE_DATA = {articleInfo: {title: "x", publishTime: ""}}</script>',
    "kuaishou": '<script>window.INIT_STATE={"a":{"photo":{"photoId":1,"caption":"x"}}}</script>',
}


@pytest.mark.parametrize("platform", STATES)
def test_states_with_common_names_are_no_platform(platform: str) -> None:
    """Another site's data under a common name leaves its page an ordinary one."""
    page = f"<!doctype html><html><head><meta charset=utf-8><title>某某教育</title></head><body><p>{CLAIM}</p>{STATES[platform]}</body></html>"
    made = extract(page.encode(), url="http://www.a.cn/v/1.html", content_type="text/html; charset=utf-8")
    assert (made.verdict, made.platform) == ("ok", "web")
    assert CLAIM in made.documents[0].text


def test_timelines_are_not_one_post() -> None:
    """A saved page with several posts is not taken for the first of them."""
    one = '<article class="woo-panel-main"><header><a class="head_name_1" href="/u/1">甲</a><a class="head-info_time_1" title="2024-05-01 08:00">x</a></header><div class="detail_wbtext_1">{}</div></article>'
    page = f"<!doctype html><html><body>{one.format('第一条免考')}{one.format('第二条包过')}</body></html>"
    made = extract(page.encode(), url="http://saved.invalid/", content_type="text/html; charset=utf-8")
    assert "第一条免考" in made.documents[0].text
    assert "第二条包过" in made.documents[0].text


def state(entities: dict[str, object]) -> bytes:
    """A page with 知乎's data."""
    data = json.dumps({"initialState": {"entities": entities}}, ensure_ascii=False)
    return f'<!doctype html><html><head><meta charset=utf-8><title>x</title></head><body><p>{"一段文字。" * 30}</p><script id="js-initialData" type="text/json">{data}</script></body></html>'.encode()


def test_profile_of_answers() -> None:
    """A person's page is a list: every answer a document with its own address."""
    answers = {
        str(i): {
            "id": str(i),
            "content": f"<p>答案{i}，免考</p>",
            "createdTime": 1716857472,
            "author": {"name": "甲", "urlToken": "jia"},
            "question": {"id": "9", "title": "问题"},
        }
        for i in (1, 2)
    }
    made = extract(
        state({"answers": answers, "questions": {}}),
        url="https://www.zhihu.com/people/jia/answers",
        content_type="text/html",
    )
    assert [(document.embedded, document.url) for document in made.documents] == [
        (True, "https://www.zhihu.com/question/9/answer/1"),
        (True, "https://www.zhihu.com/question/9/answer/2"),
    ]


def test_pages_of_platforms_without_posts() -> None:
    """Pages of platforms that carry their data without a post are read like any page."""
    empty = {"answers": {}, "articles": {}, "questions": {}}
    made = extract(state(empty), url="https://www.zhihu.com/topic/1/hot", content_type="text/html")
    assert (made.verdict, made.platform) == ("ok", "web")
    data = quote(json.dumps({"app": {"defaultSearch": {"awemeId": "0"}}}))
    page = f'<!doctype html><html><head><meta charset=utf-8></head><body><p>{"发现精彩。" * 30}</p><script id="RENDER_DATA">{data}</script></body></html>'
    made = extract(page.encode(), url="https://www.douyin.com/discover", content_type="text/html")
    assert (made.verdict, made.platform) == ("ok", "web")
    explore = '<script>window.__INITIAL_STATE__={"note":{"noteDetailMap":{}},"feed":undefined}</script>'
    made = extract(
        f"<p>{'发现。' * 60}</p>{explore}".encode(), url="https://www.xiaohongshu.com/explore", content_type="text/html"
    )
    assert (made.verdict, made.platform) == ("ok", "web")


def test_posts_of_other_networks() -> None:
    """An answer of another network with the same names is no 微博."""
    other = {
        "created_at": "Tue May 28 10:11:12 +0000 2024",
        "id_str": "1",
        "text": "hello",
        "user": {"screen_name": "a"},
        "lang": "en",
    }
    made = extract(
        json.dumps([other]).encode(), url="https://api.example.com/1.1/statuses", content_type="application/json"
    )
    assert made.platform == "web"


def test_each_platform_is_read_by_its_own_extractor() -> None:
    """No extractor takes another platform's page."""
    for fixture in fixtures():
        made = fixture.read()
        assert made.platform == fixture.wanted["platform"], fixture.name
        assert made.extractor.startswith(fixture.path.parent.name), fixture.name
