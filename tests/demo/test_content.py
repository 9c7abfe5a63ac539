"""The sample sites as data."""

from __future__ import annotations

import re

import pytest

from zhengxun.demo.content import SITE_KEYS, SampleSiteBroken, _page, load_site, load_sites
from zhengxun.demo.markup import summary, to_html
from zhengxun.demo.plan import PLANTED, Expectation, PlantKind, compare
from zhengxun.demo.rendering import render_feed, render_html, render_page


def test_there_are_at_least_twelve_sites_and_150_pages() -> None:
    """The demo shows what the issue asks for: 12 sites or more, 150 pages or more."""
    sites = load_sites(1)
    assert len(sites) >= 12
    assert sum(len(site.pages) for site in sites) >= 150


@pytest.mark.parametrize("key", SITE_KEYS)
@pytest.mark.parametrize("day", [1, 2])
def test_every_page_renders_in_its_encoding(key: str, day: int) -> None:
    """Each page is complete HTML in the site's encoding, and shows its title."""
    site = load_site(key, day)
    for page in site.pages:
        content_type, body = render_page(site, page, "http://127.0.0.2:1")
        text = body.decode(str(site.options.get("encoding", "utf-8")))
        assert content_type.startswith("text/html")
        assert text.rstrip().lower().endswith("</html>")
        assert page.title in text


def test_feeds_hold_every_dated_page() -> None:
    """RSS and Atom list the same entries, newest first, with the pages' own addresses."""
    site = load_site("jianxun", 1)
    dated = [page.path for page in site.pages if "date" in page.options]
    rss = render_feed(site, "rss", "http://h")[1].decode()
    atom = render_feed(site, "atom", "http://h")[1].decode()
    listed = re.findall(r"<link>http://h(/2026/[^<]+)</link>", rss)
    assert sorted(listed) == sorted(dated)
    assert re.findall(r'<link href="http://h(/2026/[^"]+)"', atom) == listed
    assert listed[0] == "/2026/weixiu.html"


def test_day_two_edits_one_removes_one_adds_one_and_corrects_one() -> None:
    """From day 1 to day 2 exactly one advertisement is edited, one gone, one new and one corrected."""
    gone = [p for p in PLANTED if p.day1 is Expectation.VIOLATING and p.day2 is Expectation.ABSENT]
    new = [p for p in PLANTED if p.day1 is Expectation.ABSENT and p.day2 is Expectation.VIOLATING]
    corrected = [p for p in PLANTED if p.day1 is Expectation.VIOLATING and p.day2 is Expectation.CLEAN]
    edited = [p for p in PLANTED if p.edited and p.day2 is Expectation.VIOLATING]
    assert [(p.site, p.path) for p in gone] == [("huaiyin", "/thread-102.html")]
    assert [(p.site, p.path) for p in new] == [("dingsui", "/course/yanglao.html")]
    assert [(p.site, p.path) for p in corrected] == [("tianyu", "/xm/ws.htm")]
    assert [(p.site, p.path) for p in edited] == [("dingsui", "/course/jiankang.html")]


def test_honest_sites_hold_no_planted_page() -> None:
    """Schools that keep to the rules, the authority, the newspaper and the bakery are clean on every page."""
    for planted in PLANTED:
        if planted.site in {"qingheng", "lanhe", "lanzhou", "wanbao", "maisui"}:
            assert (planted.day1, planted.day2) == (Expectation.CLEAN, Expectation.CLEAN), planted


def test_plan_knows_every_manner_of_claim() -> None:
    """Plain, disguised, without key words, in alternative text, in pictures, behind scripts and robots: all are there."""
    counts = {kind: sum(p.kind is kind for p in PLANTED) for kind in PlantKind}
    assert counts[PlantKind.TEXT] >= 20
    assert counts[PlantKind.DISGUISED] >= 5
    assert counts[PlantKind.KEYWORDLESS] >= 6
    assert all(counts[kind] >= 1 for kind in (PlantKind.ALT, PlantKind.PICTURE, PlantKind.RENDER, PlantKind.ROBOTS))


def test_violating_pages_name_their_groups() -> None:
    """Each planted claim says to which groups of the notice it belongs."""
    for planted in PLANTED:
        if Expectation.VIOLATING in (planted.day1, planted.day2):
            assert re.fullmatch(r"(?!$)A?B?C?D?E?", planted.categories), planted


def test_telephone_numbers_belong_to_nobody() -> None:
    """Numbers on the pages come from zeroed blocks, so that no real person is called."""
    for site in load_sites(2):
        for page in site.pages:
            html = render_html(site, page, "http://127.0.0.2:1")
            for number in re.findall(r"(?<!\d)1[3-9]\d-?\d{4}-?\d{4}(?!\d)", html):
                assert number.startswith("138-0000-"), (site.key, page.path, number)
            for number in re.findall(r"(?<!\d)03\d\d-\d{7}(?!\d)", html):
                assert re.fullmatch(r"03\d\d-00\d{5}", number), (site.key, page.path, number)


def test_unknown_field_is_named() -> None:
    """A page with a field that nobody knows does not load, and the message names site, page and field."""
    with pytest.raises(SampleSiteBroken, match=r"dingsui.*/x\.html.*tytle"):
        _page("dingsui", {"path": "/x.html", "tytle": "错字"}, 1)


def test_comparison_tells_misses_and_false_alarms_apart() -> None:
    """Laid beside the plan, a missing lead is a miss, a lead on a clean page a false alarm, a list page neither."""
    violating = {(p.site, p.path) for p in PLANTED if p.on(1) is Expectation.VIOLATING}
    left_out = ("dingsui", "/faq.html")
    result = compare((violating - {left_out}) | {("maisui", "/"), ("dingsui", "/news/")}, day=1)
    assert [(p.site, p.path) for p in result.missed] == [left_out]
    assert result.false_alarms == (("maisui", "/"),)
    assert len(result.found) == len(violating) - 1


def test_markup_makes_blocks() -> None:
    """Headings, lists, tables, pictures and links become their HTML; text is escaped."""
    html = to_html("## 题\n- 一\n- [二](/b)\n| 甲 | 乙 |\n| 1 < 2 | ![图](p) |\n末段 **重**")
    assert "<h2>题</h2>" in html
    assert '<li><a href="/b">二</a></li>' in html
    for expected in ("<th>甲</th>", "<td>1 &lt; 2</td>", 'alt="图"'):
        assert expected in html
    assert "<p>末段 <strong>重</strong></p>" in html
    assert summary("## 题\n第一段[链接](/x)很短") == "第一段链接很短"
