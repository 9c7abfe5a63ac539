"""Pages of platforms that were cut off, damaged or changed end in a verdict, never in an error or an empty post."""

from __future__ import annotations

import json
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.extract import extract
from domain.document import READER_SEES, Extraction, PageVerdict
from tests.crawler.extract.replay import Fixture, fixtures

FIXTURES = fixtures()
GOOD = [fixture for fixture in FIXTURES if fixture.wanted["verdict"] == "ok"]
JSON_GOOD = [fixture for fixture in GOOD if fixture.path.suffix == ".json"]
VALUES = [None, "", 0, -1, 10**20, [], {}, "x", True, ["a"], {"a": 1}, "\ud83d", 1.5, "<p>", "2024-13-45"]


def check(made: Extraction) -> None:
    """What holds for every answer."""
    assert not (made.verdict_reason or "").startswith("extractor_error"), made.verdict_reason
    for document in made.documents:
        assert document.text or document.images or document.title
        visible = [segment.text for segment in document.segments if segment.kind in READER_SEES]
        assert document.text == "\n".join(visible)
        document.text.encode()
        (document.title + (document.account or "") + (document.published_raw or "")).encode()
        assert all(segment.text.strip() == segment.text != "" for segment in document.segments)
        assert document.published_at is None or document.published_at.tzinfo is not None
    assert made.documents or made.verdict is not PageVerdict.OK
    assert made.documents or made.verdict_reason
    assert all(link.url.startswith(("http://", "https://")) for link in made.links)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FIXTURES), st.floats(0, 1))
def test_cut_off(fixture: Fixture, share: float) -> None:
    """A page that ends anywhere is judged."""
    body = fixture.body
    check(fixture.read(body[: int(len(body) * share)]))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FIXTURES), st.integers(0, 2**32), st.integers(1, 40))
def test_damaged_bytes(fixture: Fixture, seed: int, times: int) -> None:
    """Bytes overwritten, dropped and repeated anywhere do no harm."""
    chance = random.Random(seed)
    body = bytearray(fixture.body)
    for _ in range(times):
        at = chance.randrange(len(body))
        action = chance.randrange(4)
        if action == 0:
            body[at] = chance.randrange(256)
        elif action == 1:
            del body[at : at + chance.randrange(1, 30)]
        elif action == 2:
            body[at:at] = body[chance.randrange(len(body)) :][:30]
        else:
            body[at:at] = chance.choice(
                [b"{", b"}", b'"', b"\\", b"<", b"</script>", b"%", b"&quot;", b"undefined", b"\x00"]
            )
        if not body:
            body = bytearray(b" ")
    check(fixture.read(bytes(body)))


def replaced(value: object, chance: random.Random, share: float) -> object:
    """``value`` with some of its members replaced by values of other kinds, or dropped."""
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if chance.random() > share / 2}
        return {
            key: chance.choice(VALUES) if chance.random() < share else replaced(item, chance, share)
            for key, item in kept.items()
        }
    if isinstance(value, list):
        return [chance.choice(VALUES) if chance.random() < share else replaced(item, chance, share) for item in value]
    return value


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(JSON_GOOD), st.integers(0, 2**32), st.floats(0.01, 0.4))
def test_values_of_other_kinds(fixture: Fixture, seed: int, share: float) -> None:
    """Members that are missing or of another kind than the platform writes do no harm in JSON answers."""
    value = replaced(json.loads(fixture.body), random.Random(seed), share)
    check(fixture.read(json.dumps(value).encode()))


STATES = re.compile(
    r'(\$render_data = |__INITIAL_STATE__=|_ROUTER_DATA = |INIT_STATE = |__APOLLO_STATE__=|type="text/json">)(?=\{"initialState|[\[{])'
)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(
        [
            fixture
            for fixture in GOOD
            if STATES.search(fixture.body.decode()) and "undefined" not in fixture.body.decode()
        ]
    ),
    st.integers(0, 2**32),
    st.floats(0.01, 0.4),
)
def test_embedded_values_of_other_kinds(fixture: Fixture, seed: int, share: float) -> None:
    """The same holds for states inside pages."""
    page = fixture.body.decode()
    matches = list(STATES.finditer(page))
    match = matches[-1]
    value, end = json.JSONDecoder().raw_decode(page, match.end())
    changed = json.dumps(replaced(value, random.Random(seed), share))
    check(fixture.read((page[: match.end()] + changed + page[end:]).encode("utf-8", "surrogatepass")))


NEEDED = {
    "weibo/mobile_page": {"screen_name": "account", "created_at": "published_at"},
    "xiaohongshu/desktop_page": {"nickname": "account", "desc": "text", "time": "published_at"},
    "douyin/share_page": {"nickname": "account", "desc": "text", "create_time": "published_at"},
    "kuaishou/share_page": {"userName": "account", "caption": "text", "timestamp": "published_at"},
    "bilibili/video_page": {"title": "title", "desc": "text", "name": "account"},
    "zhihu/answer_page": {"name": "account", "content": "text", "title": "title"},
    "zhihu/article_page": {"name": "account", "content": "text", "title": "title", "created": "published_at"},
    "weixin/picture_message": {"nick_name": "account"},
}
BY_NAME = {fixture.name: fixture for fixture in FIXTURES}


@pytest.mark.parametrize(
    ("name", "member", "field"),
    [(name, member, field) for name, members in NEEDED.items() for member, field in members.items()],
)
def test_renamed_members_are_named(name: str, member: str, field: str) -> None:
    """When a platform renames a member, the extraction fails and says which field is missing."""
    fixture = BY_NAME[name]
    page = fixture.body.decode()
    changed = re.sub(rf'(["\s]){member}("?:)', rf"\1{member}Renamed\2", page)
    if name.startswith("bilibili"):
        changed = changed.replace('"desc_v2"', '"desc_v2Renamed"')
    assert changed != page
    made = fixture.read(changed.encode())
    assert (made.verdict, made.verdict_reason) == (PageVerdict.FAILED, f"missing_field:{field}")


@pytest.mark.parametrize(
    "fixture", [fixture for fixture in GOOD if fixture.path.suffix == ".html"], ids=lambda f: f.name
)
def test_without_address_or_type(fixture: Fixture) -> None:
    """A saved page whose address is lost is recognised by its structure."""
    made = extract(fixture.body, url="http://saved.invalid/", content_type=None)
    assert (made.verdict, made.platform) == (PageVerdict.OK, fixture.wanted["platform"])
    known = extract(fixture.body, url=fixture.wanted["url"], content_type=fixture.wanted["content_type"])
    assert made.documents[0].text == known.documents[0].text or fixture.name.startswith("zhihu/")


@pytest.mark.parametrize(
    "fixture", [fixture for fixture in GOOD if fixture.path.suffix == ".html"], ids=lambda f: f.name
)
def test_copies_are_pages_of_their_own_host(fixture: Fixture) -> None:
    """A page of the same structure at another host is read the same way and keeps its own address."""
    made = extract(fixture.body, url="http://127.0.0.1:8000/copy/1", content_type="text/html; charset=utf-8")
    assert (made.verdict, made.platform) == (PageVerdict.OK, fixture.wanted["platform"])
    assert made.documents[0].url == "http://127.0.0.1:8000/copy/1"
    assert not made.documents[0].embedded
