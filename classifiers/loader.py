"""Strict reading of rule packs: unknown keys, duplicate ids and unknown concepts stop it with file, rule and line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from math import prod
from pathlib import Path
from typing import Any

from classifiers.context import EXEMPTIONS
from classifiers.model import Concept, Disguises, Element, Examples, Facts, Grams, Rule, RulePack, Weights
from classifiers.yaml_lines import Mapped, read
from domain.assessment import Category
from domain.errors import BadRulePack

BUNDLED = Path(__file__).parent / "packs"

_TOP_KEYS = {
    "concepts": {"pack", "version", "author", "source", "concepts"},
    "rules": {"pack", "version", "author", "source", "rules"},
    "disguise": {"pack", "version", "author", "source", "characters", "pieces", "initials"},
    "facts": {"pack", "version", "author", "source", "official_hosts", "media_hosts", "qualifications", "levels"},
    "weights": {
        "pack",
        "version",
        "author",
        "source",
        "intercept",
        "levels",
        "precision",
        "features",
    },
    "wording": {"pack", "version", "author", "source", "intercept", "grams"},
    "sentences": {"pack", "version", "author", "source", "intercept", "grams"},
}
_CONCEPT_KEYS = {"says", "words", "boundary", "disguise", "left_not", "right_not", "alone", "context", "cue"}
_RULE_KEYS = {
    *("id", "name", "category", "behaviour", "legal", "severity", "strictness", "weight", "implied", "match", "gap"),
    *("any_order", "must", "unless", "exempt", "form", "author", "version", "examples"),
}
_RULE_NEEDED = {"id", "name", "category", "behaviour", "legal", "severity", "strictness", "weight", "match", "examples"}
_RULE_ID = re.compile(r"[A-E]-[A-Z]{3,8}-\d{4}")
_BEHAVIOUR = re.compile(r"[A-E]\d{1,2}")
_BRACES = re.compile(r"\{([^{}]*)\}")
_SEVERITIES = ("低", "中", "高", "极高")
#: Words that one template may stand for; the largest bundled one makes 1,080.
_MOST_WORDS = 10_000


def load_packs(pack_dir: Path | None = None) -> RulePack:
    """Return what the YAML files in ``pack_dir`` (None: the bundled packs) say together.

    A directory of one's own needs only what it changes: files of the bundled packs that it has no file of the same
    name for are used as they are. Raises BadRulePack.
    """
    files = pack_files(pack_dir)
    parts: dict[str, list[Mapped]] = {kind: [] for kind in _TOP_KEYS}
    for path in files:
        top = read(path)
        kind = str(top.get("pack", ""))
        if kind not in _TOP_KEYS:
            raise top.fail(f"pack 应当是 {'、'.join(_TOP_KEYS)} 之一，这里是“{kind}”", "pack")
        _only(top, _TOP_KEYS[kind])
        parts[kind].append(top)
    concepts = _concepts(parts["concepts"])
    return RulePack(
        concepts=concepts,
        rules=_rules(parts["rules"], concepts),
        disguises=_disguises(parts["disguise"]),
        facts=_facts(parts["facts"]),
        weights=_weights(
            parts["weights"], _grams(parts["wording"], "wording"), _grams(parts["sentences"], "sentences")
        ),
        digest=digest(files),
    )


def load_facts(pack_dir: Path | None = None) -> Facts:
    """Return the facts of these packs alone: what people may look up, without building a classifier."""
    tops = [top for path in pack_files(pack_dir) for top in (read(path),) if top.get("pack") == "facts"]
    return _facts(tops)


def pack_files(pack_dir: Path | None) -> list[Path]:
    """Return the files a classifier of ``pack_dir`` is made of, in order of their names."""
    files = {path.name: path for path in sorted(BUNDLED.glob("*.yaml"))}
    if pack_dir is not None and pack_dir.resolve() != BUNDLED.resolve():
        if not pack_dir.is_dir():
            raise BadRulePack(f"规则目录 {pack_dir} 不存在。请给出放有 .yaml 规则文件的目录。")
        own = {path.name: path for path in sorted(pack_dir.glob("*.yaml"))}
        if not own:
            raise BadRulePack(f"规则目录 {pack_dir} 里没有 .yaml 文件。")
        files.update(own)
    return [files[name] for name in sorted(files)]


def digest(files: Iterable[Path]) -> str:
    """Return ``sha256:…`` over names and bytes of ``files``; the pinned segmenter belongs to it."""
    total = hashlib.sha256(b"jieba==0.42.1\n")
    for path in files:
        total.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return f"sha256:{total.hexdigest()}"


def combinations(template: str) -> int:
    """Return how many words :func:`expand` would make of ``template``."""
    return prod(choices.count("|") + 1 for choices in _BRACES.findall(template))


def expand(template: str) -> list[str]:
    """Return the words of a template: ``{包|保}过{班|}`` is 包过班, 包过, 保过班, 保过."""
    found = _BRACES.search(template)
    if found is None:
        return [template]
    head, tail = template[: found.start()], template[found.end() :]
    return [word for choice in found.group(1).split("|") for word in expand(head + choice + tail)]


def _only(mapped: Mapped, allowed: set[str], owner: str = "") -> None:
    for key in mapped:
        if key not in allowed:
            raise mapped.fail(f"不认识的键“{key}”（可用：{'、'.join(sorted(allowed))}）", key, owner)


def _concepts(tops: list[Mapped]) -> dict[str, Concept]:
    concepts: dict[str, Concept] = {}
    for top in tops:
        table = top.get("concepts")
        if not isinstance(table, Mapped):
            raise top.fail("concepts 应当是“概念名: 内容”的表", "concepts")
        for name, body in table.items():
            owner = f"概念 {name}"
            if name in concepts:
                raise table.fail("概念名重复", name, owner)
            if not isinstance(body, Mapped):
                raise table.fail("概念应当写成“键: 值”的形式", name, owner)
            _only(body, _CONCEPT_KEYS, owner)
            templates = _text(body, "words", owner).split()
            for template in templates:
                if combinations(template) > _MOST_WORDS:
                    raise body.fail(f"“{template[:60]}”展开超过 {_MOST_WORDS} 个词，请拆成几个概念", "words", owner)
            words = dict.fromkeys(w for t in templates for w in expand(t))
            short = [w for w in words if len(w) < 1]
            if not words or short:
                raise body.fail("words 不能为空", "words", owner)
            concepts[name] = Concept(
                name=name,
                says=_text(body, "says", owner),
                words=tuple(words),
                boundary=_flag(body, "boundary", owner),
                disguise=_flag(body, "disguise", owner),
                left_not=frozenset(str(body.get("left_not", ""))),
                right_not=frozenset(str(body.get("right_not", ""))),
                alone=_flag(body, "alone", owner),
                context=_flag(body, "context", owner),
                cue=_flag(body, "cue", owner),
            )
    return concepts


def _rules(tops: list[Mapped], concepts: dict[str, Concept]) -> tuple[Rule, ...]:
    rules: dict[str, Rule] = {}
    for top in tops:
        listed = top.get("rules")
        if not isinstance(listed, list):
            raise top.fail("rules 应当是规则的列表", "rules")
        for body in listed:
            if not isinstance(body, Mapped):
                raise top.fail("每条规则应当写成“键: 值”的形式", "rules")
            rule = _rule(body, concepts, str(top.get("author", "")))
            if rule.id in rules:
                raise body.fail(
                    f"规则编号重复（先见于 {rules[rule.id].file} 第 {rules[rule.id].line} 行）", "id", f"规则 {rule.id}"
                )
            rules[rule.id] = rule
    return tuple(rules.values())


def _rule(body: Mapped, concepts: dict[str, Concept], author: str) -> Rule:
    owner = f"规则 {body.get('id', '（无编号）')}"
    _only(body, _RULE_KEYS, owner)
    for key in sorted(_RULE_NEEDED - set(body)):
        raise body.fail(f"缺少“{key}”", None, owner)
    rule_id = _text(body, "id", owner)
    if not _RULE_ID.fullmatch(rule_id):
        raise body.fail("编号应当像 B-GUAR-0010（组-族-四位数）", "id", owner)
    category = _text(body, "category", owner)
    if category not in Category.__members__ or rule_id[0] != category:
        raise body.fail("category 应当是 A–E，并与编号首字母一致", "category", owner)
    behaviour = _text(body, "behaviour", owner)
    if not _BEHAVIOUR.fullmatch(behaviour):
        raise body.fail("behaviour 应当是通知的行为编号，如 B9", "behaviour", owner)
    severity = _text(body, "severity", owner)
    if severity not in _SEVERITIES:
        raise body.fail(f"severity 应当是 {'、'.join(_SEVERITIES)} 之一", "severity", owner)
    strictness = body["strictness"]
    if strictness not in (1, 2, 3):
        raise body.fail("strictness 应当是 1、2 或 3", "strictness", owner)
    exempt = tuple(_strings(body, "exempt", owner)) if "exempt" in body else tuple(EXEMPTIONS)
    for name in exempt:
        if name not in EXEMPTIONS:
            raise body.fail(f"不认识的排除条件“{name}”（可用：{'、'.join(EXEMPTIONS)}）", "exempt", owner)
    unless = tuple(_strings(body, "unless", owner)) if "unless" in body else ()
    for name in unless:
        if name not in concepts:
            raise body.fail(f"没有名为“{name}”的概念", "unless", owner)
    patterns = _strings(body, "match", owner)
    whole = patterns == ["@wording"]
    sequences = () if whole else tuple(_sequence(body, "match", line, concepts, owner) for line in patterns)
    must = tuple(
        element
        for line in (_strings(body, "must", owner) if "must" in body else [])
        for element in _sequence(body, "must", line, concepts, owner)
    )
    examples = body["examples"]
    if not isinstance(examples, Mapped) or not examples.get("hit") or not examples.get("miss"):
        raise body.fail("examples 应当有 hit 和 miss 两个列表，各至少一条", "examples", owner)
    _only(examples, {"hit", "miss"}, owner)
    return Rule(
        id=rule_id,
        name=_text(body, "name", owner),
        category=Category(category),
        behaviour=behaviour,
        legal_basis=tuple(_strings(body, "legal", owner)),
        severity=severity,
        strictness=strictness,
        weight=_number(body, "weight", owner),
        implied=_flag(body, "implied", owner),
        sequences=sequences,
        gap=int(_number(body, "gap", owner)) if "gap" in body else 12,
        ordered=not _flag(body, "any_order", owner),
        must=must,
        unless=unless,
        exempt=exempt,
        author=str(body.get("author", author)),
        version=int(body.get("version", 1)),
        examples=Examples(tuple(_strings(examples, "hit", owner)), tuple(_strings(examples, "miss", owner))),
        whole=whole,
        form=_flag(body, "form", owner),
        file=body.file,
        line=body.line,
    )


def _sequence(body: Mapped, key: str, line: str, concepts: dict[str, Concept], owner: str) -> tuple[Element, ...]:
    elements = []
    for part in line.split(">"):
        names = tuple(name.strip() for name in part.split("|"))
        for name in names:
            if name not in concepts:
                raise body.fail(f"没有名为“{name}”的概念", key, owner)
        elements.append(Element(names))
    return tuple(elements)


def _disguises(tops: list[Mapped]) -> Disguises:
    stand_ins: dict[str, str] = {}
    kinds: dict[str, str] = {}
    pinyin: dict[str, str] = {}
    initials: dict[str, str] = {}
    pieces: dict[str, str] = {}
    names = {"sound": "谐音", "shape": "形近", "emoji": "表情"}
    for top in tops:
        for char, body in (top.get("characters") or {}).items():
            owner = f"字 {char}"
            if not isinstance(body, Mapped) or len(char) != 1:
                raise top.fail(
                    "characters 的每一项应当是“一个字: {sound: …, shape: …, emoji: …, pinyin: …}”", "characters", owner
                )
            _only(body, {*names, "pinyin"}, owner)
            for key, kind in names.items():
                for other in "".join(str(body.get(key, "")).split()):
                    if other == "\ufe0f" or other == char:
                        continue
                    if stand_ins.setdefault(other, char) != char:
                        raise body.fail(f"“{other}”已经代表“{stand_ins[other]}”，不能再代表“{char}”", key, owner)
                    kinds[other] = kind
            if "pinyin" in body:
                pinyin[str(body["pinyin"])] = char
        for written, char in (top.get("pieces") or {}).items():
            pieces[written] = str(char)
        for letter, char in (top.get("initials") or {}).items():
            initials[letter] = str(char)
    return Disguises(stand_ins, kinds, pinyin, initials, pieces)


def _facts(tops: list[Mapped]) -> Facts:
    official: set[str] = set()
    media: set[str] = set()
    listed: dict[str, str] = {}
    levels: set[str] = set()
    source = ""
    for top in tops:
        official.update(str(host).lower() for host in top.get("official_hosts") or ())
        media.update(str(host).lower() for host in top.get("media_hosts") or ())
        levels.update(str(level) for level in top.get("levels") or ())
        source = str(top.get("source", "")) or source
        for name, held_by in (top.get("qualifications") or {}).items():
            listed[name] = str(held_by)
    return Facts(frozenset(official), frozenset(media), listed, source, frozenset(levels))


def _weights(tops: list[Mapped], wording: Grams, sentences: Grams) -> Weights:
    if len(tops) != 1:
        raise BadRulePack(f"规则包应当恰有一个 pack: weights 的文件，现有 {len(tops)} 个。")
    top = tops[0]
    levels = top.get("levels")
    if not isinstance(levels, Mapped) or set(levels) != {"low", "medium", "high"}:
        raise top.fail("levels 应当写明 low、medium、high 三个起点（0–100）", "levels")
    starts = [levels[name] for name in ("low", "medium", "high")]
    # A start above 100 would silently switch its level off, one below the level before it would never be reached.
    if not all(isinstance(start, int | float) for start in starts) or not (
        0 <= starts[0] <= starts[1] <= starts[2] <= 100
    ):
        raise top.fail("levels 的三个起点应当是 0–100 的数，且 low ≤ medium ≤ high", "levels")
    features = top.get("features") or {}
    return Weights(
        intercept=_number(top, "intercept", "权重"),
        features={str(k): float(v) for k, v in features.items()},
        low=float(levels["low"]),
        medium=float(levels["medium"]),
        high=float(levels["high"]),
        wording=wording,
        sentences=sentences,
        precision={str(k): float(v) for k, v in (top.get("precision") or {}).items()},
    )


def _grams(tops: list[Mapped], kind: str) -> Grams:
    if len(tops) > 1:
        raise BadRulePack(f"规则包至多有一个 pack: {kind} 的文件，现有 {len(tops)} 个。")
    if not tops:
        return Grams()
    grams: dict[str, tuple[float, float]] = {}
    for line in _text(tops[0], "grams", "用语层").split("\n"):
        parts = line.split()
        if len(parts) != 3:
            raise tops[0].fail(f"每行应当是“字或词 权重 稀有度”，这里是 {line!r}", "grams", "用语层")
        grams[parts[0]] = (float(parts[1]), float(parts[2]))
    return Grams(_number(tops[0], "intercept", "用语层"), grams)


def _text(body: Mapped, key: str, owner: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value.strip():
        raise body.fail(f"“{key}”应当是文字，这里是 {value!r}", key, owner)
    return value.strip()


def _strings(body: Mapped, key: str, owner: str) -> list[str]:
    value: Any = body.get(key)
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
        raise body.fail(f"“{key}”应当是文字的列表", key, owner)
    return [item.strip() for item in value]


def _flag(body: Mapped, key: str, owner: str) -> bool:
    value = body.get(key, False)
    if not isinstance(value, bool):
        raise body.fail(f"“{key}”应当是 true 或 false，这里是 {value!r}", key, owner)
    return value


def _number(body: Mapped, key: str, owner: str) -> float:
    value = body.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise body.fail(f"“{key}”应当是数字，这里是 {value!r}", key, owner)
    return float(value)
