"""The benchmark of encoding counts its multiplications as PyTorch's own convolutions do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from benchmarks.encoding import drawn, multiplications, timed
from torch import nn

from modiste.model_folder import load_model, shipped
from modiste.photos import read_photo


@pytest.mark.parametrize("name", shipped())
def test_multiplications_are_those_of_the_convolutions(name: str) -> None:
    model = load_model(name)
    seen: list[int] = []

    def count(module: nn.Module, given: Any, made: torch.Tensor) -> None:
        assert isinstance(module, nn.Conv2d)
        seen.append(made[0, 0].numel() * module.weight.numel())

    for module in model.network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(count)
    height, width = model.preprocess.height, model.preprocess.width
    with torch.inference_mode():
        model.network(torch.zeros(1, 3, height, width))
    assert multiplications(model) == sum(seen) * (2 if model.network.mirror else 1)


def test_files_are_drawn_and_runs_timed() -> None:
    (file,) = drawn(1, 60, 80)
    assert read_photo(file).shape == (80, 60, 3)
    assert len(timed(lambda: np.zeros(3), 0.0)) == 3
