"""timm's networks: built by name, cut into features and head, saved and read back. No weights are fetched.

timm imports torchvision, which does not import beside every build of PyTorch, though no network built here
needs anything of it. Where it is missing, empty modules stand in for it, in this file alone.
"""

from __future__ import annotations

import importlib.util
import sys
import warnings
from collections.abc import Iterator
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from modiste.errors import ModelError
from modiste.networks import build_network
from modiste.networks.timm import TimmConfig, TimmNetwork
from modiste.networks.weights import input_of, load_weights


class Standin(ModuleType):
    """A module in which every name is a class of its own."""

    __path__: list[str] = []  # noqa: RUF012 - what makes it a package

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made = type(name, (), {"__getattr__": lambda self, name: name})
        setattr(self, name, made)
        return made


class StandinFinder(MetaPathFinder, Loader):
    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        return ModuleSpec(name, self, is_package=True) if name.split(".")[0] == "torchvision" else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = Standin(spec.name)
        if spec.name.endswith("transforms.functional"):
            from enum import Enum

            modes = ("NEAREST", "BILINEAR", "BICUBIC", "BOX", "HAMMING", "LANCZOS")
            module.InterpolationMode = Enum("InterpolationMode", modes)
        return module

    def exec_module(self, module: ModuleType) -> None:
        pass


@pytest.fixture(scope="module", autouse=True)
def timm() -> Iterator[Any]:
    if importlib.util.find_spec("timm") is None:
        pytest.skip("the pretrained extra is not installed")
    before = set(sys.modules)
    finder = StandinFinder()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own deprecations are not ours to fix
        try:
            try:
                module = importlib.import_module("timm")
            except (ImportError, RuntimeError):
                for name in [name for name in sys.modules if name.split(".")[0] in ("timm", "torchvision")]:
                    del sys.modules[name]
                sys.meta_path.insert(0, finder)
                module = importlib.import_module("timm")
            yield module
        finally:
            if finder in sys.meta_path:
                sys.meta_path.remove(finder)
            for name in set(sys.modules) - before:
                if name.split(".")[0] in ("timm", "torchvision"):
                    del sys.modules[name]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "size"), [("resnet18", (64, 48)), ("vit_tiny_patch16_224", (64, 48))])
def test_a_network_of_timm_has_features_and_a_head_of_its_own(name: str, size: tuple[int, int]) -> None:
    network = build_network(f"timm:{name}", types=5, height=size[0], width=size[1]).eval()
    with torch.inference_mode():
        features = network(torch.zeros(2, 3, *size))
        scores = network.type_scores(features)
        assert torch.allclose(scores, network.inner(torch.zeros(2, 3, *size)), atol=1e-5)
    assert scores.shape == (2, 5)
    names = [name for name, _ in network.named_parameters()]
    covered = [
        [name for name in names if any(name == of or name.startswith(f"{of}.") for of in part)]
        for part in network.parts()
    ]
    assert sorted(name for part in covered for name in part) == sorted(names)
    assert len(covered) > 5
    assert len(network.get_parameter(covered[-1][-1])) == 5
    assert TimmConfig.from_dict(network.config.as_dict()) == network.config


@pytest.mark.filterwarnings("ignore")
def test_weights_in_a_file_fill_the_body(tmp_path: Path) -> None:
    import timm

    torch.manual_seed(0)
    other = timm.create_model("resnet18", num_classes=1000)
    torch.save(other.state_dict(), tmp_path / "weights.pth")
    network = build_network("timm:resnet18", types=5, height=64, width=48)
    load_weights(network, tmp_path / "weights.pth")
    assert torch.equal(network.inner.layer4[0].conv1.weight, other.layer4[0].conv1.weight)


@pytest.mark.filterwarnings("ignore")
def test_photos_are_prepared_as_its_weights_expect() -> None:
    preprocess = input_of("timm:resnet18", height=0, width=0)
    assert (preprocess.height, preprocess.width) == (224, 224)
    assert preprocess.mean == pytest.approx((123.675, 116.28, 103.53))
    assert input_of("timm:inception_v3", height=0, width=0).height == 299


@pytest.mark.filterwarnings("ignore")
def test_an_unknown_network_is_named_with_its_neighbours() -> None:
    with pytest.raises(ModelError, match=r"timm has no network 'resnet1'; there are .*resnet1"):
        TimmNetwork(TimmConfig(5, "resnet1", 64, 48))
