"""Pages and their leads for one batch of work: read and locked at its beginning, written back at its end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from storage.batch import LeadInBatch, PageInBatch
from storage.dialects import portions
from storage.lead_state import event_columns
from storage.tables import LeadEventRow, LeadRow, PageRow
from storage.targets import scope_hosts


def read_pages(connection: Connection, column: Any, values: Sequence[Any]) -> dict[bytes, PageInBatch]:
    """Pages whose ``column`` is among ``values``, by key, locked by id as all writers do; leads are not attached."""
    return {
        row.url_key: PageInBatch.from_row(row)
        for portion in portions(values)
        for row in connection.execute(
            select(*PageRow.__table__.c).where(column.in_(portion)).order_by(PageRow.id).with_for_update(key_share=True)
        )
    }


def attach_leads(connection: Connection, pages: Iterable[PageInBatch]) -> None:
    """Give each page its lead, where it has one; locked after the pages, by id."""
    by_id = {page.id: page for page in pages}
    for portion in portions(sorted(by_id)):
        rows = connection.execute(
            select(*LeadRow.__table__.c)
            .where(LeadRow.page_id.in_(portion))
            .order_by(LeadRow.id)
            .with_for_update(key_share=True)
        )
        for row in rows:
            by_id[row.page_id].lead = LeadInBatch.from_row(row)


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
        event_columns(event) | {"lead_id": lead.id, "run_id": run_id}
        for _, lead in touched
        for event, run_id in lead.events
    ]
    if events:
        connection.execute(insert(LeadEventRow), events)
