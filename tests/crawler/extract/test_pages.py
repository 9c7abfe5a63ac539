"""Pages of platforms are read field by field as tests/pages says."""

from __future__ import annotations

import pytest

from crawler.extract.table import EXTRACTORS
from domain.document import PageVerdict
from tests.crawler.extract.replay import Fixture, extraction, fixtures, found

FIXTURES = fixtures()
FIELDS = [
    pytest.param(fixture, number, name, id=f"{fixture.name}-{number}-{name}")
    for fixture in FIXTURES
    for number, document in enumerate(fixture.wanted.get("documents", ()))
    for name in document
]
PLATFORMS = {"weibo", "xiaohongshu", "douyin", "kuaishou", "bilibili", "zhihu", "tieba", "toutiao", "weixin"}
GENERAL = {
    "mhtml",
    "feed",
    "json_feed",
    "json_text",
    "account_list",  # known by its address alone: test_account_list.py
    "plain_text",
    "forum_thread",
    "html",
    "weixin_article",
}


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture.name)
def test_verdict(fixture: Fixture) -> None:
    """Verdict, reason and platform are the expected ones, and as many documents are found."""
    made, wanted = extraction(fixture), fixture.wanted
    assert (made.verdict, made.verdict_reason, made.platform) == (
        wanted["verdict"],
        wanted["verdict_reason"],
        wanted["platform"],
    )
    if "documents" in wanted:
        assert len(made.documents) == len(wanted["documents"])
    assert set(wanted.get("followed", ())) <= {link.url for link in made.links}


@pytest.mark.parametrize(("fixture", "number", "name"), FIELDS)
def test_field(fixture: Fixture, number: int, name: str) -> None:
    """Each field of each document is read as expected."""
    expected = fixture.wanted["documents"][number][name]
    actual = found(extraction(fixture).documents[number], name)
    if name == "links":
        assert isinstance(actual, list)
        assert set(expected) <= set(actual)
    else:
        assert expected == actual


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture.name)
def test_no_empty_posts(fixture: Fixture) -> None:
    """A document that is found says something or shows something; an answer without one says why."""
    made = extraction(fixture)
    assert all(document.text or document.images for document in made.documents)
    assert made.documents or made.verdict_reason


def test_every_platform_has_pages() -> None:
    """Every platform extractor reads a page here, fails on a changed one here, and reads one without an address."""
    assert {fixture.path.parent.name for fixture in FIXTURES} == PLATFORMS
    read = {extraction(fixture).extractor for fixture in FIXTURES if extraction(fixture).verdict is PageVerdict.OK}
    failed = {
        extraction(fixture).extractor for fixture in FIXTURES if extraction(fixture).verdict is PageVerdict.FAILED
    }
    lost = {extraction(fixture).extractor for fixture in FIXTURES if fixture.wanted["url"] == "http://saved.invalid/"}
    own = {extractor.name for extractor in EXTRACTORS if extractor.name.partition("/")[0] not in GENERAL}
    assert own <= read
    assert own <= failed
    assert own <= lost
