from __future__ import annotations

import json

import pytest
import torch

from modiste.networks import ResNet, ResNetConfig

CONFIG = ResNetConfig(types=6, categories=3, widths=(8, 16, 24), depths=(1, 2, 1))


@pytest.mark.parametrize("size", [(80, 60), (40, 30), (33, 47)])
def test_any_picture_size_gives_unit_vectors(size: tuple[int, int]) -> None:
    network = ResNet(CONFIG).eval()
    vectors = network.embed(network(torch.randn(3, 3, *size)))
    assert vectors.shape == (3, 24)
    assert torch.allclose(vectors.norm(dim=1), torch.ones(3), atol=1e-5)


def test_cosines_lie_between_minus_one_and_one() -> None:
    network = ResNet(CONFIG).eval()
    for cosines in network.outputs(network(torch.randn(4, 3, 40, 30))):
        assert cosines.abs().max() <= 1 + 1e-5


def test_configuration_survives_json() -> None:
    assert ResNetConfig.from_dict(json.loads(json.dumps(CONFIG.as_dict()))) == CONFIG
