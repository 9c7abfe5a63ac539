"""Codes of an authenticator app (RFC 6238: SHA-1, six digits, 30 seconds, which every app knows) and recovery codes.

Codes are made by ``cryptography``; the QR code that apps read is drawn by ZXing, which the program reads such codes with.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import unicodedata
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

STEP = 30
#: Steps before and after the present one whose codes are taken: clocks of telephones differ.
_DRIFT = 1
ISSUER = "证巡"
#: Without 0, 1, I, L, O, U: what is copied by hand from paper must not be read in two ways.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODES = 10


def new_secret() -> str:
    """Base32 of 160 random bits (RFC 4226, 4)."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def address(secret: str, name: str) -> str:
    """The ``otpauth://`` address that an app takes over."""
    return _totp(secret).get_provisioning_uri(name, ISSUER)


def qr_code(text: str) -> str:
    """A QR code as the address of an SVG picture (``data:``)."""
    import zxingcpp

    drawn = zxingcpp.write_barcode_to_svg(
        zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M"), scale=5
    )
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.encode()).decode()


def matching_step(secret: str, code: str, now: datetime, after: int) -> int | None:
    """The 30 seconds whose code this is, if they are about now and later than step ``after``; None otherwise."""
    if not re.fullmatch(r"[0-9]{6}", code):
        return None
    totp = _totp(secret)
    present = int(now.timestamp()) // STEP
    matching = [
        step
        for step in range(present - _DRIFT, present + _DRIFT + 1)
        if hmac.compare_digest(totp.generate(step * STEP), code.encode())
    ]
    return next((step for step in matching if step > after), None)


def new_recovery_codes() -> list[str]:
    """Ten codes of 58 bits each, as they are written down: ``ABCD-EFGH-JKMN``."""
    return ["-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3)) for _ in range(CODES)]


def as_typed(code: str) -> str:
    """A code as people type it, in its one form: without blanks, digits of six as they are, letters large with hyphens."""
    plain = re.sub(r"[\s\-_–—]", "", unicodedata.normalize("NFKC", code)).upper()
    if re.fullmatch(r"[0-9]{6}", plain):
        return plain
    return "-".join(plain[start : start + 4] for start in range(0, len(plain), 4))


def _totp(secret: str) -> TOTP:
    return TOTP(base64.b32decode(secret), 6, SHA1(), STEP)  # noqa: S303 - the one hash that every app knows; HMAC does not need more
