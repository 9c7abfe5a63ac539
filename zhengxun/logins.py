"""平台登录: cookie files that staff put into ``cookies/`` of the data directory, one per platform, and how long they last.

``cookies/weibo.txt`` and so on, in the Netscape format that browser extensions export (``http.cookiejar`` reads it). A file that
others on this machine can read, or whose login has expired, is not used, and says so; no password is ever asked for. Files are
not part of backups.
"""

from __future__ import annotations

import os
import stat
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http.cookiejar import Cookie, LoadError, MozillaCookieJar
from pathlib import Path

from crawler.logins import Login
from domain.errors import BadFile
from domain.target import TargetKind
from zhengxun.clock import SHANGHAI
from zhengxun.target_kinds import hosts_of

FOLDER = "cookies"
_SUFFIX = ".txt"
_LARGEST = 1024 * 1024

#: Cookies that a platform sets when somebody logs in, as RSSHub's configuration names them (docs: "route-specific
#: configurations"); others in a file are counters and settings, whose end says nothing of the login's.
LOGIN_COOKIES: dict[TargetKind, tuple[str, ...]] = {
    TargetKind.WECHAT: (),
    TargetKind.WEIBO: ("SUB",),
    TargetKind.XIAOHONGSHU: ("web_session",),
    TargetKind.DOUYIN: ("sessionid", "sessionid_ss", "sid_tt"),
    TargetKind.KUAISHOU: ("kuaishou.server.web_st", "kuaishou.server.webday7_st", "passToken"),
    TargetKind.BILIBILI: ("SESSDATA",),
    TargetKind.ZHIHU: ("z_c0",),
    TargetKind.TIEBA: ("BDUSS",),
    TargetKind.TOUTIAO: ("sessionid", "sessionid_ss", "sid_tt"),
}


class LoginState(StrEnum):
    """How a cookie file stands."""

    GOOD = "good"
    EXPIRING = "expiring"
    """Still used; its login ends within the days of the setting ``login_warn_days``."""
    DOUBTFUL = "doubtful"
    """Used; none of its cookies is one that the platform sets when somebody logs in."""
    EXPIRED = "expired"
    UNUSABLE = "unusable"
    """Not read: wrong name or format, or readable by others on this machine."""

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return {
            "good": "有效",
            "expiring": "即将到期",
            "doubtful": "存疑",
            "expired": "已过期",
            "unusable": "不能使用",
        }[self.value]


@dataclass(frozen=True, slots=True)
class LoginFile:
    """One cookie file. Holds no value of a cookie that ``repr`` would show."""

    path: Path
    kind: TargetKind | None
    """Platform by the file's name; None where it names none."""
    state: LoginState
    detail: str
    """Chinese clause for people, without full stop."""
    expires_at: datetime | None = None
    """End of the login (aware UTC); None where the file does not say."""
    cookies: int = 0
    """How many of its cookies have not expired."""
    login: Login | None = field(default=None, repr=False)
    """For the crawl; with a fault instead of cookies where it must not be used."""

    @property
    def name(self) -> str:
        """As people are told of it: ``cookies/weibo.txt``."""
        return f"{FOLDER}/{self.path.name}"

    @property
    def sentence(self) -> str:
        """One line for alarms."""
        platform = self.kind.label if self.kind is not None else "平台"
        return f"{platform}登录文件 {self.name} {self.state.label}：{self.detail}"


def read_logins(data_dir: Path, now: datetime, warn_days: float) -> list[LoginFile]:
    """All cookie files of an installation, by name; none where there is no such folder."""
    folder = data_dir / FOLDER
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError:
        return [LoginFile(folder, None, LoginState.UNUSABLE, "文件夹无法读取，请检查权限")]
    return [read_login(path, now, warn_days) for path in paths]


def alarms(files: list[LoginFile]) -> list[LoginFile]:
    """Those that a person has to see to."""
    return [one for one in files if one.state is not LoginState.GOOD]


def read_login(path: Path, now: datetime, warn_days: float, kind: TargetKind | None = None) -> LoginFile:
    """One cookie file; ``kind``: whose it is, where its name does not say. Never raises for what a file is like."""
    kind = kind or _kind_of(path)
    if kind is None:
        names = "、".join(f"{one.value}{_SUFFIX}" for one in LOGIN_COOKIES)
        return LoginFile(path, None, LoginState.UNUSABLE, f"文件名应为 {names} 之一")
    fault = _fault_of_mode(path)
    if fault is not None:
        return _unusable(path, kind, LoginState.UNUSABLE, fault)
    jar = MozillaCookieJar()
    try:
        if path.stat().st_size > _LARGEST:
            return _unusable(path, kind, LoginState.UNUSABLE, "文件过大，不是 cookie 文件")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of http.cookiejar about lines that are none; the error below says it
            jar.load(str(path), ignore_discard=True, ignore_expires=True)
    except (LoadError, ValueError, OSError):
        how = "不是 Netscape 格式的 cookie 文件，请用浏览器扩展按 cookies.txt（Netscape）格式重新导出"
        return _unusable(path, kind, LoginState.UNUSABLE, how)
    return _judge(path, kind, jar, now, warn_days)


