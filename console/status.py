"""What the status page shows: values read elsewhere, in the order in which a person on duty asks for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from domain.digest import Coverage


@dataclass(frozen=True, slots=True)
class RunLine:
    """One crawl run."""

    id: int
    started_at: datetime
    finished_at: datetime | None
    """None while it is under way, or if its process was killed and the next run has not finished it yet."""
    targets: int
    pages: tuple[tuple[str, int], ...]
    """(outcome, number of requests)."""
    leads_new: int
    leads_reopened: int
    planned: int = 0
    """Requests planned so far, and of them those that have ended."""
    done: int = 0


@dataclass(frozen=True, slots=True)
class DigestLine:
    """The newest digest."""

    date: str
    number: str
    generated_at: datetime
    totals: tuple[tuple[str, int], ...]
    """(Chinese status, number of items)."""
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class JobLine:
    """Something that will happen, or happened."""

    name: str
    at: datetime | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LoginLine:
    """One platform's cookie file."""

    platform: str
    file: str
    state: str
    """Chinese word."""
    expires_at: datetime | None
    """None where the file does not say."""
    detail: str


@dataclass(frozen=True, slots=True)
class Status:
    """One look at the whole installation."""

    now: datetime
    version: str
    problems: tuple[str, ...]
    """Chinese sentences; empty: all is well. Any of them makes ``/healthz`` answer 503."""
    targets: int
    targets_paused: int
    targets_due: int
    alarms: tuple[str, ...]
    """Targets and platforms that fell silent or keep us out, logins that end: Chinese sentences."""
    runs: tuple[RunLine, ...]
    coverage: Coverage | None
    digest: DigestLine | None
    jobs: tuple[JobLine, ...]
    evidence: str
    """How the chain of evidence stands: Chinese, without full stop."""
    disk_free: int
    """Bytes free on the data directory's disk."""
    disk_total: int
    data_dir: Path
    logins: tuple[LoginLine, ...] = ()
    watched: tuple[tuple[str, bool], ...] = ()
    """(what is watched of the whole installation, whether its alarm sounds); the sentences are among ``problems``."""

    @property
    def healthy(self) -> bool:
        """Whether nothing needs a person."""
        return not self.problems
