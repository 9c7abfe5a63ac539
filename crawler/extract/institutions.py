"""Full names of institutions: whom a page says it belongs to, and names that it only mentions.

A name after a label (版权所有, 主办单位, 公司名称 …) says who runs the page. A name in running text may be anybody (the
body that issues certificates, a partner, a victim), so it is kept with a low confidence and joins nothing. A name after
技术支持 or 网站建设 is the maker of the site and is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from domain.document import Contact, ContactKind

#: Names kept of one page; a page with more is a directory.
MAX_NAMES = 12

_ENDS = (
    "有限责任公司|股份有限公司|集团有限公司|有限公司|职业技能培训学校|职业培训学校|技能培训学校|培训学校|职业学校|技工学校"
    "|职业技能培训中心|职业培训中心|技能培训中心|教育培训中心|培训中心|考试中心|鉴定中心|评价中心|服务中心|研究院|研究会|协会|学会|商会|事务所"
)
_HAN = "一-鿿"
_NAME = rf"([{_HAN}]{{2,22}}?(?:[(（][{_HAN}]{{2,6}}[)）])?[{_HAN}]{{0,14}}?(?:{_ENDS}))(?![{_HAN}]{{0,2}}(?:协会|学会|公司|分公司|学校))"
_LABEL = (
    r"(?:©|\(c\)|copyright[^一-鿿\n]{0,40}|版权所有|版权归属?|主办单位|主办方|承办单位|办学单位|举办者|运营(?:单位|主体|公司|方)|网站所有者"
    r"|(?:公司|企业|单位|机构|学校|主体|商家)(?:全称|名称)|账号主体|认证主体|收款(?:单位|户名|方|人)|开户名|户名)"
)
_LABELLED = re.compile(rf"{_LABEL}(?:\s|[:：为是|@\-—\d.]|归|©|\(c\)|（c）){{0,24}}{_NAME}", re.IGNORECASE)
_OWNED = re.compile(
    rf"(?<![{_HAN}]){_NAME}\s{{0,3}}(?:©|版权所有|保留所有权利|all rights reserved|copyright)", re.IGNORECASE
)
_REGION = (
    "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海"
    "|内蒙古|广西|西藏|宁夏|新疆|太原|大同|阳泉|长治|晋城|朔州|晋中|运城|忻州|临汾|吕梁|广州|深圳|成都|武汉|西安|郑州|济南|南京|杭州|石家庄|中国|中科|全国"
)
_REGION_AT = re.compile(_REGION)
_LABEL_AT = re.compile(
    "版权|©|[cC]opyright|COPYRIGHT|\\([cC]\\)|主办|承办|办学|举办|运营|所有者|名称|全称|主体|户名|收款|[rR]eserved|RESERVED"
)
_FREE = re.compile(
    rf"(?:(?<![{_HAN}])|(?<=[由是为在到与和向找选属系]))((?:{_REGION})[{_HAN}（）()]{{2,22}}?(?:{_ENDS}))(?![{_HAN}]{{0,2}}(?:协会|学会|公司|分公司|学校))"
)
_BUILDER = re.compile(r"(?:技术支持|网站建设|网站制作|设计制作|建站|网站设计|技术维护|开发商?)[^\n]{0,6}$")
#: Every name ends in one of these; only what stands in front of one is looked at.
_SIGNS = (
    "公司",
    "学校",
    "训中心",
    "试中心",
    "定中心",
    "价中心",
    "务中心",
    "研究院",
    "研究会",
    "协会",
    "学会",
    "商会",
    "事务所",
)
_WINDOW, _MAX_SIGNS = 100, 60
#: What stands in front of a name and is no part of it.
_LEAD = re.compile(r"^(?:本站由|本网站由|由|归|属于|隶属于|属|是|为|系|与|和|及|的|所有|欢迎来到|欢迎光临|关于|联系)+")


def institutions(text: str) -> Iterator[Contact]:
    """Names in ``text``, those that a label gives first, at most :data:`MAX_NAMES`."""
    seen: set[str] = set()
    for start, end in _windows(text):
        for pattern, confidence in ((_LABELLED, 0.9), (_OWNED, 0.9), (_FREE, 0.5)):
            if not (_REGION_AT if pattern is _FREE else _LABEL_AT).search(text, start, end):
                continue
            for match in pattern.finditer(text, start, end):
                name = _LEAD.sub("", match[1]).replace("(", "（").replace(")", "）")
                if len(name) < 5 or name in seen or _BUILDER.search(text, max(0, match.start() - 14), match.start(1)):
                    continue
                seen.add(name)
                begins = match.end(1) - len(name)
                yield Contact(ContactKind.ORGANISATION, name, start=begins, end=match.end(1), confidence=confidence)
                if len(seen) >= MAX_NAMES:
                    return


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Stretches of ``text`` that hold the end of a name, in order, not overlapping, at most 60 ends."""
    ends: list[int] = []
    for sign in _SIGNS:
        at = text.find(sign)
        while at >= 0 and len(ends) < _MAX_SIGNS:
            ends.append(at + len(sign))
            at = text.find(sign, at + len(sign))
    start = stop = -1
    for end in sorted(ends):
        if end - _WINDOW > stop:
            if stop >= 0:
                yield start, stop
            start = max(0, end - _WINDOW)
        stop = min(len(text), end + 24)
    if stop >= 0:
        yield start, stop


def is_institution(name: str) -> bool:
    """Whether ``name`` as a whole has the shape of an institution's full name."""
    return 5 <= len(name) <= 40 and re.fullmatch(_NAME, name) is not None
