"""Photos compared with one learned vector for each class, which a small batch cannot lack."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from modiste.training.losses.geometry import widened

__all__ = ["proxy_anchor_loss"]


def proxy_anchor_loss(
    vectors: Tensor, classes: Tensor, proxies: Tensor, *, scale: float = 32.0, margin: float = 0.1
) -> Tensor:
    """Each class's proxy pulls its photos and pushes all others, the hardest most.

    ``mean over proxies in the batch of log(1 + Σ exp(-scale (s - margin)))`` over photos of their class,
    plus ``mean over all proxies of log(1 + Σ exp(scale (s + margin)))`` over photos of other classes, with
    cosines ``s``. ``vectors`` (N, D) are of length 1; ``proxies`` (C, D) may have any length above 0.
    Source: https://arxiv.org/abs/2003.13911, equation 4.

    >>> vectors, proxies = torch.eye(2), torch.eye(2)
    >>> right = proxy_anchor_loss(vectors, torch.tensor([0, 1]), proxies)
    >>> bool(right < proxy_anchor_loss(vectors, torch.tensor([1, 0]), proxies))
    True
    """
    vectors, proxies = widened(vectors), widened(proxies)
    cosines = vectors @ F.normalize(proxies, dim=1).T
    own = F.one_hot(classes, len(proxies)).bool()
    zero = torch.zeros_like(cosines[:1])
    pull = (-scale * (cosines - margin)).masked_fill(~own, -math.inf)
    push = (scale * (cosines + margin)).masked_fill(own, -math.inf)
    pulled = torch.cat([zero, pull]).logsumexp(dim=0)[own.any(dim=0)].mean()
    return pulled + torch.cat([zero, push]).logsumexp(dim=0).mean()
