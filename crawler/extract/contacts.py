"""Identifiers of whoever runs a page, found in its text (shapes: shared/policy/operators.yaml, GB 32100-2015).

Numbers are read after folding full-width and circled digits; one identifier has one spelling, so that two pages of the
same operator can be joined. A number inside a longer run of digits (certificate numbers, order numbers, identity cards)
is no telephone number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from urllib.parse import unquote

from domain.document import Contact, ContactKind

#: Contacts kept of one page; more are a directory, not an operator.
MAX_CONTACTS = 200

_FOLDED: dict[int, int | str | None] = {
    **{0xFF01 + i: 0x21 + i for i in range(94)},
    **{0x2460 + i: str(i + 1) for i in range(9)},
    **{0x2474 + i: str(i + 1) for i in range(9)},
    **{0x2776 + i: str(i + 1) for i in range(9)},
    0x24EA: "0",
    0x3000: " ",
    0xA0: " ",
    0x200B: "",
    0x200C: "",
    0x200D: "",
    0x2060: "",
    0xFEFF: "",
    ord("–"): "-",
    ord("—"): "-",
    ord("－"): "-",
    ord("‐"): "-",
    ord("−"): "-",
    ord("備"): "备",
    ord("證"): "证",
    ord("網"): "网",
    ord("號"): "号",
}
_FOLD = str.maketrans(_FOLDED)
_NUMERALS = "零〇○一二三四五六七八九壹贰叁肆伍陆柒捌玖幺洞拐勾两"
_NUMERAL_DIGITS = str.maketrans(_NUMERALS, "000123456789123456789107921"[: len(_NUMERALS)])
_SPELLED_PHONE = re.compile(rf"(?<![{_NUMERALS}\d])[一壹幺1](?:[ ,、-]?[{_NUMERALS}\d]){{10}}(?![{_NUMERALS}\d])")

_WHOLE_MOBILE = r"1[3-9]\d{9}"


def _grouped_mobile(name: str) -> str:
    """A mobile number in groups (3-4-4, 4-3-4, 3-3-5 or digit by digit) with one separator throughout."""
    groups = (
        r"1[3-9]\d{sep}\d{{4}}{again}\d{{4}}",
        r"1[3-9]\d{{2}}{sep}\d{{3}}{again}\d{{4}}",
        r"1[3-9]\d{sep}\d{{3}}{again}\d{{5}}",
    )
    spelled = [group.format(sep=f"(?P<{name}{n}>[-. ])", again=f"(?P={name}{n})") for n, group in enumerate(groups)]
    return "|".join([*spelled, rf"1(?P<{name}9>[-. ])[3-9](?:(?P={name}9)\d){{9}}"])


#: In front of a grouped number there must be no digit with a separator (then it is the middle of something longer),
#: unless the country code says that a number begins.
_PHONE = re.compile(
    rf"(?<![\d.])(?:(?:\+|00)?86[- ]?(?:{_WHOLE_MOBILE}|{_grouped_mobile('a')})"
    rf"|{_WHOLE_MOBILE}|(?<!\d[-. ])(?:{_grouped_mobile('b')}))(?!\d|[-. ]\d{{1,3}}(?!\d))"
)
_TEL400 = re.compile(
    r"(?<![\d.￥¥$-])[48]00(?:\d{7}|[- ]\d{7}|[- ]\d{3}[- ]\d{4}|[- ]\d{4}[- ]\d{3}|\d[- ]\d{3}[- ]\d{3}|[- ]?\d{3}[- ]?\d{4}"
    r"|[- ]\d{2}[- ]\d{5}|[- ]\d{5}[- ]\d{2})(?!\d|-\d|\s?[元万块])"
)
_LANDLINE = re.compile(
    r"(?<![\d.-])(?:\+?86[- ]?)?\(?(0?(?:10|2[0-57-9]|[3-9]\d{2}))\)?([- ]?)(\d{7,8})(?:(?:-|转|ext\.?)\s?\d{1,6})?(?!\d)"
)
_NUMBER_LABEL = re.compile(
    r"(?:编号|证号|单号|学号|考号|流水号|工号|订单号?|准考证号?|序列号|条形?码|税号|账号|卡号|许可证号?|ID)[:：为是\s]*$",
    re.IGNORECASE,
)
_CALL_WORD = re.compile(r"(?:tel|phone|mobile|call|vx|wx|v|wechat|weixin|qq|m|mob|fax|t|p|with|com)$", re.IGNORECASE)

#: Decoration between two characters of a disguised word (微❤信, v-x); full-width forms are folded before.
_ORNAMENT = r"[^\w\s:：，。,;；、/]{0,2}\s?"
_WECHAT_WORD = (
    rf"(?:[微薇威维維徽]{_ORNAMENT}[信芯]|[微薇]{_ORNAMENT}x|v{_ORNAMENT}信|v[-_.·\s]?x|w[-_.·\s]?x|wechat|weixin|绿泡泡"
    r"|[+➕加][vV薇威微]|卫星(?=号)|薇[^\w\s]{0,2}(?=[:：\s号]))"
)
_WECHAT = re.compile(
    rf"(?<![a-zA-Z.]){_WECHAT_WORD}\s?(?:客服|咨询|联系|老师|同步|同)?\s?(?:账?号|id|号码)?\s?(?:[/、和&]\s?(?:手机|电话|qq)号?)?\s?"
    r"(?:[(（][^()（）]{0,8}[)）])?\s?[:：是为→]?\s?"
    r"(?<![a-zA-Z0-9_])([a-zA-Z][-_a-zA-Z0-9]{5,19}|1[3-9]\d{9}|[1-9]\d{5,10})(?![-_a-zA-Z0-9@])",
    re.IGNORECASE,
)
_SAME_NUMBER = re.compile(
    r"(1[3-9]\d[- ]?\d{4}[- ]?\d{4})\s?[(（【\[]?\s?(?:微\s?信|v信?|vx|wx|电话微信|手机微信)\s?(?:同号?|同步|一样)",
    re.IGNORECASE,
)
_NOT_WECHAT = frozenset(
    [
        "wechat",
        "weixin",
        "alipay",
        "official",
        "follow",
        "login",
        "share",
        "qrcode",
        "public",
        "scan",
        "number",
        "account",
    ]
)
_QQ = re.compile(
    r"(?<![a-zA-Z0-9])(?:q\s?q|扣扣|企鹅号?|球球|qq在线|qq客服|客服qq|咨询qq)\s?(?:客服|咨询|群|账?号|号码)?\s?(?:[(（][^()（）]{0,8}[)）])?\s?[:：是为]?\s?"
    r"([1-9]\d{4,10})(?![\d@])(?!\.)",
    re.IGNORECASE,
)
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])([A-Za-z0-9][A-Za-z0-9._%+-]{0,63})@([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4})"
)
_FILE_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".js", ".css")

_PROVINCES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川蜀贵黔云滇藏陕秦甘陇青宁新"
_ICP = re.compile(
    rf"([{_PROVINCES}])\s?ICP\s?(备|证)\s?(?:第\s?)?(\d{{5,10}})\s?号?(?:\s?-\s?(\d{{1,4}}[A-Z]?|[AX]\d?|\d{{0,3}}[AX]))?(?!\d)",
    re.IGNORECASE,
)
_POLICE = re.compile(rf"([{_PROVINCES}])?\s?公\s?网\s?安\s?备\s?(?:第\s?)?(\d{{11,15}})\s?号?")
_CREDIT = re.compile(r"(?<![0-9A-Za-z])([0-9A-HJ-NP-RTUWXY](?:[ -]?[0-9A-HJ-NP-RTUWXY]){17})(?![0-9A-Za-z])")
_CREDIT_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ADDRESS = re.compile(r"(?:https?://|www\.)[\x21-\x7e]+")
_UIN = re.compile(r"[?&/]uin=([1-9]\d{4,11})", re.IGNORECASE)


def contacts(text: str, references: Iterable[str] = ()) -> tuple[Contact, ...]:
    """Identifiers in ``text`` and in contact addresses (``tel:``, ``mailto:``, QQ message links), in order, once each."""
    found: dict[Contact, None] = {}
    for reference in references:
        for contact in _from_reference(reference):
            found[contact] = None
    for line in _lines_worth_reading(text):
        for contact in _from_line(line):
            found[contact] = None
            if len(found) >= MAX_CONTACTS:
                return tuple(found)
    return tuple(found)


def is_credit_code(code: str) -> bool:
    """Whether ``code`` is a 统一社会信用代码 whose check character is right (GB 32100-2015, 4.6 and annex)."""
    if len(code) != 18 or any(c not in _CREDIT_LETTERS for c in code):
        return False
    total = sum(_CREDIT_LETTERS.index(c) * w for c, w in zip(code, _CREDIT_WEIGHTS, strict=False))
    return _CREDIT_LETTERS[(31 - total % 31) % 31] == code[17] and not _is_identity_card(code)


#: Characters of which every contact has one, in any width; one set, because that is what a regular expression finds
#: fastest, and most lines of a page have none.
_TRACE = re.compile("[0-9０-９@＠微薇威❤①-⑨⑴-⑼❶-❾vVｖＶwWｗＷqQｑＱ扣鹅球泡一壹幺]")
#: What the lines with such a character must hold to be read.
_WORTH = re.compile(
    rf"(?:[0-9０-９][-－–—. ()（）\u200b-\u200d\u2060\ufeff]{{0,2}}){{5}}|[@＠微薇威❤①-⑨⑴-⑼❶-❾]|[vVｖＶwWｗＷ].?[xXｘＸ信]|[qQｑＱ] ?[qQｑＱ]|扣扣|企鹅|球球|绿泡泡|[+＋➕加][vVｖＶ]"
    rf"|[一壹幺](?:[ ,、-]?[{_NUMERALS}]){{5}}|[wW][ie]"
)
_FOUR_DIGITS = re.compile(r"\d[-. )(]?\d[-. )(]?\d[-. )(]?\d")
_FIVE_NUMERALS = re.compile(rf"(?:[{_NUMERALS}][ ,、-]?){{5}}")
_WECHAT_HINT = re.compile(r"信|芯|[vw][-_.·\s]?x|[+➕加][v薇威微]|[微薇]|wechat|weixin|绿泡泡|卫星")
_MAX_LINE = 2000


def _lines_worth_reading(text: str) -> Iterable[str]:
    """Lines that may hold a contact, folded; long ones in overlapping pieces, so that no expression sees megabytes."""
    for line in text.split("\n"):
        if not _TRACE.search(line) or not _WORTH.search(line):
            continue
        line = line.translate(_FOLD)
        for start in range(0, len(line), _MAX_LINE - 60):
            yield line[start : start + _MAX_LINE]
            if start + _MAX_LINE >= len(line):
                break


def _from_line(line: str) -> Iterable[Contact]:
    """The cheap tests before each expression name a character without which it cannot match."""
    plain = _ADDRESS.sub(" ", line) if "://" in line or "www." in line else line
    lowered = plain.lower()
    if _FOUR_DIGITS.search(plain):
        yield from _numbers(plain)
    if _FIVE_NUMERALS.search(plain):
        yield from _spelled(plain)
    if _WECHAT_HINT.search(lowered):
        for match in _WECHAT.finditer(plain):
            value = match[1].lower()
            if value not in _NOT_WECHAT:
                yield Contact(ContactKind.WECHAT, value)
        for match in _SAME_NUMBER.finditer(plain):
            yield Contact(ContactKind.WECHAT, _digits(match[1]))
    if "q" in lowered or "扣" in plain or "企鹅" in plain or "球球" in plain:
        for match in _QQ.finditer(plain):
            yield Contact(ContactKind.QQ, match[1])
    if "@" in plain:
        for match in _EMAIL.finditer(plain):
            address = f"{match[1]}@{match[2]}".lower().rstrip(".")
            if not address.endswith(_FILE_ENDINGS):
                yield Contact(ContactKind.EMAIL, address)
    if "icp" in lowered:
        for match in _ICP.finditer(plain):
            suffix = f"-{match[4].upper()}" if match[4] else ""
            yield Contact(ContactKind.ICP, f"{match[1]}ICP{match[2]}{match[3]}号{suffix}")
    if "备" in plain:
        for match in _POLICE.finditer(plain):
            yield Contact(ContactKind.POLICE_RECORD, f"{match[1] or ''}公网安备{match[2]}号")
    for match in _CREDIT.finditer(plain.upper()) if _FOUR_DIGITS.search(plain) else ():
        code = re.sub(r"[ -]", "", match[1])
        if is_credit_code(code):
            yield Contact(ContactKind.CREDIT_CODE, code)


def _spelled(line: str) -> Iterable[Contact]:
    for match in _SPELLED_PHONE.finditer(line):
        digits = re.sub(r"\D", "", match[0].translate(_NUMERAL_DIGITS))
        if re.fullmatch(r"1[3-9]\d{9}", digits) and not match[0].isdigit():
            yield Contact(ContactKind.PHONE, digits)


def _numbers(line: str) -> Iterable[Contact]:
    for match in _PHONE.finditer(line):
        if not _labelled_otherwise(line, match):
            digits = _digits(match[0])
            yield Contact(ContactKind.PHONE, digits[-11:])
    for match in _TEL400.finditer(line):
        if not _labelled_otherwise(line, match):
            yield Contact(ContactKind.TEL400, _digits(match[0]))
    for match in _LANDLINE.finditer(line):
        area, separator, number = match[1], match[2], match[3]
        prefixed = match[0].lstrip("+").startswith("86")
        if not area.startswith("0"):
            if not prefixed:
                continue
            area = f"0{area}"
        # Three-digit areas (010, 02x) have eight digits; without a separator anything shorter is some other number.
        if len(number) < 8 and len(area) == 3:
            continue
        if number[0] not in "2345678" and not (separator == "-" or ")" in match[0]):
            continue
        if not separator and ")" not in match[0] and len(area) + len(number) < 11:
            continue
        if not _labelled_otherwise(line, match):
            yield Contact(ContactKind.LANDLINE, area + number)


def _labelled_otherwise(line: str, match: re.Match[str]) -> bool:
    """Whether what stands around says that the digits are part of something else."""
    start, end = match.start(), match.end()
    before = line[max(0, start - 16) : start]
    if _NUMBER_LABEL.search(before):
        return True
    if end < len(line) and (line[end].isascii() and (line[end].isalpha() or line[end] in "_=/")):
        return True
    last = before[-1:]
    if last in ("_", "/", "=", "#"):
        return last != "/" or not before[-2:-1] or before[-2:-1].isascii()
    if last.isascii() and last.isalpha():
        word = re.search(r"[A-Za-z]+$", before)
        return word is None or _CALL_WORD.fullmatch(word[0]) is None
    return False


def _from_reference(reference: str) -> Iterable[Contact]:
    scheme, _, rest = reference.strip().partition(":")
    scheme = scheme.lower()
    rest = unquote(rest, errors="replace").translate(_FOLD).strip()
    if scheme in ("tel", "sms"):
        yield from _numbers(rest.lstrip("/").replace(";", " "))
    elif scheme == "mailto":
        match = _EMAIL.search(rest)
        if match:
            yield Contact(ContactKind.EMAIL, f"{match[1]}@{match[2]}".lower())
    match = _UIN.search(reference)
    if match:
        yield Contact(ContactKind.QQ, match[1])


def _is_identity_card(code: str) -> bool:
    """An 18-digit citizen number (GB 11643) can pass the other check by chance: birthday and its own check tell."""
    if not code[:17].isdigit():
        return False
    try:
        date(int(code[6:10]), int(code[10:12]), int(code[12:14]))
    except ValueError:
        return False
    total = sum(int(c) * pow(2, 17 - i, 11) for i, c in enumerate(code[:17]))
    return "10X98765432"[total % 11] == code[17]


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())
