"""The softmax family: the outputs for all classes compete, and the true one should win.

``smoothing`` in [0, 1) is the share of the target spread evenly over all classes
(https://arxiv.org/abs/1512.00567, section 7). ``weights`` (C,) say how much a photo of each class counts; the
mean is the weighted one, as in PyTorch.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from modiste.training.losses.geometry import widened

__all__ = [
    "arcface_loss",
    "class_weights",
    "cosine_margin_loss",
    "cross_entropy_loss",
    "focal_loss",
    "normalised_softmax_loss",
]


def class_weights(counts: Tensor, exponent: float) -> Tensor:
    """Weights (C,) ∝ count^-exponent for classes with ``counts`` (C,) photos, 1 on average over all photos.

    An exponent of 0 weighs all photos alike, 1 all classes. A class without photos gets weight 0.

    >>> class_weights(torch.tensor([90, 10]), exponent=1.0)
    tensor([0.5556, 5.0000])
    """
    counts = counts.float()
    weights = torch.where(counts > 0, counts.clamp_min(1) ** -exponent, 0.0)
    return weights * counts.sum() / (weights * counts).sum()


def cross_entropy_loss(
    outputs: Tensor, targets: Tensor, *, smoothing: float = 0.0, weights: Tensor | None = None
) -> Tensor:
    """``-log softmax(outputs)[target]`` for outputs (N, C) of any size and targets (N,).

    >>> cross_entropy_loss(torch.zeros(1, 4), torch.tensor([2])).exp().round(decimals=4)
    tensor(4.)
    """
    return F.cross_entropy(widened(outputs), targets, weight=weights, label_smoothing=smoothing)


def focal_loss(
    outputs: Tensor,
    targets: Tensor,
    *,
    gamma: float = 2.0,
    smoothing: float = 0.0,
    weights: Tensor | None = None,
) -> Tensor:
    """Cross-entropy in which what is already well answered counts little: ``-(1 - p)^gamma · log p``.

    With smoothing every class has that term, times its share of the target. ``gamma`` ≥ 0; at 0 it is
    cross-entropy. Source: https://arxiv.org/abs/1708.02002, equation 4.

    >>> outputs, target = torch.tensor([[4.0, 0.0]]), torch.tensor([0])
    >>> bool(focal_loss(outputs, target) < 0.01 * cross_entropy_loss(outputs, target))
    True
    """
    logs = widened(outputs).log_softmax(dim=1)
    classes = logs.shape[1]
    shares = (1 - smoothing) * F.one_hot(targets, classes).to(logs.dtype) + smoothing / classes
    if weights is None:
        weights = torch.ones(classes, dtype=logs.dtype, device=logs.device)
    # 1 - p, from log p and kept off zero: its power would have no slope there.
    missed = (-torch.expm1(logs)).clamp_min(torch.finfo(logs.dtype).tiny)
    losses = -(shares * weights * missed**gamma * logs).sum(dim=1)
    return losses.sum() / weights[targets].sum()


def normalised_softmax_loss(
    cosines: Tensor,
    targets: Tensor,
    *,
    scale: float = 16.0,
    smoothing: float = 0.0,
    weights: Tensor | None = None,
) -> Tensor:
    """Cross-entropy over ``scale · cosines`` (N, C). Source: NormFace, https://arxiv.org/abs/1704.06369.

    >>> normalised_softmax_loss(torch.tensor([[1.0, -1.0]]), torch.tensor([0]), scale=2.0)
    tensor(0.0181)
    """
    return F.cross_entropy(scale * widened(cosines), targets, weight=weights, label_smoothing=smoothing)


def cosine_margin_loss(
    cosines: Tensor,
    targets: Tensor,
    *,
    scale: float = 16.0,
    margin: float = 0.1,
    smoothing: float = 0.0,
    weights: Tensor | None = None,
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
        weights: (C,) how much a photo of each class counts; None: all alike.

    >>> cosines = torch.tensor([[0.9, 0.1]])
    >>> lenient = cosine_margin_loss(cosines, torch.tensor([0]), margin=0.0)
    >>> strict = cosine_margin_loss(cosines, torch.tensor([0]), margin=0.5)
    >>> bool(strict > lenient)
    True
    """
    cosines = widened(cosines)
    handicap = margin * F.one_hot(targets, cosines.shape[1]).to(cosines.dtype)
    return F.cross_entropy(scale * (cosines - handicap), targets, weight=weights, label_smoothing=smoothing)


def arcface_loss(
    cosines: Tensor,
    targets: Tensor,
    *,
    scale: float = 16.0,
    margin: float = 0.1,
    smoothing: float = 0.0,
    weights: Tensor | None = None,
) -> Tensor:
    """Cross-entropy over scaled cosines, the true class's angle widened by ``margin`` radians (ArcFace).

    ``cos θ`` of the true class becomes ``cos(θ + margin)``; where θ + margin would pass π and the cosine rise
    again, ``cos θ - margin · sin margin``. Source: https://arxiv.org/abs/1801.07698, equation 3.

    >>> right = torch.tensor([[1.0, 0.0]])
    >>> bool(arcface_loss(right, torch.tensor([0]), margin=0.5) > arcface_loss(right, torch.tensor([0])))
    True
    """
    cosines = widened(cosines)
    true = cosines.gather(1, targets[:, None])
    sines = (1 - true.square()).clamp_min(1e-12).sqrt()  # at an angle of 0 the root would have no slope
    wider = true * math.cos(margin) - sines * math.sin(margin)
    wider = torch.where(true > -math.cos(margin), wider, true - margin * math.sin(margin))
    logits = scale * cosines.scatter(1, targets[:, None], wider)
    return F.cross_entropy(logits, targets, weight=weights, label_smoothing=smoothing)
