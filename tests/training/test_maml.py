"""Adapting by hand, with autograd's own second derivatives, gives the same loss and the same slopes."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from modiste.training.maml import adapt, maml_loss

RATE = 0.4


def forward(weights: dict[str, Tensor], pictures: Tensor) -> Tensor:
    """A tiny net with batch statistics: 4 numbers → 5 hidden → 3 ways."""
    hidden = pictures @ weights["first"]
    hidden = (hidden - hidden.mean(dim=0)) / (hidden.var(dim=0, unbiased=False) + 1e-5).sqrt()
    return torch.tanh(hidden) @ weights["second"] + weights["bias"]


def weights() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = {"first": (4, 5), "second": (5, 3), "bias": (3,)}
    return {
        name: torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()
        for name, shape in shapes.items()
    }


def photos(number: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(3, number, 4, generator=generator, dtype=torch.float64)


def slopes(*, first_order: bool, steps: int) -> tuple[Tensor, list[Tensor]]:
    start = weights()
    loss = maml_loss(
        forward, start, photos(2, 1), photos(4, 2), steps=steps, rate=RATE, first_order=first_order
    )
    return loss, list(torch.autograd.grad(loss, list(start.values())))


def slopes_by_hand(*, first_order: bool, steps: int) -> tuple[Tensor, list[Tensor]]:
    start = weights()
    names, fast = list(start), list(start.values())
    for _ in range(steps):
        logits = forward(dict(zip(names, fast, strict=True)), photos(2, 1).flatten(0, 1))
        cost = F.cross_entropy(logits, torch.tensor([0, 0, 1, 1, 2, 2]))
        slope = torch.autograd.grad(cost, fast, create_graph=not first_order)
        fast = [value - RATE * change for value, change in zip(fast, slope, strict=True)]
    logits = forward(dict(zip(names, fast, strict=True)), photos(4, 2).flatten(0, 1))
    loss = F.cross_entropy(logits, torch.arange(3).repeat_interleave(4))
    return loss, list(torch.autograd.grad(loss, list(start.values())))


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("first_order", [False, True])
def test_loss_and_slopes_equal_naive_autograd(steps: int, first_order: bool) -> None:
    loss, found = slopes(first_order=first_order, steps=steps)
    expected_loss, expected = slopes_by_hand(first_order=first_order, steps=steps)
    assert loss.item() == pytest.approx(expected_loss.item(), abs=1e-12)
    for ours, theirs in zip(found, expected, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-12)


def test_second_order_slopes_differ_from_first_order_ones_at_the_same_loss() -> None:
    (loss, second), (same_loss, first) = (slopes(first_order=order, steps=2) for order in (False, True))
    assert loss.item() == pytest.approx(same_loss.item(), abs=1e-12)
    assert max((a - b).abs().max().item() for a, b in zip(second, first, strict=True)) > 0.01


def test_adapting_lowers_the_cost_of_the_support() -> None:
    classes = torch.tensor([0, 0, 1, 1, 2, 2])
    support = photos(2, 1).flatten(0, 1)
    adapted = adapt(forward, weights(), support, classes, steps=5, rate=RATE)
    before, after = (F.cross_entropy(forward(w, support), classes) for w in (weights(), adapted))
    assert after < 0.7 * before
