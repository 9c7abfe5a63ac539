"""监测对象 in the database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.errors import BadTarget
from domain.target import Budget, Rendering, RobotsOverride, Scope, TargetKind
from storage import Store
from tests.storage.build import START, World
from tests.storage.conftest import TestClock


def test_a_target_comes_back_as_it_was_added(store: Store, clock: TestClock) -> None:
    """Every field of a target is stored."""
    target, created = store.targets.add(
        name="某培训学校",
        url="https://xn--fiq.example/a/",
        kind=TargetKind.FEED,
        schedule="30 6 * * mon-fri",
        scope=Scope(("xn--fiq.example", "m.example:8443"), "/a/"),
        budget=Budget(10, 2, 30, 4096),
        render=Rendering.ALWAYS,
        region="太原",
        note="群众举报",
    )

    assert created
    assert store.targets.get(target.id) == target
    assert (target.name, target.kind, target.schedule) == ("某培训学校", TargetKind.FEED, "30 6 * * mon-fri")
    assert target.scope == Scope(("xn--fiq.example", "m.example:8443"), "/a/")
    assert target.budget == Budget(10, 2, 30, 4096)
    assert (target.render, target.region, target.note, target.paused) == (Rendering.ALWAYS, "太原", "群众举报", False)
    assert target.created_at == START
    assert target.last_run_at is None


def test_adding_an_address_again_changes_nothing(world: World) -> None:
    """The second time, the target that is there comes back as it is."""
    again, created = world.store.targets.add(
        name="other name",
        url=world.target.url,
        kind=TargetKind.FEED,
        schedule="0 0 * * *",
        scope=Scope(("other.example",)),
    )

    assert not created
    assert again == world.target


def test_a_removed_target_is_off_the_list_but_keeps_its_history(world: World) -> None:
    """Leads and pages of a removed target stay, and its address can be watched again."""
    world.look(world.target.url)
    assert world.store.targets.remove([world.target.id]) == 1

    assert world.store.targets.list() == []
    assert world.store.leads.get(1).target_name == "peixun"
    back, created = world.store.targets.add(
        name="again", url=world.target.url, kind=TargetKind.WEBSITE, schedule="0 8 * * *", scope=world.target.scope
    )
    assert (back.id, back.name, created) == (world.target.id, "again", True)


def test_pausing_and_resuming_count_what_changed(world: World) -> None:
    """A paused target is listed unless it is left out; pausing it twice changes nothing."""
    other = world.add_target("other")
    both = [world.target.id, other.id]

    assert world.store.targets.pause([other.id]) == 1
    assert world.store.targets.pause(both) == 1
    assert [target.paused for target in world.store.targets.list()] == [True, True]
    assert world.store.targets.list(include_paused=False) == []
    assert world.store.targets.resume(both) == 2


def test_an_unknown_id_is_named_and_nothing_is_changed(world: World) -> None:
    """One wrong number among several leaves all targets as they were."""
    with pytest.raises(BadTarget, match="77"):
        world.store.targets.pause([world.target.id, 77])
    with pytest.raises(BadTarget, match="78"):
        world.store.targets.get(78)

    assert not world.store.targets.get(world.target.id).paused


def test_a_robots_override_needs_reason_and_name_and_leaves_a_trace(world: World, clock: TestClock) -> None:
    """The newest decision is in force, and all of them are kept."""
    override = RobotsOverride("经网站所有者书面同意", "张三", START)

    assert world.store.targets.set_robots_override(world.target.id, override).robots_override == override
    clock.forward(hours=1)
    assert world.store.targets.set_robots_override(world.target.id, None, withdrawn_by="李四").robots_override is None
    history = world.store.targets.robots_history(world.target.id)
    assert [(granted, one.decided_by) for granted, one in history] == [(True, "张三"), (False, "李四")]
    with pytest.raises(BadTarget, match="理由"):
        world.store.targets.set_robots_override(world.target.id, RobotsOverride(" ", "张三", START))


def test_due_targets_are_chosen_by_the_callers_schedule(world: World) -> None:
    """Paused targets are never due; of the others the caller decides."""
    other = world.add_target("other")
    paused = world.add_target("paused")
    world.store.targets.pause([paused.id])

    due = world.store.targets.due(START, lambda target, now: target.id != world.target.id and now == START)

    assert due == [other]


def test_the_last_run_never_goes_back(world: World) -> None:
    """An older run that is finished late does not make a target due again."""
    world.store.targets.record_last_run([world.target.id], START)
    world.store.targets.record_last_run([world.target.id], START - timedelta(days=1))

    assert world.store.targets.get(world.target.id).last_run_at == START
