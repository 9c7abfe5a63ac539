"""Leads as storage hands them over, made up for tests: an invented seller, an invented school, an invented account."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from domain.assessment import Assessment, Category, Finding, Level, ScoreStep, Speaker
from domain.digest import Coverage, CoverageGap, EvidenceBrief, LeadMaterial
from domain.document import Contact, ContactKind
from domain.lead import LeadState, Presence, Review

DAY = date(2026, 11, 23)
CUTOFF = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
RULE_PACK = "sha256:" + "5e" * 32
NUMBER = "2026年第327期"


def finding(
    quote: str = "包过",
    category: str = "B",
    behaviour: str | None = "B9",
    weight: float = 30.0,
    start: int = 12,
    legal: tuple[str, ...] = ("广告法 第二十四条第一项",),
) -> Finding:
    """One claim."""
    return Finding(
        rule_id=f"{category}-TEST-0010",
        category=Category(category),
        field="text",
        start=start,
        end=start + len(quote),
        quote=quote,
        weight=weight,
        legal_basis=legal,
        steps=(ScoreStep("base", weight, "基础分"),),
        behaviour=behaviour,
    )


def assessment(
    findings: Sequence[Finding] | None = None,
    score: float = 87.5,
    level: Level = Level.HIGH,
    speaker: Speaker = Speaker.SELLER,
    evasion: tuple[str, ...] = (),
) -> Assessment:
    """A machine's judgement."""
    return Assessment(
        score=score,
        level=level,
        findings=tuple(findings if findings is not None else (finding(),)),
        exempted=(),
        speaker=speaker,
        evasion=evasion,
        rule_pack=RULE_PACK,
        steps=(
            ScoreStep("claims", 52.0, "命中违规表述"),
            ScoreStep("contact", 12.5, "页面留有联系方式"),
        ),
    )


def state(
    presence: Presence = Presence.ONLINE,
    review: Review = Review.PENDING,
    changed_at: datetime = CUTOFF - timedelta(hours=6),
    edited_at: datetime | None = None,
    reason: str | None = None,
) -> LeadState:
    """A lead's state."""
    return LeadState(
        review,
        presence,
        CUTOFF - timedelta(days=3),
        changed_at,
        edited_at=edited_at,
        reason=reason,
    )


def material(lead_id: int = 1, **changes: object) -> LeadMaterial:
    """One lead, never shown before, on an institution's site; ``changes`` replace fields."""
    base = LeadMaterial(
        lead_id=lead_id,
        state=state(),
        shown_before=False,
        last_shown_at=None,
        page_url=f"http://zhengshu{lead_id}.example.cn/a/{lead_id}.html",
        final_url=f"http://zhengshu{lead_id}.example.cn/a/{lead_id}.html",
        title="消防设施操作员报名，包过包拿证",
        target_name="华证培训网",
        target_kind="website",
        platform="web",
        account=None,
        region="太原",
        published_raw="2026-11-20",
        first_seen=CUTOFF - timedelta(days=3),
        last_seen=CUTOFF - timedelta(hours=5),
        assessment=assessment(),
        contexts=("本机构与考点长期合作，报名即签协议，一次包过，不过全额退款，联系电话 13812340000",),
        contacts=(),
        evidence=EvidenceBrief(10 + lead_id, "ab" * 32, "2026/11/zx-20261122-0001.warc.gz", 4096),
    )
    changed = replace(base, **changes)  # type: ignore[arg-type]
    if len(changed.contexts) != len(changed.assessment.findings):
        contexts = tuple(f"我们承诺{found.quote}，欢迎咨询" for found in changed.assessment.findings)
        changed = replace(changed, contexts=contexts)
    return changed


COVERAGE = Coverage(
    targets_planned=12,
    targets_ok=10,
    gaps=(
        CoverageGap(7, "晋技教育微信公众号", "blocked", "平台要求验证码，未能进入文章列表"),
        CoverageGap(9, "三晋考证论坛", "deferred", "达到每次 500 页上限，余 132 页未采"),
    ),
    pages=(("ok", 240), ("unchanged", 1020), ("blocked", 1), ("timeout", 3)),
)


