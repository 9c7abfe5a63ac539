"""名录: which column of a published list means what, by its Chinese header.

Columns about people (法定代表人, 联系人, 联系电话) are not read at all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a column holds."""

    NAME = "name"
    CODE = "code"
    OCCUPATION = "occupation"
    """职业 or 工种; a list may have a column for each."""
    LEVEL = "level"
    DISTRICT = "district"
    FROM = "from"
    TO = "to"
    VALIDITY = "validity"
    """Begin and end of the term in one cell."""
    REMARK = "remark"
    SERIAL = "serial"
    UNKNOWN = "unknown"


_BODY = "机构|单位|企业|学校|院校|组织|中心|基地"
_DOES = "职业|技能|等级|认定|评价|备案|培训|办学|考核|鉴定|社会|第三方|民办|补贴性?|承训|承担|定点|承接|项目|劳动力|人才|用人|就业"
#: In this order: the first pattern that a whole header meets decides. Brackets, blanks and marks are taken out before.
_PATTERNS: tuple[tuple[Role, re.Pattern[str]], ...] = tuple(
    (role, re.compile(pattern))
    for role, pattern in (
        (Role.SERIAL, r"序号?|编号|no\.?|行号"),
        (Role.CODE, r"(?:.{0,8}统一)?(?:社会)?信用代码(?:证)?(?:号码?)?|.{0,8}统一社会信用代码.{0,4}"),
        (Role.UNKNOWN, r".*(?:主管|审批|发证|许可|登记|推荐|举办|上级|法人|负责|开户|备案部门|备案机关).*(?:单位|机关|机构|部门|名称|人).*"),
        (Role.NAME, rf"(?:{_DOES}|及|和)*(?:{_BODY})(?:{_BODY})?(?:全称|名称|名)?|名称|全称|校名|公司名称|公司|(?:所属)?(?:法人)?单位全称"),
        (Role.NAME, rf"[一-鿿]{{0,12}}(?:{_BODY})(?:全称|名称)"),
        (Role.UNKNOWN, r".*(?:编码|代码|人数|数量|个数|电话|地址|邮箱|网址).*"),
        (Role.TO, r".{0,6}有效期?限?(?:截止|截至|终止|止|至|到|结束)(?:日期|时间|日)?|(?:到期|截止|截至|终止|失效)(?:日期|时间|日)"),
        (Role.FROM, r".{0,6}有效期?限?(?:起始|开始|起|自)(?:日期|时间|日)?|(?:备案|批准|发证|认定|核准|审批|起始|开始|公布|入选)(?:日期|时间|日)"),
        (Role.VALIDITY, r".{0,8}有效(?:期限?|时间|日期)(?:起止|起至止)?|起止(?:日期|时间)|.{0,4}期限"),
        (Role.OCCUPATION, r".{0,10}(?:职业|工种).{0,10}|.{0,6}(?:培训|办学|业务|评价|认定|专业)(?:项目|专业|内容|范围|科目|方向|类别|名称).{0,6}|专业"),
        (Role.LEVEL, r".{0,10}(?:等级|级别|层次).{0,4}"),
        (Role.DISTRICT, r"(?:所在|所属|属|机构所在|注册)?(?:地区|区域|区县|县区|县市区|市县|市县区|市区县|地市|省市|市州|属地|辖区|城市|行政区划?|市|县|区|地|设区市|所在地)"),
        (Role.REMARK, r"备注|说明|附注|备考|其他"),
    )
)  # fmt: skip
_DECORATION = re.compile(r"[\s*:：()\[\]【】“”\"'、,，/／·]+")
#: 职业技能等级 is a level although it holds 职业; 职业工种及等级 holds both and is read as occupations with levels.
_LEVEL_ONLY = re.compile(r"(?:认定|评价|备案|可|鉴定|培训|考核|机构)*(?:职业)?技?能?(?:等级|级别)(?:范围|认定|名称)?")


@dataclass(frozen=True, slots=True)
class Columns:
    """What each column of one list means."""

    names: tuple[str, ...]
    """As written in the file."""
    roles: tuple[Role, ...]

    @property
    def unread(self) -> tuple[str, ...]:
        """Names of columns that are not read."""
        return tuple(n for n, role in zip(self.names, self.roles, strict=True) if n and role is Role.UNKNOWN)

    @property
    def usable(self) -> bool:
        """Whether rows can be taken: they name a body."""
        return Role.NAME in self.roles


def role_of(header: str) -> Role:
    """What a column with this header holds."""
    words = _DECORATION.sub("", unicodedata.normalize("NFKC", header)).lower()
    if not words or len(words) > 30:
        return Role.UNKNOWN
    if _LEVEL_ONLY.fullmatch(words):
        return Role.LEVEL
    return next((role for role, pattern in _PATTERNS if pattern.fullmatch(words)), Role.UNKNOWN)


def columns_of(header: Sequence[str], below: Sequence[str] = ()) -> Columns:
    """Roles of a header row; ``below``: a second row of it (有效期 over 起 and 止).

    Of two columns with one role the first is read; of 职业 and 工种 both.
    """
    names: list[str] = []
    roles: list[Role] = []
    taken: set[Role] = set()
    over = ""
    for index, top in enumerate(header):
        sub = below[index] if index < len(below) else ""
        # A heading over several columns stands in the first of them.
        over = top or over
        both = sub if sub == top else f"{over if sub else top}{sub}"
        role = next(
            (found for found in map(role_of, (sub, both, top)) if found is not Role.UNKNOWN),
            Role.UNKNOWN,
        )
        if role in taken and role is not Role.OCCUPATION:
            role = Role.UNKNOWN
        taken.add(role)
        names.append(" ".join(both.split()))
        roles.append(role)
    while names and not names[-1]:
        names.pop()
        roles.pop()
    return Columns(tuple(names), tuple(roles))
