"""复核与回头看: when the page of a lead is to be looked at again.

Open leads are looked at so many hours after they were found, referred, or came back, with growing spaces between the
looks (workflow: 第1、3、7、30天); a page in doubt is looked at soon; a closed one is watched for its return for some months.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.lead import CLOSED, LeadState, Presence, Review


class Finding(StrEnum):
    """What one look at a lead's page says."""

    REMOVED = "removed"
    CORRECTED = "corrected"
    STILL_ONLINE = "still_online"
    REAPPEARED = "reappeared"
    UNVERIFIABLE = "unverifiable"

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return {
            "removed": "已下线",
            "corrected": "已改正",
            "still_online": "仍在线",
            "reappeared": "复发",
            "unverifiable": "无法判定",
        }[self.value]


@dataclass(frozen=True, slots=True)
class LookPlan:
    """The spacing of looks."""

    steps: tuple[timedelta, ...]
    """After the finding, the last referral, the return or the closing; ascending. Beyond the last one, the space between the
    last two goes on."""
    confirm_after: timedelta
    """Between the two looks that make a removal."""
    watch: timedelta
    """How long a closed lead is watched for its return."""

    @property
    def shortest(self) -> timedelta:
        """No page is due again sooner than this after a look."""
        return min(self.steps[0], self.confirm_after)


def next_look(state: LeadState, last_look: datetime, plan: LookPlan) -> datetime | None:
    """When the page is due; None where it is not looked at any more (dismissed, or watched long enough)."""
    if state.review is Review.DISMISSED:
        return None
    if state.presence in CLOSED:
        closed = state.presence_at or state.changed_at
        due = _next_step(closed, last_look, plan.steps)
        return due if due <= closed + plan.watch else None
    if state.presence is Presence.SUSPECTED_GONE:
        return last_look + plan.confirm_after
    anchors = [state.found_at]
    if state.referred_at is not None:
        anchors.append(state.referred_at)
    if state.presence is Presence.REAPPEARED and state.presence_at is not None:
        anchors.append(state.presence_at)
    due = _next_step(max(anchors), last_look, plan.steps)
    return min(due, last_look + plan.steps[0]) if state.presence is Presence.UNVERIFIABLE else due


def _next_step(anchor: datetime, last_look: datetime, steps: Sequence[timedelta]) -> datetime:
    for step in steps:
        if anchor + step > last_look:
            return anchor + step
    spacing = steps[-1] - steps[-2] if len(steps) > 1 else steps[-1]
    return last_look + spacing
