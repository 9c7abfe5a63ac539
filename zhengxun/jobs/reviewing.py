"""研判: what people do with leads, one at a time or many, by the settings in force. Command line and console call this."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from domain.errors import BadInput, ZhengxunError
from domain.lead import EventKind, LeadState
from domain.text_changes import TextChanges, compare
from zhengxun.services import Services

if TYPE_CHECKING:
    from storage import Store
    from storage.page_versions import PageVersion

#: Characters of a name, a reason and a detail; what is longer is a mistake (a page pasted into a field).
MAX_NAME = 50
MAX_REASON = 2000
MAX_DETAIL = 200


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided, to be laid upon one lead or several."""

    kind: EventKind
    actor: str
    reason: str | None = None
    code: str | None = None
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a decision for one lead: the state after it, or why it was not kept."""

    lead_id: int
    state: LeadState | None
    error: ZhengxunError | None


def decide(
    services: Services, store: Store, lead_id: int, decision: Decision, *, expected_version: int | None = None
) -> LeadState:
    """Keep one decision; return the state after it.

    ``expected_version``: the version of the lead that the decider saw (``LeadListing.version``, ``LeadDetail.version``).
    Raises :class:`BadInput` for what is no decision, :class:`domain.errors.IllegalMove` where the lead's state, a
    decision made meanwhile, or the rule of two persons forbids it.
    """
    sound = _checked(decision)
    return store.leads.append(
        lead_id,
        sound.kind,
        sound.actor,
        sound.reason,
        services.clock(),
        expected_version=expected_version,
        code=sound.code,
        details=sound.details,
        second_person=services.settings.referral_second_person,
    )


def decide_all(
    services: Services,
    store: Store,
    lead_ids: Iterable[int],
    decision: Decision,
    versions: dict[int, int] | None = None,
) -> list[Decided]:
    """Keep one decision for several leads, each by itself: one that is refused keeps none of the others back.

    ``versions``: the version seen of each lead, where it is known.
    """
    sound = _checked(decision)
    done = []
    for lead_id in dict.fromkeys(lead_ids):
        try:
            state = decide(services, store, lead_id, sound, expected_version=(versions or {}).get(lead_id))
        except ZhengxunError as error:
            done.append(Decided(lead_id, None, error))
        else:
            done.append(Decided(lead_id, state, None))
    return done


def _checked(decision: Decision) -> Decision:
    """``decision`` with its texts trimmed; :class:`BadInput` where something is missing or far too long."""
    actor = decision.actor.strip()
    reason = (decision.reason or "").strip() or None
    if not actor or actor == "system":
        raise BadInput("没有写明经手人姓名，未作记录。")
    if len(actor) > MAX_NAME:
        raise BadInput(f"经手人姓名超过 {MAX_NAME} 个字，未作记录。")
    if reason is not None and len(reason) > MAX_REASON:
        raise BadInput(f"理由超过 {MAX_REASON} 个字，未作记录；请摘要填写。")
    if decision.kind is EventKind.NOTED and reason is None:
        raise BadInput("说明为空，没有记录。")
    details = tuple((key, value.strip()) for key, value in decision.details)
    for _, value in details:
        if len(value) > MAX_DETAIL:
            raise BadInput(f"“{value[:20]}…”超过 {MAX_DETAIL} 个字，未作记录。")
    if decision.kind is not EventKind.ASSIGNED:
        details = tuple((key, value) for key, value in details if value)
    return Decision(decision.kind, actor, reason, decision.code, details)


def overdue_after(services: Services) -> timedelta:
    """Time after its referral from which a lead that still stands is overdue."""
    return timedelta(days=services.settings.overdue_days)


@dataclass(frozen=True, slots=True)
class VersionChange:
    """From one kept version of a page to the next."""

    older: PageVersion
    newer: PageVersion
    changes: TextChanges


def page_changes(store: Store, lead_id: int, limit: int | None = None) -> list[VersionChange]:
    """What was added and dropped from each kept version of a lead's page to the next, oldest first.

    ``limit``: only the newest so many changes. An unknown lead has none.
    """
    versions = store.leads.versions(lead_id, None if limit is None else limit + 1)
    return [VersionChange(older, newer, compare(_whole(older), _whole(newer))) for older, newer in pairwise(versions)]


def _whole(version: PageVersion) -> str:
    return f"{version.title}\n{version.text}"
