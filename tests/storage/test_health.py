"""Counts of runs and alarms in both databases."""

from __future__ import annotations

from domain.crawl import Outcome
from domain.health import AlarmKind, HealthEvent, target_subject
from tests.storage.build import SITE, World, ended
from tests.storage.conftest import TestClock


def test_runs_are_counted_once(world: World, clock: TestClock) -> None:
    """Finished crawls by outcome, newest last; a run under way is not counted yet."""
    world.look(SITE)
    clock.forward(days=1)
    world.unchanged(SITE)
    open_run = world.begin()
    world.record(ended(world.request(open_run, SITE), clock(), Outcome.TIMEOUT))
    health = world.store.health
    assert health.count_runs(clock()) == 2
    assert health.count_runs(clock()) == 0
    history = health.histories([world.target.id])[world.target.id]
    assert [dict(run.outcomes) for run in history] == [{"ok": 1}, {"unchanged": 1}]
    assert health.histories([world.target.id], runs=1)[world.target.id] == history[-1:]
    assert health.since(clock())[world.target.id] == history[-1:]
    world.store.finish_run(open_run.id)
    assert health.count_runs(clock()) == 1


def test_an_open_alarm_is_a_gap_until_it_ends(world: World, clock: TestClock) -> None:
    """By the digest's cutoff, so that a day that is built again says what it said."""
    health = world.store.health
    raised = HealthEvent(
        target_subject(world.target.id), AlarmKind.SILENT, True, clock(), "blocked", "一个也没有读到", world.target.id
    )
    assert health.last_event() == 0
    health.append([raised])
    during = clock()
    assert [alarm.detail for alarm in health.raised_after(0)] == ["一个也没有读到"]
    clock.forward(hours=1)
    from dataclasses import replace

    health.append([replace(raised, raised=False, at=clock(), detail="已恢复")])
    assert health.open_alarms() == []
    (alarm,) = health.open_alarms(during)
    assert alarm.subject == "target:1"
    before = [gap for day in world.store.target_coverage(during.date(), during) for gap in day.gaps]
    assert [(gap.outcome, gap.detail) for gap in before] == [("blocked", "失声报警：一个也没有读到")]
    assert [gap for day in world.store.target_coverage(during.date(), clock()) for gap in day.gaps] == []
