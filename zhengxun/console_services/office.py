"""用户 and 审计日志 of the console."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.office_desk import LINES, AuditLine
from domain.account import Role, User
from domain.errors import BadInput
from zhengxun.accounts import AccountService


@dataclass(frozen=True)
class OfficeDeskService:
    """Implements :class:`console.office_desk.OfficeDesk`."""

    accounts: AccountService

    def users(self) -> Sequence[User]:
        """See the protocol."""
        return self.accounts.accounts.list()

    def add(self, name: str, display_name: str, role: Role, unit: str, password: str, by: str) -> User:
        """See the protocol."""
        return self.accounts.add(name.strip(), display_name, role, unit.strip() or None, password, by)

    def set_password(self, name: str, password: str, by: str) -> None:
        """See the protocol."""
        self.accounts.set_password(name, password, by)

    def set_role(self, name: str, role: Role, by: str) -> None:
        """See the protocol."""
        if name == by:
            raise BadInput("不能修改自己的角色；请由另一位管理员修改。")
        self.accounts.set_role(name, role, by)

    def set_disabled(self, name: str, disabled: bool, by: str) -> None:
        """See the protocol."""
        if name == by:
            raise BadInput("不能停用自己；请由另一位管理员操作。")
        self.accounts.set_disabled(name, disabled, by)

    def two_steps(self) -> frozenset[str]:
        """See the protocol."""
        return self.accounts.authenticators.names()

    def reset_two_steps(self, name: str, by: str) -> None:
        """See the protocol."""
        if name == by:
            raise BadInput("不能重置自己的两步登录；请在“我的账号”中关闭，或由另一位管理员操作。")
        self.accounts.reset_two_steps(name, by)

    def log(self, actor: str, action: str, before: int | None) -> Sequence[AuditLine]:
        """See the protocol."""
        found = self.accounts.accounts.log(
            actor=actor.strip() or None, action=action.strip() or None, before=before, limit=LINES
        )
        return [AuditLine(record.id, record.entry) for record in found]
