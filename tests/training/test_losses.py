"""Each loss against a loop that computes it one number at a time."""

from __future__ import annotations

import math

import pytest
import torch

from modiste.training.losses import cosine_margin_loss


@pytest.mark.parametrize(("margin", "smoothing"), [(0.0, 0.0), (0.2, 0.0), (0.1, 0.1)])
def test_cosine_margin_loss_equals_a_naive_loop(margin: float, smoothing: float) -> None:
    generator = torch.Generator().manual_seed(0)
    cosines = torch.rand(6, 4, generator=generator, dtype=torch.float64) * 2 - 1
    targets = torch.tensor([0, 1, 2, 3, 1, 1])
    losses = []
    for row, target in zip(cosines.tolist(), targets.tolist(), strict=True):
        logits = [8.0 * (value - (margin if i == target else 0.0)) for i, value in enumerate(row)]
        log_sum = math.log(sum(math.exp(z) for z in logits))
        shares = [smoothing / 4 + (1 - smoothing if i == target else 0.0) for i in range(4)]
        losses.append(-sum(share * (z - log_sum) for share, z in zip(shares, logits, strict=True)))
    found = cosine_margin_loss(cosines, targets, scale=8.0, margin=margin, smoothing=smoothing)
    assert found.item() == pytest.approx(sum(losses) / len(losses), abs=1e-12)
