"""The daily digest: built once, frozen, numbered, and written as files as often as asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from domain.digest import Digest
from domain.errors import BadInput
from zhengxun.clock import SHANGHAI, day_of
from zhengxun.jobs.reviewing import overdue_after
from zhengxun.services import Services

if TYPE_CHECKING:
    from storage import Store

#: Days that are caught up at most after an outage. Older ones would be read by nobody, and `digest --date` builds them.
MAX_CATCH_UP_DAYS = 31


@dataclass(frozen=True, slots=True)
class DigestReport:
    """One digest and its files."""

    digest: Digest
    created: bool
    """False: the day had been frozen already and only the files were written."""
    files: tuple[Path, ...]


def make_digest(
    services: Services,
    *,
    day: date | None = None,
    formats: Sequence[str] | None = None,
    out_dir: Path | None = None,
    cutoff: datetime | None = None,
) -> DigestReport:
    """Digest of ``day`` (default: today in Asia/Shanghai) under the lock ``digest``, written as files.

    A day that was frozen before is written as it was. ``cutoff``: state to report (default: now, and for a past day its
    end). A day to come raises :class:`BadInput`.
    """
    from digest.writing import write
    from zhengxun.thumbnails import Thumbnails

    settings = services.settings
    today = day_of(services.clock())
    wanted = day or today
    if wanted > today:
        raise BadInput(f"{wanted} 还没有到，不能生成当日简报。")
    with services.store() as store, services.lock("digest"):
        kept = store.digests.frozen(wanted)
        created = kept is None
        if kept is None:
            kept = _build(services, store, wanted, cutoff or _default_cutoff(services, wanted))
        with Thumbnails(store, settings.evidence) as thumbnail:
            files = write(
                kept,
                formats or settings.digest_formats,
                out_dir or settings.digests,
                settings.templates,
                thumbnail,
                thumbnail.screenshot,
            )
    return DigestReport(kept, created, tuple(files))


def _default_cutoff(services: Services, day: date) -> datetime:
    end = datetime.combine(day + timedelta(days=1), time(), SHANGHAI)
    return min(services.clock(), (end - timedelta(microseconds=1)).astimezone(services.clock().tzinfo))


def _build(services: Services, store: Store, day: date, cutoff: datetime) -> Digest:
    from digest.builder import build
    from digest.measures import MeasureTable
    from digest.templates import Templates

    number = store.digests.next_number(day)
    measures = MeasureTable.load(Templates(services.settings.templates))
    late = overdue_after(services)
    return store.digests.freeze(build(store.digests, day, cutoff, number, services.rule_pack, measures, late))


def missing_days(services: Services, store: Store) -> list[tuple[date, datetime]]:
    """Days whose digest should exist by now and does not, oldest first, each with its cutoff.

    Today counts from the digest's time on. Earlier days count from the day after the newest digest, so that an outage
    leaves no gap in the series; before the first digest there is nothing to catch up.
    """
    now = services.clock()
    today = day_of(now)
    at = services.settings.digest_time
    due_today = now >= datetime.combine(today, at, SHANGHAI)
    listed = store.digests.list()
    have = {listing.date for listing in listed}
    days = []
    if listed:
        first = max(listed[0].date + timedelta(days=1), today - timedelta(days=MAX_CATCH_UP_DAYS))
        days = [first + timedelta(days=offset) for offset in range((today - first).days)]
    missing = [(day, datetime.combine(day, at, SHANGHAI).astimezone(now.tzinfo)) for day in days if day not in have]
    if due_today and today not in have:
        missing.append((today, now))
    return missing


def missing_files(services: Services, store: Store) -> bool:
    """Whether today's digest is frozen but not all of its files are there (a full disk, a crash in between)."""
    settings = services.settings
    today = day_of(services.clock())
    if not any(listing.date == today for listing in store.digests.list()[:1]):
        return False
    return not all(
        (settings.digests / f"digest-{today.isoformat()}.{name}").exists() for name in settings.digest_formats
    )
