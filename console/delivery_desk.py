"""What the section 报送 shows and asks for; ``zhengxun`` passes an implementation in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from domain.delivery import DeliveryState


@dataclass(frozen=True, slots=True)
class ParcelLine:
    """One part of a digest for one channel."""

    id: int
    part: int
    parts: int
    state: DeliveryState
    tries: int
    at: datetime | None
    """Of the last thing that happened to it."""
    detail: str


@dataclass(frozen=True, slots=True)
class ChannelLine:
    """One channel, and how a digest stands with it."""

    name: str
    kind: str
    """Chinese."""
    place: str
    scope: str
    """Which leads it gets, Chinese; empty: all."""
    parcels: tuple[ParcelLine, ...]
    """Empty: this digest was never put into its outbox."""

    @property
    def may_send(self) -> bool:
        """Whether something of the digest may go out: never what arrived, or may have."""
        return not self.parcels or any(parcel.state is DeliveryState.WAITING for parcel in self.parcels)


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending."""

    good: bool
    text: str
    """Chinese, for people."""


class DeliveryDesk(Protocol):
    """Channels and the outbox. What cannot be done raises ``BadInput``; sending takes as long as the service takes."""

    def channels(self, day: date) -> Sequence[ChannelLine]:
        """Every channel of the settings, with that day's digest."""
        ...

    def send(self, day: date, channel: str) -> Sent:
        """Send that day's digest by one channel now; what was delivered or is 待确认 is not sent again."""
        ...

    def test(self, channel: str) -> Sent:
        """Send a message that says it is a test."""
        ...

    def settle(self, parcel: int, received: bool, by: str) -> Sent:
        """A person says that a parcel arrived, or wants it sent once more."""
        ...
