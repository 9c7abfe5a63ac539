"""What reviewers made of the leads that each rule hit (CAPABILITIES 39)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, distinct, exists, func, literal, select

from domain.lead import Review
from domain.lead_detail import HitLead
from storage.engine import reading
from storage.tables import DocumentRow, FindingRow, LeadRow

#: Newest leads among which examples of a rule are looked for: nobody waits for a rule that hit once years ago.
_RECENT = 20_000


@dataclass(frozen=True, slots=True)
class RuleVerdicts:
    """Counted over the assessment on which each lead rests now; exempted hits do not count."""

    engine: Engine

    def counts(self) -> dict[tuple[str, Review], int]:
        """(rule, verdict) → leads. Reads every finding of every lead: half a second of the processor with 10⁵ leads."""
        statement = (
            select(FindingRow.rule_id, LeadRow.review, func.count(distinct(LeadRow.id)))
            .join_from(LeadRow, FindingRow, FindingRow.assessment_id == LeadRow.assessment_id)
            .where(FindingRow.exempted.is_(False))
            .group_by(FindingRow.rule_id, LeadRow.review)
        )
        with reading(self.engine) as connection:
            return {
                (rule_id, Review(review)): number for rule_id, review, number in connection.execute(statement).all()
            }

    def leads(self, rule_id: str, reviews: Sequence[Review], limit: int) -> list[HitLead]:
        """The newest leads that the rule hit with one of these verdicts, among the last 20,000 leads."""
        with reading(self.engine) as connection:
            newest = connection.execute(select(func.max(LeadRow.id))).scalar() or 0
            hits = (
                FindingRow.assessment_id == LeadRow.assessment_id,
                FindingRow.rule_id == rule_id,
                FindingRow.exempted.is_(False),
            )
            # Of an expression SQLite does not go by the verdict, which half of all leads may share: by id, newest first,
            # it ends at the eighth.
            review = func.coalesce(LeadRow.review, "")
            rows = connection.execute(
                select(
                    LeadRow.id,
                    LeadRow.review,
                    DocumentRow.title,
                    select(func.min(FindingRow.quote)).where(*hits).correlate(LeadRow).scalar_subquery().label("quote"),
                )
                .join(DocumentRow, DocumentRow.id == LeadRow.document_id)
                .where(
                    LeadRow.id > newest - _RECENT,
                    review.in_([one.value for one in reviews]),
                    exists(literal(1)).where(*hits).correlate(LeadRow),
                )
                .order_by(LeadRow.id.desc())
                .limit(limit)
            ).all()
        return [HitLead(row.id, row.title, row.quote, Review(row.review)) for row in rows]
