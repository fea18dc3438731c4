from __future__ import annotations

import pytest
import torch
from pytorch_metric_learning import losses as reference

from modiste.training.losses import proxy_anchor_loss


def test_proxy_anchor_equals_pytorch_metric_learning() -> None:
    generator = torch.Generator().manual_seed(0)
    vectors = torch.nn.functional.normalize(torch.randn(8, 5, generator=generator), dim=1)
    classes = torch.tensor([0, 0, 1, 1, 1, 3, 3, 0])  # class 2 has no photo in the batch
    theirs = reference.ProxyAnchorLoss(4, 5, margin=0.2, alpha=12)
    found = proxy_anchor_loss(vectors, classes, theirs.proxies, scale=12, margin=0.2)
    assert found.item() == pytest.approx(theirs(vectors, classes).item(), rel=1e-5)
