"""What the manual's pictures show of work that runs beside the console, and of the machine."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from console.status import DigestLine, JobLine, RunLine
from domain.digest import Coverage, CoverageGap
from tests.console.conftest import NOW
from tests.console.status import STATUS
from zhengxun.console_services.children import Answer

SHOWN_STATUS = replace(
    STATUS,
    targets=9,
    targets_paused=0,
    targets_due=0,
    alarms=("岚禾技工学校（9 号）受阻：最近一次要求输入验证码，没有读到页面",),
    runs=(
        RunLine(
            3,
            NOW - timedelta(hours=5),
            NOW - timedelta(hours=4),
            9,
            (("ok", 10), ("unchanged", 17), ("blocked", 1)),
            10,
            0,
        ),
    ),
    coverage=Coverage(9, 8, (CoverageGap(9, "岚禾技工学校", "blocked", "要求输入验证码"),)),
    digest=DigestLine(
        "2026-11-23",
        "〔2026〕第003期",
        NOW - timedelta(hours=1),
        (("新发现", 10), ("仍在线", 10)),
        (Path("/var/lib/zhengxun/digests/digest-2026-11-23.docx"),),
    ),
    jobs=(JobLine("每日处置简报", NOW + timedelta(hours=23)), JobLine("日常维护", NOW + timedelta(hours=17))),
    data_dir=Path("/var/lib/zhengxun"),
    logins=(),
)

#: What the commands that run beside the console answer here: they are tested where they belong, and take half a minute.
TRIAL = {
    "reachable": True,
    "robots": "allowed",
    "encoding": "utf-8",
    "pages": [
        {
            "url": "http://www.kaozheng.example/",
            "outcome": "ok",
            "detail": None,
            "title": "考证服务中心（样例）",
            "flagged": False,
            "level": "none",
            "score": 12.0,
            "quotes": [],
        },
        {
            "url": "http://www.kaozheng.example/dg/",
            "outcome": "ok",
            "detail": None,
            "title": "电工证办理（样例）",
            "flagged": True,
            "level": "high",
            "score": 97.5,
            "quotes": ["一次性包过", "不用考试"],
        },
    ],
}
EFFECT = {
    "samples": {
        "files": 4,
        "samples": 1200,
        "old": {"precision": 0.952, "recall": 0.931},
        "new": {"precision": 0.956, "recall": 0.931},
        "missed": [],
        "alarmed": [],
        "found": [],
        "cleared": [],
    },
    "pages": {
        "documents": 21,
        "old_flagged": 21,
        "new_flagged": 20,
        "newly_hit": [],
        "newly_missed": [
            {
                "id": "9",
                "url": "http://www.huaiyin.example/thread-107.html",
                "title": "代理招人，一单提八百",
                "verdict": "dismissed",
                "old_score": 100.0,
                "new_score": 31.0,
                "old_rules": ["B-GUAR-0010"],
                "new_rules": [],
            }
        ],
        "confirmed_lost": 0,
        "dismissed_gone": 1,
        "dismissed_back": 0,
    },
}


def answer(settings: object, arguments: list[str], seconds: float, **options: object) -> Answer:
    """In the place of :func:`zhengxun.console_services.children.ask`."""
    documents: dict[str, dict[str, Any]] = {"targets": TRIAL, "check": {"problems": []}, "effect": EFFECT}
    return Answer(0, documents[arguments[0] if arguments[0] == "targets" else arguments[1]], "")
