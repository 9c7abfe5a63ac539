"""One lead with all that belongs to it, as people are shown it and as papers are made of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.assessment import Assessment
from domain.digest import EvidenceBrief
from domain.document import Document
from domain.intake import Provenance
from domain.lead import Lead, Review


@dataclass(frozen=True, slots=True)
class LeadDetail:
    """One lead with all that belongs to it; document, assessment and evidence of the last flagged version."""

    lead: Lead
    version: int
    """Pass it to :meth:`Leads.append` as ``expected_version``: the decision rests on what was shown."""
    target_name: str
    region: str | None
    document: Document
    assessment: Assessment
    contexts: tuple[str, ...]
    """For each of ``assessment.findings``: the quote with up to 40 characters either side, one line."""
    final_url: str
    last_seen: datetime
    evidence: EvidenceBrief
    provenance: tuple[Provenance, ...] = ()
    """Where the page's content or address came from, as far as people handed it in; oldest first."""


@dataclass(frozen=True, slots=True)
class HitLead:
    """A lead that a rule hit, in one line of the rule's page."""

    lead_id: int
    title: str
    quote: str
    review: Review
