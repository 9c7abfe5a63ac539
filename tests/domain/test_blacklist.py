"""动态黑名单: what the rules propose, and which step may follow which."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.blacklist import (
    Entry,
    EntryState,
    LeadFacts,
    ProposalRules,
    Step,
    StepKind,
    Subject,
    SubjectCase,
    SubjectKind,
    check_step,
    propose,
)
from domain.errors import BadInput, IllegalMove
from domain.lead import EventKind, LeadEvent, fold

START = datetime(2026, 11, 23, tzinfo=UTC)
TODAY = date(2026, 11, 23)
SITE = Subject(SubjectKind.SITE, "a.example", "a.example")


def _lead(number: int, *kinds: EventKind, behaviours: tuple[str, ...] = ()) -> LeadFacts:
    events = [LeadEvent(kind, START + timedelta(hours=n), "张三") for n, kind in enumerate((EventKind.FOUND, *kinds))]
    return LeadFacts(number, fold(events), behaviours)


def _grounds(*leads: LeadFacts, days: float = 1) -> tuple[str, ...]:
    found = propose([SubjectCase(SITE, leads)], ProposalRules(), START + timedelta(days=days))
    return found[0].grounds if found else ()


def test_only_what_people_confirmed_counts() -> None:
    """Three suspicions propose nobody; three confirmed leads do, and so do the other two rules."""
    confirmed, referred = EventKind.CONFIRMED, EventKind.REFERRED
    assert _grounds(*[_lead(n, behaviours=("D3",)) for n in range(5)]) == ()
    assert _grounds(_lead(1, confirmed), _lead(2, confirmed)) == ()
    assert _grounds(*[_lead(n, confirmed) for n in range(3)]) == ("repeat",)
    assert _grounds(_lead(1, confirmed, behaviours=("D3",))) == ("severe",)
    assert _grounds(_lead(1, confirmed, referred), days=20) == ()
    assert _grounds(_lead(1, confirmed, referred), days=31) == ("refusal",)
    back = (confirmed, referred, EventKind.CORRECTED, EventKind.REAPPEARED)
    assert _grounds(_lead(1, *back)) == ("repeat",)


def test_steps_follow_each_other_and_say_enough() -> None:
    """A person lists with reason and term; the term ends by itself; nothing is listed twice."""
    listing = Step(StepKind.LISTED, START, "张三", "屡犯", ("repeat",), (1,), TODAY + timedelta(days=180))
    proposed = Entry(SITE, (Step(StepKind.PROPOSED, START, "system", "屡犯"),))
    check_step(proposed, listing, TODAY)
    listed = Entry(SITE, (*proposed.steps, listing))
    assert listed.state(TODAY) is EntryState.LISTED
    assert listed.state(TODAY + timedelta(days=181)) is EntryState.EXPIRED
    with pytest.raises(IllegalMove, match="已在黑名单内"):
        check_step(listed, listing, TODAY)
    with pytest.raises(IllegalMove, match="不重复建议"):
        check_step(listed, proposed.last, TODAY)
    with pytest.raises(BadInput, match="理由"):
        check_step(listed, Step(StepKind.REMOVED, START, "张三"), TODAY)
    with pytest.raises(BadInput, match="期限"):
        check_step(None, Step(StepKind.LISTED, START, "张三", "屡犯", until=TODAY), TODAY)
    with pytest.raises(IllegalMove, match="没有待决定"):
        check_step(None, Step(StepKind.DECLINED, START, "张三", "证据不足"), TODAY)
