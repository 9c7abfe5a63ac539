"""文档: what one page, post or feed entry says, who says it, and where it leads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PageVerdict(StrEnum):
    """What an answer is, judged before anyone takes it for content (CONTRACT.md, ``extract --json``)."""

    OK = "ok"
    DELETED = "deleted"
    VIOLATION = "violation"
    UNAVAILABLE = "unavailable"
    EXPIRED = "expired"
    CAPTCHA = "captcha"
    LOGIN_WALL = "login_wall"
    SOFT_404 = "soft_404"
    PARKED = "parked"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    FAILED = "failed"


class SegmentKind(StrEnum):
    """Where on the page a block of text stands."""

    TITLE = "title"
    MAIN = "main"
    COMMENT = "comment"
    SIDEBAR = "sidebar"
    NAV = "nav"
    FOOTER = "footer"
    TABLE = "table"
    FORM = "form"
    FLOATING = "floating"
    """Contact boxes that float over the page."""
    ALT = "alt"
    """Words of a picture's alt or title."""
    META = "meta"
    """keywords and description: not seen by readers, read by search engines."""
    HIDDEN = "hidden"
    """Text that a reader cannot see (display:none, zero size, colour of its background …)."""
    PICTURE = "picture"
    """Read from a picture (OCR)."""


#: Kinds whose text a reader sees; the others are kept as segments, but stay out of ``Document.text``.
READER_SEES = frozenset(SegmentKind) - {SegmentKind.META, SegmentKind.HIDDEN, SegmentKind.TITLE, SegmentKind.ALT}


@dataclass(frozen=True, slots=True)
class Segment:
    """One block of text, in page order."""

    kind: SegmentKind
    text: str


class ContactKind(StrEnum):
    """Identifiers found in text (shared/policy/operators.yaml)."""

    PHONE = "phone"
    TEL400 = "tel400"
    LANDLINE = "landline"
    WECHAT = "wechat"
    QQ = "qq"
    EMAIL = "email"
    ICP = "icp"
    POLICE_RECORD = "police_record"
    CREDIT_CODE = "credit_code"


@dataclass(frozen=True, slots=True)
class Contact:
    """One identifier, normalised (digits only for numbers, lower case for mail)."""

    kind: ContactKind
    value: str


@dataclass(frozen=True, slots=True)
class Link:
    """One link out of a page."""

    url: str
    """Canonical absolute address."""
    anchor: str = ""
    """Its words, at most 200 characters."""
    place: SegmentKind = SegmentKind.MAIN
    nofollow: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """文档: the readable content of one snapshot (a feed's snapshot holds several)."""

    url: str
    """Address of this content: the page's own address, or a feed entry's permalink."""
    title: str
    text: str
    """What a reader sees of the content, blocks separated by newlines; offsets of findings count in it."""
    segments: tuple[Segment, ...]
    extractor: str
    """Name and version of what made it, e.g. ``html/1``."""
    platform: str = "web"
    """``web``, ``weixin``, ``weibo`` …"""
    account: str | None = None
    account_id: str | None = None
    published_at: datetime | None = None
    """Aware; None where the page does not say it."""
    published_raw: str | None = None
    """The site's own wording of the time."""
    images: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()
    has_form: bool = False
    """The page asks for input in the manner of a query (name, number, certificate …)."""
    embedded: bool = False
    """True for an entry of a container (feed): the page's own fetch wins over it."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """What one response holds: a verdict, its documents and the links to follow."""

    verdict: PageVerdict
    verdict_reason: str | None
    extractor: str
    platform: str
    documents: tuple[Document, ...]
    links: tuple[Link, ...]
    encoding: str | None = None
    """Character encoding used to read the bytes (WHATWG name)."""
