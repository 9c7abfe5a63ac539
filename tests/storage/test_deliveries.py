"""The outbox on both databases."""

from __future__ import annotations

from datetime import date, timedelta

from domain.delivery import DeliveryEvent, DeliveryKind, DeliveryState
from storage import Store
from tests.storage.conftest import TestClock

DAY = date(2026, 11, 24)


def test_a_digest_is_planned_once_and_its_state_is_the_fold_of_events(store: Store, clock: TestClock) -> None:
    """Planned again with other words, the first ones stand; a failure waits longer each time; unclear ends the tries."""
    outbox = store.deliveries
    assert outbox.newest_day("群") is None
    assert outbox.plan(DAY, "群", ["甲", "乙"], clock())
    assert not outbox.plan(DAY, "群", ["丙"], clock())
    first, second = outbox.parcels(DAY)
    assert (first.body, second.body, first.parts) == ("甲", "乙", 2)
    assert first.key != second.key
    assert outbox.newest_day("群") == DAY
    waits = []
    for _ in range(8):
        outbox.append(first.id, DeliveryEvent(DeliveryKind.BEGUN, clock()))
        outbox.append(first.id, DeliveryEvent(DeliveryKind.FAILED, clock(), "拒绝"))
        (first, _) = outbox.parcels(DAY)
        assert not first.ready(clock())
        # A clock set back by a day holds nothing up.
        assert first.ready(clock() - timedelta(days=1))
        minutes = 0
        while not first.ready(clock() + timedelta(minutes=minutes)):
            minutes += 1
        waits.append(minutes)
        clock.forward(minutes=minutes)
    assert waits[0] in {2, 3}
    assert waits[:5] == sorted(waits[:5])
    assert all(60 <= wait <= 75 for wait in waits[5:])
    outbox.append(first.id, DeliveryEvent(DeliveryKind.BEGUN, clock()))
    assert outbox.parcels(DAY)[0].state is DeliveryState.UNCLEAR
    outbox.append(first.id, DeliveryEvent(DeliveryKind.AGAIN, clock()))
    assert outbox.parcels(DAY)[0].ready(clock())
    assert outbox.parcels(DAY + timedelta(days=1)) == []
