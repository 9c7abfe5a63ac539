"""Rule packs: strict reading, own examples, and what the bundled ones cover."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import classifiers
from classifiers.loader import BUNDLED, expand, load_packs
from domain.assessment import Subject
from domain.errors import BadRulePack

RULE = """\
pack: rules
version: 1
rules:
- id: B-GUAR-9010
  name: 试写的规则
  category: B
  behaviour: B9
  legal: [广告法 第二十四条第一项]
  severity: 高
  strictness: 1
  weight: 2.0
  match: [guarantee]
  must: [credential]
  examples:
    hit: ["焊工证包过"]
    miss: ["面包过期"]
"""


@pytest.fixture
def pack_dir(tmp_path: Path) -> Path:
    """A directory with one rule file of one's own."""
    (tmp_path / "70_own.yaml").write_text(RULE, encoding="utf-8")
    return tmp_path


def test_own_rules_join_the_bundled_ones(pack_dir: Path) -> None:
    """A directory needs only what it adds; the digest tells the packs apart."""
    classifier = classifiers.load(pack_dir)
    assert "B-GUAR-9010" in {rule.id for rule in classifier.rules}
    assert classifier.rule_pack.startswith("sha256:")
    assert classifier.rule_pack != classifiers.load().rule_pack
    assert classifiers.check(pack_dir) == []


WRONG = [
    ("  name: 试写的规则", "  name: 试写的规则\n  wieght: 1", 6, "wieght"),
    ("B-GUAR-9010", "B-GUAR-0010", 4, "重复"),
    ("match: [guarantee]", "match: [guarantie]", 12, "guarantie"),
    ("category: B", "category: D", 6, "category"),
    ("severity: 高", "severity: 大", 9, "severity"),
    ("strictness: 1", "strictness: 4", 10, "strictness"),
    ("weight: 2.0", "weight: 重", 11, "weight"),
    ("焊工证包过", "焊工培训", 4, "应当命中"),
    ("面包过期", "焊工证包过", 4, "不应命中"),
    ("must: [credential]", "exempt: [warming]", 13, "warming"),
    ("  category: B\n", "", 4, "category"),
    ("id: B-GUAR-9010", "id: B-9010", 4, "B-GUAR-0010"),
]


@pytest.mark.parametrize(("old", "new", "line", "word"), WRONG)
def test_a_wrong_rule_stops_the_pack_with_file_rule_and_line(
    pack_dir: Path, old: str, new: str, line: int, word: str
) -> None:
    """Unknown keys, duplicates, unknown concepts and failing examples are named where they stand."""
    file = pack_dir / "70_own.yaml"
    assert old in RULE
    file.write_text(RULE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadRulePack) as error:
        classifiers.load(pack_dir)
    message = str(error.value)
    assert "70_own.yaml" in message
    assert f"第 {line} 行" in message
    assert word in message
    assert "规则" in message
    assert classifiers.check(pack_dir) != []


@pytest.mark.parametrize("text", ["", "- 1\n", "pack: rules\nrules: [\n", "pack: other\n", "a: 1\na: 2\n"])
def test_a_file_that_is_no_pack_is_refused(tmp_path: Path, text: str) -> None:
    """Empty files, lists, broken YAML, unknown kinds and duplicate keys are named, never read half."""
    (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(BadRulePack, match=r"x\.yaml"):
        load_packs(tmp_path)


def test_a_missing_or_empty_directory_is_refused(tmp_path: Path) -> None:
    """A directory that is not there, or holds no rules, is an error and not the bundled packs."""
    with pytest.raises(BadRulePack):
        load_packs(tmp_path / "none")
    with pytest.raises(BadRulePack):
        load_packs(tmp_path)


def test_every_bundled_example_does_what_it_stands_for() -> None:
    """The bundled packs pass their own examples, run afresh."""
    assert classifiers.check() == []


def test_the_rules_for_the_whole_wording_do_what_its_examples_say() -> None:
    """Their examples hold for the bundled weights: quoted where nothing else gives the offer away, silent elsewhere."""
    classifier = classifiers.load()
    rules = [rule for rule in classifier.rules if rule.whole]
    assert [rule.category.value for rule in rules] == ["B", "D"]
    for rule in rules:
        for text in rule.examples.hit:
            assert rule.id in {finding.rule_id for finding in classifier.assess(Subject(text)).findings}
        for text in rule.examples.miss:
            assert not classifier.assess(Subject(text)).findings


def test_the_stamp_belongs_to_the_bundled_packs() -> None:
    """The committed stamp is of these very files, so that loading does not run the examples again."""
    assert (BUNDLED / "checked.txt").read_text(encoding="utf-8").strip() == load_packs().digest


def test_the_digest_is_over_every_file(tmp_path: Path) -> None:
    """One changed byte in any pack changes the digest."""
    for path in BUNDLED.glob("*.yaml"):
        shutil.copy(path, tmp_path / path.name)
    before = load_packs(tmp_path).digest
    file = tmp_path / "30_context.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "# 一行说明\n", encoding="utf-8")
    assert load_packs(tmp_path).digest != before


def test_every_group_of_the_notice_has_rules() -> None:
    """A–E all have rules, each with a behaviour of the notice and a legal basis."""
    rules = load_packs().rules
    assert {rule.category.value for rule in rules} == set("ABCDE")
    assert all(rule.behaviour.startswith(rule.category.value) or rule.behaviour for rule in rules)
    assert all(rule.legal_basis for rule in rules)


def test_templates_expand_to_every_choice() -> None:
    """Braces in a pack's words stand for all their alternatives."""
    assert expand("{包|保}过{班|}") == ["包过班", "包过", "保过班", "保过"]


def test_loading_leaves_the_segmenter_alone() -> None:
    """Importing costs nothing and loading does not touch jieba's dictionary."""
    code = (
        "import sys, classifiers; assert 'jieba' not in sys.modules and 'yaml' not in sys.modules;"
        "c = classifiers.load(); from domain.assessment import Subject; c.assess(Subject('今天天气很好'));"
        "assert 'jieba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=BUNDLED.parent.parent)


@pytest.mark.parametrize(
    "levels",
    [
        "{low: 150, medium: 160, high: 170}",
        "{low: 50, medium: 70, high: 101}",
        "{low: -1, medium: 70, high: 90}",
        "{low: 70, medium: 50, high: 90}",
        "{low: 五十, medium: 70, high: 90}",
        "{low: .nan, medium: 70, high: 90}",
    ],
)
def test_levels_that_could_never_be_reached_are_refused(tmp_path: Path, levels: str) -> None:
    """Starts of levels are numbers from 0 to 100 in ascending order; else a pack would silently flag nothing."""
    weights = (BUNDLED / "90_weights.yaml").read_text(encoding="utf-8")
    changed = re.sub(r"^levels: .*$", f"levels: {levels}", weights, flags=re.MULTILINE)
    (tmp_path / "90_weights.yaml").write_text(changed, encoding="utf-8")
    (problem,) = classifiers.check(tmp_path)
    assert "90_weights.yaml" in problem
    assert "low ≤ medium ≤ high" in problem
