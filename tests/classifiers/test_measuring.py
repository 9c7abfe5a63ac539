"""Evaluation, back-testing, training: the numbers that rule editors decide by."""

import json
from pathlib import Path

import pytest

import classifiers
from classifiers.backtesting import StoredDocument
from classifiers.classifier import Classifier
from classifiers.evaluation import read_lines
from classifiers.picture import save_curve
from classifiers.train import main as train
from domain.assessment import Subject
from domain.errors import BadFile

SAMPLES = Path(__file__).parent / "samples"
SELLING = "低压电工证不用考试，包过，七天拿证，官网可查，考不过全额退款，加微信 abcd1234"


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    """The bundled packs."""
    return classifiers.load()


def test_figures_are_counted_per_category_channel_and_tag(classifier: Classifier) -> None:
    """Hits, false alarms and misses stand where they belong, with category and quote checked against the labels."""
    lines = [
        {"id": "a", "text": SELLING, "label": 1, "categories": ["B", "D"], "channel": "sms", "claims": ["包过"]},
        {"id": "b", "text": "今天下雨。", "label": 1, "categories": ["B"], "channel": "sms", "tags": ["hard"]},
        {"id": "c", "text": "今天晴。", "label": 0, "channel": "news"},
        {"id": "d", "text": SELLING, "label": 0, "channel": "news"},
    ]
    report = classifiers.evaluate(classifier, lines)
    total = report.total
    assert (total.hits, total.false_alarms, total.misses, total.rejections) == (1, 1, 1, 1)
    assert (total.precision, total.recall, total.f1) == (0.5, 0.5, 0.5)
    assert [mistake.id for mistake in report.false_alarms] == ["d"]
    assert [mistake.id for mistake in report.misses] == ["b"]
    assert report.by_channel["sms"].recall == 0.5
    assert report.by_tag["hard"].misses == 1
    assert report.category_right == report.quote_overlap == 1.0
    assert report.curve[-1][2] == 1.0
    assert json.loads(json.dumps(report.as_dict()))["rule_pack"] == classifier.rule_pack


@pytest.mark.parametrize("line", [{"label": 1}, {"text": "x"}, {"text": "x", "label": 2}, {"text": 5, "label": 0}])
def test_a_line_without_text_or_label_is_named(classifier: Classifier, line: dict[str, object]) -> None:
    """A line that cannot be used is an error with its number, never skipped."""
    with pytest.raises(BadFile, match="第 2 行"):
        classifiers.evaluate(classifier, [{"text": "好", "label": 0}, line])


def test_a_file_that_is_not_json_lines_is_refused(tmp_path: Path) -> None:
    """The number of the broken line is told."""
    file = tmp_path / "x.jsonl"
    file.write_text('{"text": "a", "label": 0}\nnonsense\n', encoding="utf-8")
    with pytest.raises(BadFile, match="第 2 行"):
        read_lines(file)
    with pytest.raises(BadFile):
        read_lines(tmp_path / "missing.jsonl")


def test_the_curve_becomes_a_picture(classifier: Classifier, tmp_path: Path) -> None:
    """The precision–recall curve is written as an image."""
    pytest.importorskip("matplotlib")
    report = classifiers.evaluate(classifier, [{"text": SELLING, "label": 1}, {"text": "晴", "label": 0}])
    save_curve(report, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_a_backtest_tells_new_hits_new_misses_and_the_reviewers_verdicts(
    classifier: Classifier, tmp_path: Path
) -> None:
    """Against stricter packs, what is no longer flagged is listed with what reviewers had said."""
    weights = (Path(classifiers.__file__).parent / "packs" / "90_weights.yaml").read_text(encoding="utf-8")
    (tmp_path / "90_weights.yaml").write_text(
        weights.replace("levels: {low: 50, medium: 70, high: 90}", "levels: {low: 100, medium: 100, high: 100}"),
        encoding="utf-8",
    )
    strict = classifiers.load(tmp_path)
    documents = [
        StoredDocument("1", Subject(SELLING), "confirmed"),
        StoredDocument("2", Subject(SELLING + "！"), "dismissed"),
        StoredDocument("3", Subject("今天晴。")),
    ]
    report = classifiers.backtest(classifier, strict, documents)
    assert (report.documents, report.old_flagged, report.new_flagged) == (3, 2, 0)
    assert [change.id for change in report.newly_missed] == ["1", "2"]
    assert (report.confirmed_lost, report.dismissed_gone, report.dismissed_back) == (1, 1, 0)
    back = classifiers.backtest(strict, classifier, documents)
    assert [change.id for change in back.newly_hit] == ["1", "2"]
    assert back.dismissed_back == 1
    assert json.loads(json.dumps(report.as_dict()))["confirmed_lost"] == 1


def test_training_is_reproducible_and_its_weights_load(tmp_path: Path) -> None:
    """The same lines give the same three files, byte by byte, and a classifier can be made of them."""
    samples = (SAMPLES / "dev_first.jsonl").read_text(encoding="utf-8").splitlines()
    lines = samples[:12] + samples[-12:]
    file = tmp_path / "lines.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    made = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        assert train([str(file), "--out", str(folder)]) == 0
        made.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert made[0] == made[1]
    assert set(made[0]) == {"90_weights.yaml", "91_wording.yaml", "92_sentences.yaml"}
    classifier = Classifier(classifiers.loader.load_packs(tmp_path / "one"))
    assert classifier.assess(Subject(SELLING)).flagged


# Floors: below them a change of rules must not go in. They stand a little under what was measured when they were set.
# ``dev`` is what the weights are learned from; the others they have never seen.
FLOORS = {
    "dev_*": (0.97, 0.96),
    "validation_first": (0.90, 0.90),
    "validation_second": (0.92, 0.93),
    "validation_third": (0.93, 0.90),
    "validation_hand_a": (0.88, 0.82),
    "validation_hand_b": (0.88, 0.83),
    "validation_hand_[cdeik]": (0.94, 0.93),
    # Pairs of the same words with opposite meanings, and pages whose one sentence says it: what it does worst.
    "validation_hand_[fghj]": (0.82, 0.74),
    # n to u in the manner of real pages, by those who had just read hundreds of them; r to u were not learned from at all.
    "validation_hand_[lmnopq]": (0.90, 0.87),
    "validation_hand_[rstu]": (0.85, 0.89),
}


@pytest.mark.parametrize("part", FLOORS)
def test_precision_and_recall_stay_above_their_floors(classifier: Classifier, part: str) -> None:
    """Over the project's own labelled samples, precision and recall do not fall below what was reached."""
    lines = [line for file in sorted(SAMPLES.glob(f"{part}.jsonl")) for line in read_lines(file)]
    report = classifiers.evaluate(classifier, lines)
    precision, recall = FLOORS[part]
    wrong = [mistake.id for mistake in (*report.false_alarms, *report.misses)]
    assert report.total.precision >= precision, wrong
    assert report.total.recall >= recall, wrong
    assert report.category_right >= 0.9
    assert report.quote_overlap >= 0.85


def test_everyday_text_is_not_flagged(classifier: Classifier) -> None:
    """News, recipes, sport and manuals without a word on certificates give no lead."""
    assert not classifiers.evaluate(classifier, read_lines(SAMPLES / "everyday.jsonl")).false_alarms
