"""Writing pages and leads back once a batch has worked on them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, insert, update

from storage.batch import LeadInBatch, PageInBatch
from storage.tables import LeadEventRow, LeadRow, PageRow
from storage.targets import scope_hosts


def write_back(connection: Connection, pages: Sequence[PageInBatch]) -> None:
    """Write what changed of ``pages``, their leads, and the events that the batch added."""
    _write_leads(connection, [(page, page.lead) for page in pages if page.lead is not None and page.lead.touched])
    touched = [page for page in pages if page.touched]
    if touched:
        hosts = scope_hosts(connection, {page.target_id for page in touched})
        connection.execute(
            update(PageRow).where(PageRow.id == bindparam("row_id")),
            [{"row_id": page.id} | page.columns(hosts[page.target_id]) for page in touched],
        )


def _write_leads(connection: Connection, touched: Sequence[tuple[PageInBatch, LeadInBatch]]) -> None:
    new = [(page, lead) for page, lead in touched if lead.id is None]
    ids: dict[int, int] = {}
    if new:
        rows = connection.execute(
            insert(LeadRow).returning(LeadRow.page_id, LeadRow.id),
            [lead.columns() | {"page_id": page.id, "target_id": lead.target_id} for page, lead in new],
        )
        ids = dict(rows.all())
        for page, lead in new:
            lead.id = ids[page.id]
    old = [lead for page, lead in touched if page.id not in ids]
    if old:
        connection.execute(
            update(LeadRow).where(LeadRow.id == bindparam("row_id")),
            [{"row_id": lead.id} | lead.columns() for lead in old],
        )
    events = [
        {
            "lead_id": lead.id,
            "kind": event.kind.value,
            "at": event.at,
            "actor": event.actor,
            "reason": event.reason,
            "snapshot_id": event.snapshot_id,
            "run_id": run_id,
        }
        for _, lead in touched
        for event, run_id in lead.events
    ]
    if events:
        connection.execute(insert(LeadEventRow), events)
