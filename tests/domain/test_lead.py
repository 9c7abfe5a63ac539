"""Leads: the two sides of their state, and what visits add to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import IllegalMove
from domain.lead import Answer, EventKind, LeadEvent, LeadState, Presence, Review, apply, fold
from domain.lead_visit import Sight, Visit, events_of_visit

START = datetime(2026, 11, 23, tzinfo=UTC)
CONFIRM = timedelta(hours=6)


def _event(kind: EventKind, hours: float = 0) -> LeadEvent:
    return LeadEvent(kind, START + timedelta(hours=hours), "测试员")


def _after_visits(*sights: tuple[Sight, float, bool]) -> tuple[LeadState | None, list[EventKind]]:
    """Fold visits given as (sight, hours after start, text changed)."""
    state: LeadState | None = None
    kinds = []
    for sight, hours, changed in sights:
        for event in events_of_visit(state, Visit(sight, START + timedelta(hours=hours), changed), CONFIRM):
            state = fold([event]) if state is None else apply(state, event)
            kinds.append(event.kind)
    return state, kinds


def test_a_page_counts_as_removed_only_after_two_looks_far_enough_apart() -> None:
    """One 404, or two within the confirmation time, leave the lead in doubt; the later look closes it."""
    state, kinds = _after_visits(
        (Sight.VIOLATING, 0, False), (Sight.GONE, 1, False), (Sight.GONE, 6.9, False), (Sight.GONE, 7, False)
    )
    assert kinds == [EventKind.FOUND, EventKind.MISSING, EventKind.REMOVED]
    assert state is not None
    assert state.presence is Presence.REMOVED


def test_a_blocked_look_is_never_a_removal() -> None:
    """However often we are kept out, the lead stays unverifiable and open."""
    state, _ = _after_visits((Sight.VIOLATING, 0, False), *[(Sight.NOT_SEEN, h, False) for h in range(1, 100)])
    assert state is not None
    assert state.presence is Presence.UNVERIFIABLE
    assert state.open


def test_a_blocked_look_does_not_start_or_reset_the_removal_clock() -> None:
    """Gone, blocked, gone: the first look that found it gone still counts."""
    state, kinds = _after_visits(
        (Sight.VIOLATING, 0, False), (Sight.GONE, 1, False), (Sight.NOT_SEEN, 4, False), (Sight.GONE, 8, False)
    )
    assert kinds[-1] is EventKind.REMOVED
    assert state is not None
    assert state.missing_since == START + timedelta(hours=1)


def test_a_page_that_comes_back_reappears() -> None:
    """Violating again after removal or correction is 复发, and can be removed again."""
    state, kinds = _after_visits(
        (Sight.VIOLATING, 0, False),
        (Sight.CLEAN, 1, True),
        (Sight.VIOLATING, 2, True),
        (Sight.GONE, 3, False),
        (Sight.GONE, 30, False),
        (Sight.VIOLATING, 31, True),
    )
    assert kinds == [
        EventKind.FOUND,
        EventKind.CORRECTED,
        EventKind.REAPPEARED,
        EventKind.MISSING,
        EventKind.REMOVED,
        EventKind.REAPPEARED,
    ]
    assert state is not None
    assert state.missing_since is None


def test_an_edit_that_still_violates_is_recorded_and_keeps_the_page_online() -> None:
    """An edited ad at the same address is a new version of the same lead."""
    state, kinds = _after_visits((Sight.VIOLATING, 0, False), (Sight.GONE, 1, False), (Sight.VIOLATING, 2, True))
    assert kinds == [EventKind.FOUND, EventKind.MISSING, EventKind.EDITED]
    assert state is not None
    assert state.presence is Presence.ONLINE
    assert state.edited_at == START + timedelta(hours=2)


def test_an_unchanged_violating_page_adds_no_event() -> None:
    """Daily looks at a standing page do not fill the history."""
    _, kinds = _after_visits(*[(Sight.VIOLATING, h, False) for h in range(0, 240, 24)])
    assert kinds == [EventKind.FOUND]


def test_a_clean_page_never_becomes_a_lead() -> None:
    """Without a violating look there is no first event."""
    assert _after_visits((Sight.CLEAN, 0, True), (Sight.GONE, 1, False), (Sight.NOT_SEEN, 2, False)) == (None, [])


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        ([EventKind.FOUND], EventKind.REFERRED),
        ([EventKind.FOUND, EventKind.DISMISSED], EventKind.REFERRED),
        ([EventKind.FOUND, EventKind.CONFIRMED, EventKind.REFERRED], EventKind.DISMISSED),
        ([EventKind.FOUND], EventKind.FOUND),
        ([EventKind.FOUND], EventKind.REMOVED),
    ],
)
def test_moves_outside_the_table_raise(path: list[EventKind], refused: EventKind) -> None:
    """A move that the state does not allow is refused with the state's and the move's Chinese names."""
    state = fold([_event(kind, hours) for hours, kind in enumerate(path)])
    with pytest.raises(IllegalMove):
        apply(state, _event(refused, 99))


def test_review_and_presence_do_not_disturb_each_other() -> None:
    """A referred lead that disappears stays referred, with the time of referral."""
    kinds = [EventKind.FOUND, EventKind.CONFIRMED, EventKind.REFERRED, EventKind.MISSING, EventKind.REMOVED]
    state = fold([_event(kind, hours) for hours, kind in enumerate(kinds)])
    assert (state.review, state.presence, state.open) == (Review.REFERRED, Presence.REMOVED, False)
    assert state.referred_at == START + timedelta(hours=2)


def test_events_must_begin_with_found() -> None:
    """A history without its beginning is refused."""
    with pytest.raises(IllegalMove):
        fold([_event(EventKind.CONFIRMED)])
    with pytest.raises(IllegalMove):
        fold([])


@given(st.lists(st.tuples(st.sampled_from(Sight), st.integers(0, 48), st.booleans()), max_size=40))
def test_any_sequence_of_visits_gives_legal_moves(looks: list[tuple[Sight, int, bool]]) -> None:
    """Whatever the web does, its events can be applied, and removal never follows a blocked look."""
    hours = 0
    visits = []
    for sight, step, changed in looks:
        hours += step
        visits.append((sight, hours, changed))
    state, kinds = _after_visits(*visits)
    assert (state is None) == all(sight is not Sight.VIOLATING for sight, _, _ in looks)
    if kinds and kinds[-1] is EventKind.REMOVED:
        looks_that_close = [sight for sight, _, _ in looks if sight in (Sight.GONE, Sight.SITE_DOWN)]
        assert len(looks_that_close) >= 2


def test_a_decision_of_people_does_not_move_the_time_of_presence() -> None:
    """When a page came back is told by the visit that saw it, not by who confirmed the lead afterwards."""
    kinds = [EventKind.FOUND, EventKind.CORRECTED, EventKind.REAPPEARED, EventKind.CONFIRMED, EventKind.EDITED]
    state = fold([_event(kind, hours) for hours, kind in enumerate(kinds)])
    assert state.presence is Presence.REAPPEARED
    assert state.presence_at == START + timedelta(hours=2)


def _decided(*steps: tuple[EventKind, str]) -> LeadState:
    """Fold decisions given as (kind, who), an hour apart."""
    events = [LeadEvent(kind, START + timedelta(hours=n), actor) for n, (kind, actor) in enumerate(steps, 1)]
    return fold([_event(EventKind.FOUND), *events])


def test_undo_puts_the_review_back_to_where_it_stood() -> None:
    """The last decision is taken back by its author, with all that it had set; then the one before it."""
    to_referral = [(EventKind.CONFIRMED, "张三"), (EventKind.REFERRED, "张三")]
    once = _decided(*to_referral, (EventKind.UNDONE, "张三"))
    assert (once.review, once.referred_at, once.referrals) == (Review.CONFIRMED, None, 0)
    assert once.changed_at == START + timedelta(hours=3)
    twice = _decided(*to_referral, (EventKind.UNDONE, "张三"), (EventKind.UNDONE, "张三"))
    assert (twice.review, twice.confirmed_by) == (Review.PENDING, None)
    with pytest.raises(IllegalMove, match="没有可以撤销"):
        _decided(*to_referral, *[(EventKind.UNDONE, "张三")] * 3)


def test_undo_is_for_the_author_and_leaves_the_web_alone() -> None:
    """Nobody takes back another's decision; what visits saw meanwhile stays."""
    with pytest.raises(IllegalMove, match="李四"):
        _decided((EventKind.CONFIRMED, "李四"), (EventKind.UNDONE, "张三"))
    state = _decided((EventKind.CONFIRMED, "张三"), (EventKind.MISSING, "system"), (EventKind.UNDONE, "张三"))
    assert (state.review, state.presence) == (Review.PENDING, Presence.SUSPECTED_GONE)


