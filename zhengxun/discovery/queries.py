"""Phrases × cities × engines as the settings say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crawler.extract.search_results import ENGINES, Engine
from domain.errors import BadInput

#: Result pages of one call: with one second between two requests to an engine about half an hour for each engine.
MAX_REQUESTS = 10_000
_CITY = "{city}"


@dataclass(frozen=True, slots=True)
class Asked:
    """An engine as it is asked: its own address, or another one that the settings give."""

    engine: Engine
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """One phrase at one engine."""

    asked: Asked
    phrase: str

    def address(self, page: int) -> str:
        """Address of its result page (counted from 1)."""
        return self.asked.engine.address(self.phrase, page, self.asked.origin)


def queries(phrases: Sequence[str], cities: Sequence[str], engines: Sequence[str], pages: int) -> list[Query]:
    """Every phrase with every city at every engine; :class:`BadInput` where they do not fit together."""
    written: dict[str, None] = {}
    for phrase in phrases:
        if _CITY not in phrase:
            written[phrase] = None
        elif not cities:
            raise BadInput(
                f"搜索词“{phrase}”含有 {_CITY}，但没有设置城市；请设置 ZHENGXUN_DISCOVERY_CITIES，或去掉 {_CITY}。"
            )
        for city in cities:
            written[phrase.replace(_CITY, city)] = None
    asked = [ask(engine) for engine in engines]
    total = len(written) * len(asked) * pages
    if total > MAX_REQUESTS:
        raise BadInput(
            f"搜索词、城市、搜索引擎和页数相乘为 {total} 页，超过一次 {MAX_REQUESTS} 页的上限；请减少其中一项。"
        )
    return [Query(one, phrase) for one in asked for phrase in written]


def ask(written: str) -> Asked:
    """``baidu``, or ``baidu=https://host`` for the same engine at another address."""
    name, equals, origin = written.partition("=")
    engine = ENGINES.get(name.strip().lower())
    if engine is None:
        raise BadInput(f"搜索引擎“{name.strip()}”无法识别；可写：{'、'.join(ENGINES)}。")
    origin = origin.strip().rstrip("/")
    if equals and not origin.startswith(("http://", "https://")):
        raise BadInput(f"搜索引擎“{written}”的地址应以 http:// 或 https:// 开头。")
    return Asked(engine, origin or None)
