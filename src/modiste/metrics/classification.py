"""How good predictions are: accuracy, each class for itself, top k, and whether probabilities mean anything.

Labels are integers, one a photo. A class that never occurs has no recall and one that is never predicted no
precision; where a number is needed all the same it is 0, as in scikit-learn with ``zero_division=0``.

Sources: K. H. Brodersen et al., "The Balanced Accuracy and Its Posterior Distribution", ICPR 2010; C. Guo et
al., "On Calibration of Modern Neural Networks", ICML 2017 (ECE, reliability diagrams).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "ClassScores",
    "Reliability",
    "accuracy",
    "balanced_accuracy",
    "calibration_error",
    "class_scores",
    "confused_pairs",
    "confusion_matrix",
    "reliability",
    "top_k_accuracy",
]


def accuracy(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Share of predictions that are right: mean of ``truth == predicted``, both (N,).

    >>> accuracy([1, 1, 2, 3], [1, 2, 2, 3])
    0.75
    """
    true, said = _label_pair(truth, predicted)
    return float(np.mean(true == said))


def balanced_accuracy(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Mean over the classes in ``truth`` of the share of their items predicted right (recall); both (N,).

    A class that is only ever predicted has no recall and does not count, as in scikit-learn's
    ``balanced_accuracy_score``.

    >>> balanced_accuracy([1, 1, 2], [1, 2, 2])
    0.75
    """
    true, said = _label_pair(truth, predicted)
    _, class_of = np.unique(true, return_inverse=True)
    right = np.bincount(class_of, weights=true == said)
    return float(np.mean(right / np.bincount(class_of)))


def confusion_matrix(
    truth: ArrayLike, predicted: ArrayLike, labels: ArrayLike | None = None
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Counts (C, C), rows by true label and columns by predicted label, and the labels (C,) they stand for.

    ``labels`` chooses the classes and their order (default: every label that occurs, ascending); pairs with
    a label outside it are left out.

    >>> counts, labels = confusion_matrix([1, 1, 2, 3], [1, 2, 2, 2])
    >>> counts.tolist(), labels.tolist()
    ([[1, 1, 0], [0, 1, 0], [0, 1, 0]], [1, 2, 3])
    """
    true, said = _label_pair(truth, predicted)
    chosen = np.union1d(true, said) if labels is None else np.asarray(labels)
    ascending = np.argsort(chosen)
    if len(np.unique(chosen)) != len(chosen):
        raise ValueError(f"expected each label once, got {chosen.tolist()}")
    counted = np.isin(true, chosen) & np.isin(said, chosen)
    row = ascending[np.searchsorted(chosen, true[counted], sorter=ascending)]
    column = ascending[np.searchsorted(chosen, said[counted], sorter=ascending)]
    size = len(chosen)
    counts = np.bincount(row * size + column, minlength=size * size).reshape(size, size)
    return counts.astype(np.int64), chosen


class ClassScores(NamedTuple):
    """For each of ``labels`` (C,), ascending: ``precision``, ``recall`` and ``f1`` in [0, 1], all (C,).

    ``support`` (C,) counts the photos that truly are of the class.
    """

    labels: NDArray[Any]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    support: NDArray[np.int64]


def class_scores(truth: ArrayLike, predicted: ArrayLike) -> ClassScores:
    """Precision, recall, F1 and support of every class that occurs or is predicted; both (N,).

    >>> scores = class_scores([1, 1, 2], [1, 2, 2])
    >>> scores.precision.tolist(), scores.recall.tolist(), scores.support.tolist()
    ([1.0, 0.5], [0.5, 1.0], [2, 1])
    """
    counts, labels = confusion_matrix(truth, predicted)
    right = np.diagonal(counts).astype(np.float64)
    said, support = counts.sum(axis=0), counts.sum(axis=1)
    return ClassScores(
        labels,
        right / np.maximum(said, 1),
        right / np.maximum(support, 1),
        2 * right / np.maximum(said + support, 1),
        support,
    )


def confused_pairs(counts: ArrayLike, most: int) -> list[tuple[int, int, int]]:
    """The ``most`` frequent mistakes of a confusion matrix (C, C): (true row, predicted column, how often).

    Most frequent first; of equals, the one higher up and further left.

    >>> confused_pairs([[5, 2, 0], [3, 9, 0], [0, 0, 4]], most=5)
    [(1, 0, 3), (0, 1, 2)]
    """
    mistakes = np.array(counts)
    if mistakes.ndim != 2 or mistakes.shape[0] != mistakes.shape[1]:
        raise ValueError(f"expected counts (C, C), got {mistakes.shape}")
    np.fill_diagonal(mistakes, 0)
    order = np.argsort(-mistakes, axis=None, kind="stable")[:most]
    rows, columns = np.unravel_index(order, mistakes.shape)
    return [
        (int(row), int(column), int(mistakes[row, column]))
        for row, column in zip(rows, columns, strict=True)
        if mistakes[row, column]
    ]


def top_k_accuracy(truth: ArrayLike, scores: ArrayLike, labels: ArrayLike, k: int) -> float:
    """Share of photos whose class is among the ``k`` with the highest scores.

    ``truth`` (N,), ``scores`` (N, C), and the class ``labels`` (C,) of the columns; a photo of another class
    counts as wrong. Of equal scores the later column comes first, as in scikit-learn.

    >>> top_k_accuracy([7, 9], [[0.6, 0.3, 0.1], [0.5, 0.3, 0.2]], [7, 8, 9], k=2)
    0.5
    """
    true, values, names = np.asarray(truth), np.asarray(scores), np.asarray(labels)
    if true.ndim != 1 or values.shape != (len(true), len(names)) or not len(true):
        raise ValueError(
            f"expected classes (N,), N ≥ 1, and scores (N, {len(names)}); got {true.shape} and {values.shape}"
        )
    if k < 1:
        raise ValueError(f"expected k ≥ 1; got {k}")
    best = np.argsort(values, axis=1, kind="stable")[:, -k:]
    return float(np.mean((names[best] == true[:, None]).any(axis=1)))


class Reliability(NamedTuple):
    """Answers by how sure they were, in bins of equal width: ``edges`` (B + 1,), the rest (B,).

    ``counts`` answers fell into a bin; ``confidence`` is their mean, ``accuracy`` the share that was right
    (both 0 in an empty bin).
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]


def reliability(right: ArrayLike, confidence: ArrayLike, bins: int = 15) -> Reliability:
    """Whether answers given with confidence p are right with frequency p; both (N,), p in [0, 1].

    A bin holds what lies above its lower edge and at most at its upper one; 0 falls into the first.

    >>> found = reliability([True, False, True, True], [0.3, 0.4, 0.9, 0.8], bins=2)
    >>> found.counts.tolist(), found.accuracy.tolist(), found.confidence.round(2).tolist()
    ([2, 2], [0.5, 1.0], [0.35, 0.85])
    """
    correct, sure = np.asarray(right, dtype=np.bool_), np.asarray(confidence, dtype=np.float64)
    if correct.ndim != 1 or correct.shape != sure.shape or not len(correct):
        raise ValueError(
            f"expected answers and confidences (N,), N ≥ 1, got {correct.shape} and {sure.shape}"
        )
    if not ((sure >= 0) & (sure <= 1)).all():
        raise ValueError("expected confidences in [0, 1]")
    edges = np.linspace(0, 1, bins + 1)
    place = np.searchsorted(edges[1:-1], sure, side="left")
    counts = np.bincount(place, minlength=bins)
    each = np.maximum(counts, 1)
    return Reliability(
        edges,
        counts.astype(np.int64),
        np.bincount(place, weights=sure, minlength=bins) / each,
        np.bincount(place, weights=correct, minlength=bins) / each,
    )


def calibration_error(right: ArrayLike, confidence: ArrayLike, bins: int = 15) -> float:
    """Expected calibration error (ECE): mean gap of confidence and accuracy, bins weighted by count.

    >>> round(calibration_error([True, False, True, True], [0.3, 0.4, 0.9, 0.8], bins=2), 3)
    0.15
    """
    found = reliability(right, confidence, bins)
    gaps = np.abs(found.confidence - found.accuracy)
    return float(np.sum(gaps * found.counts) / found.counts.sum())


def _label_pair(truth: ArrayLike, predicted: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    true, said = np.asarray(truth), np.asarray(predicted)
    if true.ndim != 1 or true.shape != said.shape or not len(true):
        raise ValueError(f"expected true and predicted labels (N,), N ≥ 1, got {true.shape} and {said.shape}")
    return true, said
