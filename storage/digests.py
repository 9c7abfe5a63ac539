"""处置简报 in the database: what the builder asks, and what is frozen for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, case, func, insert, select, update

from domain.digest import Coverage, Digest, DigestItem, DigestStatus, LeadMaterial
from domain.errors import ZhengxunError
from domain.lead import CLOSED, Review
from domain.target import Target
from storage.codec import decoder, encode, encoder
from storage.coverage import coverage
from storage.dialects import insert_or_ignore
from storage.engine import reading, writing
from storage.material import lead_material
from storage.tables import DigestItemRow, DigestNumberRow, DigestRow, LeadRow
from storage.types import canonical_json

_encode_item = encoder(DigestItem)
_decode_item = decoder(DigestItem)
_decode_coverage = decoder(Coverage)


@dataclass(frozen=True, slots=True)
class DigestListing:
    """One frozen digest in a list."""

    date: date
    number: str
    generated_at: datetime
    items: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Digests:
    """Frozen digests, and the :class:`domain.ports.DigestSource` from which new ones are built."""

    engine: Engine
    is_due: Callable[[Target, datetime], bool] | None = None
    """Schedule of the caller: by it a target that was due and not visited counts as planned."""

    def lead_material(self, day: date, cutoff: datetime) -> Iterator[LeadMaterial]:
        """Leads that belong in the digest of ``day``, as they stood at ``cutoff``, by lead id; read as it is used."""
        return lead_material(self.engine, day, cutoff)

    def coverage(self, day: date, cutoff: datetime) -> Coverage:
        """Planned and seen targets of the day up to ``cutoff``, and the gaps; see :mod:`storage.coverage`."""
        return coverage(self.engine, day, cutoff, self.is_due)

    def frozen(self, day: date) -> Digest | None:
        """The digest of a day as it was frozen; one that no longer matches its hash raises :class:`ZhengxunError`."""
        with reading(self.engine) as connection:
            return _frozen(connection, day)

    def next_number(self, day: date) -> str:
        """The number of the day's digest, e.g. ``〔2026〕第001期``: counted by year, one for a day, never reused.

        Asking again for the same day, also after a crash in between, gives the same number.
        """
        number = DigestNumberRow
        with writing(self.engine) as connection:
            if connection.dialect.name == "postgresql":
                # Two days that are numbered at the same moment must not read the same greatest number.
                connection.exec_driver_sql("LOCK TABLE digest_numbers IN SHARE ROW EXCLUSIVE MODE")
            sequence = connection.execute(select(number.sequence).where(number.day == day)).scalar()
            if sequence is None:
                last = select(func.coalesce(func.max(number.sequence), 0)).where(number.year == day.year)
                sequence = connection.execute(last).scalar_one() + 1
                connection.execute(insert(number).values(day=day, year=day.year, sequence=sequence))
        return f"〔{day.year}〕第{sequence:03d}期"

    def freeze(self, digest: Digest) -> Digest:
        """Keep ``digest`` for ever and note in its leads that they were shown; return what is kept.

        A day has one digest: when it has been frozen already, that one comes back unchanged and ``digest`` is left.
        ``digest.generated_at`` is taken as its cutoff.
        """
        payloads = [_encode_item(item) for item in digest.items]
        covered = encode(Coverage, digest.coverage)
        with writing(self.engine) as connection:
            statement = insert_or_ignore(connection, DigestRow).returning(DigestRow.id)
            digest_id = connection.execute(
                statement,
                [
                    {
                        "day": digest.date,
                        "number": digest.number,
                        "generated_at": digest.generated_at,
                        "rule_pack": digest.rule_pack,
                        "coverage": covered,
                        "item_count": len(payloads),
                        "sha256": _seal(digest, covered, payloads),
                    }
                ],
            ).scalar()
            if digest_id is not None and payloads:
                connection.execute(
                    insert(DigestItemRow),
                    [
                        {
                            "digest_id": digest_id,
                            "position": position,
                            "lead_id": item.lead_id,
                            "status": item.status.value,
                            "payload": payload,
                        }
                        for position, (item, payload) in enumerate(zip(digest.items, payloads, strict=True))
                    ],
                )
                _note_shown(connection, digest_id, digest)
            kept = _frozen(connection, digest.date)
        if kept is None:
            raise ZhengxunError(f"{digest.date} 的处置简报未能保存：编号 {digest.number} 已用于另一天；请重试。")
        return kept

    def list(self) -> list[DigestListing]:
        """All frozen digests, newest day first."""
        with reading(self.engine) as connection:
            return [DigestListing(*row) for row in connection.execute(_LISTED.order_by(DigestRow.day.desc()))]

    def find(self, day: date) -> DigestListing | None:
        """The listing of one day's digest, its items not read."""
        with reading(self.engine) as connection:
            row = connection.execute(_LISTED.where(DigestRow.day == day)).first()
        return None if row is None else DigestListing(*row)

    def totals(self, day: date) -> dict[str, int]:
        """Number of items per status of a frozen digest, as its columns say: nothing is decoded, no hash is checked."""
        totals = {status.value: 0 for status in DigestStatus}
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(DigestItemRow.status, func.count())
                .join(DigestRow, DigestRow.id == DigestItemRow.digest_id)
                .where(DigestRow.day == day)
                .group_by(DigestItemRow.status)
            )
            totals.update(rows.all())
        return totals


