"""Facts that decide whether a statement is true, each named with its source."""

from __future__ import annotations

import re
from dataclasses import dataclass

from classifiers.model import Facts
from classifiers.speaker import official

_STATE = r"(?:国家职业资格|职业资格证书?|国家资格证|国职证?)"
_NAMED_BEFORE = re.compile(
    rf"([\u4e00-\u9fa5A-Za-z]{{2,14}}?(?:师|员|工|教练|导游|经纪人|医))(?:证书?)?.{{0,8}}?{_STATE}"
)
_NAMED_AFTER = re.compile(
    rf"{_STATE}.{{0,6}}?[《“\"（(：:]?([\u4e00-\u9fa5A-Za-z]{{2,12}}?(?:师|员|工|教练|导游|经纪人))"
)
_LEVEL = re.compile(
    r"(?<![\d一二三四五六七八九十])([六七八九十6-9]|10|特)级(?:职业技能|技能|职业资格|证书|技师)|超级技师|特一级技师|国际级技师|钻石级|至尊级|博士级技师"
)
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[A-Za-z0-9.\-]{4,80}|(?<![A-Za-z0-9@.\-])(?:[a-z0-9\-]{2,30}\.){1,3}(?:com|cn|net|org|top|vip|xyz|cc|info|site|online|club|shop)(?![A-Za-z0-9])",
    re.I,
)
_QUERY_NEAR = re.compile(r"查询|可查|验证|查验|真伪|官网|查证|防伪")


@dataclass(frozen=True, slots=True)
class FactFinding:
    """One fact that a statement meets: ``wrong`` contradicts it, otherwise it is borne out."""

    wrong: bool
    kind: str
    start: int
    end: int
    text: str


def check_facts(original: str, facts: Facts, limit: int = 6) -> list[FactFinding]:
    """Return the statements of ``original`` that a fact contradicts or bears out, at most ``limit`` of a kind."""
    found: list[FactFinding] = []
    for pattern in (_NAMED_BEFORE, _NAMED_AFTER):
        for match in _bounded(pattern, original, limit):
            name = match.group(1)
            held = _listed(name, facts)
            if held:
                found.append(
                    FactFinding(
                        False,
                        "listed",
                        match.start(),
                        match.end(),
                        f"“{held}”在《国家职业资格目录（2021年版）》内：{facts.listed[held]}",
                    )
                )
            else:
                found.append(
                    FactFinding(
                        True,
                        "unlisted",
                        match.start(),
                        match.end(),
                        f"“{name}”不在《国家职业资格目录（2021年版）》内，不得称国家职业资格",
                    )
                )
    for match in _bounded(_LEVEL, original, limit):
        found.append(
            FactFinding(
                True, "level", match.start(), match.end(), f"“{match.group()}”不是职业技能等级（学徒工至首席技师八级）"
            )
        )
    for match in _bounded(_ADDRESS, original, limit):
        if not _QUERY_NEAR.search(original, max(0, match.start() - 30), min(len(original), match.end() + 30)):
            continue
        host = re.sub(r"^https?://", "", match.group(), flags=re.I).lower().strip(".-")
        if official(host.removeprefix("www."), facts) or official(host, facts):
            found.append(
                FactFinding(False, "official_query", match.start(), match.end(), f"查询网址 {host} 属官方域名")
            )
        else:
            found.append(
                FactFinding(True, "query_host", match.start(), match.end(), f"查询网址 {host} 不在官方域名之列")
            )
    return found


def _bounded(pattern: re.Pattern[str], text: str, limit: int) -> list[re.Match[str]]:
    matches = []
    for match in pattern.finditer(text):
        matches.append(match)
        if len(matches) == limit:
            break
    return matches


def _listed(name: str, facts: Facts) -> str | None:
    """Return the catalogue's name that ``name`` contains or is contained in, longest first."""
    candidates = [held for held in facts.listed if held in name or (len(name) >= 3 and name in held)]
    return max(candidates, key=len) if candidates else None
