"""``zhengxun targets check``: printing of a trial."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.target import TargetKind
from zhengxun.cli.output import note, print_table, say

if TYPE_CHECKING:
    from zhengxun.target_check import Trial, TriedPage


def as_dict(trial: Trial) -> dict[str, Any]:
    """``targets check --json``."""
    entry = trial.entry
    return {
        "url": trial.target.url,
        "kind": trial.target.kind.value,
        "supported": trial.unsupported is None,
        "reachable": trial.reachable,
        "outcome": entry.outcome.outcome.value if entry else None,
        "reason": entry.outcome.reason if entry else None,
        "detail": entry.outcome.detail if entry else None,
        "status": entry.outcome.status if entry else None,
        "final_url": entry.outcome.final_url if entry else None,
        "encoding": entry.encoding if entry else None,
        "robots": robots_word(trial),
        "pages": [_page_as_dict(page) for page in trial.pages],
    }


def robots_word(trial: Trial) -> str:
    """``forbidden`` for the target's own address, ``partly`` for some of its pages, else ``allowed``."""
    entry = trial.entry
    if entry is not None and entry.outcome.outcome.value == "robots":
        return "forbidden"
    return "partly" if any(page.outcome.outcome.value == "robots" for page in trial.pages) else "allowed"


def _page_as_dict(page: TriedPage) -> dict[str, Any]:
    assessments = [judged.assessment for judged in page.visit.documents]
    return {
        "url": page.outcome.request.url,
        "outcome": page.outcome.outcome.value,
        "detail": page.outcome.detail,
        "verdict": page.visit.verdict.value if page.visit.verdict else None,
        "encoding": page.encoding,
        "title": page.visit.documents[0].document.title if page.visit.documents else None,
        "flagged": any(assessment.flagged for assessment in assessments),
        "score": max((assessment.score for assessment in assessments), default=0.0),
        "level": max(assessments, key=lambda item: item.score).level.value if assessments else None,
        "quotes": [finding.quote for assessment in assessments for finding in assessment.findings][:10],
    }


def print_trial(trial: Trial) -> None:
    """For people."""
    target, entry = trial.target, trial.entry
    say(f"{target.url}（{target.kind.label}）")
    if trial.unsupported is not None:
        say(f"{trial.unsupported}。可以添加，但会在简报中列为覆盖缺口。")
        return
    if target.kind is TargetKind.SEARCH:
        say("搜索词不试采；到期时按设置查询搜索引擎，结果列为建议（zhengxun targets proposals list）。")
        return
    if entry is None:
        say("入口网址没有结果。")
    else:
        detail = f"：{entry.outcome.detail}" if entry.outcome.detail else ""
        say(
            f"入口：{entry.outcome.outcome.label}{detail}；HTTP 状态 {entry.outcome.status or '—'}，编码 {entry.encoding or '—'}"
        )
    say(
        {
            "forbidden": "robots.txt 禁止采集入口网址。",
            "partly": "robots.txt 禁止采集其中一部分页面。",
            "allowed": "robots.txt 允许采集。",
        }[robots_word(trial)]
    )
    if trial.pages:
        print_table(
            ["网址", "结果", "标题", "研判", "命中"],
            [
                (
                    found["url"],
                    page.outcome.outcome.label,
                    found["title"],
                    f"列为线索（{found['score']:g} 分）" if found["flagged"] else "未列为线索",
                    "、".join(found["quotes"][:3]),
                )
                for page in trial.pages
                for found in [_page_as_dict(page)]
            ],
            title="试采的页面（未入库）",
        )
    note("以上内容没有保存。")
