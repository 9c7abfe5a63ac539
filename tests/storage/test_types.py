"""Column types and the JSON form of domain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy.dialects import postgresql, sqlite

from domain.assessment import Assessment
from domain.digest import Coverage, CoverageGap, DigestFinding, DigestItem, DigestStatus, EvidenceBrief, OperatorBrief
from domain.document import Document
from storage.codec import decode, encode, encoder
from storage.types import UtcDateTime, canonical_json, key_of, storable
from tests.storage.build import SITE, START, assessment, document

ITEM = DigestItem(
    lead_id=1,
    status=DigestStatus.STILL_ONLINE,
    changed=True,
    page_url=SITE,
    final_url=SITE,
    title="考证",
    target="站",
    platform="web",
    account=None,
    region="山西",
    level="high",
    score=87.5,
    categories=("B", "D"),
    findings=(DigestFinding("B-1", "B", "包过", "…包过…", ("广告法 第二十四条第一项",), "B9"),),
    operator=OperatorBrief(None, "某公司", (("phone", "138****0000"),), 2),
    first_seen=START,
    last_seen=START,
    measure="关停网站",
    evidence=EvidenceBrief(1, "ab", "a.warc.gz", 7),
    steps=(("base", 30.0, "承诺包过"),),
)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (DigestItem, ITEM),
        (Coverage, Coverage(2, 1, (CoverageGap(1, "站", "blocked", "验证码"),), (("ok", 3), ("blocked", 1)))),
        (Document, document(SITE)),
        (Assessment, assessment()),
        (date, date(2026, 11, 24)),
    ],
)
def test_domain_values_come_back_equal_from_json(kind: type, value: object) -> None:
    """Encoding to JSON and decoding gives an equal value."""
    import json

    assert decode(kind, json.loads(canonical_json(encode(kind, value)))) == value


def test_values_frozen_before_a_field_existed_take_its_default() -> None:
    """A stored value without a newer field is read with that field's default."""
    stored = encode(DigestItem, ITEM)
    del stored["evasion"]

    assert decode(DigestItem, stored) == ITEM


def test_a_type_without_json_form_is_named() -> None:
    """A type nobody thought of is refused by name instead of stored somehow."""

    @dataclass(frozen=True)
    class Odd:
        part: complex

    with pytest.raises(TypeError, match="complex"):
        encoder(Odd)


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()])
def test_naive_times_are_refused_and_aware_ones_come_back_as_utc(dialect: object) -> None:
    """A time without a zone cannot be stored; one with any zone is the same moment in UTC when it is read."""
    column = UtcDateTime()
    shanghai = datetime(2026, 11, 24, 9, 0, tzinfo=timezone(timedelta(hours=8)))

    with pytest.raises(ValueError, match="without a zone"):
        column.process_bind_param(datetime(2026, 11, 24, 9, 0), dialect)  # type: ignore[arg-type]
    stored = column.process_bind_param(shanghai, dialect)  # type: ignore[arg-type]
    read = column.process_result_value(stored, dialect)  # type: ignore[arg-type]
    assert read == shanghai
    assert read is not None
    assert read.tzinfo is UTC


def test_unstorable_code_points_are_replaced_one_for_one() -> None:
    """NUL and lone surrogates become U+FFFD without moving what stands behind them."""
    assert storable("包\x00过\ud800！😀") == "包\ufffd过\ufffd！😀"


def test_addresses_have_a_key_even_when_they_cannot_be_encoded() -> None:
    """The key of an address has 32 bytes, whatever stands in it."""
    assert len(key_of("http://a.example/\ud800")) == 32
