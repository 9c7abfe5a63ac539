"""The machine's clock, watched: has it jumped since the last tick?

A clock that is wrong dates evidence wrongly and makes digests early, late or of the wrong day. Each tick leaves its time in
``clock.json`` of the data directory, together with the kernel's count of seconds since the start of the machine, which no
change of the clock touches (``CLOCK_BOOTTIME``, counts sleep too). The next one compares:

- in the same run of the machine: the clock must have gone on by as much as the kernel counted, within :data:`TOLERANCE`;
- after a restart, or on another machine that shares the directory: it must not be earlier than it was, by more than that.

A clock that was ahead all the time, and never set, cannot be seen from here.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from zhengxun.clock import for_people
from zhengxun.services import Services

FILE = "clock.json"

#: What is taken for a jump. NTP slews below 128 ms and steps above; a tick may be some seconds between two readings here.
TOLERANCE = timedelta(minutes=2)

#: How long a jump is told of.
TOLD = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at both clocks."""

    at: datetime
    machine: str
    """Of this run of this machine: the kernel's boot id."""
    seconds: float | None
    """Since the machine was started; None where the time is a simulated one."""


@dataclass(frozen=True, slots=True)
class Jump:
    """The clock was changed between two ticks."""

    expected: datetime
    """What it should have shown, at least."""
    shown: datetime

    @property
    def forward(self) -> bool:
        """Whether it went ahead."""
        return self.shown > self.expected

    @property
    def sentence(self) -> str:
        """For people."""
        minutes = abs(self.shown - self.expected) / timedelta(minutes=1)
        by = f"{minutes:.0f} 分钟" if minutes < 120 else f"{minutes / 60:.1f} 小时"
        way = "向前拨快" if self.forward else "向后拨慢"
        return (
            f"本机时钟{way}约 {by}：应为 {for_people(self.expected)}，却是 {for_people(self.shown)}。"
            "请核对时间同步（timedatectl），并检查这段时间的采集时间和简报日期"
        )


def watch_clock(services: Services) -> Jump | None:
    """Compare with the last tick, keep this one, and return a jump that is new. A file that cannot be used is written anew."""
    path = services.settings.data_dir / FILE
    last, told = _read(path)
    now = _reading(services)
    jump = None if last is None else _between(last, now)
    _write(path, now, jump or told)
    return jump


def last_jump(services: Services) -> Jump | None:
    """The last jump that a tick saw, while it is still told of."""
    told = _read(services.settings.data_dir / FILE)[1]
    # By either time: a clock that was set back reaches the day of a jump forward later than it passed.
    return told if told is not None and abs(services.clock() - told.shown) < TOLD else None


def _between(last: Reading, now: Reading) -> Jump | None:
    if last.machine == now.machine and last.seconds is not None and now.seconds is not None:
        expected = last.at + timedelta(seconds=now.seconds - last.seconds)
        return Jump(expected, now.at) if abs(now.at - expected) > TOLERANCE else None
    return Jump(last.at, now.at) if now.at < last.at - TOLERANCE else None


def _reading(services: Services) -> Reading:
    simulated = services.settings.now is not None
    try:
        machine = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        machine = ""
    return Reading(
        services.clock(), machine, None if simulated or not machine else time.clock_gettime(time.CLOCK_BOOTTIME)
    )


def _read(path: Path) -> tuple[Reading | None, Jump | None]:
    try:
        found = json.loads(path.read_text("utf-8"))
        last = Reading(datetime.fromisoformat(found["at"]), str(found["machine"]), found["seconds"])
        jump = found["jump"]
        return last, None if jump is None else Jump(
            *(datetime.fromisoformat(jump[name]) for name in ("expected", "shown"))
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None, None


def _write(path: Path, now: Reading, jump: Jump | None) -> None:
    kept = asdict(now) | {"jump": None if jump is None else asdict(jump)}
    temporary = path.with_suffix(".new")
    try:
        temporary.write_text(json.dumps(kept, default=lambda moment: moment.isoformat()), "utf-8")
        temporary.replace(path)
    except OSError:
        # A full or read-only disk is told of elsewhere; the next tick compares with an older reading.
        temporary.unlink(missing_ok=True)
