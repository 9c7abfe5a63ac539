"""What the sections 用户 and 审计日志 show and ask for; ``zhengxun`` passes an implementation in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.account import AuditEntry, Role, User

#: Lines of the audit log on one page.
LINES = 100


@dataclass(frozen=True, slots=True)
class AuditLine:
    """A line of the audit log and its number."""

    id: int
    entry: AuditEntry


class OfficeDesk(Protocol):
    """Users and what they did. What cannot be done raises ``BadInput``."""

    def users(self) -> Sequence[User]:
        """All users, disabled ones included."""
        ...

    def add(self, name: str, display_name: str, role: Role, unit: str, password: str, by: str) -> User:
        """A new user."""
        ...

    def set_password(self, name: str, password: str, by: str) -> None:
        """A new password; the user's sessions end."""
        ...

    def set_role(self, name: str, role: Role, by: str) -> None:
        """Another role; the user's sessions end. Nobody changes his own."""
        ...

    def set_disabled(self, name: str, disabled: bool, by: str) -> None:
        """Disable or enable a user. Nobody disables himself."""
        ...

    def two_steps(self) -> frozenset[str]:
        """Names of the users who log in by two steps."""
        ...

    def reset_two_steps(self, name: str, by: str) -> None:
        """Take a user's authenticator away; his sessions end."""
        ...

    def log(self, actor: str, action: str, before: int | None) -> Sequence[AuditLine]:
        """Lines of an actor (empty: all) whose action holds these words, newest first, older than line ``before``."""
        ...
