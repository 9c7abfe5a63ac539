"""What a lead's state means for the reader of a day's digest."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from digest import build
from digest.builder import together
from domain.assessment import Level, Speaker
from domain.digest import (
    Digest,
    DigestItem,
    DigestStatus,
    LeadRelation,
    OperatorBrief,
    OperatorMaterial,
    RelationKind,
)
from domain.document import Contact, ContactKind
from domain.lead import Answer, Presence, Review

from .material import (
    COVERAGE,
    CUTOFF,
    DAY,
    NUMBER,
    RULE_PACK,
    Leads,
    assessment,
    example_leads,
    finding,
    material,
    phone,
    state,
)

YESTERDAY = CUTOFF - timedelta(days=1)
SHOWN: dict[str, Any] = {"shown_before": True, "last_shown_at": YESTERDAY}


def digest_of(*leads: Any) -> Digest:
    """The day's digest of these leads."""
    return build(Leads(leads), DAY, CUTOFF, NUMBER, RULE_PACK)


def only(**changes: Any) -> DigestItem:
    """The digest's item of one lead."""
    return digest_of(material(**changes)).items[0]


def test_a_standing_page_never_shown_is_new() -> None:
    """A lead nobody has seen in a digest yet is 新发现, whatever happened to it in between."""
    assert only().status is DigestStatus.NEW
    assert only(state=state(Presence.REAPPEARED)).status is DigestStatus.NEW


def test_a_page_shown_before_is_still_online_and_says_whether_it_was_edited() -> None:
    """An edit since the last digest is told; an edit that was told already is not told again."""
    same = only(**SHOWN, state=state())
    edited = only(**SHOWN, state=state(edited_at=CUTOFF - timedelta(hours=2)))
    told = only(**SHOWN, state=state(edited_at=YESTERDAY - timedelta(hours=2)))
    assert [(item.status.value, item.changed) for item in (same, edited, told)] == [
        ("still_online", False),
        ("still_online", True),
        ("still_online", False),
    ]


def test_a_return_is_told_once_and_then_stands() -> None:
    """A page that came back is 复发 in the next digest and 仍在线 with that ground in the ones after it."""
    back = only(**SHOWN, state=state(Presence.REAPPEARED, changed_at=CUTOFF - timedelta(hours=1)))
    older = only(**SHOWN, state=state(Presence.REAPPEARED, changed_at=YESTERDAY - timedelta(hours=1)))
    assert (back.status, older.status, older.reason) == (
        DigestStatus.REAPPEARED,
        DigestStatus.STILL_ONLINE,
        "复发后仍在线",
    )


def test_a_page_nobody_looked_at_since_it_was_shown_is_not_said_to_be_online() -> None:
    """Not visited since the last digest: 无法判定, saying when it was last seen or that its target is stopped."""
    last_seen = YESTERDAY - timedelta(minutes=30)
    standing, returned = (
        only(**SHOWN, last_seen=last_seen, state=state(presence, changed_at=last_seen))
        for presence in (Presence.ONLINE, Presence.REAPPEARED)
    )
    assert {(item.status, item.changed, item.reason) for item in (standing, returned)} == {
        (DigestStatus.UNVERIFIABLE, False, "本期未查看（最近一次看到：2026-11-22 07:30）")
    }
    assert only(**SHOWN, last_seen=YESTERDAY).status is DigestStatus.UNVERIFIABLE
    assert only(**SHOWN, last_seen=YESTERDAY + timedelta(seconds=1)).status is DigestStatus.STILL_ONLINE
    reasons = [only(**SHOWN, last_seen=last_seen, target_stopped=why).reason for why in ("paused", "removed")]
    assert reasons == ["本期未查看（监测对象已暂停）", "本期未查看（监测对象已移除）"]


def test_what_was_never_shown_stays_new_and_what_was_seen_before_a_pause_stays_online() -> None:
    """A first listing is news whenever the page was seen; a pause after the day's look takes nothing back."""
    assert only(last_seen=CUTOFF - timedelta(days=3)).status is DigestStatus.NEW
    assert only(**SHOWN, target_stopped="paused").status is DigestStatus.STILL_ONLINE


@pytest.mark.parametrize(
    ("presence", "status"),
    [
        (Presence.REMOVED, DigestStatus.REMOVED),
        (Presence.CORRECTED, DigestStatus.CORRECTED),
        (Presence.UNVERIFIABLE, DigestStatus.UNVERIFIABLE),
    ],
)
def test_closed_and_doubtful_pages_keep_their_word(presence: Presence, status: DigestStatus) -> None:
    """What the web shows decides, shown before or not."""
    assert only(**SHOWN, state=state(presence)).status is status
    assert only(state=state(presence)).status is status


