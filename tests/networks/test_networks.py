"""Networks by name: their shapes, what of them is frozen together, and what is kept in a model folder."""

from __future__ import annotations

import json

import pytest
import torch

from modiste.errors import ModelError
from modiste.networks import NETWORKS, architecture_of, build_network
from modiste.networks.inception import InceptionConfig
from modiste.networks.vit import VitConfig

NAMES = [name for name in NETWORKS if name != "timm"]


@pytest.mark.parametrize("name", NAMES)
def test_every_network_makes_features_and_a_score_for_each_type(name: str) -> None:
    torch.manual_seed(0)
    network = build_network(name, types=5, height=40, width=30)
    pictures = torch.randn(16, 3, 40, 30)
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.inference_mode():
        network(pictures)  # batch norms settle; without, they let hardly anything of the picture pass
        network.eval()
        features = network(pictures)
        scores = network.type_scores(features)
    assert features.dtype == torch.float32
    assert scores.shape == (16, 5)
    assert not torch.allclose(scores[0], scores[1])  # the picture decides
    assert network.config.types == 5


@pytest.mark.parametrize("name", NAMES)
def test_the_parts_hold_every_weight_once_and_the_head_is_the_last(name: str) -> None:
    network = build_network(name, types=5, height=40, width=30)
    names = [name for name, _ in network.named_parameters()]
    held = [
        [name for name in names if any(name == of or name.startswith(f"{of}.") for of in part)]
        for part in network.parts()
    ]
    assert sorted(name for part in held for name in part) == sorted(names)
    network.type_scores(network(torch.randn(4, 3, 40, 30)).detach()).sum().backward()
    learning = {name for name, weights in network.named_parameters() if weights.grad is not None}
    assert learning
    assert learning <= set(held[-1])


@pytest.mark.parametrize("name", NAMES)
def test_a_description_makes_the_same_network_again(name: str) -> None:
    network = build_network(name, types=5, height=40, width=30)
    made, config = NETWORKS[architecture_of(network)]
    again = made(config.from_dict(json.loads(json.dumps(network.config.as_dict()))))
    again.load_state_dict(network.state_dict())
    assert again.config == network.config


def test_vgg_has_9_9_million_weights_at_80_by_60() -> None:
    network = build_network("vgg", types=46, height=80, width=60)
    assert round(sum(weights.numel() for weights in network.parameters()) / 1e6, 1) == 9.9


def test_unknown_names_and_figures_are_refused() -> None:
    with pytest.raises(ModelError, match=r"no network 'inceptoin'; .* did you mean 'inception'\?"):
        build_network("inceptoin", types=5, height=40, width=30)
    with pytest.raises(ValueError, match="even patch"):
        VitConfig(types=5, patch=7)
    with pytest.raises(ValueError, match="multiples of 8"):
        InceptionConfig(types=5, widths=(12,))
