"""The extractors, in the order in which they are asked. To add one: a module in ``extractors/`` and a line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crawler.extract.extractors import (
    account_list,
    bilibili_post,
    douyin_video,
    feed,
    forum_thread,
    html,
    json_feed,
    json_text,
    kuaishou_video,
    mhtml,
    plain_text,
    tieba_thread,
    toutiao_article,
    weibo_post,
    weixin_article,
    weixin_message,
    xiaohongshu_note,
    zhihu_post,
)
from crawler.extract.source import Source
from domain.document import Extraction


@dataclass(frozen=True, slots=True)
class Extractor:
    """One kind of response that can be read."""

    name: str
    """Name and version, e.g. ``html/1``; the version rises whenever the same bytes give another result."""
    accepts: Callable[[Source], bool]
    extract: Callable[[Source], Extraction]


EXTRACTORS: tuple[Extractor, ...] = tuple(
    Extractor(module.NAME, module.accepts, module.extract)
    for module in (
        mhtml,
        feed,
        json_feed,
        account_list,
        weixin_message,
        weixin_article,
        weibo_post,
        xiaohongshu_note,
        douyin_video,
        kuaishou_video,
        bilibili_post,
        zhihu_post,
        tieba_thread,
        toutiao_article,
        json_text,
        plain_text,
        forum_thread,
        html,
    )
)
