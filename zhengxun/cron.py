"""Cron expressions with five fields, checked field by field and written in one canonical form.

Numbers of weekdays are those of cron (0 and 7 are Sunday) and are turned into names at once, because APScheduler counts
from Monday. If both day fields are restricted, cron fires when *either* matches (POSIX crontab); APScheduler wants both,
so :func:`next_fire` asks it twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from apscheduler.triggers.cron import CronTrigger

from domain.errors import BadTarget
from zhengxun.clock import SHANGHAI

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * sun",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


@dataclass(frozen=True, slots=True)
class _Field:
    label: str
    low: int
    high: int
    names: tuple[str, ...] = ()


_FIELDS = (
    _Field("分钟", 0, 59),
    _Field("小时", 0, 23),
    _Field("日", 1, 31),
    _Field("月", 1, 12, _MONTHS),
    # Sunday is both 0 and 7 in cron.
    _Field("星期", 0, 7, ("sun", "mon", "tue", "wed", "thu", "fri", "sat")),
)
_PART = re.compile(r"(?P<first>\*|[0-9a-z]+)(?:-(?P<last>[0-9a-z]+))?(?:/(?P<step>[0-9]+))?")


def looks_like_cron(text: str) -> bool:
    """Whether ``text`` is meant as a cron expression (rather than as Chinese words)."""
    return text.startswith("@") or bool(re.fullmatch(r"[0-9a-zA-Z*/,\-?#\s]+", text))


@lru_cache(maxsize=1024)
def canonical_cron(text: str) -> str:
    """``text`` with single blanks, lower case and weekdays by name; :class:`BadTarget` names the field that is wrong."""
    expression = _MACROS.get(text.strip().lower(), text)
    parts = expression.lower().split()
    if len(parts) != len(_FIELDS):
        raise BadTarget(
            f"频率“{text}”不是有效的 cron 表达式：应有五个字段（分 时 日 月 星期），实际有 {len(parts)} 个。"
        )
    fields = [
        _weekdays(text, part) if spec.label == "星期" else _checked(text, spec, part)
        for spec, part in zip(_FIELDS, parts, strict=True)
    ]
    canonical = " ".join(fields)
    if next_fire(canonical, datetime(2024, 1, 1, tzinfo=UTC)) is None:
        raise BadTarget(f"频率“{text}”永远不会到期：“日”字段和“月”字段的组合不存在。")
    return canonical


@lru_cache(maxsize=8192)
def next_fire(cron: str, after: datetime) -> datetime | None:
    """First time strictly after ``after`` at which the canonical expression ``cron`` fires (aware UTC)."""
    minute, hour, day, month, weekday = cron.split()
    either = day != "*" and weekday != "*"
    choices = [("*", weekday), (day, "*")] if either else [(day, weekday)]
    times = []
    for one_day, one_weekday in choices:
        trigger = _trigger(minute, hour, one_day, month, one_weekday)
        # With a previous fire time APScheduler starts one microsecond later: exactly "strictly after".
        found = trigger.get_next_fire_time(after.astimezone(SHANGHAI), after.astimezone(SHANGHAI))
        if found is not None:
            times.append(found.astimezone(UTC))
    return min(times, default=None)


@lru_cache(maxsize=1024)
def _trigger(minute: str, hour: str, day: str, month: str, weekday: str) -> CronTrigger:
    """Triggers hold no state; a list of thousands of targets has few different schedules."""
    return CronTrigger(minute=minute, hour=hour, day=day, month=month, day_of_week=weekday, timezone=SHANGHAI)


def _wrong(text: str, spec: _Field, why: str) -> BadTarget:
    return BadTarget(f"频率“{text}”的“{spec.label}”字段有误：{why}。")


def _number(text: str, spec: _Field, word: str) -> int:
    if word in spec.names:
        return spec.names.index(word) + (1 if spec.names is _MONTHS else 0)
    if not word.isdecimal():
        raise _wrong(text, spec, f"“{word}”不是数字")
    number = int(word)
    if not spec.low <= number <= spec.high:
        raise _wrong(text, spec, f"{number} 不在 {spec.low} 到 {spec.high} 之间")
    return number


def _expand(text: str, spec: _Field, part: str) -> list[int]:
    """All values of one comma-separated part; a weekday range may run over Sunday (fri-mon)."""
    match = _PART.fullmatch(part)
    if match is None:
        raise _wrong(text, spec, f"看不懂“{part}”")
    first, last, step = match["first"], match["last"], int(match["step"] or 1)
    if step == 0:
        raise _wrong(text, spec, "步长不能为 0")
    if first == "*":
        if last is not None:
            raise _wrong(text, spec, f"看不懂“{part}”")
        low, high = spec.low, 6 if spec.label == "星期" else spec.high
    else:
        low = _number(text, spec, first)
        if last is not None:
            high = _number(text, spec, last)
        else:
            high = spec.high if match["step"] else low
    if high < low:
        if spec.label != "星期":
            raise _wrong(text, spec, f"范围“{part}”的起点大于终点")
        high += 7
    return list(range(low, high + 1, step))


def _checked(text: str, spec: _Field, field: str) -> str:
    """The field with month names as numbers; each part is checked on its own."""
    if field in {"*", "*/1"}:
        return "*"
    parts = []
    for part in field.split(","):
        values = _expand(text, spec, part)
        if part.startswith("*"):
            parts.append(part)
        elif len(values) == 1:
            parts.append(str(values[0]))
        else:
            step = values[1] - values[0]
            parts.append(f"{values[0]}-{values[-1]}" + ("" if step == 1 else f"/{step}"))
    return ",".join(parts)


def _weekdays(text: str, field: str) -> str:
    spec = _FIELDS[4]
    if field in {"*", "*/1"}:
        return "*"
    # cron's 0..7 (Sunday first and last) to Monday-first positions.
    days = sorted({(value - 1) % 7 for part in field.split(",") for value in _expand(text, spec, part)})
    return weekday_field(days)


def weekday_field(days: list[int]) -> str:
    """Cron field for weekdays given as 0 (Monday) to 6 (Sunday), sorted; three or more in a row become a range."""
    if len(days) == len(WEEKDAYS):
        return "*"
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    words = []
    for run in runs:
        if len(run) >= 3:
            words.append(f"{WEEKDAYS[run[0]]}-{WEEKDAYS[run[-1]]}")
        else:
            words.extend(WEEKDAYS[day] for day in run)
    return ",".join(words)
