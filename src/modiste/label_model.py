"""A network that names what a photo shows: one label, one of each group, or any number; and its folder.

The folder is a model folder (see `modiste.model_folder`) whose ``model.json`` says ``"kind": "labels"``.
Models that search (`modiste.model.Model`) can be read as label models, too: their labels are the article
types.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from modiste.datasets.label_set import LabelSet
from modiste.errors import ModelError
from modiste.model_card import read_card, read_whole
from modiste.preprocessing import Preprocess

if TYPE_CHECKING:
    from modiste.datasets.labels import Labels
    from modiste.networks import Network

__all__ = [
    "ANSWERS",
    "LabelModel",
    "as_label_model",
    "load_label_model",
    "save_label_model",
    "soft_vote",
]

ANSWERS = ("softmax", "sigmoid")


class Naming(Protocol):
    """Says how likely a photo is to bear each label."""

    def classify(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Fitted photos (N, H, W, 3) → probabilities (N, C)."""


class Searching(Protocol):
    """What is told of a model that searches."""

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def preprocess(self) -> Preprocess: ...
    @property
    def labels(self) -> Labels: ...
    @property
    def scale(self) -> float: ...
    @property
    def training(self) -> Mapping[str, Any]: ...
    @property
    def card(self) -> str: ...


@dataclass(frozen=True, eq=False)
class LabelModel:
    """``labels`` are what it knows. ``answer`` says how scores become probabilities.

    - ``softmax``: in each group they sum to one, and the photo bears the most probable label of it; labels
      that stand alone are independent;
    - ``sigmoid``: all are independent.

    An independent label is borne from its own of the ``thresholds`` (C,) upwards. Where there is ``naming``,
    it is asked and there is no ``network`` here: a model that searches, which may remember photos, or several
    models that vote.
    """

    name: str
    digest: str
    network: Network | None
    preprocess: Preprocess
    labels: LabelSet
    answer: str
    scale: float
    thresholds: NDArray[np.float64]
    training: Mapping[str, Any] = field(repr=False)
    card: str = field(repr=False)
    naming: Naming | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.answer not in ANSWERS:
            raise ModelError(f"expected an answer of {', '.join(ANSWERS)}; got {self.answer!r}")
        if self.thresholds.shape != (len(self.labels),):
            raise ModelError(
                f"expected as many thresholds as labels ({len(self.labels)}); got {self.thresholds.shape}"
            )

    def __repr__(self) -> str:
        size = f"{self.preprocess.width} × {self.preprocess.height}"
        return f"LabelModel({self.id}: {size} photos, {len(self.labels)} labels)"

    @property
    def id(self) -> str:
        return f"{self.name}-{self.digest}"

    def probabilities(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Fitted photos (N, H, W, 3) → probabilities (N, C); each photo and its mirror image count alike."""
        if self.naming is not None:
            return self.naming.classify(pixels)
        from modiste.model import type_scores

        assert self.network is not None
        scores = type_scores(self.network, self.preprocess, pixels)
        return self.labels.probabilities(self.scale * scores, self.answer)

    def decide(self, probabilities: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Probabilities (N, C) → which labels each photo bears (N, C)."""
        return self.labels.decide(probabilities, self.answer, self.thresholds)


def save_label_model(
    folder: Path,
    *,
    network: Network,
    preprocess: Preprocess,
    labels: LabelSet,
    answer: str,
    thresholds: NDArray[np.float64],
    training: dict[str, Any],
    card: str,
    history: Sequence[dict[str, float]] = (),
    curve: bytes | None = None,
) -> LabelModel:
    """Write a model folder of kind "labels"; a model there is replaced. Returns it as it is read back.

    `ModelError` when ``folder`` exists and is no model.
    """
    from modiste.model_folder import write_folder

    write_folder(
        folder,
        name=folder.resolve().name,
        network=network,
        preprocess=preprocess,
        description={
            "kind": "labels",
            "scale": 1.0,
            "labels": labels.as_dict(),
            "answer": answer,
            "thresholds": [float(threshold) for threshold in thresholds],
            "training": training,
        },
        card=card,
        history=history,
        curve=curve,
    )
    return load_label_model(folder)


def as_label_model(model: Searching, naming: Naming) -> LabelModel:
    """A ``model`` that searches, as one that names: its labels are its types; ``naming`` is asked."""
    names = model.labels.types
    return LabelModel(
        name=model.name,
        digest=model.digest,
        network=None,
        preprocess=model.preprocess,
        labels=LabelSet(names, (str(model.training.get("column", "articleType")),) * len(names)),
        answer="softmax",
        scale=model.scale,
        thresholds=np.full(len(names), 0.5),
        training=model.training,
        card=model.card,
        naming=naming,
    )


def soft_vote(models: Sequence[LabelModel]) -> LabelModel:
    """Models of the same labels as one: the mean of their probabilities, and of their thresholds.

    One model alone stays itself. `ModelError` when there is none, or they differ in labels, in how they
    answer or in the photos they take: all are shown the same pixels.

    >>> both = soft_vote([load_label_model("default"), load_label_model("large")])
    >>> both.name, both.probabilities(np.full((1, 64, 48, 3), 255, np.uint8)).sum().round(3).item()
    ('soft(default, large)', 1.0)
    """
    if not models:
        raise ModelError("expected a model or more to vote; got none")
    first, *others = models
    if not others:
        return first
    for other in others:
        if (other.labels, other.answer) != (first.labels, first.answer):
            raise ModelError(f"{first.id} and {other.id} know different labels; to vote they must share them")
        here, there = ((one.preprocess.height, one.preprocess.width) for one in (first, other))
        if here != there or other.preprocess.grey != first.preprocess.grey:
            raise ModelError(
                f"models that vote must take photos alike; {first.id} takes {_told(first.preprocess)}, "
                f"{other.id} {_told(other.preprocess)}"
            )
    digests = "".join(one.digest for one in models)
    return replace(
        first,
        name=f"soft({', '.join(one.name for one in models)})",
        digest=hashlib.sha256(digests.encode()).hexdigest()[: len(first.digest)],
        network=None,
        thresholds=np.mean([one.thresholds for one in models], axis=0),
        naming=_SoftVote(tuple(models)),
    )


@dataclass(frozen=True)
class _SoftVote:
    models: tuple[LabelModel, ...]

    def classify(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        mean: NDArray[np.float32] = np.mean([one.probabilities(pixels) for one in self.models], axis=0)
        return mean


def _told(preprocess: Preprocess) -> str:
    return f"{preprocess.width} × {preprocess.height} in {'grey' if preprocess.grey else 'colour'}"


def load_label_model(which: str | Path) -> LabelModel:
    """A model folder of either kind, or a shipped encoder's name. `ModelError` says what does not fit."""
    return read_whole(which, _load)


def _load(folder: Path) -> LabelModel:
    from modiste.model_folder import load_model, read_network

    description = read_card(folder)
    if description.get("kind") != "labels":
        model = load_model(folder)
        return as_label_model(model, model)
    network, labels = read_network(folder, description), LabelSet.from_dict(description["labels"])
    if network.config.types != len(labels):
        raise ValueError(f"expected {network.config.types} labels, as the network has; got {len(labels)}")
    return LabelModel(
        name=str(description["name"]),
        digest=str(description["digest"]),
        network=network,
        preprocess=Preprocess.from_dict(description["preprocess"]),
        labels=labels,
        answer=str(description["answer"]),
        scale=float(description["scale"]),
        thresholds=np.array([float(value) for value in description["thresholds"]]),
        training=dict(description["training"]),
        card=(folder / "README.md").read_text("utf-8"),
    )
