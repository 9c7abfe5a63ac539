"""Whether a page asks for a certificate or a person in the manner of a query (真伪查询)."""

from __future__ import annotations

import re

from crawler.extract.page import Inputs, Page

_ASKS = re.compile(
    r"姓\s?名|证件号|身份证|证书(?:编)?号|证号|编号|准考证|学号|(?:cert|zs|zheng?shu)[a-z_]*(?:no|num|code|id|bh)|id_?(?:card|no|num)|sfz|xingming|realname|truename",
    re.IGNORECASE,
)
_QUERIES = re.compile(
    r"查\s*询|查\s*验|验\s*证(?!码)|核\s*验|验\s*真|检\s*索|查\s*找|query|search|verify|chaxun", re.IGNORECASE
)


def has_query_form(page: Page) -> bool:
    """Inputs for a name, an identity or certificate number together with a query button; an enrolment form is none."""
    return any(_is_query(inputs) for inputs in page.inputs)


def _is_query(inputs: Inputs) -> bool:
    if not inputs.texts or inputs.passwords:
        return False
    asks = any(_ASKS.search(word) for word in inputs.words)
    queries = any(_QUERIES.search(button) and not _ASKS.search(button) for button in inputs.buttons)
    return asks and (queries or any(_QUERIES.search(button) for button in inputs.buttons))
