"""The classifier: one document in, one assessment out, whatever it is given."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from classifiers.automaton import MAX_HITS, Automaton
from classifiers.boundary import Segmenter
from classifiers.context import EXEMPTIONS, Cues, exemption
from classifiers.facts import FactFinding, check_facts
from classifiers.features import IMPLIED, features, prices
from classifiers.matching import Hits, Match, RuleIndex, matches, wanted_concepts
from classifiers.model import Rule, RulePack
from classifiers.normalise import FoldedText, build_table
from classifiers.parts import Part, Whole
from classifiers.score import calibrated, level_of, steps_of
from classifiers.speaker import gives_contact, host_of, official, speaker_of
from domain.assessment import Assessment, Finding, Level, ScoreStep, Speaker, Subject

#: Folded characters scanned at once; between two slices the number of hits is looked at.
_SLICE = 100_000
#: Slices overlap by more than the longest word.
_OVERLAP = 40
#: Findings of one rule that are kept for one document.
_PER_RULE = 10
#: Disguises that are told.
_MAX_EVASION = 12


@dataclass(slots=True)
class Reading:
    """What was read of a document before it was scored; the training and the explanation look at it too."""

    whole: Whole
    findings: list[Finding] = field(default_factory=list)
    exempted: list[Finding] = field(default_factory=list)
    values: dict[str, float] = field(default_factory=dict)
    facts: list[FactFinding] = field(default_factory=list)
    evasion: list[str] = field(default_factory=list)
    speaker: Speaker = Speaker.UNKNOWN
    incomplete: list[str] = field(default_factory=list)


class Classifier:
    """Assesses documents by one set of rule packs; the same input always gives the same assessment."""

    def __init__(self, pack: RulePack) -> None:
        self._pack = pack
        self._table = build_table(pack.disguises.stand_ins)
        self._automaton = Automaton(pack.concepts.values(), pack.disguises, self._table)
        self._index = RuleIndex(pack)
        self._cues = Cues(pack.concepts)
        self._segmenter = Segmenter(_segmenter_words(pack))
        self._contexts = frozenset(n for n, c in pack.concepts.items() if c.context) | frozenset(
            n for n in IMPLIED if n in pack.concepts
        )
        self._triggers = self._automaton.patterns_of(self._index.triggers)
        self._own = {f"rule:{rule.id}": rule.weight for rule in pack.rules}
        self._says = _feature_words(pack)

    @property
    def rule_pack(self) -> str:
        """``sha256:`` + hex digest over all packs."""
        return self._pack.digest

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, in the order of the files."""
        return self._pack.rules

    @property
    def pack(self) -> RulePack:
        """Everything the classifier is made of."""
        return self._pack

    def assess(self, subject: Subject) -> Assessment:
        """Return the assessment of ``subject``; every input has one."""
        reading = self.read(subject)
        if reading is None:
            return Assessment(0.0, Level.NONE, (), (), Speaker.UNKNOWN, (), self._pack.digest)
        steps = steps_of(reading.values, self._pack, self._own, self._says)
        score = calibrated(sum(step.points for step in steps))
        level = level_of(score, self._pack.weights)
        if not _stands(reading.findings, self._pack):
            level = Level.NONE
            score = min(score, max(0.0, self._pack.weights.low - 0.1))
        return Assessment(
            score=round(score, 1),
            level=level,
            findings=tuple(reading.findings),
            exempted=tuple(reading.exempted),
            speaker=reading.speaker,
            evasion=tuple(reading.evasion),
            rule_pack=self._pack.digest,
            steps=tuple(steps),
            incomplete=tuple(reading.incomplete),
        )

    def read(self, subject: Subject) -> Reading | None:
        """Return what was found in ``subject`` and the features of its score; None where no rule can hold."""
        whole = Whole(subject)
        text = FoldedText(whole.text, self._table)
        raw, cut = self._scan(text.folded)
        patterns = {hit[0] for hit in raw}
        if self._triggers.isdisjoint(patterns):
            return None
        rules = self._index.candidates(frozenset(self._automaton.concepts(patterns)))
        if not rules:
            return None
        wanted = wanted_concepts(rules) | self._contexts | {"innocent"}
        found = self._automaton.judged(text, raw, self._segmenter, wanted)
        hits = Hits(text, found, self._pack, self._segmenter)
        reading = Reading(whole)
        if cut:
            reading.incomplete.append(f"命中过多：只研判了前 {cut} 个字")
        matched = [match for rule in rules for match in matches(rule, hits, text)[:_PER_RULE]]
        if not matched:
            return None
        contexts = {name: count for name in self._contexts if (count := hits.words(name))}
        self._findings(reading, matched, text)
        host = host_of(subject.url)
        body = whole.text
        reading.speaker = speaker_of(subject.title, body, host, subject.account, self._pack.facts, contexts)
        reading.facts = check_facts(body, self._pack.facts)
        reading.values = features(
            self._pack,
            Counter(finding.rule_id for finding in reading.findings),
            Counter(finding.exempted_by or "" for finding in reading.exempted),
            contexts,
            reading.speaker,
            gives_contact(body),
            prices(body),
            len(reading.evasion),
            reading.facts,
            len(body),
            subject.has_form and bool(host) and not official(host, self._pack.facts),
        )
        return reading

    def _scan(self, folded: str) -> tuple[list[tuple[int, int, int]], int]:
        """Return the raw hits and, where there were too many, how many folded characters were scanned (else 0)."""
        if len(folded) <= _SLICE:
            raw = self._automaton.raw(folded)
            if len(raw) > MAX_HITS:
                return raw[:MAX_HITS], raw[MAX_HITS][2]
            return raw, 0
        collected: list[tuple[int, int, int]] = []
        for at in range(0, len(folded), _SLICE):
            begin = max(0, at - _OVERLAP)
            for pattern, start, end in self._automaton.raw(folded[begin : at + _SLICE]):
                if end + begin > at:
                    collected.append((pattern, start + begin, end + begin))
            if len(collected) > MAX_HITS:
                return collected[:MAX_HITS], collected[MAX_HITS - 1][2]
        return collected, 0

    def _findings(self, reading: Reading, matched: list[Match], text: FoldedText) -> None:
        evasion: dict[str, None] = {}
        for match in matched:
            start, end = text.span(match.start, match.end)
            part = reading.whole.part(start, end)
            if part is None:
                continue
            excuse = exemption(text, match.start, match.end, self._cues, match.rule.exempt, match.rule.implied)
            finding = self._finding(match, part, text.original[start:end], start, end, excuse)
            (reading.exempted if excuse else reading.findings).append(finding)
            for hit in match.hits:
                if hit.disguise and len(evasion) < _MAX_EVASION:
                    first, last = text.span(hit.start, hit.end)
                    evasion[f"{hit.disguise}：{_oneline(text.original[first:last])}→{hit.word}"] = None
        order = {"title": 0, "text": 1, "segments": 2}
        for listed in (reading.findings, reading.exempted):
            listed.sort(key=lambda f: (order[f.field], f.segment or 0, f.start, f.end, f.rule_id))
        reading.evasion = list(evasion)

    def _finding(self, match: Match, part: Part, quote: str, start: int, end: int, excuse: str | None) -> Finding:
        rule = match.rule
        weight = self._pack.weights.features.get(f"rule:{rule.id}", rule.weight)
        steps = [ScoreStep("base", round(weight, 4), f"{rule.name}（规则 {rule.id}）")]
        for hit in match.hits:
            if hit.disguise:
                steps.append(ScoreStep("disguise", 0.0, f"变体还原（{hit.disguise}）：{hit.word}"))
        if excuse:
            steps.append(ScoreStep(f"exempt:{excuse}", round(-weight, 4), f"排除：{EXEMPTIONS[excuse]}"))
        return Finding(
            rule_id=rule.id,
            category=rule.category,
            field=part.field,
            start=start - part.start,
            end=end - part.start,
            quote=quote,
            weight=0.0 if excuse else round(weight, 4),
            legal_basis=rule.legal_basis,
            steps=tuple(steps),
            behaviour=rule.behaviour,
            exempted_by=excuse,
            segment=part.segment,
        )


