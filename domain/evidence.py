"""证据: what was kept beside a page's own answer, and how each thing kept is named and found again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.crawl import WarcRef


class CaptureKind(StrEnum):
    """What a capture shows."""

    SCREENSHOT = "screenshot"
    """Picture of the whole page as a browser shows it; always PNG."""
    DOM = "dom"
    """The document as the browser had built it, serialised as HTML."""
    NETWORK_LOG = "network_log"
    """What the browser fetched while it showed the page."""
    PICTURE = "picture"
    """A picture that the page shows, as its own server sent it."""
    MHTML = "mhtml"
    """The page with its parts in one file."""
    UPLOAD = "upload"
    """A file that a person handed in."""

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return _LABELS[self]


_LABELS = {
    CaptureKind.SCREENSHOT: "整页截图",
    CaptureKind.DOM: "渲染后的网页源码",
    CaptureKind.NETWORK_LOG: "浏览器网络记录",
    CaptureKind.PICTURE: "网页图片",
    CaptureKind.MHTML: "网页归档",
    CaptureKind.UPLOAD: "人工提交的文件",
}


@dataclass(frozen=True, slots=True)
class Capture:
    """取证件: one thing kept with a snapshot. Immutable; its bytes lie in a WARC record."""

    kind: CaptureKind
    url: str
    """What it shows: the page's canonical address, for a picture its own, for an upload the name of the file."""
    taken_at: datetime
    content_type: str
    sha256: str
    """Hex SHA-256 of its bytes; of a picture as received, before decompression."""
    size: int
    """Length of those bytes."""
    warc: WarcRef
    width: int | None = None
    """Pixels; None for what is no picture, or one that could not be read."""
    height: int | None = None
    id: int | None = None
    """Given by the store."""


@dataclass(frozen=True, slots=True)
class UncapturedPage:
    """A lead's flagged version that lacks a capture of some kind."""

    lead_id: int
    snapshot_id: int
    url: str
    """Canonical address of the lead's page."""
    final_url: str
    """Where the snapshot's answer came from: the feed's address where only a feed tells of the page."""
    fetched_at: datetime
    warc: WarcRef
    """The snapshot's response, which the capture's record is to refer to."""
    text_sha256: str
    """Of the snapshot: a page with the same one says the same."""


def screenshot_file(sha256: str) -> str:
    """Path of an extracted screenshot, relative to the evidence folder: its name is the hash of its bytes."""
    return f"screenshots/{sha256[:2]}/{sha256}.png"


class EvidenceState(StrEnum):
    """What verification says of one piece of evidence."""

    VERIFIED = "verified"
    """There, and exactly as it was kept."""
    ALTERED = "altered"
    MISSING = "missing"
    UNVERIFIABLE = "unverifiable"
    """It could not be looked at, or there is nothing to compare it with. Never counted as verified."""
    EXPIRED = "expired"
    """Removed because the time for which it is kept ran out, as the chain says. No fault, and not counted as verified."""

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return _STATE_LABELS[self]

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong with it."""
        return self in (EvidenceState.VERIFIED, EvidenceState.EXPIRED)


_STATE_LABELS = {
    EvidenceState.VERIFIED: "已核验",
    EvidenceState.ALTERED: "被改动",
    EvidenceState.MISSING: "缺失",
    EvidenceState.UNVERIFIABLE: "无法核验",
    EvidenceState.EXPIRED: "按保存期限清理",
}


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A row that says what lies in a WARC record."""

    table: str
    """``snapshots`` or ``captures``."""
    id: int
    snapshot_id: int
    kind: str
    """A :class:`CaptureKind` value, or ``page`` for a page's own answer; as text, because the row may have been altered."""
    url: str
    sha256: str
    """Of the payload."""
    size: int
    warc: WarcRef

    @property
    def name(self) -> str:
        """How people are told of it."""
        if self.table == "snapshots":
            return f"网页快照 {self.id}"
        labels = {kind.value: kind.label for kind in CaptureKind}
        return f"{labels.get(self.kind, '取证件')} {self.id}"


@dataclass(frozen=True, slots=True)
class LeadEvidence:
    """Everything that is kept of one lead's page."""

    lead_id: int
    url: str
    title: str
    target: str
    records: tuple[StoredRecord, ...]
    """All versions of the page, oldest first, each followed by what was kept with it."""
