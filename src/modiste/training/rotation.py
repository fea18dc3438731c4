"""A task that needs no labels: by how many quarter-turns was this photo turned?

Whoever can tell has learned what stands up in a product and what hangs. Source: Gidaris et al. 2018,
https://arxiv.org/abs/1803.07728.
"""

from __future__ import annotations

import torch
from torch import Tensor

from modiste.training.distributed import Share

__all__ = ["quarter_turned"]


def quarter_turned(
    pictures: Tensor, generator: torch.Generator, share: Share | None = None
) -> tuple[Tensor, Tensor]:
    """Pictures (N, C, H, W) → their middle squares (N, C, S, S), turned, and by how many quarters (N,): 0–3.

    S is the shorter side. Photos are taller than wide; turned whole, or padded to a square, their very shape
    or the bars beside them would give the answer away. The numbers of turns are drawn with ``generator``.
    Where ``pictures`` are a ``share`` of a batch, they are turned as they would be among all of it, and the
    numbers are those of all of it.

    >>> turned, quarters = quarter_turned(torch.rand(6, 3, 8, 6), torch.Generator())
    >>> tuple(turned.shape), bool((quarters < 4).all())
    ((6, 3, 6, 6), True)
    """
    height, width = pictures.shape[2:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    squares = pictures[:, :, top : top + side, left : left + side]
    share = share or Share(0, len(pictures), len(pictures))
    quarters = torch.randint(4, (share.total,), generator=generator).to(pictures.device)
    turned = torch.empty_like(squares, memory_format=torch.channels_last)  # as networks want them
    for number in range(4):
        chosen = quarters[share.rows] == number
        turned[chosen] = squares[chosen].rot90(number, dims=(2, 3))
    return turned, quarters
