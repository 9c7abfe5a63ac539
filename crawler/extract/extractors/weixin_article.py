"""Articles of WeChat official accounts (微信公众号), by the structure of mp.weixin.qq.com pages.

Learned from the public page structure: ``#activity-name`` (title), ``#js_name`` (account), ``#js_content`` (text, hidden by
its own style until a script runs), and the script variables ``ct`` (seconds since 1970), ``biz``, ``nickname``, ``msg_title``.
Notices (deleted, taken down, migrated, expired) are pages without ``#js_content`` whose wording tells which.
"""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from crawler.addresses import canonical, host_key
from crawler.extract.assemble import document, refused, settle_regions
from crawler.extract.dates import from_epoch, parse_instant
from crawler.extract.lines import tidy
from crawler.extract.page import Block, Page
from crawler.extract.source import Source
from crawler.extract.verdicts import judge
from domain.document import Extraction, Link, PageVerdict, SegmentKind

NAME = "weixin_article/1"
PLATFORM = "weixin"

_HOST = "mp.weixin.qq.com"
#: Wordings of the notice pages, first match wins; the reason is the one given in ``verdict_reason``.
_NOTICES: tuple[tuple[PageVerdict, str, re.Pattern[str]], ...] = (
    (
        PageVerdict.DELETED,
        "deleted_by_author",
        re.compile(r"已被发布者删除|发布者已删除|已被作者删除|该文章已被删除|内容已被删除"),
    ),
    (
        PageVerdict.VIOLATION,
        "violation_notice",
        re.compile(
            r"违规|违反|涉嫌|被投诉|侵权|经(?:平台)?审核|账?帐?号已被屏蔽|被屏蔽|停止使用|已被封|相关法律法规|此内容被.{0,12}投诉"
        ),
    ),
    (PageVerdict.UNAVAILABLE, "account_migrated", re.compile(r"已迁移|帐号迁移|账号迁移")),
    (PageVerdict.EXPIRED, "link_expired", re.compile(r"链接已?(?:经)?(?:过期|失效)|已过期")),
    (PageVerdict.CAPTCHA, "verification_wording", re.compile(r"环境异常|完成验证|去验证|操作频繁|访问过于频繁")),
    (
        PageVerdict.UNAVAILABLE,
        "unavailable_notice",
        re.compile(r"无法查看|暂时无法|不存在|参数错误|系统出错|系统繁忙|账?帐?号已(?:自主)?注销|请在微信客户端打开"),
    ),
)
_VARIABLE = r"(?:var\s+|window\.|[\"'])?\b{name}[\"']?\s*[:=]\s*(?:htmlDecode\(|String\()?\s*(?:\"\"\s*\|\|\s*)*[\"']([^\"'\n]{{1,300}})[\"']"
_SOURCE_URL = re.compile(_VARIABLE.format(name="msg_source_url"))
_CREATED = re.compile(_VARIABLE.format(name=r"(?:ct|create_timestamp|ori_create_time|svr_time_unused)"))
_NICKNAME = re.compile(_VARIABLE.format(name=r"(?:nickname|nick_name)"))
_TITLE = re.compile(_VARIABLE.format(name="msg_title"))
_BIZ = re.compile(_VARIABLE.format(name=r"(?:biz|__biz)"))
_CREATE_TIME = re.compile(_VARIABLE.format(name=r"(?:createTime|create_time|publish_time)"))
_BIZ_IN_ADDRESS = re.compile(r"[?&;]__biz=([A-Za-z0-9+/_-]{8,40}(?:=|%3D){0,2})")


def accepts(source: Source) -> bool:
    """Pages of mp.weixin.qq.com, and saved or copied pages with its structure."""
    if source.kind != "html":
        return False
    tree = source.page.tree
    if tree.css_first("#js_content, #js_article") is not None:
        return (
            tree.css_first(".rich_media, .rich_media_title, .rich_media_content, #js_name, #activity-name") is not None
        )
    if tree.css_first(".rich_media_title, #activity-name") is not None and tree.css_first("#js_name") is not None:
        return True
    if host_key(source.url).partition(":")[0] == _HOST:
        return True
    # WeChat's notice pages are made of WeUI, like many others: only the wording in its title tells them.
    said = _text_of(source.page, ".weui-msg__title, .weui_msg_title, .mesg-block, .global_error_msg")
    return bool(said) and _notice_in(said) is not None


