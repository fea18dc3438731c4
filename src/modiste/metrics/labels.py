"""How good predicted labels are, where a photo may bear several: plain functions on matrices of 0 and 1.

``truth`` and ``said`` are (N, C): N photos, C labels. Results are floats in [0, 1] or arrays (C,), as in
scikit-learn with ``zero_division=0``: what would divide by zero is 0. Nothing is rounded.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "PerLabel",
    "average_precision",
    "best_thresholds",
    "f1_micro",
    "group_accuracy",
    "mean_average_precision",
    "per_label",
    "subset_accuracy",
]


class PerLabel(NamedTuple):
    """Of each label (C,): the share of those said that are right, of those there that were said, both in one
    figure, and how many photos bear it."""

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    support: NDArray[np.int64]


def per_label(truth: ArrayLike, said: ArrayLike) -> PerLabel:
    """Precision, recall, F1 and support of each label. The plain mean of F1 is the macro average.

    >>> per_label([[1, 0], [1, 1]], [[1, 1], [0, 1]]).f1.round(3).tolist()
    [0.667, 0.667]
    """
    true, positive = _pair(truth, said)
    hits = (true & positive).sum(axis=0)
    precision, recall = _share(hits, positive.sum(axis=0)), _share(hits, true.sum(axis=0))
    f1 = _share(2 * hits, true.sum(axis=0) + positive.sum(axis=0))
    return PerLabel(precision, recall, f1, true.sum(axis=0).astype(np.int64))


def f1_micro(truth: ArrayLike, said: ArrayLike) -> float:
    """F1 over all photos and labels together.

    >>> f1_micro([[1, 0], [1, 1]], [[1, 1], [0, 1]])
    0.6666666666666666
    """
    true, positive = _pair(truth, said)
    return float(_share(np.array(2 * (true & positive).sum()), np.array(true.sum() + positive.sum())))


def subset_accuracy(truth: ArrayLike, said: ArrayLike) -> float:
    """Share of photos whose labels are all right, none missing and none too many.

    >>> subset_accuracy([[1, 0], [1, 1]], [[1, 0], [0, 1]])
    0.5
    """
    true, positive = _pair(truth, said)
    return float((true == positive).all(axis=1).mean())


def average_precision(truth: ArrayLike, scores: ArrayLike) -> NDArray[np.float64]:
    """Of each label (C,) the area under its precision-recall curve, as steps; NaN where no photo bears it.

    ``scores`` (N, C) are any numbers, higher for surer. Photos of equal score enter together.

    >>> average_precision([[1], [0], [1]], [[0.9], [0.8], [0.1]]).round(3).tolist()
    [0.833]
    """
    true, sure = np.asarray(truth, bool), np.asarray(scores, np.float64)
    if true.shape != sure.shape or true.ndim != 2:
        raise ValueError(f"expected labels and scores (N, C), got {true.shape} and {sure.shape}")
    made = np.full(true.shape[1], np.nan)
    for label in range(true.shape[1]):
        if not true[:, label].any():
            continue
        order = np.argsort(-sure[:, label], kind="stable")
        ranked = sure[order, label]
        ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # where a tie ends
        hits = np.cumsum(true[order, label])[ends]
        gained = np.diff(hits, prepend=0) / hits[-1]
        made[label] = (gained * hits / (ends + 1)).sum()
    return made


def mean_average_precision(truth: ArrayLike, scores: ArrayLike) -> float:
    """mAP: the mean of `average_precision` over the labels that occur; 0 if none does.

    >>> mean_average_precision([[1, 0], [0, 0]], [[0.9, 0.1], [0.2, 0.3]])
    1.0
    """
    each = average_precision(truth, scores)
    return float(np.nanmean(each)) if not np.isnan(each).all() else 0.0


def group_accuracy(truth: ArrayLike, scores: ArrayLike, where: ArrayLike) -> float:
    """Of the photos that bear a label of a group, the share whose highest score in the group is that label.

    ``where`` are the columns of the group. 0 if no photo bears one.

    >>> group_accuracy([[1, 0, 0], [0, 1, 1], [0, 0, 1]], [[3, 1, 0], [2, 1, 9], [1, 0, 0]], [0, 1])
    0.5
    """
    columns = np.asarray(where, np.int64)
    true, sure = np.asarray(truth)[:, columns], np.asarray(scores)[:, columns]
    known = true.any(axis=1)
    if not known.any():
        return 0.0
    return float((true[known].argmax(axis=1) == sure[known].argmax(axis=1)).mean())


def best_thresholds(truth: ArrayLike, scores: ArrayLike) -> NDArray[np.float64]:
    """Of each label (C,) the threshold with the highest F1: a photo bears the label from that score upwards.

    It lies half way between two neighbouring scores. Of equally good thresholds the one nearest 0.5 is taken;
    it is 0.5 for a label that no photo bears.

    >>> best_thresholds([[1], [0], [1]], [[0.4], [0.1], [0.3]]).tolist()
    [0.2]
    """
    true, sure = np.asarray(truth, bool), np.asarray(scores, np.float64)
    if true.shape != sure.shape or true.ndim != 2:
        raise ValueError(f"expected labels and scores (N, C), got {true.shape} and {sure.shape}")
    made = np.full(true.shape[1], 0.5)
    for label in range(true.shape[1]):
        if not true[:, label].any():
            continue
        levels, of = np.unique(sure[:, label], return_inverse=True)
        hits = np.bincount(of, weights=true[:, label])[::-1].cumsum()[::-1]  # with this score or higher
        shown = np.bincount(of)[::-1].cumsum()[::-1]
        f1 = 2 * hits / (shown + true[:, label].sum())
        between = np.append(levels[:1] / 2, (levels[1:] + levels[:-1]) / 2)
        best = np.flatnonzero(f1 >= f1.max() - 1e-12)
        made[label] = between[best[np.abs(between[best] - 0.5).argmin()]]
    return made


def _share(part: NDArray[np.integer], whole: NDArray[np.integer]) -> NDArray[np.float64]:
    return np.where(whole > 0, part / np.maximum(whole, 1), 0.0)


def _pair(truth: ArrayLike, said: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    true, positive = np.asarray(truth, bool), np.asarray(said, bool)
    if true.ndim != 2 or true.shape != positive.shape or not len(true):
        raise ValueError(f"expected labels (N, C), N ≥ 1, got {true.shape} and {positive.shape}")
    return true, positive
