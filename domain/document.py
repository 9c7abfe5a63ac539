"""文档: what one page, post or feed entry says, who says it, and where it leads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.picture import PictureRef


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
    picture: PictureRef | None = None
    """Only with kind ``picture``: where the words stand, line by line."""


class ContactKind(StrEnum):
    """Identifiers of whoever runs a page (shared/policy/operators.yaml)."""

    PHONE = "phone"
    TEL400 = "tel400"
    LANDLINE = "landline"
    WECHAT = "wechat"
    QQ = "qq"
    QQ_GROUP = "qq_group"
    EMAIL = "email"
    ICP = "icp"
    POLICE_RECORD = "police_record"
    CREDIT_CODE = "credit_code"
    ORGANISATION = "organisation"
    """Full name of an institution (…有限公司, …培训学校 …)."""
    QR = "qr"
    """What a QR code in a picture says."""
    ACCOUNT = "account"
    """An account on a platform, ``weibo:1000000000``."""
    STATISTICS = "statistics"
    """Account of a visitor statistics service in the page source, ``baidu:…``."""
    SERVICE = "service"
    """Account of an online customer service in the page source, ``53kf:…``."""


class ContactSource(StrEnum):
    """Where on the page an identifier stands."""

    TEXT = "text"
    LINK = "link"
    """``tel:``, ``mailto:`` and message links."""
    SOURCE = "source"
    """The page source: scripts and addresses that no reader sees."""
    PICTURE = "picture"


#: Kinds that may point to a natural person; where they are only shown, they are masked.
PERSONAL = frozenset(
    {ContactKind.PHONE, ContactKind.WECHAT, ContactKind.QQ, ContactKind.QQ_GROUP, ContactKind.EMAIL, ContactKind.QR}
)


@dataclass(frozen=True, slots=True)
class Contact:
    """One identifier, normalised (digits only for numbers, lower case for mail)."""

    kind: ContactKind
    value: str
    raw: str = ""
    """As it stands on the page, at most 80 characters; empty where it stands as ``value`` says."""
    source: ContactSource = ContactSource.TEXT
    segment: int | None = None
    """Which of the document's segments holds it; None where none does (title, account, page source)."""
    start: int | None = None
    """Where it begins in the segment (without one: in the title or account), in code points."""
    end: int | None = None
    confidence: float = 1.0
    """0 to 1: how sure it is that this is such an identifier (disguised numbers and unlabelled names are less sure)."""

    @property
    def masked(self) -> str:
        """The value as it may be shown (workflow.md 7: 手机 138****0000, 微信号首 2 末 2, 邮箱首字母).

        Numbers of organisations (400, landline, ICP, 公安备案, 统一社会信用代码) are public and stay whole.
        """
        if self.kind is ContactKind.PHONE:
            return _ends(self.value, 3, 4)
        if self.kind in (ContactKind.WECHAT, ContactKind.QQ, ContactKind.QQ_GROUP):
            return _ends(self.value, 2, 2)
        if self.kind is ContactKind.EMAIL:
            name, at, host = self.value.partition("@")
            return f"{name[:1]}***{at}{host}"
        if self.kind is ContactKind.QR:
            return _ends(self.value, 24, 2)
        return self.value


def _ends(value: str, head: int, tail: int) -> str:
    """First ``head`` and last ``tail`` characters; a value too short for that shows its first character only."""
    if len(value) <= head + tail:
        return value[:1] + "***"
    return f"{value[:head]}****{value[-tail:]}"


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
    """Addresses of its pictures, those of the content first; ``data:`` pictures as ``data:<type>;sha256=<hex>``."""
    links: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()
    has_form: bool = False
    """The page asks for input in the manner of a query (name, number, certificate …)."""
    embedded: bool = False
    """True for an entry of a container (feed): the page's own fetch wins over it."""
    aside_images: int = 0
    """How many of the last ``images`` stand outside of the content (navigation, side columns, footer). Not stored: only the
    comparison of two versions asks for it."""


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
