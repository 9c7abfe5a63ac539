"""Personal data that need not be kept in clear any more is masked in place; what leads need stays."""

from __future__ import annotations

from datetime import timedelta
from itertools import zip_longest

import pytest
from sqlalchemy import select

from domain.document import Contact, ContactKind, SegmentKind
from domain.lead import EventKind
from domain.personal import blanked
from storage.engine import reading
from storage.reading import DOCUMENT_COLUMNS, document_of
from storage.tables import DocumentRow, FindingRow
from tests.storage.build import AD, SITE, World
from tests.storage.conftest import TestClock


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("电话13800001234。", "电话138****1234。"),
        ("电话 138-0000-1234 转", "电话 138******1234 转"),
        ("证号140105199001011234", "证号140105********1234"),
        ("邮箱 zhang.san@example.com", "邮箱 z********@example.com"),
        ("加微信 zhengshu88 咨询", "加微信 zh******88 咨询"),
        ("加V：ZHENG-SHU88", "加V：ZH*******88"),
        ("电话0351-1234567", "电话0351-1234567"),
    ],
)
def test_every_character_keeps_its_place(text: str, masked: str) -> None:
    """By shape, and by the page's own contacts in the form in which they stand."""
    contact = Contact(ContactKind.WECHAT, "zhengshu88", raw="ZHENG-SHU88")
    assert blanked(text, [contact]) == masked
    assert len(masked) == len(text)


def test_texts_that_ran_out_are_masked_once(world: World, clock: TestClock) -> None:
    """A dismissed lead's page is masked with its findings, which still fit; an open lead's page is not."""
    text = f"{AD} 电话13800000000，加微信 acc-10086。"
    world.look(SITE, text)
    world.look(f"{SITE}/open", text)
    world.store.leads.append(1, EventKind.DISMISSED, "张三", "不是广告", clock())
    cutoff = clock.forward(days=1)
    now = clock.forward(days=40)
    assert world.store.masking.mask(cutoff - timedelta(days=2), now) == 0, "too young"
    assert world.store.masking.mask(cutoff, now) == 1
    assert world.store.masking.mask(cutoff, now) == 0
    with reading(world.store.engine) as connection:
        first, second = connection.execute(
            select(DocumentRow.masked_at, *DOCUMENT_COLUMNS).order_by(DocumentRow.id)
        ).all()
        findings = connection.execute(select(FindingRow).order_by(FindingRow.id)).all()
    masked, clear = document_of(first), document_of(second)
    assert (first.masked_at, second.masked_at) == (now, None)
    assert masked.text == clear.text.replace("13800000000", "138****0000")
    assert len(masked.text) == len(clear.text)
    assert [contact.value for contact in masked.contacts] == ["138****0000"]
    assert [contact.value for contact in clear.contacts] == ["13800000000"]
    main = next(segment for segment in masked.segments if segment.kind is SegmentKind.MAIN)
    assert "13800000000" not in main.text
    for finding in findings:
        assert "13800000000" not in finding.context or finding.id > len(findings) // 2
        texts = {masked.text[finding.span_start : finding.span_end], clear.text[finding.span_start : finding.span_end]}
        assert finding.quote in texts | {masked.title[finding.span_start : finding.span_end]}
    assert all(a == b or a == "*" for a, b in zip_longest(masked.text, clear.text))
