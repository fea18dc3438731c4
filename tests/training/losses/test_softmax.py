"""Each loss against a loop that computes it one number at a time, and against pytorch-metric-learning."""

from __future__ import annotations

import math

import pytest
import torch
from pytorch_metric_learning import losses as reference
from torch import Tensor

from modiste.training.losses import (
    arcface_loss,
    class_weights,
    cosine_margin_loss,
    cross_entropy_loss,
    focal_loss,
    normalised_softmax_loss,
)

TARGETS = torch.tensor([0, 1, 2, 3, 1, 1])


def cosines() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(6, 4, generator=generator, dtype=torch.float64) * 2 - 1


def outputs() -> Tensor:
    return 3 * cosines()


def naive_mean(
    logits: list[list[float]],
    *,
    smoothing: float = 0.0,
    weights: list[float] | None = None,
    gamma: float = 0.0,
) -> float:
    """Weighted mean of (focal) cross-entropies against smoothed targets."""
    classes = len(logits[0])
    weights = weights or [1.0] * classes
    total = norm = 0.0
    for row, target in zip(logits, TARGETS.tolist(), strict=True):
        log_sum = math.log(sum(math.exp(z) for z in row))
        for i, z in enumerate(row):
            share = smoothing / classes + (1 - smoothing if i == target else 0.0)
            p = math.exp(z - log_sum)
            total -= share * weights[i] * (1 - p) ** gamma * (z - log_sum)
        norm += weights[target]
    return total / norm


@pytest.mark.parametrize(("margin", "smoothing"), [(0.0, 0.0), (0.2, 0.0), (0.1, 0.1)])
def test_cosine_margin_loss_equals_a_naive_loop(margin: float, smoothing: float) -> None:
    logits = [
        [8.0 * (value - (margin if i == target else 0.0)) for i, value in enumerate(row)]
        for row, target in zip(cosines().tolist(), TARGETS.tolist(), strict=True)
    ]
    found = cosine_margin_loss(cosines(), TARGETS, scale=8.0, margin=margin, smoothing=smoothing)
    assert found.item() == pytest.approx(naive_mean(logits, smoothing=smoothing), abs=1e-12)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, [1.0, 3.0, 0.5, 2.0]])
@pytest.mark.parametrize("gamma", [0.0, 1.0, 2.5])
def test_focal_loss_and_cross_entropy_equal_a_naive_loop(
    smoothing: float, weights: list[float] | None, gamma: float
) -> None:
    given = None if weights is None else torch.tensor(weights, dtype=torch.float64)
    expected = naive_mean(outputs().tolist(), smoothing=smoothing, weights=weights, gamma=gamma)
    found = focal_loss(outputs(), TARGETS, gamma=gamma, smoothing=smoothing, weights=given)
    assert found.item() == pytest.approx(expected, abs=1e-12)
    if gamma == 0:
        found = cross_entropy_loss(outputs(), TARGETS, smoothing=smoothing, weights=given)
        assert found.item() == pytest.approx(expected, abs=1e-12)
        found = normalised_softmax_loss(cosines(), TARGETS, scale=3.0, smoothing=smoothing, weights=given)
        assert found.item() == pytest.approx(expected, abs=1e-12)


def test_a_sure_answer_has_a_finite_gradient_in_every_loss() -> None:
    sure = torch.tensor([[60.0, -60.0]], requires_grad=True)
    focal_loss(sure, torch.tensor([0]), gamma=0.5).backward()
    assert sure.grad is not None
    assert sure.grad.isfinite().all()
    exact = torch.tensor([[1.0, -1.0], [-1.0, 1.0]], requires_grad=True)
    arcface_loss(exact, torch.tensor([0, 0]), margin=0.3).backward()
    assert exact.grad is not None
    assert exact.grad.isfinite().all()


@pytest.mark.parametrize("margin", [0.0, 0.3, 1.2])
def test_margin_losses_equal_pytorch_metric_learning(margin: float) -> None:
    generator = torch.Generator().manual_seed(1)
    vectors = torch.nn.functional.normalize(torch.randn(6, 5, generator=generator), dim=1)
    heads = torch.nn.functional.normalize(torch.randn(4, 5, generator=generator), dim=1)
    vectors[0] = -heads[TARGETS[0]]  # an angle of π: where ArcFace needs its other branch
    arcface = reference.ArcFaceLoss(4, 5, margin=math.degrees(margin), scale=10)
    cosface = reference.CosFaceLoss(4, 5, margin=margin, scale=10)
    for theirs, ours in ((arcface, arcface_loss), (cosface, cosine_margin_loss)):
        theirs.W.data = heads.T.clone()
        found = ours(vectors @ heads.T, TARGETS, scale=10, margin=margin)
        assert found.item() == pytest.approx(theirs(vectors, TARGETS).item(), rel=1e-3)


def test_class_weights_average_to_one_over_photos() -> None:
    counts = torch.tensor([900, 90, 10, 0])
    for exponent in (0.0, 0.5, 1.0):
        weights = class_weights(counts, exponent)
        assert (weights * counts).sum().item() == pytest.approx(1000, rel=1e-5)
        assert weights[3] == 0
        assert (weights[2] / weights[0]).item() == pytest.approx(90**exponent, rel=1e-5)
