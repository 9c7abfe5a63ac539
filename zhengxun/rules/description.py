"""A rule in plain Chinese: what must be said for it to hit, with which words, and what takes a hit out again."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from classifiers.context import EXEMPTIONS

if TYPE_CHECKING:
    from classifiers.model import Concept, Element, Rule

STRICTNESS = {1: "可单独成立", 2: "要有广告语境才成立", 3: "只作旁证，单独不成线索"}


def conditions(rule: Rule, concepts: Mapping[str, Concept]) -> Iterator[str]:
    """Each alternative as one sentence without full stop."""
    if rule.whole:
        yield "全文用语与卖证、包过一类宣传相近（由训练得出的用语权重判断，不靠单个词）"
        return
    for sequence in rule.sequences:
        said = [_element(element, concepts) for element in sequence]
        if len(said) == 1:
            yield f"出现{said[0]}"
        elif rule.ordered:
            yield f"同一句里先后出现{'，之后是'.join(said)}，相邻两项至多隔 {rule.gap} 字"
        else:
            yield f"同一句里出现{'和'.join(said)}（不论先后），至多隔 {rule.gap} 字"


def restrictions(rule: Rule, concepts: Mapping[str, Concept]) -> Iterator[str]:
    """What must stand beside it, and what must not."""
    for element in rule.must:
        yield f"命中处附近或标题里还要有{_element(element, concepts)}"
    if rule.unless:
        yield f"同一句里有{'、'.join(f'“{concepts[name].says}”' for name in rule.unless)}的不算"
    if rule.form:
        yield "只在有查询表单、又不在官方域名上的页面成立"


def exemptions(rule: Rule) -> Iterator[str]:
    """What takes a hit out of the score."""
    yield from (EXEMPTIONS[name] for name in rule.exempt)


def ways(concept: Concept) -> Iterator[str]:
    """How a concept's words are looked for."""
    if concept.boundary:
        yield "须是一个词（“面包过期”里的“包过”不算）"
    if concept.disguise:
        yield "谐音、拼音、拆字等伪装写法也找"
    if concept.alone:
        yield "前后不能紧挨字母、数字"
    if concept.left_not:
        yield f"左邻不能是：{'、'.join(sorted(concept.left_not))}"
    if concept.right_not:
        yield f"右邻不能是：{'、'.join(sorted(concept.right_not))}"


def used(rule: Rule) -> list[str]:
    """Names of the concepts that the rule is made of, in order: what is matched, what must and must not be there."""
    parts = [element for sequence in rule.sequences for element in sequence] + list(rule.must)
    return list(dict.fromkeys([name for part in parts for name in part.concepts] + list(rule.unless)))


def _element(element: Element, concepts: Mapping[str, Concept]) -> str:
    said = [f"“{concepts[name].says}”" for name in element.concepts]
    return said[0] if len(said) == 1 else f"{'、'.join(said)}之一"


def block(text: str, rule_id: str) -> str:
    """The lines of a pack file that write one rule down; empty where it has none."""
    found = re.search(rf"(?m)^\s*- id:[ \t]*{re.escape(rule_id)}\s.*?(?=^\s*- id:|\Z)", text + "\n", re.DOTALL)
    return found[0].rstrip() + "\n" if found else ""


def difference(before: str, after: str, most: int = 400) -> list[tuple[str, str]]:
    """(kind, line) of a unified diff with two lines around each change; ``most`` lines, the rest is counted."""
    made: list[tuple[str, str]] = []
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=2, lineterm=""))[2:]
    kinds = {"+": "added", "-": "dropped", "@": "place"}
    for line in lines[:most]:
        kind = kinds.get(line[:1], "kept")
        made.append((kind, _place(line) if kind == "place" else line[1:]))
    if len(lines) > most:
        made.append(("place", f"另有 {len(lines) - most} 行改动未列出"))
    return made


def _place(line: str) -> str:
    found = re.search(r"\+(\d+)", line)
    return f"第 {found[1]} 行起" if found else line


def lines_of(problems: Sequence[str], file: str) -> list[tuple[str, int | None]]:
    """Each problem with the line of ``file`` that it names (which is taken out of its words then); None for other files."""
    found: list[tuple[str, int | None]] = []
    for problem in problems:
        named = re.match(rf"规则包 {re.escape(file)} 第 (\d+) 行", problem)
        found.append((problem[named.end() :].lstrip("，："), int(named[1])) if named else (problem, None))
    return found
