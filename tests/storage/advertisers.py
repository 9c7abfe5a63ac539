"""Made-up advertisers for the linking tests: sites and accounts of many operators, with what glues strangers together.

Every operator has a few numbers, written plainly or disguised, mirrored over sites and accounts; some share a template's
text and its vendor's statistics account; 300 pages stand on platforms whose hotline, filing number and statistics every
page carries.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

from crawler.extract.contacts import contacts_of
from crawler.extract.page_source import source_contacts
from domain.analysis import JudgedDocument
from domain.document import Document, Segment, SegmentKind
from tests.storage.build import assessment

_HANZI = "零一二三四五六七八九"
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"
TEMPLATES = [
    "建筑八大员证书免考包过，内部渠道，联网可查，无需本人到场。我们与多家评价机构长期合作，报名即送资料，"
    "当月报名当月拿证，全国通用，企业资质、职称评定、投标都能用，价格从优，名额有限，欢迎来电咨询了解详情。",
    "消防设施操作员证书代报名代考试包过，不过全额退款。官方渠道，信息可查，工地检查不用愁，老师一对一服务，"
    "三十天出证，快递到家，支持分期付款，团报更优惠，长期招收各地代理，欢迎咨询，先到先得，名额不等人。",
    "健康管理师、心理咨询师、家庭教育指导师证书快速办理，免培训免考试包过拿证，人社部门备案网上可查，"
    "落户加分、领取补贴均可使用，资料齐全当天受理，全程代办，诚信经营多年，老学员介绍新学员另有返现。",
]


@dataclass(frozen=True, slots=True)
class Ad:
    """One page and whose it is."""

    url: str
    operator: int
    judged: JudgedDocument


@dataclass(frozen=True, slots=True)
class _Operator:
    number: int
    phones: list[str]
    chats: list[str]
    name: str
    icp: str
    statistics: str


def disguised(number: str, rng: random.Random) -> str:
    """A mobile number in one of the forms that filters do not read."""
    forms = (
        "".join(_HANZI[int(c)] for c in number),
        "".join(chr(ord(c) + 0xFEE0) for c in number),
        f"{number[:3]}后{number[3:7]}再{number[7:]}",
        f"{number[:3]} {number[3:7]} {number[7:]}",
        number.replace("1", "幺", 1),
        f"{number[:3]}*{number[3:7]}*{number[7:]}",
        f"{number}（微信同号）",
    )
    return rng.choice(forms)


def advertisers(count: int = 64, platform_pages: int = 300, seed: int = 7) -> list[Ad]:
    """Pages of ``count`` operators in random order; ``platform_pages`` of them on three platforms."""
    rng = random.Random(seed)
    vendors = [f"{rng.getrandbits(128):032x}" for _ in range(4)]
    operators = [_operator(number, rng, vendors) for number in range(count)]
    ads: list[Ad] = []
    for operator in operators:
        for site in range(rng.randint(1, 3)):
            host = f"{'abc'[site]}-{operator.number}-peixun.example"
            for page in range(rng.randint(2, 4)):
                contact = "" if page and rng.random() < 0.15 else _contact(operator, rng)
                ads.append(_site_page(operator, f"http://{host}/{page}", contact, site, rng))
        for account in range(rng.randint(0, 3)):
            for post in range(2):
                ads.append(_post(operator, account, post, rng))
    platforms = [
        (f"https://bang{n}.example", f"京ICP备1900{n}777号", f"{rng.getrandbits(128):032x}", f"400-80{n}-1234")
        for n in range(3)
    ]
    for page in range(platform_pages):
        operator = rng.choice(operators)
        base, icp, statistics, hotline = platforms[page % 3]
        footer = f"客服热线 {hotline} {icp} 版权所有 北京帮帮信息技术有限公司"
        ads.append(
            ad(
                f"{base}/item/{page}",
                operator.number,
                f"{rng.choice(TEMPLATES)}\n{_contact(operator, rng)}",
                footer,
                statistics,
            )
        )
    rng.shuffle(ads)
    return ads


def _operator(number: int, rng: random.Random, vendors: list[str]) -> _Operator:
    def mobile() -> str:
        return f"1{rng.choice('3589')}{rng.randrange(10**9):09d}"

    return _Operator(
        number,
        [mobile() for _ in range(rng.randint(1, 2))],
        [f"kz{rng.choice('abcdefgh')}{rng.randrange(10**6):06d}" for _ in range(rng.randint(0, 2))],
        f"山西{rng.choice(_SURNAMES)}{rng.choice(_SURNAMES)}{_HANZI[number // 10]}{_HANZI[number % 10]}教育咨询有限公司",
        f"晋ICP备{20000000 + number * 37}号" if rng.random() < 0.8 else "",
        rng.choice(vendors) if rng.random() < 0.5 else f"{rng.getrandbits(128):032x}",
    )


def _contact(operator: _Operator, rng: random.Random) -> str:
    if operator.chats and rng.random() < 0.35:
        return rng.choice(("微信：{}", "V信 {}", "加薇❤: {}", "➕V {}")).format(rng.choice(operator.chats))
    phone = rng.choice(operator.phones)
    return f"电话 {disguised(phone, rng) if rng.random() < 0.5 else phone}"


def _site_page(operator: _Operator, url: str, contact: str, site: int, rng: random.Random) -> Ad:
    icp = f"{operator.icp}-{site + 1}" if operator.icp else ""
    footer = f"版权所有 {operator.name} {icp}"
    return ad(url, operator.number, f"{rng.choice(TEMPLATES)}\n{contact}", footer, operator.statistics)


def _post(operator: _Operator, account: int, post: int, rng: random.Random) -> Ad:
    url = f"https://weibo.com/{operator.number}{account}/{post}"
    text = f"{rng.choice(TEMPLATES)[: rng.randint(40, 90)]}\n{_contact(operator, rng)}"
    return ad(url, operator.number, text, "", "", platform="weibo", account=f"{operator.number * 10 + account}")


def ad(
    url: str,
    operator: int,
    text: str,
    footer: str,
    statistics: str,
    *,
    platform: str = "web",
    account: str | None = None,
) -> Ad:
    """One page: its text line by line, its footer, and a statistics account in its source."""
    segments = [Segment(SegmentKind.MAIN, line) for line in text.split("\n") if line]
    if footer:
        segments.append(Segment(SegmentKind.FOOTER, footer))
    source = f"https://hm.baidu.com/hm.js?{statistics}" if statistics else ""
    document = Document(
        url=url,
        title="考证",
        text="\n".join(segment.text for segment in segments),
        segments=tuple(segments),
        extractor="html/1",
        platform=platform,
        account_id=account,
        contacts=contacts_of(segments, more=source_contacts(source, url)),
    )
    return Ad(url, operator, JudgedDocument(document, assessment(document.text)))


def pairwise(truth: dict[str, int], found: dict[str, int]) -> tuple[float, float]:
    """Precision and recall over all pairs of pages; a page that is not in ``found`` stands alone."""
    groups = {url: found.get(url, -index) for index, url in enumerate(truth, 1)}
    together = sum(n * (n - 1) // 2 for n in Counter(groups.values()).values())
    wanted = sum(n * (n - 1) // 2 for n in Counter(truth.values()).values())
    right = sum(n * (n - 1) // 2 for n in Counter((truth[url], groups[url]) for url in truth).values())
    return right / together if together else 1.0, right / wanted if wanted else 1.0
