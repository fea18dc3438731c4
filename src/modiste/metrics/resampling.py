"""How far a figure would move with other classes: intervals by drawing whole classes again.

Photos of one class succeed and fail together, so that drawing photos one by one would promise too much. Here
classes are drawn with replacement, each with all its photos; what was learned is taken as it is.

Source: A. C. Davison and D. V. Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["class_bootstrap", "interval", "mean_bootstrap", "photo_bootstrap"]


def class_bootstrap(
    statistic: Callable[[NDArray[np.int64]], ArrayLike],
    labels: ArrayLike,
    *,
    resamples: int = 500,
    seed: int = 0,
) -> NDArray[np.float64]:
    """``statistic`` of ``resamples`` draws of the classes in ``labels`` (N,): (resamples, F).

    It is given the rows of a draw, those of a class drawn twice twice, and returns F figures.

    >>> right = np.array([1, 1, 1, 1])
    >>> class_bootstrap(lambda rows: [right[rows].mean(), len(rows)], [3, 3, 8, 8], resamples=2).tolist()
    [[1.0, 4.0], [1.0, 4.0]]
    """
    names = np.asarray(labels)
    _, class_of = np.unique(names, return_inverse=True)
    rows_of = np.split(np.argsort(class_of, kind="stable"), np.cumsum(np.bincount(class_of))[:-1])
    drawn = _drawn(len(rows_of), resamples, seed)
    return np.array([statistic(np.concatenate([rows_of[at] for at in draw])) for draw in drawn], np.float64)


def mean_bootstrap(
    values: ArrayLike, labels: ArrayLike, *, resamples: int = 2000, seed: int = 0
) -> NDArray[np.float64]:
    """The mean of ``values`` (N,) over photos, and over classes, in each draw: (resamples, 2).

    With 0 for wrong and 1 for right these are accuracy and balanced accuracy; with the difference of two
    models on each photo, the differences of both.

    >>> mean_bootstrap([1, 1, 1], [3, 3, 8], resamples=2).tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    each, names = np.asarray(values, np.float64), np.asarray(labels)
    if each.ndim != 1 or each.shape != names.shape or not len(each):
        raise ValueError(f"expected values and classes (N,), N ≥ 1; got {each.shape} and {names.shape}")
    _, class_of = np.unique(names, return_inverse=True)
    sums, sizes = np.bincount(class_of, each), np.bincount(class_of)
    drawn = _drawn(len(sizes), resamples, seed)
    over_photos = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    return np.stack([over_photos, (sums / sizes)[drawn].mean(axis=1)], axis=1)


def photo_bootstrap(
    statistic: Callable[[NDArray[np.float64]], ArrayLike], photos: int, *, resamples: int = 500, seed: int = 0
) -> NDArray[np.float64]:
    """``statistic`` of ``resamples`` draws of that many photos one by one: (resamples, F).

    It is given how often each photo was drawn, (N,), and returns F figures. For figures that are to hold for
    further photos of the same classes; see `class_bootstrap` for those of other classes.

    >>> photo_bootstrap(lambda often: [often.sum()], 3, resamples=2).tolist()
    [[3.0], [3.0]]
    """
    rng = np.random.default_rng(seed)
    draws = (rng.integers(photos, size=photos) for _ in range(resamples))
    return np.array([statistic(np.bincount(draw, minlength=photos).astype(np.float64)) for draw in draws])


def interval(samples: ArrayLike, level: float = 0.95) -> NDArray[np.float64]:
    """The middle ``level`` of the draws (B, F) of each figure: (F, 2), low and high.

    >>> interval([[0.0], [0.5], [1.0]], level=0.5).tolist()
    [[0.25, 0.75]]
    """
    outside = (1 - level) / 2
    ends: NDArray[np.float64] = np.quantile(np.asarray(samples, np.float64), [outside, 1 - outside], axis=0).T
    return ends


def _drawn(classes: int, resamples: int, seed: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).integers(classes, size=(resamples, classes))