@dataclass(frozen=True)
class Leads:
    """A :class:`domain.ports.DigestSource` over leads at hand."""

    materials: Sequence[LeadMaterial] = ()
    seen: Coverage = COVERAGE

    def lead_material(self, day: date, cutoff: datetime) -> Iterator[LeadMaterial]:
        """The leads, by lead id."""
        yield from sorted(self.materials, key=lambda lead: lead.lead_id)

    def coverage(self, day: date, cutoff: datetime) -> Coverage:
        """The coverage."""
        return self.seen


def phone(value: str = "13812340000") -> Contact:
    """A mobile number."""
    return Contact(ContactKind.PHONE, value)


def example_leads() -> list[LeadMaterial]:
    """A day with every status, platform kind and field in use."""
    yesterday = CUTOFF - timedelta(days=1)
    shown = {"shown_before": True, "last_shown_at": yesterday}
    forged = assessment(
        [
            finding(
                "全国联网可查",
                "D",
                "D2",
                42.0,
                20,
                ("广告法 第二十八条", "反不正当竞争法 第九条"),
            ),
            finding("免考直接拿证", "D", "D11", 40.0, 60, ("职业教育法 第六十五条",)),
            finding("包·过", "B", "B9", 30.0, 90),
        ],
        score=96.0,
        evasion=("插入符号：包·过→包过", "零宽字符：直\u200b接→直接"),
    )
    school = assessment(
        [
            finding("国家认可", "B", "B10", 25.0, 8, ("广告法 第二十八条",)),
            finding("含金量最高", "B", "B13", 14.0, 50),
        ],
        score=58.5,
        level=Level.MEDIUM,
        speaker=Speaker.INSTITUTION,
    )
    weak = assessment(
        [finding("即将取消", "E", "E2", 12.0)],
        score=31.0,
        level=Level.LOW,
        speaker=Speaker.PRIVATE,
    )
    contacts = (
        phone(),
        Contact(ContactKind.WECHAT, "hzkz8866"),
        Contact(ContactKind.ICP, "晋ICP备2026000001号"),
    )
    long_url = "https://m.jinji.example.com/w/s?__biz=MzA4NTYxMg==&mid=2650001&idx=1&sn=0f3c&chksm=" + "8a7b" * 30
    return [
        material(1, assessment=forged, contacts=contacts, contexts=(
            "证书由国家部委颁发，全国联网可查，终身有效，可用于投标、升职、加薪，欢迎加微信 hzkz8866 咨询",
            "没时间学习、没有基础都不要紧，我们全程代办，免考直接拿证，最快七天，先出证后付尾款",
            "签订协议，包·过，不过退全款",
        )),
        material(2, title="健康管理师、心理咨询师国家认可证书招生简章（秋季班）", assessment=school, target_name="晋才职业培训学校",
                 region="大同", page_url="https://www.jincai.example.org/zs/2026/1108.html",
                 final_url="https://www.jincai.example.org/zs/2026/1108.html?from=home"),
        material(3, title="考证内幕：这几类证书下月起停发", platform="weixin", account="晋技考证通", page_url=long_url,
                      final_url=long_url, target_name="晋技教育微信公众号", region=None, assessment=weak, contacts=(phone(),)),
        material(4, title="低压电工证快速办理通道", **shown, state=state(Presence.REAPPEARED), assessment=forged,
                 contexts=("全国联网可查", "免考直接拿证", "包·过")),
        material(5, title="一级建造师挂靠费用一览", **shown, state=state(Presence.ONLINE, Review.CONFIRMED, edited_at=CUTOFF)),
        material(6, title="叉车证三天出证", **shown, state=state(Presence.SUSPECTED_GONE, reason="疑似下线，待复核"), assessment=school),
        material(7, title="茶艺师、评茶员证书代办", **shown, state=state(Presence.UNVERIFIABLE, reason="网站要求验证码，本期未能看到页面")),
        material(8, title="物业经理证书报考", **shown, state=state(Presence.CORRECTED, Review.REFERRED), assessment=school),
        material(9, title="监理员证书网上报名", **shown, state=state(Presence.REMOVED, Review.REFERRED)),
    ]  # fmt: skip
