"""The classifier: one document in, one assessment out, whatever it is given."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

from classifiers.acrostics import Acrostic, acrostics
from classifiers.automaton import Automaton, RawHit
from classifiers.boundary import Segmenter
from classifiers.context import EXEMPTIONS, Cues, exemption
from classifiers.facts import check_facts
from classifiers.features import IMPLIED, features, odd_writing, prices, sentence_values, wording_values
from classifiers.hits import Hit, Hits
from classifiers.matching import Match, RuleIndex, matches, wanted_concepts
from classifiers.model import Rule, RulePack
from classifiers.normalise import FoldedText, build_table
from classifiers.parts import Part, Whole
from classifiers.preparation import OFFERS, TOPICS, concept_weights, feature_words, segmenter_words
from classifiers.reading import Reading, finding_order
from classifiers.scanning import Scan
from classifiers.score import calibrated, level_of, steps_of
from classifiers.speaker import gives_contact, host_of, official, speaker_of
from classifiers.telling import CLEAR, TellingSentences
from classifiers.wording import PEAK, WINDOW, Wording, sentences_of
from domain.assessment import Assessment, Finding, Level, ScoreStep, Speaker, Subject

#: Characters of a long document in which contacts and facts are looked for (its beginning and its end).
_READ = 12_000
#: Findings of one rule that are kept for one document.
_PER_RULE = 10
#: Value of the wording layer below which implied rules alone never lift a document to a lead.
_HOPELESS = -0.35
#: Concepts that make a text one about certificates, where the wording alone speaks.
_NAMED = ("credential", "occupation", "object", "cert_word", "level", "exam")
#: Characters in which a verse is looked for.
_VERSES = 6_000
_HAN_ONLY = re.compile(r"[\u4e00-\u9fff]{2,4}")
#: Disguises that are told.
_MAX_EVASION = 12


class Classifier:
    """Assesses documents by one set of rule packs; the same input always gives the same assessment."""

    def __init__(self, pack: RulePack) -> None:
        self._pack = pack
        self._table = build_table(pack.disguises.stand_ins)
        self._automaton = Automaton(pack.concepts.values(), pack.disguises, self._table)
        self._index = RuleIndex(pack, self._automaton)
        self._cues = Cues(pack.concepts)
        self._segmenter = Segmenter(segmenter_words(pack))
        self._contexts = frozenset(n for n, c in pack.concepts.items() if c.context) | frozenset(
            n for n in IMPLIED if n in pack.concepts
        )
        self._topics = self._automaton.mask(TOPICS)
        self._named = self._automaton.mask(_NAMED)
        self._signals = self._automaton.mask(self._index.triggers | OFFERS)
        self._weigh = self._automaton.weighed(concept_weights(pack))
        self._wording = Wording(pack.weights.wording)
        self._sentences = Wording(pack.weights.sentences)
        self._telling = TellingSentences(pack, self._sentences)
        self._down = {
            word: rule
            for rule in pack.rules
            if rule.strictness == 1 and not rule.implied
            for sequence in rule.sequences
            if len(sequence) == 1
            for name in sequence[0].concepts
            for word in pack.concepts[name].words
            if pack.concepts[name].disguise and pack.concepts[name].boundary and _HAN_ONLY.fullmatch(word)
        }
        self._strictness = {rule.id: rule.strictness for rule in pack.rules}
        self._own = {f"rule:{rule.id}": rule.weight for rule in pack.rules}
        self._says = feature_words(pack)

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
        weights = self._pack.weights
        steps = steps_of(reading.values, self._pack, self._own, self._says)
        score = calibrated(sum(step.points for step in steps))
        findings = reading.findings
        if score >= weights.low:
            findings = self._telling.with_quotes(reading, score)
        level = level_of(score, weights)
        if not _stands(findings, self._strictness):
            level = Level.NONE
            score = min(score, max(0.0, weights.low - 0.1))
        return Assessment(
            score=round(score, 1),
            level=level,
            findings=tuple(findings),
            exempted=tuple(reading.exempted),
            speaker=reading.speaker,
            evasion=tuple(reading.evasion),
            rule_pack=self._pack.digest,
            steps=tuple(steps),
            incomplete=tuple(reading.incomplete),
        )

    def read(self, subject: Subject, thorough: bool = False) -> Reading | None:
        """Return what was found in ``subject`` and the features of its score; None where nothing can come of it.

        ``thorough`` reads on where the words alone tell that the score stays low.
        """
        whole = Whole(subject)
        text = FoldedText(whole.text, self._table)
        scan = Scan(text, self._automaton)
        host = host_of(subject.url)
        at_authority = bool(host) and official(host, self._pack.facts)
        form = subject.has_form and bool(host) and not at_authority
        mask = scan.concepts()
        if scan.length > PEAK and (not mask & self._topics or not mask & self._signals):
            return None
        title_end = text.folded_index(len(subject.title)) if subject.title else 0
        claims = self._index.explicit(mask, scan, title_end, form)
        down = acrostics(whole.text, self._down) if whole.text.count("\n", 0, _VERSES) >= 3 else []
        stretch = begin, end = scan.densest(self._weigh, WINDOW)
        rules = claims + self._index.implied(stretch, scan, title_end, form)
        brief = len(whole.text) <= PEAK
        sure = brief or down or thorough
        if not (rules or sure or scan.concepts(stretch) & self._named):
            return None
        densest = _between(text, *scan.densest(self._weigh, PEAK))
        wording = self._wording.value(densest)
        if wording < _HOPELESS and not (claims or down or thorough):
            return None
        hits = Hits(text, self._raw(scan, stretch, claims), self._automaton, self._pack, self._segmenter, scan.turned)
        found = {rule.id: matches(rule, hits, text, title_end)[:_PER_RULE] for rule in rules}
        claimed = any(found[rule.id] for rule in claims)
        matched = [match for rule in self._pack.rules for match in found.get(rule.id, ())]
        if scan.length <= PEAK:
            # In a few words what folding alone makes of them may be a disguise that no table knows.
            topical = bool(mask & self._named)
        else:
            topical = any(begin <= hit.start < end for name in _NAMED for hit in hits.honest(name))
        if not (matched or topical or sure):
            return None
        if wording < _HOPELESS and not (claimed or down or thorough):
            return None
        if not (matched or topical or down or wording >= CLEAR or thorough):
            return None
        reading = Reading(whole, text, stretch, topical)
        if scan.cut:
            reading.incomplete.append(f"命中过多：只研判了前 {scan.cut} 个字")
        contexts = {name: count for name in self._contexts & hits.met if (count := hits.words(name))}
        self._findings(reading, matched, text)
        self._hidden(reading, down)
        body = (
            whole.text if len(whole.text) <= _READ else whole.text[: _READ * 2 // 3] + "\n" + whole.text[-_READ // 3 :]
        )
        around = _between(text, begin, end)
        contacts = gives_contact(body)
        reading.speaker = speaker_of(subject.title, body, host, subject.account, self._pack.facts, contexts, contacts)
        reading.facts = check_facts(body, self._pack.facts)
        reading.values = features(
            self._pack,
            Counter(finding.rule_id for finding in reading.findings),
            Counter(finding.exempted_by or "" for finding in reading.exempted),
            contexts,
            reading.speaker,
            contacts,
            prices(around),
            len(reading.evasion),
            odd_writing(around),
            reading.facts,
            form,
            at_authority,
        )
        reading.values |= wording_values(wording, "explicit" in reading.values)
        reading.values |= sentence_values(self._sentences.values(sentences_of(densest)))
        return reading

    def _raw(self, scan: Scan, stretch: tuple[int, int], claims: list[Rule]) -> list[RawHit]:
        """Return the raw hits that count; ``claims`` are the rules with an explicit claim that may hold.

        Implied claims and surroundings count in ``stretch``, where the page speaks of certificates most; explicit ones anywhere.
        """
        if stretch == (0, scan.length):
            return scan.hits
        return scan.around(self._automaton.mask(wanted_concepts(claims) | {"innocent"}), stretch)

    def promising(self, lines: Sequence[str]) -> list[bool]:
        """Return for each line whether some rule may hold in it; one scan over all of them."""
        text = FoldedText("\n".join(lines), self._table, lines=True)
        raw = Scan(text, self._automaton).hits  # no word holds a line break: nothing is met across lines
        bits = self._automaton.bits
        positions = text.positions
        ends = list(accumulate(len(line) + 1 for line in lines))
        masks = [0] * len(lines)
        for pattern, start, _ in raw:
            masks[bisect_right(ends, positions[start])] |= bits[pattern]
        return [bool(mask & self._topics and mask & self._signals and self._index.any(mask)) for mask in masks]

    def wording_text(self, subject: Subject) -> str:
        """Return the stretch of the text on which the wording layer is trained and measured."""
        text = FoldedText(Whole(subject).text, self._table)
        return _between(text, *Scan(text, self._automaton).densest(self._weigh, PEAK))

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
        reading.findings.sort(key=finding_order)
        reading.exempted.sort(key=finding_order)
        reading.evasion = list(evasion)

    def _hidden(self, reading: Reading, down: list[Acrostic]) -> None:
        """Add what is written down the edge of a verse."""
        for word, start, end in down[:_PER_RULE]:
            rule = self._down[word]
            part = reading.whole.part(start, end)
            if part is None:
                continue
            hit = Hit(rule.id, start, end, word, "藏头")
            match = Match(rule, start, end, (hit,))
            reading.findings.append(self._finding(match, part, reading.text.original[start:end], start, end, None))
            reading.evasion.append(f"藏头：{word}")
        reading.findings.sort(key=finding_order)

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


def _stands(findings: list[Finding], strictness: dict[str, int]) -> bool:
    """Whether the findings may open a lead: a strictness-3 rule alone never does."""
    fired = {finding.rule_id for finding in findings}
    return any(strictness[rule_id] < 3 for rule_id in fired) or len(fired) >= 2


def _between(text: FoldedText, begin: int, end: int) -> str:
    """Return the original from about folded ``begin`` to ``end``; the whole of it where they are its ends.

    What was dropped is taken to be spread evenly: the exact map is not worth its time for a page without a hit.
    """
    if begin == 0 and end == len(text):
        return text.original[: 8 * WINDOW]
    stretch = len(text.original) / len(text)
    first = int(begin * stretch)
    return text.original[first : min(int(end * stretch), first + 8 * WINDOW)]


def _oneline(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text).strip()
