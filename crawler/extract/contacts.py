"""Identifiers of whoever runs a page, found in its text (shapes: shared/policy/operators.yaml, GB 32100-2015).

Numbers are read after folding full-width and circled digits; one identifier has one spelling, so that two pages of the
same operator can be joined. A number inside a longer run of digits (certificate numbers, order numbers, identity cards)
is no telephone number.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from urllib.parse import unquote

from crawler.extract.disguise import NUMERALS, disguised
from crawler.extract.institutions import institutions
from domain.credit_code import is_credit_code
from domain.document import Contact, ContactKind, ContactSource, Segment, SegmentKind

#: Contacts kept of one page; more are a directory, not an operator.
MAX_CONTACTS = 200

_FOLDED: dict[int, int | str | None] = {
    **{0xFF01 + i: 0x21 + i for i in range(94)},
    **{0x2460 + i: str(i + 1) for i in range(9)},
    **{0x2474 + i: str(i + 1) for i in range(9)},
    **{0x2776 + i: str(i + 1) for i in range(9)},
    **{0x2780 + i: str(i + 1) for i in range(9)},
    **{0x278A + i: str(i + 1) for i in range(9)},
    **{0x24F5 + i: str(i + 1) for i in range(9)},
    **{0x1D7CE + i: str(i % 10) for i in range(50)},
    0x24FF: "0",
    0x20E3: "",
    0xFE0F: "",
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
    rf"(?:[微薇威维維徽溦葳崴]{_ORNAMENT}[信芯]|[微薇]{_ORNAMENT}x|v{_ORNAMENT}信|v[-_.·\s]?x|w[-_.·\s]?x|wei[-\s]?xin|wechat|绿泡泡"
    r"|[+➕加][vV薇威微](?!信)|卫星(?=号)|[微薇威v][❤♥💗💚🧡](?=[:：\s号a-z0-9])|薇[^\w\s]{0,2}(?=[:：\s号])|v(?=[:：]))"
)
_WECHAT = re.compile(
    rf"(?<![a-zA-Z.]){_WECHAT_WORD}\s?(?:客服|咨询|联系|老师|同步|同)?\s?(?:账?号|id|号码)?\s?(?:[/、和&]\s?(?:手机|电话|qq)号?)?\s?"
    r"(?:[(（][^()（）]{0,8}[)）])?\s?[:：是为→]?\s?"
    r"(?<![a-zA-Z0-9_])([a-zA-Z][-_a-zA-Z0-9]{5,19}|1[3-9]\d{9}|[1-9]\d{5,10}|[a-z](?: [-_a-z0-9]){5,19})(?![-_a-zA-Z0-9@])",
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
    r"(?<![a-zA-Z0-9])(?:q[-_.·\s]?q|[扣抠叩]{2}|企鹅号?|球球)\s?(在线|客服|咨询|交流|学习)?\s?(群)?\s?(?:账?号|号码)?\s?(?:[(（][^()（）]{0,8}[)）])?\s?[:：是为]?\s?"
    r"([1-9]\d{4,10})(?![\d@])(?!\.)"
    r"|(?:[qQ]群|加群|群号码?)\s?[:：]?\s?([1-9]\d{5,10})(?![\d@])",
    re.IGNORECASE,
)
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])([A-Za-z0-9][A-Za-z0-9._%+-]{0,63})@([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4})"
)
_DISGUISED_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])([A-Za-z0-9][A-Za-z0-9._-]{1,40}|[1-9]\d{1,4}(?: \d{1,4}){1,4})\s?(?:#|@|\(at\)|\[at\]|艾特)\s?"
    r"((?:vip\s?\.\s?)?(?:qq|163|126|sina|sohu|foxmail|139|189|aliyun|yeah))\s?(?:\.|点)\s?(com|cn|net)(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_FILE_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".js", ".css")

_PROVINCES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川蜀贵黔云滇藏陕秦甘陇青宁新"
_ICP = re.compile(
    rf"([{_PROVINCES}])\s?ICP\s?(备|证)\s?(?:第\s?)?(\d{{5,10}})\s?号?(?:\s?-\s?(\d{{1,4}}[A-Z]?|[AX]\d?|\d{{0,3}}[AX]))?(?!\d)",
    re.IGNORECASE,
)
_POLICE = re.compile(rf"([{_PROVINCES}])?\s?公\s?网\s?安\s?备\s?(?:第\s?)?(\d{{11,15}})\s?号?")
_CREDIT = re.compile(r"(?<![0-9A-Za-z])([0-9A-HJ-NP-RTUWXY](?:[ -]?[0-9A-HJ-NP-RTUWXY]){17})(?![0-9A-Za-z])")
_ADDRESS = re.compile(r"(?:https?://|www\.)[\x21-\x7e]+")
_UIN = re.compile(r"[?&/]uin=([1-9]\d{4,11})", re.IGNORECASE)


def contacts(text: str, references: Iterable[str] = ()) -> tuple[Contact, ...]:
    """Identifiers in ``text`` and in contact addresses (``tel:``, ``mailto:``, QQ message links), in order, once each.

    ``start`` and ``end`` of what stands in the text count in ``text``.
    """
    found: dict[tuple[ContactKind, str], Contact] = {}
    for reference in references:
        for contact in _from_reference(reference):
            found.setdefault((contact.kind, contact.value), contact)
    for contact in institutions(text):
        found.setdefault((contact.kind, contact.value), contact)
    for offset, line, folded in _lines_worth_reading(text):
        for kind, value, start, end, confidence in _from_line(folded):
            if (kind, value) in found:
                continue
            place = _unfolded(line, folded, start, end)
            raw = line[place[0] : place[1]].strip()
            found[kind, value] = Contact(
                kind,
                value,
                raw="" if raw == value else raw[:_MAX_RAW],
                start=offset + place[0],
                end=offset + place[1],
                confidence=confidence,
            )
            if len(found) >= MAX_CONTACTS:
                return tuple(found.values())
    return tuple(found.values())


#: Characters kept of an identifier as it was written.
_MAX_RAW = 80


def contacts_of(
    segments: Sequence[Segment], references: Iterable[str] = (), *, before: str = "", more: Iterable[Contact] = ()
) -> tuple[Contact, ...]:
    """Identifiers in the segments of one document, placed in them; ``before``: its title or account, read first;
    ``more``: what was found elsewhere (page source)."""
    texts = [segment.text for segment in segments]
    found = contacts("\n".join([before, *texts] if before else texts), references)
    starts = [0]
    for text in [before, *texts] if before else texts:
        starts.append(starts[-1] + len(text) + 1)
    placed: dict[tuple[ContactKind, str], Contact] = {}
    for contact in found:
        if contact.start is not None and contact.end is not None:
            index = bisect_right(starts, contact.start) - 1
            segment = index - 1 if before else index
            contact = replace(
                contact,
                segment=segment if segment >= 0 else None,
                start=contact.start - starts[index],
                end=contact.end - starts[index],
                source=ContactSource.PICTURE
                if 0 <= segment < len(segments) and segments[segment].kind is SegmentKind.PICTURE
                else contact.source,
            )
        placed[contact.kind, contact.value] = contact
    for contact in more:
        if len(placed) < MAX_CONTACTS:
            placed.setdefault((contact.kind, contact.value), contact)
    return tuple(placed.values())


_ENCLOSED = "①-⑨⑴-⑼❶-❾➀-➈➊-➒⓵-⓽𝟎-𝟿"
_DIGIT = rf"0-9０-９{NUMERALS}OoОоlI"
_FILLERS = r"[-－–—. ()（）*_~/·\u200b-\u200d\u2060\ufeff\ufe0f\u20e3]{0,2}"
#: What a line must hold to be read. Its first character is out of one set, and what must follow is said behind it: to
#: that set ``re`` runs through a page twenty times as fast as to the beginnings of alternatives.
_WORTH = re.compile(
    rf"[{_DIGIT}@＠微薇威溦葳崴❤{_ENCLOSED}vVｖＶwWｗＷqQｑＱ扣抠叩企球绿+＋➕加a](?:"
    rf"(?<=[{_DIGIT}]){_FILLERS}(?:[{_DIGIT}]{_FILLERS}){{4}}|(?<=[@＠微薇威溦葳崴❤{_ENCLOSED}])"
    r"|(?<=[vVｖＶwWｗＷ]).?[xXｘＸ信]|(?<=[qQｑＱ])[-_.· ]?[qQｑＱ]|(?<=扣)扣|(?<=抠)抠|(?<=叩)叩|(?<=企)鹅|(?<=球)球|(?<=绿)泡泡"
    r"|(?<=[+＋➕加])[vVｖＶ]|(?<=[vVｖＶ])[:：❤♥💗💚]|(?<=[wW])[ie]|(?<=1)[3-9][0-9][^0-9\n]{1,6}[0-9]{4}[^0-9\n]{1,6}[0-9]{4}|(?<=a)t[\])])"
)
_FOUR_DIGITS = re.compile(r"\d[-. )(]?\d[-. )(]?\d[-. )(]?\d")
#: A disguised number holds a numeral or a look-alike letter beside a digit, or a filler between its groups.
_DISGUISE = re.compile(
    rf"[{NUMERALS}][^\w\s]{{0,2}} ?[{NUMERALS}0-9]|[0-9][^\w\s]{{0,2}} ?[OoОоlI{NUMERALS}][^\w\s]{{0,2}} ?[0-9OoОоlI{NUMERALS}]|1[3-9]\d[^\d]{{1,6}}\d{{4}}"
)
_WECHAT_HINT = re.compile(
    r"信|芯|[vw][-_.·\s]?x|[+➕加][v薇威微]|[微薇威溦葳崴]|wechat|wei[- ]?xin|绿泡泡|卫星|v[:：❤♥💗💚🧡]"
)
_QQ_HINT = re.compile("q|扣|抠|叩|企鹅|球球|群")
_MAX_LINE = 2000

#: One identifier of a folded line: kind, value, where it begins and ends there, how sure it is.
_Found = tuple[ContactKind, str, int, int, float]


def _lines_worth_reading(text: str) -> Iterator[tuple[int, str, str]]:
    """(offset, line, folded line) of lines that may hold a contact; long ones in overlapping pieces, so that no
    expression sees megabytes."""
    at = 0
    while (found := _WORTH.search(text, at)) is not None:
        begin = text.rfind("\n", 0, found.start() + 1) + 1
        end = text.find("\n", found.start())
        end = len(text) if end < 0 else end
        line = text[begin:end]
        for start in range(0, len(line), _MAX_LINE - 60):
            piece = line[start : start + _MAX_LINE]
            yield begin + start, piece, piece.translate(_FOLD)
            if start + _MAX_LINE >= len(line):
                break
        at = end + 1


def _unfolded(line: str, folded: str, start: int, end: int) -> tuple[int, int]:
    """The place in ``line`` of what stands at ``start`` to ``end`` when it is folded (folding deletes characters)."""
    if len(line) == len(folded):
        return start, end
    kept = [index for index, character in enumerate(line) if _FOLDED.get(ord(character), "x")]
    return kept[start], kept[end - 1] + 1


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _from_line(line: str) -> Iterator[_Found]:
    """The cheap tests before each expression name a character without which it cannot match."""
    plain = _ADDRESS.sub(_blank, line) if "://" in line or "www." in line else line
    lowered = plain.lower()
    if len(lowered) != len(plain):
        lowered = plain
    if _FOUR_DIGITS.search(plain):
        yield from _numbers(plain)
    if _DISGUISE.search(plain):
        for kind, digits, start, end in disguised(plain):
            yield ContactKind(kind), digits, start, end, 0.85
    if _WECHAT_HINT.search(lowered):
        for match in _WECHAT.finditer(plain):
            value = match[1].lower().replace(" ", "")
            if value not in _NOT_WECHAT and (" " not in match[1] or any(c.isdigit() for c in value)):
                yield ContactKind.WECHAT, value, match.start(1), match.end(1), 0.95
        for match in _SAME_NUMBER.finditer(plain):
            yield ContactKind.WECHAT, _digits(match[1]), match.start(1), match.end(1), 0.95
    if _QQ_HINT.search(lowered):
        for match in _QQ.finditer(plain):
            if match[4] or match[2]:
                group = 4 if match[4] else 3
                yield ContactKind.QQ_GROUP, match[group], match.start(group), match.end(group), 0.9
            else:
                yield ContactKind.QQ, match[3], match.start(3), match.end(3), 0.95
    if "@" in plain:
        for match in _EMAIL.finditer(plain):
            address = f"{match[1]}@{match[2]}".lower().rstrip(".")
            if not address.endswith(_FILE_ENDINGS):
                yield ContactKind.EMAIL, address, match.start(), match.end(), 1.0
    if "#" in plain or "@" in plain or "at" in lowered or "艾特" in plain:
        for match in _DISGUISED_EMAIL.finditer(plain):
            address = re.sub(r"\s", "", f"{match[1]}@{match[2]}.{match[3]}").lower()
            yield ContactKind.EMAIL, address, match.start(), match.end(), 0.85
    if "icp" in lowered:
        for match in _ICP.finditer(plain):
            suffix = f"-{match[4].upper()}" if match[4] else ""
            value = f"{match[1]}ICP{match[2]}{match[3]}号{suffix}"
            yield ContactKind.ICP, value, match.start(), match.end(), 1.0
    if "备" in plain:
        for match in _POLICE.finditer(plain):
            value = f"{match[1] or ''}公网安备{match[2]}号"
            yield ContactKind.POLICE_RECORD, value, match.start(), match.end(), 1.0
    for match in _CREDIT.finditer(plain.upper()) if _FOUR_DIGITS.search(plain) else ():
        code = re.sub(r"[ -]", "", match[1])
        if is_credit_code(code):
            yield ContactKind.CREDIT_CODE, code, match.start(1), match.end(1), 1.0


def _numbers(line: str) -> Iterator[_Found]:
    for match in _PHONE.finditer(line):
        if not _labelled_otherwise(line, match):
            yield ContactKind.PHONE, _digits(match[0])[-11:], match.start(), match.end(), 1.0
    for match in _TEL400.finditer(line):
        if not _labelled_otherwise(line, match):
            yield ContactKind.TEL400, _digits(match[0]), match.start(), match.end(), 1.0
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
            yield ContactKind.LANDLINE, area + number, match.start(), match.end(), 1.0


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


def _from_reference(reference: str) -> Iterator[Contact]:
    scheme, _, rest = reference.strip().partition(":")
    scheme = scheme.lower()
    rest = unquote(rest, errors="replace").translate(_FOLD).strip()
    if scheme in ("tel", "sms"):
        for kind, value, _, _, _ in _numbers(rest.lstrip("/").replace(";", " ")):
            yield Contact(kind, value, source=ContactSource.LINK)
    elif scheme == "mailto":
        match = _EMAIL.search(rest)
        if match:
            yield Contact(ContactKind.EMAIL, f"{match[1]}@{match[2]}".lower(), source=ContactSource.LINK)
    match = _UIN.search(reference)
    if match:
        yield Contact(ContactKind.QQ, match[1], source=ContactSource.LINK)


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())
