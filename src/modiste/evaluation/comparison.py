"""Two models or more on the same photos: what differs, and whether by more than chance.

Every test photo was met by all of them, so differences are taken photo by photo (or episode by episode) and
their intervals are those of the differences: narrower than what two intervals side by side suggest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from modiste.errors import DataError
from modiste.evaluation.results import Results
from modiste.evaluation.summary import markdown_table
from modiste.metrics import augrc, aurc, class_bootstrap, interval, mean_bootstrap, mean_interval

__all__ = ["Comparison", "Difference", "compare", "comparison_table"]


@dataclass(frozen=True)
class Difference:
    """By how much a model's figure is above the first model's, with its 95 % interval ``[low, high]``.

    The interval is empty where results do not hold what it takes.
    """

    difference: float
    interval: list[float]

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return bool(self.interval) and (self.interval[0] > 0 or self.interval[1] < 0)


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
    figures = [*_accuracies(results), *_retrieval(results), *_few_shot(results), *_selective(results)]
    if not figures:
        raise DataError("these results have no figure in common; evaluate the models again")
    return Comparison(
        [one.model.id for one in results],
        first.data.fingerprint,
        {figure.name: figure.values for figure in figures},
        {figure.name: figure.differences for figure in figures},
        {figure.name: figure.better for figure in figures},
    )


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
            ends = " to ".join(f"{end:+.{digits}f}" for end in gap.interval)
            star = " *" if gap.clear else "  "
            row += [f"{value:.{digits}f}", f"{gap.difference:+.{digits}f}{star}", ends or "–"]
        rows.append(tuple(row))
    return f"{markdown_table(rows)}\n\n* the interval of the difference leaves out 0"


class _Figure(NamedTuple):
    """One row of a comparison."""

    name: str
    values: list[float]
    differences: list[Difference]
    better: str = "higher"


def _accuracies(results: Sequence[Results]) -> Iterator[_Figure]:
    first = results[0]
    for part in first.predictions:
        if not all(part in one.predictions and one.tests[part] == first.tests[part] for one in results):
            continue
        truth = _truth(first, part)
        right = [(np.array(one.predictions[part]) == truth).astype(float) for one in results]
        gaps = [one - right[0] for one in right[1:]]
        ends = [interval(mean_bootstrap(gap, truth)) for gap in gaps]
        for at, name in enumerate(("accuracy", "balanced accuracy")):
            against = [
                Difference(_means(gap, truth)[at], both[at].tolist())
                for gap, both in zip(gaps, ends, strict=True)
            ]
            yield _Figure(f"{part} {name}", [_means(one, truth)[at] for one in right], against)


def _retrieval(results: Sequence[Results]) -> Iterator[_Figure]:
    first = results[0]
    for number in first.retrieval:
        if not all(number in one.retrieval for one in results):
            continue
        rankings = [one.retrieval[number] for one in results]
        truth = _truth(first, f"scenarios.{number}")
        name = f"retrieval.{number} mAP"
        yield _ranked(name, truth, [one.map for one in rankings], [one.each for one in rankings])
        expanded = [one.expanded for one in rankings if one.expanded and one.expanded.each]
        if len(expanded) == len(rankings):
            name += " by neighbourhoods"
            yield _ranked(name, truth, [one.map for one in expanded], [one.each for one in expanded])


def _ranked(
    name: str, truth: NDArray[np.int64], values: list[float], each: list[list[float | None]]
) -> _Figure:
    """A mean average precision, from those of the test photos; None where a photo has nothing to find."""
    average = [np.array(one, float) for one in each]
    able = ~np.isnan(average[0])
    gaps = [(one - average[0])[able] for one in average[1:]]
    against = [
        Difference(float(gap.mean()), interval(mean_bootstrap(gap, truth[able]))[0].tolist()) for gap in gaps
    ]
    return _Figure(name, values, against)


def _few_shot(results: Sequence[Results]) -> Iterator[_Figure]:
    first, *others = results
    for name, shots in first.few_shot.items():
        if all(name in one.few_shot and len(one.few_shot[name].each) == len(shots.each) for one in others):
            gaps = [np.array(one.few_shot[name].each) - np.array(shots.each) for one in others]
            against = [Difference(float(gap.mean()), list(mean_interval(gap))) for gap in gaps]
            yield _Figure(
                f"few_shot.{name} accuracy", [one.few_shot[name].accuracy for one in results], against
            )


def _selective(results: Sequence[Results]) -> Iterator[_Figure]:
    judged = [one.selective for one in results if one.selective is not None]
    if len(judged) < len(results):
        return
    tests = results[0].tests
    truth = _truth(results[0], "scenarios.4" if "scenarios.4" in tests else "scenarios.pair")
    answers = [(np.array(one.hits) == 0, np.array(one.confidence)) for one in judged]
    metrics: tuple[tuple[str, Callable[..., float], str], ...] = (
        ("hit rate", lambda wrong, confidence: 1 - float(wrong.mean()), "higher"),
        ("AURC", aurc, "lower"),
        ("AUGRC", augrc, "lower"),
    )
    for name, metric, best in metrics:
        values = [metric(wrong, sure) for wrong, sure in answers]

        def drawn(rows: NDArray[np.int64], metric: Callable[..., float] = metric) -> list[float]:
            return [metric(wrong[rows], sure[rows]) for wrong, sure in answers]

        each = class_bootstrap(drawn, truth)
        ends = interval(each - each[:, :1])
        against = [
            Difference(value - values[0], both.tolist())
            for value, both in zip(values[1:], ends[1:], strict=True)
        ]
        yield _Figure(f"recommendation {name}", values, against, best)


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
