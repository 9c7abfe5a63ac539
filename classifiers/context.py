"""Exemptions: what around a hit says that the speaker does not make the claim himself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from classifiers.model import Concept
from classifiers.normalise import FoldedText

#: Name of an exemption → what the liaison reads.
EXEMPTIONS: Mapping[str, str] = {
    "negation": "否定（如“不承诺包过”）",
    "warning": "警示、提醒或揭露",
    "enforcement": "执法、司法或处罚的叙述",
    "quotation": "引号内转引的说法",
    "report": "转述他人的说法",
    "question": "询问，不是陈述",
    "law": "法律条文或规定",
    "wordlist": "违规词清单或审核规则",
    "trade": "说的是别的行当",
}

_OPEN = '“‘「『《"【'
_QUOTES = re.compile(r"[“「『‘]([^“”「」『』‘’\n]{1,60})[”」』’]|\"([^\"\n]{1,60})\"")
_QUESTION = re.compile(
    r"(吗|么|嘛)[?？。！!，,\s”」’）)]*$|[?？][”」’）)\s]*$|有没有|是不是|是否|能不能|可不可以|包不包|保不保|过不过(?!退|包退|全|不收|免单|赔|返)|靠谱吗|真的假的|怎么办|为什么|为啥|谁知道|请问|求问"
)
_LAW = re.compile(
    r"第[一二三四五六七八九十百零〇\d]{1,5}[条款项]|(?:条例|办法|法|规定|通知|目录|标准)》|不得(?:含有|使用|出现|发布|对|以|向|擅自|作|有)|应当(?:依法|按照|经|取得|具备)|(?:责令|处以?)(?:改正|罚款|停止)|由(?:公安|市场监督|人力资源|教育行政)|构成犯罪"
)
_STRONG_NEGATION = re.compile(
    r"(?:不承诺|不保证|不提供|不存在|没有任何|从没有|从不|绝不|决不|绝无|拒绝|严禁|禁止|不得|杜绝|请勿|切勿|不搞|不做|不接|不办|不敢说|不敢|不可能|不能|不会|无法|不许|不准|不允许|反对|抵制|不再|别指望|别想|谈不上|不等于|不代表|不是|并非|从未|未曾|不设|没有所谓的?)[^，。；！？]{0,6}$"
)
_NEAR_NEGATION = re.compile(r"(?:不|没有|没|未|别|勿|无|非|莫)(?:有|是|会|能|要|让|敢)?.?$")
#: A negation that stands before the first item of a list holds for all of them (禁止包过、保录、免考).
_LIST_NEGATION = re.compile(
    r"(?:不承诺|不保证|不提供|严禁|禁止|不得|杜绝|请勿|切勿|不搞|不做|不接|不办|做不了的?|不存在|没有)[^、，,。；;！!？?\n]{0,14}"
    r"(?:[、/／][^、，,。；;！!？?\n]{0,14}){1,9}$"
)
_NOT_NEGATION = re.compile(
    r"(?:不仅|不但|不光|不止|不只|不论|不管|不用|不需|不限|不看|不问|无论|无需|无须|无不|莫不|没有?压力|非常|未来|没问题|没有?基础|不过|不了|不要钱)[^，。；！？]{0,3}$"
)
_PERSONAL = re.compile(
    r"[员师工](?:资格|上岗|操作|职业|等级)?证|内审员|职称|学历|毕业证|技能等级|职业资格|操作证|建造师|八大员"
)
#: Every alternative begins with a plain character: re then skips to the next one of these.
_WORDLIST = re.compile(
    r"违禁词|禁用词|敏感词|禁用[:：]|违规词|severity|suggest|关键词库|词库|正则|regex|assert|test_|blacklist|关键词\s*[:=]|审核(?:规则|标准|员)|风控|不得承诺|高风险表述|pattern\s*[:=]|word(?<!\wword)\s*[:=]|type(?<!\wtype)\s*[:=]|词表|示例[:：]|广告限制|必须遵守|不得编造|虚构的?示例"
)

#: Characters around a hit in which the structure of a list or of a search pattern is looked for.
_LIST_REACH = 70
#: A search pattern (``包过.{0,4}`` …), a row of six short quoted words (an offer's selling points are fewer and longer), words
#: between bars without blanks.
_PATTERN = re.compile(r"\.\{\d|\(\?[:i=!]|\.\*|\\[bdsw]|\.(?:test|match|compile|includes|contains|search)\(")
_QUOTED = re.compile(r"(?:[\"'`][^\"'`\n]{1,10}[\"'`]\s*[,，、/]\s*){5}[\"'`]|`[^`\n]{1,10}`\s*[,，、/]\s*`")
_BARRED = re.compile(r"\|[^|\n ]{1,16}(?=\|[^|\n ])")
#: Words between bars that make a list; headings and menus have fewer.
_BARRED_ITEMS = 8


class Cues:
    """The packs' cue words (reported speech, verdicts, warnings …) as one regular expression each."""

    def __init__(self, concepts: Mapping[str, Concept]) -> None:
        self._patterns = {
            name: _alternation(concepts[name].words)
            for name in ("reporting", "verdict_after", "warn_cue", "scam_cue", "enforce_cue", "trade_cue")
            if name in concepts
        }

    def find(self, name: str, sentence: str) -> re.Match[str] | None:
        """Return the first cue of the kind ``name`` in ``sentence``."""
        pattern = self._patterns.get(name)
        return pattern.search(sentence) if pattern else None


