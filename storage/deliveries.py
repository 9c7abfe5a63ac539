"""报送 in the database: the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine, func, insert, select

from domain.delivery import DeliveryEvent, DeliveryKind, Parcel, parcel_key
from storage.dialects import insert_or_ignore
from storage.engine import reading, writing
from storage.tables import DeliveryEventRow, DeliveryRow


@dataclass(frozen=True, slots=True)
class Deliveries:
    """The outbox: parcels, and the events of each."""

    engine: Engine

    def plan(self, day: date, channel: str, bodies: Sequence[str], now: datetime, first: date | None = None) -> bool:
        """Put the parts of a digest into the outbox of a channel; False where it was put there before.

        ``first``: the digests of all days from it to ``day``, joined; False where one of them was put there before.

        All parts at once: what was planned first stands, also if words or limits have changed since.
        """
        with writing(self.engine) as connection:
            row = DeliveryRow
            if connection.execute(
                select(row.id)
                .where(
                    row.channel == channel,
                    row.digest_date >= (first or day),
                    func.coalesce(row.first_date, row.digest_date) <= day,
                )
                .limit(1)
            ).first():
                return False
            connection.execute(
                insert_or_ignore(connection, row, ["digest_date", "channel", "part"]),
                [
                    {
                        "digest_date": day,
                        "first_date": first,
                        "channel": channel,
                        "part": part,
                        "parts": len(bodies),
                        "key": parcel_key(day, channel, part),
                        "body": body,
                        "planned_at": now,
                    }
                    for part, body in enumerate(bodies, 1)
                ],
            )
            return True

    def append(self, parcel_id: int, event: DeliveryEvent) -> None:
        """Keep an event; it is on disk when this returns."""
        with writing(self.engine) as connection:
            connection.execute(
                insert(DeliveryEventRow).values(
                    delivery_id=parcel_id, kind=event.kind.value, at=event.at, detail=event.detail
                )
            )

    def newest_day(self, channel: str) -> date | None:
        """Newest digest that was ever planned for a channel."""
        with reading(self.engine) as connection:
            return connection.execute(
                select(func.max(DeliveryRow.digest_date)).where(DeliveryRow.channel == channel)
            ).scalar()

    def parcels(self, since: date) -> list[Parcel]:
        """Parcels of digests of ``since`` and later, by day, channel and part."""
        row, happened = DeliveryRow, DeliveryEventRow
        with reading(self.engine) as connection:
            events: dict[int, list[DeliveryEvent]] = {}
            for found in connection.execute(
                select(happened.delivery_id, happened.kind, happened.at, happened.detail)
                .join(row, row.id == happened.delivery_id)
                .where(row.digest_date >= since)
                .order_by(happened.id)
            ):
                events.setdefault(found.delivery_id, []).append(
                    DeliveryEvent(DeliveryKind(found.kind), found.at, found.detail)
                )
            rows = connection.execute(
                select(row.id, row.digest_date, row.channel, row.part, row.parts, row.key, row.body, row.first_date)
                .where(row.digest_date >= since)
                .order_by(row.digest_date, row.channel, row.part)
            )
            return [Parcel(*found, events=tuple(events.get(found.id, ()))) for found in rows]
