"""A store with real evidence: pages, redirects, pictures and screenshots, written as the crawler writes them."""

from __future__ import annotations

import io
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw
from sqlalchemy import create_engine

from crawler.captures import keep, keep_picture
from crawler.exchange import Exchange, Resource
from crawler.warc import WarcWriter
from domain.analysis import PageVisit
from domain.crawl import CrawlOutcome, CrawlRequest, Outcome, PageSnapshot
from domain.document import PageVerdict
from domain.evidence import CaptureKind
from domain.target import Scope, TargetKind
from storage import Store, default_url, migrate
from tests.storage.build import AD, judged, sha256
from zhengxun.services import Services
from zhengxun.settings import Settings

NOON = datetime(2026, 11, 24, 4, 30, tzinfo=UTC)
SITE = "http://peixun.example"
ABOUT = (("software", "zhengxun 0.1.0 (Python 3.11, Linux)"), ("hostname", "yunwei-1"), ("ip", "203.0.113.9 太原联通"))
PIXEL = bytes(range(256)) * 4


def png(number: int = 0) -> bytes:
    """A small picture of a page; another one for each number."""
    picture = Image.new("RGB", (120, 200), "white")
    ImageDraw.Draw(picture).rectangle((10, 10, 30 + number, 60), fill="black")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def services_at(folder: Path, **settings: object) -> Services:
    """Services over a fresh data directory."""
    services = Services(Settings(data_dir=folder, **settings), lambda: NOON)  # type: ignore[arg-type]
    if "database_url" not in settings and not (folder / "zhengxun.db").exists():
        # Migrating takes half a second, copying what was migrated nothing.
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "zhengxun.db").write_bytes(_migrated())
    services.settings.evidence.mkdir(parents=True, exist_ok=True)
    return services


@cache
def _migrated() -> bytes:
    """An empty database, set up."""
    with tempfile.TemporaryDirectory() as name:
        url = default_url(Path(name))
        migrate(url)
        engine = create_engine(url)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()
        return (Path(name) / "zhengxun.db").read_bytes()


def answer(url: str, body: bytes, content_type: str = "text/html; charset=utf-8", status: int = 200) -> Exchange:
    """An answer as the transfer layer hands it over."""
    headers = ((b"Content-Type", content_type.encode()),)
    return Exchange(url, status, headers, body, ((b"User-Agent", b"ZhengxunBot"),), NOON, "192.0.2.7")


def fill(
    store: Store, folder: Path, pages: int = 3, *, text: str = AD, close: bool = True, day: int = 0, run_id: int = 0
) -> WarcWriter:
    """One crawl of so many flagged pages, each with a redirect before it, a picture and a screenshot."""
    target, _ = store.targets.add(
        name="某网站",
        url=SITE + "/",
        kind=TargetKind.WEBSITE,
        schedule="0 8 * * *",
        scope=Scope(("peixun.example",)),
        region="太原",
    )
    run = store.begin_run([target.id])
    at = NOON + timedelta(days=day)
    writer = WarcWriter(folder, run_id or run.id, 10**8, lambda: at, ABOUT)
    ledger = store.ledger()
    planned = ledger.plan([CrawlRequest(run.id, target.id, f"{SITE}/{page}") for page in range(pages)])
    for number, request in enumerate(planned):
        ledger.record([visit(writer, request, number, text)])
    if close:
        writer.close()
        store.finish_run(run.id)
    return writer


def visit(writer: WarcWriter, request: CrawlRequest, number: int, text: str = AD, *, shot: bool = True) -> PageVisit:
    """What the recorder makes of one page."""
    html = (
        f"<html><head><meta charset=utf-8><title>考证服务</title></head><body><p>{text} {number}</p>"
        f"<img src=/{number}.jpg></body></html>".encode()
    )
    final = f"{request.url}?from=m"
    moved = replace(
        answer(request.url, b"", status=302), headers=((b"Location", final.encode()), (b"Content-Type", b"text/html"))
    )
    page = answer(final, html)
    ref = writer.write([moved, page])
    picture = keep_picture(writer, f"{SITE}/{number}.jpg", (answer(f"{SITE}/{number}.jpg", PIXEL, "image/jpeg"),))
    captures = [picture]
    if shot:
        resource = Resource(CaptureKind.SCREENSHOT, request.url, page.fetched_at, "image/png", png(number), 120, 200)
        captures.insert(0, keep(writer, resource, ref))
    writer.sync()
    snapshot = PageSnapshot(
        url=request.url,
        final_url=final,
        fetched_at=page.fetched_at,
        status=200,
        content_type=page.header("Content-Type"),
        sha256=page.sha256(),
        size=len(html),
        warc=ref,
        text_sha256=sha256(f"{text} {number}"),
        redirects=(request.url,),
        ip_address=page.ip_address,
    )
    outcome = CrawlOutcome(request, Outcome.OK, page.fetched_at, 200, final_url=final)
    return PageVisit(outcome, PageVerdict.OK, snapshot, (judged(request.url, text),), tuple(captures))
