"""When a page says it was published. Nothing is guessed: no clock, no copyright year, no date out of an address."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

#: Times without a zone on Chinese pages are Beijing time; the country has had no daylight saving since 1991.
BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")

_YEAR = r"(?:19|20)\d{2}"
_CLOCK = (
    r"(?:[T\s日]{0,3}(?P<half>上午|下午|晚上|凌晨|中午)?\s*(?P<hour>[01]?\d|2[0-3])\s*[:：时点]\s*(?P<minute>[0-5]\d)"
    r"(?:\s*[:：分]\s*(?P<second>[0-5]\d)(?:\.\d{1,9})?)?\s*秒?分?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
FULL_DATE = re.compile(
    rf"(?<![\d.-])(?P<year>{_YEAR})\s*(?:[-/.]|年)\s*(?P<month>1[0-2]|0?[1-9])\s*(?:[-/.]|月)\s*(?P<day>3[01]|[12]\d|0?[1-9])(?![\d.])\s*日?{_CLOCK}"
)
_SHORT_DATE = re.compile(
    r"(?<![\d./-])(?:1[0-2]|0?[1-9])(?:-|月|/)(?:3[01]|[12]\d|0?[1-9])日?(?![\d/-])(?:\s*(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?)?"
)
_RELATIVE = re.compile(
    r"刚刚|(?:\d{1,3}|半|几)\s*(?:秒|分钟|个?小时|天|周|个?月|年)\s*(?:之?前)|(?:昨天|今天|前天|星期[一二三四五六日]|周[一二三四五六日])(?:\s*[上下]午)?\s*(?:\d{1,2}:\d{2})?"
)
#: Without one of these no date form matches.
#: Its first character is out of a set, which ``re`` finds much faster than the beginnings of alternatives.
_COULD_DATE = re.compile(
    r"[\d刚昨今前半几星周](?:(?<=\d)[-/.年月天时分秒小个周\s]|(?<=刚)刚|(?<=[昨今前])天|(?<=[半几])|(?<=星)期|(?<=周)[一二三四五六日])"
)
_LABEL = re.compile(
    r"(?:发布时间|发布日期|发表时间|发稿时间|更新时间|更新日期|发布于|发表于|编辑时间|创建时间|上传时间|"
    r"(?:(?<![\u4e00-\u9fff])|(?<=[布表稿新辑建传]))(?:日期|时间|发布))\s*[:：]?\s*$"
)
#: What makes a date part of an announcement instead of a byline.
_GOES_ON = re.compile(r"\s*(?:[起前至到后内以之~～—-]|报名|考试|举[办行]|开[始课班]|截止|施行|成立|召开|印发)")
_ANNOUNCED = re.compile(
    r"(?:考试|报名|开课|开班|截止|活动|有效|上课|领取|办理|缴费|打印|面试|查询|施行|成立|注册|培训)(?:时间|日期|期|于|至)?\s*[:：]?\s*$"
)


def parse_instant(raw: str) -> datetime | None:
    """A machine-readable time (ISO 8601, RFC 5322, epoch seconds or milliseconds) or a full Chinese date, aware; or None."""
    raw = raw.strip()
    if not raw or len(raw) > 100:
        return None
    if raw.isascii() and raw.isdigit() and len(raw) in (10, 13):
        return from_epoch(int(raw) / (1000 if len(raw) == 13 else 1))
    if "T" in raw or "-" in raw:
        try:
            return _aware(datetime.fromisoformat(raw))
        except ValueError:
            pass
    found = FULL_DATE.search(raw)
    if found:
        return from_match(found)
    if raw[:3].isalpha() or "," in raw:
        try:
            return _aware(parsedate_to_datetime(raw))
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    if re.fullmatch(r"(?:19|20)\d{6}", raw):
        return _built(int(raw[:4]), int(raw[4:6]), int(raw[6:]), 0, 0, 0, None)
    return None


def from_epoch(seconds: float) -> datetime | None:
    """Seconds since 1970; None outside what pages can mean (1990 to 2100)."""
    if not 631_152_000 <= seconds <= 4_102_444_800:
        return None
    return datetime.fromtimestamp(seconds, BEIJING)


def from_match(match: re.Match[str]) -> datetime | None:
    """The instant of a :data:`FULL_DATE` match."""
    hour = int(match["hour"] or 0)
    if match["half"] in ("下午", "晚上") and hour < 12:
        hour += 12
    return _built(
        int(match["year"]),
        int(match["month"]),
        int(match["day"]),
        hour,
        int(match["minute"] or 0),
        int(match["second"] or 0),
        match["zone"],
    )


def find_date(line: str) -> tuple[datetime | None, str, bool] | None:
    """The first date in a line of text: instant (None for short and relative forms), its wording, and whether a label
    (发布时间：…) stands before it. None if the line holds none, or holds one that announces something (考试时间：…)."""
    if not _COULD_DATE.search(line):
        return None
    for pattern in (FULL_DATE, _RELATIVE, _SHORT_DATE):
        match = pattern.search(line)
        if match is None:
            continue
        before = line[: match.start()]
        if _ANNOUNCED.search(before) or _GOES_ON.match(line, match.end()):
            continue
        instant = from_match(match) if pattern is FULL_DATE else None
        if pattern is FULL_DATE and instant is None:
            continue
        return instant, match[0].strip(), _LABEL.search(before) is not None
    return None


def _built(year: int, month: int, day: int, hour: int, minute: int, second: int, zone: str | None) -> datetime | None:
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=BEIJING)
    except ValueError:
        return None
    if not zone:
        return local
    if zone == "Z":
        return local.replace(tzinfo=UTC)
    digits = zone[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if offset >= timedelta(hours=24):
        return local
    return local.replace(tzinfo=timezone(-offset if zone[0] == "-" else offset))


def _aware(value: datetime) -> datetime | None:
    if value.year < 1990 or value.year > 2100:
        return None
    return value if value.tzinfo is not None else value.replace(tzinfo=BEIJING)
