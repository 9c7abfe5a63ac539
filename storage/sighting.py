"""What the end of a request says about the page, as far as its lead is concerned."""

from __future__ import annotations

from domain.analysis import PageVisit
from domain.crawl import Outcome, Purpose
from domain.document import PageVerdict
from domain.lead_visit import Sight

#: Reasons and verdicts that say: the page is not there any more. ``moved`` is a page that was kept and whose address now
#: leads to another page that can be read, which is how sites often take one down; the other page is judged by itself.
_GONE_REASONS = frozenset({"http_404", "http_410", "deleted", "violation", "soft_404", "moved", "parked"})
_GONE_VERDICTS = frozenset({PageVerdict.DELETED, PageVerdict.VIOLATION, PageVerdict.SOFT_404, PageVerdict.PARKED})

#: Reasons that say: no sensible answer came from the site at all (server errors, ``http_5xx``, count besides).
SILENT_REASONS = frozenset({"no_answer", "host_down", "connection", "dns", "robots_unreachable", "unavailable"})

_GONE_WORDS = {
    "http_404": "页面不存在（HTTP 404）",
    "http_410": "页面已删除（HTTP 410）",
    "deleted": "内容已被发布者删除",
    "violation": "内容已被平台处置",
    "soft_404": "页面提示内容不存在",
    "moved": "原页面已不在，地址转到另一页面",
    "parked": "域名已停放或出售，原网站不再存在",
}


def sight_of(visit: PageVisit, flagged: bool | None) -> Sight | None:
    """What the visit saw. ``flagged``: the version that stands, None where no version is kept.

    None where it says nothing even about the attempt: a request that was never made (``deferred``), a sitemap,
    or an answer that left nothing to judge.
    """
    outcome = visit.outcome
    if outcome.outcome is Outcome.DEFERRED or outcome.request.purpose in (Purpose.SITEMAP, Purpose.SITE_CHECK):
        return None
    if outcome.request.purpose is Purpose.PICTURE:
        return None
    if outcome.outcome in (Outcome.OK, Outcome.UNCHANGED):
        if flagged is None:
            return None
        return Sight.VIOLATING if flagged else Sight.CLEAN
    if outcome.reason in _GONE_REASONS or visit.verdict in _GONE_VERDICTS:
        return Sight.GONE
    return Sight.NOT_SEEN


def answered(visit: PageVisit) -> bool:
    """Whether the site gave a sensible answer at all, be it a refusal."""
    outcome = visit.outcome
    reason = outcome.reason or ""
    return outcome.status is not None and reason not in SILENT_REASONS and not reason.startswith("http_5")


def ground_of(visit: PageVisit, sight: Sight) -> str | None:
    """The ground of a lead event in Chinese words; None where the page stands and violates."""
    outcome = visit.outcome
    if sight is Sight.VIOLATING:
        return None
    if sight is Sight.CLEAN:
        return "页面可以访问，未再发现违规宣传内容"
    if outcome.detail:
        return outcome.detail
    if sight is Sight.GONE:
        word = visit.verdict.value if visit.verdict in _GONE_VERDICTS else outcome.reason or ""
        return _GONE_WORDS.get(word, "页面已不存在")
    return f"{outcome.outcome.label}（{outcome.reason}）" if outcome.reason else outcome.outcome.label
