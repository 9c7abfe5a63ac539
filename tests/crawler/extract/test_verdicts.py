"""Verdicts: walls, checks, notices and shells are recognised; pages for readers are OK."""

from __future__ import annotations

import pytest

from crawler.extract import extract
from domain.document import Extraction

NAV = (
    '<div class="nav">'
    + "".join(f"<a href=/c/{i}>{w}</a>" for i, w in enumerate(("首页", "课程", "报考指南", "关于我们")))
    + "</div>"
)
FOOT = '<div class="footer"><p>版权所有 某某教育 晋ICP备12345678号</p></div>'
SIDE = (
    '<div class="sidebar"><h3>热门</h3>'
    + "".join(f"<li><a href=/h/{i}>健康管理师第{i}期报名通知</a></li>" for i in range(9))
    + "</div>"
)
LOGIN_BOX = '<div class="header"><form action=/login>用户名<input name=u>密码<input type=password name=p><button>登录</button></form><a href=/reg>注册</a> 请先登录后查看订单</div>'
ARTICLE = "".join(
    f"<p>第{i}条：本机构提供职业技能培训课程，学员按时上课并参加考试，成绩合格者取得证书，咨询请致电前台。</p>"
    for i in range(14)
)


def judged(body: str, title: str = "", url: str = "http://a.cn/x") -> Extraction:
    """The Extraction of a page."""
    html = f"<!doctype html><html><head><meta charset=utf-8><title>{title}</title></head><body>{body}</body></html>"
    return extract(html.encode(), url=url, content_type="text/html; charset=utf-8")


@pytest.mark.parametrize(
    ("verdict", "title", "body"),
    [
        ("captcha", "百度安全验证", "<div id=app></div><p>请完成下方验证后继续操作</p>"),
        ("captcha", "", "<h2>访问过于频繁，请完成验证</h2><div class=geetest_holder></div>"),
        ("captcha", "", "<p>检测到您的网络环境存在异常，请拖动滑块完成验证</p><script>1</script>"),
        ("captcha", "Just a moment...", "<h1>Checking your browser before accessing a.cn</h1>"),
        ("captcha", "验证", "<form>请输入验证码<input name=code><button>提交</button></form>"),
        ("captcha", "405", "<p>很抱歉，由于您访问的URL有可能对网站造成安全威胁，您的访问被阻断。</p>"),
        ("login_wall", "用户登录", "<form>账号<input name=u>密码<input type=password><button>登录</button></form>"),
        (
            "login_wall",
            "提示信息 - 考证论坛",
            f"{NAV}<div class=alert>抱歉，您尚未登录，没有权限访问该版块</div>{FOOT}",
        ),
        ("login_wall", "课程详情", f"{NAV}<p>该内容仅会员可见，请先登录后查看。</p>{FOOT}"),
        ("soft_404", "404 Not Found", "<h1>404</h1><p>页面不存在</p>"),
        (
            "soft_404",
            "某某教育",
            f"{NAV}<div><h2>抱歉，您访问的页面不存在</h2><p>可能已被删除，<a href=/>返回首页</a></p></div>{SIDE}{FOOT}",
        ),
        ("soft_404", "提示信息", f"{NAV}<p>抱歉，指定的主题不存在或已被删除或正在被审核</p>{FOOT}"),
        ("soft_404", "页面未找到", f"{NAV}{SIDE}<p>三秒后自动跳转</p>{FOOT}"),
        ("parked", "a.cn", "<p>该域名正在出售</p><p>联系购买此域名</p>"),
        ("parked", "", "<h1>This domain is for sale</h1>"),
        ("parked", "Welcome to nginx!", "<h1>Welcome to nginx!</h1>"),
        ("deleted", "", f"{NAV}<p>该内容已被作者删除</p>{FOOT}"),
        ("violation", "", "<p>该内容因违规无法查看</p>"),
        ("violation", "", "<p>此网页因涉嫌违法违规已被停止访问</p>"),
        ("expired", "", "<p>该链接已过期</p>"),
        ("unavailable", "", "<p>网站已关闭</p>"),
        ("unavailable", "502 Bad Gateway", "<h1>502 Bad Gateway</h1><hr>nginx"),
        ("empty", "某某", "<div id=app></div><script src=/js/app.js></script>"),
        (
            "empty",
            "某某",
            "<noscript>You need to enable JavaScript to run this app.</noscript><div id=root></div><script src=x></script>",
        ),
        ("empty", "某某", "<div class=page>加载中...</div><script src=x></script>"),
        ("empty", "", ""),
        (
            "empty",
            "课程",
            f"{NAV}<h1>课程列表</h1><ul id=list></ul><script>fetch('/api').then(r=>{{document.getElementById('list').innerHTML=r}})</script>{FOOT}",
        ),
        ("empty", "课程", "<script>document.write(decode('abc'))</script>"),
        ("empty", "", "<script>location.href='/new.html'</script>"),
    ],
)
def test_pages_that_are_no_content(verdict: str, title: str, body: str) -> None:
    """Checks, walls, notices, parking pages and shells have their verdict, a reason, and no document."""
    extraction = judged(body, title)
    assert (extraction.verdict, extraction.documents) == (verdict, ())
    assert extraction.verdict_reason


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("健康管理师培训", f"{LOGIN_BOX}{NAV}{ARTICLE}{FOOT}"),
        (
            "健康管理师培训",
            f"{LOGIN_BOX}{NAV}<h2>零基础包过班</h2><p>不过全额退款，国家认可，官网可查，三个月拿证，限额招生，详情请致电咨询老师。</p><p>电话13800001234</p>{FOOT}",
        ),
        ("网页出现404怎么办", f"<h1>网页出现404怎么办</h1>{ARTICLE}<p>404 表示页面不存在。</p>"),
        ("消防证书安全验证说明", f"<h1>证书安全验证说明</h1>{ARTICLE}"),
        (
            "证书查询系统",
            "<form>姓名<input name=xm>证书编号<input name=bh>验证码<input name=yzm><p>请输入验证码</p><button>查询</button></form>",
        ),
        ("健康管理师证书", "<h1>健康管理师证书，包过不过退款</h1><p>微信：abc12345</p>"),
        ("招生简章", "<img src=/poster.jpg>"),
        ("域名注册师培训", f"<p>学习域名出售与转让知识</p>{ARTICLE}"),
        ("本站公告", f"<p>违规培训机构的广告内容已被删除，请广大考生注意甄别，如有疑问请与我们联系。</p>{ARTICLE}"),
        ("课程登录即送", f"<p>登录后查看全部课程优惠</p>{ARTICLE}"),
        (
            "课程列表",
            NAV
            + "".join(
                f"<li><a href=/k/{i}>第{i}期营养师考前冲刺班，协议保过</a><span>2024-05-1{i}</span></li>"
                for i in range(9)
            ),
        ),
        (
            "代办",
            "<p>原来的链接已过期</p><p>旧的页面不存在了</p><p>安全验证由专人办理</p>"
            "<p>电工焊工高处作业，三天下证，全国联网可查，不用培训不用考试，身份证照片发来即可，老客户介绍有优惠。</p>"
            "<p>健康管理师、消防设施操作员、心理咨询师同样办理，国家认可，单位审核没有问题，先出样本，后付尾款。</p>"
            "<p>招代理，一单提成八百，有资源的朋友可以长期合作，咨询加微信 abc12345。</p>",
        ),
        ("拿证", "<p>三天拿证</p>"),
        (
            "代办",
            "<p>本网站绝不违规，查看详情请加老师微信：abc12345，二维码已失效请手动添加，三天下证全国可查，不用参加考试。</p>",
        ),
        (
            "代办",
            "<p>频繁刷新页面的同学请直接加微信，原来的链接已过期的也加微信，我们会发新的报名链接，承诺包过，不过全额退款，国家认可官网可查，三个月内拿证，请放心选择我们的课程，另有团报优惠，名额有限，详情请咨询在线老师或者拨打招生热线。</p><p>电话 13800001234，微信同号，学员可以随时来校参观，地址在太原市某某路某某大厦三层，乘坐公交均可到达，周末不休息。</p>",
        ),
        (
            "课程",
            "<h1>考证培训</h1><p>零基础包过，不过退费，三个月拿证，国家认可，官网可查，免考试免培训，名额有限，抓紧报名</p><div id=map></div><script>document.getElementById('map').innerHTML='x'</script>",
        ),
        ("某某", f"<div id=app>{ARTICLE}</div><script src=x></script>"),
    ],
)
def test_pages_that_are_content(title: str, body: str) -> None:
    """Advertisements with login boxes, articles about 404 or verification, query forms, posters and short pages are OK."""
    extraction = judged(body, title)
    assert (extraction.verdict, extraction.verdict_reason) == ("ok", None)
    assert len(extraction.documents) == 1


