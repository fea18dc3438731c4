"""Architectures by name: built from scratch here, or timm's.

==================  ==============================================================================
name                what it is
==================  ==============================================================================
resnet              the residual network of the recipes; the only one that also searches
cnn3                three blocks of convolution, normalisation, ReLU and pooling
vgg                 twice two convolutions and a dense layer: 9.9 million weights at 80 × 60
vit                 a small vision transformer
inception           blocks that look through windows of several sizes
efficientnet_lite0  made for transfer: ImageNet weights come as a package; also _lite1 and _lite2
timm:NAME           any network of timm
==================  ==============================================================================
"""

from __future__ import annotations

import difflib
from typing import Any

from modiste.errors import ModelError
from modiste.networks.cnn3 import Cnn3, Cnn3Config
from modiste.networks.efficientnet import (
    EfficientNetLite0,
    EfficientNetLite1,
    EfficientNetLite2,
    EfficientNetLiteConfig,
)
from modiste.networks.inception import Inception, InceptionConfig
from modiste.networks.network import Network
from modiste.networks.resnet import ResNet, ResNetConfig
from modiste.networks.timm import TimmConfig, TimmNetwork
from modiste.networks.vgg import Vgg, VggConfig
from modiste.networks.vit import Vit, VitConfig

__all__ = ["NETWORKS", "Network", "ResNet", "ResNetConfig", "architecture_of", "build_network"]

NETWORKS: dict[str, tuple[Any, Any]] = {
    "resnet": (ResNet, ResNetConfig),
    "cnn3": (Cnn3, Cnn3Config),
    "vgg": (Vgg, VggConfig),
    "vit": (Vit, VitConfig),
    "inception": (Inception, InceptionConfig),
    "efficientnet_lite0": (EfficientNetLite0, EfficientNetLiteConfig),
    "efficientnet_lite1": (EfficientNetLite1, EfficientNetLiteConfig),
    "efficientnet_lite2": (EfficientNetLite2, EfficientNetLiteConfig),
    "timm": (TimmNetwork, TimmConfig),
}


def build_network(name: str, *, types: int, height: int, width: int, online: bool = False) -> Network:
    """A network of this name with fresh weights, for so many types and pictures of this size.

    ``online`` is for timm's alone: with the weights it fetches. `ModelError` for an unknown name.

    >>> build_network("cnn3", types=4, height=80, width=60).config
    Cnn3Config(types=4, widths=(32, 64, 128))
    """
    network: Network
    if name.startswith("timm:"):
        return TimmNetwork(TimmConfig(types, name.removeprefix("timm:"), height, width), online=online)
    match name:
        case "resnet":
            network = ResNet(ResNetConfig(types=types, categories=1, head="linear"))
        case "cnn3":
            network = Cnn3(Cnn3Config(types))
        case "vgg":
            network = Vgg(VggConfig(types, height, width))
        case "vit":
            network = Vit(VitConfig(types, height, width))
        case "inception":
            network = Inception(InceptionConfig(types))
        case "efficientnet_lite0" | "efficientnet_lite1" | "efficientnet_lite2":
            made, config = NETWORKS[name]
            network = made(config(types))
        case _:
            near = difflib.get_close_matches(name, NETWORKS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            names = ", ".join(known for known in NETWORKS if known != "timm")
            raise ModelError(f"no network {name!r}; there are {names}, and timm:NAME{hint}")
    return network


def architecture_of(network: Network) -> str:
    """The name in `NETWORKS` of a network's architecture.

    >>> architecture_of(build_network("vit", types=4, height=80, width=60))
    'vit'
    """
    return next(name for name, (made, _) in NETWORKS.items() if type(network) is made)
