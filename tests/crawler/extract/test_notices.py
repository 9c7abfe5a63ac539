"""Notices of platforms: what stands in a post's place is its verdict."""

from __future__ import annotations

import pytest

from crawler.extract import extract
from crawler.extract.notices import notice_in
from domain.document import PageVerdict

NOTICES = """\
deleted	抱歉，此微博已被作者删除。查看帮助：网页链接
violation	该微博因被多人投诉，根据《微博社区公约》，已被删除
unavailable	抱歉，根据作者设置，你没有权限查看此微博
unavailable	由于博主设置，目前内容暂不可见。
deleted	此微博已被删除
violation	该账号因被投诉违反法律法规和《微博社区公约》的相关规定，现已无法查看。
unavailable	微博不存在或暂无查看权限!
unavailable	该微博不存在
unavailable	你访问的笔记不见了
unavailable	当前笔记暂时无法浏览
unavailable	当前内容无法展示
violation	该笔记因违反社区规范被屏蔽
deleted	笔记已被作者删除
captcha	访问频次异常，请勿频繁操作
captcha	当前环境存在风险，请切换可靠网络环境后重试
login_wall	登录后查看搜索结果
login_wall	手机号登录 登录后推荐更懂你的笔记 扫码登录
deleted	抱歉，作品不见了 因作品权限或已被删除，无法观看，去看看其他作品吧
unavailable	你要观看的视频不存在
unavailable	你要观看的图文不存在
deleted	作品已被删除或失效
deleted	该作品已被作者删除
violation	该作品涉嫌违规，暂时无法观看
unavailable	作品暂时无法观看
unavailable	视频去哪了呢？
unavailable	啥都木有
unavailable	稿件不可见
unavailable	访问权限不足
deleted	该视频已被UP主删除
unavailable	啊叻？视频不见了？
violation	该视频因版权原因/侵权已下架
deleted	该回答已被删除
unavailable	该内容暂无法显示
unavailable	你似乎来到了没有知识存在的荒原
violation	该回答内容涉嫌违规，已被屏蔽
violation	回答建议修改：涉及虚假信息
captcha	系统监测到您的网络环境存在异常，为保证您的正常访问，请点击下方验证按钮进行验证。
unavailable	抱歉，您访问的贴子被隐藏，暂时无法访问。
violation	抱歉，根据相关法律法规和政策，本吧暂不开放。
deleted	贴子不存在或被删除
deleted	很抱歉，该贴已被删除。
captcha	百度安全验证
unavailable	内容已下架
unavailable	你访问的页面不存在
deleted	文章已删除
expired	该链接已过期
expired	分享链接已失效
unavailable	该公众号已迁移
login_wall	请登录后查看
captcha	请完成下列验证后继续
captcha	操作过于频繁，请稍后再试
"""
CASES = [line.split("\t") for line in NOTICES.splitlines()]


@pytest.mark.parametrize(("verdict", "words"), CASES)
def test_wording(verdict: str, words: str) -> None:
    """Each wording is its verdict, with a reason."""
    judged = notice_in(words)
    assert judged is not None
    assert judged[0] == verdict
    assert judged[1]


@pytest.mark.parametrize(
    "words", ["", "国家职业资格证书 报名入口", "三天拿证，网上可查", "微博正文 - 微博HTML5版", "打开App查看更多"]
)
def test_no_notice(words: str) -> None:
    """Words that say nothing of a missing post are no notice."""
    assert notice_in(words) is None


PAGES = [
    ("https://m.weibo.cn/status/5000000000000001", "weibo", "微博-出错了", "该微博已被作者删除", "deleted"),
    (
        "https://www.xiaohongshu.com/explore/6650aaaa000000001e01b2c3",
        "xiaohongshu",
        "小红书",
        "当前笔记暂时无法浏览",
        "unavailable",
    ),
    (
        "https://www.xiaohongshu.com/explore/6650aaaa000000001e01b2c3",
        "xiaohongshu",
        "安全限制",
        "访问频次异常，请勿频繁操作",
        "captcha",
    ),
    ("https://www.douyin.com/video/7370000000000000001", "douyin", "验证码中间页", "", "captcha"),
    ("https://www.kuaishou.com/short-video/3xabc", "kuaishou", "快手", "作品已失效或被删除", "deleted"),
    ("https://www.bilibili.com/video/BV1xx411c7mD/", "bilibili", "视频去哪了呢？_哔哩哔哩_bilibili", "", "unavailable"),
    (
        "https://www.zhihu.com/question/1/answer/2",
        "zhihu",
        "安全验证 - 知乎",
        "系统监测到您的网络环境存在异常",
        "captcha",
    ),
    (
        "https://www.zhihu.com/question/1",
        "zhihu",
        "知乎 - 有问题，就会有答案",
        "登录后即可查看 超5亿 专业优质内容",
        "login_wall",
    ),
    (
        "https://tieba.baidu.com/p/9000000001",
        "tieba",
        "贴吧404",
        "抱歉，您访问的贴子被隐藏，暂时无法访问。",
        "unavailable",
    ),
    (
        "https://www.toutiao.com/article/7370000000000000001/",
        "toutiao",
        "404错误页",
        "抱歉，你访问的内容不存在",
        "unavailable",
    ),
]


