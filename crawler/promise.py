"""Which link first: a promise that the page behind it speaks of courses, certificates, enrolment or prices.

Pages beyond a target's budget are not seen today, so the order decides what is. The table is data: a word, and what it
adds for the link's own words and for its address. Points are small integers on one scale; a page whose link promises
nothing has 0. They were set by hand on the kinds of page the notice (晋人社厅函〔2022〕387号) describes; change them with
``tests/crawler/test_promise.py`` beside you, which pins the order of typical pairs and no single number.
"""

from __future__ import annotations

from collections.abc import Iterable

from domain.document import SegmentKind

#: Start page of a target.
START = 1000
#: Pages kept by an earlier run keep their place before links of unknown worth.
SITEMAP = 5
#: Taken last of all: patterns that stopped bringing anything new.
LAST = -1000

#: Words of an anchor → points.
ANCHOR_WORDS: dict[str, int] = {
    "证书": 30, "考证": 30, "办证": 40, "拿证": 40, "取证": 25, "包过": 60, "免考": 50, "代考": 60, "挂靠": 40,
    "职业资格": 25, "技能等级": 25, "等级认定": 25, "技能鉴定": 25, "上岗证": 30, "操作证": 25, "岗位能力": 25,
    "培训": 25, "课程": 25, "招生": 30, "报名": 30, "报考": 28, "学费": 25, "收费": 25, "价格": 20, "优惠": 20,
    "通过率": 35, "内部": 15, "直招": 25, "加盟": 20, "代理": 15, "查询": 20, "补贴": 15, "就业": 12, "工种": 18,
    "专业": 10, "项目": 8, "学员": 10, "案例": 10, "简章": 25, "通知": 10, "公告": 10, "新闻": 8, "动态": 8, "资讯": 8,
    "关于": 5, "简介": 5, "联系": 6, "登录": -30, "登陆": -30, "注册": -25, "隐私": -40, "协议": -30, "条款": -30,
    "购物车": -40, "打印": -40, "收藏": -30, "上一月": -60, "下一月": -60, "上一天": -60, "下一天": -60, "日历": -60,
    "english": -10, "下载app": -20,
}  # fmt: skip

#: Parts of a path or query → points.
ADDRESS_WORDS: dict[str, int] = {
    "zhengshu": 20, "peixun": 20, "kecheng": 20, "zhaosheng": 25, "baoming": 25, "kaozheng": 25, "banzheng": 30,
    "cert": 18, "course": 18, "train": 15, "enrol": 18, "apply": 12, "price": 12, "exam": 12, "zige": 15, "jineng": 12,
    "news": 6, "article": 6, "notice": 6, "product": 6, "about": 4, "contact": 4, "login": -40, "signin": -40,
    "register": -25, "logout": -60, "passport": -30, "privacy": -40, "terms": -25, "cart": -40, "calendar": -60,
    "print=": -50, "replytocom": -60, "share=": -40, "sort=": -25, "order=": -20, "orderby": -20, "filter": -20,
    "month=": -50, "date=": -40, "search": -10, "tag": -4, "captcha": -60, "wp-admin": -80, "wp-json": -60, "feed": -5,
}  # fmt: skip

#: Where the link stands → points.
PLACES: dict[SegmentKind, int] = {
    SegmentKind.MAIN: 6,
    SegmentKind.TABLE: 5,
    SegmentKind.NAV: 4,
    SegmentKind.FLOATING: 4,
    SegmentKind.SIDEBAR: 2,
    SegmentKind.HIDDEN: 2,
    SegmentKind.FOOTER: -3,
    SegmentKind.COMMENT: -6,
}

#: Endings of paths that are no pages: nothing to read in them, whatever they hold. Links to them are not planned.
NOT_PAGES = frozenset(
    [
        "jpg",
        "jpeg",
        "png",
        "gif",
        "webp",
        "bmp",
        "svg",
        "ico",
        "avif",
        "tif",
        "tiff",
        "css",
        "js",
        "mjs",
        "map",
        "json5",
        "woff",
        "woff2",
        "ttf",
        "otf",
        "eot",
        "mp3",
        "mp4",
        "m4a",
        "m4v",
        "avi",
        "mov",
        "wmv",
        "flv",
        "mkv",
        "webm",
        "wav",
        "ogg",
        "swf",
        "zip",
        "rar",
        "7z",
        "gz",
        "tgz",
        "bz2",
        "xz",
        "tar",
        "iso",
        "exe",
        "msi",
        "apk",
        "ipa",
        "dmg",
        "deb",
        "rpm",
        "bin",
        "dll",
        "psd",
        "ai",
    ]
)
#: Office files and PDF are documents of their own right; they are asked for after pages.
_OFFICE = frozenset(["pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "wps", "et", "rtf"])


def is_page(url: str) -> bool:
    """Whether an address may hold something to read, by the ending of its path."""
    return _ending(url) not in NOT_PAGES


def promise(url: str, anchor: str, place: SegmentKind, depth: int, nofollow: bool = False) -> int:
    """Priority of a link: higher is fetched earlier. ``depth`` counts clicks from the target's own address."""
    points = PLACES.get(place, 0) - 4 * depth
    if anchor:
        words = anchor.lower()
        points += _capped(value for word, value in ANCHOR_WORDS.items() if word in words)
    path = url.split("/", 3)[-1].lower()
    points += _capped(value for word, value in ADDRESS_WORDS.items() if word in path)
    points -= 2 * path.count("&") + max(0, path.count("/") - 4)
    if _ending(url) in _OFFICE:
        points -= 30
    return points - 5 if nofollow else points


def _capped(values: Iterable[int]) -> int:
    return max(-120, min(120, sum(values)))


def _ending(url: str) -> str:
    path = url.split("/", 3)[-1].partition("?")[0]
    name = path.rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name else ""
