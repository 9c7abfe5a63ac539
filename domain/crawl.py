"""采集: what is asked of the web, how each request ended, and where the proof lies."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """采集结果: every planned request ends in exactly one of these."""

    OK = "ok"
    """Fetched, and new or changed: a snapshot was kept."""
    UNCHANGED = "unchanged"
    """304, or the same bytes, or the same visible text as the version that is kept."""
    ROBOTS = "robots"
    """robots.txt forbids it, or could not be read although the host answered with a server error (RFC 9309, 2.3.1.4)."""
    BLOCKED = "blocked"
    """The site keeps us out: captcha, login wall, 风控, WAF, 401, 403, 429."""
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    """More bytes than allowed, received or after decompression; nothing of it is used."""
    EMPTY = "empty"
    """An answer without anything to read: blank shell, script-only page, soft 404, parked domain."""
    FAILED = "failed"
    """Everything else; ``reason`` says what (``http_404``, ``dns``, ``refused_address``, ``redirect_loop`` …)."""
    DEFERRED = "deferred"
    """Known, but not asked for in this run because the target's budget was used up."""

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return _OUTCOME_LABELS[self]


_OUTCOME_LABELS = {
    Outcome.OK: "已采集",
    Outcome.UNCHANGED: "未变化",
    Outcome.ROBOTS: "robots 禁止",
    Outcome.BLOCKED: "被拦截",
    Outcome.TIMEOUT: "超时",
    Outcome.TOO_LARGE: "超出大小上限",
    Outcome.EMPTY: "无可读内容",
    Outcome.FAILED: "失败",
    Outcome.DEFERRED: "超出预算，本次未采",
}


class Purpose(StrEnum):
    """Why a request is made."""

    PAGE = "page"
    FEED = "feed"
    SITEMAP = "sitemap"
    SITE_CHECK = "site_check"
    """Whether a site answers at all; nothing of it is kept."""
    PICTURE = "picture"
    """A picture of a page, to be read; ``via`` is the page. It may lie on any host (CDN)."""


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """What is kept of a page already, so that an unchanged page costs one 304 and no new snapshot."""

    snapshot_id: int
    sha256: str
    text_sha256: str
    etag: str | None = None
    last_modified: str | None = None
    rendered: bool = False
    """Its text is what scripts made of the answer: the same bytes may say something else today."""


@dataclass(frozen=True, slots=True)
class CrawlRequest:
    """One request that a run has planned; (run_id, url) is unique."""

    run_id: int
    target_id: int
    url: str
    """Canonical address: the identity of the page."""
    depth: int = 0
    priority: int = 0
    """Higher is fetched earlier."""
    purpose: Purpose = Purpose.PAGE
    via: str | None = None
    """Address of the page on which the link stood."""
    anchor: str | None = None
    """The link's own words."""
    known: KnownVersion | None = None
    id: int | None = None
    """Given by the store."""

    @property
    def host(self) -> str:
        """Lower-case host name without port: what politeness is counted by."""
        authority = self.url.split("/", 3)[2].rpartition("@")[2]
        if authority.startswith("["):
            return authority[1:].partition("]")[0].lower()
        return authority.partition(":")[0].lower()


@dataclass(frozen=True, slots=True)
class CrawlOutcome:
    """How one request ended."""

    request: CrawlRequest
    outcome: Outcome
    at: datetime
    status: int | None = None
    """HTTP status of the last answer, where there was one."""
    reason: str | None = None
    """Machine word for what happened, e.g. ``http_404``, ``captcha``, ``login_wall``, ``same_text``."""
    detail: str | None = None
    """One Chinese sentence for people."""
    final_url: str | None = None
    bytes_received: int = 0


@dataclass(frozen=True, slots=True)
class WarcRef:
    """Where a response record lies: file name relative to the evidence folder, byte offset and record id."""

    file: str
    offset: int
    record_id: str


@dataclass(frozen=True, slots=True)
class PageSnapshot:
    """页面快照: one fetched version of a page. Immutable; hashed before anything parsed it."""

    url: str
    final_url: str
    fetched_at: datetime
    status: int
    content_type: str | None
    sha256: str
    """Hex SHA-256 of the body's bytes as received, before decompression (transfer coding removed)."""
    size: int
    """Length of those bytes."""
    warc: WarcRef
    text_sha256: str
    """Hex SHA-256 of the extracted visible text: two versions with the same one say the same."""
    redirects: tuple[str, ...] = ()
    """Addresses gone through before ``final_url``, first to last."""
    etag: str | None = None
    last_modified: str | None = None
    ip_address: str | None = None
    id: int | None = None


class RunKind(StrEnum):
    """What a run visits: whole targets, or only the pages of leads."""

    CRAWL = "crawl"
    RECHECK = "recheck"


class RunState(StrEnum):
    """State of a crawl run; an ``interrupted`` run is one whose process ended before it could say so."""

    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class CrawlRun:
    """One run over some targets."""

    id: int
    started_at: datetime
    target_ids: tuple[int, ...]
    state: RunState
    finished_at: datetime | None = None
    kind: RunKind = RunKind.CRAWL


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run did, as ``crawl --json`` prints it."""

    run_id: int
    targets: int
    pages: dict[str, int]
    """Number of requests for pages per :class:`Outcome` value; outcomes that did not occur are left out."""
    snapshots_new: int
    leads_new: int
    leads_reopened: int
    failures: tuple[CrawlOutcome, ...]
    """Every page that ended in robots, blocked, timeout, too_large, empty or failed."""
    pictures: dict[str, int] = field(default_factory=dict)
    """Requests for pictures per :class:`Outcome` value; they are not among ``pages`` and ``failures``, because on most
    sites some picture is missing. The digest's coverage names those that could not be had."""


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """One answer as it goes to the worker process that reads it."""

    url: str
    """Canonical address asked for."""
    final_url: str
    status: int
    content_type: str | None
    body: bytes
    """Entity after decompression."""
    hosts: tuple[str, ...] = ()
    """Hosts of the target's scope."""
    rendered: bool = False
    """The body is a document that a browser made of the answer, not the answer itself."""
