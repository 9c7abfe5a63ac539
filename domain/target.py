"""监测对象: a site, account, feed or search phrase that is watched, with cadence and budget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TargetKind(StrEnum):
    """What a target's address is; the Chinese label is what people write in the import file's 类型 column."""

    WEBSITE = "website"
    FEED = "feed"
    WECHAT = "wechat"
    WEIBO = "weibo"
    XIAOHONGSHU = "xiaohongshu"
    DOUYIN = "douyin"
    KUAISHOU = "kuaishou"
    BILIBILI = "bilibili"
    ZHIHU = "zhihu"
    TIEBA = "tieba"
    TOUTIAO = "toutiao"
    SEARCH = "search"
    INTAKE = "intake"
    """The one target that everything people hand in belongs to; nobody adds it, and it is never due."""

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return _KIND_LABELS[self]


_KIND_LABELS = {
    TargetKind.WEBSITE: "网站",
    TargetKind.FEED: "订阅源",
    TargetKind.WECHAT: "微信公众号",
    TargetKind.WEIBO: "微博",
    TargetKind.XIAOHONGSHU: "小红书",
    TargetKind.DOUYIN: "抖音",
    TargetKind.KUAISHOU: "快手",
    TargetKind.BILIBILI: "B站",
    TargetKind.ZHIHU: "知乎",
    TargetKind.TIEBA: "百度贴吧",
    TargetKind.TOUTIAO: "今日头条",
    TargetKind.SEARCH: "搜索词",
    TargetKind.INTAKE: "人工接收",
}


@dataclass(frozen=True, slots=True)
class Budget:
    """How much one run may take from one target; a limit that is reached is a coverage gap, never silence."""

    max_pages: int = 500
    """Requests per run (robots.txt and sitemaps not counted)."""
    max_depth: int = 8
    """Links away from the target's address; the address itself is depth 0."""
    max_seconds: int = 3600
    """Wall time from the target's first request."""
    max_bytes: int = 200 * 1024 * 1024
    """Bytes received (before decompression) per run."""


class Rendering(StrEnum):
    """When pages of a target are shown in a browser before they are read."""

    AUTO = "auto"
    """Where the plain answer is a shell that scripts fill."""
    ALWAYS = "always"
    """Every page of it that is HTML."""
    NEVER = "never"

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return {"auto": "自动", "always": "总是", "never": "从不"}[self.value]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which addresses belong to a target."""

    hosts: tuple[str, ...]
    """Lower-case host names (IDNA), each with ``:port`` where it is not the scheme's default."""
    path_prefix: str = "/"
    """Only paths that begin with this belong to the target."""


@dataclass(frozen=True, slots=True)
class RobotsOverride:
    """A recorded decision to fetch in spite of robots.txt; without a reason and a name there is no override."""

    reason: str
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Target:
    """监测对象. Paused is not deleted: its history and its leads stay."""

    id: int
    name: str
    url: str
    """Canonical absolute address (http or https)."""
    kind: TargetKind
    schedule: str
    """Cron expression with five fields in Asia/Shanghai, weekdays by name (``mon``), never by number."""
    scope: Scope
    budget: Budget = Budget()
    render: Rendering = Rendering.AUTO
    region: str | None = None
    note: str | None = None
    tags: tuple[str, ...] = ()
    """标签: words by which people group targets, sorted."""
    paused: bool = False
    robots_override: RobotsOverride | None = None
    created_at: datetime | None = None
    last_run_at: datetime | None = None
    """Start of the last finished visit of this target (aware UTC)."""
