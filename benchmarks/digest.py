"""Cost of a digest of 10,000 leads against bare Jinja2 and XlsxWriter, and how Word output grows.

Run ``python benchmarks/digest.py`` (``--leads 2000`` for a quick look). All figures are of one run on one machine:

- *ours*: builder + html + json + xlsx, from lead material to bytes;
- *bare*: the same leads in a minimal Jinja2 loop template plus the same cells in a plain XlsxWriter sheet;
- limits: ours ≤ 5 × bare; docx of 10,000 leads ≤ 12 × that of 1,000.

Exit status 1 when a limit is missed.
"""

from __future__ import annotations

import argparse
import gc
import io
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from digest import build
from digest.renderers import RENDERERS
from digest.renderers.xlsx import LEAD_COLUMNS
from digest.templates import Templates
from digest.view import look
from domain.assessment import Assessment, Category, Finding, Level, ScoreStep, Speaker
from domain.digest import Coverage, CoverageGap, Digest, EvidenceBrief, LeadMaterial
from domain.document import Contact, ContactKind
from domain.lead import LeadState, Presence, Review

DAY = date(2026, 11, 23)
CUTOFF = datetime(2026, 11, 23, tzinfo=UTC)
RULE_PACK = "sha256:" + "0" * 64

RATIO_LIMIT = 5.0
GROWTH_LIMIT = 12.0

CLAIMS = (
    ("包过", "B", "B9", "广告法 第二十四条第一项"),
    ("国家认可", "B", "B10", "广告法 第二十八条"),
    ("免考直接拿证", "D", "D11", "职业教育法 第六十五条"),
    ("全国联网可查", "D", "D2", "反不正当竞争法 第九条"),
    ("即将取消", "E", "E2", "广告法 第二十八条"),
)
PRESENCES = (Presence.ONLINE, Presence.ONLINE, Presence.REAPPEARED, Presence.SUSPECTED_GONE, Presence.REMOVED)

BARE_TEMPLATE = """<!DOCTYPE html><html><body><table>
{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table></body></html>"""


def lead(number: int) -> LeadMaterial:
    """Made-up lead: one to five claims, contacts, a platform or a site; the same for the same number."""
    claims = [CLAIMS[(number + step) % len(CLAIMS)] for step in range(1 + number % 5)]
    findings = tuple(
        Finding(
            rule_id=f"{category}-BENCH-{step:04d}",
            category=Category(category),
            field="text",
            start=40 + 60 * step,
            end=40 + 60 * step + len(quote),
            quote=quote,
            weight=30.0 - step,
            legal_basis=(basis,),
            steps=(ScoreStep("base", 30.0, "基础分"),),
            behaviour=behaviour,
        )
        for step, (quote, category, behaviour, basis) in enumerate(claims)
    )
    contexts = tuple(
        f"{'本中心面向全省招生，常年开班，随到随学，' * 2}{found.quote}，{'欢迎来电咨询，名额有限，先到先得，' * 2}"[
            :86
        ]
        for found in findings
    )
    shown = number % 3 > 0
    site = f"http://site{number % 700}.example.cn/article/{number}.html?from=list&id={number}"
    return LeadMaterial(
        lead_id=number,
        state=LeadState(Review.PENDING, PRESENCES[number % 5], CUTOFF - timedelta(days=9), CUTOFF - timedelta(hours=7)),
        shown_before=shown,
        last_shown_at=CUTOFF - timedelta(days=1) if shown else None,
        page_url=site,
        final_url=site,
        title=f"消防设施操作员证书报名第 {number} 期招生简章（包过班）",
        target_name=f"监测对象{number % 700}",
        target_kind="website",
        platform="weixin" if number % 4 == 0 else "web",
        account=f"考证通{number % 300}" if number % 4 == 0 else None,
        region=("太原", "大同", "运城", "长治", None)[number % 5],
        published_raw="2026年11月20日",
        first_seen=CUTOFF - timedelta(days=9),
        last_seen=CUTOFF - timedelta(hours=7),
        assessment=Assessment(
            score=30.0 + number % 70,
            level=(Level.HIGH, Level.MEDIUM, Level.LOW)[number % 3],
            findings=findings,
            exempted=(),
            speaker=(Speaker.SELLER, Speaker.INSTITUTION, Speaker.PRIVATE)[number % 3],
            evasion=("插入符号：包*过→包过",) if number % 6 == 0 else (),
            rule_pack=RULE_PACK,
            steps=(ScoreStep("claims", 45.0, "命中违规表述"), ScoreStep("contact", 12.5, "页面留有联系方式")),
        ),
        contexts=contexts,
        contacts=(
            Contact(ContactKind.PHONE, f"139{number % 5000:08d}"),
            Contact(ContactKind.WECHAT, f"kaozheng{number % 900}"),
        ),
        evidence=EvidenceBrief(number, f"{number:064x}", f"2026/11/zx-{number % 40:04d}.warc.gz", number * 811),
    )