@pytest.mark.parametrize(("url", "platform", "title", "words", "verdict"), PAGES)
def test_notice_pages(url: str, platform: str, title: str, words: str, verdict: str) -> None:
    """A notice page at a post's address is its verdict and no document."""
    page = f"<!doctype html><html><head><meta charset=utf-8><title>{title}</title></head><body><div class=error><p>{words}</p><a href=/>返回首页</a></div></body></html>"
    made = extract(page.encode(), url=url, content_type="text/html; charset=utf-8")
    assert (made.verdict, made.platform, made.documents) == (verdict, platform, ())
    assert made.verdict_reason


@pytest.mark.parametrize(("url", "platform"), sorted({(url, platform) for url, platform, *_ in PAGES}))
def test_shells_need_rendering(url: str, platform: str) -> None:
    """An application's shell at a post's address is empty and says that it needs rendering; a new layout is failed."""
    shell = '<!doctype html><html><head><title></title></head><body><div id="app"></div><script src=/a.js></script></body></html>'
    made = extract(shell.encode(), url=url, content_type="text/html")
    assert (made.verdict, made.verdict_reason, made.platform) == ("empty", "needs_rendering", platform)
    changed = f"<!doctype html><html><head><title>x</title></head><body><section>{'全新的页面结构，原来的字段都不在了。' * 40}</section></body></html>"
    made = extract(changed.encode(), url=url, content_type="text/html")
    assert (made.verdict, made.platform) == ("failed", platform)
    assert made.verdict_reason is not None
    assert made.verdict_reason.startswith("missing_field:")
    assert "全新的页面结构" in made.documents[0].text


@pytest.mark.parametrize(
    "url",
    ["https://weibo.com/", "https://www.zhihu.com/explore", "https://www.bilibili.com/", "https://www.toutiao.com/"],
)
def test_other_pages_of_platforms(url: str) -> None:
    """Pages of a platform that are no posts are read like any page."""
    page = f"<!doctype html><html><head><meta charset=utf-8><title>首页</title></head><body><p>{'一段正文，讲考证的事。' * 30}</p></body></html>"
    made = extract(page.encode(), url=url, content_type="text/html")
    assert (made.verdict, made.platform) == ("ok", "web")


FRAME = """<!doctype html><html><head><meta charset=utf-8><title>最不愁吃的地方：顿顿有肉</title></head><body>
<nav><a href=/l>登录</a> <a href=/q>侵权投诉</a> <a href=/p>产品</a></nav>
<main><h1>最不愁吃的地方：顿顿有肉</h1><a href=/c/user/1/>某某游记</a><p>1/10 这里的人们世代放牧，一年四季都有肉吃。</p><span>举报</span></main>
<footer><p>© 今日头条 中国互联网举报中心 网上有害信息举报专区</p><p>违法和不良信息举报电话：400-140-2108 侵权举报：jubao@example.cn</p></footer>
</body></html>"""


def test_buttons_and_footers_are_no_notice() -> None:
    """A post of a form that is not known is a failure with its text kept: nobody took it down because one may complain of it."""
    made = extract(FRAME.encode(), url="https://www.toutiao.com/a6734139882538533383/", content_type="text/html")
    assert made.verdict is PageVerdict.FAILED
    assert (made.verdict_reason or "").startswith("missing_field")
    assert "世代放牧" in made.documents[0].text
    for words in ("举报", "违法和不良信息举报电话：010-12345678", "举报中心\n网上有害信息举报专区", "侵权投诉"):
        assert notice_in(words) is None, words
    assert notice_in("该内容因违规已被删除\n举报") == (PageVerdict.VIOLATION, "violation_notice")
