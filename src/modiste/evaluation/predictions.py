"""What follows from true and predicted classes: each class for itself, confusions, mistakes, intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modiste.evaluation.results import ClassScore, Confusions, Reliability
from modiste.metrics import (
    class_scores,
    confused_pairs,
    confusion_matrix,
    interval,
    mean_bootstrap,
    reliability,
    top_k_accuracy,
)

__all__ = ["accuracy_intervals", "confusions", "judge_calibration", "mistakes", "per_class", "top_k"]

_PAIRS = 20
_KS = (1, 3, 5)


def per_class(
    truth: NDArray[np.int64], predicted: NDArray[np.int64], names: Mapping[int, str]
) -> dict[str, ClassScore]:
    """The scores of each class that is true of a photo or was said of one; both (N,).

    >>> per_class(np.array([1, 1]), np.array([1, 2]), {1: "Ties", 2: "Belts"})["Ties"].recall
    0.5
    """
    found = class_scores(truth, predicted)
    columns = (found.precision, found.recall, found.f1, found.support)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return {names[label]: ClassScore(*row) for label, row in zip(found.labels.tolist(), rows, strict=True)}


def confusions(
    truth: NDArray[np.int64], predicted: NDArray[np.int64], names: Mapping[int, str]
) -> Confusions:
    """The confusion matrix and its most frequent mistakes; both (N,).

    >>> confusions(np.array([1, 1]), np.array([1, 2]), {1: "Ties", 2: "Belts"}).pairs
    [['Ties', 'Belts', 1, 0.5]]
    """
    counts, labels = confusion_matrix(truth, predicted)
    called = [names[label] for label in labels.tolist()]
    pairs: list[list[object]] = [
        [called[row], called[column], often, often / int(counts[row].sum())]
        for row, column, often in confused_pairs(counts, _PAIRS)
    ]
    return Confusions(called, counts.tolist(), pairs)


def mistakes(
    ids: Sequence[str], truth: NDArray[np.int64], predicted: NDArray[np.int64], names: Mapping[int, str]
) -> dict[str, list[str]]:
    """Photo id → what it is and what it was called, of the photos (N,) that were named wrongly.

    >>> mistakes(["a", "b"], np.array([1, 1]), np.array([1, 2]), {1: "Ties", 2: "Belts"})
    {'b': ['Ties', 'Belts']}
    """
    wrong = np.flatnonzero(truth != predicted).tolist()
    return {ids[at]: [names[int(truth[at])], names[int(predicted[at])]] for at in wrong}


def accuracy_intervals(truth: ArrayLike, right: ArrayLike) -> tuple[list[float], list[float]]:
    """The intervals of accuracy and balanced accuracy: classes ``truth`` and ``right``, both (N,)."""
    both = interval(mean_bootstrap(right, truth))
    return both[0].tolist(), both[1].tolist()


def top_k(truth: ArrayLike, scores: ArrayLike, labels: ArrayLike) -> dict[str, float]:
    """Share of photos (N,) whose class is among the k best ``scores`` (N, C), for k of 1, 3 and 5."""
    return {str(k): top_k_accuracy(truth, scores, labels, k) for k in _KS}


def judge_calibration(right: NDArray[np.bool_], confidence: NDArray[np.floating[Any]]) -> Reliability:
    """Reliability and expected calibration error of answers; both (N,).

    >>> judge_calibration(np.array([True, False]), np.array([0.5, 0.5])).ece
    0.0
    """
    found = reliability(right, confidence)
    gaps = np.abs(found.confidence - found.accuracy)
    return Reliability(
        ece=float((gaps * found.counts).sum() / found.counts.sum()),
        edges=found.edges.tolist(),
        counts=found.counts.tolist(),
        confidence=found.confidence.tolist(),
        accuracy=found.accuracy.tolist(),
    )
