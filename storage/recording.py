"""Recording visits: everything a batch of finished requests leaves behind, in one transaction.

How the versions of a page are told apart:

- A page that was fetched itself goes by its snapshot's ``text_sha256``.
- A page that only a feed tells of goes by the hash of its entry. Once its own fetch has said something (read it, or
  found it gone), entries are kept as documents of the feed, but no longer speak for the page: a feed goes on
  listing what was taken down long ago.
- Between an entry and the page's first own version nothing can be compared, so that step is not an edit.

Rows are locked (PostgreSQL) requests first, then pages, then leads, each by id, and with ``key_share``: a reference to
a row, which every new snapshot, event and digest item makes, then does not have to wait, and cannot block. The end of
the evidence chain comes after all of these.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from domain.analysis import PageVisit
from domain.crawl import Outcome, Purpose
from domain.intake import HANDED_IN, NOT_VISITED
from domain.lead_visit import Sight, Visit
from storage import picture_pages
from storage.batch import PageInBatch, Version, host_of, place_of
from storage.captures import NewCapture, write_captures
from storage.chain import chain_rows, lock_chain
from storage.content import NewContent, text_hash, write_documents, write_snapshots
from storage.dialects import insert_or_ignore
from storage.lead_state import PlanRank
from storage.page_rows import attach_leads, read_pages, write_back
from storage.sighting import answered, ground_of, sight_of
from storage.tables import (
    CrawlRequestRow,
    CrawlRunTargetRow,
    DocumentRow,
    PageRow,
)
from storage.types import key_of


def record(connection: Connection, visits: Sequence[PageVisit], confirm_after: timedelta, at: datetime) -> None:
    """Store the visits, with a link of the evidence chain that says ``at``; one whose request has an outcome already is passed over.

    A visit whose request was never planned raises :class:`ValueError`, and nothing of the batch is stored.
    """
    pending = _pending(connection, visits)
    if not pending:
        return
    batch = _Batch(connection, pending, confirm_after, at)
    batch.work_through()
    batch.write()


def _pending(connection: Connection, visits: Sequence[PageVisit]) -> list[tuple[Any, PageVisit]]:
    """Visits with the row of their planned request, once each, without those that are done."""
    row = CrawlRequestRow
    ids = [visit.outcome.request.id for visit in visits]
    if None in ids:
        raise ValueError("a visit's request has no id; record only requests that plan() or pending() returned")
    rows = connection.execute(
        select(row.id, row.run_id, row.target_id, row.outcome)
        .where(row.id.in_(ids))
        .order_by(row.id)
        .with_for_update(key_share=True)
    )
    planned = {request.id: request for request in rows}
    pending: dict[int, tuple[Any, PageVisit]] = {}
    for request_id, visit in zip(ids, visits, strict=True):
        if request_id not in planned:
            raise ValueError(f"request {request_id} ({visit.outcome.request.url}) was never planned")
        request = planned[request_id]
        if request.outcome is None:
            pending.setdefault(request.id, (request, visit))
    return list(pending.values())


class _Batch:
    """The rows a batch touches, from reading them to writing them back."""

    def __init__(
        self, connection: Connection, pending: Sequence[tuple[Any, PageVisit]], confirm_after: timedelta, at: datetime
    ) -> None:
        self._connection = connection
        self._pending = pending
        self._confirm_after = confirm_after
        self._at = at
        self._requests: list[dict[str, Any]] = []
        self._illustrated: set[int] = set()
        self._shown: dict[int, tuple[int, int] | None] = {}
        self._keys = {id(visit): key_of(visit.outcome.request.url) for _, visit in pending}
        self._pages = self._read_pages()
        self._entries = self._read_entries()
        attach_leads(self._connection, self._pages.values())

    # Reading

    def _read_pages(self) -> dict[bytes, PageInBatch]:
        wanted: dict[bytes, dict[str, Any] | None] = {}
        for request, visit in self._pending:
            key = self._keys[id(visit)]
            asked = visit.outcome.request
            new = _new_page(asked.url, request.target_id, visit) | {
                "purpose": asked.purpose.value,
                "depth": asked.depth,
                "via": asked.via,
                "anchor": asked.anchor,
            }
            # Only what is kept becomes a page; what failed from the first has its outcome, and that is all.
            wanted[key] = new if visit.snapshot is not None else wanted.get(key)
            if visit.outcome.reason == "moved" and visit.outcome.final_url:
                wanted.setdefault(key_of(visit.outcome.final_url), None)
            for judged in visit.documents:
                if judged.document.embedded:
                    wanted.setdefault(
                        key_of(judged.document.url), _new_page(judged.document.url, request.target_id, visit)
                    )
        found = read_pages(self._connection, PageRow.url_key, list(wanted))
        new_rows = [row for key, row in wanted.items() if row is not None and key not in found]
        if new_rows:
            self._connection.execute(insert_or_ignore(self._connection, PageRow, ["url_key"]), new_rows)
            found |= read_pages(self._connection, PageRow.url_key, [row["url_key"] for row in new_rows])
        return found

    def _read_entries(self) -> dict[int, list[PageInBatch]]:
        """For unchanged containers: the pages of the entries that the kept version lists, by snapshot."""
        kept = {
            page.snapshot_id
            for _, visit in self._pending
            if visit.outcome.outcome is Outcome.UNCHANGED
            and (page := self._pages.get(self._keys[id(visit)])) is not None
            and page.snapshot_id is not None
        }
        if not kept:
            return {}
        listed = self._connection.execute(
            select(DocumentRow.snapshot_id, DocumentRow.page_id)
            .where(DocumentRow.snapshot_id.in_(kept), DocumentRow.embedded.is_(True))
            .order_by(DocumentRow.id)
        ).all()
        if not listed:
            return {}
        by_id = {page.id: page for page in self._pages.values()}
        missing = {page_id for _, page_id in listed if page_id not in by_id}
        if missing:
            for key, page in read_pages(self._connection, PageRow.id, sorted(missing)).items():
                self._pages[key] = by_id[page.id] = page
        entries: dict[int, list[PageInBatch]] = {}
        for snapshot_id, page_id in dict.fromkeys((row.snapshot_id, row.page_id) for row in listed):
            entries.setdefault(snapshot_id, []).append(by_id[page_id])
        return entries

    # Working through

    def work_through(self) -> None:
        """Write the new content, then let each visit act on its page and lead, in order."""
        contents = [
            NewContent(request.id, self._page(visit).id, visit, visit.snapshot, self._document_pages(visit))
            for request, visit in self._pending
            if visit.snapshot is not None
        ]
        if contents or any(visit.captures for _, visit in self._pending):
            lock_chain(self._connection)
        snapshots = write_snapshots(self._connection, contents)
        captures = write_captures(self._connection, _captures(self._pending, snapshots))
        chain_rows(self._connection, snapshots.values(), captures, self._at)
        versions = write_documents(self._connection, contents, snapshots)
        self._illustrated = {
            versions[request.id, position].document_id
            for request, visit in self._pending
            for position, judged in enumerate(visit.documents)
            if judged.document.images
        }
        for request, visit in self._pending:
            page = self._pages.get(self._keys[id(visit)])
            sight = self._visit_page(page, request, visit, snapshots.get(request.id), versions)
            self._visit_entries(page, request, visit, versions)
            self._requests.append(_outcome_columns(request.id, visit, sight, page))

    def _page(self, visit: PageVisit) -> PageInBatch:
        return self._pages[self._keys[id(visit)]]

    def _document_pages(self, visit: PageVisit) -> list[int]:
        return [
            self._pages[key_of(judged.document.url)].id if judged.document.embedded else self._page(visit).id
            for judged in visit.documents
        ]

    def _visit_page(
        self,
        page: PageInBatch | None,
        request: Any,
        visit: PageVisit,
        snapshot_id: int | None,
        versions: dict[tuple[int, int], Version],
    ) -> Sight | None:
        at = visit.outcome.at
        if _is_picture(visit):
            return None  # also where its address is a page's: it was asked for as a picture
        if page is None:
            return sight_of(visit, None)
        version: Version | None = None
        changed = False
        if snapshot_id is not None and visit.snapshot is not None:
            version = self._speaking(page, request.id, visit, versions)
            changed = page.snapshot_id is not None and page.text_sha256 != visit.snapshot.text_sha256
            page.snapshot_id = snapshot_id
            self._renew(page, version, visit.snapshot.text_sha256, changed)
            asked = visit.outcome.request
            page.purpose, page.depth = asked.purpose.value, asked.depth
            page.via, page.anchor = asked.via or page.via, asked.anchor or page.anchor
        kept = page.snapshot_id is not None
        sight = sight_of(visit, page.flagged if kept else None)
        if sight is None:
            return None
        moved_to = self._stands_elsewhere(page, visit)
        if moved_to is not None:
            sight = Sight.VIOLATING
        page.asked(at, answered=sight is not Sight.NOT_SEEN)
        if sight is Sight.GONE:
            page.gone_since = page.gone_since or at
        elif sight is not Sight.NOT_SEEN:
            page.read(at)
        if sight is Sight.NOT_SEEN and not kept and at - page.last_seen < self._confirm_after:
            # Kept out of a page that a feed showed just now: the feed's look counts.
            return sight
        if sight is Sight.CLEAN and self._waits_for_pictures(page):
            return sight  # the lead hears of this version once its pictures have been read
        page.visit(
            Visit(
                sight=sight,
                at=at,
                text_changed=changed,
                snapshot_id=page.snapshot_id if sight in (Sight.VIOLATING, Sight.CLEAN) else None,
                reason=f"页面已转到 {moved_to}，违规内容仍在" if moved_to else ground_of(visit, sight),
                answered=answered(visit),
            ),
            version if version and version.flagged else None,
            request.run_id,
            self._confirm_after,
        )
        return sight

    def _stands_elsewhere(self, page: PageInBatch, visit: PageVisit) -> str | None:
        """Where a flagged page stands now that its address leads to: under the other scheme or ``www.``, or word for word.

        Such a page has been renamed, not taken down. A page that leads to the site's front page, or to any other, is gone.
        """
        leads_to = visit.outcome.final_url
        if visit.outcome.reason != "moved" or not leads_to or not page.flagged:
            return None
        other = self._pages.get(key_of(leads_to))
        if other is None or other is page or not other.flagged or other.gone_since is not None:
            return None
        same = other.text_sha256 == page.text_sha256 or place_of(other.url) == place_of(page.url)
        return leads_to if same else None

    def _speaking(
        self, page: PageInBatch, request_id: int, visit: PageVisit, versions: dict[tuple[int, int], Version]
    ) -> Version | None:
        """The document that speaks for the page: the one that scores highest, the first among equals."""
        own = [
            versions[request_id, position]
            for position, judged in enumerate(visit.documents)
            if not judged.document.embedded or self._pages[key_of(judged.document.url)] is page
        ]
        return max(own, key=lambda version: (version.flagged, version.score), default=None)

    def _visit_entries(
        self, page: PageInBatch | None, request: Any, visit: PageVisit, versions: dict[tuple[int, int], Version]
    ) -> None:
        at = visit.outcome.at
        if visit.outcome.request.purpose is Purpose.SITE_CHECK:
            return
        if visit.outcome.outcome is Outcome.UNCHANGED and page is not None and page.snapshot_id is not None:
            for entry in self._entries.get(page.snapshot_id, ()):
                if entry is not page and entry.answered_at is None:
                    entry.read(at)
                    if entry.flagged:
                        self._flag_entry(entry, request, visit, None, changed=False, snapshot_id=page.snapshot_id)
            return
        for position, judged in enumerate(visit.documents):
            if not judged.document.embedded:
                continue
            entry = self._pages[key_of(judged.document.url)]
            if entry is page or entry.answered_at is not None:
                continue
            version = versions[request.id, position]
            text = text_hash(judged.document)
            changed = entry.document_id is not None and entry.text_sha256 != text
            self._renew(entry, version, text, changed)
            entry.read(at)
            if version.flagged:
                self._flag_entry(entry, request, visit, version, changed=changed, snapshot_id=version.snapshot_id)

    def _flag_entry(
        self,
        entry: PageInBatch,
        request: Any,
        visit: PageVisit,
        version: Version | None,
        *,
        changed: bool,
        snapshot_id: int,
    ) -> None:
        at = visit.outcome.at
        sight = Visit(Sight.VIOLATING, at, text_changed=changed, snapshot_id=snapshot_id)
        entry.visit(sight, version, request.run_id, self._confirm_after)
        if visit.outcome.reason == HANDED_IN:
            # Somebody saved it; nobody says that it stands there now.
            entry.visit(Visit(Sight.NOT_SEEN, at, reason=NOT_VISITED), None, request.run_id, self._confirm_after)

    def _renew(self, page: PageInBatch, version: Version | None, text_sha256: str, changed: bool) -> None:
        """A newer version speaks for the page; its pictures are to be read, where it shows any."""
        page.renew(version, text_sha256, changed)
        illustrated = version is not None and version.document_id in self._illustrated
        self._shown[page.id] = (version.document_id, version.snapshot_id) if version and illustrated else None

    def _waits_for_pictures(self, page: PageInBatch) -> bool:
        """Whether the page's claims stood in pictures, and this version's pictures have not been read yet."""
        lead = page.lead
        if lead is None or not lead.state.open or page.snapshot_id is None:
            return False
        if page.id in self._shown:
            unread = self._shown[page.id] is not None
        else:
            unread = picture_pages.is_unread(self._connection, page.id)
        return unread and picture_pages.rests_on_picture(self._connection, lead.assessment_id)

    # Writing

    def write(self) -> None:
        """Write back leads with their events, pages, outcomes and counters."""
        write_back(self._connection, list(self._pages.values()))
        self._connection.execute(
            update(CrawlRequestRow).where(CrawlRequestRow.id == bindparam("row_id")),
            self._requests,
        )
        pages = (request for request, visit in self._pending if not _is_picture(visit))
        count_requests(self._connection, "done", ((request.run_id, request.target_id) for request in pages))
        picture_pages.note(self._connection, self._shown)


def _is_picture(visit: PageVisit) -> bool:
    return visit.outcome.request.purpose is Purpose.PICTURE


def count_requests(connection: Connection, counter: str, targets: Iterable[tuple[int, int]]) -> None:
    """Add one to a counter of ``crawl_run_targets`` for each (run, target) pair given."""
    counted = Counter(targets)
    if not counted:
        return
    column = CrawlRunTargetRow.__table__.c[counter]
    connection.execute(
        update(CrawlRunTargetRow)
        .where(CrawlRunTargetRow.run_id == bindparam("run"), CrawlRunTargetRow.target_id == bindparam("target"))
        .values({counter: column + bindparam("more")}),
        [{"run": run_id, "target": target_id, "more": more} for (run_id, target_id), more in counted.items()],
    )


def _captures(pending: Sequence[tuple[Any, PageVisit]], snapshots: Mapping[int, int]) -> list[NewCapture]:
    """What the visits kept beside their answers, each with the snapshot it belongs to."""
    found = []
    for request, visit in pending:
        own = snapshots.get(request.id)
        owners = visit.captures_of or ((own,) if own is not None else ())
        if visit.captures and not owners:
            raise ValueError(f"the captures of {visit.outcome.request.url} belong to no snapshot")
        found += [NewCapture(owner, capture) for owner in owners for capture in visit.captures]
    return found


def _new_page(url: str, target_id: int, visit: PageVisit) -> dict[str, Any]:
    """Row of a page that is kept from now on; the visit fills in the rest at the end of its batch."""
    at = visit.outcome.at
    return {
        "url_key": key_of(url),
        "url": url,
        "host": host_of(url),
        "target_id": target_id,
        "purpose": "page",
        "depth": 1,
        "via": visit.outcome.request.url,
        "anchor": None,
        "plan_rank": int(PlanRank.NOT_PLANNED),
        "flagged": False,
        "first_seen": at,
        "last_seen": at,
        "last_checked": at,
        "times_seen": 0,
        "times_changed": 0,
        "text_sha256": "",
    }


def _outcome_columns(
    request_id: int, visit: PageVisit, sight: Sight | None, page: PageInBatch | None
) -> dict[str, Any]:
    outcome = visit.outcome
    return {
        "row_id": request_id,
        "outcome": outcome.outcome.value,
        "at": outcome.at,
        "sight": sight.value if sight else None,
        "page_id": page.id if page else None,
        "status": outcome.status,
        "reason": outcome.reason,
        "bytes_received": outcome.bytes_received,
        "detail": outcome.detail,
        "final_url": outcome.final_url,
    }
