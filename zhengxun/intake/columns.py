"""举报清单: which column of a complaint list means what, by its Chinese header.

Two things are kept apart, because mixing them up would accuse people: what the page says (内容, 正文, 文案), which is judged,
and what the complainant says of it (举报内容, 问题描述), which is kept as a remark and never judged. Columns about the
complainant (举报人, 联系电话) are not read at all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a column holds."""

    URL = "url"
    TITLE = "title"
    CONTENT = "content"
    ACCOUNT = "account"
    ACCOUNT_ID = "account_id"
    PLATFORM = "platform"
    PUBLISHED = "published"
    REMARK = "remark"
    """Kept beside the content and shown, not judged."""
    PRIVATE = "private"
    """About the complainant: not read."""
    UNKNOWN = "unknown"


#: In this order: the first pattern that a header meets decides. Patterns meet anywhere in the header.
_PATTERNS: tuple[tuple[Role, re.Pattern[str]], ...] = tuple(
    (role, re.compile(pattern))
    for role, pattern in (
        (Role.REMARK, r"(?:图片|截图|附件|照片|证据|封面|头像).*(?:链接|网址|地址|url|路径)|截图|附件"),
        (Role.URL, r"网址|链接|url|link|href|(?:网页|网站|页面|发布|网络)地址|域名|^地址$|^网站$"),
        (Role.ACCOUNT, r"被(?:举报|投诉|反映).*(?:人|者|账号|帐号|账户|单位|机构|主体)|^被(?:举报|投诉|反映)方$"),
        (
            Role.PRIVATE,
            r"(?:举报|投诉|反映|信访|申诉|报案)(?:人|者)|身份证|^(?:联系|手机)?(?:电话|手机号?码?|方式)$|联系人|联系方式|住址",
        ),
        (
            Role.PUBLISHED,
            r"(?:发布|发文|发帖|发表|推送|刊登|上线).{0,2}(?:时间|日期)|^(?:publish|pub)_?(?:time|date|ed_at)$",
        ),
        (Role.REMARK, r"时间|日期|^(?:time|date)$|举报|投诉|反映|受理|违法|违规|诉求|处理|办理|核查|研判|初核"),
        (Role.CONTENT, r"(?:视频|作品|笔记|商品|服务|课程|广告).{0,2}描述"),
        (Role.REMARK, r"问题|事由|情况|原因|理由|说明|备注|描述|编号|序号|单号|工单|状态|结果|类别|来源(?!平台)"),
        (Role.PLATFORM, r"平台|渠道|^媒体|网站类型|app名称|platform"),
        (Role.ACCOUNT_ID, r"(?:账号|帐号|用户|作者|公众号).{0,2}(?:id|编码)|^uid$|微信号|抖音号|快手号|小红书号"),
        (
            Role.ACCOUNT,
            r"账号|帐号|账户|作者|发布者|发布人|发布主体|发布单位|用户名|昵称|公众号|主播|博主|up主|店铺|机构|单位|主体"
            r"|网站名|author|account|nickname",
        ),
        (Role.TITLE, r"标题|题目|主题|文章名|视频名|信息名|^名称$|title"),
        (Role.CONTENT, r"内容|正文|文案|全文|文本|原文|宣传语|广告语|话术|文字|摘录|content|^text$|^desc$"),
        (Role.REMARK, r"地区|属地|省|市|区县|所在地|^ip"),
    )
)
_DECORATION = re.compile(r"[\s*:：()（）\[\]【】“”\"'、]+")


@dataclass(frozen=True, slots=True)
class Columns:
    """What each column of one list means."""

    names: tuple[str, ...]
    """As written in the file."""
    roles: tuple[Role, ...]

    @property
    def usable(self) -> bool:
        """Whether rows can be taken: they say where something stands, or what it says."""
        return bool({Role.URL, Role.CONTENT} & set(self.roles))

    @property
    def unread(self) -> tuple[str, ...]:
        """Names of columns that are not read."""
        return tuple(
            name
            for name, role in zip(self.names, self.roles, strict=True)
            if name and role in (Role.PRIVATE, Role.UNKNOWN)
        )


def role_of(header: str) -> Role:
    """What a column with this header holds."""
    words = _DECORATION.sub("", unicodedata.normalize("NFKC", header)).lower()
    if not words:
        return Role.UNKNOWN
    return next((role for role, pattern in _PATTERNS if pattern.search(words)), Role.UNKNOWN)


def columns_of(header: Sequence[str]) -> Columns:
    """Roles of all columns of a header row."""
    return Columns(tuple(name.strip() for name in header), tuple(role_of(name) for name in header))
