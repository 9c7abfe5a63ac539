"""主体: who runs pages, as far as shared identifiers and words show it. We say 疑似同一主体; who it is, others establish.

An identifier joins pages by its strength. A *strong* one (mobile, 微信, QQ, 备案主体号, 统一社会信用代码 …) joins by itself. A
*medium* one (statistics account, customer service, institution's name, landline …) is copied with templates and shared by
agents: two of different kinds join (what stands in the page source counts as one kind), or one that readers see together
with near-duplicate text, or one on the same site where only one side has a strong identifier. One that stands on pages
of too many others is *common* (a platform's hotline, a template vendor's account) and joins nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.assessment import Speaker
from domain.document import Contact, ContactKind, ContactSource, Document, SegmentKind

#: Kinds of which one shared value joins pages.
STRONG = frozenset(
    {
        ContactKind.PHONE,
        ContactKind.TEL400,
        ContactKind.WECHAT,
        ContactKind.QQ,
        ContactKind.QQ_GROUP,
        ContactKind.QR,
        ContactKind.ACCOUNT,
        ContactKind.ICP,
        ContactKind.CREDIT_CODE,
    }
)
#: Kinds that tell one party from another: several on pages of one identifier say that it belongs to none of them.
PARTY = frozenset({ContactKind.PHONE, ContactKind.WECHAT, ContactKind.QQ})
#: Kinds that belong to a site as a whole; on a page that somebody posted they are the platform's.
OF_SITE = frozenset(
    {
        ContactKind.ICP,
        ContactKind.POLICE_RECORD,
        ContactKind.STATISTICS,
        ContactKind.SERVICE,
        ContactKind.CREDIT_CODE,
        ContactKind.ORGANISATION,
        ContactKind.TEL400,
        ContactKind.LANDLINE,
    }
)
#: Of a weak kind's class that only the page source shows: it comes with a template, and so does the text.
SOURCE_CLASS = "source"
_NUMBERS = frozenset({ContactKind.PHONE, ContactKind.LANDLINE, ContactKind.TEL400, ContactKind.WECHAT})
#: A page with more numbers of one kind is a directory of others.
MAX_NUMBERS = 8
#: Less sure identifiers (a name that is only mentioned) join nothing.
SURE = 0.65
#: Longest value that is kept; QR codes hold anything.
MAX_VALUE = 400

_MOBILE = re.compile(r"1[3-9]\d{9}")
_QQ_MAIL = re.compile(r"([1-9]\d{4,10})@qq\.com")
_ICP_SITE = re.compile(r"号-.*$")
_INSTITUTION = re.compile(r"[一-鿿（）]{3,26}(?:公司|学校|培训中心|教育中心|研究院|协会|学会|事务所)")
#: Numbers of authorities and emergency, and what templates and examples carry; they belong to nobody.
_NOBODYS = frozenset(
    [
        *("13800138000", "10000", "10010", "10086", "12345678", "123456789", "1234567890", "4001234567", "4000000000"),
        *("110", "114", "119", "120", "12110", "12309", "12315", "12321", "12333", "12345", "12377", "12388"),
        *("123456@qq.com", "example@qq.com", "admin@admin.com", "admin@qq.com", "test@qq.com"),
    ]
)


class Ground(StrEnum):
    """Why a page stands with an operator."""

    IDENTIFIER = "identifier"
    """It shares a strong identifier."""
    IDENTIFIERS = "identifiers"
    """It shares weaker identifiers of two kinds, or one on the same site and nothing speaks against it."""
    SAME_TEXT = "same_text"
    """Near-duplicate text and a weaker identifier."""
    SITE = "site"
    """It has no identifier of its own and stands on a site of this operator alone."""
    REVIEWER = "reviewer"
    """A reviewer said so."""
    OWN = "own"
    """It is the first of its operator."""

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return {
            "identifier": "标识相同",
            "identifiers": "多项标识相同",
            "same_text": "文案近似且标识相同",
            "site": "同一网站",
            "reviewer": "人工合并",
            "own": "首个页面",
        }[self.value]


class DecisionKind(StrEnum):
    """What reviewers decide about operators; append-only, and they stay in force when pages are linked again."""

    MERGE = "merge"
    SPLIT = "split"
    EXCLUDE = "exclude"
    """An identifier joins nothing."""
    INCLUDE = "include"
    """An excluded identifier counts again."""

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return {"merge": "合并", "split": "拆分", "exclude": "标识不再用于归并", "include": "标识恢复用于归并"}[
            self.value
        ]


@dataclass(frozen=True, slots=True)
class LinkLimits:
    """How widely an identifier may occur before it joins nothing."""

    max_sites: int = 30
    """Distinct registrable domains and platform accounts."""
    max_parties: int = 6
    """Distinct other mobiles (or 微信, or QQ) that stand on the same pages."""

    def common(self, sites: int, parties: int) -> bool:
        """Whether an identifier with these counts belongs to no single operator."""
        return sites > self.max_sites or parties > self.max_parties


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer decided."""

    id: int
    kind: DecisionKind
    actor: str
    reason: str | None
    at: datetime
    operator_id: int | None
    other_id: int | None
    """Operator that was merged in, or that was split off."""
    identifier: Contact | None = None


