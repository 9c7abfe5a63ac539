"""频率: from what people write (每天, 每周一 08:00, 工作日, 每12小时 …) to a cron expression, and back to words.

All times are Asia/Shanghai. A form without a time of day runs at :data:`NIGHT`, so that the night's finds are in the
morning's digest.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from domain.errors import BadTarget
from domain.target import Target
from zhengxun.cron import WEEKDAYS, canonical_cron, looks_like_cron, next_fire, weekday_field

#: (hour, minute) for forms without a time: after midnight's backups, and early enough for a digest at 08:00.
NIGHT = (4, 0)

#: What a target gets when nothing is said.
DEFAULT_SCHEDULE = "0 4 * * *"

EXAMPLES = (
    "每天、每天 08:00、每12小时、每周一 08:00、每周一、三、五、工作日 09:30、每月1日、每3天，或五个字段的 cron 表达式"
)

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_WEEKDAY_CHARS = {
    char: day for day, chars in enumerate(("一1", "二2", "三3", "四4", "五5", "六6", "日天7")) for char in chars
}
_CHINESE_HOUR = "二十[一二三]?|十[一二三四五六七八九]?|[零〇一二两三四五六七八九]"
_CHINESE_MINUTE = "[二三四五]?十[一二三四五六七八九]?|零?[一二三四五六七八九]"
_PART_OF_DAY = {
    "凌晨": 2, "清晨": 6, "早上": 8, "早晨": 8, "上午": 9, "中午": 12, "下午": 15, "傍晚": 18, "晚上": 20, "夜里": 22,
}  # fmt: skip
_TIME = re.compile(
    rf"(?P<part>{'|'.join(_PART_OF_DAY)})?\s*"
    rf"(?:(?P<hour>\d{{1,2}}):(?P<minute>\d{{2}})(?::00)?|(?P<clock>\d{{1,2}}|{_CHINESE_HOUR})[点时]"
    rf"(?:(?P<half>半)|整|(?P<past>\d{{1,2}}|{_CHINESE_MINUTE})分?)?)"
    rf"|(?P<only>{'|'.join(_PART_OF_DAY)})"
)
_SEPARATORS = r"[、,/和及与;]"
_TIMES_AT_END = re.compile(rf"(?:(?:{re.sub(r'[?]P<[a-z]+>', '?:', _TIME.pattern)})(?:\s*{_SEPARATORS}\s*|\s+|$))+$")
_NUMBER = r"(\d+|[一二三四五六七八九十两]{1,3})"


def parse_schedule(text: str | None) -> str:
    """Canonical cron expression for ``text`` (empty: :data:`DEFAULT_SCHEDULE`); :class:`BadTarget` says what is wrong."""
    if text is None or not text.strip():
        return DEFAULT_SCHEDULE
    plain = unicodedata.normalize("NFKC", text).strip()
    if looks_like_cron(plain):
        return canonical_cron(plain)
    found = _TIMES_AT_END.search(plain)
    days, times = (plain[: found.start()], found.group()) if found else (plain, "")
    if times and not days.strip():
        days = "每天"  # a time alone, as spreadsheet programs make one of 8:00
    return canonical_cron(_from_words(text.strip(), re.sub(r"\s+", "", days).rstrip("的、,"), times))


def next_run(target: Target, now: datetime) -> datetime | None:
    """When the target is due next (``now`` if it is due already); None if it is paused."""
    if target.paused:
        return None
    if target.last_run_at is None:
        return now
    fire = next_fire(target.schedule, target.last_run_at)
    return None if fire is None else max(fire, now)


def is_due(target: Target, now: datetime) -> bool:
    """Whether the schedule has fired since the last visit; a target never visited is due at once."""
    if target.paused:
        return False
    if target.last_run_at is None:
        return True
    fire = next_fire(target.schedule, target.last_run_at)
    return fire is not None and fire <= now


def _bad(text: str, why: str = "") -> BadTarget:
    return BadTarget(f"频率“{text}”无法识别{why}；可写：{EXAMPLES}。")


def _number(word: str) -> int:
    """An Arabic or Chinese number below one hundred."""
    if word.isdecimal():
        return int(word)
    tens, ten, ones = word.rpartition("十")
    if not ten:
        return _DIGITS[word] if len(word) == 1 else -1
    return (_DIGITS.get(tens, -9) if tens else 1) * 10 + (_DIGITS.get(ones, -9) if ones else 0)


def _times(text: str, words: str) -> str:
    """Minute and hour field of the times of day in ``words``; several must share their minute."""
    times = [_time_of_day(text, match) for match in _TIME.finditer(words)] or [NIGHT]
    minutes = {minute for _, minute in times}
    if len(minutes) > 1:
        raise BadTarget(f"频率“{text}”中的几个时刻分钟数不同，一条 cron 表达不了；请让分钟数一致，例如 08:00、20:00。")
    return f"{minutes.pop()} {','.join(str(hour) for hour in sorted({hour for hour, _ in times}))}"


def _time_of_day(text: str, match: re.Match[str]) -> tuple[int, int]:
    if match["only"]:
        return _PART_OF_DAY[match["only"]], 0
    hour = _number(match["hour"] or match["clock"])
    minute = 30 if match["half"] else _number(match["minute"] or match["past"] or "0")
    part = match["part"]
    if (part in {"下午", "傍晚", "晚上", "夜里"} and 1 <= hour < 12) or (part == "中午" and 1 <= hour <= 3):
        hour += 12
    if not 0 <= hour <= 23 or not 0 <= minute <= 59:
        raise BadTarget(f"频率“{text}”中的时刻“{match.group()}”不存在；时刻应在 00:00 到 23:59 之间。")
    return hour, minute


def _weekday_list(text: str, words: str) -> str:
    """Weekday field for ``一、三、五``, ``一三五``, ``一至五``, ``六、周日`` …"""
    days: set[int] = set()
    for part in re.split(_SEPARATORS, re.sub(r"每?个?(?:星期|礼拜|周)", "", words)):
        span = re.fullmatch(r"([一二三四五六日天1-7])[至到\-~]([一二三四五六日天1-7])", part)
        if span:
            first, last = _WEEKDAY_CHARS[span[1]], _WEEKDAY_CHARS[span[2]]
            days |= {day % 7 for day in range(first, (last if last >= first else last + 7) + 1)}
        elif part and all(char in _WEEKDAY_CHARS for char in part):
            days |= {_WEEKDAY_CHARS[char] for char in part}
        else:
            raise _bad(text, f"：“{part}”不是星期几")
    return weekday_field(sorted(days))


def _from_words(text: str, words: str, times: str) -> str:
    """Cron expression for ``words`` (days, without blanks) at ``times`` (maybe empty)."""
    if (often := _several_times(text, words)) is not None:
        if times:
            raise BadTarget(f"频率“{text}”既写了间隔又写了时刻；只能二选一。")
        return often
    return f"{_times(text, times)} {_days(text, words)}"


def _several_times(text: str, words: str) -> str | None:
    """Cron expression for forms that count hours or minutes; None for any other."""
    if match := re.fullmatch(rf"(?:每天|每日|一天){_NUMBER}次", words):
        return None if _number(match[1]) == 1 else _several_a_day(text, _number(match[1]))
    if re.fullmatch(r"每个?小时(?:一次)?", words):
        return "0 * * * *"
    if match := re.fullmatch(rf"每隔?(半|{_NUMBER})个?小时(?:一次)?", words):
        return "*/30 * * * *" if match[1] == "半" else _hours(text, _number(match[1]))
    if match := re.fullmatch(rf"每隔?{_NUMBER}分钟?(?:一次)?", words):
        minutes = _number(match[1])
        if not 5 <= minutes <= 59:
            raise BadTarget(f"频率“{text}”过密或过疏：分钟数应在 5 到 59 之间，更疏请写“每N小时”。")
        return f"*/{minutes} * * * *"
    return None


def _days(text: str, words: str) -> str:
    """Day, month and weekday field."""
    if re.fullmatch(r"(?:每天|每日|天天|每一天)(?:[一1]次)?|一天一次", words):
        return "* * *"
    if match := re.fullmatch(rf"每隔?{_NUMBER}[天日](?:一次)?", words):
        days = _number(match[1])
        if not 1 <= days <= 31:
            raise BadTarget(f"频率“{text}”的天数应在 1 到 31 之间。")
        return "* * *" if days == 1 else f"*/{days} * *"
    if re.fullmatch(r"每?个?工作日", words):
        return "* * mon-fri"
    if re.fullmatch(r"每?个?周末", words):
        return "* * sat,sun"
    if re.fullmatch(r"每个?(?:周|星期)(?:一次)?", words):
        return "* * mon"
    if re.fullmatch(r"每?个?(?:星期|礼拜|周).+", words):
        return f"* * {_weekday_list(text, words)}"
    if re.fullmatch(r"每个?月(?:一次)?", words):
        return "1 * *"
    number = r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})"
    if match := re.fullmatch(rf"每个?月的?({number}[日号]?(?:{_SEPARATORS}{number}[日号]?)*)(?<=[日号])", words):
        dates = sorted({_number(re.sub(r"[日号]", "", part)) for part in re.split(_SEPARATORS, match[1])})
        if not 1 <= dates[0] <= dates[-1] <= 31:
            raise BadTarget(f"频率“{text}”的日期应在 1 日到 31 日之间。")
        return f"{','.join(map(str, dates))} * *"
    raise _bad(text)


def _hours(text: str, hours: int) -> str:
    if hours == 24:
        return DEFAULT_SCHEDULE
    if hours > 24 and hours % 24 == 0 and hours <= 31 * 24:
        return f"{NIGHT[1]} {NIGHT[0]} */{hours // 24} * *"
    if not 1 <= hours <= 23:
        raise BadTarget(f"频率“{text}”的小时数应在 1 到 24 之间，或为 24 的整倍数。")
    return "0 * * * *" if hours == 1 else f"0 */{hours} * * *"


def _several_a_day(text: str, times: int) -> str:
    if times < 1 or times > 24 or 24 % times:
        raise BadTarget(f"频率“{text}”的次数应能整除 24（1、2、3、4、6、8、12、24）。")
    return _hours(text, 24 // times)


_WEEKDAY_LABELS = dict(zip(WEEKDAYS, "一二三四五六日", strict=True))


def describe(cron: str) -> str:
    """Chinese words for a canonical expression, for lists; the expression itself where words would be longer."""
    minute, hour, day, month, weekday = cron.split()
    if month != "*":
        return cron
    if step := re.fullmatch(r"\*/(\d+)", minute):
        return f"每{step[1]}分钟" if (hour, day, weekday) == ("*", "*", "*") else cron
    if hour == "*" and minute == "0" and (day, weekday) == ("*", "*"):
        return "每小时"
    if (step := re.fullmatch(r"\*/(\d+)", hour)) and minute == "0" and (day, weekday) == ("*", "*"):
        return f"每{step[1]}小时"
    if not minute.isdecimal() or not re.fullmatch(r"\d+(,\d+)*", hour):
        return cron
    clock = "、".join(f"{int(one):02d}:{int(minute):02d}" for one in hour.split(","))
    if (day, weekday) == ("*", "*"):
        return f"每天 {clock}"
    if day == "*":
        if weekday == "mon-fri":
            return f"工作日 {clock}"
        words = "、".join("至".join(_WEEKDAY_LABELS[name] for name in part.split("-")) for part in weekday.split(","))
        return f"每周{words} {clock}"
    if weekday == "*" and (step := re.fullmatch(r"\*/(\d+)", day)):
        return f"每{step[1]}天 {clock}"
    if weekday == "*" and re.fullmatch(r"\d+(,\d+)*", day):
        return f"每月{day.replace(',', '、')}日 {clock}"
    return cron
