"""One response as extractors see it: its bytes, what they are, and the text and tree that are read at most once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from crawler.extract.encoding import decode
from crawler.extract.page import Page
from crawler.extract.walk import read_page

#: Characters beyond this are not read (the crawler's own size limit is lower; saved files may be anything).
MAX_TEXT = 16_000_000

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\x1f\x8b", "application/gzip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"RIFF", "image/webp"),
    (b"\x00\x00\x01\x00", "image/x-icon"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"FLV\x01", "video/x-flv"),
    (b"\x7fELF", "application/x-executable"),
    (b"MZ\x90\x00", "application/x-msdownload"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"BZh", "application/x-bzip2"),
)
_HTML_START = re.compile(
    r"<(?:!doctype\s+html|html|head|body|title|meta|script|style|link|div|table|p|h[1-6]|a|br|center|font|iframe|frameset|img|span|ul|section|main|form|b)\b",
    re.IGNORECASE,
)
_LEADING = re.compile(r"\A(?:\s|<!--.*?-->|<\?(?!xml\s).*?\?>)*", re.DOTALL)
_XML_ROOT = re.compile(r"<(?![?!])\s*([A-Za-z_][\w.-]*(?::[\w.-]+)?)")
_XML_PROLOGUE = re.compile(r"\A\s*<\?xml\b", re.IGNORECASE)
_JSON_START = re.compile(r"\A\s*[\[{]\s*(?:[\"\[{\]}\d-]|true|false|null)")
_JSONP = re.compile(r"\A\s*(?:/\*\*/)?\s*[\w$.]{1,80}\s*\(\s*([\[{].*[\]}])\s*\)\s*;?\s*\Z", re.DOTALL)
_MIME_HEAD = re.compile(
    rb"\A\s*(?:From |[A-Za-z-]+:\s).{0,3000}?^(?:MIME-Version|Content-Type):", re.DOTALL | re.MULTILINE | re.IGNORECASE
)
_CONTROLS = re.compile("[\x01-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_SELF_CLOSED = re.compile(r"<(script|title|style|textarea|iframe|noscript)\b([^<>]{0,2000})/>", re.IGNORECASE)
_XML_HTML_TYPES = ("application/xhtml+xml", "application/vnd.wap.xhtml+xml", "text/vnd.wap.wml")
_HTML_TYPES = ("text/html", "application/xhtml+xml", "text/vnd.wap.wml", "application/vnd.wap.xhtml+xml")


@dataclass(eq=False)
class Source:
    """Bytes to extract from. Everything derived is computed once, on demand."""

    body: bytes
    url: str
    content_type: str | None = None
    rendered: bool = False
    """The body is a document that a browser made of an answer."""

    @cached_property
    def declared_type(self) -> str:
        """Media type of the header, lower case, without parameters; "" if there is none."""
        return (self.content_type or "").partition(";")[0].strip().lower()

    @cached_property
    def _decoded(self) -> tuple[str, str]:
        text, encoding = decode(self.body, self.content_type)
        return text[:MAX_TEXT], encoding

    @property
    def text(self) -> str:
        """The body as text."""
        return self._decoded[0]

    @property
    def encoding(self) -> str:
        """WHATWG name of the encoding used."""
        return self._decoded[1]

    @cached_property
    def kind(self) -> str:
        """``html``, ``feed``, ``json``, ``text``, ``mhtml``, or ``not_text:<media type>``; ``blank`` for nothing at all."""
        return _kind(self)

    @cached_property
    def json_text(self) -> str:
        """The JSON document, unwrapped from a JSONP call."""
        match = _JSONP.match(self.text) if self.text.lstrip()[:1] not in ("{", "[") else None
        return match[1] if match else self.text

    @cached_property
    def page(self) -> Page:
        """The HTML page, read."""
        html = self.text
        if self.declared_type in _XML_HTML_TYPES or _XML_PROLOGUE.match(html[:200]):
            # "<script src=x />" is a whole element in XML and the beginning of an endless one in HTML.
            html = _SELF_CLOSED.sub(r"<\1\2></\1>", html)
        return read_page(html, self.url, encoding=self.encoding, routes=self.rendered)


def _kind(source: Source) -> str:
    body, declared = source.body, source.declared_type
    if not body.strip(b" \t\r\n\0"):
        return "blank"
    for signature, media_type in _SIGNATURES:
        if body.startswith(signature):
            return f"not_text:{media_type}"
    if body[4:8] == b"ftyp":
        return "not_text:video/mp4"
    if declared in ("multipart/related", "message/rfc822", "multipart/mixed") or (
        not declared.startswith("text/html") and b"MIME-Version" in body[:4000] and _MIME_HEAD.match(body[:4000])
    ):
        return "mhtml"
    text = source.text
    if _is_binary(text):
        return f"not_text:{declared if declared and not declared.startswith('text/') else 'application/octet-stream'}"
    head = text[:20_000]
    if _XML_PROLOGUE.match(head) or declared.endswith(("xml", "+xml")):
        root = _XML_ROOT.search(head)
        name = root[1].lower() if root else ""
        if name in ("rss", "feed", "rdf:rdf", "channel"):
            return "feed"
        if (
            name in ("html", "wml")
            or declared in _HTML_TYPES
            or _HTML_START.match(head[root.start() :] if root else "")
        ):
            return "html"
        return "not_text:application/xml"
    start = _LEADING.match(head)
    rest = head[start.end() :] if start else head
    if rest[:5].lower() in ("<rss ", "<feed") or rest[:8].lower() == "<rdf:rdf":
        return "feed"
    if _HTML_START.match(rest):
        return "html"
    is_json = _JSON_START.match(rest) or (declared.endswith(("json", "javascript")) and _JSONP.match(text))
    if is_json and (declared not in _HTML_TYPES or text.rstrip()[-1:] in ("}", "]")):
        return "json"
    if declared in _HTML_TYPES:
        return "html"
    if declared.startswith(("image/", "audio/", "video/", "font/")) or declared in (
        "text/css",
        "text/javascript",
        "application/javascript",
    ):
        return f"not_text:{declared}"
    if declared in ("text/plain", "text/csv", "text/markdown"):
        return "text"
    return "html" if re.search(r"<(?:p|div|br|a|table|span|html|body|h[1-6])[\s>/]", head, re.IGNORECASE) else "text"


def _is_binary(text: str) -> bool:
    """Bytes that are no text in any encoding: control characters and undecodable bytes abound."""
    sample = text[:4000]
    share = max(1, len(sample))
    return (
        len(_CONTROLS.findall(sample)) > 0.02 * share
        or sample.count("\ufffd") > 0.15 * share
        or sample.count("\0") > 0.3 * share
    )
