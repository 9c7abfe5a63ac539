"""频率: words and cron expressions, and when they fire."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import BadTarget
from domain.target import Scope, Target, TargetKind
from zhengxun.clock import SHANGHAI
from zhengxun.cron import canonical_cron, next_fire
from zhengxun.schedule import describe, is_due, next_run, parse_schedule

_WORDS = [
    ("", "0 4 * * *"),
    ("每天", "0 4 * * *"),
    ("每日", "0 4 * * *"),
    ("每天 08:00", "0 8 * * *"),
    ("每天８：３０", "30 8 * * *"),
    ("每天8点", "0 8 * * *"),
    ("每天早上", "0 8 * * *"),
    ("每天 下午3点半", "30 15 * * *"),
    ("每天晚上八点", "0 20 * * *"),
    ("每天 08:00、20:00", "0 8,20 * * *"),
    ("每天两次", "0 */12 * * *"),
    ("每12小时", "0 */12 * * *"),
    ("每 2 小时", "0 */2 * * *"),
    ("每小时", "0 * * * *"),
    ("每半小时", "*/30 * * * *"),
    ("每30分钟", "*/30 * * * *"),
    ("每24小时", "0 4 * * *"),
    ("每48小时", "0 4 */2 * *"),
    ("每周一 08:00", "0 8 * * mon"),
    ("每周一、三、五", "0 4 * * mon,wed,fri"),
    ("每周一、三、五 09:30", "30 9 * * mon,wed,fri"),
    ("每周一三五", "0 4 * * mon,wed,fri"),
    ("每周一,周三 10:00", "0 10 * * mon,wed"),
    ("每周一至周五 8:00", "0 8 * * mon-fri"),
    ("每周六、周日", "0 4 * * sat,sun"),
    ("每星期天 20:00", "0 20 * * sun"),
    ("每周1 8点", "0 8 * * mon"),
    ("每周7", "0 4 * * sun"),
    ("每周", "0 4 * * mon"),
    ("周末", "0 4 * * sat,sun"),
    ("工作日", "0 4 * * mon-fri"),
    ("工作日 09:30", "30 9 * * mon-fri"),
    ("每个工作日9点", "0 9 * * mon-fri"),
    ("每月1日", "0 4 1 * *"),
    ("每月1日、15日 06:00", "0 6 1,15 * *"),
    ("每月1日8点", "0 8 1 * *"),
    ("每3天", "0 4 */3 * *"),
    ("每三天 10:00", "0 10 */3 * *"),
    ("每十二小时", "0 */12 * * *"),
    ("*/15 * * * *", "*/15 * * * *"),
    ("  0   8 * * *", "0 8 * * *"),
    ("30 2 1 JAN *", "30 2 1 1 *"),
    ("@daily", "0 0 * * *"),
]


@pytest.mark.parametrize(("words", "cron"), _WORDS)
def test_words_become_cron(words: str, cron: str) -> None:
    """What offices write in the 频率 column has one cron expression."""
    assert parse_schedule(words) == cron


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("0", "sun"),
        ("7", "sun"),
        ("1", "mon"),
        ("1-5", "mon-fri"),
        ("6-7", "sat,sun"),
        ("0-6", "*"),
        ("5-1", "mon,fri-sun"),
        ("*/2", "tue,thu,sat,sun"),
        ("MON,Wed", "mon,wed"),
        ("sun-tue", "mon,tue,sun"),
    ],
)
def test_numbered_weekdays_are_those_of_cron(field: str, names: str) -> None:
    """A number in the weekday field counts from Sunday as in crontab(5), and is kept as a name (trap 10)."""
    assert canonical_cron(f"0 8 * * {field}") == f"0 8 * * {names}"


def test_numbered_weekday_fires_on_that_day() -> None:
    """`0 8 * * 1` fires on a Monday, not on APScheduler's Tuesday."""
    fire = next_fire(parse_schedule("0 8 * * 1"), datetime(2026, 11, 24, tzinfo=UTC))
    assert fire is not None
    assert fire.astimezone(SHANGHAI) == datetime(2026, 11, 30, 8, 0, tzinfo=SHANGHAI)


