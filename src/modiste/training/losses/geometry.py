"""Distances between rows, and the precision losses are computed in."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["distances", "squared_distances", "widened"]

_NEARLY_ZERO = 1e-12  # the square root has no slope at zero; below this the distance is held constant


def widened(values: Tensor) -> Tensor:
    """Half-precision values as float32; float32 and float64 as they are.

    >>> widened(torch.zeros(2, dtype=torch.bfloat16)).dtype, widened(torch.zeros(2)).dtype
    (torch.float32, torch.float32)
    """
    return values.to(torch.promote_types(values.dtype, torch.float32))


def squared_distances(first: Tensor, second: Tensor) -> Tensor:
    """Squared Euclidean distances (N, M) between the rows of ``first`` (N, D) and ``second`` (M, D), ≥ 0.

    >>> squared_distances(torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0], [0.0, 1.0]])).tolist()
    [[25.0, 1.0]]
    """
    lengths = first.square().sum(dim=1)[:, None] + second.square().sum(dim=1)
    return (lengths - 2 * first @ second.T).clamp_min(0)


def distances(first: Tensor, second: Tensor) -> Tensor:
    """Euclidean distances (N, M) between rows; where they vanish the gradient is zero, not infinite."""
    return squared_distances(first, second).clamp_min(_NEARLY_ZERO).sqrt()
