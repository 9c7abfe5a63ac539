"""采集: how we fetch, keep proof and read answers. Knows nothing of SQL, rules or screens.

``run`` is what jobs call; :class:`CrawlSettings` and :class:`Progress` are its words. Importing this package loads no
Scrapy: command lines that only need :mod:`crawler.addresses` stay quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crawler.process import dismiss_workers, photograph, run
    from crawler.settings import CrawlSettings, Progress

__all__ = ["CrawlSettings", "Progress", "dismiss_workers", "photograph", "run"]


def __getattr__(name: str) -> Any:
    if name in {"CrawlSettings", "Progress"}:
        from crawler import settings

        return getattr(settings, name)
    if name in {"dismiss_workers", "photograph", "run"}:
        from crawler import process

        return getattr(process, name)
    raise AttributeError(f"module 'crawler' has no attribute {name!r}")
