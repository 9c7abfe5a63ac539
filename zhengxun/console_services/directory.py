"""名录 of the console: the facts of the rule packs in force, the very ones that pages are judged by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.directory_desk import Directory
from zhengxun.rules.facts import facts_in_force
from zhengxun.services import Services

if TYPE_CHECKING:
    from classifiers.model import Facts

_HOST = re.compile(r"[\w-]+(\.[\w-]+)+")


@dataclass(frozen=True)
class DirectoryDeskService:
    """Implements :class:`console.directory_desk.DirectoryDesk`."""

    services: Services

    def look_up(self, words: str) -> Directory:
        """See the protocol."""
        facts = facts_in_force(self.services.settings)
        wanted = words.strip().lower()
        host = wanted.partition("//")[2].partition("/")[0] if "//" in wanted else wanted
        grouped: dict[str, list[str]] = {}
        for name, held_by in facts.listed.items():
            if wanted in f"{name}{held_by}".lower():
                grouped.setdefault(held_by, []).append(name)
        official = tuple(sorted(one for one in facts.official_hosts if host in one))
        media = tuple(sorted(one for one in facts.media_hosts if host in one))
        levels = tuple(sorted(one for one in facts.levels if wanted in one.lower()))
        return Directory(
            source=facts.source,
            qualifications=tuple((held_by, tuple(names)) for held_by, names in grouped.items()),
            official=official,
            media=media,
            levels=levels,
            found=sum(map(len, grouped.values())) + len(official) + len(media) + len(levels),
            answer=_answer(host, facts) if _HOST.fullmatch(host) else "",
        )


def _answer(host: str, facts: Facts) -> str:
    from classifiers.speaker import official, under

    if official(host, facts):
        return f"{host} 是主管部门或官方机构的网站。官方网站不等于其每一页都没有问题。"
    if under(host, facts.media_hosts):
        return f"{host} 是新闻媒体的网站：报道中引用的说法不当作它自己的宣传。"
    return f"{host} 不在官方网站和新闻媒体之列。不在其列不等于违规。"
