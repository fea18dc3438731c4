"""An episode: a few classes, each known from a few photos, and more photos to name by the nearest mean."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from modiste.training.losses.geometry import squared_distances, widened

__all__ = ["prototypical_loss"]


def prototypical_loss(support: Tensor, queries: Tensor, *, scale: float = 1.0) -> Tensor:
    """``-log softmax(-scale · ‖query - prototype‖²)[its class]``; a prototype is its class's mean vector.

    Args:
        support: (W, K, D) vectors of K photos for each of W classes.
        queries: (W, Q, D) vectors of Q more photos of the same classes, in the same order.
        scale: above 0; 1 is the paper's. Vectors of length 1 are never farther apart than 2 and need more.

    Source: https://arxiv.org/abs/1703.05175, equation 2, with squared Euclidean distances.

    >>> support = torch.tensor([[[0.0, 0.0]], [[1.0, 1.0]]])
    >>> prototypical_loss(support, support, scale=1.0)
    tensor(0.1269)
    """
    prototypes = widened(support).mean(dim=1)
    ways, number, _ = queries.shape
    targets = torch.arange(ways, device=queries.device).repeat_interleave(number)
    return F.cross_entropy(-scale * squared_distances(widened(queries).flatten(0, 1), prototypes), targets)
