"""From findings and surroundings to the numbers of the linear layer; every number has a name and Chinese words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from math import log1p

from classifiers.facts import FactFinding
from classifiers.model import Rule, RulePack
from domain.assessment import Speaker

#: Concepts whose number of different words is a feature of the document.
IMPLIED = (
    "object",
    "arrive",
    "nobody_fails",
    "effortless",
    "others_do",
    "official_hint",
    "pay_level",
    "agent",
    "crowd",
    "animals",
    "subsidy",
    "only_data",
    "absent",
    "also_get",
    "scan_ok",
    "title_sale",
    "no_questions",
    "everyone_got",
    "inner_way",
    "backdate",
    "lack",
    "zero",
    "income",
)
_PRICE = re.compile(
    r"[￥¥]\s?[\d,，.]+|\d[\d,，.]*\s?(?:元|块|/份|／份|米|r\b)|[一二三四五六七八九十百千两]{2,6}(?:元|块钱?)|[一二三四五六七八九两]千[一二三四五六七八九]?|一千三|[一二三四五六七八九]百[一二三四五六七八九]?[一二三四五六七八九]?个?(?=[，。\s/／])"
)
_PRICE_LINE = re.compile(r"^[^\n]{1,30}?[\s　:：·.…—\-￥¥]+[￥¥]?\s?\d{2,5}\s?(?:元|块|/|／|$|\s)", re.M)


#: The parts in which the value of the wording layer enters the sum. Beside an explicit claim it says little: an
#: advertiser's manner differs from one source to the next, and what he claims does not.
WORDING = ("wording", "wording:against", "wording:claim", "wording:claim_against")
#: The same for the sentence layer: of the sentence most like an offer, of the next, of all on average.
SENTENCES = ("sentence:first", "sentence:second", "sentence:mean")


def wording_values(value: float, explicit: bool) -> dict[str, float]:
    """Return the features that the wording layer's ``value`` makes; ``explicit``: whether an explicit claim was found.

    Whoever claims it outright makes the claim, however unlike other offers he sounds: beside one, a manner against it is
    a single step, the same for all. With its whole value short canonical offers were lost (国家认可 包过 官网可查).
    """
    if not value:
        return {}
    if explicit:
        return {"wording:claim": round(value, 4)} if value > 0 else {"wording:claim_against": -1.0}
    return {"wording" if value > 0 else "wording:against": round(value, 4)}


def sentence_values(values: Sequence[float]) -> dict[str, float]:
    """Return the features made of the sentence layer's ``values``: an offer stands in a sentence or two of a page."""
    first, *rest = sorted(values, reverse=True) or [0.0]
    return {
        SENTENCES[0]: round(first, 4),
        SENTENCES[1]: round(rest[0], 4) if rest else -1.0,
        SENTENCES[2]: round(sum(values) / max(1, len(values)), 4),
    }


_SYLLABLE = re.compile(
    "(?:[zcs]h|[bpmfdtnlgkhjqxzcsryw])?(?:iang|iong|uang|ang|eng|ing|ong|iao|ian|uai|uan|ai|ei|ao|ou|an|en|in|ia|ie|iu|"
    "ua|uo|ui|un|ue|a|o|e|i|u)"
)
_HAN = r"[\u4e00-\u9fff]"
#: Writing that nobody needs who has nothing to hide: one sign after every character, …
_SIGN_AFTER_EACH = re.compile(rf"([^\w\s，。、；：！？“”])(?<={_HAN}.)(?:{_HAN}\1){{2,}}")
#: … a syllable, letter, kana, bar or mathematical digit between Han characters, …
_BETWEEN = re.compile(
    rf"[a-zA-Z\u3041-\u306d\u306f-\u30fa丨‖|＊*×\U0001d400-\U0001d7ff](?<={_HAN}.)[a-z]{{0,5}}(?={_HAN})"
)
#: … characters in circles and boxes. All begin with a plain class: re then skips to the next one of its characters.
_BOXED = re.compile(r"[㊀-㊰㋀-㋿🄀-🈿🉐🉑㊣]")


def odd_writing(text: str) -> int:
    """Return how often ``text`` is written as if to be overlooked by machines, at most 12."""
    text, odd = _SIGN_AFTER_EACH.subn("", text, 12)
    odd += sum(len(letters) == 1 or bool(_SYLLABLE.fullmatch(letters)) for letters in _BETWEEN.findall(text))
    return min(12, odd + len(_BOXED.findall(text)))


def prices(text: str) -> tuple[int, int]:
    """Return how many prices and how many lines of a price list ``text`` has, at most 12 of each."""
    found = sum(1 for _, _ in zip(range(12), _PRICE.finditer(text), strict=False))
    lines = sum(1 for _, _ in zip(range(12), _PRICE_LINE.finditer(text), strict=False))
    return found, lines


def features(
    pack: RulePack,
    fired: Mapping[str, int],
    exempted: Mapping[str, int],
    contexts: Mapping[str, int],
    speaker: Speaker,
    contacts: int,
    price: tuple[int, int],
    evasion: int,
    odd: int,
    facts: Iterable[FactFinding],
    form: bool,
    at_authority: bool,
) -> dict[str, float]:
    """Return feature name → value. ``fired`` and ``exempted`` count findings per rule id and per exemption."""
    rules: dict[str, Rule] = {rule.id: rule for rule in pack.rules}
    values: dict[str, float] = {}
    explicit = implied = 0
    for rule_id, count in fired.items():
        values[f"rule:{rule_id}"] = 1.0 + 0.3 * log1p(count - 1)
        if rules[rule_id].implied:
            implied += 1
        else:
            explicit += 1
    values["explicit"] = log1p(explicit)
    values["implied"] = log1p(implied)
    for name, count in exempted.items():
        values[f"exempt:{name}"] = log1p(count)
    for name, count in contexts.items():
        values[f"context:{name}"] = log1p(count)
    values[f"speaker:{speaker.value}"] = 1.0
    values["contacts"] = log1p(contacts)
    values["prices"] = log1p(price[0])
    values["price_list"] = log1p(price[1])
    values["evasion"] = log1p(evasion)
    values["odd_writing"] = log1p(odd)
    for fact in facts:
        key = f"fact:{fact.kind}"
        values[key] = 1.0
    if form:
        values["form"] = 1.0
    if at_authority:
        values["official_host"] = 1.0
    return {name: value for name, value in values.items() if value}
