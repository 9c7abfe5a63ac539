"""What the words of its pictures make of a document, and pictures that stand in the page itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from crawler.decoding import BadCoding, TooLarge, decode_body
from crawler.extract.contacts import contacts_of
from crawler.extract.links import inline_picture
from crawler.pictures.image import MAX_BYTES
from crawler.warc_reading import read_record
from domain.crawl import WarcRef
from domain.document import Contact, ContactKind, ContactSource, Document, Segment, SegmentKind
from domain.picture import PictureReading, PictureRef

#: Bytes of a page that are searched for pictures in it.
_MAX_PAGE = 32 * 1024 * 1024
_CODING = re.compile(rb"(?im)^content-encoding:[ \t]*([^\r\n]*)")
_INLINE = re.compile(rb"data:image/[a-z]{3,5}(?:;[\w=-]{1,40}){0,2};base64,[A-Za-z0-9+/=\s]{1000,}", re.IGNORECASE)


def with_pictures(document: Document, readings: Sequence[tuple[str, PictureReading]]) -> Document | None:
    """``document`` with the words of its pictures (address, reading) as segments at its end; None where there are none.

    Contacts among those words and what QR codes say become the document's, too.
    """
    segments = [
        Segment(
            SegmentKind.PICTURE,
            "\n".join(line.text for line in read.lines),
            PictureRef(url, read.sha256, read.width, read.height, tuple(line.box for line in read.lines)),
        )
        for url, read in readings
        if read.lines
    ]
    codes = [code for _, read in readings for code in read.codes]
    if not segments and not codes:
        return None
    before = len(document.segments)
    found = {(contact.kind, contact.value): contact for contact in document.contacts}
    for contact in contacts_of(segments):
        place = contact.segment + before if contact.segment is not None else None
        found.setdefault((contact.kind, contact.value), replace(contact, segment=place))
    for code in codes:
        said = Contact(ContactKind.QR, code.text, source=ContactSource.PICTURE)
        found.setdefault((said.kind, said.value), said)
    return replace(
        document,
        text="\n".join(part for part in (document.text, *(segment.text for segment in segments)) if part),
        segments=(*document.segments, *segments),
        contacts=tuple(found.values()),
    )


def picture_bytes(evidence: Path, where: WarcRef) -> bytes | str:
    """Bytes of a kept picture, its content coding undone; a Chinese sentence where they are too many or damaged.

    Raises what :func:`crawler.warc_reading.read_record` raises where the record cannot be read.
    """
    try:
        return _body(evidence, where, MAX_BYTES)
    except TooLarge:
        return f"图片超过 {MAX_BYTES // 1024 // 1024} MB"
    except BadCoding:
        return "图片的压缩编码无法解开"


def _body(evidence: Path, where: WarcRef, limit: int) -> bytes:
    record = read_record(evidence, where)
    coding = _CODING.search(record.http_head)
    return decode_body(record.payload, coding[1].decode("latin-1") if coding else None, limit=limit)


def inline_pictures(evidence: Path, page: WarcRef, names: Collection[str]) -> dict[str, bytes]:
    """Bytes of the ``data:`` pictures with these names in a kept page; those that are not found are not in the result.

    Raises what :func:`crawler.warc_reading.read_record` raises where the page's own record cannot be read.
    """
    try:
        body = _body(evidence, page, _MAX_PAGE)
    except (TooLarge, BadCoding):
        return {}
    found: dict[str, bytes] = {}
    for match in _INLINE.finditer(body.replace(b"\\/", b"/")):
        made = inline_picture(match[0].decode("ascii"))
        if made is not None and made[0] in names:
            found[made[0]] = made[1]
    return found
