"""The wiring of one process: settings, clock, store, classifier. Commands ask here; nothing below knows this module."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from domain.errors import NotSetUp
from domain.ports import Clock, HostTurns
from zhengxun.clock import fixed_clock, system_clock
from zhengxun.settings import Settings

if TYPE_CHECKING:
    from classifiers.classifier import Classifier
    from crawler.address_guard import AddressGuard
    from crawler.settings import CrawlSettings
    from domain.recheck import LookPlan
    from storage import Store
    from zhengxun.logins import LoginFile
    from zhengxun.rules.in_force import RulesInForce


@dataclass(frozen=True)
class Services:
    """What one process works with; parts are made when first asked for, because most commands need few of them."""

    settings: Settings
    clock: Clock = field(default=system_clock)
    standing: bool = False
    """Whether the process crawls again and again and ends what it keeps for that itself (``zhengxun worker``)."""

    @classmethod
    def load(cls, data_dir: str | Path | None = None) -> Services:
        """Services by environment, ``zhengxun.toml`` and the command line's ``data_dir``."""
        settings = Settings.load(data_dir)
        return cls(settings, fixed_clock(settings.now) if settings.now is not None else system_clock)

    @property
    def database_url(self) -> str:
        """Address of the database in use."""
        from storage import default_url

        return self.settings.database_url or default_url(self.settings.data_dir)

    @property
    def on_postgresql(self) -> bool:
        """Whether several machines may use the database."""
        from storage import postgres_address

        return postgres_address(self.database_url) is not None

    def prepare(self) -> None:
        """Create folders and bring the database up to date; safe to repeat."""
        from storage import migrate

        self.make_folders()
        migrate(self.database_url)
        if self.settings.workers:
            from zhengxun.work.queue import prepare

            prepare(self.database_url)

    def make_folders(self) -> None:
        """Create the data directory and the folders in it; one that cannot be made raises :class:`NotSetUp`."""
        for folder in (self.settings.data_dir, self.settings.evidence, self.settings.digests, self.logs):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise NotSetUp(f"无法创建文件夹 {folder}；请检查路径和权限。") from error

    @property
    def logs(self) -> Path:
        """Folder for log files."""
        return self.settings.data_dir / "logs"

    def lock(self, name: str, *, shared: bool = False) -> AbstractContextManager[None]:
        """Hold a lock of this installation; :class:`domain.errors.LockHeld` where another process holds it.

        ``shared``: others may hold it so too, and nobody whole.
        """
        from storage import hold

        return hold(self.settings.data_dir, name, self.database_url, shared=shared)

    @contextmanager
    def free_hosts(self, hosts: Collection[str]) -> Iterator[frozenset[str]]:
        """Hold those of ``hosts`` that no other worker has in hand, and say which; PostgreSQL only."""
        from storage import hold_free

        with hold_free(self.database_url, [f"share:{host}" for host in sorted(hosts)]) as names:
            yield frozenset(name.removeprefix("share:") for name in names)

    def host_turns(self) -> HostTurns:
        """Turns at hosts that all processes of this installation share; PostgreSQL only."""
        from storage import SharedTurns

        return SharedTurns(self.database_url)

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The open store; :class:`NotSetUp` where ``init`` has not run or the database cannot be reached."""
        from storage import open_store
        from zhengxun.schedule import is_due

        store = open_store(
            self.database_url,
            clock=self.clock,
            confirm_after=timedelta(hours=self.settings.removal_confirm_hours),
            is_due=is_due,
        )
        try:
            yield store
        finally:
            store.close()

    @property
    def look_plan(self) -> LookPlan:
        """When pages of leads are looked at again."""
        from domain.recheck import LookPlan

        settings = self.settings
        return LookPlan(
            steps=tuple(timedelta(hours=hours) for hours in settings.recheck_hours),
            confirm_after=timedelta(hours=settings.removal_confirm_hours),
            watch=timedelta(days=settings.watch_days),
        )

    @cached_property
    def address_guard(self) -> AddressGuard:
        """Which addresses may be fetched."""
        from crawler.address_guard import AddressGuard

        return AddressGuard(str(network) for network in self.settings.allow_networks)

    def logins(self) -> list[LoginFile]:
        """Cookie files of platforms as they lie there now."""
        from zhengxun.logins import read_logins

        return read_logins(self.settings.data_dir, self.clock(), self.settings.login_warn_days)

    @cached_property
    def rules_in_force(self) -> RulesInForce:
        """The rule packs in force when this was first asked for: one process works with one state of them."""
        from zhengxun.rules.in_force import rules_in_force

        return rules_in_force(self.settings)

    @property
    def rules(self) -> Path | None:
        """Folder of the rule packs in force; None: the bundled ones."""
        return self.rules_in_force.folder

    @cached_property
    def classifier(self) -> Classifier:
        """The classifier with the rule packs in force."""
        import classifiers

        return classifiers.load(self.rules)

    @property
    def rule_pack(self) -> str:
        """Digest of the rule packs in force, without loading the classifier."""
        from classifiers.loader import digest, pack_files

        return digest(pack_files(self.rules))

    @property
    def about(self) -> tuple[tuple[str, str], ...]:
        """What evidence says of who took it: program with version, machine, and the exit to the network if told."""
        import platform
        import socket
        from importlib.metadata import version

        exit_address = self.settings.exit_address
        return (
            ("software", f"zhengxun {version('zhengxun')} (Python {platform.python_version()}, {platform.system()})"),
            ("hostname", socket.gethostname()),
            *((("ip", exit_address),) if exit_address else ()),
        )

    def crawl_settings(self) -> CrawlSettings:
        """Limits of a crawl by these settings."""
        from crawler.settings import MEBIBYTE, CrawlSettings

        settings = self.settings
        return CrawlSettings(
            evidence_folder=settings.evidence,
            delay=settings.crawl_delay,
            concurrency=settings.crawl_concurrency,
            allow_networks=tuple(str(network) for network in settings.allow_networks),
            timeout=settings.timeout,
            max_body=int(settings.max_body_mb * MEBIBYTE),
            max_decoded=int(settings.max_body_mb * MEBIBYTE * 1.6),
            workers=settings.processes,
            about=self.about,
            logins=tuple(one.login for one in self.logins() if one.login is not None),
            # On SQLite there is one machine, and the lock of the crawl keeps everybody else away.
            turns=self.host_turns if self.on_postgresql else None,
            standing_workers=self.rule_pack if self.standing else None,
        )
