"""Facts that decide whether a statement is true, each named with its source."""

from __future__ import annotations

import re
from dataclasses import dataclass

from classifiers.model import Facts
from classifiers.speaker import official

_STATE = re.compile(r"国家职业资格|职业资格证书?|国家资格证|国职证")
_NAME_BEFORE = re.compile(r"([\u4e00-\u9fa5A-Za-z]{2,14}?(?:师|员|工|教练|导游|经纪人|医))(?:证书?)?[^\n。；]{0,8}?$")
_NAME_AFTER = re.compile(r"[^\n。；]{0,6}?[《“\"（(：:]?([\u4e00-\u9fa5A-Za-z]{2,12}?(?:师|员|工|教练|导游|经纪人))")
#: Every alternative begins with a plain character, so that re skips to the next one of these.
_LEVEL = re.compile(
    "|".join(
        (
            *(
                rf"{number}(?<![\d一二三四五六七八九十]{number})级(?:职业技能|技能|职业资格|证书|技师)"
                for number in (*"六七八九十6789", "10")
            ),
            *("超级技师", "特一级技师", "国际级技师", "钻石级", "至尊级", "博士级技师"),
        )
    )
)
_DOMAIN_END = re.compile(r"\.(?:com|cn|net|org|top|vip|xyz|cc|info|site|online|club|shop)(?![A-Za-z0-9.\-])", re.I)
_HOST_BEFORE = re.compile(r"(?:[A-Za-z0-9\-]{1,40}\.){0,4}[A-Za-z0-9\-]{1,40}$")
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
    for match in _bounded(_STATE, original, limit):
        before = _NAME_BEFORE.search(original[max(0, match.start() - 24) : match.start()])
        after = _NAME_AFTER.match(original, match.end(), match.end() + 20)
        if before or after:
            name = before.group(1) if before else after.group(1) if after else ""
            found.append(_qualification(name, match, facts))
    for match in _bounded(_LEVEL, original, limit):
        text = f"“{match.group()}”不是职业技能等级（学徒工至首席技师八级）"
        found.append(FactFinding(True, "level", match.start(), match.end(), text))
    for match in _bounded(_DOMAIN_END, original, limit):
        begin = max(0, match.start() - 80)
        host_match = _HOST_BEFORE.search(original[begin : match.start()])
        if host_match is None:
            continue
        start = begin + host_match.start()
        if not _QUERY_NEAR.search(original, max(0, start - 30), min(len(original), match.end() + 30)):
            continue
        host = original[start : match.end()].lower()
        if official(host.removeprefix("www."), facts) or official(host, facts):
            text = f"查询网址 {host} 属官方域名"
            found.append(FactFinding(False, "official_query", start, match.end(), text))
        else:
            text = f"查询网址 {host} 不在官方域名之列"
            found.append(FactFinding(True, "query_host", start, match.end(), text))
    return found


def _qualification(name: str, match: re.Match[str], facts: Facts) -> FactFinding:
    held = _listed(name, facts)
    if held:
        text = f"“{held}”在《国家职业资格目录（2021年版）》内：{facts.listed[held]}"
        return FactFinding(False, "listed", match.start(), match.end(), text)
    text = f"“{name}”不在《国家职业资格目录（2021年版）》内，不得称国家职业资格"
    return FactFinding(True, "unlisted", match.start(), match.end(), text)


def _bounded(pattern: re.Pattern[str], text: str, limit: int) -> list[re.Match[str]]:
    matches = []
    for match in pattern.finditer(text):
        matches.append(match)
        if len(matches) == limit:
            break
    return matches


def _listed(name: str, facts: Facts) -> str | None:
    """Return the catalogue's name for ``name``: itself, the longest that it holds, or the shortest that holds it."""
    if name in facts.listed:
        return name
    held = [known for known in facts.listed if known in name]
    if held:
        return max(held, key=len)
    holding = [known for known in facts.listed if len(name) >= 3 and name in known]
    return min(holding, key=len) if holding else None
