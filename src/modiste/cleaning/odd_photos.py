"""Photos unlike all others: no clothing, a logo, a size chart, a torn file that still decodes.

Density where a photo lies is its mean cosine with its nearest others (the k-nearest-neighbour outlier score:
S. Ramaswamy, R. Rastogi and K. Shim, "Efficient Algorithms for Mining Outliers from Large Data Sets", SIGMOD
2000). Odd is what lies further out than ``DEVIATIONS`` robust standard deviations from the middle.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modiste.support_set import nearest

__all__ = ["Odd", "odd_photos"]

NEIGHBOURS = 10
DEVIATIONS = 6.0
_TO_DEVIATION = 1.4826  # of a normal distribution's median absolute deviation
_LEAST_SPREAD = 1e-3  # photos that are all alike have rounding errors, not oddities


class Odd(NamedTuple):
    """``rows`` (S,) of odd photos, the oddest first, and how many deviations off each is, (S,)."""

    rows: NDArray[np.int64]
    deviations: NDArray[np.float64]


def odd_photos(vectors: ArrayLike, *, neighbours: int = NEIGHBOURS, deviations: float = DEVIATIONS) -> Odd:
    """Which of the vectors (N, D) lie where there are few others.

    >>> angles = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 3.0])
    >>> odd_photos(np.stack([np.cos(angles), np.sin(angles)], axis=1), neighbours=2).rows.tolist()
    [5]
    """
    known = np.asarray(vectors, np.float32)
    if len(known) < 3:
        return Odd(np.zeros(0, np.int64), np.zeros(0))
    cosines = nearest(known, known, min(neighbours + 1, len(known))).cosines
    distances = 1 - cosines[:, 1:].mean(axis=1, dtype=np.float64)  # the first is the photo itself
    middle = np.median(distances)
    spread = max(_TO_DEVIATION * float(np.median(np.abs(distances - middle))), _LEAST_SPREAD)
    off = (distances - middle) / spread
    rows = np.flatnonzero(off > deviations)
    rows = rows[np.argsort(-off[rows], kind="stable")]
    return Odd(rows, off[rows])
