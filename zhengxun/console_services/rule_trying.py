"""Changed rule packs tried out beside the console: checked while somebody waits, their effect seen in the background."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domain.errors import BadInput, ZhengxunError
from zhengxun.console_services.children import Answer, ask
from zhengxun.rules.effect import PAGES
from zhengxun.services import Services

#: Seconds for a check (all examples of all rules take three), and for an effect.
_CHECK, _EFFECT = 90.0, 1800.0


@dataclass(frozen=True, slots=True)
class Draft:
    """Packs as somebody wants them."""

    name: str
    """File that was changed."""
    texts: Mapping[str, str]
    """All files that shall differ from the bundled ones."""
    base: int
    """Number of the version that it was made from."""


@dataclass
class RunningEffect:
    """A look at the effect of a draft; ``result`` and ``problem`` are both empty while it runs."""

    draft: Draft
    digest: str
    """Of the packs that were checked."""
    begun: float = field(default_factory=time.monotonic)
    result: dict[str, Any] | None = None
    problem: str = ""
    done: threading.Event = field(default_factory=threading.Event)


class RuleTrying:
    """One check and one effect at a time: the machine has a crawl to do as well."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._checking = threading.BoundedSemaphore(2)
        self._place = threading.BoundedSemaphore(1)

    def check(self, texts: Mapping[str, str]) -> tuple[list[str], str]:
        """Problems of the packs (none: they may be used) and their digest."""
        from classifiers.loader import digest, pack_files

        if not texts:
            return [], digest(pack_files(None))  # the bundled ones, whose examples the project has run
        if not self._checking.acquire(timeout=_CHECK):
            raise BadInput("正在检查的规则太多，请稍候再试。")
        try:
            with _folder(texts) as folder:
                whole = digest(pack_files(folder))
                answer = ask(self._services.settings, ["rules", "check", str(folder), "--json"], _CHECK, bounded=True)
        finally:
            self._checking.release()
        if answer.status is None:
            return [f"检查超过 {_CHECK:g} 秒没有完成，已停止；可能有用语展开得太多，请拆小后再试。"], whole
        if answer.result is None:
            return [_told(answer) or "检查没有完成（可能占用内存过多），原因已记入日志；请把改动分小后再试。"], whole
        return [str(problem) for problem in answer.result["problems"]], whole

    def explain(self, texts: Mapping[str, str], text: str) -> dict[str, Any] | str:
        """``text`` by these packs as ``rules explain --json`` prints it, or why not."""
        if not self._checking.acquire(timeout=_CHECK):
            raise BadInput("正在检查的规则太多，请稍候再试。")
        try:
            with _folder(texts) as folder:
                # "-" would stand for standard input.
                arguments = [
                    "rules",
                    "explain",
                    "--rules",
                    str(folder),
                    "--json",
                    "--",
                    f" {text}" if text == "-" else text,
                ]
                answer = ask(self._services.settings, arguments, _CHECK, bounded=True)
        finally:
            self._checking.release()
        if answer.status is None:
            return f"试算超过 {_CHECK:g} 秒没有完成，已停止；可能有用语展开得太多，请拆小后再试。"
        return answer.result or _told(answer) or "试算没有完成，原因已记入日志；请把改动分小后再试。"

    def start(self, draft: Draft, digest: str) -> RunningEffect:
        """Begin; :class:`BadInput` where another look is under way."""
        if not self._place.acquire(blocking=False):
            raise BadInput("另一次影响比较正在进行，通常一两分钟内完成，请稍候再试。")
        effect = RunningEffect(draft, digest)
        threading.Thread(target=self._run, args=[effect], daemon=True, name="rule-effect").start()
        return effect

    def _run(self, effect: RunningEffect) -> None:
        from classifiers.examples import STAMP_NAME

        try:
            with _folder(effect.draft.texts) as folder:
                if effect.draft.texts:
                    # Its examples have just passed: the child need not run them again.
                    (folder / STAMP_NAME).write_text(effect.digest, encoding="utf-8")
                arguments = ["rules", "effect", str(folder), "--limit", str(PAGES), "--json"]
                # Nobody sits still over it, and the machine has a crawl to do as well.
                answer = ask(self._services.settings, arguments, _EFFECT, bounded=True, nice=10)
            if answer.status is None:
                effect.problem = f"比较超过 {_EFFECT / 60:g} 分钟没有完成，已停止。"
            elif answer.status == 0 and answer.result is not None:
                effect.result = answer.result
            else:
                effect.problem = _told(answer) or "比较没有完成，原因已记入日志；请告知管理员。"
        except (ZhengxunError, OSError) as error:
            effect.problem = str(error) if isinstance(error, ZhengxunError) else "比较没有完成：无法写临时文件。"
        finally:
            self._place.release()
            effect.done.set()


def _told(answer: Answer) -> str:
    """The program's own message, where it refused what it was given."""
    return answer.said if answer.status == 2 else ""


@contextmanager
def _folder(texts: Mapping[str, str]) -> Iterator[Path]:
    """A folder with these files for as long as a child looks at them; the bundled one where there are none."""
    from classifiers.loader import BUNDLED

    if not texts:
        yield BUNDLED
        return
    with tempfile.TemporaryDirectory(prefix="zhengxun-rules-") as name:
        for file, text in texts.items():
            (Path(name) / file).write_bytes(text.encode())
        yield Path(name)
