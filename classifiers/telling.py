"""The sentences that say most, quoted where the wording speaks and no rule names the claim outright."""

from __future__ import annotations

from itertools import pairwise

from classifiers.model import RulePack
from classifiers.reading import Reading, finding_order
from classifiers.wording import PEAK, Wording
from domain.assessment import Finding, ScoreStep

#: Without any finding of a rule, the wording speaks only where one of these is met too, or where it is very clear:
#: contacts alone say nothing.
_EVIDENCE = (
    *("others_do", "nobody_fails", "effortless", "pay_level", "animals", "subsidy", "agent", "arrive", "object"),
    *(
        "crowd",
        "soft_contact",
        "only_data",
        "absent",
        "scan_ok",
        "no_questions",
        "everyone_got",
        "inner_way",
        "backdate",
    ),
)
CLEAR = 0.25
#: The same where a certificate, an occupation or an examination is named.
_CLEAR_ON_TOPIC = 0.1
#: Explicit findings that say enough by themselves; with fewer, the most telling sentences are quoted too.
_ENOUGH = 2
_SENTENCES = 3
#: Value of the sentence layer at which a sentence is not quoted beside the most telling one.
_SILENT = -0.3
#: What a finding in a sentence adds to the sentence layer's value when the most telling ones are picked.
_MARKED = 0.1


class TellingSentences:
    """Picks what is quoted for the rules that stand for the wording of a whole text."""

    def __init__(self, pack: RulePack, sentences: Wording) -> None:
        self._sentences = sentences
        self._whole = [rule for rule in pack.rules if rule.whole]
        self._implied = {rule.id: rule.implied for rule in pack.rules}

    def with_quotes(self, reading: Reading, score: float) -> list[Finding]:
        """Return the findings of ``reading``, with the sentences that say most where no rule names the claim outright."""
        clear = reading.values.get("wording", 0.0) >= (_CLEAR_ON_TOPIC if reading.topical else CLEAR)
        odd = reading.values.get("odd_writing", 0.0) > 1.0
        if not reading.findings and not reading.topical and not odd and not (clear and len(reading.whole.text) <= PEAK):
            return reading.findings
        if (
            not reading.findings
            and not (clear or odd)
            and not any(f"context:{name}" in reading.values for name in _EVIDENCE)
        ):
            return reading.findings
        explicit = sum(not self._implied[finding.rule_id] for finding in reading.findings)
        if explicit >= _ENOUGH:
            return reading.findings
        text = reading.text
        marked = [(f.start, f.end) for f in reading.findings if f.field == "text"]
        low, high = reading.window
        sentences = []
        for first, last in pairwise(text.breaks):
            if last - first < 5 or first < low or last > high:
                continue
            start, end = text.span(first, last)
            part = reading.whole.part(start, end)
            if part is not None and part.field != "segments":
                sentences.append((start, end, part))
        rated = []
        values = self._sentences.values([text.original[start:end] for start, end, _ in sentences])
        for value, (start, end, part) in zip(values, sentences, strict=True):
            inside = sum(start - part.start <= a < end - part.start for a, _ in marked)
            rated.append((value + _MARKED * inside, start, end, part))
        rated.sort(key=lambda rate: (-rate[0], rate[1]))
        added = []
        for place, (value, start, end, part) in enumerate(rated[: _SENTENCES - explicit]):
            if place and value <= _SILENT:
                break
            # The sentence that says most stands for all that such an offer violates, the others only support it.
            for rule in self._whole if place == 0 else self._whole[-1:]:
                step = ScoreStep(
                    "wording", 0.0, f"{rule.name}（规则 {rule.id}）：全文用语得分 {score:.0f}，此句最为集中"
                )
                added.append(
                    Finding(
                        rule_id=rule.id,
                        category=rule.category,
                        field=part.field,
                        start=start - part.start,
                        end=end - part.start,
                        quote=text.original[start:end],
                        weight=0.0,
                        legal_basis=rule.legal_basis,
                        steps=(step,),
                        behaviour=rule.behaviour,
                        segment=part.segment,
                    )
                )
        return sorted(reading.findings + added, key=finding_order)
