"""Which photos are shown when: decided by seed and epoch alone, so that a run can be resumed anywhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["epoch_order"]


def epoch_order(classes: NDArray[np.int64], *, balance: float, seed: int, epoch: int) -> NDArray[np.int64]:
    """The order in which one epoch shows N photos of these classes (N,).

    With ``balance`` b > 0 photos are drawn with replacement, each with probability ∝ (size of its class)^-b:
    b = 1 shows every class equally often. With b = 0 every photo is shown once.

    >>> rare_and_common = np.array([0] * 900 + [1] * 100)
    >>> shown = rare_and_common[epoch_order(rare_and_common, balance=1.0, seed=0, epoch=0)]
    >>> bool(0.4 < shown.mean() < 0.6)
    True
    """
    rng = np.random.default_rng([seed, epoch])
    if balance == 0:
        return rng.permutation(len(classes))
    weights = np.bincount(classes)[classes] ** -balance
    return rng.choice(len(classes), size=len(classes), p=weights / weights.sum())
