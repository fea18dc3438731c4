"""The directions in which photos of one type differ, evened out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["within_type_whitening"]


def within_type_whitening(
    features: NDArray[np.float32],
    types: NDArray[np.int64],
    *,
    shrinkage: float = 0.03,
    components: int = 0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Features (N, D) of photos of these types (N,) → ``centre`` (D,) and ``whitening`` (D, C).

    ``whitening = S^-1/2``, where S is the covariance of the features around their own type's mean, averaged
    over types and shrunk by ``shrinkage`` in (0, 1] towards its mean variance. ``(features - centre) @
    whitening`` then varies equally in all directions among photos of one type: distances are those of linear
    discriminant analysis, and cosines of within-class covariance normalisation (A. O. Hatch et al.,
    "Within-class covariance normalization for SVM-based speaker recognition", Interspeech 2006).

    C is D, or so many principal ``components``: the directions in which whitened photos differ most, of one
    type or not.

    >>> rng = np.random.default_rng(0)
    >>> types = np.repeat([0, 1], 500)
    >>> features = rng.normal(size=(1000, 2)) * [2, 1] + types[:, None] * [0, 5]
    >>> centre, whitening = within_type_whitening(features, types)
    >>> ((features - centre) @ whitening)[types == 0].std(axis=0).round(1)
    array([1., 1.])
    """
    kinds, own = np.unique(types, return_inverse=True)
    means = np.stack([features[own == kind].mean(axis=0, dtype=np.float64) for kind in range(len(kinds))])
    spread = np.zeros((features.shape[1],) * 2)
    for kind in range(len(kinds)):  # every type counts alike, however many photos it has
        apart = features[own == kind] - means[kind]
        spread += apart.T @ apart / (len(apart) * len(kinds))
    variances, directions = np.linalg.eigh(spread)
    shrunk = (1 - shrinkage) * variances + shrinkage * variances.mean() + 1e-8  # photos may be all alike
    centre, whitening = means.mean(axis=0), directions @ np.diag(shrunk**-0.5) @ directions.T
    if components:
        _, principal = np.linalg.eigh(np.cov(((features - centre) @ whitening).T, bias=True))
        whitening = whitening @ principal[:, : -components - 1 : -1]
    return centre, whitening
