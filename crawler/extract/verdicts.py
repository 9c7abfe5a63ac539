"""What an answer is before anyone takes it for content: check, wall, notice, parking page, shell or a real page.

A wording alone never decides: it must stand in the title or in a page that has little else. Thresholds are characters of
unlinked text outside navigation, side columns and footers; they were chosen on the pages of tests/crawler/extract and
are meant to keep an advertisement with a login box or an article about 404 errors in the OK class.
"""

from __future__ import annotations

import re

from crawler.extract.page import Block, Page
from domain.document import PageVerdict, SegmentKind

Judgement = tuple[PageVerdict, str | None]

_CONTENT = (SegmentKind.MAIN, SegmentKind.TABLE, SegmentKind.COMMENT)

#: With more content than this a page is a page, whatever its wording.
_LITTLE = 260
#: A wording in the title needs less silence around it.
_LITTLE_WITH_TITLE = 500

_THING = r"(?:内容|文章|账号|帐号|公众号|页面|视频|笔记|微博|网页|网站|帖子|图文|作品|商品)"
_WRONG = r"(?:违规|违反|违法|侵权|被投诉|涉嫌)"
_NOTICES: tuple[tuple[PageVerdict, str, re.Pattern[str]], ...] = (
    (
        PageVerdict.VIOLATION,
        "violation_notice",
        re.compile(
            rf"{_THING}.{{0,24}}?{_WRONG}.{{0,60}}?(?:无法(?:查看|访问|浏览|显示)|不能(?:查看|访问)|不予显示|已?被?停止访问|予以(?:删除|屏蔽))"
            rf"|(?:此|该|本){_THING}.{{0,16}}?{_WRONG}.{{0,40}}?已?(?:经)?被?(?:删除|下架|屏蔽|处理|封禁)"
            r"|(?:此|该)(?:账号|帐号|用户|公众号).{0,10}?已?被(?:屏蔽|封禁|封停|禁言|停用)|(?:已|被)(?:停止使用|封禁|封停).{0,20}?内容无法查看"
            rf"|内容无法查看.{{0,40}}?{_WRONG}|由用户投诉并经平台审核"
        ),
    ),
    (
        PageVerdict.DELETED,
        "deleted_by_author",
        re.compile(
            r"(?:内容|文章|笔记|视频|微博|作品|动态|回答|帖子|信息|图文).{0,6}?已?(?:经)?被(?:发布者|作者|博主|用户|楼主|原作者|本人)(?:自行)?删除"
            r"|(?:发布者|作者|博主|楼主)已(?:经)?(?:将其?)?删除(?:了)?(?:此|该|本)?(?:内容|文章|笔记|视频|帖子|微博)?"
        ),
    ),
    (
        PageVerdict.EXPIRED,
        "link_expired",
        re.compile(r"(?:链接|分享|页面|网页)(?:地址)?已(?:经)?(?:过期|失效)|链接.{0,4}过期"),
    ),
    (
        PageVerdict.UNAVAILABLE,
        "account_migrated",
        re.compile(r"(?:公众号|账号|帐号)已迁移|已迁移(?:至|到)(?:新的?)?(?:账号|帐号|公众号)"),
    ),
    (
        PageVerdict.UNAVAILABLE,
        "site_closed",
        re.compile(
            r"(?:网站|站点|本站|域名)(?:已|暂时|正在|目前)?(?:关闭|关停|停止服务|暂停服务|暂停访问|维护中|未备案|被暂停|已到期|已过期|已停用)|没有找到站点|未根据工信部"
            r"|(?:内容|文章|笔记|视频|页面)(?:暂时?|当前)?(?:无法|不能|不可)(?:查看|访问|浏览|显示)|你访问的(?:内容|页面)不可用|系统(?:繁忙|出错|维护)|服务器(?:内部)?错误|(?:500|502|503|504)\s*(?:error|bad gateway|internal|service|gateway)"
            r"|service unavailable|bad gateway|internal server error",
            re.IGNORECASE,
        ),
    ),
)
_CAPTCHA = re.compile(
    r"安全验证|人机(?:身份)?验证|滑动验证|行为验证|访问验证|(?:完成|进行|通过)(?:下方|以下|下列|安全)?的?验证(?!码登录)|验证后(?:即可)?(?:继续)?访问|拖动(?:下方|左边|左侧)?的?滑块|按住滑块|"
    r"环境异常|(?:操作|访问|请求|刷新|搜索)(?:过于|太过?)频繁|异常(?:访问|流量|请求)|检测到.{0,12}?(?:异常|爬虫|攻击)|不是机器人|just a moment|checking your browser|"
    r"attention required|verify (?:that )?you are (?:a )?human|are you a robot|security check|unusual traffic|ddos protection|浏览器安全检查|正在检查.{0,6}浏览器",
    re.IGNORECASE,
)
_CODE_ASKED = re.compile(r"输入.{0,10}?验证码|验证码\s*[:：]")
_WAF = re.compile(
    r"(?:请求|访问|行为).{0,12}?(?:已被?|被)(?:拦截|阻断|拒绝|屏蔽|禁止)|网站防火墙|安全狗|云防护|云锁|创宇盾|web应用防火墙|access denied|request blocked|you have been blocked|"
    r"(?:触发|违反).{0,6}?(?:安全|防护)(?:策略|规则)|405.{0,20}?(?:拦截|阻断)|potential threats to the server",
    re.IGNORECASE,
)
_CAPTCHA_SIGNS = (
    "#nc_1_wrapper, .nc-container, .geetest_holder, #captcha-box, #tcaptcha, #TCaptcha, #cf-challenge, #challenge-form, "
    ".cf-turnstile, .g-recaptcha, .h-captcha, #waf_nc_block, #aliyun_captcha, .vaptcha-container, #captcha_widget"
)
_LOGIN_TITLE = re.compile(r"登\s?录|登\s?陆|log\s?in|sign\s?in|账号验证|用户中心", re.IGNORECASE)
_LOGIN_TEXT = re.compile(
    r"(?:请|需要?|必须|您?需)(?:您)?先?\s?(?:登录|登陆)(?:后|才|以|查看|继续|再|\s|！|!|，|。|$)|(?:登录|登陆)(?:后|之后|以后)?(?:才能|才可|方可|即可|可以?|可见)?(?:查看|浏览|访问|阅读|可见|继续)|"
    r"(?:您|你)?(?:还|尚)?(?:未|没有)\s?(?:登录|登陆)|仅(?:限)?(?:会员|登录用户|注册用户)(?:可见|查看|可看)|扫码登录|please (?:log|sign) ?in|log in to (?:continue|see|view)",
    re.IGNORECASE,
)
_GONE_TITLE = re.compile(
    r"\b404\b|(?:页面|网页|内容|文章|信息|商品|帖子|主题|资源)(?:不存在|未找到|找不到|丢失|已删除|已被删除|飞走|走丢)|找不到(?:页面|网页|您|该)|not\s?found|页面出错|出错啦|提示信息|(?:错误|出错)(?:页面|提示)",
    re.IGNORECASE,
)
_GONE_TEXT = re.compile(
    r"(?:页面|网页|内容|文章|信息|商品|帖子|主题|资源|文件|目录|课程|栏目|网址|版块|话题|问题|地址)(?:可能)?(?:已经|已)?(?:不存在|未找到|没找到|找不到了?|丢失|(?:被)?删除|下架|(?:被)?移除|走丢|失联|飞走)|找不到.{0,10}?(?:页面|网页|内容|文章)|"
    r"(?:页面|内容|网页).{0,8}?(?:不见了|被外星人|迷路|去火星)|(?:does not|doesn't) exist|(?:page|file|url|resource).{0,40}?(?:not (?:be )?found|no longer available)|404 (?:not found|error|错误|页面)|error 404",
    re.IGNORECASE,
)
_PARKED = re.compile(
    r"(?:域名|domain).{0,14}?(?:出售|转让|求购|待售|正在(?:出售|交易)|可以?购买|for sale|is parked|parking)|(?:购买|收购|buy|purchase|get)(?:此|该|本| this)\s?(?:域名|domain)|"
    r"(?:此|该|本|this)\s?(?:域名|domain).{0,12}?(?:出售|转让|for sale|available|may be)|sedo(?:parking)?\b|域名停放|domain parking|此页面由.{0,12}?停放",
    re.IGNORECASE,
)
_DEFAULT_PAGE = re.compile(
    r"welcome to nginx|apache2? .{0,20}?default page|it works!|iis windows server|恭喜.{0,4}?站点创建成功|tomcat.{0,20}?successfully installed|test page for the .{0,30}?(?:http server|nginx)|本页面由系统自动生成|网站建设中",
    re.IGNORECASE,
)
_LOADING = re.compile(
    r"^(?:(?:正在|页面|努力|数据)?(?:加载|载入|跳转)中?.{0,6}|loading.{0,6}|please wait.{0,10}|请稍[候等后].{0,6}|\W*)$|"
    r"(?:enable|启用|开启|打开|支持)\s?java\s?script|java\s?script\s?(?:to run|is (?:required|disabled)|已(?:禁用|关闭))",
    re.IGNORECASE,
)
_SCRIPT_MOVE = re.compile(r"(?:location(?:\.href)?\s*=|location\.(?:replace|assign)\s*\()")

