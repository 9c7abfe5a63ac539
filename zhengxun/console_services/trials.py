"""Trials of targets that run beside the console, a few at once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from domain.errors import BadInput
from domain.target import Target
from zhengxun.console_services.children import ask
from zhengxun.services import Services

#: A trial has 60 seconds of its own (``TRIAL_BUDGET``); what takes longer hangs.
_SECONDS = 120
#: Trials at once on the whole machine, which has a crawl to do as well.
_AT_ONCE = 2


@dataclass
class RunningTrial:
    """A trial of one draft; ``result`` and ``problem`` are both empty while it runs."""

    draft: Target
    result: dict[str, Any] | None = None
    problem: str = ""
    done: threading.Event = field(default_factory=threading.Event)


class Trials:
    """Starts trials, a few at once."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._places = threading.BoundedSemaphore(_AT_ONCE)

    def start(self, draft: Target) -> RunningTrial:
        """Begin; :class:`BadInput` where as many as may run are running."""
        if not self._places.acquire(blocking=False):
            raise BadInput("正在进行的试采已满，请稍候一分钟再试；也可不试采直接添加。")
        trial = RunningTrial(draft)
        threading.Thread(target=self._run, args=[trial], daemon=True, name="trial").start()
        return trial

    def _run(self, trial: RunningTrial) -> None:
        arguments = ["targets", "check", trial.draft.url, "--kind", trial.draft.kind.value, "--json"]
        try:
            answer = ask(self._services.settings, arguments, _SECONDS)
            if answer.status is None:
                trial.problem = f"试采超过 {_SECONDS} 秒没有完成，已停止；对方网站可能很慢。"
            elif answer.status in (0, 1) and answer.result is not None:
                trial.result = answer.result
            else:
                trial.problem = "试采没有完成，原因已记入日志；可稍后再试，或不试采直接添加。"
        finally:
            self._places.release()
            trial.done.set()
