"""What else a shop says of its photos: their names, and attributes such as base colour or gender."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["alignment_loss", "style_loss"]


def alignment_loss(photos: Tensor, texts: Tensor, same: Tensor, *, scale: Tensor | float) -> Tensor:
    """How hard it is to tell, from unit vectors alone, which text of a batch belongs to which photo.

    The symmetric InfoNCE of CLIP (https://arxiv.org/abs/2103.00020): with logits = scale · cosines, the mean
    of the cross-entropies of each photo over all texts and of each text over all photos. ``photos`` and
    ``texts`` are (N, D), row i of both is one item. Shops give several items one name: ``same`` (N,) numbers
    the names, and all items of one name share the target evenly, as no one could tell them apart.

    >>> vectors = torch.eye(3)
    >>> alignment_loss(vectors, vectors, torch.arange(3), scale=100.0).item() < 1e-6
    True
    """
    logits = scale * photos.float() @ texts.float().T
    targets = (same[:, None] == same[None, :]).float()
    targets = targets / targets.sum(dim=1, keepdim=True)
    by_photo = F.cross_entropy(logits, targets)
    by_text = F.cross_entropy(logits.T, targets)
    both: Tensor = torch.stack([by_photo, by_text]).mean()
    return both


def style_loss(scores: list[Tensor], codes: Tensor) -> Tensor:
    """The mean over the attributes of the cross-entropy of those photos whose value is known.

    ``scores`` are (N, V) for each of A attributes, ``codes`` (N, A) the true values or -1. An attribute of
    which nothing is known in the batch counts as 0.

    >>> sure, unsure = torch.tensor([[9.0, 0.0], [0.0, 9.0]]), torch.zeros(2, 4)
    >>> round(style_loss([sure, unsure], torch.tensor([[0, -1], [1, 2]])).item(), 4)
    0.6932
    """
    each = [
        F.cross_entropy(s.float(), codes[:, a], ignore_index=-1, reduction="sum")
        / (codes[:, a] >= 0).sum().clamp(min=1)
        for a, s in enumerate(scores)
    ]
    return torch.stack(each).mean()
