"""``[[channels]]`` of ``zhengxun.toml``: to whom digests go, and which part of them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from domain.digest import Digest, DigestItem
from domain.errors import BadInput


class ChannelKind(StrEnum):
    """How a channel carries a digest."""

    SMTP = "smtp"
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    FOLDER = "folder"

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return {
            "smtp": "电子邮件",
            "wecom": "企业微信机器人",
            "dingtalk": "钉钉机器人",
            "feishu": "飞书机器人",
            "folder": "文件夹",
        }[self.value]


#: The services' own addresses; a private deployment names its own with ``base``.
BASES = {
    ChannelKind.WECOM: "https://qyapi.weixin.qq.com",
    ChannelKind.DINGTALK: "https://oapi.dingtalk.com",
    ChannelKind.FEISHU: "https://open.feishu.cn",
}
_SECURITY = ("ssl", "starttls", "none")
_PORTS = {"ssl": 465, "starttls": 587, "none": 25}
_MAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")
_NAME = re.compile(r"[\w.-]{1,40}")
_FORMATS = ("html", "json", "xlsx", "docx")
_LEVELS = {"high": "高", "medium": "中", "low": "低"}


@dataclass(frozen=True, slots=True)
class Route:
    """Which leads of a digest a channel gets; empty: all."""

    regions: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether it lets everything through."""
        return not (self.regions or self.platforms or self.levels)

    @property
    def label(self) -> str:
        """In words; empty for the whole digest."""
        parts = (("地区", self.regions), ("平台", self.platforms), ("等级", self.levels))
        return "；".join(f"{name} {'、'.join(words)}" for name, words in parts if words)

    def takes(self, item: DigestItem) -> bool:
        """Whether a lead goes this way. A region also stands for the places in it (``太原`` for ``太原市小店区``)."""
        return (
            (not self.regions or any(region in (item.region or "") for region in self.regions))
            and (not self.platforms or item.platform in self.platforms)
            and (not self.levels or item.level in self.levels)
        )

    def cut(self, digest: Digest) -> Digest:
        """The digest with these leads only; its number says that it is an extract. Coverage stays whole."""
        if self.whole:
            return digest
        from dataclasses import replace

        kept = tuple(item for item in digest.items if self.takes(item))
        return replace(digest, items=kept, number=f"{digest.number}（节选：{self.label}）")


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret lies; it is read when it is used, and never shown."""

    env: str | None = None
    file: Path | None = None

    def read(self, what: str) -> str:
        """The secret. Missing, empty or readable by others: :class:`BadInput` that names the place, not the secret."""
        if self.env is not None:
            value = os.environ.get(self.env, "").strip()
            if not value:
                raise BadInput(f"{what}：环境变量 {self.env} 没有设置或为空。")
            return value
        assert self.file is not None
        try:
            facts = self.file.stat()
            if facts.st_mode & 0o077:
                raise BadInput(f"{what}：密钥文件 {self.file} 其他用户也能读，请执行 chmod 600 后再试。")
            value = self.file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{what}：密钥文件 {self.file} 不存在或无法读取。") from error
        if not value:
            raise BadInput(f"{what}：密钥文件 {self.file} 是空的。")
        return value


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel."""

    name: str
    kind: ChannelKind
    route: Route = Route()
    formats: tuple[str, ...] = ("docx", "xlsx")
    """Files that mail carries and folders get."""
    host: str = ""
    port: int = 0
    security: str = "ssl"
    ca_file: Path | None = None
    """Root certificates of a mail server inside an organisation."""
    user: str = ""
    sender: str = ""
    to: tuple[str, ...] = ()
    password: Secret | None = None
    base: str = ""
    token: Secret | None = None
    sign: Secret | None = None
    path: Path | None = None

    @property
    def place(self) -> str:
        """Where it leads, for people; no secret."""
        if self.kind is ChannelKind.SMTP:
            return f"{self.host}:{self.port} → {'、'.join(self.to)}"
        return str(self.path) if self.kind is ChannelKind.FOLDER else self.base


def parse_channels(raw: object, folder: Path) -> tuple[Channel, ...]:
    """Channels from TOML's tables; relative paths count from ``folder``. A fault raises :class:`BadInput`."""
    if not isinstance(raw, list | tuple) or not all(isinstance(one, dict) for one in raw):
        raise BadInput("设置 channels 应写成 zhengxun.toml 中的 [[channels]] 表，每个渠道一张。")
    channels = tuple(_Reader(one, number, folder).channel() for number, one in enumerate(raw, 1))
    names = [channel.name for channel in channels]
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"报送渠道“{name}”的名称重复；名称用来记账，须各不相同。")
    return channels


