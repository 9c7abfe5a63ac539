"""How an account, bar or list of a platform is walked: where its list of posts is, and which links of it are posts.

Navigation only: what a list or a post says is read by the page objects in ``crawler/extract/extractors``. One value per
platform, in ``spiders/<platform>.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crawler.addresses import host_key

#: Lists behind the first one that are followed in one run (pages of a bar).
MAX_LISTS = 3


@dataclass(frozen=True, slots=True)
class Navigation:
    """One platform's way from an account to its posts."""

    hosts: tuple[str, ...]
    """Names of the platform; the names below them belong to it as well."""
    lists: Callable[[str], tuple[str, ...]]
    """Addresses of an account's lists by the address that people know it by; empty where that is no account."""
    is_post: Callable[[str], bool]
    is_list: Callable[[str], bool] = lambda url: False
    """Whether a link leads to a further page of the list."""

    def covers(self, url: str) -> bool:
        """Whether an address is the platform's."""
        host = host_key(url).partition(":")[0]
        return any(host == name or host.endswith("." + name) for name in self.hosts)

    def follows(self, page: str, depth: int, url: str) -> bool:
        """Whether a link of ``page`` (``depth`` clicks from the account) is taken: from lists only, to posts and next lists."""
        if not (depth == 0 or self.is_list(page)) or not self.covers(url):
            return False
        return self.is_post(url) or (depth < MAX_LISTS and self.is_list(url))
