"""A post of a platform while its page object fills it, and the Extraction that comes of it.

What a reader of the platform sees is said in reading order; what a page object could not find is named, so that a
changed platform is a failure that says which field, and never an empty post.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs, urlsplit

from crawler.addresses import canonical, host_key, resolve
from crawler.extract.assemble import document, settle_regions
from crawler.extract.contacts import contacts_of
from crawler.extract.dates import from_epoch, parse_instant
from crawler.extract.json_reading import whole_text
from crawler.extract.lines import tidy
from crawler.extract.notices import notice_in
from crawler.extract.page import Page
from crawler.extract.source import Source
from crawler.extract.verdicts import content_length, judge
from crawler.extract.walk import read_page
from domain.document import READER_SEES, Document, Extraction, Link, PageVerdict, Segment, SegmentKind

TITLE_LENGTH = 200
#: Title made of a text that has none of its own.
LEAD_LENGTH = 60
#: Bounds for data that strangers filled.
MAX_SEGMENTS, MAX_IMAGES, MAX_POSTS = 20_000, 2_000, 500
#: Characters of HTML read into one post; the longest articles have some hundred thousand.
MAX_MARKUP = 3_000_000
#: A page with more words of its own than this is no notice.
_NOTICE_LENGTH = 400
_FRAME = frozenset({SegmentKind.NAV, SegmentKind.FOOTER, SegmentKind.COMMENT, SegmentKind.SIDEBAR})

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,2000}>")
_IMG = re.compile(r"<img\b([^<>]{0,3000})>", re.IGNORECASE)
_ALT = re.compile(r"\balt\s?=\s?(?:\"([^\"]{0,300})\"|'([^']{0,300})'|([^\s>\"']{1,100}))", re.IGNORECASE)
_IN_LINE = re.compile(r"emoji|emot|face|expression|eeimg|url-icon|sticker", re.IGNORECASE)
#: ``Tue May 28 10:11:12 +0800 2024``
_UNIX_DATE = re.compile(
    r"(?:[A-Z][a-z]{2})\s+([A-Z][a-z]{2})\s+(\d{1,2})\s+(\d{1,2}):(\d{2}):(\d{2})\s+([+-])(\d{2})(\d{2})\s+(\d{4})"
)
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
#: Addresses that only pass a reader on, by the parameter that says where to.
_PASSING_ON = {
    "weibo.cn": "u", "weibo.com": "url", "link.zhihu.com": "target", "jump2.bdimg.com": "url", "link.bilibili.com": "url",
    "link.toutiao.com": "target", "www.douyin.com": "target", "link.xiaohongshu.com": "target",
}  # fmt: skip


@dataclass(slots=True)
class Post:
    """One post, article, video or floor with its answers."""

    url: str
    """Its own address; the page's where the data does not tell."""
    platform: str
    extractor: str
    title: str = ""
    account: str = ""
    account_id: str = ""
    published_at: datetime | None = None
    published_raw: str = ""
    segments: list[Segment] = field(default_factory=list)
    images: dict[str, None] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    contact_refs: list[str] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)
    """Fields that the data should have and has not, most important first."""
    markup_read: int = 0
    """Characters of HTML read so far."""
    cut: bool = False
    """The platform shows only the beginning here; the rest has an address of its own."""
    text_alone: bool = False
    """The answer of such an address: it has no account and no time, and lacks nothing without them."""

    def say(self, text: object, kind: SegmentKind = SegmentKind.MAIN) -> None:
        """Add plain text, a segment a line."""
        if isinstance(text, str):
            for line in whole_text(text).splitlines():
                self._add(kind, tidy(line))

    def heading(self, title: str) -> None:
        """A title that the platform shows above the text."""
        self.title = tidy(title)[:TITLE_LENGTH]
        self.say(title)

    def markup(self, text: object, kind: SegmentKind = SegmentKind.MAIN, before: str = "") -> None:
        """Add text that may be HTML: its blocks in order, pictures in the line (emoji) as their words, links, pictures."""
        if not isinstance(text, str) or not text.strip():
            return
        if not _TAG.search(text):
            self.say(before + html.unescape(text), kind)
            return
        self.markup_read += len(text)
        if self.markup_read > MAX_MARKUP:
            # Elements of a hostile page that lie inside each other would be read again and again.
            self.lacking.append(f"text_beyond_{MAX_MARKUP}_characters")
            return
        page = read_page(html.escape(before) + _IMG.sub(_as_words, whole_text(text)), self.url)
        for block in page.blocks:
            plain = block.seen and block.kind is not SegmentKind.TABLE
            self._add(kind if plain else block.kind, block.text)
        for image in page.images:
            if image.startswith("data:") and len(self.images) < MAX_IMAGES:
                self.images.setdefault(image)
            else:
                self.picture(image)
        for link in page.links:
            self.link(link.url, link.anchor)
        self.contact_refs += page.contact_refs

    def comment(self, name: str, words: object) -> None:
        """Add what somebody wrote under the post, with the name that stands before it."""
        self.markup(words, SegmentKind.COMMENT, before=f"{tidy(name)}：" if name.strip() else "")

    def picture(self, url: object, words: object = "") -> None:
        """A picture with the words that stand for it (alt)."""
        address = resolve(whole_text(url), self.url) if isinstance(url, str) and url.strip() else None
        if address and len(self.images) < MAX_IMAGES:
            self.images.setdefault(address)
        if isinstance(words, str):
            self._add(SegmentKind.ALT, tidy(whole_text(words)))

    def link(self, url: object, words: str = "") -> None:
        """An address in the text; one that only passes on counts as where it leads."""
        address = canonical(destination(whole_text(url)), self.url) if isinstance(url, str) and url.strip() else None
        if address and address != self.url:
            self.links.setdefault(address, Link(address, tidy(words)[:TITLE_LENGTH]))

    def time(self, *values: object) -> None:
        """When it was published: the first value that reads as an instant, or else the first wording."""
        for value in values:
            instant = instant_of(value)
            if instant is not None:
                self.published_at, self.published_raw = instant, _raw(value)
                return
        self.published_raw = next((raw for value in values if (raw := _raw(value)) not in ("", "0")), "")

    def lead(self, labels: int = 0) -> None:
        """Take the beginning of the text for the title, where the platform has no titles. The first ``labels`` segments
        are none of the text, unless there is nothing else."""
        if not self.title:
            own = [s.text for s in self.segments[labels:] if s.kind is SegmentKind.MAIN]
            first = next(iter(own or [s.text for s in self.segments if s.kind is SegmentKind.MAIN]), "")
            self.title = first if len(first) <= LEAD_LENGTH else first[: LEAD_LENGTH - 1] + "…"

    def text(self) -> str:
        """What a reader sees."""
        return "\n".join(segment.text for segment in self.segments if segment.kind in READER_SEES)

    def missing(self) -> str | None:
        """The first field that should be there and is not."""
        if self.lacking:
            return self.lacking[0]
        if not self.account and not self.text_alone:
            return "account"
        if not self.published_at and not self.published_raw and not self.text_alone:
            return "published_at"
        own = any(s.kind in READER_SEES and s.kind is not SegmentKind.COMMENT for s in self.segments)
        return None if own or self.images else "text"

    def document(self, *, embedded: bool) -> Document:
        """The Document of what was found."""
        return Document(
            url=self.url,
            title=self.title[:TITLE_LENGTH],
            text=self.text(),
            segments=tuple(self.segments),
            extractor=self.extractor,
            platform=self.platform,
            account=self.account or None,
            account_id=self.account_id or None,
            published_at=self.published_at,
            published_raw=self.published_raw or None,
            images=tuple(self.images),
            links=tuple(self.links),
            contacts=contacts_of(self.segments, self.contact_refs, before=self.account),
            embedded=embedded,
        )

    def _add(self, kind: SegmentKind, text: str) -> None:
        if text and len(self.segments) < MAX_SEGMENTS:
            self.segments.append(Segment(kind, text))


