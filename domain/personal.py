"""Personal data in running text, told by its shape, and its masking in place.

Two places mask: what is shown (:mod:`digest.text`, which may change the length of a text), and what has been kept in
clear long enough (here: every character stays where it is, so that spans of findings and contacts keep their meaning).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from domain.document import PERSONAL, Contact, ContactKind

#: A mobile number, its parts maybe set apart: groups are the first three digits, the separator, the last four.
PHONE = re.compile(r"(?<![\d*])([1１][3-9３-９]\d)([ \-－—·.]?)\d{4}\2(\d{4})(?!\d)")
#: An identity card: region, and the last four with the check digit.
IDENTITY = re.compile(r"(?<!\d)(\d{6})\d{8}(\d{3}[\dXx])(?![\dXx])")
EMAIL = re.compile(r"(?<![\w.+-])([A-Za-z0-9])[\w.+-]*@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)", re.ASCII)

_CUT = re.compile(r"\A\d{3,}|\d{3,}\Z")


def blanked(text: str, contacts: Iterable[Contact] = (), *, excerpt: bool = False) -> str:
    """``text`` with personal data as stars, as long as before: by shape, and wherever one of ``contacts`` stands.

    ``excerpt``: it was cut out of a longer text; what a cut left of a number goes, too.
    """
    text = PHONE.sub(lambda found: _inner(found.group(), 3, 4), text)
    text = IDENTITY.sub(lambda found: _inner(found.group(), 6, 4), text)
    text = EMAIL.sub(lambda found: _inner(found.group(), 1, len(found[2]) + 1), text)
    forms = {form for contact in contacts if contact.kind in PERSONAL for form in _forms(contact)}
    for form in sorted(forms, key=len, reverse=True):
        text = re.sub(re.escape(form), lambda found: _inner(found.group(), 2, 2), text, flags=re.IGNORECASE)
    if excerpt:
        text = _CUT.sub(lambda found: "*" * len(found.group()), text)
    return text


def without_personal(contact: Contact) -> Contact:
    """The contact with its value masked for good; numbers of organisations stay as they are."""
    if contact.kind not in PERSONAL:
        return contact
    return Contact(
        contact.kind,
        contact.masked,
        source=contact.source,
        segment=contact.segment,
        start=contact.start,
        end=contact.end,
        confidence=contact.confidence,
    )


def _forms(contact: Contact) -> Iterable[str]:
    # What a QR code holds is an address, and shorter accounts are ordinary words.
    if contact.kind is ContactKind.QR:
        return ()
    return (form for form in (contact.value, contact.raw) if len(form) >= 5)


def _inner(text: str, head: int, tail: int) -> str:
    return text[:head] + "*" * (len(text) - head - tail) + text[-tail:] if len(text) > head + tail else "*" * len(text)