@dataclass(frozen=True)
class Source:
    """A :class:`domain.ports.DigestSource` of made-up leads."""

    materials: Sequence[LeadMaterial]

    def lead_material(self, day: date, cutoff: datetime) -> Iterator[LeadMaterial]:
        """All of them."""
        return iter(self.materials)

    def coverage(self, day: date, cutoff: datetime) -> Coverage:
        """Seven hundred targets, forty of them not seen."""
        gaps = tuple(CoverageGap(n, f"监测对象{n}", "blocked", "网站要求验证码") for n in range(40))
        return Coverage(700, 660, gaps, (("ok", 1200), ("unchanged", 30000), ("blocked", 40)))


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """(processor seconds, result): other programs on the machine do not count."""
    gc.collect()
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def render(digest: Digest, form: str, templates: Templates) -> int:
    """Render to memory; the size in bytes."""
    stream = io.BytesIO()
    RENDERERS[form](digest, stream, templates)
    return stream.getbuffer().nbytes


def bare(rows: list[list[Any]]) -> int:
    """The same rows by the bare libraries."""
    import xlsxwriter
    from jinja2 import Environment

    page = Environment(autoescape=True).from_string(BARE_TEMPLATE).render(rows=rows).encode()
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    book.close()
    return len(page) + stream.getbuffer().nbytes


def main() -> int:
    """Measure and report; 1 when a limit is missed."""
    parser = argparse.ArgumentParser(description="处置简报生成开销")
    parser.add_argument("--leads", type=int, default=10_000, help="线索数（默认 10000）")
    parser.add_argument("--rounds", type=int, default=3, help="重复次数，取最小值（默认 3）")
    options = parser.parse_args()
    source = Source([lead(number) for number in range(1, options.leads + 1)])
    small_source = Source(source.materials[: options.leads // 10])

    def built(of: Source = source) -> Digest:
        return build(of, DAY, CUTOFF, "基准", RULE_PACK)

    digest, small = built(), built(small_source)
    rows = [
        [cell if cell is not None else "" for cell in (value(item) for *_, value in LEAD_COLUMNS)]
        for item in look(digest, Templates()).items
    ]
    templates = Templates()

    def afresh(form: str) -> int:
        nonlocal templates
        templates = Templates()
        return render(digest, form, templates)

    works: dict[str, Callable[[], Any]] = {
        "builder": built,
        "html": lambda: afresh("html"),
        "json": lambda: render(digest, "json", templates),
        "xlsx": lambda: render(digest, "xlsx", templates),
        "bare": lambda: bare(rows),
        "docx": lambda: afresh("docx"),
        "docx / 10": lambda: render(small, "docx", Templates()),
    }
    seconds = dict.fromkeys(works, float("inf"))
    sizes: dict[str, int] = {}
    for _ in range(options.rounds):
        for name, work in works.items():
            spent, result = timed(work)
            seconds[name] = min(seconds[name], spent)
            sizes[name] = result if isinstance(result, int) else 0
    for name in works:
        print(f"{name:<10} {seconds[name]:7.2f} s  {sizes[name] / 1e6:8.1f} MB")
    ours = sum(seconds[name] for name in ("builder", "html", "json", "xlsx"))
    ratio, growth = ours / seconds["bare"], seconds["docx"] / seconds["docx / 10"]
    print(f"{options.leads} leads: builder+html+json+xlsx {ours:.2f} s = {ratio:.2f} × bare (limit {RATIO_LIMIT:g})")
    print(f"docx, ten times the leads: {growth:.2f} × (limit {GROWTH_LIMIT:g})")
    return int(ratio > RATIO_LIMIT or growth > GROWTH_LIMIT)


if __name__ == "__main__":
    raise SystemExit(main())
