"""用户: who may do what in the console, and the book of what they did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Right(StrEnum):
    """One thing that not everybody may do."""

    VIEW = "view"
    """See digests, leads, targets and their evidence; personal data masked."""
    REVIEW = "review"
    """Decide leads, refer them, issue and send digests, merge operators, decide the 动态黑名单."""
    REVEAL = "reveal"
    """See personal data unmasked; each look is in the audit log."""
    TARGETS = "targets"
    """Add, edit, pause and remove targets; decide proposed ones."""
    LISTS = "lists"
    """Import official lists and take them out of use."""
    RULES = "rules"
    """Edit rule packs and put them live."""
    USERS = "users"
    """Manage users."""
    AUDIT = "audit"
    """Read the audit log."""


class Role(StrEnum):
    """角色: a set of rights under the name that people know it by."""

    ADMIN = "admin"
    REVIEWER = "reviewer"
    ENTRY = "entry"
    RULES = "rules"
    READONLY = "readonly"

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return _ROLE_LABELS[self]

    @property
    def rights(self) -> frozenset[Right]:
        """What a user with this role may do."""
        return ROLE_RIGHTS[self]


_ROLE_LABELS = {
    Role.ADMIN: "管理员",
    Role.REVIEWER: "研判员",
    Role.ENTRY: "录入员",
    Role.RULES: "规则员",
    Role.READONLY: "只读",
}

#: One table, so that "who may" is answered in one place. An administrator keeps users and targets, and does not judge:
#: who gives out rights should not be the one who names institutions.
ROLE_RIGHTS: dict[Role, frozenset[Right]] = {
    Role.ADMIN: frozenset({Right.VIEW, Right.TARGETS, Right.LISTS, Right.RULES, Right.USERS, Right.AUDIT}),
    Role.REVIEWER: frozenset({Right.VIEW, Right.REVIEW, Right.REVEAL}),
    Role.ENTRY: frozenset({Right.VIEW, Right.TARGETS, Right.LISTS}),
    Role.RULES: frozenset({Right.VIEW, Right.RULES}),
    Role.READONLY: frozenset({Right.VIEW}),
}


@dataclass(frozen=True, slots=True)
class User:
    """One person. Users are disabled, never deleted: their names stand in the history of leads."""

    id: int
    name: str
    """登录名: unique, never given to another person."""
    display_name: str
    role: Role
    unit: str | None
    """单位, e.g. 某市委网信办."""
    disabled: bool
    created_at: datetime

    def may(self, right: Right) -> bool:
        """Whether the user has ``right`` now."""
        return not self.disabled and right in self.role.rights


class LoginStage(StrEnum):
    """How far a session has come."""

    FULL = "full"
    """Logged in."""
    CODE = "code"
    """The password was right; a code of the authenticator is still wanted."""
    ENROL = "enrol"
    """The password was right; the role needs an authenticator, and the user has none yet."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit log: never changed, never deleted."""

    at: datetime
    actor: str
    """登录名, ``system``, or what somebody who is not logged in called himself."""
    action: str
    """Chinese, e.g. ``登录``, ``查看线索``, ``导出台账``."""
    target: str = ""
    """What it was done to, e.g. ``线索 12``."""
    detail: str = ""
    address: str = ""
    """Network address it came from."""