def _stands(findings: list[Finding], pack: RulePack) -> bool:
    """Whether the findings may open a lead: a strictness-3 rule alone never does."""
    strictness = {rule.id: rule.strictness for rule in pack.rules}
    fired = {finding.rule_id for finding in findings}
    return any(strictness[rule_id] < 3 for rule_id in fired) or len(fired) >= 2


def _oneline(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text).strip()


def _segmenter_words(pack: RulePack) -> list[str]:
    """Words of the packs that the segmenter must know as words: the ambiguous ones and the names of occupations."""
    words: dict[str, None] = {}
    for name, concept in pack.concepts.items():
        if concept.boundary or name in ("occupation", "credential"):
            for word in concept.words:
                if 2 <= len(word) <= 8 and all("\u4e00" <= char <= "\u9fff" for char in word):
                    words[word] = None
    return list(words)


def _feature_words(pack: RulePack) -> dict[str, str]:
    words = {f"rule:{rule.id}": f"命中规则 {rule.id}：{rule.name}" for rule in pack.rules}
    words |= {f"context:{name}": f"文中出现“{concept.says}”用语" for name, concept in pack.concepts.items()}
    words |= {f"exempt:{name}": f"被排除的命中：{text}" for name, text in EXEMPTIONS.items()}
    words |= {f"speaker:{speaker.value}": f"发布者：{label}" for speaker, label in _SPEAKERS.items()}
    return words | {
        "explicit": "明示违规说法的种数",
        "implied": "暗示违规说法的种数",
        "contacts": "留有私人联系方式",
        "prices": "标有价格",
        "price_list": "价目表",
        "evasion": "使用变体、符号等规避写法",
        "length": "篇幅",
        "form": "非官方网站上的查询表单",
        "fact:unlisted": "事实核对：所称国家职业资格不在目录内",
        "fact:listed": "事实核对：所称国家职业资格在目录内",
        "fact:level": "事实核对：不存在的技能等级",
        "fact:query_host": "事实核对：查询网址不是官方域名",
        "fact:official_query": "事实核对：查询网址是官方域名",
    }


_SPEAKERS = {
    Speaker.AUTHORITY: "机关、官方机构",
    Speaker.MEDIA: "新闻媒体",
    Speaker.INSTITUTION: "培训评价机构",
    Speaker.SELLER: "售卖、招揽者",
    Speaker.PRIVATE: "个人",
    Speaker.UNKNOWN: "未能判断",
}
