"""Users, sessions and the audit log in the database. Passwords come hashed; what may be done is :mod:`domain.account`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, delete, func, insert, select, update

from domain.account import AuditEntry, LoginStage, Role, User
from domain.errors import BadInput
from storage.dialects import insert_or_ignore
from storage.engine import reading, writing
from storage.tables import AuditRow, LoginFailureRow, SessionRow, UserRow

#: A session's ``last_seen`` is written again after so long, not at every request.
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A login that is in force."""

    user: User
    csrf: str
    """Secret that every change must carry."""
    created_at: datetime
    stage: LoginStage = LoginStage.FULL


@dataclass(frozen=True, slots=True)
class Accounts:
    """All users and what they did."""

    engine: Engine

    def add(
        self, *, name: str, display_name: str, role: Role, unit: str | None, password_hash: str, now: datetime
    ) -> User:
        """A new user; a name that was ever used raises :class:`BadInput`."""
        values = {
            "name": name,
            "display_name": display_name,
            "role": role.value,
            "unit": unit,
            "password_hash": password_hash,
            "disabled": False,
            "created_at": now,
        }
        with writing(self.engine) as connection:
            statement = insert_or_ignore(connection, UserRow, ["name"]).returning(UserRow.id)
            user_id = connection.execute(statement, [values]).scalar()
        if user_id is None:
            raise BadInput(f"登录名“{name}”已被使用过；请换一个（停用的用户其登录名也不再给别人）。")
        return User(user_id, name, display_name, role, unit, False, now)

    def list(self) -> list[User]:
        """All users, disabled ones last."""
        with reading(self.engine) as connection:
            rows = connection.execute(select(*UserRow.__table__.c).order_by(UserRow.disabled, UserRow.id))
            return [_user(row) for row in rows]

    def find(self, name: str) -> tuple[User, str] | None:
        """The user of that name and the hash of his password."""
        with reading(self.engine) as connection:
            row = connection.execute(select(*UserRow.__table__.c).where(UserRow.name == name)).first()
        return None if row is None else (_user(row), row.password_hash)

    def change(self, name: str, **columns: Any) -> User:
        """Set columns of a user (``role``, ``unit``, ``display_name``, ``disabled``, ``password_hash``).

        All his sessions end: a changed password or role holds at once. An unknown name raises :class:`BadInput`.
        """
        with writing(self.engine) as connection:
            row = connection.execute(select(*UserRow.__table__.c).where(UserRow.name == name)).first()
            if row is None:
                raise BadInput(f"没有登录名为“{name}”的用户；可用 zhengxun users list 查看。")
            if columns:
                connection.execute(update(UserRow).where(UserRow.id == row.id).values(**columns))
            connection.execute(delete(SessionRow).where(SessionRow.user_id == row.id))
            row = connection.execute(select(*UserRow.__table__.c).where(UserRow.id == row.id)).one()
        return _user(row)

    def replace_hash(self, user_id: int, password_hash: str) -> None:
        """Store the same password's hash with stronger parameters; sessions stay."""
        with writing(self.engine) as connection:
            connection.execute(update(UserRow).where(UserRow.id == user_id).values(password_hash=password_hash))

    def begin_session(
        self, user_id: int, token: str, csrf: str, now: datetime, stage: LoginStage = LoginStage.FULL
    ) -> None:
        """A new login, or its first step."""
        with writing(self.engine) as connection:
            connection.execute(
                insert(SessionRow).values(
                    token_sha256=_hash(token),
                    user_id=user_id,
                    csrf=csrf,
                    stage=stage.value,
                    created_at=now,
                    last_seen=now,
                )
            )

    def session(self, token: str, now: datetime, idle: timedelta, longest: timedelta) -> StoredSession | None:
        """The login with this token, unless it has ended, was idle too long or its user is disabled."""
        key = _hash(token)
        statement = (
            select(
                *UserRow.__table__.c,
                SessionRow.csrf,
                SessionRow.stage,
                SessionRow.created_at.label("began"),
                SessionRow.last_seen,
            )
            .join(UserRow, UserRow.id == SessionRow.user_id)
            .where(
                SessionRow.token_sha256 == key,
                SessionRow.last_seen > now - idle,
                SessionRow.created_at > now - longest,
                UserRow.disabled.is_(False),
            )
        )
        with reading(self.engine) as connection:
            row = connection.execute(statement).first()
        if row is None:
            return None
        if now - row.last_seen >= _SEEN_EVERY:
            with writing(self.engine) as connection:
                connection.execute(update(SessionRow).where(SessionRow.token_sha256 == key).values(last_seen=now))
        return StoredSession(_user(row), row.csrf, row.began, LoginStage(row.stage))

    def end_session(self, token: str) -> None:
        """Log out; an unknown token changes nothing."""
        with writing(self.engine) as connection:
            connection.execute(delete(SessionRow).where(SessionRow.token_sha256 == _hash(token)))

    def end_sessions(self, user_id: int) -> None:
        """End all sessions of a user."""
        with writing(self.engine) as connection:
            connection.execute(delete(SessionRow).where(SessionRow.user_id == user_id))

    def note_failure(self, name: str, address: str, now: datetime, keep: timedelta) -> None:
        """Count a failed login; failures older than ``keep`` are forgotten."""
        with writing(self.engine) as connection:
            connection.execute(delete(LoginFailureRow).where(LoginFailureRow.at < now - keep))
            connection.execute(insert(LoginFailureRow).values(name=name, address=address, at=now))

    def failures(self, name: str, address: str, since: datetime) -> tuple[int, int]:
        """Failed logins since then: with this name, and from this address."""
        counted = select(func.count()).select_from(LoginFailureRow).where(LoginFailureRow.at >= since)
        with reading(self.engine) as connection:
            by_name = connection.execute(counted.where(LoginFailureRow.name == name)).scalar_one()
            by_address = connection.execute(counted.where(LoginFailureRow.address == address)).scalar_one()
        return by_name, by_address

    def forget_failures(self, name: str) -> None:
        """After a successful login."""
        with writing(self.engine) as connection:
            connection.execute(delete(LoginFailureRow).where(LoginFailureRow.name == name))

    def note(self, entry: AuditEntry) -> None:
        """Add a line to the audit log."""
        with writing(self.engine) as connection:
            connection.execute(
                insert(AuditRow).values(
                    at=entry.at,
                    actor=entry.actor,
                    action=entry.action,
                    target=entry.target,
                    detail=entry.detail,
                    address=entry.address,
                )
            )

    def last_at(self, actor: str, action: str) -> datetime | None:
        """When somebody did something last; None where he never did."""
        statement = select(func.max(AuditRow.at)).where(AuditRow.actor == actor, AuditRow.action == action)
        with reading(self.engine) as connection:
            return connection.execute(statement).scalar()

    def log(
        self,
        *,
        actor: str | None = None,
        action: str | None = None,
        target: str | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> Sequence[AuditRecord]:
        """Lines of the audit log, newest first; ``action``: words in it; ``before``: only those older than this line's id.

        ``target``: exactly what was acted upon.
        """
        statement = select(*AuditRow.__table__.c).order_by(AuditRow.id.desc()).limit(limit)
        if actor is not None:
            statement = statement.where(AuditRow.actor == actor)
        if action is not None:
            statement = statement.where(AuditRow.action.contains(action, autoescape=True))
        if target is not None:
            statement = statement.where(AuditRow.target == target)
        if before is not None:
            statement = statement.where(AuditRow.id < before)
        with reading(self.engine) as connection:
            return [
                AuditRecord(row.id, AuditEntry(row.at, row.actor, row.action, row.target, row.detail, row.address))
                for row in connection.execute(statement)
            ]


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """A line of the audit log with its number."""

    id: int
    entry: AuditEntry


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _user(row: Any) -> User:
    return User(row.id, row.name, row.display_name, Role(row.role), row.unit, row.disabled, row.created_at)
