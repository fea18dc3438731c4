"""A task that needs no labels: by how many quarter-turns was this photo turned?

Whoever can tell has learned what stands up in a product and what hangs. Source: Gidaris et al. 2018,
https://arxiv.org/abs/1803.07728.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["quarter_turned"]


def quarter_turned(pictures: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Pictures (N, C, H, W) → their middle squares (N, C, S, S), turned, and by how many quarters (N,): 0–3.

    S is the shorter side. Photos are taller than wide; turned whole, or padded to a square, their very shape
    or the bars beside them would give the answer away. The numbers of turns are drawn with ``generator``.

    >>> turned, quarters = quarter_turned(torch.rand(6, 3, 8, 6), torch.Generator())
    >>> tuple(turned.shape), bool((quarters < 4).all())
    ((6, 3, 6, 6), True)
    """
    height, width = pictures.shape[2:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    squares = pictures[:, :, top : top + side, left : left + side]
    quarters = torch.randint(4, (len(pictures),), generator=generator).to(pictures.device)
    turned = torch.empty_like(squares, memory_format=torch.channels_last)  # as networks want them
    for number in range(4):
        chosen = quarters == number
        turned[chosen] = squares[chosen].rot90(number, dims=(2, 3))
    return turned, quarters
