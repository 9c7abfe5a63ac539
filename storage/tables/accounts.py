"""Users of the console, their sessions, and the audit log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base
from storage.types import Id


class UserRow(Base):
    """One person; disabled, never deleted."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    role: Mapped[str]
    unit: Mapped[str | None]
    password_hash: Mapped[str]
    """Argon2id in PHC format, made and checked outside this room."""
    disabled: Mapped[bool]
    created_at: Mapped[datetime]


class SessionRow(Base):
    """A login that is in force. The cookie holds the token; the database only its hash."""

    __tablename__ = "sessions"

    token_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(Id, ForeignKey("users.id"), index=True)
    csrf: Mapped[str]
    stage: Mapped[str] = mapped_column(server_default=text("'full'"))
    """:class:`domain.account.LoginStage`: one that is not ``full`` opens nothing but the next step of the login."""
    created_at: Mapped[datetime]
    last_seen: Mapped[datetime] = mapped_column(index=True)


class AuthenticatorRow(Base):
    """The authenticator (TOTP) of a user; without ``confirmed_at`` it was begun and is not in force."""

    __tablename__ = "authenticators"

    user_id: Mapped[int] = mapped_column(Id, ForeignKey("users.id"), primary_key=True)
    secret: Mapped[str]
    """Base32. It cannot be hashed: codes are made of it."""
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(Id)
    """Number of the 30 seconds whose code was used last: it and those before it are refused (RFC 6238, 5.2)."""


class RecoveryCodeRow(Base):
    """A code that stands in for the authenticator, once."""

    __tablename__ = "recovery_codes"
    __table_args__ = ({"sqlite_with_rowid": False},)

    user_id: Mapped[int] = mapped_column(Id, ForeignKey("users.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    """Of the code, which is random: a slow hash would add nothing."""
    used_at: Mapped[datetime | None]


class LoginFailureRow(Base):
    """A failed login, counted by name and by address for a while."""

    __tablename__ = "login_failures"
    __table_args__ = (
        Index("ix_login_failures_name_at", "name", "at"),
        Index("ix_login_failures_address_at", "address", "at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str]
    address: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)


class AuditRow(Base):
    """One line of the audit log; append-only."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_target_id", "target", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(index=True)
    action: Mapped[str]
    target: Mapped[str]
    detail: Mapped[str]
    address: Mapped[str]
