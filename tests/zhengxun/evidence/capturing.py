"""A process that keeps pages, screenshots and pictures and seals them, to be killed: ``python -m … DATA_DIR``.

It goes on where the one before stopped, as the program's own steps do: pages without an outcome, leads without a
screenshot. It says how many pages and screenshots were acknowledged.
"""

from __future__ import annotations

import sys
from pathlib import Path

from crawler.captures import keep
from crawler.exchange import Resource
from crawler.warc import WarcWriter
from domain.crawl import CrawlRequest
from domain.evidence import CaptureKind
from tests.zhengxun.evidence.building import ABOUT, NOON, SITE, png, services_at, visit
from zhengxun.evidence.sealing import seal

PAGES = 24


def main(data_dir: Path) -> None:
    """Work until all is done."""
    services = services_at(data_dir)
    folder = services.settings.evidence
    with services.store() as store:
        (run,) = store.interrupted_runs()
        ledger = store.ledger()
        ledger.plan([CrawlRequest(run.id, run.target_ids[0], f"{SITE}/{page}") for page in range(PAGES)])
        writer = WarcWriter(folder, run.id, 6_000, lambda: NOON, ABOUT)  # a new file every few pages
        while pending := ledger.pending(run.id, run.target_ids[0], 1):
            ledger.record([visit(writer, request, request.id or 0, shot=False) for request in pending])
            for page in store.evidence.without(CaptureKind.SCREENSHOT, 10):
                resource = Resource(CaptureKind.SCREENSHOT, page.url, NOON, "image/png", png(page.lead_id))
                capture = keep(writer, resource, page.warc)
                writer.sync()
                store.evidence.add(page.snapshot_id, [capture])
            seal(store, folder)
            print(ledger.done_count(run.id, run.target_ids[0]), flush=True)
        writer.close()
        seal(store, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
