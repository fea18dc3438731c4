"""Suspected label errors: photos that a classifier which has not seen them is sure are of another class.

*Confident learning* (C. Northcutt, L. Jiang and I. Chuang, "Confident Learning: Estimating Uncertainty in
Dataset Labels", JAIR 2021, https://arxiv.org/abs/1911.00068): a class's threshold is the mean probability
that photos labelled so get for it. A photo is suspected when, of the classes whose threshold it reaches, the
most probable is not its label. Classes that are hard as a whole have low thresholds, so that they do not fill
the list.

The probabilities are cross-fitted: each photo's come from the vectors of the other folds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modiste.progress import Progress, silent
from modiste.support_set import SupportMethod, score

__all__ = ["Suspected", "cross_fitted", "suspected_errors"]

METHOD = SupportMethod("knn", k=20)
FOLDS = 5


class Suspected(NamedTuple):
    """``rows`` (S,) of suspected photos, the surest error first; the class each is taken for, (S,); and how
    much more probable that class is than the label, (S,), in [-1, 1]."""

    rows: NDArray[np.int64]
    classes: NDArray[np.int64]
    margins: NDArray[np.float64]


def cross_fitted(
    vectors: ArrayLike,
    labels: ArrayLike,
    *,
    method: SupportMethod = METHOD,
    folds: int = FOLDS,
    seed: int = 0,
    progress: Progress = silent,
) -> NDArray[np.float64]:
    """Probabilities (N, C) of the classes 0 … C - 1 for vectors (N, D), each from the other folds' photos.

    ``labels`` (N,) are the classes. Photos of a class are dealt to the folds in turn, after shuffling with
    ``seed``. ``ValueError`` when there are fewer than two photos.

    >>> vectors = np.repeat(np.eye(2), 3, axis=0)
    >>> found = cross_fitted(vectors, [0, 0, 0, 1, 1, 1], method=SupportMethod("knn"), folds=3)
    >>> found.argmax(axis=1).tolist()
    [0, 0, 0, 1, 1, 1]
    """
    known, classes = np.asarray(vectors, np.float32), np.asarray(labels, np.int64)
    if len(classes) < 2:
        raise ValueError(f"expected at least two labelled photos; got {len(classes)}")
    shuffled = np.random.default_rng(seed).permutation(len(classes))
    by_class = shuffled[np.argsort(classes[shuffled], kind="stable")]
    fold = np.empty(len(classes), np.int64)
    fold[by_class] = np.arange(len(classes)) % min(folds, len(classes))
    probabilities = np.zeros((len(classes), int(classes.max()) + 1))
    for number in np.unique(fold):
        held = fold == number
        found = score(known[held], known[~held], classes[~held], method)
        probabilities[np.ix_(held, found.labels)] = found.values
        progress(int(number) + 1, folds, "checking labels")
    return probabilities


def suspected_errors(probabilities: ArrayLike, labels: ArrayLike) -> Suspected:
    """Photos whose label (N,) confident learning doubts, from cross-fitted ``probabilities`` (N, C).

    >>> sure = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.05, 0.95]]
    >>> suspected_errors(sure, [0, 0, 1, 1, 0]).rows.tolist()
    [4]
    """
    odds, given = np.asarray(probabilities, np.float64), np.asarray(labels, np.int64)
    if odds.ndim != 2 or given.shape != (len(odds),):
        raise ValueError(f"expected probabilities (N, C) and labels (N,); got {odds.shape} and {given.shape}")
    own = odds[np.arange(len(odds)), given]
    photos = np.bincount(given, minlength=odds.shape[1])
    thresholds = np.bincount(given, own, odds.shape[1]) / np.maximum(photos, 1)
    thresholds[photos == 0] = np.inf  # nobody bears this label, so nobody can be mistaken for it
    over = np.where(odds >= thresholds, odds, -1.0)
    best = over.argmax(axis=1)
    rows = np.flatnonzero((over.max(axis=1) >= 0) & (best != given))
    margins = odds[rows, best[rows]] - own[rows]
    order = np.argsort(-margins, kind="stable")
    return Suspected(rows[order], best[rows][order], margins[order])
