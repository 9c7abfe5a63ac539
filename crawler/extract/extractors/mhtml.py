"""MHTML (RFC 2557): a page saved by a browser. Its root part is extracted as the page it was."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import Message

from crawler.addresses import canonical
from crawler.extract.source import Source
from domain.document import Extraction, PageVerdict

NAME = "mhtml/1"

#: Parts looked at; a saved page has one root and some hundred pictures.
MAX_PARTS = 2000


def accepts(source: Source) -> bool:
    """MIME messages."""
    return source.kind == "mhtml"


def root_part(source: Source) -> Source | None:
    """The saved page itself, with the address it was saved from; None if the message holds no HTML."""
    message = message_from_bytes(source.body, policy=policy.compat32)
    start = str(message.get_param("start") or "").strip("<>")
    chosen: Message | None = None
    for number, part in enumerate(message.walk()):
        if number > MAX_PARTS:
            break
        if part.is_multipart() or part.get_content_type() not in ("text/html", "application/xhtml+xml"):
            continue
        if chosen is None or (start and str(part.get("Content-ID", "")).strip("<> ") == start):
            chosen = part
    if chosen is None:
        return None
    payload = chosen.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return None
    location = chosen.get("Content-Location") or message.get("Snapshot-Content-Location") or ""
    url = canonical(str(location)) or source.url
    return Source(payload, url, str(chosen.get("Content-Type") or "text/html"))


def extract(source: Source) -> Extraction:
    """Never called for a message with a root part (the dispatcher extracts that part); this is the other case."""
    return Extraction(PageVerdict.FAILED, "field_not_found:html_part", NAME, "web", (), ())