def test_an_ad_at_a_new_address_is_a_return_that_names_the_other_lead() -> None:
    """The old lead says where to and leaves the measure to the new one, which says what it joins."""
    state = replace(
        material().state, presence=Presence.MOVED, moved_to=2, reason="线索 2：http://new.example/（文案近似）"
    )
    joined = replace(material(2).state, joins=1)
    made = digest_of(
        material(1, state=state, shown_before=True), material(2, state=joined, relation="疑似复发于新网址：线索 1")
    )
    new, old = made.items
    assert (old.status, old.reason, old.measure) == (DigestStatus.REAPPEARED, state.reason, "按新地址的线索处置")
    assert old.relation == LeadRelation(RelationKind.MOVED_TO, 2)
    assert (new.status, new.reason) == (DigestStatus.NEW, "疑似复发于新网址：线索 1")
    assert new.relation == LeadRelation(RelationKind.JOINS, 1)


def test_a_page_missing_once_is_unverifiable_with_its_ground() -> None:
    """One look that found a page gone is no removal: 无法判定, 疑似下线，待复核."""
    item = only(**SHOWN, state=state(Presence.SUSPECTED_GONE))
    assert (item.status, item.reason) == (DigestStatus.UNVERIFIABLE, "疑似下线，待复核")


def test_dismissed_leads_are_left_out() -> None:
    """A false alarm that a person dismissed is not shown, even if the store hands it over."""
    assert digest_of(material(state=state(review=Review.DISMISSED))).items == ()


def test_items_stand_in_the_order_of_work() -> None:
    """New first, then what came back, stands, is in doubt, and what needs nothing more; inside by level and score."""
    low = assessment(score=95.0, level=Level.LOW)
    leads = [
        material(1, **SHOWN, state=state(Presence.REMOVED)),
        material(2, assessment=low),
        material(3, assessment=assessment(score=71.0)),
        material(4, assessment=assessment(score=92.0)),
        material(5, **SHOWN),
        material(6, **SHOWN, state=state(Presence.REAPPEARED)),
    ]
    assert [item.lead_id for item in digest_of(*leads).items] == [4, 3, 2, 6, 5, 1]


@pytest.mark.parametrize(
    ("changes", "measure"),
    [
        ({"assessment": assessment([finding("查询系统", "D", "D3")])}, "关停网站"),
        ({"assessment": assessment([finding("刻章办证", "D", "D9")])}, "关停网站"),
        ({"assessment": assessment(speaker=Speaker.INSTITUTION)}, "责令改正并清除不实宣传"),
        ({"assessment": assessment([finding("建档费", "C", "C4")], speaker=Speaker.INSTITUTION)}, "责令限期整改"),
        ({"platform": "weixin", "account": "某号"}, "删除该条信息"),
        (
            {"platform": "weixin", "account": "某号", "assessment": assessment([finding("代考", "D", "D14")])},
            "关停账号",
        ),
        ({"account": "楼主", "assessment": assessment(level=Level.LOW, score=30.0)}, "删除该条信息"),
        ({"account": "华证培训"}, "关停网站"),
        ({"target_name": "城南论坛"}, "删除该条信息"),
        ({"page_url": "http://www.example.cn/Thread-88-1-1.html"}, "删除该条信息"),
        ({"assessment": assessment(level=Level.LOW, score=30.0)}, "清除关联网页"),
        ({"state": state(Presence.REMOVED)}, "已下线，按期回访"),
        ({"state": state(Presence.SUSPECTED_GONE)}, "人工复核页面状态"),
        ({**SHOWN, "state": state(Presence.REAPPEARED)}, "关停网站"),
    ],
)
def test_the_measure_follows_platform_speaker_and_behaviour(changes: dict[str, Any], measure: str) -> None:
    """Suggested measures are those of the notice, and a forum is not closed for one user's post."""
    assert only(**changes).measure == measure


def test_personal_data_is_masked_in_every_field() -> None:
    """Mobile, WeChat and mail are masked in identifiers and wherever the page's own words repeat them."""
    contacts = (
        phone("13812345678"),
        Contact(ContactKind.WECHAT, "hzkz8866"),
        Contact(ContactKind.EMAIL, "zhang@example.cn"),
        Contact(ContactKind.LANDLINE, "03511234567"),
    )
    context = "一次包过 微信HZKZ8866 电话138-1234-5678 邮箱zhang@example.cn 身份证140101199001011234"
    item = only(contacts=contacts, contexts=(context,), title="包过13812345678")
    assert item.operator is not None
    assert item.operator.identifiers == (
        ("phone", "138****5678"),
        ("wechat", "hz****66"),
        ("email", "z***@example.cn"),
        ("landline", "03511234567"),
    )
    assert item.findings[0].context == (
        "一次包过 微信hz****66 电话138****5678 邮箱z***@example.cn 身份证140101********1234"
    )
    assert item.title == "包过138****5678"


def test_a_page_without_contacts_has_no_operator() -> None:
    """Nothing is invented about who runs a page."""
    assert only(contacts=()).operator is None