def test_an_answer_belongs_to_the_last_referral() -> None:
    """采纳 and 已处置 leave the lead referred, 退回 returns it; a new referral has no answer yet."""
    referred = [(EventKind.CONFIRMED, "张三"), (EventKind.REFERRED, "李四")]
    handled = _decided(*referred, (EventKind.ACCEPTED, "王五"), (EventKind.HANDLED, "王五"))
    assert (handled.review, handled.answer) == (Review.REFERRED, Answer.HANDLED)
    returned = _decided(*referred, (EventKind.RETURNED, "王五"))
    assert (returned.review, returned.answer) == (Review.RETURNED, Answer.RETURNED)
    again = _decided(*referred, (EventKind.RETURNED, "王五"), (EventKind.REFERRED, "李四"))
    assert (again.review, again.answer, again.referrals) == (Review.REFERRED, None, 2)
    assert again.first_referred_at == START + timedelta(hours=2)
    with pytest.raises(IllegalMove, match="写明理由"):
        _decided(*referred, (EventKind.REFERRED, "李四"))


def test_a_whole_site_counts_as_shut_down_only_after_a_long_silence() -> None:
    """Silence, an answer in between (even a captcha), and silence again: the clock starts anew."""
    shut = timedelta(hours=72)
    state = fold([_event(EventKind.FOUND)])
    kinds = []
    for sight, hours, answered in [
        (Sight.SITE_DOWN, 10, False), (Sight.SITE_DOWN, 40, False), (Sight.NOT_SEEN, 50, True),
        (Sight.SITE_DOWN, 90, False), (Sight.SITE_DOWN, 161, False), (Sight.SITE_DOWN, 162, False),
    ]:  # fmt: skip
        visit = Visit(sight, START + timedelta(hours=hours), reason="域名解析失败", answered=answered)
        for event in events_of_visit(state, visit, shut):
            state = apply(state, event)
            kinds.append((hours, event.kind))
    assert kinds == [
        (10, EventKind.SITE_DOWN), (50, EventKind.UNVERIFIABLE), (90, EventKind.SITE_DOWN), (162, EventKind.REMOVED),
    ]  # fmt: skip
    assert state.reason == "整站关闭：域名解析失败"
    assert state.gone_at == START + timedelta(hours=90)