def finished(source: Source, posts: Sequence[Post], *, embedded: bool = False) -> Extraction:
    """The Extraction of ``posts``; the first is the page's own, the others are embedded (``embedded``: all are, as in a list).

    FAILED with ``missing_field:<name>`` where the page's own post (or every one of a list) lacks a field. Its document
    (those of the list) then holds what was found, so that nothing read is lost, but a reader must not take it for the whole.
    """
    own = posts[0]
    faults = [post.missing() for post in posts]
    documents = [
        post.document(embedded=embedded or number > 0)
        for number, post in enumerate(posts[:MAX_POSTS])
        if faults[number] is None or ((number == 0 or (embedded and all(faults))) and post.text())
    ]
    links: dict[str, Link] = {}
    for post in posts:
        if post.url != source.url:
            links.setdefault(post.url, Link(post.url, post.title[:TITLE_LENGTH]))
        for url, link in post.links.items():
            links.setdefault(url, link)
    if source.kind == "html":
        for link in source.page.links:
            links.setdefault(link.url, link)
    links.pop(source.url, None)
    fault = faults[0] if not embedded or all(faults) else None
    reason = f"missing_field:{fault}" if fault else None
    if fault is None and own.cut:
        reason = "long_text_elsewhere"
    elif fault is None and embedded and any(faults):
        lacking = sum(1 for each in faults if each)
        reason = f"missing_field:{next(each for each in faults if each)} ({lacking} of {len(posts)})"
        documents = [made for made, each in zip(documents, faults, strict=False) if each is None] or documents
    return Extraction(
        PageVerdict.FAILED if fault else PageVerdict.OK,
        reason,
        own.extractor,
        own.platform,
        tuple(documents),
        tuple(links.values()),
        source.encoding,
    )


