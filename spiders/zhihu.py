"""知乎: a person's answers and articles, a column, a question.

Learned from RSSHub (lib/routes/zhihu/answers.ts, posts.ts, zhuanlan.ts): people at ``/people/<token>`` with ``/answers`` and
``/posts`` behind it, columns at ``/column/<name>``; posts at ``/question/<q>/answer/<a>`` and ``zhuanlan.zhihu.com/p/<id>``.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crawler.navigation import Navigation

_PERSON = re.compile(r"^/(people|org)/([\w.-]+)")
_COLUMN = re.compile(r"^/(?:column/)?(c_\d+|column/[\w-]+)/?$")
_POST = re.compile(r"^/question/\d+/answer/\d+$|^/p/\d+$|^/pin/\d+$")


def lists(url: str) -> tuple[str, ...]:
    """Answers and articles of a person or organisation; a column itself."""
    path = urlsplit(url).path
    if match := _PERSON.match(path):
        own = f"https://www.zhihu.com/{match[1]}/{match[2]}"
        return (f"{own}/answers", f"{own}/posts")
    return (url,) if _COLUMN.match(path) or path.startswith("/column/") else ()


NAVIGATION = Navigation(
    hosts=("zhihu.com",),
    lists=lists,
    is_post=lambda url: _POST.match(urlsplit(url).path) is not None,
)
