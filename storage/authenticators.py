"""Authenticators and recovery codes in the database. What a code must be is :mod:`zhengxun.two_steps`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from storage.engine import reading, writing
from storage.tables import AuthenticatorRow, RecoveryCodeRow, UserRow


@dataclass(frozen=True, slots=True)
class Authenticator:
    """What a user's codes are made of."""

    secret: str
    """Base32."""
    confirmed_at: datetime | None
    last_step: int
    codes_left: int
    """Recovery codes that were not used yet."""


@dataclass(frozen=True, slots=True)
class Authenticators:
    """Those of all users."""

    engine: Engine

    def of(self, user_id: int) -> Authenticator | None:
        """The authenticator of a user, confirmed or only begun."""
        row, code = AuthenticatorRow, RecoveryCodeRow
        with reading(self.engine) as connection:
            found = connection.execute(
                select(row.secret, row.confirmed_at, row.last_step).where(row.user_id == user_id)
            ).first()
            left = connection.execute(
                select(func.count()).select_from(code).where(code.user_id == user_id, code.used_at.is_(None))
            ).scalar_one()
        return None if found is None else Authenticator(*found, codes_left=int(left))

    def names(self) -> frozenset[str]:
        """Names of the users who log in by two steps."""
        row = AuthenticatorRow
        with reading(self.engine) as connection:
            return frozenset(
                connection.execute(
                    select(UserRow.name).join(row, row.user_id == UserRow.id).where(row.confirmed_at.is_not(None))
                ).scalars()
            )

    def begin(self, user_id: int, secret: str, now: datetime) -> bool:
        """Keep a secret that is not in force yet, in the place of an earlier such one; False where one is in force."""
        row = AuthenticatorRow
        with writing(self.engine) as connection:
            connection.execute(delete(row).where(row.user_id == user_id, row.confirmed_at.is_(None)))
            if connection.execute(select(row.user_id).where(row.user_id == user_id)).first():
                return False
            connection.execute(insert(row).values(user_id=user_id, secret=secret, created_at=now, last_step=0))
        return True

    def confirm(self, user_id: int, secret: str, step: int, codes: Sequence[str], now: datetime) -> bool:
        """Put a begun secret in force, with its recovery codes; False where it is not the one that was begun last."""
        row = AuthenticatorRow
        with writing(self.engine) as connection:
            changed = connection.execute(
                update(row)
                .where(row.user_id == user_id, row.secret == secret, row.confirmed_at.is_(None))
                .values(confirmed_at=now, last_step=step)
            )
            if not changed.rowcount:
                return False
            _write_codes(connection, user_id, codes)
        return True

    def use_step(self, user_id: int, step: int) -> bool:
        """Spend the code of these 30 seconds; False where it, or a later one, was spent before."""
        row = AuthenticatorRow
        with writing(self.engine) as connection:
            changed = connection.execute(
                update(row)
                .where(row.user_id == user_id, row.confirmed_at.is_not(None), row.last_step < step)
                .values(last_step=step)
            )
            return bool(changed.rowcount)

    def use_code(self, user_id: int, code: str, now: datetime) -> bool:
        """Spend a recovery code; False where it is none, or was spent before."""
        row = RecoveryCodeRow
        with writing(self.engine) as connection:
            changed = connection.execute(
                update(row)
                .where(row.user_id == user_id, row.sha256 == _hash(code), row.used_at.is_(None))
                .values(used_at=now)
            )
            return bool(changed.rowcount)

    def replace_codes(self, user_id: int, codes: Sequence[str]) -> None:
        """New recovery codes; the earlier ones are worth nothing."""
        with writing(self.engine) as connection:
            _write_codes(connection, user_id, codes)

    def remove(self, user_id: int) -> bool:
        """Take a user's authenticator and recovery codes away; False where there was none in force."""
        with writing(self.engine) as connection:
            connection.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id))
            row = AuthenticatorRow
            was = connection.execute(delete(row).where(row.user_id == user_id).returning(row.confirmed_at)).scalar()
        return was is not None


def _write_codes(connection: Connection, user_id: int, codes: Sequence[str]) -> None:
    connection.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id))
    connection.execute(insert(RecoveryCodeRow), [{"user_id": user_id, "sha256": _hash(code)} for code in codes])


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