#: Content below which a page with scripts that fill an empty element is a shell.
_SHELL = 40
#: A notice stands alone: beside the blocks that hold its wording there is less content than this.
_BESIDE = 100
#: Scripts that write text into the page.
_WRITES = re.compile(
    r"\.innerHTML\s*\+?=|document\.write|\.textContent\s*=|\.innerText\s*=|\.append(?:Child)?\(|\.render\(|\.mount\(|new Vue"
)


def content_length(page: Page) -> int:
    """Unlinked characters of content: what a visitor came for."""
    return sum(max(0, len(b.text) - b.linked) for b in page.blocks if _is_content(b))


def judge(page: Page, *, has_query_form: bool) -> Judgement:
    """The page's verdict and, for all but OK, why."""
    content = content_length(page)
    if content > 2 * _LITTLE_WITH_TITLE:
        return PageVerdict.OK, None
    spoken = [b for b in page.blocks if b.seen and b.kind not in (SegmentKind.SIDEBAR, SegmentKind.NAV)][:60]
    headings = [b.text for b in spoken if b.tag in ("h1", "h2") and len(b.text) < 60][:2]
    title = " ".join([page.title_tag or page.meta.get("og:title", ""), *headings])

    shell = _shell(page, spoken, content)
    if shell:
        return shell
    if not has_query_form:
        check = _check(page, title, spoken, content)
        if check:
            return check
    if content < _LITTLE:
        for verdict, reason, wording in _NOTICES:
            if wording.search(page.title_tag) or _alone(wording, spoken, content):
                return verdict, reason
    if (_PARKED.search(title) and content < _LITTLE_WITH_TITLE) or _alone(_PARKED, spoken, content):
        return PageVerdict.PARKED, "domain_for_sale"
    if (
        len(page.links) < 8
        and content < _LITTLE_WITH_TITLE
        and (_DEFAULT_PAGE.search(title) or _alone(_DEFAULT_PAGE, spoken, content))
    ):
        return PageVerdict.PARKED, "default_page"
    if _gone(title, spoken, content):
        return PageVerdict.SOFT_404, "not_found_wording"
    wall = None if has_query_form else _wall(page, title, content)
    return wall or (PageVerdict.OK, None)