class _Reader:
    """Takes one table apart and complains about what is left."""

    def __init__(self, table: dict[str, Any], number: int, folder: Path) -> None:
        self._left = dict(table)
        self._where = f"第 {number} 个报送渠道"
        self._folder = folder

    def channel(self) -> Channel:
        name = self._text("name")
        if not _NAME.fullmatch(name):
            raise self._fault(f"name“{name}”应为 1 到 40 个文字、数字、点、横线或下划线")
        self._where = f"报送渠道“{name}”"
        kind_word = self._text("kind")
        if kind_word not in list(ChannelKind):
            raise self._fault(f"kind“{kind_word}”不在可选值之内：{'、'.join(ChannelKind)}")
        kind = ChannelKind(kind_word)
        common: dict[str, Any] = {"name": name, "kind": kind, "route": self._route()}
        if kind is ChannelKind.SMTP:
            common |= self._smtp()
        elif kind is ChannelKind.FOLDER:
            common |= {"path": self._folder / self._text("path"), "formats": self._formats()}
        else:
            common |= self._robot(kind)
        if self._left:
            raise self._fault(f"没有“{next(iter(self._left))}”这一项，请核对名称")
        return Channel(**common)

    def _smtp(self) -> dict[str, Any]:
        security = self._text("security", "ssl")
        if security not in _SECURITY:
            raise self._fault(f"security“{security}”不在可选值之内：{'、'.join(_SECURITY)}")
        port = self._left.pop("port", _PORTS[security])
        if not isinstance(port, int) or isinstance(port, bool) or not 1 <= port <= 65535:
            raise self._fault(f"port“{port}”应为 1 到 65535 的整数")
        host, sender, to = self._text("host"), self._text("sender"), self._list("to")
        for address in (sender, *to):
            if not _MAIL.fullmatch(address):
                raise self._fault(f"“{address}”不是邮箱地址")
        if not to:
            raise self._fault("缺少 to（收件人邮箱，可写多个）")
        user, password = self._text("user", ""), self._secret("password")
        if bool(user) != (password is not None):
            raise self._fault("user 和 password_env（或 password_file）应同时写或同时不写")
        if password is not None and security == "none" and not _loopback(host):
            raise self._fault("security 为 none 时不得带密码：密码会以明文经过网络")
        ca_file = self._text("ca_file", "")
        return {
            "host": host,
            "port": port,
            "security": security,
            "ca_file": self._folder / ca_file if ca_file else None,
            "user": user,
            "sender": sender,
            "to": to,
            "password": password,
            "formats": self._formats(),
        }

    def _robot(self, kind: ChannelKind) -> dict[str, Any]:
        base = self._text("base", BASES[kind]).rstrip("/")
        try:
            parts = urlsplit(base)
            good = parts.scheme == "https" or (parts.scheme == "http" and _loopback(parts.hostname or ""))
            good = (good and bool(parts.hostname) and parts.port is not None) or (good and ":" not in parts.netloc)
        except ValueError:
            good = False
        if not good or parts.query or parts.username:
            raise self._fault(f"base“{base}”应以 https:// 开头且只写到主机或路径（本机可用 http://）")
        token = self._secret("token")
        if token is None:
            raise self._fault("缺少 token_env 或 token_file（机器人地址中 key、access_token 或 hook/ 之后的那一段）")
        sign = self._secret("sign")
        if sign is not None and kind is ChannelKind.WECOM:
            raise self._fault("企业微信机器人没有加签，请去掉 sign_env、sign_file")
        return {"base": base, "token": token, "sign": sign}

    def _route(self) -> Route:
        levels = tuple({label: word for word, label in _LEVELS.items()}.get(one, one) for one in self._list("levels"))
        for level in levels:
            if level not in _LEVELS:
                raise self._fault(f"levels 中的“{level}”不在可选值之内：{'、'.join(_LEVELS)}")
        return Route(self._list("regions"), self._list("platforms"), levels)

    def _formats(self) -> tuple[str, ...]:
        formats = self._list("formats") or ("docx", "xlsx")
        for one in formats:
            if one not in _FORMATS:
                raise self._fault(f"formats 中的“{one}”不在可选值之内：{'、'.join(_FORMATS)}")
        return formats

    def _secret(self, name: str) -> Secret | None:
        if name in self._left:
            raise self._fault(
                f"密钥不能直接写在设置里，请改用 {name}_env（环境变量名）或 {name}_file（文件，权限 600）"
            )
        env, file = self._text(f"{name}_env", ""), self._text(f"{name}_file", "")
        if env and file:
            raise self._fault(f"{name}_env 和 {name}_file 只能写一个")
        if env:
            return Secret(env=env)
        return Secret(file=self._folder / file) if file else None

    def _text(self, name: str, default: str | None = None) -> str:
        value = self._left.pop(name, default)
        if value is None:
            raise self._fault(f"缺少 {name}")
        if not isinstance(value, str) or len(value) > 500 or re.search(r"[\x00-\x1f\x7f]", value):
            raise self._fault(f"{name} 应为一行文字")
        if default is None and not value.strip():
            raise self._fault(f"{name} 是空的")
        return value.strip()

    def _list(self, name: str) -> tuple[str, ...]:
        value = self._left.pop(name, [])
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            raise self._fault(f'{name} 应为文字列表，如 {name} = ["甲", "乙"]')
        return tuple(one.strip() for one in value)

    def _fault(self, text: str) -> BadInput:
        return BadInput(f"{self._where}（zhengxun.toml）：{text}。")


def _loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


#: Makes the files of a digest: format in, bytes out.
Render = Callable[[str], bytes]
