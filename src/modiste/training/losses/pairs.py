"""Photos compared with each other: those of one class should lie close, those of two classes apart.

``vectors`` (N, D) are of length 1, as `ResNet.embed` makes them, ``classes`` (N,) integers. Distances are
Euclidean: between 0 and 2. A batch without anything to compare costs 0.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from modiste.training.losses.geometry import distances, widened

__all__ = ["MINING", "contrastive_loss", "multi_similarity_loss", "supcon_loss", "triplet_loss"]

MINING = ("random", "batch-hard", "semi-hard", "top-k")


def contrastive_loss(first: Tensor, second: Tensor, same: Tensor, *, margin: float = 1.0) -> Tensor:
    """Siamese pairs: ``d²`` for a pair of one class, ``max(0, margin - d)²`` for one of two classes.

    ``first`` and ``second`` (N, D) are the pairs' vectors, ``same`` (N,) whether they are of one class.
    ``margin`` > 0 is the distance beyond which different photos are far enough apart; their vectors' is at
    most 2. Source: Hadsell et al. 2006, https://doi.org/10.1109/CVPR.2006.100 (without its factor ½).

    >>> one, other = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    >>> contrastive_loss(one, other, torch.tensor([True])).round(decimals=4)
    tensor(2.)
    >>> contrastive_loss(one, other, torch.tensor([False]), margin=1.0)
    tensor(0.)
    """
    squared = (widened(first) - widened(second)).square().sum(dim=1)
    lacking = (margin - squared.clamp_min(1e-12).sqrt()).clamp_min(0)
    return torch.where(same, squared, lacking.square()).mean()


def triplet_loss(
    vectors: Tensor,
    classes: Tensor,
    *,
    margin: float = 0.2,
    mining: str = "semi-hard",
    p_mining: float = 1.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)`` over triplets chosen from the batch.

    ``mining`` says which triplets:

    - ``random``: for each anchor and each of its positives one negative, drawn with ``generator``;
    - ``batch-hard``: for each anchor its farthest positive and its nearest negative
      (https://arxiv.org/abs/1703.07737);
    - ``semi-hard``: for each anchor and positive the nearest negative that is farther than the positive, or
      the farthest of all if none is (https://arxiv.org/abs/1503.03832, section 3.2);
    - ``top-k``: of all triplets of the batch the ``p_mining`` share (in (0, 1], at least one) that costs
      most; 1 is the mean over all triplets.

    >>> vectors = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> triplet_loss(vectors, torch.tensor([0, 0, 1]), margin=0.2, mining="batch-hard")
    tensor(0.)
    >>> triplet_loss(vectors, torch.tensor([0, 1, 0]), margin=0.2, mining="batch-hard").round(decimals=4)
    tensor(0.9071)
    """
    if mining not in MINING:
        raise ValueError(f"expected mining of {', '.join(MINING)}; got {mining!r}")
    vectors = widened(vectors)
    apart = distances(vectors, vectors)
    positive, negative = _positive_and_negative(classes)
    usable = positive.any(dim=1) & negative.any(dim=1)
    if not usable.any():
        return vectors.sum() * 0
    if mining == "batch-hard":
        farthest = apart.masked_fill(~positive, -math.inf).amax(dim=1)
        nearest = apart.masked_fill(~negative, math.inf).amin(dim=1)
        return (farthest - nearest + margin)[usable].clamp_min(0).mean()

    anchors, positives = (positive & usable[:, None]).nonzero(as_tuple=True)
    near, far, is_negative = apart[anchors, positives][:, None], apart[anchors], negative[anchors]
    if mining == "top-k":
        losses = (near - far + margin).clamp_min(0)[is_negative]
        return losses.topk(max(1, round(p_mining * len(losses)))).values.mean()
    if mining == "random":
        draw = torch.rand(is_negative.shape, generator=generator).to(vectors.device)
        chosen = draw.masked_fill(~is_negative, -1).argmax(dim=1, keepdim=True)
    else:
        farther = is_negative & (far > near)
        nearest_farther = far.masked_fill(~farther, math.inf).argmin(dim=1, keepdim=True)
        farthest_of_all = far.masked_fill(~is_negative, -math.inf).argmax(dim=1, keepdim=True)
        chosen = torch.where(farther.any(dim=1, keepdim=True), nearest_farther, farthest_of_all)
    return (near - far.gather(1, chosen) + margin).clamp_min(0).mean()