def _is_content(block: Block) -> bool:
    return block.kind in _CONTENT and not block.in_header


def _alone(wording: re.Pattern[str], spoken: list[Block], content: int) -> bool:
    """Whether the page says this and next to nothing else."""
    if content >= _LITTLE + _BESIDE:
        return False
    holding = [b for b in spoken if len(b.text) <= 100 and wording.search(b.text)]
    if not holding:
        return False
    return content - sum(max(0, len(b.text) - b.linked) for b in holding if _is_content(b)) < _BESIDE


def _shell(page: Page, spoken: list[Block], content: int) -> Judgement | None:
    scripted = page.script_count > 0
    bare = " ".join(b.text for b in spoken).strip()
    if (
        scripted
        and content < _SHELL
        and (_is_filled_by_script(page) or (bare and len(bare) < 120 and _LOADING.search(bare)))
    ):
        return PageVerdict.EMPTY, "needs_rendering"
    visible = page.length()
    if visible > 12 and bare:
        return None
    if page.refresh is not None and page.refresh[0] <= 30:
        return PageVerdict.EMPTY, "redirect"
    if any(_SCRIPT_MOVE.search(script) for script in page.scripts if len(script) < 4000) and not page.images:
        return PageVerdict.EMPTY, "redirect"
    if page.tree.css_first("frameset frame[src], iframe[src]") is not None:
        return PageVerdict.EMPTY, "frames_only"
    if visible == 0 and not page.images:
        # No text, no picture: with scripts it may be an application whose mount point has another name.
        return PageVerdict.EMPTY, "needs_rendering" if scripted else "no_text"
    return None


