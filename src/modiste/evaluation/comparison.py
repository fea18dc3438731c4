"""Two models or more on the same photos: what differs, and whether by more than chance.

Every test photo was met by all of them, so differences are taken photo by photo (or episode by episode) and
their intervals are those of the differences: narrower than what two intervals side by side suggest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modiste.errors import DataError
from modiste.evaluation.results import Results
from modiste.evaluation.summary import markdown_table
from modiste.metrics import augrc, aurc, class_bootstrap, interval, mean_bootstrap, mean_interval

__all__ = ["Comparison", "Difference", "compare", "comparison_table"]


@dataclass(frozen=True)
class Difference:
    """By how much a model's figure is above the first model's, with its 95 % interval ``[low, high]``."""

    difference: float
    interval: list[float]

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.interval[0] > 0 or self.interval[1] < 0


@dataclass(frozen=True)
class Comparison:
    """``figures`` maps each figure to the value of every model, in the order of ``models``.

    ``differences`` maps it to those of all but the first model, from the first. ``better`` is ``"higher"`` or
    ``"lower"`` for each figure.
    """

    models: list[str]
    data: str
    figures: dict[str, list[float]]
    differences: dict[str, list[Difference]]
    better: dict[str, str]


def compare(results: Sequence[Results]) -> Comparison:
    """Compare evaluations of different models on the same data, with the first as the yardstick.

    Figures that not all of them have are left out. `DataError` when there are fewer than two, they were
    measured on different data, or they have no figure in common.
    """
    if len(results) < 2:
        raise DataError(f"expected two results or more to compare; got {len(results)}")
    first, *others = results
    for other in others:
        if other.data.fingerprint != first.data.fingerprint:
            raise DataError(
                f"{first.model.id} and {other.model.id} were measured on different data "
                f"({_differing(first, other)}); evaluate both on the same photos and splits"
            )
    values: dict[str, list[float]] = {}
    differences: dict[str, list[Difference]] = {}
    better: dict[str, str] = {}

    def add(name: str, each: list[float], against: list[Difference], best: str = "higher") -> None:
        values[name], differences[name], better[name] = each, against, best

    for part in first.predictions:
        if all(part in one.predictions and one.tests[part] == first.tests[part] for one in results):
            truth = _truth(first, part)
            right = [(np.array(one.predictions[part]) == truth).astype(float) for one in results]
            gaps = [one - right[0] for one in right[1:]]
            ends = [interval(mean_bootstrap(gap, truth)) for gap in gaps]
            for at, name in enumerate(("accuracy", "balanced accuracy")):
                against = [
                    Difference(_means(gap, truth)[at], both[at].tolist())
                    for gap, both in zip(gaps, ends, strict=True)
                ]
                add(f"{part} {name}", [_means(one, truth)[at] for one in right], against)
    for number in first.retrieval:
        if all(number in one.retrieval for one in results):
            truth = _truth(first, f"scenarios.{number}")
            average = [np.array(one.retrieval[number].each, float) for one in results]
            able = ~np.isnan(average[0])
            against = [
                Difference(
                    float((one - average[0])[able].mean()),
                    interval(mean_bootstrap((one - average[0])[able], truth[able]))[0].tolist(),
                )
                for one in average[1:]
            ]
            add(f"retrieval.{number} mAP", [one.retrieval[number].map for one in results], against)
    for name, shots in first.few_shot.items():
        if all(name in one.few_shot and one.few_shot[name].episodes == shots.episodes for one in results):
            gaps = [np.array(one.few_shot[name].each) - np.array(shots.each) for one in others]
            against = [Difference(float(gap.mean()), list(mean_interval(gap))) for gap in gaps]
            add(f"few_shot.{name} accuracy", [one.few_shot[name].accuracy for one in results], against)
    judged = [one.selective for one in results if one.selective is not None and one.selective.hits]
    if len(judged) == len(results):
        [part] = [part for part in ("scenarios.4", "scenarios.pair") if part in first.tests]
        truth = _truth(first, part)
        wrong = [np.array(one.hits) == 0 for one in judged]
        sure = [np.array(one.confidence) for one in judged]
        metrics: dict[str, tuple[Any, str]] = {
            "hit rate": (lambda missed, confidence: 1 - missed.mean(), "higher"),
            "AURC": (aurc, "lower"),
            "AUGRC": (augrc, "lower"),
        }
        for name, (metric, best) in metrics.items():
            each = [float(metric(w, s)) for w, s in zip(wrong, sure, strict=True)]
            against = []
            for at in range(1, len(results)):

                def gap(rows: NDArray[np.int64], at: int = at, metric: Any = metric) -> list[float]:
                    return [metric(wrong[at][rows], sure[at][rows]) - metric(wrong[0][rows], sure[0][rows])]

                against.append(
                    Difference(each[at] - each[0], interval(class_bootstrap(gap, truth))[0].tolist())
                )
            add(f"recommendation {name}", each, against, best)
    if not values:
        raise DataError("these results have no figure in common; evaluate the models again")
    return Comparison([one.model.id for one in results], first.data.fingerprint, values, differences, better)


def comparison_table(found: Comparison) -> str:
    """The comparison in Markdown: values and differences with their intervals, clear ones with a star."""
    heads = ["", found.models[0]]
    for model in found.models[1:]:
        heads += [model, "difference", "95 % interval"]
    rows = [tuple(heads)]
    for name, values in found.figures.items():
        digits = 4 if name.endswith("RC") else 3
        row = [
            name if found.better[name] == "higher" else f"{name} (lower is better)",
            f"{values[0]:.{digits}f}",
        ]
        for value, gap in zip(values[1:], found.differences[name], strict=True):
            low, high = (f"{end:+.{digits}f}" for end in gap.interval)
            star = " *" if gap.clear else "  "
            row += [f"{value:.{digits}f}", f"{gap.difference:+.{digits}f}{star}", f"{low} to {high}"]
        rows.append(tuple(row))
    return f"{markdown_table(rows)}\n\n* the interval of the difference leaves out 0"


def _truth(results: Results, part: str) -> NDArray[np.int64]:
    """What the test photos of a part are, one split after the other."""
    splits = [results.photos[name] for name in results.tests[part]]
    labels = [split.categories if part == "categories" else split.types for split in splits]
    return np.concatenate([np.array(each, np.int64) for each in labels])


def _means(values: NDArray[np.float64], truth: NDArray[np.int64]) -> tuple[float, float]:
    """Over photos, and over classes."""
    _, class_of, sizes = np.unique(truth, return_inverse=True, return_counts=True)
    return float(np.mean(values)), float(np.mean(np.bincount(class_of, values) / sizes))


def _differing(first: Results, other: Results) -> str:
    here, there = first.data.splits, other.data.splits
    differing = [name for name in {**here, **there} if here.get(name) != there.get(name)]
    return f"{', '.join(differing)} differ" if len(differing) > 1 else f"{', '.join(differing)} differs"