def weak_class(kind: ContactKind) -> str:
    """What counts as one ground: statistics and customer service both come with the template of a site's maker."""
    return SOURCE_CLASS if kind in (ContactKind.STATISTICS, ContactKind.SERVICE) else kind.value


def posted(document: Document) -> bool:
    """Whether somebody posted it on a platform or forum that others run."""
    return document.platform != "web" or document.extractor.startswith("forum_thread")


def identities(document: Document) -> tuple[Contact, ...]:
    """The identifiers of whoever runs or posts ``document``, in one spelling each; none of a directory of others."""
    found: dict[tuple[ContactKind, str], Contact] = {}
    foreign = posted(document)
    own = [contact for contact in document.contacts if not (foreign and _of_platform(document, contact))]
    if foreign:
        # Replies below a posting are other people's words, unless only they hold any number.
        mine = [contact for contact in own if _kind_of_segment(document, contact) is not SegmentKind.COMMENT]
        own = mine or own
    for contact in own:
        for identity in _spellings(contact):
            if identity.confidence >= SURE and not nobodys(identity):
                found.setdefault((identity.kind, identity.value), identity)
    account = document.account_id
    if account and document.platform != "web":
        value = f"{document.platform}:{account}"[:MAX_VALUE]
        found.setdefault((ContactKind.ACCOUNT, value), Contact(ContactKind.ACCOUNT, value))
    name = document.account or ""
    if not foreign and _INSTITUTION.fullmatch(name):
        found.setdefault((ContactKind.ORGANISATION, name), Contact(ContactKind.ORGANISATION, name, confidence=0.8))
    for kind in _NUMBERS:
        if sum(identity.kind is kind for identity in found.values()) > MAX_NUMBERS:
            return ()
    return tuple(found.values())


def nobodys(contact: Contact) -> bool:
    """Whether it is a public number or a template's example."""
    if contact.value in _NOBODYS:
        return True
    digits = "".join(c for c in contact.value if c.isdigit())
    return contact.kind in (ContactKind.ICP, ContactKind.POLICE_RECORD) and len(set(digits)) <= 1


def speaks_for_others(speaker: Speaker) -> bool:
    """Whether what such a page names are other people's identifiers (a warning, a report)."""
    return speaker in (Speaker.AUTHORITY, Speaker.MEDIA)


def shares(contact: Contact, label: str) -> str:
    """The ground in Chinese: ``两页都写有手机 138****1234``; ``label``: Chinese name of the kind."""
    if contact.source is ContactSource.SOURCE:
        return f"两页源代码都有{label} {contact.masked}"
    return f"两页都写有{label} {contact.masked}"


def _of_platform(document: Document, contact: Contact) -> bool:
    if contact.source is ContactSource.SOURCE or contact.kind in OF_SITE - {ContactKind.TEL400, ContactKind.LANDLINE}:
        return True
    return _kind_of_segment(document, contact) in (SegmentKind.FOOTER, SegmentKind.NAV, SegmentKind.SIDEBAR)


def _kind_of_segment(document: Document, contact: Contact) -> SegmentKind | None:
    if contact.segment is None or contact.segment >= len(document.segments):
        return None
    return document.segments[contact.segment].kind


def _spellings(contact: Contact) -> Iterator[Contact]:
    """One identifier as it is compared: a 微信 that is a mobile counts as the mobile, a QQ mail as the QQ too."""
    value = contact.value[:MAX_VALUE]
    if contact.kind is ContactKind.WECHAT and _MOBILE.fullmatch(value):
        yield replace(contact, kind=ContactKind.PHONE)
        return
    if contact.kind is ContactKind.ICP:
        # The main number names who filed; what follows it only counts his sites.
        yield replace(contact, value=_ICP_SITE.sub("号", value))
        return
    yield replace(contact, value=value)
    if contact.kind is ContactKind.EMAIL and (match := _QQ_MAIL.fullmatch(value)):
        yield replace(contact, kind=ContactKind.QQ, value=match[1])


#: Chinese names of kinds for grounds and lists.
LABELS: dict[ContactKind, str] = {
    ContactKind.PHONE: "手机",
    ContactKind.TEL400: "400 电话",
    ContactKind.LANDLINE: "座机",
    ContactKind.WECHAT: "微信",
    ContactKind.QQ: "QQ",
    ContactKind.QQ_GROUP: "QQ 群",
    ContactKind.EMAIL: "邮箱",
    ContactKind.ICP: "ICP 备案号",
    ContactKind.POLICE_RECORD: "公安备案号",
    ContactKind.CREDIT_CODE: "统一社会信用代码",
    ContactKind.ORGANISATION: "机构名称",
    ContactKind.QR: "二维码内容",
    ContactKind.ACCOUNT: "平台账号",
    ContactKind.STATISTICS: "统计代码",
    ContactKind.SERVICE: "在线客服",
}
_RANK = {kind: rank for rank, kind in enumerate(LABELS)}


def ordered(contacts: Iterable[Contact]) -> list[Contact]:
    """Identifiers as people read them: numbers first, source codes last."""
    return sorted(contacts, key=lambda contact: (_RANK[contact.kind], contact.value))
