"""What a classifier makes of its packs once, before the first text: words, weights and explanations."""

from __future__ import annotations

from classifiers.context import EXEMPTIONS
from classifiers.features import IMPLIED
from classifiers.model import RulePack
from domain.assessment import Speaker

#: A page is about certificates at all where one of these concepts is met …
TOPICS = frozenset(
    {
        *("credential", "occupation", "object", "exam", "training", "cert_word", "level", "topic_hint"),
        *("guarantee", "state", "lookup", "no_exam", "direct_cert", "proxy", "refund", "hang", "forged", "title_agent"),
    }
)
#: … and worth reading where a rule's concept or one of these is met.
OFFERS = frozenset({"soft_contact", "contact", *IMPLIED}) - {"object"}


def concept_weights(pack: RulePack) -> dict[str, int]:
    """How much a hit of a concept says that a page is about certificates right here; whole numbers, so that sums are exact."""
    weights = dict.fromkeys(pack.concepts, 0)
    weights |= dict.fromkeys(TOPICS & weights.keys(), 7)
    weights |= dict.fromkeys(OFFERS & weights.keys(), 7)
    claims = {n for r in pack.rules if not r.implied for s in r.sequences for e in s for n in e.concepts}
    weights |= dict.fromkeys(claims - TOPICS, 15)
    return weights


def segmenter_words(pack: RulePack) -> list[str]:
    """Words of the packs that the segmenter must know as words: the ambiguous ones and the names of occupations."""
    words: dict[str, None] = {}
    for name, concept in pack.concepts.items():
        if concept.boundary or name in ("occupation", "credential"):
            for word in concept.words:
                if 2 <= len(word) <= 8 and all("\u4e00" <= char <= "\u9fff" for char in word):
                    words[word] = None
    return list(words)


def feature_words(pack: RulePack) -> dict[str, str]:
    """Chinese words for the steps of a score, by feature."""
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
        "odd_writing": "字中夹拼音字母、逐字加符号、圈字框字等反常写法",
        "wording": "没有明示说法，整体用语与已标注的招揽文字相近",
        "wording:against": "没有明示说法，整体用语与已标注的招揽文字相远",
        "wording:claim": "有明示说法，整体用语也与已标注的招揽文字相近",
        "wording:claim_against": "有明示说法，整体用语与已标注的招揽文字相远",
        "sentence:first": "单句用语：最像招揽的一句",
        "sentence:second": "单句用语：其次的一句（只有一句时减分）",
        "sentence:mean": "单句用语：各句平均",
        "form": "非官方网站上的查询表单",
        "official_host": "页面在官方域名上",
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
