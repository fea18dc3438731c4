"""A trained network with everything needed to use it: pixels in, unit vectors or class probabilities out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modiste import compute
from modiste.datasets.labels import Labels
from modiste.errors import ModelError
from modiste.networks import Network, ResNet
from modiste.preprocessing import Preprocess
from modiste.support_set import SupportMethod

__all__ = ["Calibration", "Model", "embed", "pooled", "type_scores"]

BATCH = 256


@dataclass(frozen=True)
class Calibration:
    """What was settled on training classes before any test photo was seen.

    ``support`` is how a support set is read; ``confidence`` describes the label-free confidence (see
    `modiste.recommendation.Confidence`); recommendations less confident than ``threshold`` are withheld.
    """

    support: SupportMethod
    confidence: Mapping[str, Any]
    threshold: float


@dataclass(frozen=True, eq=False)
class Model:
    """``id`` is the name and a hash of the weights and all that shapes a vector: equal ids, equal vectors.

    ``scale`` turns scores of types into the logits of their probabilities. ``training`` records the recipe,
    seed, data and versions; ``card`` is the model's README.
    """

    name: str
    digest: str
    network: ResNet
    preprocess: Preprocess
    labels: Labels
    scale: float
    calibration: Calibration
    training: Mapping[str, Any] = field(repr=False)
    card: str = field(repr=False)

    @property
    def id(self) -> str:
        return f"{self.name}-{self.digest}"

    @property
    def dimension(self) -> int:
        return int(self.network.config.dimension)

    @property
    def prototypes(self) -> NDArray[np.float32]:
        """The mean direction (C, D), of length 1, of each type's training photos."""
        prototypes: NDArray[np.float32] = self.network.prototypes.cpu().numpy()
        return prototypes

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Fitted photos (N, H, W, 3) → unit vectors (N, D). Each photo and its mirror image count alike."""
        return embed(self.network, self.preprocess, pixels)

    def classify(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Fitted photos (N, H, W, 3) → probabilities (N, C) of the types in ``labels``; rows sum to 1."""
        scores = type_scores(self.network, self.preprocess, pixels)
        odds = np.exp(self.scale * (scores - scores.max(axis=1, keepdims=True)))
        probabilities: NDArray[np.float32] = odds / odds.sum(axis=1, keepdims=True)
        return probabilities


def embed(network: ResNet, preprocess: Preprocess, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Fitted photos (N, H, W, 3) → the network's unit vectors (N, D), each photo with its mirror image.

    `ModelError` if the photos have another size than ``preprocess`` gives.
    """
    return _run(network, preprocess, pixels, network.embed)


def pooled(network: Network, preprocess: Preprocess, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Fitted photos (N, H, W, 3) → the pooled features (N, D) that vectors and scores are made of."""
    return _run(network, preprocess, pixels, lambda features: features)


def type_scores(network: Network, preprocess: Preprocess, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Fitted photos (N, H, W, 3) → scores (N, C) of the learned types; otherwise as :func:`embed`."""
    return _run(network, preprocess, pixels, network.type_scores)


def _run(
    network: Network, preprocess: Preprocess, pixels: NDArray[np.uint8], head: Callable[[Tensor], Tensor]
) -> NDArray[np.float32]:
    """What ``head`` makes of the features of each photo and its mirror image, averaged; in batches."""
    expected = (preprocess.height, preprocess.width, 3)
    if pixels.shape[1:] != expected or pixels.dtype != np.uint8:
        raise ModelError(
            f"uint8 photos of shape (N, {expected}) expected, {pixels.dtype} {pixels.shape} came"
        )
    device, precision = compute.device(), compute.precision()
    mean = torch.tensor(preprocess.mean, device=device).view(1, 3, 1, 1)
    std = torch.tensor(preprocess.std, device=device).view(1, 3, 1, 1)
    made = []
    with torch.inference_mode():
        for start in range(0, max(1, len(pixels)), BATCH):  # once at least: an empty batch has a shape, too
            photos = torch.from_numpy(np.array(pixels[start : start + BATCH])).to(device)
            pictures = (photos.permute(0, 3, 1, 2).float() - mean) / std
            with torch.autocast(device.type, precision, enabled=precision != torch.float32):
                features = network(pictures) + network(pictures.flip(3))
            made.append(head(features / 2).cpu().numpy())
    return np.concatenate(made)
