"""A trained network with everything needed to use it: pixels in, unit vectors or class probabilities out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modiste import compute
from modiste.datasets.labels import Labels
from modiste.errors import ModelError
from modiste.memory import Memory
from modiste.model_card import Calibration, CurveSource, Engine, MeasuredCurve, check_fitted
from modiste.networks import Network, ResNet
from modiste.networks.folded import fold
from modiste.networks.style import StyleHead
from modiste.networks.text import TextMatcher
from modiste.preprocessing import Preprocess

__all__ = [
    "Calibration",
    "CurveSource",
    "Engine",
    "Look",
    "MeasuredCurve",
    "Model",
    "embed",
    "every_stage",
    "pooled",
    "style_of",
    "type_scores",
]

# Photos of 80 × 60 that a network sees at once. The activations of twice as many are given back to the system
# and asked for again in every batch, which takes a tenth of the time.
BATCH = 128
# Up to so many photos and their mirror images are one batch: half the calls, which cost most of the time of a
# single photo. Of more, the activations would no longer fit the processor's caches.
BOTH_AT_ONCE = 16
MANY = 256  # photos for which it pays to fold a network first


class Look(NamedTuple):
    """What the rich parts of a model say of N photos; None or empty for a part the model lacks.

    ``style``: unit vectors (N, S). ``words``: for each attribute, such as "baseColour", the most probable
    value (N,). ``for_text``: unit vectors (N, T), to be compared with those of `Model.embed_text`.
    """

    style: NDArray[np.float32] | None
    words: dict[str, NDArray[np.str_]]
    for_text: NDArray[np.float32] | None


@dataclass(frozen=True, eq=False)
class Model:
    """``id`` is the name and a hash of the weights and all that shapes a vector: equal ids, equal vectors.

    ``scale`` turns scores of types into the logits of their probabilities. ``training`` records the recipe,
    seed, data and versions; ``card`` is the model's README. ``style_head`` and ``text_matcher`` are there if
    the model's ``regime`` is rich, that is, if it learned from more than types and categories. With a
    ``memory`` of its training photos it names types better, see `modiste.memory`. An ``engine`` makes the
    vectors in PyTorch's place; see `modiste.runtimes`.
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
    style_head: StyleHead | None = None
    text_matcher: TextMatcher | None = None
    memory: Memory | None = field(default=None, repr=False)
    engine: Engine | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        size = f"{self.preprocess.width} × {self.preprocess.height}"
        return f"Model({self.id}: {size} photos → {self.dimension} numbers, {len(self.labels.types)} types)"

    @property
    def id(self) -> str:
        variant = "" if self.engine is None else self.engine.variant
        return f"{self.name}-{self.digest}{variant and '+'}{variant}"

    @property
    def regime(self) -> str:
        """``course`` or ``rich``: which labels it learned from. Figures of the two are not to be mixed up."""
        return str(self.training.get("regime", "course"))

    @property
    def named_by(self) -> str:
        """What names known types."""
        return "network" if self.memory is None else "network and memory"

    @property
    def dimension(self) -> int:
        return int(self.network.config.dimension)

    @property
    def prototypes(self) -> NDArray[np.float32]:
        """The mean direction (C, D), of length 1, of each type's training photos."""
        prototypes: NDArray[np.float32] = self.network.prototypes.cpu().numpy()
        return prototypes

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Fitted photos (N, H, W, 3) → unit vectors (N, D).

        Each photo and its mirror image count alike, unless the network leaves mirror images out.
        """
        if self.engine is not None:
            check_fitted(self.preprocess, pixels)
            return self.engine(pixels)
        return embed(self.network, self.preprocess, pixels)

    def classify(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Fitted photos (N, H, W, 3) → probabilities (N, C) of the types in ``labels``; rows sum to 1."""
        features = torch.from_numpy(pooled(self.network, self.preprocess, pixels))
        with torch.inference_mode():
            features = features.to(self.network.prototypes.device)
            scores = self.scale * self.network.type_scores(features)
            probabilities: NDArray[np.float32] = scores.softmax(dim=1).cpu().numpy()
            if self.memory is None:
                return probabilities
            vectors = self.network.embed(features).cpu().numpy()
        return self.memory.remind(probabilities, vectors)

    def look(self, pixels: NDArray[np.uint8]) -> Look:
        """Fitted photos (N, H, W, 3) → all that the rich parts say of them, from one run of the network.

        `ModelError` if the model has neither part.
        """
        if self.style_head is None and self.text_matcher is None:
            raise self._lacks("style part and no text encoder")
        features = every_stage(self.network, self.preprocess, pixels)
        style, for_text = None, None
        words: dict[str, NDArray[np.str_]] = {}
        if self.style_head is not None:
            style, words = style_of(self.style_head, features)
        if self.text_matcher is not None:
            for_text = _through(self.text_matcher, features)
        return Look(style, words, for_text)

    def style(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Fitted photos (N, H, W, 3) → style vectors (N, S) of length 1; `ModelError` without a style part.

        Their dot product tells how far two photos agree in base colour, gender and usage: from 0 to 1.
        """
        if self.style_head is None:
            raise self._lacks("style part")
        return style_of(self.style_head, every_stage(self.network, self.preprocess, pixels))[0]

    def embed_for_text(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Fitted photos (N, H, W, 3) → unit vectors (N, T), to be found by those of :meth:`embed_text`."""
        if self.text_matcher is None:
            raise self._lacks("text encoder")
        return _through(self.text_matcher, every_stage(self.network, self.preprocess, pixels))

    def embed_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Texts such as product names → unit vectors (N, T); the nearest of `embed_for_text` fit best.

        `ModelError` without a text encoder, ``ValueError`` for a text without letters and digits.
        """
        if self.text_matcher is None:
            raise self._lacks("text encoder")
        with torch.inference_mode():
            vectors: NDArray[np.float32] = self.text_matcher.embed_text(texts).cpu().numpy()
        return vectors

    def _lacks(self, what: str) -> ModelError:
        why = (
            "it learned from types and categories alone (the course regime)"
            if self.regime == "course"
            else "its training left that out or was ended early"
        )
        return ModelError(f"model {self.id} has no {what}: {why}; train one with modiste train --recipe rich")


def embed(network: ResNet, preprocess: Preprocess, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Fitted photos (N, H, W, 3) → the network's unit vectors (N, D).

    `ModelError` if the photos have another size than ``preprocess`` gives.
    """
    return _run(network, preprocess, pixels, _folded(network, len(pixels)), network.embed)


def pooled(network: Network, preprocess: Preprocess, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Fitted photos (N, H, W, 3) → the pooled features (N, D) that vectors and scores are made of."""
    return _run(network, preprocess, pixels, _folded(network, len(pixels)), lambda features: features)


def every_stage(network: ResNet, preprocess: Preprocess, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Fitted photos (N, H, W, 3) → the features (N, F) of all stages, which style and text are made of."""
    seen = partial(network, every_stage=True)
    return _run(network, preprocess, pixels, seen, lambda features: features)


def style_of(
    head: StyleHead, features: NDArray[np.float32]
) -> tuple[NDArray[np.float32], dict[str, NDArray[np.str_]]]:
    """Features (N, F) of all stages → style vectors (N, S), and each attribute's most probable value (N,)."""
    with torch.inference_mode():
        seen = torch.from_numpy(features).to(head.mean.device)
        best = [scores.argmax(dim=1).cpu().numpy() for scores in head.scores(seen)]
        vectors: NDArray[np.float32] = head(seen).cpu().numpy()
    values = head.config.values.items()
    return vectors, {name: np.array(known)[at] for (name, known), at in zip(values, best, strict=True)}


def type_scores(network: Network, preprocess: Preprocess, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Fitted photos (N, H, W, 3) → scores (N, C) of the learned types; otherwise as :func:`embed`."""
    return _run(network, preprocess, pixels, _folded(network, len(pixels)), network.type_scores)


def _folded(network: Network, photos: int) -> Callable[[Tensor], Tensor]:
    """The network, or what sees many photos a tenth sooner on a processor: it without normalisations."""
    if photos < MANY or not isinstance(network, ResNet) or compute.device().type != "cpu":
        return network
    return fold(network).torch(compute.precision())


def _through(matcher: TextMatcher, features: NDArray[np.float32]) -> NDArray[np.float32]:
    with torch.inference_mode():
        vectors: NDArray[np.float32] = (
            matcher(torch.from_numpy(features).to(matcher.mean.device)).cpu().numpy()
        )
    return vectors


def _run(
    network: Network,
    preprocess: Preprocess,
    pixels: NDArray[np.uint8],
    seen: Callable[[Tensor], Tensor],
    head: Callable[[Tensor], Tensor],
) -> NDArray[np.float32]:
    """What ``head`` makes of what is ``seen`` in each photo, in batches.

    If ``network`` looks at mirror images, too, it is the mean of what is seen in both.
    """
    check_fitted(preprocess, pixels)
    device, precision = compute.device(), compute.precision()
    mean = torch.tensor(preprocess.mean, device=device).view(1, 3, 1, 1)
    std = torch.tensor(preprocess.std, device=device).view(1, 3, 1, 1)
    batch = preprocess.at_once(BATCH)
    made = []
    with torch.inference_mode():
        for start in range(0, max(1, len(pixels)), batch):  # once at least: an empty batch has a shape, too
            photos = torch.from_numpy(np.array(pixels[start : start + batch])).to(device)
            pictures = (photos.permute(0, 3, 1, 2).float() - mean) / std
            with torch.autocast(device.type, precision, enabled=precision != torch.float32):
                if not network.mirror:
                    features = seen(pictures)
                elif len(pictures) <= preprocess.at_once(BOTH_AT_ONCE):
                    plain, mirrored = seen(torch.cat([pictures, pictures.flip(3)])).chunk(2)
                    features = (plain + mirrored) / 2
                else:
                    features = (seen(pictures) + seen(pictures.flip(3))) / 2
            made.append(head(features).cpu().numpy())
    return np.concatenate(made)
