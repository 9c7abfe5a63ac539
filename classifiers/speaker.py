"""Who speaks: from host, account, structure and wording."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from classifiers.model import Facts
from domain.assessment import Speaker

_AUTHORITY_ACCOUNT = re.compile(
    r"公安|警方|网警|网信|人社局|人社厅|人力资源和?社会保障|市场监管|市监|检察|法院|考试院|考试中心|教育局|教育厅|应急管理|消防救援|税务|政务|纪委|司法局|消协|消委会|消保委|辟谣|发布$|街道办|人民政府"
)
_MEDIA_ACCOUNT = re.compile(r"日报|晚报|晨报|都市报|新闻|电视台|广播|央视|新华|人民网|澎湃|观察报|周刊|融媒|客户端")
_ORDER_TITLE = re.compile(
    r"(?:关于.{2,60}的(?:通知|公告|通报|函|意见|提示|声明|决定|答复))|(?:公告|通告|通报|通知书?|公示|提示|倡议书|白皮书|办法|条例|规定)$"
)
_SIGNATURE = re.compile(
    r"(?:人力资源和?社会保障[局厅部]|人社[局厅]|市场监督管理[局总]*局?|公安[局厅]|[网互]信办|教育[局厅]|考试院|检察院|人民法院|税务局|应急管理[局厅]|消费者[^\s]{0,6}(?:委员会|协会)|学工部|学生工作部|保卫处|教务处|自考处|服务中心|管理中心|安全中心|委员会|办公室|[省市县区]局)[^\n]{0,24}\s*\n?\s*(?:20\d\d年|二〇)?[^\n]{0,12}$"
)
_PRESS = re.compile(
    r"本报讯|本报记者|记者[^\n。]{1,12}(?:报道|讯)|新华社\d|新华社.{1,6}电|通讯员|（记者|见习记者|央视(?:网|新闻)|融媒体?记者"
)
_ACCOUNT = r"[号搜：:\s]*[A-Za-z0-9_＿+—\-]{5,}"
#: Every alternative begins with a plain character: re then skips to the next one of these, where groups and classes in front
#: would be tried at every character of a page.
_SELLS = re.compile(
    "|".join(
        (
            *(rf"{sign}\s*(?:微|薇|[vV]|qq|QQ|企鹅)" for sign in ("加", "➕", r"\+", "＋")),
            *(
                word + _ACCOUNT
                for word in (
                    *("微信", "薇信", "v[xX]?信?", "V[xX]?信?", "w[xX]", "W[xX]", "QQ", "qq", "扣扣", "企鹅"),
                    *("电话", "手机", "热线", "联系(?:人|电话)?", "详询", "咨询"),
                )
            ),
            r"1[3-9][\dxX*]{9}",
            r"0(?<!\d0)\d{2,3}[-—－ ]?\d{3,4}[-—－ ]?\d{4}",
            r"400[-—－ ]?\d{3}[-—－ ]?\d{4}",
            r"1[3-9]\d-?\d{4}-?\d{4}",
        )
    )
)


def host_of(url: str | None) -> str:
    """Return the lower-case host of ``url`` ("" where there is none or it is no address)."""
    if not url:
        return ""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def under(host: str, listed: frozenset[str]) -> bool:
    """Whether ``host`` is one of ``listed`` or below one of them."""
    labels = host.split(".")
    return any(".".join(labels[i:]) in listed for i in range(len(labels)))


def official(host: str, facts: Facts) -> bool:
    """Whether ``host`` belongs to an authority: gov.cn, mil.cn, or an official site of the facts."""
    return host.endswith((".gov.cn", ".mil.cn")) or host in ("gov.cn", "mil.cn") or under(host, facts.official_hosts)


def gives_contact(text: str) -> int:
    """Return how many private contacts (number, messenger id) the text gives, at most 5."""
    found = 0
    for _ in _SELLS.finditer(text):
        found += 1
        if found == 5:
            break
    return found


def speaker_of(
    title: str, text: str, host: str, account: str | None, facts: Facts, contexts: dict[str, int], contacts: int
) -> Speaker:
    """Return who speaks; ``contexts`` says how many different words of each context concept were found, ``contacts`` how many private contacts (:func:`gives_contact`)."""
    if host and official(host, facts):
        return Speaker.AUTHORITY
    if host and under(host, facts.media_hosts):
        return Speaker.MEDIA
    if account and _AUTHORITY_ACCOUNT.search(account):
        return Speaker.AUTHORITY
    if account and _MEDIA_ACCOUNT.search(account):
        return Speaker.MEDIA
    ending = text[-80:].strip()
    if not contacts and (
        _SIGNATURE.search(ending) or (_ORDER_TITLE.search(title) and contexts.get("official_doc", 0) >= 2)
    ):
        return Speaker.AUTHORITY
    if not contacts and _PRESS.search(text[:400]):
        return Speaker.MEDIA
    sells = contexts.get("enrol", 0) + contexts.get("selling", 0) + contexts.get("contact", 0)
    if contacts and sells >= 2:
        return Speaker.INSTITUTION if contexts.get("honest", 0) >= 3 else Speaker.SELLER
    if sells >= 4:
        return Speaker.INSTITUTION if contexts.get("honest", 0) >= 2 else Speaker.SELLER
    if contexts.get("story", 0) >= 2 or contexts.get("question", 0) >= 2:
        return Speaker.PRIVATE
    return Speaker.SELLER if contacts else Speaker.UNKNOWN