def _alternation(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)))


def exemption(text: FoldedText, start: int, end: int, cues: Cues, allowed: Iterable[str], implied: bool) -> str | None:
    """Return the name of the exemption that holds for the folded span ``start:end``, or None.

    Looked at is the sentence of the hit; what the whole document is, is a matter of the score, not of an exemption.
    """
    names = set(allowed)
    first, last = text.sentence(start)
    positions = text.positions
    original = text.original
    left = positions[first] if first < len(positions) else 0
    right = _sentence_stop(original, positions[min(max(last, end), len(positions)) - 1] + 1)
    hit_left, hit_right = text.span(start, end)
    sentence = original[max(left, hit_left - 160) : min(right, hit_right + 160)]
    before = original[max(left, hit_left - 24) : hit_left]
    enumerated = original[max(left, hit_left - 90) : hit_left]
    after = original[hit_right : min(right, hit_right + 40)]
    if "wordlist" in names and (
        _WORDLIST.search(original, max(0, hit_left - 300), min(len(original), hit_right + 120))
        or _in_a_list(original[max(0, hit_left - _LIST_REACH) : hit_right + _LIST_REACH])
    ):
        return "wordlist"
    if "trade" in names and (
        cues.find("trade_cue", original[max(0, hit_left - 50) : hit_right + 30]) or _trade_throughout(original, cues)
    ):
        return "trade"
    if "negation" in names and not implied and (_negated(before) or _LIST_NEGATION.search(enumerated)):
        return "negation"
    if "law" in names and _LAW.search(sentence):
        return "law"
    if "warning" in names and (
        cues.find("verdict_after", after) or cues.find("scam_cue", sentence) or cues.find("warn_cue", sentence)
    ):
        return "warning"
    if "enforcement" in names and cues.find("enforce_cue", sentence):
        return "enforcement"
    if "report" in names and cues.find("reporting", before):
        return "report"
    if "quotation" in names and not implied and _quoted(original, hit_left, hit_right, sentence, cues):
        return "quotation"
    if (
        "question" in names
        and not implied
        and _QUESTION.search(original[max(left, hit_left - 10) : min(right, hit_right + 80)].strip())
    ):
        return "question"
    return None


def _trade_throughout(original: str, cues: Cues) -> bool:
    """Whether the heading names another trade and nothing in the text is a paper that a person holds."""
    heading = original[:60].split("\n", 1)[0]
    return cues.find("trade_cue", heading) is not None and _PERSONAL.search(original) is None


def _in_a_list(around: str) -> bool:
    """Whether ``around`` is written like a list of words to look for, as filters, tests and prompts hold it."""
    return (
        _PATTERN.search(around) is not None
        or _QUOTED.search(around) is not None
        or len(_BARRED.findall(around)) >= _BARRED_ITEMS
    )


def _sentence_stop(original: str, at: int) -> int:
    """Include the punctuation that ends the sentence, so that a question mark is seen."""
    while at < len(original) and original[at] not in "。！？!?；;\n\r…" and not original[at].isalnum():
        at += 1
    return min(at + 1, len(original)) if at < len(original) and not original[at].isalnum() else at


def _negated(before: str) -> bool:
    tail = re.sub(rf"[{_OPEN}\s]", "", before)
    tail = re.split(r"[，,。；;！!？?：:、]", tail)[-1]
    if _NOT_NEGATION.search(tail):
        return False
    return _STRONG_NEGATION.search(tail) is not None or _NEAR_NEGATION.search(tail) is not None


def _quoted(original: str, left: int, right: int, sentence: str, cues: Cues) -> bool:
    """Whether the hit stands in short quotation marks that the sentence attributes to others or lists."""
    window_left = max(0, left - 70)
    window = original[window_left : right + 70]
    for match in _QUOTES.finditer(window):
        if match.start() + window_left < left and right <= match.end() + window_left:
            inside = match.group(1) or match.group(2) or ""
            quoted = len(_QUOTES.findall(sentence))
            return len(inside) <= 14 or quoted >= 2 or cues.find("reporting", sentence) is not None
    return False
