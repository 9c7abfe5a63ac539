"""Logins of the console: passwords (Argon2id), sessions, and limits on guessing. Implements ``console.ports``.

Passwords: NIST SP 800-63B asks for length and a check against what everybody guesses, not for character classes.
Guessing: failures are counted by name and by address in the database, so that a restart does not begin anew.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from console.ports import Login
from domain.account import AuditEntry, LoginStage, Role, User
from domain.errors import BadInput
from domain.ports import Clock
from storage.accounts import Accounts
from storage.authenticators import Authenticators

#: Shortest password, in characters.
SHORTEST = 10
_LONGEST = 200
_GUESSED = frozenset(
    "1234567890 0123456789 12345678910 1234567890a 123456789a qwertyuiop 1qaz2wsx3edc password123 admin123456 "
    "aa123456789 a1234567890 1111111111 0000000000 8888888888 6666666666 abcdefghij qazwsxedcrfv adminadmin".split()
)
#: Failed logins within the window after which no more are taken, by name and by address.
_BY_NAME, _BY_ADDRESS = 5, 30
WINDOW = timedelta(minutes=15)
#: A session ends when nothing was asked for so long, and after so long in any case.
IDLE, LONGEST = timedelta(hours=2), timedelta(hours=12)
#: How long the first step of a login waits for its second.
HALF = timedelta(minutes=10)


@dataclass(frozen=True)
class AccountService:
    """Users and their logins."""

    accounts: Accounts
    clock: Clock
    idle: timedelta = IDLE
    longest: timedelta = LONGEST
    hasher: PasswordHasher = field(default_factory=PasswordHasher)
    two_steps_for: frozenset[Role] = frozenset()
    """Roles that may not log in by their password alone."""

    @property
    def authenticators(self) -> Authenticators:
        """Who logs in by two steps."""
        return Authenticators(self.accounts.engine)

    def add(self, name: str, display_name: str, role: Role, unit: str | None, password: str, by: str) -> User:
        """A new user; unusable names and passwords raise :class:`BadInput`."""
        checked = _checked_name(name)
        user = self.accounts.add(
            name=checked,
            display_name=display_name.strip() or checked,
            role=role,
            unit=unit,
            password_hash=self.hasher.hash(_checked_password(password, checked)),
            now=self.clock(),
        )
        self._note(by, "新建用户", f"用户 {user.name}", f"角色 {role.label}")
        return user

    def set_password(self, name: str, password: str, by: str) -> None:
        """A new password; all sessions of the user end."""
        self.accounts.change(name, password_hash=self.hasher.hash(_checked_password(password, name)))
        self.accounts.forget_failures(name)
        self._note(by, "修改密码", f"用户 {name}")

    def set_disabled(self, name: str, disabled: bool, by: str) -> None:
        """Disable a user (all his sessions end) or enable him again."""
        self.accounts.change(name, disabled=disabled)
        self._note(by, "停用用户" if disabled else "启用用户", f"用户 {name}")

    def set_role(self, name: str, role: Role, by: str) -> None:
        """Give a user another role; all his sessions end."""
        self.accounts.change(name, role=role.value)
        self._note(by, "修改角色", f"用户 {name}", f"角色 {role.label}")

    def reset_two_steps(self, name: str, by: str) -> None:
        """Take a user's authenticator away (a lost telephone); all his sessions end."""
        found = self.accounts.find(name)
        if found is None:
            raise BadInput(f"没有登录名为“{name}”的用户；可用 zhengxun users list 查看。")
        if not self.authenticators.remove(found[0].id):
            raise BadInput(f"用户“{name}”没有启用两步登录，无须重置。")
        self.accounts.end_sessions(found[0].id)
        self._note(by, "重置两步登录", f"用户 {name}")

    def exist(self) -> bool:
        """Whether there is any user yet."""
        return bool(self.accounts.list())

    def log_in(self, name: str, password: str, address: str) -> str:
        """Token of a new session. The same message for an unknown name and a wrong password."""
        self.refuse_guessing(name, address)
        found = self.accounts.find(name)
        if not self._matches(found, password) or found is None or found[0].disabled:
            self.note_failure(name, address)
            raise BadInput("登录名或密码不正确，或用户已停用。")
        user, hashed = found
        if self.hasher.check_needs_rehash(hashed):
            self.accounts.replace_hash(user.id, self.hasher.hash(password))
        authenticator = self.authenticators.of(user.id)
        if authenticator is not None and authenticator.confirmed_at is not None:
            return self.begin_session(user, LoginStage.CODE)
        if user.role in self.two_steps_for:
            return self.begin_session(user, LoginStage.ENROL)
        return self.let_in(user, address)

    def refuse_guessing(self, name: str, address: str) -> None:
        """Raise :class:`BadInput` where there were too many failures of late."""
        by_name, by_address = self.accounts.failures(name, address, self.clock() - WINDOW)
        if by_name >= _BY_NAME or by_address >= _BY_ADDRESS:
            self._note(name, "登录被拒绝", detail="失败次数过多", address=address)
            raise BadInput("登录失败次数过多，请 15 分钟后再试，或请管理员用 zhengxun users passwd 重设密码。")

    def note_failure(self, name: str, address: str, detail: str = "") -> None:
        """Count a failed login, or a failed second step of one."""
        self.accounts.note_failure(name, address, self.clock(), keep=WINDOW * 4)
        self._note(name, "登录失败", detail=detail, address=address)

    def begin_session(self, user: User, stage: LoginStage) -> str:
        """Token of a new session."""
        token = secrets.token_urlsafe(32)
        self.accounts.begin_session(user.id, token, secrets.token_urlsafe(32), self.clock(), stage)
        return token

    def let_in(self, user: User, address: str, detail: str = "") -> str:
        """Token of a whole login, all steps of which were right."""
        # Only now: who has the password alone must not be able to wipe out his failed guesses at the second step.
        self.accounts.forget_failures(user.name)
        self._note(user.name, "登录", detail=detail, address=address)
        return self.begin_session(user, LoginStage.FULL)

    def is_password(self, user: User, password: str) -> bool:
        """Whether this is the user's password."""
        return self._matches(self.accounts.find(user.name), password)

    def login(self, token: str) -> Login | None:
        """The login behind a token."""
        session = self.accounts.session(token, self.clock(), self.idle, self.longest)
        if session is None or session.stage is not LoginStage.FULL:
            return None
        return Login(session.user, session.csrf)

    def half_login(self, token: str) -> Login | None:
        """The half login behind a token: for :data:`HALF` at most."""
        session = self.accounts.session(token, self.clock(), HALF, HALF)
        if session is None or session.stage is LoginStage.FULL:
            return None
        return Login(session.user, session.csrf, session.stage)

    def log_out(self, token: str, address: str) -> None:
        """End a session."""
        session = self.accounts.session(token, self.clock(), self.idle, self.longest)
        self.accounts.end_session(token)
        if session is not None:
            self._note(session.user.name, "退出", address=address)

    def note(self, user: User, action: str, target: str, detail: str, address: str) -> None:
        """Add a line to the audit log."""
        self._note(user.name, action, target, detail, address)

    def _matches(self, found: tuple[User, str] | None, password: str) -> bool:
        """Takes as long for a name that does not exist, so that names cannot be told by the clock."""
        try:
            return self.hasher.verify(found[1] if found else self.hasher.hash(secrets.token_hex()), password)
        except (VerificationError, InvalidHashError):
            return False

    def _note(self, actor: str, action: str, target: str = "", detail: str = "", address: str = "") -> None:
        self.accounts.note(AuditEntry(self.clock(), actor[:100], action, target, detail, address))


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 2 <= len(name) <= 40 or not all(char.isalnum() or char in "._-@" for char in name):
        raise BadInput(f"登录名“{name}”不可用：须为 2 至 40 个汉字、字母、数字或 . _ - @。")
    return name


def _checked_password(password: str, name: str) -> str:
    if len(password) < SHORTEST:
        raise BadInput(f"密码太短：至少 {SHORTEST} 个字符，现为 {len(password)} 个。")
    if len(password) > _LONGEST:
        raise BadInput(f"密码太长：至多 {_LONGEST} 个字符，现为 {len(password)} 个。")
    if password.lower() in _GUESSED or len(set(password)) < 4 or name.lower() in password.lower():
        raise BadInput("密码太容易猜到：不能是常见密码、少数几个字符的重复，也不能包含登录名。")
    return password
