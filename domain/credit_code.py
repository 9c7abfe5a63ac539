"""统一社会信用代码 (GB 32100-2015): the number by which a body is registered, and its check character."""

from __future__ import annotations

from datetime import date

#: Characters of a code; I, O, S, V and Z are left out because they read like others.
LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def is_credit_code(code: str) -> bool:
    """Whether ``code`` is a 统一社会信用代码 whose check character is right (GB 32100-2015, 4.6 and annex)."""
    if len(code) != 18 or any(c not in LETTERS for c in code):
        return False
    total = sum(LETTERS.index(c) * w for c, w in zip(code, _WEIGHTS, strict=False))
    return LETTERS[(31 - total % 31) % 31] == code[17] and not _is_identity_card(code)


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
