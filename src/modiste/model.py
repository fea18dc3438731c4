"""A trained network with everything needed to use it: pixels in, unit vectors or class probabilities out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from modiste import compute
from modiste.datasets.labels import Labels
from modiste.errors import ModelError
from modiste.networks import ResNet
from modiste.preprocessing import Preprocess
from modiste.support_set import SupportMethod

__all__ = ["Calibration", "Model"]

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

    ``scale`` turns cosines into the logits the network was trained with. ``training`` records the recipe,
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
        return self.network.config.dimension

    @property
    def prototypes(self) -> NDArray[np.float32]:
        """The direction (C, D), of length 1, in which the network puts each type of ``labels``."""
        heads: NDArray[np.float32] = F.normalize(self.network.type_head.detach(), dim=1).cpu().numpy()
        return heads

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Fitted photos (N, H, W, 3) → unit vectors (N, D). Each photo and its mirror image count alike."""
        batches = [vectors.cpu().numpy() for vectors in self._embed(pixels)]
        return np.concatenate(batches) if batches else np.empty((0, self.dimension), np.float32)

    def classify(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Fitted photos (N, H, W, 3) → probabilities (N, C) of the types in ``labels``; rows sum to 1."""
        with torch.inference_mode():
            batches = [
                (self.scale * self.network.cosines(vectors)[0]).softmax(dim=1).cpu().numpy()
                for vectors in self._embed(pixels)
            ]
        return np.concatenate(batches) if batches else np.empty((0, len(self.labels)), np.float32)

    def _embed(self, pixels: NDArray[np.uint8]) -> Iterator[Tensor]:
        expected = (self.preprocess.height, self.preprocess.width, 3)
        if pixels.shape[1:] != expected or pixels.dtype != np.uint8:
            raise ModelError(
                f"uint8 photos of shape (N, {expected}) expected, {pixels.dtype} {pixels.shape} came"
            )
        device, precision = compute.device(), compute.precision()
        mean = torch.tensor(self.preprocess.mean, device=device).view(1, 3, 1, 1)
        std = torch.tensor(self.preprocess.std, device=device).view(1, 3, 1, 1)
        for start in range(0, len(pixels), BATCH):
            photos = torch.from_numpy(np.array(pixels[start : start + BATCH])).to(device)
            pictures = (photos.permute(0, 3, 1, 2).float() - mean) / std
            with (
                torch.inference_mode(),
                torch.autocast(device.type, precision, enabled=precision != torch.float32),
            ):
                both = self.network(pictures) + self.network(pictures.flip(3))
                vectors = F.normalize(both, dim=1)
            yield vectors  # outside, or the precision would leak into the caller
