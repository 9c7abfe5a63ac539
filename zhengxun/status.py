"""Reads what the status page and ``/healthz`` show."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from console.status import DigestLine, JobLine, LoginLine, RunLine, Status
from domain.digest import Coverage, DigestStatus
from zhengxun.alarms import AlarmKind, installation_alarms
from zhengxun.clock import day_of, for_people
from zhengxun.disk import shortage
from zhengxun.evidence.standing import standing
from zhengxun.jobs.delivery import delivery_problems
from zhengxun.jobs.digest import missing_days
from zhengxun.jobs.health import sentence
from zhengxun.jobs.upkeep import backup_problem
from zhengxun.logins import alarms as login_alarms
from zhengxun.rules.in_force import rules_in_force
from zhengxun.schedule import is_due, next_run
from zhengxun.services import Services

if TYPE_CHECKING:
    from storage import Store
    from zhengxun.scheduler import Scheduler
    from zhengxun.work.queue import QueueState

#: Runs shown.
_RUNS = 5


@dataclass
class HeldStatus:
    """Reads the status when it is asked for, and holds it for some seconds.

    The page, its monitor and Prometheus ask for the same thing; one look costs a good part of a second of many tables.
    """

    read: Callable[[], Status]
    seconds: float = 5.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _held: tuple[float, Status] | None = None

    def __call__(self) -> Status:
        """The status, at most :attr:`seconds` old. Who asks while it is being read waits for that."""
        with self._lock:
            if self._held is None or time.monotonic() - self._held[0] >= self.seconds:
                self._held = (time.monotonic(), self.read())
            return self._held[1]


def read_status(services: Services, store: Store, scheduler: Scheduler | None = None) -> Status:
    """One look at an open store."""
    settings, now = services.settings, services.clock()
    usage = shutil.disk_usage(settings.data_dir)
    targets = store.targets.list()
    runs = _runs(store)
    digest = _digest(services, store)
    coverage = _coverage(store, now)
    late = missing_days(services, store)
    undelivered = delivery_problems(services, store)
    evidence = standing(services, store)
    names = {target.id: target.name for target in targets}
    alarms = [sentence(alarm, names) for alarm in store.health.open_alarms()]
    logins = services.logins()
    alarms += [one.sentence for one in login_alarms(logins)]
    problems = [*undelivered]
    if evidence is not None and not evidence.sound:
        problems.append(f"证据链：{evidence.text}。")
    problems += rules_in_force(settings).problems
    queue = _queue(services)
    sounding = installation_alarms(services, store)
    problems += [f"{alarm.detail}。" for alarm in sounding]
    if (lack := shortage(settings)) is not None:
        problems.append(lack.sentence)
    if (old := backup_problem(services)) is not None:
        problems.append(old)
    if scheduler is not None and not scheduler.running:
        problems.append("调度器已停止，到期的工作不会自动执行；请重新启动服务。")
    # A digest may be some minutes late while the tick that makes it is running.
    if late and (now - late[0][1]).total_seconds() > 3600:
        problems.append(f"{late[0][0]} 的处置简报到点未生成；请查看日志，或执行 zhengxun tick。")
    return Status(
        now=now,
        version=version("zhengxun"),
        problems=tuple(problems),
        targets=len(targets),
        targets_paused=sum(target.paused for target in targets),
        targets_due=sum(is_due(target, now) for target in targets),
        alarms=tuple(alarms),
        watched=tuple((kind.value, any(alarm.kind is kind for alarm in sounding)) for kind in AlarmKind),
        logins=tuple(
            LoginLine(
                one.kind.label if one.kind is not None else "—", one.name, one.state.label, one.expires_at, one.detail
            )
            for one in logins
        ),
        runs=runs,
        coverage=coverage,
        digest=digest,
        jobs=tuple(
            _jobs(services, scheduler, queue, [moment for target in targets if (moment := next_run(target, now))])
        ),
        evidence=evidence.text if evidence is not None else "还没有证据",
        disk_free=usage.free,
        disk_total=usage.total,
        data_dir=settings.data_dir.absolute(),
    )


def _queue(services: Services) -> QueueState | None:
    if not services.settings.workers:
        return None
    from zhengxun.work.queue import read_state

    return read_state(services.database_url)


def _runs(store: Store) -> tuple[RunLine, ...]:
    lines = []
    for run in store.recent_runs(_RUNS):
        summary = store.run_summary(run.id)
        planned, done = store.run_progress(run.id)
        lines.append(
            RunLine(
                id=run.id,
                started_at=run.started_at,
                finished_at=run.finished_at,
                targets=summary.targets,
                pages=tuple(summary.pages.items()),
                leads_new=summary.leads_new,
                leads_reopened=summary.leads_reopened,
                planned=planned,
                done=done,
            )
        )
    return tuple(lines)


def _digest(services: Services, store: Store) -> DigestLine | None:
    listed = store.digests.list()
    if not listed:
        return None
    kept = listed[0]
    folder = services.settings.digests
    files = sorted(folder.glob(f"digest-{kept.date.isoformat()}.*"))
    return DigestLine(
        date=kept.date.isoformat(),
        number=kept.number,
        generated_at=kept.generated_at,
        totals=tuple((DigestStatus(name).label, count) for name, count in store.digests.totals(kept.date).items()),
        files=tuple(path.absolute() for path in files),
    )


def _coverage(store: Store, now: datetime) -> Coverage | None:
    coverage = store.digests.coverage(day_of(now), now)
    return coverage if coverage.targets_planned else None


def _jobs(
    services: Services, scheduler: Scheduler | None, queue: QueueState | None, crawls: list[datetime]
) -> list[JobLine]:
    lines = [JobLine("下一次到期的采集", min(crawls), f"共 {len(crawls)} 个对象在等")] if crawls else []
    if queue is not None:
        lines.append(
            JobLine(
                "队列", queue.oldest, f"等待 {queue.waiting} 项，进行中 {queue.doing} 项，worker {queue.workers} 个"
            )
        )
    if scheduler is None:
        return lines
    lines += [JobLine(name, moment) for name, moment in scheduler.upcoming()]
    last = scheduler.children.last
    if last is not None:
        lines.append(JobLine(f"上一次{last.job}", last.at, f"{for_people(last.at)} 结束，退出状态 {last.status}"))
    return lines
