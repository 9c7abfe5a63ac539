"""Commands of the program that run beside the console, in processes of their own.

A crawl's reactor runs once per process; a classifier under test takes seconds of CPU, and what somebody pasted may take
all memory there is: none of it may stop the console.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zhengxun.settings import Settings

logger = logging.getLogger(__name__)

#: Address space of a child, bytes; a classifier takes a tenth of it.
_MEMORY = 4 * 1024**3


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended: its exit status (None: it took too long) and the JSON document it printed, if any."""

    status: int | None
    result: dict[str, Any] | None
    said: str
    """The last line on standard error: the message for people where the status is 2."""


def ask(
    settings: Settings, arguments: Sequence[str], seconds: float, *, bounded: bool = False, nice: int = 0
) -> Answer:
    """Run ``zhengxun ARGUMENTS`` on the console's data directory and wait for its end, at most so long.

    ``bounded``: with a limit to its memory. ``nice``: how far it stands back for others at the processor.
    """
    command = [sys.executable, "-m", "zhengxun", "--data-dir", str(settings.data_dir.absolute()), *arguments]
    try:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    except OSError:
        logger.exception("could not start %s", arguments[:2])
        return Answer(1, None, "")
    if nice:
        os.setpriority(os.PRIO_PROCESS, child.pid, nice)
    if bounded:
        resource.prlimit(child.pid, resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    try:
        out, err = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return Answer(None, None, "")
    result = None
    if out.strip():
        try:
            result = json.loads(out)
        except ValueError:
            logger.error("no JSON from %s: %s", arguments[:2], out[-500:])
    lines = err.strip().splitlines()
    if child.returncode not in (0, 1, 2) or (child.returncode == 0 and result is None):
        logger.error("%s ended with %s: %s", arguments[:2], child.returncode, err[-2000:])
    return Answer(child.returncode, result if isinstance(result, dict) else None, lines[-1] if lines else "")
