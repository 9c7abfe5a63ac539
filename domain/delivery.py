"""报送: handing a frozen digest to people, and what is known of each parcel. State is the fold of append-only events."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

#: Waiting after the first failure; doubled with each further one up to :data:`LONGEST_WAIT`.
FIRST_WAIT = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=1)


class DeliveryKind(StrEnum):
    """What happened to a parcel."""

    BEGUN = "begun"
    """Written before anything leaves this machine."""
    SENT = "sent"
    """The service said that it has it."""
    PARTIAL = "partial"
    """The mail server took it for some recipients and refused others."""
    FAILED = "failed"
    """The service certainly does not have it: it may be sent again."""
    UNCLEAR = "unclear"
    """Nobody can say whether the service has it: it is not sent again unless a person says so."""
    CONFIRMED = "confirmed"
    """A person says that it arrived."""
    AGAIN = "again"
    """A person wants it sent once more."""


class DeliveryState(StrEnum):
    """How a parcel stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    PARTIAL = "partial"
    UNCLEAR = "unclear"

    @property
    def label(self) -> str:
        """Chinese word for people."""
        return {"waiting": "待发送", "delivered": "已送达", "partial": "部分收件人未收到", "unclear": "待确认"}[
            self.value
        ]


@dataclass(frozen=True, slots=True)
class DeliveryEvent:
    """One event of one parcel."""

    kind: DeliveryKind
    at: datetime
    detail: str = ""
    """Receipt or reason, Chinese or the service's own words; never a secret."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One part of one day's digest, or of the joined digests of several rest days, for one channel."""

    id: int
    day: date
    """Of a joined parcel the last day."""
    channel: str
    part: int
    """From 1."""
    parts: int
    key: str
    """The same whenever this parcel is sent: mail carries it as Message-ID."""
    body: str
    """Text of a chat message; empty where the files are the message."""
    first_day: date | None = None
    """Of a joined parcel its first day."""
    events: tuple[DeliveryEvent, ...] = ()

    @property
    def days(self) -> list[date]:
        """All days that it holds the digest of, where there is one."""
        first = self.first_day or self.day
        return [first + timedelta(days=offset) for offset in range((self.day - first).days + 1)]

    @property
    def label(self) -> str:
        """Its day or days for people."""
        return f"{self.day}" if self.first_day is None else f"{self.first_day} 至 {self.day}"

    @property
    def state(self) -> DeliveryState:
        """The fold of its events. A begun one without an end belongs to a process that died: unclear."""
        if not self.events:
            return DeliveryState.WAITING
        return {
            DeliveryKind.BEGUN: DeliveryState.UNCLEAR,
            DeliveryKind.UNCLEAR: DeliveryState.UNCLEAR,
            DeliveryKind.SENT: DeliveryState.DELIVERED,
            DeliveryKind.CONFIRMED: DeliveryState.DELIVERED,
            DeliveryKind.PARTIAL: DeliveryState.PARTIAL,
            DeliveryKind.FAILED: DeliveryState.WAITING,
            DeliveryKind.AGAIN: DeliveryState.WAITING,
        }[self.events[-1].kind]

    @property
    def failures(self) -> int:
        """Failures since it was last asked for."""
        count = 0
        for event in reversed(self.events):
            if event.kind is DeliveryKind.AGAIN:
                break
            count += event.kind is DeliveryKind.FAILED
        return count

    def ready(self, now: datetime) -> bool:
        """Whether it may be sent now: waiting, and its wait after the last failure is over.

        A clock that was set back by more than the wait does not hold it up.
        """
        if self.state is not DeliveryState.WAITING:
            return False
        if not self.failures:
            return True
        failed = self.events[-1].at
        return now >= failed + wait_after(self.failures, self.key) or now < failed - LONGEST_WAIT


def wait_after(failures: int, key: str) -> timedelta:
    """Time before the next try: doubling, with up to a quarter more by the parcel's key, so that parcels spread."""
    wait = min(FIRST_WAIT * (1 << min(failures - 1, 10)), LONGEST_WAIT)
    spread = hashlib.sha256(f"{key}:{failures}".encode()).digest()[0] / 255
    return wait + timedelta(seconds=wait.total_seconds() * spread / 4)


def parcel_key(day: date, channel: str, part: int) -> str:
    """Key of a parcel: letters and digits only, as a Message-ID may hold."""
    return hashlib.sha256(f"{day.isoformat()}\0{channel}\0{part}".encode()).hexdigest()[:32]


def newest(parcels: Sequence[Parcel]) -> date | None:
    """Day of the newest parcel."""
    return max((parcel.day for parcel in parcels), default=None)
