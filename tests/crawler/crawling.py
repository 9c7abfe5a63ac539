"""What crawl tests share: a quick reader of pages in place of extraction, and one call that crawls and returns the books."""

from __future__ import annotations

import hashlib
import os
import re
import ssl
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import crawler
from crawler.addresses import canonical
from crawler.memory_ledger import MemoryLedger
from crawler.settings import CrawlSettings
from domain.analysis import PageAnalysis
from domain.assessment import Assessment, Level, Speaker
from domain.crawl import CrawlOutcome, FetchedPage
from domain.document import Document, Extraction, Link, PageVerdict, Segment, SegmentKind
from domain.target import Budget, Scope, Target, TargetKind
from tests.web import Site

_NONE = Assessment(0.0, Level.NONE, (), (), Speaker.UNKNOWN, (), "test")
_LINK = re.compile(r'<a href="([^"]*)"[^>]*>([^<]*)</a>')
_VERDICT = re.compile(r"verdict:([a-z_0-9]+)")
_TAG = re.compile(r"<[^>]*>")


def read_simply(page: FetchedPage) -> PageAnalysis:
    """Title, text and links by pattern; obeys ``verdict:…``, ``slow-read``, ``kill-worker``, ``stall-worker``, ``raise-error``."""
    text = page.body.decode("utf-8", "replace")
    if "kill-worker" in text:
        os._exit(9)
    if "stall-worker" in text:
        time.sleep(600)
    if "slow-read" in text:
        time.sleep(0.5)
    if "raise-error" in text:
        raise RuntimeError("this page cannot be read")
    links = tuple(
        Link(url, anchor)
        for href, anchor in _LINK.findall(text)
        if (url := canonical(href, page.final_url)) is not None
    )
    told = _VERDICT.search(text)
    verdict = PageVerdict(told[1]) if told else PageVerdict.OK
    words = _TAG.sub("\n", text.partition("<body>")[2] or text).strip()
    documents = (
        (Document(page.url, "页面", words, (Segment(SegmentKind.MAIN, words),), "test/1"),)
        if verdict is PageVerdict.OK
        else ()
    )
    extraction = Extraction(verdict, None, "test/1", "web", documents, links)
    return PageAnalysis(extraction, (_NONE,) * len(documents), hashlib.sha256(words.encode()).hexdigest())


def now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


def target_of(site: Site, number: int = 1, path: str = "/", **fields: Any) -> Target:
    """A target for a test site; ``budget`` and other fields may be given."""
    budget = fields.pop("budget", Budget())
    scope = fields.pop("scope", Scope((site.host,)))
    kind = fields.pop("kind", TargetKind.WEBSITE)
    return Target(number, site.host, site.url + path, kind, "0 6 * * *", scope, budget, **fields)


def settings_for(folder: Path, **fields: Any) -> CrawlSettings:
    """Settings for loopback: no pause, short limits."""
    usual: dict[str, Any] = {
        "delay": 0.0,
        "allow_networks": ("127.0.0.0/8",),
        "timeout": 5.0,
        "retry_wait": 0.01,
        "workers": 1,
        "sitemaps": False,
    }
    return CrawlSettings(folder, **(usual | fields))


def crawl(
    targets: Sequence[Target],
    folder: Path,
    *,
    ledger: MemoryLedger | None = None,
    run_id: int = 1,
    analyse: Any = read_simply,
    **fields: Any,
) -> MemoryLedger:
    """Crawl with a ledger in memory and return it."""
    ledger = ledger or MemoryLedger(now)
    done = crawler.run(targets, ledger, analyse, settings_for(folder, **fields), run_id, clock=now)
    assert done
    return ledger


def outcomes(ledger: MemoryLedger, run_id: int = 1) -> dict[str, CrawlOutcome]:
    """Outcome by path and query of the request's address; each request has exactly one."""
    found = {}
    for visit in ledger.visits.values():
        request = visit.outcome.request
        if request.run_id == run_id:
            found["/" + request.url.split("/", 3)[3]] = visit.outcome
    assert all(request.id in ledger.visits for request in ledger.requests.values() if request.run_id == run_id)
    return found


def ends(ledger: MemoryLedger, run_id: int = 1) -> dict[str, tuple[str, str | None]]:
    """(outcome, reason) by path."""
    return {path: (one.outcome.value, one.reason) for path, one in outcomes(ledger, run_id).items()}


def distrusted_tls(folder: Path) -> ssl.SSLContext:
    """A server's TLS settings with a certificate that nobody trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nobody.test")])
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(pem)
    return made
