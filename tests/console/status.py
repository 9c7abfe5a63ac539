"""A look at an installation as the tests of the console show it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from console.status import DigestLine, JobLine, LoginLine, RunLine, Status
from domain.digest import Coverage, CoverageGap

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
STATUS = Status(
    now=NOW,
    version="0.1.0",
    problems=(),
    targets=3,
    targets_paused=1,
    targets_due=2,
    alarms=("某校微博（3 号）失声：此前连续 3 次都读到页面",),
    runs=(
        RunLine(7, NOW, NOW, 2, (("ok", 10), ("failed", 1)), 4, 1),
        RunLine(6, NOW, None, 2, (), 0, 0, 50, 20),
    ),
    coverage=Coverage(
        3,
        2,
        (
            CoverageGap(1, "<script>alert(1)</script>", "blocked", "要求输入验证码"),
            CoverageGap(2, "未采的对象", "not_run", "已到采集时间"),
        ),
    ),
    digest=DigestLine("2026-11-23", "〔2026〕第001期", NOW, (("新发现", 4),), (Path("/data/digest-2026-11-23.html"),)),
    jobs=(JobLine("每日处置简报", NOW, ""),),
    evidence="共 12 条，末条 2026-11-23 08:00",
    disk_free=5 * 1024**3,
    disk_total=100 * 1024**3,
    data_dir=Path("/data"),
    logins=(LoginLine("微博", "cookies/weibo.txt", "即将到期", NOW, "将于 2026-11-23 09:00 到期"),),
)
