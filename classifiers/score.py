"""From features to a score 0–100, every step named."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp

from classifiers.model import RulePack, Weights
from domain.assessment import Level, ScoreStep

#: Weights of features that no training has set; rules bring their own.
DEFAULTS: Mapping[str, float] = {}


def weight_of(name: str, pack: RulePack, own: Mapping[str, float]) -> float:
    """Return the weight of the feature ``name``: trained, else the rule's own, else 0."""
    trained = pack.weights.features.get(name)
    if trained is not None:
        return trained
    return own.get(name, 0.0)


def steps_of(
    values: Mapping[str, float], pack: RulePack, own: Mapping[str, float], says: Mapping[str, str]
) -> list[ScoreStep]:
    """Return one step for every feature that moves the score, the greatest first, after the starting point."""
    steps = [ScoreStep("intercept", round(pack.weights.intercept, 4), "起点：没有任何命中时的基数")]
    moved = []
    for name, value in values.items():
        points = weight_of(name, pack, own) * value
        if abs(points) >= 0.005:
            moved.append(ScoreStep(name, round(points, 4), says.get(name, name)))
    moved.sort(key=lambda step: (-abs(step.points), step.name))
    return steps + moved


def calibrated(raw: float) -> float:
    """Return the score 0–100 of the sum of all steps (logistic, so 50 is as likely a violation as not)."""
    if raw >= 0:
        return 100.0 / (1.0 + exp(-min(raw, 60.0)))
    low = exp(max(raw, -60.0))
    return 100.0 * low / (1.0 + low)


def level_of(score: float, weights: Weights) -> Level:
    """Return the level in which ``score`` lies."""
    if score >= weights.high:
        return Level.HIGH
    if score >= weights.medium:
        return Level.MEDIUM
    return Level.LOW if score >= weights.low else Level.NONE
