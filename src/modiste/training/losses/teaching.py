"""What a teacher sees in the same photos."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

__all__ = ["teacher_loss"]


def teacher_loss(told: Tensor, vectors: Tensor) -> Tensor:
    """How far what is ``told`` of some photos (N, D) is from the teacher's ``vectors`` of them (N, D).

    1 − cosine, the mean over the photos: in [0, 2]. A hint as in https://arxiv.org/abs/1412.6550, of which
    only the direction counts, as in search.

    >>> teacher_loss(Tensor([[2, 0], [0, 3]]), Tensor([[1, 0], [1, 0]])).item()
    0.5
    """
    loss: Tensor = (1 - F.cosine_similarity(told.float(), vectors.float(), dim=1)).mean()
    return loss
