"""What platforms say instead of a post: deleted, taken down, not to be seen, expired, check, wall.

Only asked where no post was found, because posts quote these words. The first match wins; the order puts who deleted
before why, and why before that something is gone.
"""

from __future__ import annotations

import re

from domain.document import PageVerdict

Judgement = tuple[PageVerdict, str]

#: Characters of a page that are searched; a notice stands at its beginning.
MAX_WORDS = 6000

#: What stands on pages of platforms whatever they show: buttons, and the lines of a footer that tell where to complain.
_STANDING = re.compile(
    r"^[ \t]*(?:举报|投诉|侵权|违规举报|侵权(?:投诉|举报)|(?:举报|投诉)(?:反馈|建议|文章问题|此人|该\w{1,4})|(?:投诉|举报)[/／、](?:投诉|举报))[ \t]*$|"
    r"[^\n，。；,;]{0,20}(?:举报|投诉)(?:受理|电话|邮箱|中心|专区|入口|指引|指南|须知|平台|热线|方式|渠道|网站|公告)[^\n，。；;]{0,40}|"
    r"(?:违法|有害|不良)[^\n，。；]{0,8}信息举报[^\n，。；]{0,40}",
    re.MULTILINE,
)
_WHAT = r"(?:内容|文章|图文|笔记|视频|作品|微博|博文|动态|稿件|专栏|回答|问题|帖子|贴子|帖|贴|主题|评论|头条|直播|短视频|页面|信息)"
_NOTICES: tuple[tuple[PageVerdict, str, re.Pattern[str]], ...] = (
    (
        PageVerdict.CAPTCHA,
        "verification_wording",
        re.compile(
            r"安全验证|人机验证|滑块验证|拖动.{0,6}滑块|完成.{0,6}验证(?!码登录)|验证码中间页|网络环境存在?异常|环境异常|环境存在风险|请求(?:存在)?异常|异常流量|异常请求|"
            r"(?:访问|操作|请求|刷新)(?:过于|太过?|次数过于)?频繁|请求被(?:拦截|拒绝)|风控|账号存在安全风险|频次异常|"
            r"暂时限制(?:本次)?访问|机器人|captcha|security check",
            re.IGNORECASE,
        ),
    ),
    (
        PageVerdict.DELETED,
        "deleted_by_author",
        re.compile(
            r"(?:被|由)(?:原?作者|发布者|博主|楼主|用户|本人|up\s?主|创作者|答主|层主)(?:自行|主动)?(?:删除|移除)|"
            r"(?:作者|发布者|博主|楼主|用户|up\s?主|创作者|答主)(?:自行|主动)?(?:已经?)?(?:将其|把它)?(?:删除|移除)|自行删除",
            re.IGNORECASE,
        ),
    ),
    (
        PageVerdict.VIOLATION,
        "violation_notice",
        re.compile(
            r"违规|违反|违法|涉嫌|侵权|被.{0,6}投诉|举报|不适宜|不宜展示|未(?:能)?通过审核|审核(?:未|不)通过|相关法律|法律法规|社区(?:规范|公约|规定)|"
            r"(?:被|已)(?:平台|系统|管理员|吧务)?(?:屏蔽|封禁|封停|封号|禁封)|停止使用|依法.{0,8}(?:不予|无法)|建议修改|(?:管理员|吧务|系统|平台)(?:已)?删除"
        ),
    ),
    (
        PageVerdict.EXPIRED,
        "link_expired",
        re.compile(r"(?:链接|分享|二维码|口令|地址).{0,6}(?:过期|失效)|已过期(?!或)|已失效(?!或)"),
    ),
    (
        PageVerdict.DELETED,
        "deleted_notice",
        re.compile(
            rf"{_WHAT}?(?:可能)?(?:已经?|被)(?:经)?被?(?:删除|移除)|{_WHAT}(?:飞走|走丢|丢失)|status_delete|has been deleted"
        ),
    ),
    (
        PageVerdict.UNAVAILABLE,
        "account_migrated",
        re.compile(r"(?:公众号|帐号|账号|该号).{0,6}(?:已|完成).{0,4}迁移|已迁移(?:至|到)"),
    ),
    (
        PageVerdict.UNAVAILABLE,
        "private",
        re.compile(
            r"仅.{0,8}(?:可见|可看|查看)|私密|权限不足|(?:没有|无|暂无)(?:查看|访问|浏览)?权限|设置了?(?:隐私|权限|可见)|好友可见|半年可见|"
            r"status_self_see|status_friend_see|不公开"
        ),
    ),
    (
        PageVerdict.LOGIN_WALL,
        "login_wording",
        re.compile(
            r"(?:请|需要?|必须)(?:您|先|在)*(?:登录|登陆)|(?:登录|登陆)(?:后|之后|即可|才能|以)[^\n]{0,6}(?:查看|浏览|观看|继续|可见|阅读|访问|更多)|"
            r"(?:未|尚未|没有|还没)登[录陆]|立即登录查看|扫码登录|登录已?(?:过期|失效)|login required|need login|please log ?in",
            re.IGNORECASE,
        ),
    ),
    (
        PageVerdict.UNAVAILABLE,
        "unavailable_notice",
        re.compile(
            rf"{_WHAT}(?:已经?|暂时?|当前|可能)?(?:不存在|不见了|不可见|消失|下架|隐藏|找不到|未找到|无法(?:查看|浏览|播放|显示|访问))|"
            r"(?:无法|不能|暂时?(?:无法|不可|不能))(?:查看|浏览|播放|显示|访问|观看|展示)|不存在|找不到|下架|啥都木有|视频去哪了|审核中|不可见|"
            r"被隐藏|资源不存在|没有知识存在的荒原|注销|不支持查看|本吧暂不开放|系统(?:繁忙|错误|出错)|not found",
            re.IGNORECASE,
        ),
    ),
)


def notice_in(words: str) -> Judgement | None:
    """The verdict that a notice's words stand for, with its reason; None for words that are no notice."""
    words = _STANDING.sub(" ", words[:MAX_WORDS])
    for verdict, reason, wording in _NOTICES:
        if wording.search(words):
            return verdict, reason
    return None