def install(data_dir: Path, kind: TargetKind, source: Path, now: datetime, warn_days: float) -> LoginFile:
    """Copy a cookie file to its place, readable by this user only, and say how it stands.

    :class:`BadFile` where it cannot be read or holds no login that can be used; what lies there stays then.
    """
    folder = data_dir / FOLDER
    place = folder / f"{kind.value}{_SUFFIX}"
    try:
        data = source.read_bytes()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = folder / f".{place.name}.new"
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
    except OSError as error:
        raise BadFile(f"登录文件 {source} 无法读取或放入 {folder}（{error.strerror}）。") from error
    found = read_login(draft, now, warn_days, kind)
    if found.state in (LoginState.UNUSABLE, LoginState.EXPIRED):
        draft.unlink()
        raise BadFile(f"登录文件 {source} 不能使用：{found.detail}。")
    draft.replace(place)
    return read_login(place, now, warn_days)


def _judge(path: Path, kind: TargetKind, jar: MozillaCookieJar, now: datetime, warn_days: float) -> LoginFile:
    hosts = hosts_of(kind)
    own = [cookie for cookie in jar if _is_of(cookie, hosts)]
    if not own:
        return _unusable(path, kind, LoginState.UNUSABLE, f"文件中没有{kind.label}（{'、'.join(hosts)}）的 cookie")
    named = [cookie for cookie in own if cookie.name in LOGIN_COOKIES.get(kind, ())]
    ends = [_end_of(cookie) for cookie in named or own]
    known = [end for end in ends if end is not None]
    # Of several cookies of one login each may do; of unknown ones the last says until when any is left.
    end = max(known) if known and len(known) == len(ends) else None
    if end is not None and end <= now:
        return _unusable(path, kind, LoginState.EXPIRED, f"已于 {_day(end)} 过期，请重新登录并更换文件", end)
    valid = [cookie for cookie in own if (until := _end_of(cookie)) is None or until > now]
    usable = MozillaCookieJar()
    for cookie in valid:
        # The crawl's clock has decided; the jar would ask the machine's, and takes 0 (end of the session) for 1970.
        cookie.expires = None
        cookie.discard = True
        usable.set_cookie(cookie)
    state, detail = LoginState.GOOD, f"到期 {_day(end)}" if end is not None else "文件未写明到期时间"
    if LOGIN_COOKIES.get(kind) and not named:
        state = LoginState.DOUBTFUL
        detail = f"没有{kind.label}登录后才有的 cookie（{'、'.join(LOGIN_COOKIES[kind])}），请确认是登录后导出的"
    elif end is not None and end - now <= timedelta(days=warn_days):
        state, detail = LoginState.EXPIRING, f"将于 {_day(end)} 到期，请重新登录并更换文件"
    return LoginFile(path, kind, state, detail, end, len(valid), Login(kind, hosts, usable))


def _unusable(path: Path, kind: TargetKind, state: LoginState, detail: str, end: datetime | None = None) -> LoginFile:
    fault = f"{kind.label}登录文件 {FOLDER}/{path.name} {detail}，本次未使用登录"
    return LoginFile(path, kind, state, detail, end, login=Login(kind, hosts_of(kind), None, fault))


def _kind_of(path: Path) -> TargetKind | None:
    return next((kind for kind in LOGIN_COOKIES if path.name == f"{kind.value}{_SUFFIX}"), None)


def _fault_of_mode(path: Path) -> str | None:
    try:
        found = path.stat()
    except OSError:
        return "文件无法读取，请检查权限"
    if not stat.S_ISREG(found.st_mode):
        return "不是普通文件"
    if found.st_mode & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        return f"本机其他用户可以读写它（权限 {mode:o}），请执行 chmod 600 后再用"
    return None


def _is_of(cookie: Cookie, hosts: tuple[str, ...]) -> bool:
    """Whether a cookie would be sent to one of these hosts or a name below them."""
    domain = cookie.domain.lstrip(".").lower()
    return any(host == domain or host.endswith("." + domain) or domain.endswith("." + host) for host in hosts)


def _end_of(cookie: Cookie) -> datetime | None:
    """When a cookie ends; None for one of the session (no time, or 0 as most exporters write it)."""
    if not cookie.expires:
        return None
    try:
        return datetime.fromtimestamp(cookie.expires, UTC)
    except (OverflowError, ValueError, OSError):
        return None  # the year 60000: a typing error, or "never"


def _day(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
