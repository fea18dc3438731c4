"""Muon: momentum whose every update is turned into an orthogonal matrix.

Each convolution's gradient is flattened to (channels out, channels in · height · width) and its singular
values are pushed to one by Newton–Schulz iterations, so that rare directions are learned as fast as common
ones. Source: Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/. ``torch.optim.Muon`` takes
matrices only; convolutions are what we have.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor

from modiste.training.adamw import without_compiler

__all__ = ["Muon", "orthogonalise"]

# A quintic whose iterates rise steeply from zero and settle between 0.7 and 1.2: fast, and close enough.
A, B, C = 3.4445, -4.7750, 2.0315

# A dead channel's momentum decays until its squares are subnormal numbers, which some processors multiply a
# hundred times as slowly. What is this small in a matrix of norm 1 is taken for zero: the fourth power, the
# smallest product below, is still a normal number.
NOTHING = 1e-9


def orthogonalise(matrix: Tensor, steps: int = 4) -> Tensor:
    """The orthogonal matrix nearest to ``matrix`` (rows, columns), singular values within about 0.5–1.3.

    >>> turned = orthogonalise(torch.diag(torch.tensor([3.0, 2.0])))
    >>> bool((torch.linalg.svdvals(turned) > 0.5).all() and (torch.linalg.svdvals(turned) < 1.3).all())
    True
    """
    x: Tensor = F.hardshrink(matrix / (matrix.norm() + 1e-7), NOTHING)
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    for _ in range(steps):
        square = x @ x.T
        x = torch.addmm(x, torch.addmm(square, square, square, beta=B, alpha=C), x, beta=A)
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """For convolution kernels and matrices; leave vectors, stems and heads to AdamW.

    Weight decay is decoupled. The update is scaled by ``sqrt(max(1, rows / columns))`` so that one
    learning rate suits all shapes. Updates are orthogonalised in ``precision``: bfloat16 is enough, and
    thirty times as slow where the processor has no instructions for it (see `modiste.compute.precision`).
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float,
        *,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        precision: torch.dtype = torch.float32,
    ) -> None:
        without_compiler()
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self.precision = precision

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                weight = parameter.detach()
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if not state:
                    state["momentum"] = torch.zeros_like(weight)
                momentum = state["momentum"].mul_(group["momentum"]).add_(parameter.grad)
                update = parameter.grad.add(momentum, alpha=group["momentum"])  # Nesterov
                if weight.ndim == 4:  # channels last, as they lie in memory: flattening them copies nothing
                    weight, update = weight.permute(0, 2, 3, 1), update.permute(0, 2, 3, 1)
                flat = update.flatten(start_dim=1)
                turned = orthogonalise(flat.to(self.precision)).view(weight.shape)
                reach = max(1.0, flat.shape[0] / flat.shape[1]) ** 0.5
                weight.mul_(1 - group["lr"] * group["weight_decay"]).add_(turned, alpha=-group["lr"] * reach)
