"""Listed names in the words of a page: one automaton over all names, and only where the name stands as a whole.

阳光培训学校 in 太原阳光培训学校 is another body, and so is 阳光培训学校有限公司. A hit counts where what stands before it
ends in no part of a name (start, punctuation, 由, 是, 单位 …) and what follows makes no longer name of it; where that
cannot be told, nothing is said. Time is that of reading the text once, whatever the number of names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

import ahocorasick_rs

from domain.directory import name_key

#: Shorter names are words that stand in any text.
MIN_NAME = 5
#: Characters of a page that are read; the longest page that is kept has 200,000.
MAX_TEXT = 200_000
#: Names of one page that are looked up; a page with more is a list of others.
MAX_HITS = 50

_WORD = re.compile(r"[0-9A-Za-z一-鿿㐀-䶿]")
#: What may stand right before a name and is no part of it …
_BEFORE = re.compile(
    r"(?:由|是|与|及|的|在|到|单位|机构|名称|主体|全称|委托|授权|合作|颁发|颁证|发证|联合|加入|来自|选择|咨询|关注|欢迎|承办|主办|协办|指定"
    r"|所属|隶属于?|举办|版权所有|走进|我们|本校|我校|通过|包括|属于)$"
)
#: … and what may only before a name that begins with a place: 太和阳光培训学校 is not 和 and 阳光培训学校.
_BEFORE_PLACE = re.compile(r"(?:经|和|或|为|向|对|从|给|找|即|系|被|将|把|以|至|了|于|因|让|请|选|就|跟|属|如)$")
_REGION = (
    "中国|全国|国家|北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西"
    "|甘肃|青海|内蒙古|广西|西藏|宁夏|新疆|太原|大同|阳泉|长治|晋城|朔州|晋中|运城|忻州|临汾|吕梁"
)
_STARTS_WITH_PLACE = re.compile(_REGION)
#: A name behind a blank may go on from what stands before it (太原市 山西阳光学校, 金色 阳光培训学校).
_PLACE = re.compile(rf"(?:[省市区县旗盟州镇乡]|{_REGION})$")
#: What makes another name of one that it follows …
_LONGER = re.compile(
    r"(?:有限|股份|集团|[0-9A-Za-z一-鿿()]{0,10}?(?:公司|分校|学校|中心|学院|协会|学会|商会|研究院|研究所|事务所|分院|分部|分会"
    r"|校区|教学点|工作室|联盟|基金会|委员会|工作站|站点|分站|网校|基地))"
)
#: … and what goes on with the sentence instead, whatever institutions it names later.
_SENTENCE = re.compile(
    r"(?:是|为|的|等|及|与|或|在|已|均|也|由|和(?![平顺林田])|将(?!军)|有(?!限)|颁发|联合|报名|报考|招生|开展|开设|组织|承办|主办|举办|发布|提供|授权"
    r"|指定|合作|备案|取得|具有|拥有|面向|推出|成立|位于|地址|电话|官网|官方|版权)"
)


class TextNames:
    """Finds the names of a set of lists in texts. Made once for a set; safe to use from several threads."""

    def __init__(self, names: Iterable[str]) -> None:
        """``names`` as :func:`domain.directory.name_key` writes them."""
        self._names = [name for name in dict.fromkeys(names) if len(name) >= MIN_NAME]
        self._machine = (
            ahocorasick_rs.AhoCorasick(
                self._names,
                matchkind=ahocorasick_rs.MatchKind.LeftmostLongest,
                implementation=ahocorasick_rs.Implementation.ContiguousNFA,
                store_patterns=False,
            )
            if self._names
            else None
        )

    def find(self, text: str) -> list[str]:
        """Names that stand in ``text``, each once, in order, at most :data:`MAX_HITS`."""
        if self._machine is None:
            return []
        folded, blanks = _folded(text[:MAX_TEXT])
        found: dict[str, None] = {}
        for index, start, end in self._machine.find_matches_as_indexes(folded):
            if len(found) >= MAX_HITS:
                break
            if self._names[index] not in found and _begins(folded, start, blanks) and _ends(folded, end, blanks):
                found[self._names[index]] = None
        return list(found)


def _folded(text: str) -> tuple[str, frozenset[int]]:
    """``text`` as names are compared, lines kept apart, and the places in it where a blank was taken out."""
    parts: list[str] = []
    blanks: set[int] = set()
    at = 0
    for line in text.splitlines():
        for number, word in enumerate(unicodedata.normalize("NFKC", line).split()):
            if number:
                blanks.add(at)
            key = name_key(word)
            parts.append(key)
            at += len(key)
        parts.append("\n")
        at += 1
    return "".join(parts), frozenset(blanks)


def _begins(folded: str, start: int, blanks: frozenset[int]) -> bool:
    before = folded[max(0, start - 8) : start].rpartition("\n")[2]
    if not before:
        return True
    if not _WORD.fullmatch(before[-1]):
        # (太原)阳光培训学校 and 太原·阳光培训学校 are one name.
        return before[-1] not in ")·•"
    if _STARTS_WITH_PLACE.match(folded, start) and (
        _PLACE.search(before) is None if start in blanks else _BEFORE_PLACE.search(before)
    ):
        return True
    return _BEFORE.search(before) is not None


def _ends(folded: str, end: int, blanks: frozenset[int]) -> bool:
    after = folded[end : end + 24].partition("\n")[0]
    if end in blanks:
        # Only the next word: a name may go on behind a blank, a list of links hardly says one body in three words.
        stop = next((at for at in range(end + 1, end + len(after)) if at in blanks), end + len(after))
        return _LONGER.match(folded[end:stop]) is None and not after.startswith("(")
    return _SENTENCE.match(after) is not None or _LONGER.match(after) is None


#: What follows or precedes an occupation where it is advertised.
_CLAIM_AFTER = re.compile(
    r"[^\n。；！？]{0,10}?(?:证|培训|报考|报名|考试|考证|认定|鉴定|等级|初级|中级|高级|技师|[一二三四五]级|班)"
)
_CLAIM_BEFORE = re.compile(r"(?:培训|考取|报考|办理|颁发|认定|鉴定|报名|学习|开设|取得)[^\n。；！？]{0,12}$")
#: 工 and 员 and 师 begin other words: 电工程, 车工作, 保安员工, 营养师范.
_OTHER_WORD = {
    "工": frozenset("程作业艺厂资会地期人具商龄种学序信夫委匠"),
    "员": frozenset("工"),
    "师": frozenset("傅范资生大父"),
}
#: What may stand right before an occupation of two characters: 光电工 and 列车工 are none of them.
_BEFORE_SHORT = re.compile(r"(?:^|[^一-鿿A-Za-z0-9]|[考学证级的是和与及或报办为])$")


def advertised(text: str, occupations: Sequence[str]) -> tuple[str, ...]:
    """Those of ``occupations`` that ``text`` names beside 证, 培训, 报名, a level …, in order, each once."""
    wanted = [name for name in dict.fromkeys(occupations) if len(name) >= 2]
    if not wanted:
        return ()
    machine = ahocorasick_rs.AhoCorasick(wanted, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest)
    folded, _ = _folded(text[:MAX_TEXT])
    found: dict[str, None] = {}
    for index, start, end in machine.find_matches_as_indexes(folded):
        name = wanted[index]
        if name in found or folded[end : end + 1] in _OTHER_WORD.get(name[-1], frozenset()):
            continue
        before = folded[max(0, start - 14) : start]
        if len(name) == 2 and not _BEFORE_SHORT.search(before[-1:]):
            continue
        if _CLAIM_AFTER.match(folded, end, end + 14) or _CLAIM_BEFORE.search(before):
            found[name] = None
    return tuple(found)
