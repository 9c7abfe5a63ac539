"""动态黑名单 in the database, and the leads of each subject for the rules that propose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, text

from domain.blacklist import (
    Entry,
    LeadFacts,
    ProposalRules,
    Step,
    StepKind,
    Subject,
    SubjectCase,
    SubjectKind,
    check_step,
)
from domain.lead import Review
from storage.dialects import insert_for
from storage.engine import reading, writing
from storage.lead_state import state_of
from storage.tables import (
    BlacklistEventRow,
    DocumentRow,
    FindingRow,
    LeadEventRow,
    LeadRow,
    OperatorPageRow,
    OperatorRow,
    PageRow,
    ProposingRow,
)

#: Platforms whose pages belong to a site, not to an account.
_SITE_PLATFORMS = frozenset({"web", "feed"})


@dataclass(frozen=True, slots=True)
class ProposingMoment:
    """On what proposals rest; the same one proposes the same."""

    event: int
    day: date
    rules: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Blacklist:
    """All entries."""

    engine: Engine

    def entries(self) -> list[Entry]:
        """Every subject that was ever proposed or listed, by its first step."""
        with reading(self.engine) as connection:
            return _entries(connection)

    def add(self, subject: Subject, step: Step, today: date) -> Entry:
        """Append one step; return the entry after it. A step that cannot follow raises, see :func:`check_step`."""
        with writing(self.engine) as connection:
            if connection.dialect.name == "postgresql":
                # Two people who decide on the same subject at once: the second one sees what the first one did.
                connection.execute(text("LOCK TABLE blacklist_events IN SHARE ROW EXCLUSIVE MODE"))
            row = BlacklistEventRow
            found = _entries(connection, row.subject_kind == subject.kind.value, row.subject_key == subject.key)
            entry = found[0] if found else None
            check_step(entry, step, today)
            connection.execute(
                insert(row).values(
                    subject_kind=subject.kind.value,
                    subject_key=subject.key,
                    subject_name=subject.name,
                    kind=step.kind.value,
                    at=step.at,
                    actor=step.actor,
                    reason=step.reason,
                    grounds=list(step.grounds),
                    lead_ids=list(step.lead_ids),
                    until=step.until,
                )
            )
            (entry,) = _entries(connection, row.subject_kind == subject.kind.value, row.subject_key == subject.key)
        return entry

    def moment(self, today: date, rules: ProposalRules) -> ProposingMoment:
        """All that proposals depend on, as it stands now: the last event of any lead, the day and the rules."""
        with reading(self.engine) as connection:
            event = connection.execute(select(func.coalesce(func.max(LeadEventRow.id), 0))).scalar_one()
        return ProposingMoment(event, today, (rules.repeat_leads, rules.refusal_after.days))

    def proposed_at(self) -> ProposingMoment | None:
        """On what proposals were made for the last time."""
        with reading(self.engine) as connection:
            row = connection.execute(select(*ProposingRow.__table__.c)).first()
        return None if row is None else ProposingMoment(row.event, row.day, tuple(row.rules))

    def note_proposed(self, moment: ProposingMoment) -> None:
        """Remember on what proposals were made."""
        values = {"event": moment.event, "day": moment.day, "rules": list(moment.rules)}
        with writing(self.engine) as connection:
            statement = insert_for(connection, ProposingRow).values(id=1, **values)
            connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))

    def cases(self) -> list[SubjectCase]:
        """Each operator with its leads that people confirmed or referred, by its first lead.

        Pages whose operator is not known count for their account or site.
        """
        confirmed = [Review.CONFIRMED.value, Review.REFERRED.value]
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(
                    *LeadRow.__table__.c,
                    PageRow.host,
                    DocumentRow.platform,
                    DocumentRow.account,
                    DocumentRow.account_id,
                    OperatorRow.id.label("operator_id"),
                    OperatorRow.name.label("operator_name"),
                )
                .join(PageRow, PageRow.id == LeadRow.page_id)
                .outerjoin(OperatorPageRow, OperatorPageRow.page_id == LeadRow.page_id)
                .outerjoin(OperatorRow, OperatorRow.id == OperatorPageRow.operator_id)
                .join(DocumentRow, DocumentRow.id == LeadRow.document_id)
                .where(LeadRow.review.in_(confirmed))
                .order_by(LeadRow.id)
            ).all()
            hits = connection.execute(
                select(LeadRow.id, FindingRow.behaviour)
                .join(FindingRow, FindingRow.assessment_id == LeadRow.assessment_id)
                .where(LeadRow.review.in_(confirmed), FindingRow.exempted.is_(False), FindingRow.behaviour.is_not(None))
                .distinct()
                .order_by(LeadRow.id, FindingRow.behaviour)
            )
            behaviours: dict[int, list[str]] = {}
            for lead_id, behaviour in hits:
                behaviours.setdefault(lead_id, []).append(str(behaviour))
        subjects: dict[tuple[SubjectKind, str], tuple[Subject, list[LeadFacts]]] = {}
        for row in rows:
            subject = subject_of(row)
            facts = LeadFacts(row.id, state_of(row), tuple(behaviours.get(row.id, ())))
            subjects.setdefault((subject.kind, subject.key), (subject, []))[1].append(facts)
        return [SubjectCase(subject, tuple(leads)) for subject, leads in subjects.values()]


def subject_of(row: Any) -> Subject:
    """Whom a lead's page belongs to: its operator; else the account where the platform has accounts; else the site."""
    if row.operator_id is not None:
        name = row.operator_name or f"未具名主体 {row.operator_id}（{row.account or row.host} 等）"
        return Subject(SubjectKind.OPERATOR, str(row.operator_id), name)
    if row.platform not in _SITE_PLATFORMS and (row.account_id or row.account):
        key = f"{row.platform}:{row.account_id or row.account}"
        return Subject(SubjectKind.ACCOUNT, key, row.account or row.account_id)
    return Subject(SubjectKind.SITE, row.host, row.host)


def _entries(connection: Connection, *conditions: Any) -> list[Entry]:
    rows: Sequence[Any] = connection.execute(
        select(*BlacklistEventRow.__table__.c).where(*conditions).order_by(BlacklistEventRow.id)
    ).all()
    found: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        found.setdefault((row.subject_kind, row.subject_key), []).append(row)
    return [
        Entry(
            Subject(SubjectKind(kind), key, steps[-1].subject_name), tuple(_step(step) for step in steps), steps[0].id
        )
        for (kind, key), steps in found.items()
    ]


def _step(row: Any) -> Step:
    return Step(StepKind(row.kind), row.at, row.actor, row.reason, tuple(row.grounds), tuple(row.lead_ids), row.until)
