"""What training minimises: plain functions on tensors."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

__all__ = ["cosine_margin_loss"]


def cosine_margin_loss(
    cosines: Tensor, targets: Tensor, *, scale: float = 16.0, margin: float = 0.1, smoothing: float = 0.0
) -> Tensor:
    """Cross-entropy over scaled cosines, the true class held to a margin (CosFace).

    ``loss = -log softmax(scale · (cosines - margin · onehot(targets)))[target]``, averaged over the batch,
    with label smoothing. Source: https://arxiv.org/abs/1801.09414, equation 4.

    Args:
        cosines: (N, C), in [-1, 1].
        targets: (N,) class indices, int64.
        scale: inverse temperature; cosines alone are too close together for a softmax.
        margin: how much higher the true cosine must be, in [0, 1].
        smoothing: share of the target spread over all classes, in [0, 1).

    >>> import torch
    >>> cosines = torch.tensor([[0.9, 0.1]])
    >>> lenient = cosine_margin_loss(cosines, torch.tensor([0]), margin=0.0)
    >>> strict = cosine_margin_loss(cosines, torch.tensor([0]), margin=0.5)
    >>> bool(strict > lenient)
    True
    """
    handicap = margin * F.one_hot(targets, cosines.shape[1]).to(cosines.dtype)
    return F.cross_entropy(scale * (cosines - handicap), targets, label_smoothing=smoothing)
