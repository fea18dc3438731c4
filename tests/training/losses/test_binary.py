"""Losses of labels by themselves, against naive loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight

from modiste.training.losses import (
    balanced_weights,
    binary_cross_entropy_loss,
    binary_focal_loss,
    photo_weights,
)


def draw() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    outputs = 2 * torch.randn(5, 4, generator=generator)
    return outputs, (torch.rand(5, 4, generator=generator) < 0.4).long()


@pytest.mark.parametrize("weighted", [False, True])
def test_as_the_formulas_say(weighted: bool) -> None:
    outputs, targets = draw()
    weights = torch.tensor([0.5, 1.0, 2.0, 3.0])
    plain, focal = [], []
    for row, truth in zip(outputs.tolist(), targets.tolist(), strict=True):
        for at, (output, true) in enumerate(zip(row, truth, strict=True)):
            p = 1 / (1 + math.exp(-output if true else output))  # of what is true
            weight = float(weights[at]) if weighted else 1.0
            plain.append(-weight * math.log(p))
            focal.append(-weight * (0.3 if true else 0.7) * (1 - p) ** 1.5 * math.log(p))
    how = {"weights": weights} if weighted else {}
    assert float(binary_cross_entropy_loss(outputs, targets, **how)) == pytest.approx(
        np.mean(plain), rel=1e-5
    )
    found = binary_focal_loss(outputs, targets, alpha=0.3, gamma=1.5, **how)
    assert float(found) == pytest.approx(np.mean(focal), rel=1e-5)


def test_focal_without_focus_is_half_of_cross_entropy() -> None:
    outputs, targets = draw()
    found = binary_focal_loss(outputs, targets, alpha=0.5, gamma=0.0)
    assert torch.isclose(2 * found, binary_cross_entropy_loss(outputs, targets))


def test_smoothing_draws_targets_towards_a_half() -> None:
    sure = torch.tensor([[20.0]])
    assert binary_cross_entropy_loss(sure, torch.ones(1, 1), smoothing=0.2) > 1


def test_weights_are_balanced_and_add_up_over_a_photos_labels() -> None:
    classes = np.array([0, 0, 0, 1, 2, 2])
    matrix = torch.nn.functional.one_hot(torch.from_numpy(classes))
    weights = balanced_weights(matrix)
    assert np.allclose(weights, compute_class_weight("balanced", classes=np.arange(3), y=classes))
    many = torch.tensor([[1, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]])
    assert balanced_weights(many).tolist() == [pytest.approx(3 / 8), pytest.approx(3 / 4), 0, 0]
    assert photo_weights(many, torch.tensor([1.0, 2.0, 9.0, 9.0])).tolist() == [3, 2, 1]
    assert photo_weights(torch.zeros(2, 3), torch.ones(3)).tolist() == [1, 1]