def extract(source: Source) -> Extraction:
    """The article, or the verdict that its notice page stands for."""
    page = source.page
    settle_regions(page)
    scripts = "\n".join(page.scripts)
    _settle_parts(page)
    content = "".join(block.text for block in page.blocks if block.in_content)
    if not content.strip():
        content = _short_message(page)
    pictures = bool(page.images) and any(b.in_content for b in page.blocks)
    if not content and not pictures:
        verdict, reason = _notice(page)
        return refused(page, verdict, reason, NAME, PLATFORM, source.encoding)
    title = _title(page, scripts)
    made = document(
        page,
        extractor=NAME,
        platform=PLATFORM,
        title=title,
        by=_account(page, scripts) or None,
        by_id=_account_id(page, scripts),
        when=_published(page, scripts),
        query_form=False,
    )
    links = tuple(page.links) + _original(page, scripts)
    made = replace(made, links=tuple(dict.fromkeys(link.url for link in links)))
    return Extraction(PageVerdict.OK, None, NAME, PLATFORM, (made,), links, source.encoding)


def _settle_parts(page: Page) -> None:
    """Everything in ``#js_content`` is the article; what follows it is the reader application's frame."""
    inside = [i for i, block in enumerate(page.blocks) if block.in_content]
    if not inside:
        return
    for i, block in enumerate(page.blocks):
        if not block.seen:
            continue
        if block.in_content:
            block.kind = SegmentKind.TABLE if block.kind is SegmentKind.TABLE else SegmentKind.MAIN
        elif i > inside[-1] and block.kind is not SegmentKind.COMMENT:
            block.kind = SegmentKind.FOOTER


def _short_message(page: Page) -> str:
    """Picture and text messages (图文分享) have no ``#js_content``; their words are in the head and the script."""
    words = page.meta.get("og:description") or page.meta.get("description") or ""
    article = page.meta.get("og:type") == "article" or page.tree.css_first("#js_name, #activity-name") is not None
    if not words or not article:
        return ""
    words = html.unescape(words.replace("\\x0a", "\n").replace("\\n", "\n"))
    for line in words.split("\n"):
        text = tidy(line)
        if text and all(block.text != text for block in page.blocks):
            page.blocks.append(Block(SegmentKind.MAIN, text, "meta", in_content=True))
    return words


def _notice(page: Page) -> tuple[PageVerdict, str | None]:
    said = "\n".join(block.text for block in page.blocks if block.seen)[:2000]
    words = f"{page.title_tag}\n{said}"
    told = _notice_in(words)
    if told is not None:
        return told
    judged = judge(page, has_query_form=False)
    return judged if judged[0] is not PageVerdict.OK else (PageVerdict.FAILED, "field_not_found:js_content")


def _original(page: Page, scripts: str) -> tuple[Link, ...]:
    """Where 阅读原文 leads: only the script knows; for an advertisement it is the seller's own site."""
    url = (
        canonical(_variable(_SOURCE_URL, scripts).replace("\\/", "/"), page.base)
        if _SOURCE_URL.search(scripts)
        else None
    )
    return (Link(url, "阅读原文", SegmentKind.FOOTER),) if url else ()


def _notice_in(words: str) -> tuple[PageVerdict, str] | None:
    return next(((verdict, reason) for verdict, reason, wording in _NOTICES if wording.search(words)), None)


def _text_of(page: Page, selector: str) -> str:
    node = page.tree.css_first(selector)
    return tidy(node.text(deep=True)) if node is not None else ""


def _variable(pattern: re.Pattern[str], scripts: str) -> str:
    match = pattern.search(scripts)
    return html.unescape(match[1]).strip() if match else ""


def _title(page: Page, scripts: str) -> str:
    return (
        _text_of(page, "#activity-name")
        or _text_of(page, ".rich_media_title")
        or html.unescape(page.meta.get("og:title", ""))
        or tidy(_variable(_TITLE, scripts))
        or page.title_tag
    )


def _account(page: Page, scripts: str) -> str:
    name = (
        _text_of(page, "#js_name")
        or _variable(_NICKNAME, scripts)
        or _text_of(page, ".profile_nickname, .rich_media_meta_nickname, .wx_follow_nickname")
    )
    return name or page.meta.get("author", "").strip()


def _account_id(page: Page, scripts: str) -> str | None:
    for address in (page.url, page.canonical or "", page.meta.get("og:url", "")):
        match = _BIZ_IN_ADDRESS.search(address)
        if match:
            return match[1].replace("%3D", "=")
    query = parse_qs(urlsplit(page.url).query) if "__biz" in page.url else {}
    values = query.get("__biz")
    return (values[0] if values else None) or _variable(_BIZ, scripts) or None


def _published(page: Page, scripts: str) -> tuple[datetime | None, str | None]:
    shown = _text_of(page, "#publish_time") or _variable(_CREATE_TIME, scripts)
    created = _variable(_CREATED, scripts)
    if created.isdigit():
        instant = from_epoch(int(created))
        if instant is not None:
            return instant, shown or created
    if shown:
        return parse_instant(shown), shown
    stated = page.meta.get("article:published_time") or page.meta.get("og:release_date") or ""
    return parse_instant(stated), stated or None
