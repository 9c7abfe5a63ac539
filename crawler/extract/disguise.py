"""Telephone numbers written so that no filter finds them: 幺三八零…, l38OOOO1234, 138后0000再1234, 138微信同号0000….

A number is taken for one only where the whole run has the shape of a mobile, 400 or landline number; what is written
with letters must still be mostly digits. The text is folded before (full width, circled digits).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

NUMERALS = "零〇○一二三四五六七八九壹贰叁肆伍陆柒捌玖幺洞拐勾两貳參"
#: Letters that look like a digit: Latin, Cyrillic and Greek.
LOOKALIKES = "OoОоΟοlIІіЗ"
_TO_DIGITS = str.maketrans(NUMERALS + LOOKALIKES, "000" + "123456789" * 2 + "1079223" + "00000011113")

_LIKE = f"0-9{NUMERALS}{LOOKALIKES}"
#: Between two characters of one number: at most three signs or spaces, but no end of a sentence.
_GAP = r"(?:[^\w。！？；!?;\n]|_){0,3}"
_RUN = re.compile(rf"(?<![A-Za-z{_LIKE}])[{_LIKE}](?:{_GAP}[{_LIKE}]){{9,12}}(?![A-Za-z{_LIKE}])")
#: Signs, or words that advertisers put between the groups of a number.
_FILLER = r"(?:[^\w。！？；!?;,，、:：\n]{1,4}|[(（【\[]?(?:电话微信|手机微信|微信同号|微信|同号|电话|手机|微|信|加|后|再|然后|接着|接|转|薇|威)[)）】\]]?)"
_GROUPS = re.compile(rf"(?<![\d.])(1[3-9]\d)({_FILLER})(\d{{4}})({_FILLER})(\d{{4}})(?!\d)")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_TEL400 = re.compile(r"[48]00\d{7}")


def disguised(line: str) -> Iterator[tuple[str, str, int, int]]:
    """``(kind, digits, start, end)`` of disguised numbers in a folded line; kind ``phone`` or ``tel400``."""
    for match in _RUN.finditer(line):
        written = match[0]
        letters = sum(c in LOOKALIKES for c in written)
        plain = sum("0" <= c <= "9" for c in written)
        if not letters and not any(c in NUMERALS for c in written):
            # Only digits with signs between them: that is a number only in its usual groups, see below.
            continue
        if letters and plain < 6:
            continue
        digits = "".join(c for c in written.translate(_TO_DIGITS) if "0" <= c <= "9")
        if digits.startswith("86") and len(digits) == 13:
            digits = digits[2:]
        if _MOBILE.fullmatch(digits):
            yield "phone", digits, match.start(), match.end()
        elif _TEL400.fullmatch(digits) and not letters:
            yield "tel400", digits, match.start(), match.end()
    for match in _GROUPS.finditer(line):
        first, second = match[2], match[4]
        words = _is_word(first) or _is_word(second)
        brackets = first in ("(", "（", "[", "【") and second in (")", "）", "]", "】")
        if words or brackets or first == second:
            yield "phone", match[1] + match[3] + match[5], match.start(), match.end()


def _is_word(filler: str) -> bool:
    return any(c.isalpha() for c in filler)
