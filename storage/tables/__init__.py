"""Typed ORM models, one module per group of tables; :class:`~storage.tables.base.Base` knows them all."""

from __future__ import annotations

from storage.tables.accounts import (
    AuditRow,
    AuthenticatorRow,
    LoginFailureRow,
    RecoveryCodeRow,
    SessionRow,
    UserRow,
)
from storage.tables.base import Base
from storage.tables.cases import (
    BlacklistEventRow,
    DigestIssueRow,
    DigestItemRow,
    DigestNumberRow,
    DigestRow,
    LeadEventRow,
    LeadRow,
)
from storage.tables.content import (
    AssessmentRow,
    CaptureRow,
    DocumentRow,
    FindingRow,
    PageRow,
    RejudgingRow,
    SnapshotRow,
)
from storage.tables.crawl import (
    CrawlRequestRow,
    CrawlRunRow,
    CrawlRunTargetRow,
    HostTurnRow,
    RobotsOverrideRow,
    TargetRow,
)
from storage.tables.deliveries import DeliveryEventRow, DeliveryRow
from storage.tables.discovery import ProposalEventRow, ProposalRow
from storage.tables.evidence import EvidenceChainCopyRow, EvidenceLinkRow
from storage.tables.health import HealthEventRow, RunOutcomeRow
from storage.tables.intake import IntakeItemRow, IntakeRow
from storage.tables.operators import (
    IdentifierPartyRow,
    IdentifierRow,
    IdentifierSiteRow,
    LeadRelationRow,
    LinkingRow,
    NearTextRow,
    OccurrenceRow,
    OperatorDecisionPageRow,
    OperatorDecisionRow,
    OperatorIdentifierRow,
    OperatorPageRow,
    OperatorRow,
    TextKeyRow,
    TextPrintRow,
)
from storage.tables.pictures import PicturePageRow, PictureReadingRow

#: Tables whose rows are never changed and never deleted: triggers of the database refuse it.
APPEND_ONLY: tuple[str, ...] = (
    "target_robots_overrides",
    "snapshots",
    "captures",
    "evidence_links",
    "lead_events",
    "blacklist_events",
    "digests",
    "digest_items",
    "digest_issues",
    "digest_numbers",
    "intakes",
    "intake_items",
    "operator_decisions",
    "operator_decision_pages",
    "lead_relations",
    "audit_log",
    "picture_readings",
    "health_events",
    "deliveries",
    "delivery_events",
    "proposals",
    "proposal_events",
)

__all__ = [
    "APPEND_ONLY",
    "AssessmentRow",
    "AuditRow",
    "AuthenticatorRow",
    "Base",
    "BlacklistEventRow",
    "CaptureRow",
    "CrawlRequestRow",
    "CrawlRunRow",
    "CrawlRunTargetRow",
    "DeliveryEventRow",
    "DeliveryRow",
    "DigestIssueRow",
    "DigestItemRow",
    "DigestNumberRow",
    "DigestRow",
    "DocumentRow",
    "EvidenceChainCopyRow",
    "EvidenceLinkRow",
    "FindingRow",
    "HealthEventRow",
    "HostTurnRow",
    "IdentifierPartyRow",
    "IdentifierRow",
    "IdentifierSiteRow",
    "IntakeItemRow",
    "IntakeRow",
    "LeadEventRow",
    "LeadRelationRow",
    "LeadRow",
    "LinkingRow",
    "LoginFailureRow",
    "NearTextRow",
    "OccurrenceRow",
    "OperatorDecisionPageRow",
    "OperatorDecisionRow",
    "OperatorIdentifierRow",
    "OperatorPageRow",
    "OperatorRow",
    "PageRow",
    "PicturePageRow",
    "PictureReadingRow",
    "ProposalEventRow",
    "ProposalRow",
    "RecoveryCodeRow",
    "RejudgingRow",
    "RobotsOverrideRow",
    "RunOutcomeRow",
    "SessionRow",
    "SnapshotRow",
    "TargetRow",
    "TextKeyRow",
    "TextPrintRow",
    "UserRow",
]
