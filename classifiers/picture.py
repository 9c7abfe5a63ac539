"""The precision–recall curve as a picture (optional: matplotlib, the ``eval`` extra)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from domain.errors import NotSetUp

if TYPE_CHECKING:
    from classifiers.evaluation import EvalReport


def save_curve(report: EvalReport, path: Path) -> None:
    """Write the curve of ``report`` to ``path`` (png, svg or pdf by its ending).

    Raises NotSetUp where matplotlib is not installed. Words in the picture are English: fonts with Chinese characters
    are not to be had everywhere.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise NotSetUp("画准确率—召回率曲线要用 matplotlib，请先安装：pip install 'zhengxun[eval]'。") from error
    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.subplots()
    axes.plot([r for _, _, r in report.curve], [p for _, p, _ in report.curve], drawstyle="steps-post")
    axes.plot(
        [report.total.recall],
        [report.total.precision],
        "o",
        label=f"flagged: P {report.total.precision:.3f}, R {report.total.recall:.3f}",
    )
    axes.set(
        xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.02), title=f"rule pack {report.rule_pack[7:19]}"
    )
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left")
    figure.savefig(path, dpi=120)
