"""Saved pages: which address they were saved from, and what they say."""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes, policy

from crawler.addresses import canonical
from crawler.extract import extract
from domain.document import Extraction, PageVerdict
from domain.errors import BadFile
from domain.intake import IntakeItem, ItemState, upload_url

#: What browsers and their extensions write into a page they save. Only these: a page's own ``rel=canonical`` may lie.
_SAVED_FROM = (
    re.compile(rb"<!--\s*saved from url=\(\d{1,5}\)(\S{1,2000}?)\s*-->", re.IGNORECASE),
    re.compile(rb"Page saved with SingleFile\s+url:\s*(\S{1,2000})", re.IGNORECASE),
)
_BEGINNING = 8000
_VERDICTS = {
    PageVerdict.DELETED: "内容已被作者删除",
    PageVerdict.VIOLATION: "内容已被平台处置",
    PageVerdict.UNAVAILABLE: "内容不可用",
    PageVerdict.EXPIRED: "内容已过期",
    PageVerdict.CAPTCHA: "保存下来的是验证码页面",
    PageVerdict.LOGIN_WALL: "保存下来的是登录页面",
    PageVerdict.SOFT_404: "页面提示内容不存在",
    PageVerdict.PARKED: "是停放的域名页面",
    PageVerdict.EMPTY: "没有可读的文字",
    PageVerdict.TRUNCATED: "内容不完整",
    PageVerdict.FAILED: "抽取失败",
}


def saved_from(body: bytes) -> str | None:
    """Canonical address that a saved page says it was saved from; None where it does not say."""
    head = body[:_BEGINNING]
    for pattern in _SAVED_FROM:
        if match := pattern.search(head):
            return canonical(match[1].decode("utf-8", "replace"))
    if b"Content-Location:" in head:
        message = message_from_bytes(head, policy=policy.compat32)
        for name in ("Snapshot-Content-Location", "Content-Location"):
            if address := canonical(str(message.get(name) or "")):
                return address
    return None


def read_page(name: str, body: bytes, content_type: str | None, sha256: str, url: str | None) -> list[IntakeItem]:
    """The pieces of a saved page; ``url``: its address as a person gave it.

    Raises :class:`domain.errors.BadFile` where the file holds nothing that can be judged.
    """
    address = url or saved_from(body)
    own = address or upload_url(sha256, "page")
    extraction: Extraction = extract(body, url=own, content_type=content_type, hosts=None)
    if extraction.verdict is not PageVerdict.OK or not extraction.documents:
        word = _VERDICTS.get(extraction.verdict, "没有可读的文字")
        reason = f"（{extraction.verdict_reason}）" if extraction.verdict_reason else ""
        raise BadFile(f"文件 {name} 未接收：{word}{reason}。")
    return [
        IntakeItem(
            ItemState.CONTENT,
            None,
            document.url,
            # An entry of the file, not a look at the address: the page's own fetch always wins over it.
            replace(document, embedded=True),
        )
        for document in extraction.documents
    ]
