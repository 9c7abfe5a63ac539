"""What the console asks of the rest of the program. ``zhengxun`` passes implementations in; tests pass their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from domain.account import User


@dataclass(frozen=True, slots=True)
class Login:
    """A login that is in force."""

    user: User
    csrf: str
    """Secret that every change must carry, in a form field or a header."""


class AccountsPort(Protocol):
    """Who is logged in. Every method may be called from several threads."""

    def exist(self) -> bool:
        """Whether there is any user yet."""
        ...

    def log_in(self, name: str, password: str, address: str) -> str:
        """Token of a new session; wrong words, a disabled user or too many tries raise ``BadInput``."""
        ...

    def login(self, token: str) -> Login | None:
        """The login behind a session's token, unless it has ended."""
        ...

    def log_out(self, token: str, address: str) -> None:
        """End a session."""
        ...

    def note(self, user: User, action: str, target: str, detail: str, address: str) -> None:
        """Add a line to the audit log."""
        ...
