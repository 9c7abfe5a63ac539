"""Settings: read once, typed, frozen. Environment (``ZHENGXUN_…``) wins over ``zhengxun.toml`` in the data directory.

docs/settings.md is generated from the descriptions here (``python -m zhengxun.reference``) and compared by a test.
"""

from __future__ import annotations

import os
import re
from datetime import datetime, time
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from crawler.settings import MEBIBYTE, CrawlSettings
from domain.account import Role
from domain.errors import BadInput
from zhengxun.settings_file import TomlFile, explain, parse_networks

if TYPE_CHECKING:
    from zhengxun.delivery.channels import Channel

PREFIX = "ZHENGXUN_"
FILE_NAME = "zhengxun.toml"

DIGEST_FORMATS: tuple[Literal["html", "json", "xlsx", "docx"], ...] = ("html", "json", "xlsx", "docx")


#: The crawler's own defaults: each value has one place where it is decided.
_CRAWL = CrawlSettings()


class Settings(BaseSettings):
    """All settings of one process."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True, validate_default=True
    )

    data_dir: Path = Field(Path("var"), description="数据目录：数据库、证据、简报、日志和锁都在其中。")
    database_url: str | None = Field(
        None,
        description="数据库地址。留空时使用数据目录内的 SQLite；PostgreSQL 写成 "
        "`postgresql+psycopg://用户@主机/库名`。",
    )
    crawl_delay: float = Field(
        _CRAWL.delay,
        ge=0,
        le=600,
        description="对同一主机两次请求之间的秒数；robots.txt 的 Crawl-delay 更长时以其为准。",
    )
    crawl_concurrency: int = Field(
        _CRAWL.concurrency, ge=1, le=512, description="全部主机合计同时进行的请求数；每个主机始终只有一个。"
    )
    allow_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (),
        description="虽非公网但允许采集的网段，CIDR 写法，逗号分隔。留空时一律拒绝内网、本机和链路本地地址。",
    )
    removal_confirm_hours: float = Field(
        6.0, ge=0, le=720, description="两次确认页面消失须相隔的小时数，够了才算“已下线”。"
    )
    site_gone_hours: float = Field(
        72.0,
        ge=0,
        le=2160,
        description="整个网站持续无法访问多少小时（至少看两次，且同一次运行中别的网站可以访问），才算“已下线（整站关闭）”。",
    )
    recheck_hours: Annotated[tuple[float, ...], NoDecode] = Field(
        (24.0, 72.0, 168.0, 336.0, 720.0),
        description="线索发现、移送、复发或关闭后第几小时复核，逗号分隔、由小到大；之后按最后两次的间隔继续。",
    )
    watch_days: float = Field(90.0, ge=0, le=3650, description="线索关闭（已下线、已改正）后继续回头看多少天。")
    referral_second_person: bool = Field(False, description="是否双人复核：打开后，移送须由确认人以外的另一人签批。")
    overdue_days: float = Field(7.0, gt=0, le=365, description="移送后多少天页面仍未下线或改正，算作超期。")
    blacklist_repeat_leads: int = Field(
        3, ge=2, le=100, description="黑名单建议“屡犯”：同一对象已确认的线索达到多少条。"
    )
    blacklist_refusal_days: float = Field(
        30.0, gt=0, le=365, description="黑名单建议“拒不整改”：移送后多少天页面仍未下线或改正。"
    )
    now: datetime | None = Field(
        None,
        description="代替时钟的时间，ISO 8601 且带时区，如 `2026-11-23T08:00:00+08:00`。只用于试验和模拟日期。",
    )
    digest_time: time = Field(
        time(8, 0), description="每日处置简报的生成时刻（Asia/Shanghai），`时:分`；`tick` 和 `serve` 按此执行。"
    )
    digest_patience_minutes: int = Field(
        30, ge=0, le=600, description="到点时若有采集刚开始不久，自动简报至多等它多少分钟。"
    )
    digest_formats: Annotated[tuple[Literal["html", "json", "xlsx", "docx"], ...], NoDecode] = Field(
        DIGEST_FORMATS, description="自动生成简报时写出的格式，逗号分隔。"
    )
    digest_dir: Path | None = Field(None, description="简报文件存放目录。留空时为数据目录内的 `digests`。")
    templates_dir: Path | None = Field(
        None, description="自备简报模板所在目录，其中有的模板代替随附模板，没有的仍用随附模板。"
    )
    rules_dir: Path | None = Field(
        None, description="自备规则包目录。留空时使用最新上线的一版规则，没有上线过的用随附规则包（见 docs/rules.md）。"
    )
    processes: int | None = Field(
        _CRAWL.workers, ge=1, le=64, description="抽取和研判使用的进程数。留空时比处理器核数少一个，至少一个。"
    )
    max_body_mb: float = Field(
        _CRAWL.max_body / MEBIBYTE,
        gt=0,
        le=200,
        description="单个响应接收时的大小上限（MB）；解压后至多为它的 1.6 倍。",
    )
    pictures: bool = Field(True, description="是否采集并识别页面图片中的文字和二维码。文字识别须安装 `zhengxun[ocr]`。")
    pictures_per_page: int = Field(12, ge=1, le=100, description="每个页面至多识别多少张图片，正文中的在先。")
    pictures_per_target: int = Field(
        200, ge=0, le=10_000, description="每次采集中每个监测对象至多采集多少张图片；超出的留待下次。"
    )
    picture_again_days: float = Field(
        7.0,
        ge=0,
        le=365,
        description="网页未变时，每隔多少天重新采集它的图片，看是否在同一地址换成了别的；0 表示不重看。受每次采集图片张数上限约束。",
    )
    picture_seconds: int = Field(
        1200, ge=0, le=86_400, description="每次采集中用于识别图片的秒数上限；识别不完的留待下次。"
    )
    screenshots: bool = Field(
        True, description="采集后是否给列为线索的页面截取整页图片存证。须安装 Chromium 和 `zhengxun[browser]`。"
    )
    screenshots_per_run: int = Field(
        100, ge=0, le=100_000, description="每次采集后至多给多少个页面截图；其余由下次 tick 接着截，不必等下次采集。"
    )
    discovery_phrases: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="`targets discover` 向搜索引擎查询的词语，逗号分隔；`{city}` 处代入每个城市，如 `{city} 电工证 包过`。留空时不查询。",
    )
    discovery_cities: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="代入搜索词的城市，逗号分隔，如 `太原,朔州`。"
    )
    discovery_engines: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="查询哪些搜索引擎，逗号分隔：`baidu`、`bing`、`sogou`、`360`、`weixin`（搜狗微信）。`baidu=https://地址` "
        "表示改用该地址（如经授权的接口）。留空时不查询。",
    )
    discovery_pages: int = Field(1, ge=1, le=10, description="每个搜索词在每个搜索引擎至多看几页结果。")
    login_warn_days: float = Field(
        7.0, ge=0, le=365, description="平台登录（数据目录 `cookies` 中的文件）到期前多少天开始报警。"
    )
    timeout: float = Field(_CRAWL.timeout, gt=0, le=600, description="等待一个响应的秒数上限。")
    link_max_sites: int = Field(
        30,
        ge=1,
        le=100_000,
        description="一个标识（电话、备案号、统计代码等）出现在超过多少个不同网站（按注册域名）和账号上，就视为公共号码，不再用于归并主体。",
    )
    link_max_parties: int = Field(
        6,
        ge=1,
        le=100_000,
        description="与一个标识同页出现的其他手机（或微信、QQ）超过多少个，就视为平台热线或建站公司的代码，不再用于归并主体。",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "warning", description="写到标准错误的日志级别：`debug`、`info`、`warning`、`error`。"
    )
    log_format: Literal["text", "json"] = Field(
        "text",
        description="日志的写法：`text`（一行一条，供人看），`json`（每行一个 JSON 对象，供日志系统收集）。",
    )
    console_https: bool = Field(
        False,
        description="控制台只经 HTTPS（前置反向代理）访问时设为 `true`：登录凭据只在加密连接上发送。",
    )
    two_steps_roles: Annotated[tuple[Role, ...], NoDecode] = Field(
        (),
        description="必须两步登录（密码加手机验证器的动态码）的角色，逗号分隔："
        f"{'、'.join(f'`{role.value}`（{role.label}）' for role in Role)}。尚未启用的用户下次登录时先启用。留空时由各人自愿。",
    )
    console_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="控制台除本机外还应答的域名，逗号分隔：浏览器经反向代理访问时所用的名称。留空时，只在本机监听的只应答本机，"
        "在其他地址监听的不作限制。",
    )
    console_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (ip_network("127.0.0.1/32"), ip_network("::1/128")),
        description="反向代理所在的地址或网段，逗号分隔：只有来自这里的 `X-Forwarded-For`、`X-Forwarded-Proto` 才算数，"
        "审计日志据此记下用户的真实地址。",
    )
    console_certificate: Path | None = Field(
        None,
        description="反向代理所用 HTTPS 证书（PEM 文件，只读公开部分）的路径；设置后到期前 21 天开始报警。",
    )
    metrics_token: str | None = Field(
        None,
        min_length=16,
        max_length=200,
        description="读取 `/metrics`（Prometheus 指标）须出示的令牌（`Authorization: Bearer …`），至少 16 字。"
        "留空时只有本机可以读取。",
    )
    exit_address: str | None = Field(
        None, max_length=200, description="本机的网络出口（公网 IP、运营商、地点），写入证据文件和取证记录。"
    )
    timestamp_url: str | None = Field(
        None,
        pattern=r"^https?://\S+$",
        description="RFC 3161 时间戳服务的地址。设置后，每日简报时刻之后为证据链加盖当日时间戳；须同时设置 "
        "`ZHENGXUN_TIMESTAMP_ROOTS`。留空时不加盖。",
    )
    timestamp_roots: Path | None = Field(
        None, description="时间戳服务的根证书（及中间证书），PEM 文件；加盖时和核验时都以其为准。"
    )
    channels: Annotated[tuple[dict[str, Any], ...], NoDecode] = Field(
        (),
        description="报送渠道。只能写在 `zhengxun.toml` 里，每个渠道一张 `[[channels]]` 表，写法见 docs/operation.md；"
        "密钥另放环境变量或文件。",
    )
    delivery_deadline: time = Field(
        time(9, 0), description="当日简报到这个时刻（Asia/Shanghai）仍未送达各渠道即报警，`时:分`。"
    )
    delivery_workdays_only: bool = Field(
        False,
        description="是否只在工作日报送（按国务院放假安排，含调休上班日）：打开后，休息日的简报照常逐日生成，到下一个工作日的简报时刻合成一封（一条）发出，文件夹仍逐日存放。",
    )
    workers: bool = Field(
        False,
        description="是否多机分工：打开后，`tick` 和 `serve` 只把到期的工作排入队列，由各台机器上的 `zhengxun worker` 完成。"
        "须使用 PostgreSQL。",
    )
    share_hosts: int = Field(
        50,
        ge=1,
        le=1000,
        description="多机分工时，一个 worker 一次采集多少个网站（主机）；一个网站同时只由一个 worker 采集。",
    )
    upkeep_time: time = Field(
        time(2, 0),
        description="每天从这个时刻（Asia/Shanghai）起做一次日常维护（`zhengxun upkeep`），`时:分`；过了 4 小时还没开始的，"
        "留到下一夜，不占白天。",
    )
    keep_unflagged_days: int | None = Field(
        None,
        ge=30,
        le=36_500,
        description="没有线索的网页，其原始报文（WARC 文件）保存多少天；判为误报且从未移送的线索，自最后一次变化起算。"
        "线索的证据和人工接收的材料一律保留。留空时全部保留。",
    )
    compact_percent: int = Field(
        50,
        ge=1,
        le=100,
        description="证据文件中到期的字节超过百分之几时整理：须保留的记录原样移到新文件，旧文件删去；整个文件都到期的直接删去。"
        "100 表示不整理。只在设了 `keep_unflagged_days` 时有用。",
    )
    compact_minutes: int = Field(
        20,
        ge=1,
        le=600,
        description="每次日常维护至多用多少分钟整理证据文件（正在整理的一个做完为止）；其余留到下一次。",
    )
    mask_after_days: int | None = Field(
        None,
        ge=30,
        le=36_500,
        description="没有线索的网页（和判为误报且从未移送的线索），其网页文字中的手机、微信、QQ、邮箱、身份证号满多少天后永久遮蔽。"
        "起算办法同 `keep_unflagged_days`。留空时不遮蔽。",
    )
    backup_dir: Path | None = Field(
        None, description="自动备份的文件夹，不能在数据目录里面，最好在另一块磁盘上。留空时不自动备份。"
    )
    backup_every_days: int = Field(1, ge=1, le=60, description="每隔多少天自动备份一次。每次都是完整备份。")
    backups_kept: int = Field(7, ge=1, le=1000, description="保留最近多少份自动备份，更早的删去。")
    alarm_idle_hours: float = Field(
        26.0, gt=0, le=720, description="连续多少小时没有采到任何页面（而其间有对象到期）即报警。"
    )
    alarm_error_share: float = Field(
        0.5, gt=0, le=1, description="最近 24 小时的请求中失败、超时、被拦截的超过多大比例即报警。"
    )
    tick_minutes: int = Field(5, ge=1, le=60, description="`serve` 的调度器每隔多少分钟检查一次到期工作。")
    min_free_mb: int = Field(
        500,
        ge=0,
        description="数据目录或证据目录所在磁盘剩余空间低于此值（MB）时，停止采集、复核、截图、接收和备份并报警；"
        "空间腾出后自动接着做。",
    )

    @field_validator("allow_networks", "console_proxies", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        return parse_networks(value)

    @field_validator("console_hosts", "discovery_phrases", "discovery_cities", "discovery_engines", mode="before")
    @classmethod
    def _split_words(cls, value: object) -> object:
        parts = re.split("[,，]", value) if isinstance(value, str) else value
        if not isinstance(parts, list | tuple):
            return value
        stripped = (part.strip() if isinstance(part, str) else part for part in parts)
        return tuple(dict.fromkeys(part for part in stripped if part != ""))

    @field_validator("digest_formats", "two_steps_roles", mode="before")
    @classmethod
    def _split_formats(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("recheck_hours", mode="before")
    @classmethod
    def _split_hours(cls, value: object) -> object:
        parts = [part for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        if not isinstance(parts, list | tuple):
            return value
        try:
            hours = tuple(float(part) for part in parts)
        except (TypeError, ValueError):
            raise ValueError("应为小时数，逗号分隔，如 24,72,168") from None
        if not hours or hours[0] < 1 or any(later <= earlier for earlier, later in pairwise(hours)):
            raise ValueError("应由小到大，且第一个不小于 1 小时")
        return hours

    @field_validator("now", mode="before")
    @classmethod
    def _parse_now(cls, value: object) -> object:
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                raise ValueError("不是 ISO 8601 时间") from None
        if isinstance(value, datetime) and value.tzinfo is None:
            raise ValueError("缺少时区，应写成 2026-11-23T08:00:00+08:00 的样子")
        return value

    @field_validator("channels", mode="before")
    @classmethod
    def _only_tables(cls, value: object) -> object:
        if not isinstance(value, list | tuple) or not all(isinstance(one, dict) for one in value):
            raise ValueError("报送渠道只能写成 zhengxun.toml 中的 [[channels]] 表")
        return value

    @model_validator(mode="after")
    def _check_backup_dir(self) -> Self:
        if self.backup_dir is not None and self.backup_dir.absolute().is_relative_to(self.data_dir.absolute()):
            raise ValueError(f"backup_dir（{self.backup_dir}）在数据目录里面；请另指一处，最好在另一块磁盘上")
        return self

    @model_validator(mode="after")
    def _check_channels(self) -> Self:
        # A fault in a channel is told when the program starts, not in the morning when the digest should go out.
        assert self.delivery_channels is not None
        return self

    @field_validator("digest_time", "delivery_deadline", "upkeep_time", mode="before")
    @classmethod
    def _parse_time(cls, value: object) -> object:
        if isinstance(value, str):
            try:
                hours, minutes = value.strip().split(":")
                return time(int(hours), int(minutes))
            except ValueError:
                raise ValueError("不是“时:分”，应写成 08:00 的样子") from None
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then environment, then the file of the data directory that those two name."""
        given = init_settings().get("data_dir") or env_settings().get("data_dir")
        folder = Path(given) if given else Path("var")
        return init_settings, env_settings, TomlFile(settings_cls, folder / FILE_NAME)

    @property
    def delivery_channels(self) -> tuple[Channel, ...]:
        """Channels that digests are sent through; a fault raises :class:`BadInput` naming channel and entry."""
        if not self.channels:
            return ()
        from zhengxun.delivery.channels import parse_channels

        return parse_channels(self.channels, self.data_dir)

    @property
    def digests(self) -> Path:
        """Folder for digest files."""
        return self.digest_dir or self.data_dir / "digests"

    @property
    def evidence(self) -> Path:
        """Folder for WARC files."""
        return self.data_dir / "evidence"

    @property
    def templates(self) -> Path | None:
        """The user's own digest templates: the folder set, or ``digest_templates`` in the data directory."""
        own = self.data_dir / "digest_templates"
        return self.templates_dir or (own if own.is_dir() else None)

    @property
    def hand_kept_rules(self) -> Path | None:
        """``rules`` in the data directory: packs that people keep by hand; :mod:`zhengxun.rules.in_force` says when it counts."""
        own = self.data_dir / "rules"
        return own if own.is_dir() else None

    @property
    def rule_versions(self) -> Path:
        """Folder of the versions that were put live."""
        return self.data_dir / "rule_versions"

    @classmethod
    def load(cls, data_dir: str | Path | None = None, **given: Any) -> Self:
        """Read all sources; ``data_dir`` is the command line's. Bad values raise :class:`BadInput` with their names."""
        if data_dir is not None:
            given["data_dir"] = Path(data_dir)
        try:
            return cls(**given)
        except ValidationError as error:
            raise BadInput("设置有误：" + "；".join(explain(item, PREFIX) for item in error.errors()) + "。") from error


def unknown_environment() -> list[str]:
    """Names in the environment that begin like a setting but are none (a typing error would be silent otherwise)."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    return sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
