"""Finding new targets: search engines on loopback, with and without leave; where leads link to; what people decide."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import BadInput
from tests.web import Answer, Seen, Site, Web, html, redirect, web
from tests.zhengxun.conftest import Zhengxun
from zhengxun.discovery.phrases import Wanted, phrase_address, wanted_of
from zhengxun.discovery.queries import queries

PAGES = Path(__file__).parents[1] / "pages" / "search"


@pytest.fixture
def opened(loopback: None) -> Iterator[Web]:
    """A web of our own."""
    with web() as sites:
        yield sites


def _results(*addresses: str) -> Answer:
    items = "".join(
        f'<div class="result c-container" mu="{address}"><h3><a href="/link?url=t{number}">第{number}条 取证</a></h3></div>'
        for number, address in enumerate(addresses)
    )
    return html(
        f'<div id="content_left">{items}</div>' if items else "<p>很抱歉，没有找到与该词相关的网页。</p>", "搜索"
    )


def _configure(monkeypatch: pytest.MonkeyPatch, *engines: str, pages: int = 1) -> None:
    monkeypatch.setenv("ZHENGXUN_DISCOVERY_PHRASES", "{city}电工证包过")
    monkeypatch.setenv("ZHENGXUN_DISCOVERY_CITIES", "太原")
    monkeypatch.setenv("ZHENGXUN_DISCOVERY_ENGINES", ",".join(engines))
    monkeypatch.setenv("ZHENGXUN_DISCOVERY_PAGES", str(pages))


def test_nothing_is_asked_unless_it_was_configured(ready: Zhengxun, loopback: None) -> None:
    """The defaults are empty, and that is said."""
    ran = ready("targets", "discover")
    assert ran.status == 0
    assert "未查询搜索引擎" in ran.out
    assert ready("targets", "discover", "--json").json["queries"] == 0


def test_results_become_proposals_and_decisions_hold(
    ready: Zhengxun, opened: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Watched, official and platform sites are left out; accepted ones are targets, refused ones stay away."""
    watched, new = "http://127.0.0.77/", "http://127.0.0.78/zs/1.html"
    first = _results(
        "http://127.0.0.77/other",
        new,
        "http://127.0.0.78/zs/2.html",
        "http://127.0.0.79/",
        "http://www.mohrss.gov.cn/x",
        "https://www.douyin.com/user/1",
        "http://bbs.sohu.com/a/1",
        "http://10.0.0.1/",
        "http://people.com.cn/n",
    )
    pages: dict[str, Answer] = {"0": first, "10": _results()}

    def answer(seen: Seen) -> Answer:
        return pages[seen.path.partition("pn=")[2].partition("&")[0]]

    engine = opened.site({"/s": answer, "/robots.txt": Answer(b"User-agent: *\nAllow: /\n")})
    _configure(monkeypatch, f"baidu={engine.url}", pages=3)
    assert ready("targets", "add", watched).status == 0
    ran = ready("targets", "discover", "--json")
    assert ran.status == 0, ran.err
    assert [one["url"] for one in ran.json["proposed"]] == [
        "http://127.0.0.78/",
        "http://127.0.0.79/",
    ]
    assert (ran.json["queries"], ran.json["pages_read"], ran.json["gaps"]) == (1, 2, [])
    assert {(one["host"], one["reason"]) for one in ran.json["skipped"]} == {
        ("127.0.0.77", "watched"),
        ("127.0.0.78", "known"),
        ("www.mohrss.gov.cn", "official"),
        ("www.douyin.com", "platform"),
        ("bbs.sohu.com", "platform"),
        ("10.0.0.1", "refused_address"),
        ("people.com.cn", "media"),
    }
    asked = [path for path in engine.paths() if path != "/robots.txt"]
    # The third page is not asked for: the second one said that there is nothing.
    assert len(asked) == 2
    assert "%E5%A4%AA%E5%8E%9F" in asked[0]

    assert ready("targets", "proposals", "accept", 1, "--by", "王五").status == 0
    assert ready("targets", "proposals", "refuse", 2, "--reason", "与考证无关", "--by", "王五").status == 0
    (_, target) = ready("targets", "list", "--json").json
    assert (target["url"], target["kind"]) == ("http://127.0.0.78/", "website")
    assert "太原电工证包过" in target["note"]
    assert new in target["note"]
    monkeypatch.setenv("ZHENGXUN_DISCOVERY_PAGES", "1")
    again = ready("targets", "discover", "--json").json
    assert again["proposed"] == []
    assert ("127.0.0.79", "known") in {(one["host"], one["reason"]) for one in again["skipped"]}
    assert ready("targets", "proposals", "list", "--json").json == []
    everything = ready("targets", "proposals", "list", "--all", "--json").json
    assert [one["state"] for one in everything] == ["accepted", "refused"]
    assert everything[0]["steps"][1]["target_id"] == target["id"]


