"""两步登录: password, then a code of an authenticator app. Implements ``console.ports.TwoStepsPort``.

A code is taken once (also when it comes twice at the same moment), and failures at the second step count with those at
the first: five of a name in a quarter of an hour end all tries, and half logins with them.
"""

from __future__ import annotations

from dataclasses import dataclass

from console.ports import Enrolment, Protection
from domain.account import LoginStage, User
from domain.errors import BadInput
from zhengxun import totp
from zhengxun.accounts import AccountService

_WRONG = "动态码不正确或已用过。请等应用显示下一个动态码再试；手机时间应与标准时间一致。"


@dataclass(frozen=True)
class TwoSteps:
    """Second steps of logins, and how users come by them."""

    service: AccountService

    def finish(self, token: str, code: str, address: str) -> str:
        """See the port."""
        half = self.service.half_login(token)
        if half is None or half.stage is not LoginStage.CODE:
            raise BadInput("登录已过时，请重新输入登录名和密码。")
        how = self._take(half.user, code, address)
        # Another token than that of the first step: who saw that one has nothing.
        self.service.accounts.end_session(token)
        return self.service.let_in(half.user, address, how)

    def _take(self, user: User, code: str, address: str) -> str:
        """Spend a code; what kind it was. Anything else is a failed login."""
        self.service.refuse_guessing(user.name, address)
        plain, now = totp.as_typed(code), self.service.clock()
        known = self.service.authenticators.of(user.id)
        if known is not None and known.confirmed_at is not None:
            step = totp.matching_step(known.secret, plain, now, known.last_step)
            if step is not None and self.service.authenticators.use_step(user.id, step):
                return "动态码"
            if self.service.authenticators.use_code(user.id, plain, now):
                return f"恢复码，还剩 {known.codes_left - 1} 个"
        self.service.note_failure(user.name, address, "动态码不正确")
        raise BadInput(_WRONG)

    def protection(self, user: User) -> Protection:
        """See the port."""
        known = self.service.authenticators.of(user.id)
        in_force = known is not None and known.confirmed_at is not None
        return Protection(in_force, user.role in self.service.two_steps_for, known.codes_left if known else 0)

    def begin(self, user: User) -> Enrolment:
        """See the port."""
        secret = totp.new_secret()
        if not self.service.authenticators.begin(user.id, secret, self.service.clock()):
            raise BadInput("您已启用两步登录；换手机时请先关闭，再重新启用。")
        return self._shown(user, secret)

    def begun(self, user: User) -> Enrolment:
        """See the port."""
        known = self.service.authenticators.of(user.id)
        if known is None or known.confirmed_at is not None:
            return self.begin(user)
        return self._shown(user, known.secret)

    def _shown(self, user: User, secret: str) -> Enrolment:
        return Enrolment(
            " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
            totp.qr_code(totp.address(secret, user.name)),
        )

    def check_password(self, user: User, password: str, address: str) -> None:
        """See the port."""
        self.service.refuse_guessing(user.name, address)
        if not self.service.is_password(user, password):
            self.service.note_failure(user.name, address, "改登录方式时密码不正确")
            raise BadInput("密码不正确。")

    def confirm(self, user: User, code: str, address: str) -> list[str]:
        """See the port."""
        self.service.refuse_guessing(user.name, address)
        known, now = self.service.authenticators.of(user.id), self.service.clock()
        if known is None or known.confirmed_at is not None:
            raise BadInput("没有等待启用的二维码；请重新开始。")
        step = totp.matching_step(known.secret, totp.as_typed(code), now, 0)
        if step is None:
            self.service.note_failure(user.name, address, "启用两步登录时动态码不正确")
            raise BadInput(_WRONG)
        codes = totp.new_recovery_codes()
        if not self.service.authenticators.confirm(user.id, known.secret, step, codes, now):
            raise BadInput("二维码刚在另一个窗口重新生成过，这一个已作废；请重新开始。")
        self.service.note(user, "启用两步登录", "", "", address)
        return codes

    def finish_enrolment(self, token: str, address: str) -> str:
        """See the port."""
        half = self.service.half_login(token)
        if half is None or half.stage is not LoginStage.ENROL or not self.protection(half.user).in_force:
            raise BadInput("登录已过时，请重新输入登录名和密码。")
        self.service.accounts.end_session(token)
        return self.service.let_in(half.user, address, "动态码")

    def renew_codes(self, user: User, code: str, address: str) -> list[str]:
        """See the port."""
        self._take(user, code, address)
        codes = totp.new_recovery_codes()
        self.service.authenticators.replace_codes(user.id, codes)
        self.service.note(user, "更换恢复码", "", "", address)
        return codes

    def remove(self, user: User, code: str, address: str) -> None:
        """See the port."""
        if self.protection(user).required:
            raise BadInput(f"按设置，{user.role.label}必须使用两步登录，不能关闭；换手机请联系管理员重置。")
        self._take(user, code, address)
        self.service.authenticators.remove(user.id)
        self.service.note(user, "关闭两步登录", "", "", address)
