"""A kept page shown again: its own bytes, without whatever acts or loads by itself.

The answer that carries it is sandboxed and may load nothing (``console.routes.evidence``); what is taken out here is what a
browser does before it asks any policy: looking up names of hosts, opening connections ahead of time, leaving the page.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from crawler.decoding import BadCoding, TooLarge, decode_body
from crawler.extract.encoding import decode
from crawler.warc_reading import read_record
from domain.errors import BadInput, EvidenceDamaged
from domain.evidence import StoredRecord

_MAX_PAGE = 16 * 1024 * 1024
_CODING = re.compile(rb"(?im)^content-encoding:[ \t]*([^\r\n]*)")
_ACTIVE = "script, link, base, meta, iframe, frame, frameset, object, embed, applet, portal, noscript, template"
#: Attributes that make a browser fetch something, or lead somewhere.
_LOADS = frozenset({"src", "srcset", "href", "xlink:href", "poster", "data", "imagesrcset", "lowsrc", "dynsrc", "cite"})
_CSS_ADDRESS = re.compile(
    r"(?:url|src|image|image-set|-webkit-image-set)\s*\((?!\s*[\"']?data:image/)[^)]*\)?", re.IGNORECASE
)
_CSS_IMPORT = re.compile(r"@(?:import|font-face|namespace)[^;{}]*(?:;|\{[^}]*\})?", re.IGNORECASE)


def page_bytes(evidence: Path, stored: StoredRecord, content_type: str | None) -> tuple[bytes, str | None]:
    """Body of a kept answer, its content coding undone, and its type.

    :class:`EvidenceDamaged` where its bytes are missing or not those that were kept.
    """
    try:
        record = read_record(evidence, stored.warc, _MAX_PAGE * 2)
    except OSError:
        raise EvidenceDamaged(f"{stored.name}的证据文件缺失；请执行 zhengxun evidence verify 核验证据。") from None
    if hashlib.sha256(record.payload).hexdigest() != stored.sha256:
        raise EvidenceDamaged(f"{stored.name}与保存时的校验值不符，没有显示；请核验证据。")
    coding = _CODING.search(record.http_head)
    try:
        return decode_body(
            record.payload, coding[1].decode("latin-1") if coding else None, limit=_MAX_PAGE
        ), content_type
    except (TooLarge, BadCoding):
        raise BadInput(f"{stored.name}过大或压缩编码无法解开，不能在此显示；可导出证据包查看。") from None


def harmless(body: bytes, content_type: str | None) -> str:
    """The page as HTML without scripts, frames and anything that loads or leaves by itself.

    What is no HTML (a feed, JSON) raises :class:`BadInput`: there is nothing to show again.
    """
    text, _ = decode(body, content_type)
    if "html" not in (content_type or "html").lower() and not re.search(r"<(?:html|body|div|p)\b", text, re.IGNORECASE):
        raise BadInput("这一版本不是网页（订阅源或接口数据），没有可重现的页面；请看正文。")
    tree = LexborHTMLParser(text)
    for node in tree.css(_ACTIVE):
        node.decompose()
    for node in tree.css("style"):
        node.inner_html = _without_addresses(node.text())
    for node in tree.css("*"):
        for name, value in list(node.attributes.items()):
            if name == "style":
                node.attrs[name] = _without_addresses(value or "")
            elif _acts(name) or (name in _LOADS and not (value or "").lower().startswith("data:image/")):
                del node.attrs[name]
                if name in ("src", "href") and value:
                    # Where it led is part of what the page says.
                    node.attrs["title"] = value
    made = tree.html or ""
    # The words of the page, whatever it says of itself, are UTF-8 from here on.
    return made if made.lower().startswith("<!doctype") else f"<!DOCTYPE html>{made}"


def _without_addresses(style: str) -> str:
    """CSS that fetches nothing. Escapes (``u\\72l``) could hide an address, so a style that has any is left out."""
    if "\\" in style:
        return ""
    return _CSS_ADDRESS.sub("none", _CSS_IMPORT.sub("", style)).replace("</", "")


def _acts(name: str) -> bool:
    return name.startswith("on") or name in {
        "ping",
        "formaction",
        "action",
        "srcdoc",
        "autofocus",
        "background",
        "manifest",
    }
