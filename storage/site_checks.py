"""Telling a page that is gone from a site that is down: after a run, by what its requests say of whole sites.

A site counts as down in a run when the page of a lead and the site's start page both got no sensible answer, while at
least one other site answered in the same run: with nobody answering it is our own line that is cut, and nothing is
said. The first such look leaves the lead unverifiable with that ground; once it has lasted, the site counts as shut down.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine, or_, select

from domain.crawl import Purpose
from domain.lead_visit import Sight, Visit
from storage.batch import host_of
from storage.engine import reading, writing
from storage.page_rows import attach_leads, read_pages, write_back
from storage.sighting import SILENT_REASONS
from storage.tables import CrawlRequestRow, LeadRow, PageRow, TargetRow
from storage.types import key_of

#: Answered requests looked at for one of another site.
_ANSWERS = 500


def settle_sites(engine: Engine, run_id: int, shut_after: timedelta) -> int:
    """Let the leads whose whole site was down in a run have that ground; return how many.

    ``shut_after``: how long a site must have been down to count as shut down. Doing it again adds nothing twice.
    """
    with reading(engine) as connection:
        silent = _silent_sites(connection, run_id)
    if not silent:
        return 0
    with writing(engine) as connection:
        pages = read_pages(connection, PageRow.id, sorted(silent))
        attach_leads(connection, pages.values())
        changed = 0
        for page in pages.values():
            if page.lead is None:
                continue
            before = page.lead.version
            at, ground = silent[page.id]
            page.visit(Visit(Sight.SITE_DOWN, at, reason=ground), None, run_id, shut_after)
            changed += page.lead.version != before
        write_back(connection, list(pages.values()))
    return changed


def _silent_sites(connection: Connection, run_id: int) -> dict[int, tuple[Any, str]]:
    """Pages of leads whose whole site was down, by page id: when they were looked at, and the ground."""
    request = CrawlRequestRow
    rows = connection.execute(
        select(request.url, request.at, request.page_id, request.target_id, TargetRow.url.label("start"))
        .join(LeadRow, LeadRow.page_id == request.page_id)
        .join(TargetRow, TargetRow.id == request.target_id)
        .where(request.run_id == run_id, request.sight == Sight.NOT_SEEN.value, _silent())
    ).all()
    if not rows:
        return {}
    roots = {key_of(address): host_of(address) for row in rows for address in _starts(row)}
    down: dict[str, str] = {}
    up: set[str] = set()
    for url_key, reason, detail in connection.execute(
        select(request.url_key, request.reason, request.detail).where(
            request.run_id == run_id, request.url_key.in_(roots), request.outcome.is_not(None)
        )
    ):
        if reason in SILENT_REASONS or (reason or "").startswith("http_5"):
            down[roots[url_key]] = (detail or "").rstrip("。")
        else:
            up.add(roots[url_key])
    elsewhere = _hosts_that_answered(connection, run_id)
    found = {}
    for row in rows:
        host = host_of(row.url)
        if host in down and host not in up and elsewhere - {host}:
            found[row.page_id] = (row.at, f"整站无法访问（首页：{down[host]}）")
    return found


def _starts(row: Any) -> Sequence[str]:
    """Addresses that speak for the site of a page: its host's root, and its target's start where that is on the host."""
    host = host_of(row.url)
    root = f"{row.url.partition('://')[0]}://{host}/"
    return (root, row.start) if host_of(row.start) == host else (root,)


def _silent() -> Any:
    return or_(CrawlRequestRow.reason.in_(SILENT_REASONS), CrawlRequestRow.reason.startswith("http_5", autoescape=True))


def _hosts_that_answered(connection: Connection, run_id: int) -> set[str]:
    request = CrawlRequestRow
    urls = connection.execute(
        select(request.url)
        .where(
            request.run_id == run_id,
            request.status.is_not(None),
            request.status < 500,
            request.purpose != Purpose.SITEMAP.value,
        )
        .order_by(request.id.desc())
        .limit(_ANSWERS)
    ).scalars()
    return {host_of(url) for url in urls}
