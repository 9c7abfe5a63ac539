"""研判队列 of the console: leads, their evidence and what is decided about them."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from console.lead_desk import (
    MOST_AT_ONCE,
    PAGE,
    Done,
    Download,
    KeptPicture,
    LeadChoices,
    LeadLine,
    LeadList,
    LeadQuery,
    Order,
    RelatedLine,
    RelatedPages,
    VersionLine,
    VersionText,
)
from domain.blacklist import ACCOUNT_PLATFORMS
from domain.directory import DirectoryCheck
from domain.errors import BadInput, EvidenceDamaged
from domain.lead import LeadState
from domain.lead_detail import LeadDetail
from domain.operator import LABELS
from zhengxun.jobs.reviewing import Decision, decide, decide_all, overdue_after, page_changes
from zhengxun.services import Services

if TYPE_CHECKING:
    from digest.words import Words
    from storage import Store
    from storage.leads import LeadFilter
    from zhengxun.directory.check import DirectoryChecker

#: Versions whose changes are shown, and related pages that are listed.
_VERSIONS, _RELATED = 20, 200
_PNG = b"\x89PNG\r\n\x1a\n"
_MAX_SCREENSHOT = 64 * 1024 * 1024


@dataclass(frozen=True)
class LeadDeskService:
    """Implements :class:`console.lead_desk.LeadDesk`."""

    services: Services
    store: Store

    @cached_property
    def words(self) -> Words:
        """Chinese names; read once."""
        from digest.templates import Templates
        from digest.words import Words

        return Words.load(Templates(self.services.settings.templates))

    def choices(self) -> LeadChoices:
        """Platforms that are watched, regions of targets, and users."""
        return LeadChoices(
            platforms=tuple((key, self.words.platform(key)) for key in ("web", *ACCOUNT_PLATFORMS)),
            regions=tuple(self.store.targets.regions()),
            owners=tuple(user.name for user in self.store.accounts.list() if not user.disabled),
        )

    def _filter(self, query: LeadQuery) -> LeadFilter:
        from storage.leads import LeadFilter

        return LeadFilter(
            review=query.review,
            presence=query.presence,
            level=query.level,
            platform=query.platform,
            region=query.region,
            owner=query.owner,
            target_id=query.target_id,
            overdue_since=self.services.clock() - overdue_after(self.services) if query.overdue else None,
        )

    def list(self, query: LeadQuery, page: int) -> LeadList:
        """See the protocol."""
        wanted = self._filter(query)
        lines = self.store.leads.list(wanted, limit=PAGE, offset=(page - 1) * PAGE)
        return LeadList(
            lines=tuple(
                LeadLine(
                    id=line.id,
                    version=line.version,
                    title=line.title,
                    page_url=line.page_url,
                    target_name=line.target_name,
                    level=line.level,
                    score=line.score,
                    platform=line.platform,
                    region=line.region,
                    account=line.account,
                    last_seen=line.last_seen,
                    state=line.state,
                    overdue=self.overdue(line.state),
                )
                for line in lines
            ),
            total=self.store.leads.count(wanted),
            page=page,
        )

    def first(self, query: LeadQuery) -> int | None:
        """See the protocol."""
        found = self.store.leads.list(self._filter(query), limit=1)
        return found[0].id if found else None

    def neighbours(self, lead_id: int, query: LeadQuery) -> tuple[int | None, int | None]:
        """See the protocol."""
        return self.store.leads.neighbours(lead_id, self._filter(query))

    def get(self, lead_id: int) -> LeadDetail:
        """See the protocol."""
        return self.store.leads.get(lead_id)

    @cached_property
    def _checker(self) -> DirectoryChecker:
        """Keeps the names of the lists ready."""
        from zhengxun.directory.check import checker_of

        return checker_of(self.services, self.store)

    def listed(self, detail: LeadDetail) -> DirectoryCheck:
        """See the protocol."""
        return self._checker.check(detail)

    def overdue(self, state: LeadState) -> bool:
        """See the protocol."""
        return state.overdue(self.services.clock(), overdue_after(self.services))

    def authorities(self, detail: LeadDetail) -> str:
        """See the protocol."""
        codes = frozenset(finding.behaviour for finding in detail.assessment.findings if finding.behaviour)
        return self.words.authorities_for(codes, detail.assessment.categories)

    def behaviour(self, code: str) -> str:
        """See the protocol."""
        return self.words.behaviour(code)

    def platform(self, key: str) -> str:
        """See the protocol."""
        return self.words.platform(key)

    def versions(self, lead_id: int) -> Sequence[VersionLine]:
        """See the protocol."""
        kept = self.store.leads.versions(lead_id, _VERSIONS)
        changes = {
            change.newer.snapshot_id: change.changes for change in page_changes(self.store, lead_id, _VERSIONS - 1)
        }
        return [
            VersionLine(
                version.snapshot_id,
                version.fetched_at,
                version.sha256,
                version.level,
                version.score,
                changes.get(version.snapshot_id),
            )
            for version in reversed(kept)
        ]

    def version_text(self, lead_id: int, snapshot_id: int) -> VersionText:
        """See the protocol."""
        for version in self.store.leads.versions(lead_id):
            if version.snapshot_id == snapshot_id:
                contacts = self.get(lead_id).document.contacts
                return VersionText(snapshot_id, version.fetched_at, version.title, version.text, contacts)
        raise BadInput(f"线索 {lead_id} 没有编号为 {snapshot_id} 的版本。")

    def original(self, lead_id: int, snapshot_id: int) -> str:
        """See the protocol."""
        from zhengxun.console_services.replay import harmless, page_bytes

        stored = next(
            (
                record
                for record in self.store.evidence.of_lead(lead_id).records
                if record.table == "snapshots" and record.id == snapshot_id
            ),
            None,
        )
        if stored is None:
            raise BadInput(f"线索 {lead_id} 没有编号为 {snapshot_id} 的版本。")
        snapshot = self.store.evidence.pages([snapshot_id])[snapshot_id]
        body, content_type = page_bytes(self.services.settings.evidence, stored, snapshot.content_type)
        return harmless(body, content_type)

    def screenshot(self, lead_id: int) -> bytes | None:
        """See the protocol."""
        path = self.get(lead_id).evidence.screenshot
        if path is None:
            return None
        file = self.services.settings.evidence / path
        try:
            if file.stat().st_size > _MAX_SCREENSHOT:
                raise EvidenceDamaged(f"线索 {lead_id} 的截图过大，不能在此显示。")
            content = file.read_bytes()
        except OSError:
            raise EvidenceDamaged(
                f"线索 {lead_id} 的截图文件缺失；请执行 zhengxun evidence verify 核验证据。"
            ) from None
        if not content.startswith(_PNG) or hashlib.sha256(content).hexdigest() != Path(path).stem:
            raise EvidenceDamaged(f"线索 {lead_id} 的截图与保存时的校验值不符，没有显示；请核验证据。")
        return content

    def picture(self, lead_id: int, sha256: str) -> KeptPicture | None:
        """See the protocol."""
        from zhengxun.console_services.kept_pictures import kept_picture

        return kept_picture(self.store, self.services.settings.evidence, self.get(lead_id), sha256)

    def related(self, lead_id: int) -> RelatedPages:
        """See the protocol."""
        found = self.store.operators.related(lead_id, _RELATED)
        shown = found.pages
        versions = self.store.leads.seen_versions([page.lead_id for page in shown if page.lead_id is not None])
        listing = found.operator
        return RelatedPages(
            operator_id=listing.id if listing else None,
            operator=listing.title if listing else "",
            identifiers=tuple(
                (LABELS[known.contact.kind], known.contact.masked, known.pages) for known in listing.identifiers
            )
            if listing
            else (),
            lines=tuple(
                RelatedLine(
                    url=page.url,
                    title=page.title,
                    reasons=page.reasons,
                    lead_id=page.lead_id,
                    version=versions.get(page.lead_id) if page.lead_id is not None else None,
                    review=page.review,
                    presence=page.presence,
                    level=page.level,
                    in_operator=page.in_operator,
                )
                for page in shown
            ),
            total=max(found.pages_total, len(found.pages)),
        )

    def decide(self, lead_id: int, order: Order, version: int) -> LeadState:
        """See the protocol."""
        return decide(self.services, self.store, lead_id, _decision(order), expected_version=version)

    def decide_many(self, leads: Sequence[tuple[int, int]], order: Order) -> Sequence[Done]:
        """See the protocol."""
        _check_number(len(leads))
        done = decide_all(self.services, self.store, [lead_id for lead_id, _ in leads], _decision(order), dict(leads))
        return [Done(one.lead_id, one.state, str(one.error) if one.error else None) for one in done]

    def letter(self, leads: Sequence[int], authority: str, number: str) -> Download:
        """See the protocol."""
        paper, _ = self._papers(leads, authority, number)
        return paper

    def ledger(self, leads: Sequence[int]) -> Download:
        """See the protocol."""
        _, ledger = self._papers(leads, "", "")
        return ledger

    def _papers(self, leads: Sequence[int], authority: str, number: str) -> tuple[Download, Download]:
        from zhengxun.jobs.papers import write_papers

        _check_number(len(leads))
        with tempfile.TemporaryDirectory(prefix="zhengxun-papers-") as folder:
            paper, ledger = write_papers(
                self.services, self.store, leads, Path(folder), authority=authority, letter=number
            )
            return (
                Download(paper.name, DOCX, paper.read_bytes()),
                Download(ledger.name, XLSX, ledger.read_bytes()),
            )


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _decision(order: Order) -> Decision:
    return Decision(order.kind, order.actor, order.reason, order.code, order.details)


def _check_number(leads: int) -> None:
    if not leads:
        raise BadInput("没有选择线索；请先在列表中勾选。")
    if leads > MOST_AT_ONCE:
        raise BadInput(f"一次最多处理 {MOST_AT_ONCE} 条线索，选择了 {leads} 条；请分几次。")