def test_shared_contacts_are_counted_over_the_pages_of_the_digest() -> None:
    """Three pages with one number say so on each of them."""
    items = digest_of(*(material(lead, contacts=(phone(),)) for lead in (1, 2, 3)), material(4, contacts=())).items
    assert [item.operator.pages if item.operator else None for item in items] == [3, 3, 3, None]


def test_findings_stand_heaviest_first_and_once() -> None:
    """The same claim in the same words is listed once, the strongest claim first."""
    findings = [finding("网上可查", "B", "B11", 10.0), finding("包过", weight=30.0), finding("包过", weight=30.0)]
    item = only(assessment=assessment(findings), contexts=("网上可查的", "承诺包过", "承诺包过"))
    assert [found.quote for found in item.findings] == ["包过", "网上可查"]


def test_what_no_file_can_hold_is_replaced() -> None:
    """NUL and lone surrogates of a hostile page become U+FFFD in the frozen digest itself."""
    item = only(title="包\x00过\ud800证", account="a\udfff", platform="weixin")
    assert (item.title, item.account) == ("包\ufffd过\ufffd证", "a\ufffd")


def test_the_same_material_gives_the_same_digest() -> None:
    """Building is pure: order of material does not matter, nothing reads a clock."""
    leads = example_leads()
    first = build(Leads(leads), DAY, CUTOFF, NUMBER, RULE_PACK)
    second = build(Leads(leads[::-1]), DAY, CUTOFF, NUMBER, RULE_PACK)
    assert first == second
    assert first.generated_at == CUTOFF
    assert first.coverage == COVERAGE


def test_a_cutoff_without_zone_is_refused() -> None:
    """A naive time would put the day's border eight hours off."""
    with pytest.raises(ValueError, match="aware"):
        build(Leads(), DAY, CUTOFF.replace(tzinfo=None), NUMBER, RULE_PACK)


def test_missing_contexts_are_an_error_not_a_shift() -> None:
    """A context list that does not fit the findings raises instead of pairing quotes with other sentences."""
    broken = replace(material(), contexts=("一", "二"))
    with pytest.raises(ValueError):
        digest_of(broken)


def test_an_overdue_referral_says_for_how_long_it_has_waited() -> None:
    """Days count from the last referral while the page stands; gone, answered by return or young: not overdue."""
    referred = replace(state(review=Review.REFERRED), referred_at=CUTOFF - timedelta(days=9), referred_to="市网信办")
    items = build(
        Leads(
            [
                material(1, state=referred),
                material(2, state=replace(referred, referred_at=CUTOFF - timedelta(days=2))),
                material(3, state=replace(referred, presence=Presence.REMOVED)),
                material(4, state=replace(referred, review=Review.RETURNED, answer=Answer.RETURNED)),
                material(5),
            ]
        ),
        DAY,
        CUTOFF,
        NUMBER,
        RULE_PACK,
        overdue_after=timedelta(days=7),
    ).items
    told = {item.lead_id: (item.days_since_referral, item.overdue, item.answer) for item in items}
    assert told == {
        1: (9, True, None), 2: (2, False, None), 3: (None, False, None), 4: (9, False, "returned"), 5: (None, False, None),
    }  # fmt: skip


def test_leads_of_one_operator_stand_together_within_their_status() -> None:
    """A weaker lead follows its operator's strongest one; leads without a known operator keep their place."""
    items = [
        replace(only(), lead_id=lead_id, operator=OperatorBrief(operator, None, (), 1) if operator else None)
        for lead_id, operator in ((1, 7), (2, None), (3, None), (4, 7))
    ]
    assert [item.lead_id for item in together(items)] == [1, 4, 2, 3]


def test_leads_of_one_operator_stand_together() -> None:
    """Within a status, right after the first of them; name and identifiers are the operator's, masked."""
    mine = OperatorMaterial(7, "山西新知教育科技有限公司", 3, (phone(), Contact(ContactKind.ICP, "晋ICP备12345678号")))
    known = {1: 60.0, 2: 90.0, 3: 80.0, 4: 70.0}
    made = digest_of(
        *(
            material(
                lead,
                assessment=replace(material(lead).assessment, score=score),
                operator=mine if lead in (1, 2) else None,
                relation="疑似同一主体：线索 9（已确认）" if lead == 1 else None,
            )
            for lead, score in known.items()
        )
    )
    assert [item.lead_id for item in made.items] == [2, 1, 3, 4]
    operator = made.items[0].operator
    assert operator is not None
    assert (operator.id, operator.name, operator.pages) == (7, "山西新知教育科技有限公司", 3)
    assert operator.identifiers == (("phone", "138****0000"), ("icp", "晋ICP备12345678号"))
    assert made.items[1].reason == "疑似同一主体：线索 9（已确认）"