def test_two_restricted_day_fields_mean_either() -> None:
    """As in crontab(5), the 13th *or* a Friday fires; APScheduler alone would want both."""
    cron = canonical_cron("0 8 13 * 5")
    first = next_fire(cron, datetime(2026, 11, 7, tzinfo=UTC))
    assert first is not None
    second = next_fire(cron, first)
    assert second is not None
    assert [day.astimezone(SHANGHAI).day for day in (first, second)] == [13, 20]
    thirteenth = next_fire(canonical_cron("0 8 14 * 5"), datetime(2026, 11, 13, 1, tzinfo=UTC))
    assert thirteenth is not None
    assert thirteenth.astimezone(SHANGHAI).day == 14


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("从不", "无法识别"),
        ("每天 25:00", "25:00"),
        ("每天 8", "无法识别"),
        ("每周八", "无法识别"),
        ("每0天", "天数"),
        ("每月32日", "日期"),
        ("每37小时", "小时数"),
        ("每1分钟", "分钟数"),
        ("每天5次", "次数"),
        ("每12小时 08:00", "二选一"),
        ("每天 08:00、20:30", "分钟数不同"),
        ("0 8 * *", "五个字段"),
        ("0 0 8 * * *", "五个字段"),
        ("61 8 * * *", "“分钟”字段"),
        ("0 24 * * *", "“小时”字段"),
        ("0 8 32 * *", "“日”字段"),
        ("0 8 * 13 *", "“月”字段"),
        ("0 8 * * 8", "“星期”字段"),
        ("0 8 * * mon#1", "“星期”字段"),
        ("*/0 * * * *", "“分钟”字段"),
        ("5-1 * * * *", "“分钟”字段"),
        ("0 8 ? * *", "“日”字段"),
        ("0 8 31 2 *", "永远不会到期"),
        ("hourly", "五个字段"),
    ],
)
def test_a_wrong_schedule_says_what_is_wrong(words: str, part: str) -> None:
    """An unusable 频率 is refused with its own words and the field that is wrong."""
    with pytest.raises(BadTarget) as caught:
        parse_schedule(words)
    assert words in str(caught.value)
    assert part in str(caught.value)


@pytest.mark.parametrize("cron", sorted({cron for _, cron in _WORDS}))
def test_a_described_schedule_reads_back_as_itself(cron: str) -> None:
    """What lists and exports show is understood again as the same schedule."""
    assert parse_schedule(describe(cron)) == cron


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=30))
def test_any_text_is_a_schedule_or_refused(text: str) -> None:
    """No text breaks the parser; what is accepted is canonical."""
    try:
        cron = parse_schedule(text)
    except BadTarget:
        return
    assert parse_schedule(cron) == cron


_NUMBERS = st.one_of(st.just("*"), st.integers(0, 70).map(str), st.text("0123456789*,-/", min_size=1, max_size=6))


@settings(max_examples=60, deadline=None)
@given(st.tuples(_NUMBERS, _NUMBERS, _NUMBERS, _NUMBERS, _NUMBERS).map(" ".join))
def test_any_cron_is_canonical_or_refused(text: str) -> None:
    """Whatever five fields hold, the canonical form is a fixed point that APScheduler understands."""
    try:
        cron = canonical_cron(text)
    except BadTarget:
        return
    assert canonical_cron(cron) == cron
    assert next_fire(cron, datetime(2026, 1, 1, tzinfo=UTC)) is not None


_TARGET = Target(1, "甲", "https://a.example.com/", TargetKind.WEBSITE, "0 4 * * *", Scope(("a.example.com",)))
_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=SHANGHAI)


def test_a_target_never_visited_is_due_at_once() -> None:
    """A new target does not wait for its first night."""
    assert is_due(_TARGET, _NOON)
    assert next_run(_TARGET, _NOON) == _NOON


def test_a_target_is_due_once_its_schedule_fired_since_the_last_visit() -> None:
    """Visited before 04:00 it is due after it; visited after 04:00 it waits for the next day."""
    early = replace(_TARGET, last_run_at=datetime(2026, 11, 23, 3, 0, tzinfo=SHANGHAI))
    late = replace(_TARGET, last_run_at=datetime(2026, 11, 23, 5, 0, tzinfo=SHANGHAI))
    assert is_due(early, _NOON)
    assert not is_due(late, _NOON)
    assert next_run(late, _NOON) == datetime(2026, 11, 24, 4, 0, tzinfo=SHANGHAI)


def test_several_missed_times_are_one_visit() -> None:
    """After a week without any run a target is due once, and not again after that visit."""
    week_ago = replace(_TARGET, last_run_at=_NOON - timedelta(days=7))
    assert is_due(week_ago, _NOON)
    assert not is_due(replace(week_ago, last_run_at=_NOON), _NOON)


def test_a_visit_exactly_at_its_time_is_not_repeated() -> None:
    """A run that started at 04:00:00 sharp covers that time."""
    sharp = replace(_TARGET, last_run_at=datetime(2026, 11, 23, 4, 0, tzinfo=SHANGHAI))
    assert not is_due(sharp, _NOON)


def test_a_paused_target_is_never_due() -> None:
    """Paused targets wait for nothing."""
    paused = replace(_TARGET, paused=True)
    assert not is_due(paused, _NOON)
    assert next_run(paused, _NOON) is None
