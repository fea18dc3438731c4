"""Several models that name labels, on the same photos: what differs, and whether by more than chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modiste.datasets.label_set import LabelSet
from modiste.errors import DataError
from modiste.evaluation.comparison import Comparison, Difference
from modiste.evaluation.labels import LabelResults, judge_labels
from modiste.evaluation.photos import fingerprint
from modiste.evaluation.results import Results
from modiste.metrics import interval, photo_bootstrap

__all__ = ["compare_labels", "types_as_labels"]

PARTS = ("test", "val")  # the most telling first
TYPES = ("classification", "scenarios.pair")
Truth = dict[str, list[str]]


def compare_labels(results: Sequence[Mapping[str, LabelResults]]) -> Comparison:
    """Compare what `modiste score` or `modiste train --label` found, with the first model as the yardstick.

    Of the parts that all of them have, ``test`` is taken, else ``val``, else the first. Intervals are those
    of the differences when the photos are drawn again; mAP has none, as results keep no probabilities.

    `DataError` when there are fewer than two, or they were measured on different photos or labels.
    """
    if len(results) < 2:
        raise DataError(f"expected two results or more to compare; got {len(results)}")
    common = [part for part in results[0] if all(part in one for one in results)]
    if not common:
        parts = "; ".join(", ".join(one) for one in results)
        raise DataError(f"these results have no part in common ({parts}); score the models on the same one")
    part = next((part for part in PARTS if part in common), common[0])
    found = [one[part] for one in results]
    truths = [_truth(one) for one in found]
    for one, truth in zip(found[1:], truths[1:], strict=True):
        if truth != truths[0]:
            raise DataError(
                f"{found[0].model} and {one.model} were measured on different data "
                f"({_differing(truths[0], truth)}); score both on the same photos and labels"
            )
    ids = sorted(truths[0])
    counted = [_Counted(one, truths[0], ids) for one in found]
    names = counted[0].names
    for one, other in zip(found[1:], counted[1:], strict=True):
        if other.names != names:
            raise DataError(
                f"{found[0].model} and {one.model} group their labels differently; teach both alike"
            )
    values = [one.figures(np.ones(len(ids))) for one in counted]
    draws = [photo_bootstrap(one.figures, len(ids)) for one in counted]  # the same photos for each
    figures = {name: [value[at] for value in values] for at, name in enumerate(names)}
    ends = [interval(draw - draws[0]).tolist() for draw in draws[1:]]
    differences = {
        name: [
            Difference(value[at] - values[0][at], end[at])
            for value, end in zip(values[1:], ends, strict=True)
        ]
        for at, name in enumerate(names)
    }
    if not counted[0].single:
        precision = [one.mean_average_precision for one in found]
        figures["mAP"] = precision
        differences["mAP"] = [Difference(value - precision[0], []) for value in precision[1:]]
    return Comparison(
        [one.model for one in found],
        fingerprint(ids, ["|".join(truths[0][id]) for id in ids]),
        figures,
        differences,
        dict.fromkeys(figures, "higher"),
    )


def types_as_labels(results: Results) -> dict[str, LabelResults]:
    """What `modiste evaluate` or `modiste baseline` found, as if `modiste score` had: types are labels.

    By what the model itself said of the test photos, else by the support set. `DataError` without either.
    """
    part = next((name for name in TYPES if name in results.predictions), None)
    if part is None:
        raise DataError(f"the results of {results.model.id} name no photos; evaluate the model again")
    splits = [results.photos[name] for name in results.tests[part]]
    names = results.names["types"]
    ids = [id for split in splits for id in split.ids]
    truth = [(names[str(kind)],) for split in splits for kind in split.types]
    said = [names[str(kind)] for kind in results.predictions[part]]
    labels = LabelSet.of([*truth, *((name,) for name in said)])
    labels = LabelSet(labels.names, ("type",) * len(labels))
    sure = labels.matrix([(name,) for name in said]).astype(np.float32)
    return {"test": judge_labels(_Answered(results.model.id, labels), sure, ids, truth)}


@dataclass(frozen=True)
class _Answered:
    """A model that is sure of the one label it gave."""

    id: str
    labels: LabelSet

    def decide(self, probabilities: NDArray[np.float32]) -> NDArray[np.bool_]:
        return probabilities > 0


def _truth(results: LabelResults) -> Truth:
    """What each photo bears."""
    truth = {**results.right, **{id: told["true"] for id, told in results.misclassified.items()}}
    if len(truth) != results.n:
        raise DataError(f"the results of {results.model} do not tell every photo; score the model again")
    return {id: sorted(labels) for id, labels in truth.items()}


class _Counted:
    """A model's answers as matrices over the photos ``ids``, from which figures of any draw are summed."""

    def __init__(self, results: LabelResults, truth: Truth, ids: Sequence[str]) -> None:
        self.single = [len(task.labels) for task in results.tasks.values()] == [len(results.labels)]
        names = sorted({*results.labels, *(label for labels in truth.values() for label in labels)})
        labels = LabelSet(tuple(names), ("",) * len(names))
        self._true = labels.matrix([truth[id] for id in ids]).astype(np.float64)
        said = [results.misclassified[id]["said"] if id in results.misclassified else truth[id] for id in ids]
        self._said = labels.matrix(said).astype(np.float64)
        self._hits = self._true * self._said
        self._whole = np.array([id in results.right for id in ids], np.float64)
        self._tasks = []
        for task in results.tasks.values():
            wrong, own = {*task.wrong}, {*task.labels}
            asked = np.array([not own.isdisjoint(truth[id]) for id in ids], np.float64)
            self._tasks.append((asked, asked * [id not in wrong for id in ids]))
        many = [f"{name} accuracy" for name in results.tasks] if len(results.tasks) > 1 else []
        self.names = [
            *(["accuracy"] if results.tasks else []),
            *many,
            *(["balanced accuracy"] if self.single else ["all labels right", "F1 micro"]),
            "F1 macro",
        ]

    def figures(self, often: NDArray[np.float64]) -> list[float]:
        """With each photo counted so often, what ``names`` are; a figure whose photos were not drawn is 0."""
        hits, true, said = often @ self._hits, often @ self._true, often @ self._said
        borne = true > 0
        tasks = [float(_share(often @ right, often @ asked)) for asked, right in self._tasks]
        made = [float(np.mean(tasks))] if tasks else []
        made += tasks if len(tasks) > 1 else []
        if self.single:
            right = (often * self._tasks[0][1]) @ self._true
            made.append(float(_share(right, true)[borne].mean()))
        else:
            made.append(float(often @ self._whole / often.sum()))
            made.append(float(_share(2 * hits.sum(), true.sum() + said.sum())))
        made.append(float(_share(2 * hits, true + said)[borne].mean()))
        return made


def _share(part: ArrayLike, whole: ArrayLike) -> NDArray[np.float64]:
    """``part`` / ``whole``, and 0 of nothing."""
    all_of = np.asarray(whole, np.float64)
    return np.divide(part, all_of, out=np.zeros_like(all_of), where=all_of > 0)


def _differing(first: Truth, other: Truth) -> str:
    apart = len(first.keys() ^ other.keys())
    if apart:
        return f"{apart:,} photos are in one only"
    return f"{sum(first[id] != other[id] for id in first):,} photos have other labels"
