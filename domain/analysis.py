"""What a worker process makes of one answer, and what one finished request hands to the store."""

from __future__ import annotations

from dataclasses import dataclass

from domain.assessment import Assessment
from domain.crawl import CrawlOutcome, PageSnapshot
from domain.document import Document, Extraction, PageVerdict
from domain.evidence import Capture


@dataclass(frozen=True, slots=True)
class PageAnalysis:
    """Extraction and assessments of one answer."""

    extraction: Extraction
    assessments: tuple[Assessment, ...]
    """One for each of ``extraction.documents``, in the same order; empty unless the verdict is ``ok``."""
    text_sha256: str
    """Hex SHA-256 over titles, texts and segment texts of all documents."""


@dataclass(frozen=True, slots=True)
class JudgedDocument:
    """A document and what the classifier said of it."""

    document: Document
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class PageVisit:
    """Everything one finished request leaves behind; stored in one transaction, or not at all."""

    outcome: CrawlOutcome
    verdict: PageVerdict | None = None
    """None where no answer was read (time-out, robots, 304 …)."""
    snapshot: PageSnapshot | None = None
    """Only with outcome ``ok``."""
    documents: tuple[JudgedDocument, ...] = ()
    """Of the snapshot; empty without one."""
    captures: tuple[Capture, ...] = ()
    """What was kept beside the answer: of the snapshot, or, where ``captures_of`` is given, of those."""
    captures_of: tuple[int, ...] = ()
    """Ids of stored snapshots that the captures belong to: a picture's own request has no snapshot."""