def test_what_an_engine_forbids_is_a_gap_and_is_not_asked(
    ready: Zhengxun, opened: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """robots.txt, captchas, changed pages and refused addresses: each is named, and the status is 1."""
    forbidding = opened.site(
        {"/robots.txt": Answer(b"User-agent: *\nDisallow: /s\n"), "*": _results("http://a.example/")}
    )
    changed = opened.site({"/search": html("<main><p>这里的结果换了样子，列表不在原处了。</p></main>")})
    away: Site = opened.site({"/web": redirect("http://10.1.2.3/antispider/")})
    _configure(
        monkeypatch, f"baidu={forbidding.url}", f"bing={changed.url}", f"sogou={away.url}", "360=http://10.9.9.9"
    )
    ran = ready("targets", "discover")
    assert ran.status == 1
    assert "不等于没有结果" in ran.out
    assert "百度：1 页，网站的 robots.txt 不允许采集该地址" in ran.out
    assert "必应：1 页，结果页未能识别（找不到结果列表）" in ran.out
    assert "搜狗：1 页，地址不允许采集" in ran.out
    assert "360搜索：1 页，地址不允许采集" in ran.out
    assert forbidding.paths() == ["/robots.txt"]


def test_results_without_an_address_are_for_people(
    ready: Zhengxun, opened: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token is not followed; title and account are told, and a public article with its address is proposed as one."""
    engine = opened.site({"/weixin": (PAGES / "weixin.html").read_bytes()})
    closed = opened.site({"/robots.txt": Answer(b"User-agent: *\nDisallow: /\n")})
    _configure(monkeypatch, f"weixin={engine.url}", f"360={closed.url}")
    ran = ready("targets", "discover", "--json")
    assert ran.status == 1
    assert [(gap["engine"], gap["outcome"]) for gap in ran.json["gaps"]] == [("360搜索", "robots")]
    (one,) = ran.json["unresolved"]
    assert (one["engine"], one["title"], one["account"]) == ("搜狗微信", "电工证三天拿证", "辛考证")
    assert [found["url"].partition("?")[0] for found in ran.json["proposed"]] == ["http://mp.weixin.qq.com/s"]
    assert [path.partition("?")[0] for path in engine.paths()] == ["/robots.txt", "/weixin"]
    assert ready("targets", "proposals", "accept", 1).status == 0
    (target,) = ready("targets", "list", "--json").json
    assert (target["kind"], target["max_depth"]) == ("wechat", 0)


def test_leads_tell_of_other_sites(ready: Zhengxun, opened: Web) -> None:
    """Off-site links of a flagged page are proposed; links within the site and to authorities are not."""
    ad = "<p>电工证、焊工证免考包过，内部渠道，官网可查，无需本人到场，联系微信 kz8866tt。</p>"
    links = '<a href="/b">b</a><a href="http://127.0.0.99/reg">同行</a><a href="http://www.gov.cn/">国务院</a>'
    site = opened.site({"/": html(ad + links), "/b": html("<p>关于我们，联系方式见首页。欢迎来访。</p>")})
    assert ready("targets", "add", site.url + "/").status == 0
    assert ready("crawl", "--all").status == 0
    ran = ready("targets", "discover", "--json")
    assert ran.status == 0
    (found,) = ran.json["proposed"]
    assert (found["url"], found["found_by"], found["page"]) == (
        "http://127.0.0.99/",
        "link",
        "http://127.0.0.99/reg",
    )
    assert found["where"] == site.url + "/"


def test_decisions_name_what_is_wrong(ready: Zhengxun) -> None:
    """Unknown numbers, and a refusal without a reason."""
    unknown = ready("targets", "proposals", "refuse", 7, "--reason", "x")
    assert unknown.status == 2
    assert "7 号建议" in unknown.err
    assert ready("targets", "proposals", "refuse", 7).status == 2
    assert ready("targets", "proposals", "accept", 7).status == 2


def test_phrases_and_cities_are_multiplied() -> None:
    """Phrases with a place for a city, those without, and what does not fit together."""
    made = queries(["{city}焊工证", "电工证"], ["太原", "大同"], ["baidu", "360"], 1)
    assert [(one.asked.engine.name, one.phrase) for one in made] == [
        (engine, phrase) for engine in ("baidu", "360") for phrase in ("太原焊工证", "大同焊工证", "电工证")
    ]
    with pytest.raises(BadInput, match="ZHENGXUN_DISCOVERY_CITIES"):
        queries(["{city}焊工证"], [], ["baidu"], 1)
    with pytest.raises(BadInput, match="google"):
        queries(["电工证"], [], ["google"], 1)
    with pytest.raises(BadInput, match="上限"):
        queries([str(number) for number in range(10_001)], [], ["baidu"], 1)


def test_a_phrase_is_a_target_with_a_schedule(
    ready: Zhengxun, opened: Web, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each crawl asks the engines: results are proposed, what is forbidden is a gap, and robots.txt is obeyed."""
    pages = {"0": _results("http://127.0.0.78/a", "http://127.0.0.79/b"), "10": _results()}
    engine = opened.site({"/s": lambda seen: pages[seen.path.partition("pn=")[2].partition("&")[0]]})
    closed = opened.site({"/robots.txt": Answer(b"User-agent: *\nDisallow: /\n"), "*": _results("http://a.example/")})
    monkeypatch.setenv("ZHENGXUN_DISCOVERY_CITIES", "太原,大同")
    added = ready("targets", "add", "{city}电工证 包过", "--kind", "search", "--json").json["target"]
    assert (added["name"], added["kind"]) == ("{city}电工证 包过", "search")
    assert ready("targets", "add", "{city}电工证  包过", "--kind", "搜索词", "--json").json["created"] is False
    unset = ready("crawl", "--all", "--json")
    assert (unset.status, unset.json["failures"][0]["reason"]) == (1, "no_engine")

    monkeypatch.setenv("ZHENGXUN_DISCOVERY_ENGINES", f"baidu={engine.url},360={closed.url}")
    monkeypatch.setenv("ZHENGXUN_DISCOVERY_PAGES", "2")
    report = ready("crawl", "--all", "--json")
    assert report.status == 1
    assert report.json["pages"] == {"ok": 4, "robots": 2}
    assert {failure["outcome"] for failure in report.json["failures"]} == {"robots"}
    assert closed.paths() == ["/robots.txt"]
    assert [found["url"] for found in ready("targets", "proposals", "list", "--json").json] == [
        "http://127.0.0.78/",
        "http://127.0.0.79/",
    ]
    ready("digest", "--format", "json", "--out", tmp_path)
    (digest,) = tmp_path.glob("digest-*.json")
    coverage = json.loads(digest.read_text("utf-8"))["coverage"]
    assert (coverage["targets_planned"], coverage["targets_ok"]) == (1, 1)
    gaps = {gap["outcome"]: gap["detail"].partition("（如")[0] for gap in coverage["gaps"]}
    assert gaps["robots"] == "2 个页面：网站的 robots.txt 不允许采集该地址。"
    assert "没有设置搜索引擎" in gaps["failed"]  # of the run before
    assert ready("crawl", "--all", "--max-pages", 1, "--json").json["pages"] == {"ok": 1, "deferred": 4}
    assert ready("targets", "check", "电工证", "--kind", "search").status == 0


def test_an_engines_address_stands_for_its_phrase() -> None:
    """A result page's address is asked of that engine alone; other addresses are no phrases."""
    for url, wanted in (
        ("https://www.baidu.com/s?wd=%E7%94%B5%E5%B7%A5%E8%AF%81&rn=50", Wanted("电工证", "baidu")),
        ("https://www.bing.com/search?q=%E7%94%B5%E5%B7%A5%E8%AF%81", Wanted("电工证", "bing")),
        (phrase_address("{city} 电工证"), Wanted("{city} 电工证")),
        ("https://www.baidu.com/", None),
        ("https://example.com/s?wd=1", None),
    ):
        assert wanted_of(url) == wanted
    assert phrase_address(phrase_address("电工证")) == phrase_address(" 电工证 ")
