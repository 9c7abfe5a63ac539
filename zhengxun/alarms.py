"""Alarms of the whole installation, beside those of single targets (:mod:`domain.health`) and of deliveries.

Each is a look at what is stored, made anew whenever somebody asks; nothing is kept, and an alarm is over when its cause is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from domain.crawl import Outcome
from zhengxun.clock import for_people
from zhengxun.clock_watch import last_jump
from zhengxun.cron import next_fire
from zhengxun.services import Services

if TYPE_CHECKING:
    from storage import Store

#: How long a visit that fell due may take before nothing from it is a bad sign.
_GRACE = timedelta(hours=1)

#: The window of the share of failures, and the fewest requests in it that say anything about shares.
_WINDOW = timedelta(hours=24)
_FEW = 20

#: Outcomes that are failures of ours or of the way to the site; robots.txt, size limits and budgets are none.
_FAILED = (Outcome.FAILED, Outcome.TIMEOUT, Outcome.BLOCKED)

#: How long before its end the console's certificate is told of: time enough to ask for another one.
_CERTIFICATE_WARN = timedelta(days=21)

#: How long a job may wait in the queue before somebody should look: a share of slow sites takes less.
QUEUE_PATIENCE = timedelta(hours=2)


class AlarmKind(StrEnum):
    """What is watched."""

    NOTHING_IN = "nothing_in"
    ERROR_RATE = "error_rate"
    CLOCK = "clock"
    QUEUE = "queue"
    CERTIFICATE = "certificate"

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return {
            "nothing_in": "采集进账",
            "error_rate": "采集失败率",
            "clock": "时钟跳变",
            "queue": "工作队列",
            "certificate": "控制台证书",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that needs a person."""

    kind: AlarmKind
    detail: str
    """Chinese, a sentence without full stop."""


def installation_alarms(services: Services, store: Store) -> list[Alarm]:
    """All that sound now."""
    return [Alarm(kind, detail) for kind, look in _LOOKS.items() for detail in look(services, store, services.clock())]


def _nothing_in(services: Services, store: Store, now: datetime) -> Iterator[str]:
    """No page was read for so long, though a target's schedule fired in that time."""
    hours = services.settings.alarm_idle_hours
    since = now - timedelta(hours=hours)
    if store.health.read_since(since):
        return
    due = [
        target
        for target in store.targets.list(include_paused=False)
        if (target.created_at is None or target.created_at <= since)
        and (fired := next_fire(target.schedule, since)) is not None
        and fired <= now - _GRACE
    ]
    if due:
        yield (
            f"{hours:g} 小时内没有采到任何页面，而其间有 {len(due)} 个监测对象到期（如 {due[0].name}）；"
            "请检查网络、zhengxun tick 或 serve 是否在运行"
        )


def _error_rate(services: Services, store: Store, now: datetime) -> Iterator[str]:
    counts = store.health.outcomes_after(now - _WINDOW)
    asked = sum(number for outcome, number in counts.items() if outcome != Outcome.DEFERRED)
    failed = {outcome: counts[outcome] for outcome in _FAILED if outcome in counts}
    share = services.settings.alarm_error_share
    if asked >= _FEW and sum(failed.values()) > share * asked:
        words = "，".join(f"{outcome.label} {number}" for outcome, number in failed.items())
        yield (
            f"最近 24 小时的 {asked} 个请求中 {sum(failed.values()) / asked:.0%} 没有采到（{words}），"
            f"超过 {share:.0%}；请看 zhengxun health"
        )


def _clock(services: Services, store: Store, now: datetime) -> Iterator[str]:
    jump = last_jump(services)
    if jump is not None:
        yield jump.sentence


def _queue(services: Services, store: Store, now: datetime) -> Iterator[str]:
    """Only where work is shared out."""
    if not services.settings.workers:
        return
    from zhengxun.work.queue import read_state

    queue = read_state(services.database_url)
    if queue.oldest is None:
        return
    if not queue.workers:
        yield f"队列中有 {queue.waiting} 项工作在等，但没有 worker 在运行；请在各台机器上启动 zhengxun worker"
    elif now - queue.oldest > QUEUE_PATIENCE:
        yield f"队列中最早的一项工作自 {for_people(queue.oldest)} 起没有人做；请增加 worker，或查看它们的日志"


def _certificate(services: Services, store: Store, now: datetime) -> Iterator[str]:
    path = services.settings.console_certificate
    if path is None:
        return
    from cryptography.x509 import load_pem_x509_certificates

    try:
        ends = load_pem_x509_certificates(path.read_bytes())[0].not_valid_after_utc
    except (OSError, ValueError):
        yield f"控制台的 HTTPS 证书 {path} 不存在、无法读取或不是 PEM 证书，无法得知何时到期"
        return
    if ends <= now:
        yield f"控制台的 HTTPS 证书已于 {for_people(ends)} 到期，浏览器会拒绝访问；请更换"
    elif ends - now <= _CERTIFICATE_WARN:
        yield f"控制台的 HTTPS 证书将于 {for_people(ends)} 到期，请更换"


_LOOKS: dict[AlarmKind, Callable[[Services, Store, datetime], Iterator[str]]] = {
    AlarmKind.NOTHING_IN: _nothing_in,
    AlarmKind.ERROR_RATE: _error_rate,
    AlarmKind.CLOCK: _clock,
    AlarmKind.QUEUE: _queue,
    AlarmKind.CERTIFICATE: _certificate,
}
