"""``zhengxun extract``: what a saved response holds, without storing it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from domain.errors import BadFile
from zhengxun.cli.framework import Command, argument
from zhengxun.cli.invocation import services_of
from zhengxun.cli.output import clean, clean_lines, json_option, print_json, say

if TYPE_CHECKING:
    from domain.document import Document, Extraction

#: Address assumed where none is given: relative links need one, and this name belongs to nobody (RFC 2606).
UNKNOWN_URL = "http://saved.invalid/"
_VERDICTS = {
    "ok": "可读", "deleted": "已被作者删除", "violation": "因违规被平台屏蔽", "unavailable": "不可用", "expired": "已过期",
    "captcha": "验证码", "login_wall": "登录墙", "soft_404": "假 200 的 404", "parked": "停放域名", "empty": "无可读内容",
    "truncated": "内容不完整", "failed": "抽取失败",
}  # fmt: skip


@click.command(
    cls=Command,
    name="extract",
    help="查看一份已保存的响应（HTML、JSON、订阅源、MHTML）能抽取出什么，不入库。",
)
@argument("file", metavar="文件", type=click.Path(path_type=Path), description="保存的响应正文")
@click.option("--url", metavar="网址", help="它的网址：用于补全相对链接、识别平台")
@click.option("--content-type", metavar="类型", help="响应头 Content-Type，如 text/html; charset=gbk")
@json_option
@click.pass_context
def command(ctx: click.Context, file: Path, url: str | None, content_type: str | None, as_json: bool) -> None:
    """Extract one saved response."""
    from crawler.extract import extract
    from zhengxun.target_draft import address_of

    services = services_of(ctx)
    limit = services.crawl_settings().max_decoded
    try:
        if file.stat().st_size > limit:
            raise BadFile(f"文件 {file} 超过 {limit // 1024 // 1024} MB 的大小上限。")
        body = file.read_bytes()
    except OSError as error:
        raise BadFile(f"文件 {file} 不存在或无法读取。") from error
    address = address_of(url) if url else UNKNOWN_URL
    extraction = extract(body, url=address, content_type=content_type, hosts=None)
    if as_json:
        print_json(as_dict(extraction))
        return
    say(f"{_VERDICTS[extraction.verdict.value]}（{extraction.verdict.value}）{extraction.verdict_reason or ''}")
    say(f"平台 {extraction.platform}，抽取程序 {extraction.extractor}，编码 {extraction.encoding or '—'}")
    for number, document in enumerate(extraction.documents, start=1):
        say(f"\n【{number}】{clean(document.title)}")
        say(f"账号 {clean(document.account or '—')}，发布时间 {clean(document.published_raw or '—')}")
        say(clean_lines(document.text))
        if document.contacts:
            say("联系方式：" + "，".join(f"{item.kind.value} {clean(item.value)}" for item in document.contacts))


def as_dict(extraction: Extraction) -> dict[str, Any]:
    """``extract --json``."""
    return {
        "platform": extraction.platform,
        "verdict": extraction.verdict.value,
        "verdict_reason": extraction.verdict_reason,
        "extractor": extraction.extractor,
        "encoding": extraction.encoding,
        "documents": [document_as_dict(document) for document in extraction.documents],
    }


def document_as_dict(document: Document) -> dict[str, Any]:
    """One document of ``extract --json``."""
    from zhengxun.clock import SHANGHAI

    published = document.published_at
    return {
        "url": document.url,
        "title": document.title,
        "account": document.account,
        "account_id": document.account_id,
        "published_at": None if published is None else published.astimezone(SHANGHAI).isoformat(),
        "published_raw": document.published_raw,
        "text": document.text,
        "segments": [{"kind": segment.kind.value, "text": segment.text} for segment in document.segments],
        "images": list(document.images),
        "links": list(document.links),
        "contacts": [{"kind": contact.kind.value, "value": contact.value} for contact in document.contacts],
    }
