"""Pictures: how well drawn Chinese posters are read, whether what they claim is found, and what reading costs.

    .venv/bin/python -m benchmarks.pictures [--pages 600] [--texts 60]

Prints (1) the share of characters read on 24 posters (fonts, 18–80 px, coloured, gradient and photo-like grounds, ±7°,
vertical, JPEG quality 30), per trait, and the codes decoded; (2) of posters on pages that claim nothing in words: violating
ones flagged, honest ones flagged; the same for the classifier's sample texts, as text and drawn on posters; (3) the same local site crawled without and with pictures in the same run of this
program: pages per second of the pages' part and of the whole, as ratios; (4) peak memory of the reader's process;
(5) of resaved and of altered posters, how many count as the same picture. Needs the ``ocr`` extra and Noto's CJK fonts.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import defaultdict
from ipaddress import ip_network
from pathlib import Path

import psutil
from PIL import Image
from sqlalchemy import text

import classifiers
from classifiers.pages import assess_page
from crawler.extract import extract
from crawler.pictures.image import decode
from crawler.pictures.reader import missing
from crawler.pictures.sameness import is_same, look_at
from crawler.pictures.worker import PictureWorker, Unreadable
from domain.assessment import Subject
from domain.target import Budget, Scope, TargetKind
from storage.engine import reading
from tests.posters import CLAIMS, HAVE_FONTS, HONEST, Poster, draw, encode, gallery, share_read
from tests.web import Answer, Web, html, web
from zhengxun.analysis import subject_of
from zhengxun.jobs.crawl import crawl
from zhengxun.pictures import with_pictures
from zhengxun.services import Services
from zhengxun.settings import Settings

PLAIN = "<h1>校园开放日</h1><p>欢迎各位家长和学员到校参观，开放时间为周六上午九点到十一点，请从南门进入。</p>"


def accuracy(posters: list[Poster]) -> None:
    """Characters read, by trait."""
    by_trait: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    codes = [0, 0]
    seconds = []
    with PictureWorker() as worker:
        for poster in posters:
            started = time.perf_counter()
            look = worker.look(poster.data)
            found = worker.read()
            seconds.append(time.perf_counter() - started)
            if isinstance(look, Unreadable) or isinstance(found, Unreadable):
                raise SystemExit(f"{poster.name}: {found}")
            right, all_ = share_read(found, poster.lines)
            for trait in ("all", *poster.traits):
                by_trait[trait][0] += right
                by_trait[trait][1] += all_
            codes[0] += poster.code in {code.text for code in found.codes}
            codes[1] += poster.code is not None
    for trait, (right, all_) in sorted(by_trait.items(), key=lambda item: item[1][0] / item[1][1]):
        print(f"  {trait:12} {right / all_:7.2%}  ({right}/{all_})")
    print(
        f"  codes {codes[0] if codes[1] else 0}/{codes[1]}; median {sorted(seconds)[len(seconds) // 2]:.2f} s a poster"
    )


def sameness() -> None:
    """Resaved copies taken for the same, altered posters taken for the same (the error that would cost a claim)."""
    same = altered = copies = changes = 0
    for number in range(24):
        lines = (CLAIMS + HONEST)[number % 8]
        ground = ("plain", "light", "gradient", "photo")[number % 4]
        poster = draw(number, lines, ground=ground)
        look = look_at(decode(encode(poster)))
        for scale, kind in ((1.0, "jpeg30"), (0.7, "webp"), (0.5, "webp"), (1.3, "png")):
            size = int(poster.width * scale), int(poster.height * scale)
            copy = poster.resize(size, Image.Resampling.LANCZOS)
            same += is_same(look, look_at(decode(encode(copy, kind))))
            copies += 1
        for place, line in enumerate(lines):
            middle = len(line) // 2
            other = "不" if line[middle] != "不" else "可"
            changed = list(lines)
            changed[place] = line[:middle] + other + line[middle + 1 :]
            altered += is_same(look, look_at(decode(encode(draw(number, tuple(changed), ground=ground)))))
            changes += 1
    print(
        f"  resaved copies known again {same}/{copies}; posters with one other character taken for the same {altered}/{changes}"
    )


def verdicts(most: int) -> None:
    """Sample texts of the classifier judged as text and, on a page that claims nothing, read from a poster."""
    classifier = classifiers.load(None)
    page = extract(html(PLAIN * 6).body, url="http://a.example/", content_type="text/html; charset=utf-8").documents[0]
    with PictureWorker() as worker:
        samples = [
            json.loads(line)
            for line in Path("tests/classifiers/samples/dev_first.jsonl").read_text("utf-8").splitlines()
        ]
        for name, label in (("violating", 1), ("innocent", 0)):
            texts = [s["text"] for s in samples if s["label"] == label and 15 <= len(s["text"]) <= 120][:most]
            as_text = drawn = 0
            for number, words in enumerate(texts):
                flat = words.replace("\n", " ")
                lines = tuple(flat[at : at + 16] for at in range(0, len(flat), 16))
                ground = ("plain", "light", "gradient", "photo")[number % 4]
                data = encode(draw(number, lines, ground=ground, sizes=(44, 40, 36)), ("png", "jpeg30")[number % 2])
                worker.look(data)
                found = worker.read()
                assert not isinstance(found, Unreadable), found
                shown = with_pictures(page, [("http://a.example/p.png", found)])
                assert shown is not None, flat
                as_text += classifier.assess(Subject(text=words)).flagged
                drawn += assess_page(classifier, subject_of(shown)).flagged
            print(f"  {name} sample texts flagged: as text {as_text}/{len(texts)}, on a poster {drawn}/{len(texts)}")


def a_site(small_web: Web, posters: list[Poster], pages: int) -> str:
    """A site of so many pages, each with one poster."""
    shown: dict[str, object] = {}
    for number in range(pages):
        poster = posters[number % len(posters)]
        shown[f"/{poster.name}.png"] = Answer(poster.data, headers={"Content-Type": "image/png"})
        body = f'{PLAIN * 6}<p>第{number}页</p><img src="/{poster.name}.png">'
        shown[f"/page-{number}.html"] = html(body, f"第{number}页")
    links = "".join(f'<a href="/page-{number}.html">第{number}页</a> ' for number in range(pages))
    return small_web.site({"/": html(PLAIN + links, "首页"), **shown}).url


def crawled(url: str, folder: Path, pictures: bool) -> tuple[float, float, dict[str, float], set[str]]:
    """(seconds of the pages' part, of the whole run, pages and pictures, flagged addresses)."""
    services = Services(
        Settings(
            data_dir=folder,
            crawl_delay=0,
            allow_networks=(ip_network("127.0.0.0/8"),),
            pictures=pictures,
            screenshots=False,
        )
    )
    services.prepare()
    with services.store() as store:
        host = url.split("/")[2]
        store.targets.add(
            name="样例", url=url + "/", kind=TargetKind.WEBSITE, schedule="0 8 * * *",
            scope=Scope((host,)), budget=Budget(max_pages=5000),
        )  # fmt: skip
    started = time.perf_counter()
    report = crawl(services, everything=True)
    whole = time.perf_counter() - started
    with services.store() as store, reading(store.engine) as connection:
        first, last = connection.execute(
            text("SELECT min(at), max(at) FROM crawl_requests WHERE purpose = 'page' AND outcome = 'ok'")
        ).one()
        flagged = {
            row.url
            for row in connection.execute(text("SELECT pages.url FROM leads JOIN pages ON pages.id = leads.page_id"))
        }
    from datetime import datetime

    between = (datetime.fromisoformat(str(last)) - datetime.fromisoformat(str(first))).total_seconds()
    assert report.run is not None
    return between, whole, {**report.run.pages, "pictures": sum(report.run.pictures.values())}, flagged


class _Watch(threading.Thread):
    """Greatest resident memory of any child process while the context lasts, in MB."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0.0
        self._over = threading.Event()

    def run(self) -> None:
        me = psutil.Process()
        while not self._over.wait(0.05):
            for child in me.children(recursive=True):
                try:
                    self.peak = max(self.peak, child.memory_info().rss / 1024 / 1024)
                except psutil.Error:
                    continue

    def end(self) -> float:
        """Stop looking."""
        self._over.set()
        self.join()
        return self.peak


def main() -> None:
    """Run all parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=600)
    parser.add_argument("--texts", type=int, default=60)
    arguments = parser.parse_args()
    if missing() or not HAVE_FONTS:
        raise SystemExit(missing() or "Noto's CJK fonts are not installed (fonts-noto-cjk)")
    posters = gallery()
    print("characters read, by trait (worst first)")
    accuracy(posters)
    print("the same picture again")
    sameness()
    with tempfile.TemporaryDirectory() as folder, web() as small_web:
        url = a_site(small_web, posters, arguments.pages)
        crawled(url, Path(folder) / "warm", pictures=False)
        plain, plain_whole, _, nothing = crawled(url, Path(folder) / "without", pictures=False)
        watch = _Watch()
        watch.start()
        shown, shown_whole, counts, flagged = crawled(url, Path(folder) / "with", pictures=True)
        peak = watch.end()
        plain = (plain + crawled(url, Path(folder) / "again", pictures=False)[0]) / 2
    bad = {f"{url}/page-{n}.html" for n in range(arguments.pages) if posters[n % len(posters)].violating}
    honest = {f"{url}/page-{n}.html" for n in range(arguments.pages)} - bad
    print("pages that say nothing in words")
    print(
        f"  violating posters flagged {len(bad & flagged)}/{len(bad)} ({len(bad & flagged) / len(bad):.1%}), without pictures {len(bad & nothing)}"
    )
    print(f"  honest posters flagged {len(honest & flagged)}/{len(honest)}")
    verdicts(arguments.texts)
    print("crawl of the same site")
    print(
        f"  pages' part: {arguments.pages / plain:.1f} pages/s without, {arguments.pages / shown:.1f} with pictures; ratio {plain / shown:.2f}"
    )
    print(
        f"  whole run: {plain_whole:.1f} s without, {shown_whole:.1f} s with {counts['pictures']} pictures, {len(posters)} of them read"
    )
    print(f"  greatest child process while reading: {peak:.0f} MB")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