def test_shell_says_that_it_needs_rendering() -> None:
    """A shell with scripts and a mount point names its reason, so that a browser can be asked."""
    assert judged("<div id=app></div><script src=a.js></script>").verdict_reason == "needs_rendering"


def test_links_of_a_refused_page_are_kept() -> None:
    """A soft 404 leads on like any page: its links may be followed."""
    extraction = judged(f"{NAV}<h1>页面不存在</h1>", "404")
    assert "http://a.cn/c/1" in {link.url for link in extraction.links}


def test_frames_and_refreshes_lead_on() -> None:
    """A frame set and a refresh page hold no text but the address to go on with."""
    html = b"<html><frameset cols='20%,*'><frame src=/left.html><frame src=/main.html></frameset></html>"
    extraction = extract(html, url="http://a.cn/", content_type="text/html")
    assert (extraction.verdict_reason, len(extraction.links)) == ("frames_only", 2)
    extraction = judged('<meta http-equiv=refresh content="0;url=/go.html">')
    assert (extraction.verdict_reason, extraction.links[0].url) == ("redirect", "http://a.cn/go.html")
    extraction = judged("<script>window.location.replace('new.html');</script>")
    assert (extraction.verdict_reason, extraction.links[0].url) == ("redirect", "http://a.cn/new.html")


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"%PDF-1.7\n", "application/pdf", "not_text:application/pdf"),
        (b"%PDF-1.7\n", "text/html", "not_text:application/pdf"),
        (b"PK\x03\x04" + b"\0" * 50, None, "not_text:application/zip"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "image/png", "not_text:image/png"),
        (b"\xff\xd8\xff\xe0", "text/html", "not_text:image/jpeg"),
        (bytes(range(256)) * 8, "application/octet-stream", "not_text:application/octet-stream"),
        (b"body{color:red}", "text/css", "not_text:text/css"),
        (b"", None, "no_bytes"),
        (b" \r\n\0", "text/html", "no_bytes"),
        (
            b'<?xml version="1.0"?><urlset><url><loc>http://a.cn/</loc></url></urlset>',
            "text/xml",
            "not_text:application/xml",
        ),
    ],
)
def test_what_is_no_text(body: bytes, content_type: str | None, reason: str) -> None:
    """Files, pictures, styles and nothing at all are empty, with what they are as the reason."""
    extraction = extract(body, url="http://a.cn/x", content_type=content_type)
    assert (extraction.verdict, extraction.verdict_reason, extraction.documents) == ("empty", reason, ())
