"""Lists that only name their posts are known by their address alone; so they have no saved page without one."""

from __future__ import annotations

import pytest

from crawler.extract import extract
from domain.document import PageVerdict

_BAR = "https://tieba.baidu.com/f?kw=%E8%80%83%E8%AF%81"
_ACCOUNT = "https://www.xiaohongshu.com/user/profile/64aabbcc0000000000000001"
_THREADS = (
    '<html><body><code id="pagelet_html_frs-list"><!--<ul><li class="j_thread_list"><a class="j_th_tit" '
    'href="/p/8000000001" title="三天下证的来">三天下证的来</a><div class="threadlist_abs">不用到场</div></li></ul>--></code>'
    "</body></html>"
)
_NOTES = (
    "<html><body><script>window.__INITIAL_STATE__="
    '{"user":{"notes":[[{"noteCard":{"noteId":"64bb00000000000000000001","displayTitle":"拿证心得"}}]]}}'
    "</script></body></html>"
)


@pytest.mark.parametrize(("url", "body", "title"), [(_BAR, _THREADS, "三天下证的来"), (_ACCOUNT, _NOTES, "拿证心得")])
def test_entries_are_named_and_their_posts_are_followed(url: str, body: str, title: str) -> None:
    """Each entry is an embedded document of its title, with a link to its own page."""
    made = extract(body.encode(), url=url, content_type="text/html; charset=utf-8")
    assert made.verdict is PageVerdict.OK
    assert [document.title for document in made.documents] == [title]
    assert all(document.embedded for document in made.documents)
    assert made.documents[0].url in {link.url for link in made.links}


@pytest.mark.parametrize(("url", "field"), [(_BAR, "thread_list"), (_ACCOUNT, "user.notes")])
def test_a_changed_page_says_which_field_is_not_found(url: str, field: str) -> None:
    """A list whose structure is unknown is a failure with the field's name, never an empty list."""
    body = "<html><body><h1>新版页面</h1><p>" + "这里换了一种写法。" * 40 + "</p></body></html>"
    made = extract(body.encode(), url=url, content_type="text/html; charset=utf-8")
    assert made.verdict is PageVerdict.FAILED
    assert field in (made.verdict_reason or "")
