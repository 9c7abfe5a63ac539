"""回访: when a kept page is worth another fetch.

Only the times of the visits and whether each found a change are known, not when changes happened. For that case the rate of
changes is estimated as in Cho and Garcia-Molina, *Estimating frequency of change* (ACM TOIT 3(3), 2003), section 4:
with ``n`` intervals between visits, of mean length ``I``, ``X`` of which showed a change,

    rate = -ln((n - X + 0.5) / (n + 0.5)) / I

which, unlike X / (nI), is not blind to several changes within an interval and is defined for few visits. A page is due when
it has changed with probability one half: ``ln 2 / rate`` after the last look.

Bounds: fewer than :data:`FEW` intervals say nothing, and the page is due; nobody looks away longer than half of the time that
the page was watched, nor longer than :data:`LONGEST`. The shortest time is the target's schedule, because nothing
runs in between. Start pages, lists near them and feeds are always due: they lead to what is new.

A page that is gone is looked at again after as long as it has been gone, at most :data:`LONGEST_GONE`.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

FEW = 3
LONGEST = timedelta(days=7)
LONGEST_GONE = timedelta(days=30)
#: Clicks from the start page within which pages are lists for the most part.
LISTS = 1
#: Runs of one schedule do not begin at the same second: a page due now and one due in two hours of a day are the same.
_SLACK = 0.9


def wait_of(times_seen: int, times_changed: int, first_seen: datetime, last_seen: datetime) -> timedelta:
    """Time after the last look at which a page that stands is due."""
    intervals = times_seen - 1
    watched = last_seen - first_seen
    if intervals < FEW or watched <= timedelta(0):
        return timedelta(0)
    changes = min(max(times_changed, 0), intervals)
    longest = min(watched / 2, LONGEST)
    ratio = (intervals - changes + 0.5) / (intervals + 0.5)
    if ratio >= 1:
        return longest
    mean = watched / intervals
    return min(mean * (math.log(2) / -math.log(ratio)), longest)


def is_due(
    now: datetime,
    *,
    last_checked: datetime,
    gone_since: datetime | None,
    times_seen: int,
    times_changed: int,
    first_seen: datetime,
    last_seen: datetime,
) -> bool:
    """Whether a page that is no list and has no open lead is due."""
    if gone_since is not None:
        wait = min(last_checked - gone_since, LONGEST_GONE)
    else:
        wait = wait_of(times_seen, times_changed, first_seen, last_seen)
    return now - last_checked >= wait * _SLACK
