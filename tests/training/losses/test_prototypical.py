from __future__ import annotations

import math

import pytest
import torch

from modiste.training.losses import prototypical_loss


@pytest.mark.parametrize("scale", [1.0, 7.0])
def test_prototypical_loss_equals_a_naive_loop(scale: float) -> None:
    generator = torch.Generator().manual_seed(0)
    support = torch.randn(3, 2, 4, generator=generator, dtype=torch.float64)
    queries = torch.randn(3, 5, 4, generator=generator, dtype=torch.float64)
    prototypes = [[sum(column) / 2 for column in zip(*photos, strict=True)] for photos in support.tolist()]
    losses = []
    for way, photos in enumerate(queries.tolist()):
        for photo in photos:
            logits = [-scale * math.dist(photo, prototype) ** 2 for prototype in prototypes]
            losses.append(math.log(sum(map(math.exp, logits))) - logits[way])
    found = prototypical_loss(support, queries, scale=scale)
    assert found.item() == pytest.approx(sum(losses) / len(losses), abs=1e-9)
