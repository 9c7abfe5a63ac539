"""今日简报 of the console: frozen digests, counted once, written as files when asked."""

from __future__ import annotations

import tempfile
import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from console.brief_desk import ITEMS, Brief, BriefLine, Issued, Today
from console.lead_desk import Download
from domain.assessment import Category, Level
from domain.digest import Digest, DigestItem, DigestStatus
from domain.errors import BadInput
from domain.lead import Review
from zhengxun.clock import day_of
from zhengxun.console_services.leads import DOCX, XLSX
from zhengxun.jobs.reviewing import overdue_after
from zhengxun.services import Services

if TYPE_CHECKING:
    from digest.words import Words
    from storage import Store
    from storage.digest_issues import DigestIssue
    from storage.digests import DigestListing

_TYPES = {"html": "text/html; charset=utf-8", "docx": DOCX, "xlsx": XLSX, "json": "application/json"}
#: Digests that are held; they never change, and reading one of many thousand items takes longer than a person waits.
_HELD = 4


@dataclass(frozen=True)
class _Counted:
    """A frozen digest with what is counted of its items."""

    digest: Digest
    totals: tuple[tuple[str, str, int], ...]
    changed: int
    figures: dict[str, list[tuple[str, int]]]


@dataclass(frozen=True)
class BriefDeskService:
    """Implements :class:`console.brief_desk.BriefDesk`."""

    services: Services
    store: Store
    _held: OrderedDict[date, _Counted] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def words(self) -> Words:
        """Chinese names; read once."""
        from digest.templates import Templates
        from digest.words import Words

        return Words.load(Templates(self.services.settings.templates))

    def today(self) -> Today:
        """See the protocol."""
        now = self.services.clock()
        leads = self.store.leads
        return Today(
            day=day_of(now),
            new=leads.count(day=day_of(now)),
            pending=leads.count(review=Review.PENDING),
            overdue=leads.count(overdue_since=now - overdue_after(self.services)),
        )

    def archive(self) -> Sequence[BriefLine]:
        """See the protocol."""
        issues = self.store.digest_issues.by_day()
        return [_line(listing, issues.get(listing.date)) for listing in self.store.digests.list()]

    def _counted(self, day: date) -> _Counted:
        with self._lock:
            held = self._held.get(day)
            if held is not None:
                self._held.move_to_end(day)
                return held
        found = self.store.digests.frozen(day)
        if found is None:
            raise BadInput(f"{day} 没有生成过简报。")
        counted = self._count(found)
        with self._lock:
            self._held[day] = counted
            while len(self._held) > _HELD:
                self._held.popitem(last=False)
        return counted

    def _count(self, digest: Digest) -> _Counted:
        shown = [item for item in digest.items if item.status not in (DigestStatus.REMOVED, DigestStatus.CORRECTED)]
        count = Counter
        return _Counted(
            digest,
            totals=tuple((name, DigestStatus(name).label, number) for name, number in digest.totals.items()),
            changed=sum(item.changed for item in digest.items),
            figures={
                "categories": count(
                    f"{letter} {Category(letter).label}" for item in shown for letter in item.categories
                ).most_common(),
                "platforms": count(self.words.platform(item.platform) for item in shown).most_common(12),
                "regions": count(item.region or "未填地区" for item in shown).most_common(12),
                "levels": count(Level(item.level).label for item in shown).most_common(),
            },
        )

    def get(self, day: date) -> Brief:
        """See the protocol."""
        counted = self._counted(day)
        listing = self.store.digests.find(day)
        if listing is None:
            raise BadInput(f"{day} 没有生成过简报。")
        line = _line(listing, self.store.digest_issues.by_day().get(day))
        return Brief(
            line=line,
            totals=counted.totals,
            changed=counted.changed,
            coverage=counted.digest.coverage,
            figures=counted.figures,
        )

    def items(self, day: date, status: str, page: int) -> tuple[Sequence[DigestItem], int]:
        """See the protocol."""
        found = [item for item in self._counted(day).digest.items if not status or item.status.value == status]
        return found[(page - 1) * ITEMS : page * ITEMS], len(found)

    def file(self, day: date, form: str) -> Download:
        """See the protocol."""
        from digest.writing import write
        from zhengxun.thumbnails import Thumbnails

        if form not in _TYPES:
            raise BadInput(f"没有“{form[:10]}”这种格式；可下载 {'、'.join(_TYPES)}。")
        digest = self._counted(day).digest
        templates = self.services.settings.templates
        with tempfile.TemporaryDirectory(prefix="zhengxun-brief-") as folder:
            if any(finding.picture for item in digest.items for finding in item.findings) and form == "html":
                with Thumbnails(self.store, self.services.settings.evidence) as thumbnail:
                    (path,) = write(digest, [form], Path(folder), templates, thumbnail)
            else:
                (path,) = write(digest, [form], Path(folder), templates)
            return Download(path.name, _TYPES[form], path.read_bytes())

    def issue(self, day: date, by: str) -> Issued:
        """See the protocol."""
        self._counted(day)  # what no longer matches its hash is not issued
        done = self.store.digest_issues.add(day, by, self.services.clock())
        return Issued(done.issued_by, done.issued_at, done.sha256)


def _line(listing: DigestListing, issue: DigestIssue | None) -> BriefLine:
    return BriefLine(
        listing.date,
        listing.number,
        listing.generated_at,
        listing.items,
        listing.sha256,
        None if issue is None else Issued(issue.issued_by, issue.issued_at, issue.sha256),
    )
