"""What ``init`` does: sets up, or brings an older database up to this version after backing it up.

A migration has no way back, and an older program refuses a newer database. So the backup is part of the upgrade: who
wants to go back restores it.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from domain.errors import BadInput
from zhengxun.jobs.backup import BackupReport, back_up
from zhengxun.services import Services


@dataclass(frozen=True, slots=True)
class Upgrade:
    """One database that was brought up to this version."""

    before: str
    """Migration that it had."""
    after: str
    """Migration that it has now."""
    backup: BackupReport | None
    """None: the caller said that there is one already."""


def set_up(services: Services, place: Path | None, *, unprotected: bool) -> Upgrade | None:
    """Create the database, or upgrade it; None where there was nothing to upgrade. Safe to repeat.

    ``place``: where the backup before the upgrade goes; None: a folder of its own below ``backup_dir``.
    ``unprotected``: no backup is made. :class:`BadInput` where neither says what to do, :class:`NotSetUp` where the
    database is newer than this program or out of reach, :class:`LockHeld` where something is still working on it.
    """
    from storage import revision_state

    state = revision_state(services.database_url)
    if state.current is None or state.up_to_date or state.is_newer:
        services.prepare()  # says so itself where the database is newer
        return None
    where = place or _own_place(services, state.current)
    if where is None and not unprotected:
        raise BadInput(
            f"数据库要从版本 {state.current} 升级到 {state.head}，升级后旧版本程序不能再用它，所以须先备份。"
            "请用 --backup 写明备份到哪里（数据目录之外），或设置 ZHENGXUN_BACKUP_DIR；已经另行备份的，用 --no-backup。"
        )
    services.make_folders()
    with ExitStack() as held:
        # Where work is shared out, services hold no lock of their own; their crawls and digests do.
        for name in ("upkeep", "crawl", "digest", *(() if services.settings.workers else ("serve",))):
            held.enter_context(services.lock(name))
        report = None
        if not unprotected:
            assert where is not None
            report = back_up(services, where, revision=state.current)
        services.prepare()
    return Upgrade(state.current, state.head, report)


def _own_place(services: Services, revision: str) -> Path | None:
    """Its name is none of the daily backups', so that it stays until somebody removes it."""
    folder = services.settings.backup_dir
    return folder and folder / f"before-upgrade-{revision}-{services.clock().astimezone(UTC):%Y%m%dT%H%M%SZ}"
