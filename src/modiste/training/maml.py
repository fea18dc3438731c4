"""Model-agnostic meta-learning: weights from which a few gradient steps learn a new episode.

The steps are part of what is differentiated, so that training moves the weights to where such steps help.
Source: Finn et al. 2017, https://arxiv.org/abs/1703.03400.

Nothing here knows of networks: an episode's answers come from a function of its weights. They are plain
tensors by name, so that `torch.func` can treat the adapted ones like any others. Episodes are taken one after
another; under `torch.func.vmap` each episode's own kernels would become one grouped convolution, which is the
slower way on a processor.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["Forward", "Weights", "adapt", "maml_loss"]

Weights = dict[str, Tensor]
Forward = Callable[[Weights, Tensor], Tensor]
"""Weights and pictures (N, …) → logits (N, W) for the W types of an episode."""


def adapt(
    forward: Forward,
    weights: Weights,
    pictures: Tensor,
    classes: Tensor,
    *,
    steps: int,
    rate: float,
    first_order: bool = False,
) -> Weights:
    """The weights after ``steps`` gradient steps at ``rate`` on the cross-entropy of these pictures.

    Gradients flow through the steps to the weights they started from; with ``first_order`` only past them, as
    if what the steps added were constant.

    >>> def forward(weights, pictures):
    ...     return pictures @ weights["w"]
    >>> weights, pictures = {"w": torch.zeros(2, 2)}, torch.eye(2)
    >>> adapt(forward, weights, pictures, torch.tensor([0, 1]), steps=1, rate=4.0)["w"]
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """

    def cost(weights: Weights) -> Tensor:
        return F.cross_entropy(forward(weights, pictures), classes)

    slope = torch.func.grad(cost)
    for _ in range(steps):
        slopes = slope(weights)
        if first_order:
            slopes = {name: value.detach() for name, value in slopes.items()}
        weights = {name: value - rate * slopes[name] for name, value in weights.items()}
    return weights


def maml_loss(
    forward: Forward,
    weights: Weights,
    support: Tensor,
    queries: Tensor,
    *,
    steps: int,
    rate: float,
    first_order: bool = False,
) -> Tensor:
    """Cross-entropy of the queries, answered by weights that were adapted to the support.

    Args:
        forward: weights and pictures → logits, one for each type of the episode.
        weights: those that adapt, by name; they need not be all that ``forward`` uses.
        support: (W, K, …) K pictures of each of W types.
        queries: (W, Q, …) Q more pictures of the same types, in the same order.
        steps, rate, first_order: see `adapt`.

    >>> def forward(weights, pictures):
    ...     return pictures @ weights["w"]
    >>> support = torch.eye(2)[:, None]
    >>> maml_loss(forward, {"w": torch.zeros(2, 2)}, support, support, steps=1, rate=4.0)
    tensor(0.1269)
    """

    def classes(pictures: Tensor) -> Tensor:
        ways, number = pictures.shape[:2]
        return torch.arange(ways, device=pictures.device).repeat_interleave(number)

    adapted = adapt(
        forward,
        weights,
        support.flatten(0, 1),
        classes(support),
        steps=steps,
        rate=rate,
        first_order=first_order,
    )
    return F.cross_entropy(forward(adapted, queries.flatten(0, 1)), classes(queries))
