"""Each label by itself: does the photo bear it or not? Outputs and targets are (N, C); the mean is over both.

``weights`` (C,) say how much each label counts.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from modiste.training.losses.geometry import widened

__all__ = ["balanced_weights", "binary_cross_entropy_loss", "binary_focal_loss", "photo_weights"]


def balanced_weights(matrix: Tensor) -> Tensor:
    """Weights (C,) of labels borne as in ``matrix`` (N, C): total / (count × labels), 0 for one never borne.

    Where every label is borne equally often all weights are 1; scikit-learn calls them "balanced".

    >>> balanced_weights(torch.tensor([[1, 0], [1, 0], [1, 0], [0, 1]])).tolist()
    [0.6666666865348816, 2.0]
    """
    counts = matrix.float().sum(dim=0)
    balanced = counts.sum() / (counts.clamp_min(1) * matrix.shape[1])
    return torch.where(counts > 0, balanced, 0.0)


def photo_weights(matrix: Tensor, weights: Tensor) -> Tensor:
    """How often to show each photo (N,): the sum of its labels' ``weights`` (C,), one matrix product.

    A photo that bears no label is shown as often as the mean of the others.

    >>> photo_weights(torch.tensor([[1, 0], [1, 1], [0, 0]]), torch.tensor([0.5, 2.0])).tolist()
    [0.5, 2.5, 1.5]
    """
    shown = matrix.float() @ weights
    borne = (matrix > 0).any(dim=1)
    return torch.where(borne, shown, shown[borne].mean() if borne.any() else 1.0)


def binary_cross_entropy_loss(
    outputs: Tensor, targets: Tensor, *, smoothing: float = 0.0, weights: Tensor | None = None
) -> Tensor:
    """``-log sigmoid(±output)``, plus where the target is 1, minus where it is 0.

    ``smoothing`` in [0, 1) draws targets towards a half.

    >>> binary_cross_entropy_loss(torch.zeros(1, 2), torch.tensor([[1, 0]]))
    tensor(0.6931)
    """
    wanted = targets.float() * (1 - smoothing) + smoothing / 2
    return F.binary_cross_entropy_with_logits(widened(outputs), wanted, weight=weights)


def binary_focal_loss(
    outputs: Tensor,
    targets: Tensor,
    *,
    alpha: float = 0.25,
    gamma: float = 2.0,
    weights: Tensor | None = None,
) -> Tensor:
    """Binary cross-entropy in which what is already well answered counts little: × (1 - p)^gamma.

    p is the probability given to what is true. Labels borne count ``alpha`` in [0, 1], those not borne
    1 - alpha. Source: https://arxiv.org/abs/1708.02002, equation 5.

    >>> far, near = torch.tensor([[-2.0]]), torch.tensor([[2.0]])
    >>> bool(binary_focal_loss(near, torch.ones(1, 1)) < 0.01 * binary_focal_loss(far, torch.ones(1, 1)))
    True
    """
    logits, truth = widened(outputs), targets.float()
    each = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    missed = torch.sigmoid(torch.where(truth > 0, -logits, logits))
    each = (alpha * truth + (1 - alpha) * (1 - truth)) * missed**gamma * each
    return (each if weights is None else each * weights).mean()
