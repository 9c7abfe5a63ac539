"""Versions of the rules: put live whole or not at all, taken back, and never able to stop a crawl."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from classifiers.loader import BUNDLED, digest, load_packs, pack_files
from domain.errors import BadRulePack, IllegalMove
from tests.zhengxun.conftest import Zhengxun
from zhengxun.rules.in_force import rules_in_force
from zhengxun.rules.versions import RuleVersion, RuleVersions
from zhengxun.services import Services
from zhengxun.settings import Settings

NAME = "64_rules_e_other.yaml"
TEXT = (BUNDLED / NAME).read_text(encoding="utf-8")
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path, clean_environment: None) -> Settings:
    """Settings of an installation without rules of its own."""
    return Settings.load(tmp_path / "data")


def _publish(settings: Settings, text: str = TEXT + "# 改过\n", expected: int | None = None) -> RuleVersion:
    """Put live without running all examples, as the console does after its check."""
    versions = RuleVersions(settings.rule_versions)
    folder = settings.data_dir.parent / "draft"
    folder.mkdir(exist_ok=True)
    (folder / NAME).write_text(text, encoding="utf-8")
    return versions.publish(
        {NAME: text},
        author="孙规",
        reason="试",
        at=NOW,
        expected=versions.newest if expected is None else expected,
        checked=digest(pack_files(folder)),
    )


def test_a_version_is_checked_whole_before_it_counts(settings: Settings) -> None:
    """A failing example or a wrong line leaves nothing behind; a good one is in force, marked as checked."""
    versions = RuleVersions(settings.rule_versions)
    first = "60_rules_a_marks.yaml"  # its first example is the first that is run
    text = (BUNDLED / first).read_text(encoding="utf-8")
    for wrong, why in (
        (text.replace("hit:", "hitt:", 1), "第 .* 行"),
        (re.sub(r'(hit:\n +- )".*"', r'\1"今天天气很好"', text, count=1), "例句没有命中"),
    ):
        with pytest.raises(BadRulePack, match=why):
            versions.publish({first: wrong}, author="孙规", reason="试", at=NOW, expected=0)
        assert list(settings.rule_versions.iterdir()) == []
    assert rules_in_force(settings).folder is None
    made = _publish(settings)
    force = rules_in_force(settings)
    assert (force.folder, force.version, force.problems) == (made.folder, made, ())
    assert (made.number, made.author, made.files) == (1, "孙规", (NAME,))
    assert (made.folder / "checked.txt").read_text(encoding="utf-8").strip() == made.digest
    assert Services(settings).rule_pack == made.digest != digest(pack_files(None))


def test_of_two_people_at_once_one_is_told(settings: Settings) -> None:
    """Nothing is overwritten; a file that says what the bundled one says is none of ours."""
    _publish(settings, expected=0)
    with pytest.raises(IllegalMove, match="第 1 版刚刚上线"):
        _publish(settings, TEXT + "# 别的\n", expected=0)
    back = _publish(settings, TEXT)
    assert (back.number, back.files, back.packs) == (2, (), None)
    assert rules_in_force(settings).folder is None
    assert "第 2 版（随附规则）" in rules_in_force(settings).name


def test_a_newest_version_that_cannot_be_used_never_stops_a_crawl(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """Damaged files or facts: the version before is used and the problem is told; in the end the bundled packs are."""
    first = _publish(settings)
    second = _publish(settings, TEXT + "# 第二次\n")
    for path in (second.folder / NAME, second.folder / "version.json", first.folder / NAME):
        path.chmod(0o644)
    (second.folder / NAME).write_text("rules: [", encoding="utf-8")
    force = rules_in_force(settings)
    assert force.version == first
    assert "第 2 版不能使用" in force.problems[0]
    assert "第 2 版不能使用" in caplog.text
    (second.folder / "version.json").write_text("{", encoding="utf-8")
    force = rules_in_force(settings)
    assert force.version == first
    assert "第 2 版的说明已损坏" in force.problems[0]
    (first.folder / NAME).unlink()
    force = rules_in_force(settings)
    assert (force.folder, len(force.problems)) == (None, 2)
    assert RuleVersions(settings.rule_versions).newest == 2, "a damaged version's number is not given again"


def test_a_folder_kept_by_hand_counts_until_a_version_is_put_live(settings: Settings) -> None:
    """Then it is passed over, and that is said."""
    own = settings.data_dir / "rules"
    own.mkdir(parents=True)
    shutil.copy(BUNDLED / NAME, own)
    assert rules_in_force(settings).folder == own
    made = _publish(settings)
    force = rules_in_force(settings)
    assert force.version == made
    assert "没有使用" in force.notes[0]


def test_the_command_line_puts_live_and_takes_back(ready: Zhengxun, tmp_path: Path) -> None:
    """publish, versions, check and list agree on what is in force; rollback is one more version; the audit log has both."""
    folder = tmp_path / "mine"
    folder.mkdir()
    assert ready("rules", "publish", folder, "--reason", "试").status == 2
    (folder / NAME).write_text(TEXT + "# 改过\n", encoding="utf-8")
    assert ready("rules", "rollback", "7", "--reason", "试").status == 2
    put = ready("rules", "publish", folder, "--reason", "另一种说法", "--json").json
    assert (put["number"], put["files"]) == (1, [NAME])
    assert ready("rules", "list", "--json").json["rule_pack"] == put["digest"]
    told = ready("rules", "versions", "--json").json
    assert told["in_force"] == {"name": "规则第 1 版", "number": 1, "rule_pack": put["digest"]}
    back = ready("rules", "rollback", "0", "--reason", "有误", "--json").json
    assert (back["number"], back["restored"], back["files"]) == (2, 0, [])
    assert "第 2 版" in ready("rules", "versions").out
    services = Services.load(tmp_path / "data")
    with services.store() as store:
        log = [(record.entry.action, record.entry.target) for record in store.accounts.log()]
    assert log == [("规则上线", "规则第 2 版"), ("规则上线", "规则第 1 版")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("pack: rules\nrules: &a [&b [x, x], *b, *b]\n", "第 2 行：不能用"),
        ("pack: concepts\nconcepts:\n  bomb:\n    says: x\n    words: '" + "{a|b|c|d}" * 12 + "'\n", "展开超过"),
        ("[" * 5000, "层次套得太深|YAML 写法有误"),
    ],
)
def test_packs_that_grow_without_end_are_refused(tmp_path: Path, text: str, why: str) -> None:
    """Aliases of aliases, templates of templates, brackets without number: told at once, whatever they would become."""
    (tmp_path / "65_bomb.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(BadRulePack, match=why):
        load_packs(tmp_path)


def test_what_a_version_says_of_itself_is_kept(settings: Settings) -> None:
    """Who, when, why and the hash of each file."""
    made = _publish(settings)
    facts = json.loads((made.folder / "version.json").read_text(encoding="utf-8"))
    assert facts["reason"] == "试"
    assert list(facts["files"]) == [NAME]
    assert not (made.folder / NAME).stat().st_mode & 0o222, "nobody changes it by mistake"


def test_a_worker_that_runs_for_months_takes_up_what_is_put_live(settings: Settings) -> None:
    """From its next job on; while nothing changes it keeps what it has loaded."""
    from zhengxun.work.worker import Worker

    worker = Worker(Services(settings))
    first = worker._current()
    assert worker._current() is first
    made = _publish(settings)
    assert worker._current().rule_pack == made.digest != first.rule_pack
    assert worker._current().standing