def multi_similarity_loss(
    vectors: Tensor,
    classes: Tensor,
    *,
    alpha: float = 2.0,
    beta: float = 50.0,
    base: float = 0.5,
    margin: float = 0.1,
) -> Tensor:
    """Soft extremes over the pairs of each anchor that are hard by comparison with the other kind.

    ``1/alpha · log(1 + Σ exp(-alpha (s - base))) + 1/beta · log(1 + Σ exp(beta (s - base)))`` over cosines
    ``s`` of positives and of negatives, averaged over all photos. A positive counts if it is less than
    ``margin`` more similar than the most similar negative, a negative if it is less than ``margin`` less
    similar than the least similar positive. Source: https://arxiv.org/abs/1904.06627, equations 11–15.

    >>> vectors = torch.eye(2)[[0, 0, 1, 1]]
    >>> multi_similarity_loss(vectors, torch.tensor([0, 0, 1, 1]))
    tensor(0.)
    >>> bool(multi_similarity_loss(vectors, torch.tensor([0, 1, 0, 1])) > 1)
    True
    """
    vectors = widened(vectors)
    cosines = vectors @ vectors.T
    positive, negative = _positive_and_negative(classes)
    hardest_negative = cosines.masked_fill(~negative, -math.inf).amax(dim=1, keepdim=True)
    hardest_positive = cosines.masked_fill(~positive, math.inf).amin(dim=1, keepdim=True)
    positive = positive & (cosines - margin < hardest_negative)
    negative = negative & (cosines + margin > hardest_positive)
    to_pull = _log_one_plus_sum_exp(-alpha * (cosines - base), positive) / alpha
    to_push = _log_one_plus_sum_exp(beta * (cosines - base), negative) / beta
    return (to_pull + to_push).mean()


def supcon_loss(vectors: Tensor, classes: Tensor, *, temperature: float = 0.1) -> Tensor:
    """``-mean over positives p of log(exp(s_p / T) / Σ over all others exp(s / T))``, averaged over anchors.

    ``s`` are cosines with the anchor, ``temperature`` T > 0; anchors without a positive are left out. Source:
    supervised contrastive learning, https://arxiv.org/abs/2004.11362, equation 2.

    >>> vectors = torch.eye(2)[[0, 0, 1, 1]]
    >>> bool(supcon_loss(vectors, torch.tensor([0, 0, 1, 1])) < 0.001)
    True
    """
    vectors = widened(vectors)
    logits = vectors @ vectors.T / temperature
    itself = torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    logs = logits - logits.masked_fill(itself, -math.inf).logsumexp(dim=1, keepdim=True)
    positive, _ = _positive_and_negative(classes)
    number = positive.sum(dim=1)
    if not number.any():
        return vectors.sum() * 0
    return -(logs.masked_fill(~positive, 0).sum(dim=1)[number > 0] / number[number > 0]).mean()


def _positive_and_negative(classes: Tensor) -> tuple[Tensor, Tensor]:
    """Which pairs (N, N) are two photos of one class, and which are of two classes."""
    same = classes[:, None] == classes
    return same & ~torch.eye(len(classes), dtype=torch.bool, device=classes.device), ~same


def _log_one_plus_sum_exp(values: Tensor, chosen: Tensor) -> Tensor:
    """``log(1 + Σ exp(values))`` of each row (N,) over the chosen entries, without overflow."""
    zero = torch.zeros_like(values[:, :1])
    return torch.cat([zero, values.masked_fill(~chosen, -math.inf)], dim=1).logsumexp(dim=1)
