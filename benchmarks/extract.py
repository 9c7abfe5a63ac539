"""Cost of extracting a page against what Scrapy's own link extractor needs for it, and of hostile pages per kilobyte.

Run ``python benchmarks/extract.py``. All figures are processor time of one run on one machine:

- *ours*: bytes to Extraction (text, segments, links, contacts, byline, verdict) of made-up pages of about 24 kB;
- *bare*: ``LinkExtractor`` on the same bytes, which every crawl that follows links pays anyway;
- *hostile*: pages made against parsers, 2 MB each, time per byte as a multiple of an honest page's.

Limits: ours ≤ 2 × bare; hostile ≤ 20 × honest. Exit status 1 when a limit is missed.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scrapy.http import HtmlResponse
from scrapy.linkextractors import LinkExtractor

from crawler.extract import extract

RATIO_LIMIT = 2.0
HOSTILE_LIMIT = 20.0
WORDS = [
    "健康管理师",
    "消防设施操作员",
    "报名",
    "条件",
    "培训",
    "机构",
    "考试",
    "证书",
    "查询",
    "学员",
    "课程",
    "老师",
    "咨询",
    "全国",
    "技能",
    "等级",
    "认定",
    "中心",
]
HOSTILE_BYTES = 2_000_000

ATTACKS: dict[str, Callable[[int], str]] = {
    "nested elements": lambda n: "<div>" * (n // 5),
    "attributes of one tag": lambda n: "<p " + " ".join(f"a{i}=1" for i in range(n // 9)) + ">x",
    "open formatting": lambda n: "".join(f"<font color={i}>" for i in range(n // 40)) + "<p>x</p>" * (n // 20),
    "misnested": lambda n: "<b><p>x</b>" * (n // 11),
    "table cells": lambda n: "<table>" + "<tr><td>x<td>y" * (n // 14),
    "line breaks": lambda n: "包<br>" * (n // 7),
    "hidden spans": lambda n: "包<span style='display:none'>x</span>" * (n // 40),
    "selectors at depth": lambda n: (
        "<style>" + ".a .b .c{display:none}" * 300 + "</style>" + "<div>" * 400 + "<i><p class=c>x</p></i>" * (n // 23)
    ),
    "links": lambda n: "".join(f"<a href=/{i}>x</a>" for i in range(n // 18)),
    "dates": lambda n: "<h1>x</h1>" + "<p>2024-05-0" * (n // 12),
    "one line": lambda n: "包过" * (n // 6),
}


def page(seed: int) -> bytes:
    """An institution's article page: menu, article, table, side column, floating box, form, footer."""
    rng = random.Random(seed)

    def say(words: int) -> str:
        return "".join(rng.choice(WORDS) for _ in range(words))

    def item(path: str) -> str:
        return f'<li class="item"><a href="{path}" target="_blank">{say(4)}</a><span>05-01</span></li>'

    menu = "".join(
        f'<li><a href="/c/{i}/">{say(1)}</a><ul class="sub">{item(f"/c/{i}/1.html") * 3}</ul></li>' for i in range(8)
    )
    text = "".join(
        f'<p style="text-indent:2em"><span class="t">{say(8)}，<strong>{say(3)}</strong>，{say(12)}。</span><br/>{say(10)}</p>\n'
        for _ in range(30)
    )
    table = "".join(f"<tr><td>{say(2)}</td><td>{i}880元</td><td>{say(3)}</td></tr>" for i in range(10))
    side = "".join(
        f'<div class="box"><h3>{say(1)}</h3><ul>{"".join(item(f"/n/{k}{i}.html") for i in range(10))}</ul></div>'
        for k in range(5)
    )
    return (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{say(4)}_{say(2)}</title><meta name="keywords" content="{say(5)}">'
        '<link rel="stylesheet" href="/a.css"><style>.hide{display:none}.nav li{float:left}</style></head><body>'
        f'<div class="header"><a href="/"><img src="/logo.png" alt="{say(2)}"></a><ul class="nav">{menu}</ul></div>'
        f'<div class="main"><h1>{say(4)}</h1><div class="info">发布时间：2024-05-01 08:00　来源：{say(2)}</div>{text}<table>{table}</table></div>'
        f'<div class="sidebar">{side}</div><div class="kefu"><a href="tel:4001234567">400-123-4567</a><p>微信：abc12345</p></div>'
        '<form action="/m"><input name="name" placeholder="您的姓名"><button>立即报名</button></form>'
        f'<div class="footer"><p>版权所有 {say(2)} 晋ICP备12345678号-1</p></div></body></html>'
    ).encode()


def seconds(work: Callable[[], object], rounds: int = 5) -> float:
    """Best processor time of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return best


def main() -> int:
    """Print the figures; 1 if a limit is missed."""
    pages = [page(seed) for seed in range(20)]
    links = LinkExtractor()

    def ours() -> None:
        for number, body in enumerate(pages):
            extract(body, url=f"http://a.example/n/{number}.html", content_type="text/html")

    def bare() -> None:
        for number, body in enumerate(pages):
            response = HtmlResponse(
                f"http://a.example/n/{number}.html", body=body, headers={"Content-Type": "text/html"}
            )
            links.extract_links(response)

    ours(), bare()
    own, base = seconds(ours) / len(pages), seconds(bare) / len(pages)
    ratio = own / base
    size = sum(map(len, pages)) / len(pages)
    write = sys.stdout.write
    write(
        f"honest page of {size / 1000:.1f} kB: ours {own * 1e3:.2f} ms, bare {base * 1e3:.2f} ms, ratio {ratio:.2f} (≤ {RATIO_LIMIT})\n"
    )
    worst = 0.0
    for name, attack in ATTACKS.items():
        body = attack(HOSTILE_BYTES).encode()
        spent = seconds(lambda body=body: extract(body, url="http://a.example/", content_type="text/html"), 1)
        multiple = (spent / len(body)) / (own / size)
        worst = max(worst, multiple)
        write(f"hostile {name}: {spent:.2f} s for {len(body) / 1e6:.1f} MB, {multiple:.1f} × honest per byte\n")
    write(f"worst hostile multiple {worst:.1f} (≤ {HOSTILE_LIMIT})\n")
    return int(ratio > RATIO_LIMIT or worst > HOSTILE_LIMIT)


if __name__ == "__main__":
    raise SystemExit(main())
