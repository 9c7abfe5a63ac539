"""Reason codes of decisions: one closed Chinese list, so that statistics count the same thing under the same name.

Codes never change their meaning and are never given again; free text stands beside them. ``Q`` codes say why a lead is
confirmed (after the notice's groups), ``W`` codes why it is a false alarm (from which the rules are improved), ``H``
codes what has to be checked.
"""

from __future__ import annotations

from domain.errors import BadInput
from domain.lead_words import EventKind

CONFIRM_REASONS = {
    "Q1": "证书或宣传违规使用“国家”“中国”“职业资格”等字样、标识",
    "Q2": "承诺“包过”“免考”“不培训直接发证”",
    "Q3": "以“国家认可”“上网可查”等作虚假宣传",
    "Q4": "假冒机关或权威机构组织培训、评价、发证",
    "Q5": "伪造、买卖证书或伪造证书查询系统",
    "Q6": "代考、替考或伪造报名资质",
    "Q7": "无资质培训、超范围培训或违规收费",
    "Q8": "夸大证书含金量、误导社会的炒作",
    "Q9": "其他涉嫌违规情形",
}
DISMISS_REASONS = {
    "W1": "正规机构如实宣传（目录内或已备案）",
    "W2": "警示、新闻、政策解读或转述",
    "W3": "与技术技能类证书无关",
    "W4": "不是宣传推广（无推销目的）",
    "W5": "重复线索",
    "W6": "页面识别有误（抽取、图片文字或机器研判）",
    "W7": "不属本专项治理范围",
    "W9": "其他",
}
CHECK_REASONS = {
    "H1": "发证主体是否在目录或备案名单内待查",
    "H2": "经营主体身份待查",
    "H3": "内容不完整或需登录，待取证",
    "H4": "属地待查",
    "H9": "其他",
}

#: Codes allowed for each decision.
REASONS: dict[EventKind, dict[str, str]] = {
    EventKind.CONFIRMED: CONFIRM_REASONS,
    EventKind.DISMISSED: DISMISS_REASONS,
    EventKind.CHECK_REQUESTED: CHECK_REASONS,
}

_TEXTS = CONFIRM_REASONS | DISMISS_REASONS | CHECK_REASONS


def reason_text(code: str | None) -> str:
    """Chinese words of a code; the code itself where it is not known, an empty string for none."""
    return _TEXTS.get(code, code) if code else ""


def check_code(kind: EventKind, code: str | None) -> None:
    """Raise :class:`BadInput` where ``code`` is none of the codes of ``kind``."""
    if code is None:
        return
    allowed = REASONS.get(kind, {})
    if code not in allowed:
        listed = "；".join(f"{name} {text}" for name, text in allowed.items())
        raise BadInput(
            f"“{kind.label}”没有理由代码“{code}”" + (f"；可用：{listed}。" if listed else "；它不用理由代码。")
        )
