"""Is a hit a word of its own here? jieba decides, in small windows, with a Tokenizer of our own.

The dictionary is the pinned one of jieba 0.42.1 plus the packs' words. It is loaded at the first ambiguous hit, not
before: most pages never need it. jieba's own cache is a predictable file in /tmp that is read with marshal; ours lies
in a directory that only this user can write, and where there is no such directory nothing is cached.
"""

from __future__ import annotations

import logging
import os
import stat
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class Segmenter:
    """Cuts short windows into words."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = tuple(words)
        self._known = frozenset(self._words)
        self._tokenizer: Any = None
        self._seen: dict[str, tuple[tuple[int, int], ...]] = {}

    def words(self, window: str) -> tuple[tuple[int, int], ...]:
        """Return start and end of every word in ``window``."""
        found = self._seen.get(window)
        if found is None:
            if len(self._seen) > 20_000:
                self._seen.clear()
            spans = []
            at = 0
            for word in self._ready().cut(window, HMM=False):
                spans.append((at, at + len(word)))
                at += len(word)
            found = self._seen[window] = tuple(spans)
        return found

    def stands_alone(
        self, plain: str, start: int, end: int, window: tuple[int, int], after_topic: bool = False
    ) -> bool:
        """Whether no other word of ``window`` reaches into ``plain[start:end]``; longer words of the packs may.

        ``after_topic``: a word of the packs (证书, 健康管理师 …) ends right where the span begins, so that 书包 in
        证书包过 is no word that begins before it.
        """
        left, right = window
        cut = plain[left:right]
        return all(
            not ((not after_topic and a + left < start < b + left) or a + left < end < b + left)
            or cut[a:b] in self._known
            for a, b in self.words(cut)
        )

    def all_single(self, plain: str, window: tuple[int, int], changed: set[int]) -> bool:
        """Whether none of the ``changed`` characters belongs to a longer word of ``window``."""
        left, right = window
        words = self.words(plain[left:right])
        return not any(b - a > 1 and any(a <= index - left < b for index in changed) for a, b in words)

    def _ready(self) -> Any:
        if self._tokenizer is None:
            with warnings.catch_warnings():
                # jieba 0.42.1 has invalid escapes and may import pkg_resources; neither is ours to warn about.
                warnings.simplefilter("ignore")
                import jieba

            jieba.setLogLevel(logging.WARNING)
            tokenizer = jieba.Tokenizer()
            cache = _private_cache()
            if cache is None:
                tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
                tokenizer.initialized = True
            else:
                tokenizer.tmp_dir = str(cache)
                tokenizer.cache_file = "jieba-0.42.1.cache"
                tokenizer.initialize()
            for word in self._words:
                tokenizer.add_word(word)
            self._tokenizer = tokenizer
        return self._tokenizer


def _private_cache() -> Path | None:
    """Return a directory that belongs to this user and that nobody else can write, or None."""
    configured = os.environ.get("XDG_CACHE_HOME")
    try:
        path = (Path(configured) if configured else Path.home() / ".cache") / "zhengxun"
    except RuntimeError:
        return None
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
    except OSError:
        return None
    if not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o077:
        return None
    if hasattr(os, "getuid") and found.st_uid != os.getuid():
        return None
    return path
