"""日常维护: what a night needs so that the system runs for years. Each step finds its own work and may be killed at any moment.

Under the lock ``upkeep``, and the steps that others must wait for under the lock ``crawl`` too. ``tick`` does it once a
day in the hours after the set time; what happened is in the audit log.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from domain.account import AuditEntry
from domain.errors import LockHeld, ZhengxunError
from zhengxun.backup.rotation import clear_partial, drop_old, kept_backups, place_of
from zhengxun.clock import SHANGHAI, day_of
from zhengxun.disk import free_space, refusal
from zhengxun.jobs.backup import BackupReport, back_up
from zhengxun.services import Services

if TYPE_CHECKING:
    from storage import Store
    from storage.compaction import Outlook
    from storage.tidying import Forgotten, Tidied
    from zhengxun.evidence.compaction import Compacted
    from zhengxun.evidence.expiry import Expired

logger = logging.getLogger(__name__)

#: Name in the audit log, and of whom did it.
ACTION, ACTOR = "日常维护", "系统"
#: Hours after the set time within which ``tick`` may begin; later it waits for the next night.
QUIET = timedelta(hours=4)

#: Days for which jobs of the workers' queue that ended stay.
JOBS_KEPT_DAYS = 30


@dataclass(slots=True)
class UpkeepReport:
    """What one upkeep did."""

    forgotten: Forgotten | None = None
    tidied: Tidied | None = None
    """None where a crawl was under way."""
    masked: int = 0
    """Texts whose personal data was masked for good."""
    expired: Expired | None = None
    """None where everything is kept, or something else was under way."""
    compacted: Compacted | None = None
    """None where everything is kept, or something else was under way."""
    outlook: Outlook | None = None
    """What clearing evidence files has freed so far, and what could still be; None where everything is kept."""
    backup: BackupReport | None = None
    """None where none was due."""
    dropped: list[str] = field(default_factory=list)
    """Old backups that were removed."""
    problems: list[str] = field(default_factory=list)
    """What could not be done, in sentences."""

    @property
    def summary(self) -> str:
        """One line for the audit log."""
        parts = []
        if self.forgotten is not None:
            parts.append(f"清除失效登录 {self.forgotten.sessions} 条、登录失败记录 {self.forgotten.login_failures} 条")
        if self.tidied is not None:
            parts.append("数据库已整理" + ("并收回空间" if self.tidied.rewritten else ""))
        if self.masked:
            parts.append(f"遮蔽 {self.masked} 篇网页文字中的个人信息")
        if self.expired is not None and self.expired.files:
            parts.append(f"按保存期限清理证据文件 {self.expired.files} 个，{self.expired.size:,} 字节")
        if self.compacted is not None and self.compacted.files:
            parts.append(
                f"整理证据文件 {self.compacted.files} 个，清除到期记录 {self.compacted.records} 条，"
                f"腾出 {self.compacted.freed:,} 字节" + ("，其余留到下一次" if self.compacted.unfinished else "")
            )
        if self.backup is not None:
            parts.append(f"备份到 {self.backup.place}")
        if self.dropped:
            parts.append(f"删除旧备份 {len(self.dropped)} 份")
        return "；".join([*parts, *self.problems]) or "无事可做"


def upkeep_due(services: Services, store: Store) -> bool:
    """Whether ``tick`` should do it now: in the hours after the set time, once."""
    now = services.clock()
    at = datetime.combine(day_of(now), services.settings.upkeep_time, SHANGHAI)
    if now < at:
        at -= timedelta(days=1)
    if now - at >= QUIET:
        return False
    last = store.accounts.last_at(ACTOR, ACTION)
    return last is None or last < at


def upkeep(services: Services) -> UpkeepReport:
    """Do it now; :class:`LockHeld` where another process does it or makes a backup."""
    report = UpkeepReport()
    with services.store() as store, services.lock("upkeep"):
        _try(report, _forget, services, store)
        try:
            with services.lock("crawl") if store.tidying.blocks else nullcontext():
                _try(report, _tidy, services, store)
        except LockHeld:
            report.problems.append("正在采集，数据库没有整理；下次维护时再做。")
        _try(report, _back_up, services, store)
        for step in (_mask, _expire):
            _try(report, step, services, store)
        store.accounts.note(AuditEntry(services.clock(), ACTOR, ACTION, str(day_of(services.clock())), report.summary))
    return report


Step = Callable[[UpkeepReport, Services, "Store"], None]


def _try(report: UpkeepReport, step: Step, services: Services, store: Store) -> None:
    """One step; that it cannot be done keeps no other from being done."""
    try:
        step(report, services, store)
    except ZhengxunError as error:
        report.problems.append(str(error))
    except OSError as error:
        report.problems.append(refusal(error) or f"{error.filename or ''} {error.strerror or error}。")
        logger.error("%s: %s", step.__name__, error)


def _forget(report: UpkeepReport, services: Services, store: Store) -> None:
    from zhengxun.accounts import IDLE, LONGEST, WINDOW

    now = services.clock()
    report.forgotten = store.tidying.forget(
        idle_since=now - IDLE, begun_before=now - LONGEST, failures_before=now - WINDOW * 4
    )
    if services.settings.workers:
        from zhengxun.work.queue import open_queue

        with open_queue(services.database_url) as queue:
            queue.forget(JOBS_KEPT_DAYS)


def _tidy(report: UpkeepReport, services: Services, store: Store) -> None:
    report.tidied = store.tidying.tidy(free_space(services.settings.data_dir))


def _mask(report: UpkeepReport, services: Services, store: Store) -> None:
    days = services.settings.mask_after_days
    if days is None:
        return
    now = services.clock()
    try:
        with services.lock("crawl"):
            while masked := store.masking.mask(now - timedelta(days=days), now):
                report.masked += masked
    except LockHeld:
        report.problems.append("正在采集，到期的个人信息没有遮蔽；下次维护时再做。")


def _expire(report: UpkeepReport, services: Services, store: Store) -> None:
    """After the backup: what goes is in the last backups for a while."""
    try:
        with services.lock("crawl"), services.lock("evidence"), services.lock("compaction"):
            _clear_evidence(report, services, store)
    except LockHeld:
        if services.settings.keep_unflagged_days is not None:
            report.problems.append("正在采集、封存、核验或导出证据，到期的证据没有清理；下次维护时再做。")


def _clear_evidence(report: UpkeepReport, services: Services, store: Store) -> None:
    from zhengxun.evidence.compaction import Compacted, Rule, clear, compact
    from zhengxun.evidence.expiry import expire, finish
    from zhengxun.evidence.sealing import seal

    settings, folder = services.settings, services.settings.evidence
    report.problems += clear(store, folder)
    days = settings.keep_unflagged_days
    if days is None:
        finish(store, folder)  # what was decided while there was a limit
        return
    cutoff = services.clock() - timedelta(days=days)
    report.expired = expire(store, folder, cutoff, days)
    if settings.compact_percent < 100:
        end = time.monotonic() + 60 * settings.compact_minutes
        report.compacted = Compacted()
        rule = Rule(cutoff, days, settings.compact_percent)
        try:
            compact(store, folder, rule, lambda: time.monotonic() >= end, report.compacted)
        finally:
            report.problems += report.compacted.problems
    report.outlook = store.compaction.outlook(settings.compact_percent)
    seal(store, folder)


def _back_up(report: UpkeepReport, services: Services, store: Store) -> None:
    settings = services.settings
    folder = settings.backup_dir
    if folder is None:
        return
    clear_partial(folder)
    today = day_of(services.clock())
    if _is_backup_due(services, today):
        report.backup = back_up(services, place_of(folder, today))
    report.dropped = [path.name for path in drop_old(folder, settings.backups_kept)]


def _is_backup_due(services: Services, today: date) -> bool:
    settings = services.settings
    assert settings.backup_dir is not None
    kept = kept_backups(settings.backup_dir)
    return not kept or (today - kept[-1][0]).days >= settings.backup_every_days


def backup_problem(services: Services) -> str | None:
    """A sentence where automatic backups are set and the newest one is too old; None where all is well."""
    settings = services.settings
    if settings.backup_dir is None:
        return None
    late = timedelta(days=settings.backup_every_days + 2)
    kept = kept_backups(settings.backup_dir)
    today = day_of(services.clock())
    if not kept:
        return f"备份文件夹 {settings.backup_dir} 中还没有自动备份；请执行 zhengxun upkeep 查看原因。"
    if today - kept[-1][0] >= late:
        return f"最近一次自动备份是 {kept[-1][0]}，已经过期；请执行 zhengxun upkeep 查看原因。"
    return None
