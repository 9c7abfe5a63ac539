"""``kill -9`` while pages are kept, screenshots are taken and files are sealed: the store verifies after each one."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

from domain.evidence import CaptureKind, EvidenceState
from domain.target import Scope, TargetKind
from tests.zhengxun.evidence.building import SITE, services_at
from tests.zhengxun.evidence.capturing import PAGES
from zhengxun.evidence.sealing import seal
from zhengxun.evidence.verification import Verification

ROOT = Path(__file__).resolve().parents[3]


def test_nothing_is_lost_or_doubled_and_everything_verifies(tmp_path: Path) -> None:
    """Killed again and again at moments that differ; what was acknowledged is there, and the end is as without kills."""
    choose = random.Random(20261124)
    services = services_at(tmp_path / "data")
    folder = services.settings.evidence
    with services.store() as store:
        target, _ = store.targets.add(
            name="某网站",
            url=SITE + "/",
            kind=TargetKind.WEBSITE,
            schedule="0 8 * * *",
            scope=Scope(("peixun.example",)),
        )
        run = store.begin_run([target.id])
        kills = 0
        while True:
            command = [sys.executable, "-m", "tests.zhengxun.evidence.capturing", str(tmp_path / "data")]
            victim = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            assert victim.stdout is not None
            for _ in range(choose.randrange(1, 5)):
                victim.stdout.readline()
            if kills == 4:
                break
            # From here on it works on: the kill comes somewhere in its next pages.
            victim.send_signal(signal.SIGKILL)
            acknowledged = [int(line) for line in victim.communicate()[0].split()]
            assert victim.returncode == -signal.SIGKILL
            kills += 1
            report = Verification(store, folder).everything()
            assert report.sound, report.items
            assert report.counts["snapshot", EvidenceState.VERIFIED] >= max(acknowledged, default=0)
        victim.communicate()
        assert victim.returncode == 0
        seal(store, folder)
        store.finish_run(run.id)
        report = Verification(store, folder).everything()
        assert report.sound, report.items
        assert (report.unsealed, report.uncopied) == (0, 0)
        assert report.counts["snapshot", EvidenceState.VERIFIED] == PAGES
        assert report.counts["capture", EvidenceState.VERIFIED] == 2 * PAGES
        assert report.counts["screenshot_file", EvidenceState.VERIFIED] == PAGES
        assert store.evidence.without(CaptureKind.SCREENSHOT, 1) == []
    assert not list(folder.rglob("*.open"))