def whole(source: Source, posts: Sequence[Post]) -> bool:
    """Whether what was found at an address that is not the platform's is surely a post of it: the names of states and of
    their members are common words, and another site's page must not fail for want of them. A saved file may fail."""
    return bool(posts) and (is_host(source.url, "invalid") or posts[0].missing() is None)


def no_post(
    source: Source, extractor: str, platform: str, field_name: str, *, said: str = "", problem: str | None = None
) -> Extraction:
    """The Extraction of an answer of a platform in which no post was found.

    ``said`` are error messages of its data, ``field_name`` what was looked for, ``problem`` how reading it went
    (:class:`crawler.extract.embedded_state.State`). A notice, wall, check or shell is its verdict; anything else is
    FAILED with the field's name. Text that a reader sees nevertheless is kept in a document.
    """
    links: tuple[Link, ...] = ()
    documents: tuple[Document, ...] = ()
    judged = notice_in(said) if said else None
    if source.kind == "html":
        page = source.page
        settle_regions(page)
        links = tuple(page.links)
        if judged is None and content_length(page) < _NOTICE_LENGTH:
            judged = notice_in(_notice_words(page))
        if judged is None and problem == "cut_off":
            judged = PageVerdict.TRUNCATED, f"state_cut_off:{field_name}"
        if judged is None:
            verdict, reason = judge(page, has_query_form=False)
            # Data that was read makes a page no shell, however little it shows without its script.
            known = verdict is PageVerdict.OK or (verdict is PageVerdict.EMPTY and problem is None)
            judged = None if known else (verdict, reason or verdict.value)
        if judged is None and page.text():
            documents = (document(page, extractor=extractor, platform=platform, query_form=False),)
    if judged is None:
        kind = "state_unreadable" if problem == "unreadable" else "missing_field"
        judged = PageVerdict.FAILED, f"{kind}:{field_name}"
    return Extraction(judged[0], judged[1], extractor, platform, documents, links, source.encoding)


def _notice_words(page: Page) -> str:
    """What may be a notice: title and words of the page, without its frame where there is anything beside that."""
    shown = [block.text for block in page.blocks if block.seen]
    own = [block.text for block in page.blocks if block.seen and block.kind not in _FRAME]
    return "\n".join([page.title_tag, *(own or shown)])


def is_host(url: str, *names: str) -> bool:
    """Whether the address is at one of the names or below it."""
    host = host_key(url).partition(":")[0]
    return any(host == name or host.endswith("." + name) for name in names)


def path_of(url: str) -> str:
    """The path of an address."""
    return urlsplit(url).path


def address(page_url: str, own: str, hosts: tuple[str, ...], path: re.Pattern[str]) -> str:
    """The address of a page's post: the page's, unless that is unknown (a saved file) or that of an interface of the
    platform, which no reader opens. A page of this structure at another host is that host's page."""
    unknown = is_host(page_url, "invalid")
    interface = is_host(page_url, *hosts) and path.search(path_of(page_url)) is None
    return own if own and (unknown or interface) else page_url


def destination(url: str) -> str:
    """Where an address leads that only passes readers on (``link.zhihu.com/?target=…``)."""
    if "?" not in url:
        return url
    try:
        parts = urlsplit(url)
        name = _PASSING_ON.get(parts.netloc.lower())
        target = parse_qs(parts.query, max_num_fields=50).get(name or "", [""])[0]
    except ValueError:
        return url
    return target if target.startswith(("http://", "https://")) else url


def instant_of(value: object) -> datetime | None:
    """Seconds or milliseconds since 1970, ISO and Chinese dates, and ``Tue May 28 10:11:12 +0800 2024``."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return from_epoch(value / 1000 if value > 100_000_000_000 else value)
    if not isinstance(value, str):
        return None
    match = _UNIX_DATE.search(value[:80])
    if match is None:
        return parse_instant(value)
    month, day, hour, minute, second, sign, hours, minutes, year = match.groups()
    if month not in _MONTHS:
        return None
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    try:
        zone = timezone(offset if sign == "+" else -offset)
        return datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=zone)
    except ValueError:
        return None


def joined(words: Iterable[str], separator: str = " ") -> str:
    """The words that are not blank, once each, in order."""
    return separator.join(dict.fromkeys(word for word in words if word.strip()))


def _raw(value: object) -> str:
    if isinstance(value, str):
        return tidy(whole_text(value))[:100]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _as_words(match: re.Match[str]) -> str:
    """A picture that stands for a word (emoji, formula) becomes it; other pictures stay."""
    attributes = match[1]
    alt = _ALT.search(attributes)
    words = next((group for group in alt.groups() if group), "") if alt else ""
    if words and (_IN_LINE.search(attributes) or (words[0] == "[" and words[-1] == "]")):
        return words
    return match[0]
