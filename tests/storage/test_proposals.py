"""Proposals in both databases: one per address, decided once, never changed."""

from __future__ import annotations

import pytest

from domain.discovery import Found, FoundBy, ProposalState, ProposalStep
from domain.errors import BadInput, IllegalMove
from domain.lead import EventKind
from tests.storage.build import AD, SITE, World
from tests.storage.conftest import TestClock

FOUND = Found(
    "http://a.example/", FoundBy.SEARCH, "http://a.example/x", "https://so.example/?q=1", "甲", "百度", "电工证"
)


def _step(clock: TestClock, state: ProposalState) -> ProposalStep:
    return ProposalStep(state, clock(), "王五", "看过")


def test_an_address_is_proposed_once_whatever_became_of_it(world: World, clock: TestClock) -> None:
    """What was refused does not come back; only what is new is returned."""
    proposals = world.store.proposals
    (first,) = proposals.propose([FOUND, FOUND], clock())
    assert first.found == FOUND
    assert first.state is ProposalState.PROPOSED
    proposals.decide(first.id, _step(clock, ProposalState.REFUSED))
    other = Found("http://b.example/", FoundBy.LINK, "http://b.example/", SITE, "乙")
    assert [one.found for one in proposals.propose([FOUND, other], clock.forward(days=1))] == [other]
    assert [one.found for one in proposals.list(ProposalState.PROPOSED)] == [other]
    refused = proposals.get(first.id)
    assert [(step.state.value, step.actor, step.reason) for step in refused.steps] == [
        ("proposed", "证巡", None),
        ("refused", "王五", "看过"),
    ]


def test_only_what_its_state_allows(world: World, clock: TestClock) -> None:
    """A refusal may be taken back, an acceptance not; an unknown number is bad input."""
    proposals = world.store.proposals
    (one,) = proposals.propose([FOUND], clock())
    proposals.decide(one.id, _step(clock, ProposalState.REFUSED))
    with pytest.raises(IllegalMove, match="已拒绝"):
        proposals.decide(one.id, _step(clock, ProposalState.REFUSED))
    assert proposals.decide(one.id, _step(clock, ProposalState.ACCEPTED)).state is ProposalState.ACCEPTED
    for state in (ProposalState.ACCEPTED, ProposalState.REFUSED):
        with pytest.raises(IllegalMove, match="已接受"):
            proposals.decide(one.id, _step(clock, state))
    with pytest.raises(BadInput, match="99"):
        proposals.decide(99, _step(clock, ProposalState.REFUSED))


def test_links_are_read_of_leads_that_nobody_dismissed(world: World, clock: TestClock) -> None:
    """A false alarm's links say nothing."""
    store = world.store
    for name in "ab":
        world.look(f"{SITE}/{name}", AD)
    pages = list(store.proposals.linking_pages())
    assert [page.url for page in pages] == [f"{SITE}/a", f"{SITE}/b"]
    assert pages[0].links == (f"{SITE}/next", f"{SITE}/out")
    store.leads.append(1, EventKind.DISMISSED, actor="王五", at=clock(), reason="误报")
    assert [page.url for page in store.proposals.linking_pages()] == [f"{SITE}/b"]