def _is_filled_by_script(page: Page) -> bool:
    """An empty element that an application mounts on, or that one of the page's own scripts writes into."""
    if page.mount_points:
        return True
    for script in page.scripts:
        if _WRITES.search(script) and any(
            f"{quote}{id_}{quote}" in script or f"#{id_}" in script for id_ in page.empty_ids for quote in "\"'`"
        ):
            return True
        if "document.write" in script and page.length() < _SHELL:
            return True
    return False


def _check(page: Page, title: str, spoken: list[Block], content: int) -> Judgement | None:
    if (_CAPTCHA.search(title) and content < _LITTLE_WITH_TITLE) or _alone(_CAPTCHA, spoken, content):
        return PageVerdict.CAPTCHA, "verification_wording"
    lonely = content < 150 and _texts(page) <= 1 and not _passwords(page)
    if lonely and page.tree.css_first(_CAPTCHA_SIGNS) is not None:
        return PageVerdict.CAPTCHA, "verification_widget"
    if (_WAF.search(title) and content < _LITTLE) or _alone(_WAF, spoken, content):
        return PageVerdict.CAPTCHA, "blocked_by_firewall"
    if (
        content < 80
        and _texts(page) == 1
        and not _passwords(page)
        and len(page.links) < 10
        and _said(_CODE_ASKED, spoken)
    ):
        return PageVerdict.CAPTCHA, "verification_code"
    return None


def _said(wording: re.Pattern[str], spoken: list[Block]) -> bool:
    return any(wording.search(block.text) for block in spoken)


def _gone(title: str, spoken: list[Block], content: int) -> bool:
    if _GONE_TITLE.search(title) and content < _LITTLE_WITH_TITLE:
        # "提示信息" is Discuz's title for any notice; it needs the wording as well.
        return "提示信息" not in title or _said(_GONE_TEXT, spoken)
    return _alone(_GONE_TEXT, spoken, content)


def _wall(page: Page, title: str, content: int) -> Judgement | None:
    """A login form with nothing beside it, or a demand to log in with next to nothing beside it. A login box in a page
    head or beside an advertisement is no wall."""
    if _passwords(page) and (content < 30 or (_LOGIN_TITLE.search(title) and content < _LITTLE)):
        return PageVerdict.LOGIN_WALL, "login_form"
    demands = [b for b in page.blocks if _is_content(b) and _LOGIN_TEXT.search(b.text)]
    if demands and content - sum(len(b.text) for b in demands) < 60 and content < _LITTLE:
        return PageVerdict.LOGIN_WALL, "login_wording"
    return None


def _texts(page: Page) -> int:
    return sum(inputs.texts for inputs in page.inputs)


def _passwords(page: Page) -> int:
    return sum(inputs.passwords for inputs in page.inputs)
