"""What the console asks of the rest of the program. ``zhengxun`` passes implementations in; tests pass their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from domain.account import LoginStage, User


@dataclass(frozen=True, slots=True)
class Login:
    """A login that is in force, or the first step of one."""

    user: User
    csrf: str
    """Secret that every change must carry, in a form field or a header."""
    stage: LoginStage = LoginStage.FULL


class AccountsPort(Protocol):
    """Who is logged in. Every method may be called from several threads."""

    def exist(self) -> bool:
        """Whether there is any user yet."""
        ...

    def log_in(self, name: str, password: str, address: str) -> str:
        """Token of a new session; wrong words, a disabled user or too many tries raise ``BadInput``.

        Where a second step follows, the session is one of an earlier stage, which :meth:`login` does not let in.
        """
        ...

    def login(self, token: str) -> Login | None:
        """The login behind a session's token, unless it has ended or waits for its second step."""
        ...

    def half_login(self, token: str) -> Login | None:
        """The login behind the token of a session that waits for its second step."""
        ...

    def log_out(self, token: str, address: str) -> None:
        """End a session."""
        ...

    def note(self, user: User, action: str, target: str, detail: str, address: str) -> None:
        """Add a line to the audit log."""
        ...


@dataclass(frozen=True, slots=True)
class Enrolment:
    """An authenticator that is about to be put in force."""

    secret: str
    """For typing, where the picture cannot be read."""
    picture: str
    """The QR code as a ``data:`` address."""


@dataclass(frozen=True, slots=True)
class Protection:
    """How a user's login is protected."""

    in_force: bool
    required: bool
    """His role may not go without."""
    codes_left: int


class TwoStepsPort(Protocol):
    """两步登录. What is not right raises ``BadInput``; failures count as failed logins do."""

    def finish(self, token: str, code: str, address: str) -> str:
        """Take a code of the authenticator, or a recovery code, in a half login; token of the whole one."""
        ...

    def protection(self, user: User) -> Protection:
        """Whether the user logs in by two steps."""
        ...

    def begin(self, user: User) -> Enrolment:
        """A new secret that is not in force yet, in the place of an earlier such one."""
        ...

    def begun(self, user: User) -> Enrolment:
        """The secret that was begun, or a new one."""
        ...

    def check_password(self, user: User, password: str, address: str) -> None:
        """Who changes how he logs in shows that it is he."""
        ...

    def confirm(self, user: User, code: str, address: str) -> list[str]:
        """Put the secret that was begun in force by a code made of it; the recovery codes, which nobody can read again."""
        ...

    def finish_enrolment(self, token: str, address: str) -> str:
        """After :meth:`confirm` within a half login: token of the whole one."""
        ...

    def renew_codes(self, user: User, code: str, address: str) -> list[str]:
        """New recovery codes; the earlier ones are worth nothing."""
        ...

    def remove(self, user: User, code: str, address: str) -> None:
        """Go back to the password alone, where the role may."""
        ...