_LISTED = select(DigestRow.day, DigestRow.number, DigestRow.generated_at, DigestRow.item_count, DigestRow.sha256)


def _seal(digest: Digest, covered: Any, payloads: list[Any]) -> str:
    """Hex SHA-256 over the canonical JSON of the whole digest."""
    whole = {
        "date": digest.date.isoformat(),
        "number": digest.number,
        "generated_at": digest.generated_at.timestamp(),
        "rule_pack": digest.rule_pack,
        "coverage": covered,
        "items": payloads,
    }
    return hashlib.sha256(canonical_json(whole).encode()).hexdigest()


def _note_shown(connection: Connection, digest_id: int, digest: Digest) -> None:
    """In the leads that were listed: when; a digest of an earlier day that is built late changes nothing."""
    listed = select(DigestItemRow.lead_id).where(DigestItemRow.digest_id == digest_id)
    # One after another by id, as a crawl takes them; an UPDATE alone would take them in any order, and two that each
    # wait for what the other has would end in an error.
    connection.execute(
        select(LeadRow.id).where(LeadRow.id.in_(listed)).order_by(LeadRow.id).with_for_update(key_share=True)
    ).all()
    still_open = (LeadRow.presence.not_in([presence.value for presence in CLOSED])) | (
        LeadRow.changed_at > digest.generated_at
    )
    connection.execute(
        update(LeadRow)
        .where(LeadRow.id.in_(listed), (LeadRow.shown_on.is_(None)) | (LeadRow.shown_on < digest.date))
        .values(
            shown_on=digest.date,
            shown_at=digest.generated_at,
            to_report=case((LeadRow.review == Review.DISMISSED.value, False), else_=still_open),
        )
    )


def _frozen(connection: Connection, day: date) -> Digest | None:
    row = connection.execute(select(*DigestRow.__table__.c).where(DigestRow.day == day)).first()
    if row is None:
        return None
    payloads = list(
        connection.execute(
            select(DigestItemRow.payload).where(DigestItemRow.digest_id == row.id).order_by(DigestItemRow.position)
        ).scalars()
    )
    digest = Digest(
        date=row.day,
        number=row.number,
        generated_at=row.generated_at,
        rule_pack=row.rule_pack,
        coverage=_decode_coverage(row.coverage),
        items=tuple(_decode_item(payload) for payload in payloads),
    )
    if _seal(digest, row.coverage, payloads) != row.sha256:
        raise ZhengxunError(f"{day} 的处置简报（{row.number}）与封存时的校验值不一致；请从备份恢复数据库。")
    return digest
