"""Working days in China, with the make-up days that the State Council's notices name."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=8)
def _calendar(year: int) -> Any:
    from holidays import country_holidays

    return country_holidays("CN", years=year)


def next_workday(day: date) -> date:
    """``day`` itself where offices work on it, else the first day after it on which they do."""
    while not is_workday(day):
        day += timedelta(days=1)
    return day


def is_workday(day: date) -> bool:
    """Whether offices work on ``day``.

    Source: the library ``holidays``. For a year whose notice it does not know yet, public holidays are by law and no
    make-up day is known: a working weekend counts as a rest day until the library is renewed.
    """
    return bool(_calendar(day.year).is_working_day(day))
