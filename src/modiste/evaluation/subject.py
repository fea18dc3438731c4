"""What an evaluation asks of a model, and of a confidence: anything of this shape can be judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from modiste.support_set import SupportMethod

__all__ = ["Calibration", "ConfidenceOf", "Labels", "Look", "Model", "RichModel"]

ConfidenceOf = Callable[
    [NDArray[np.float32], NDArray[np.float32]], tuple[NDArray[np.int64], NDArray[np.floating[Any]]]
]
"""Unit vectors of queries (Q, D) and of a catalogue (N, D) → the catalogue's rows to recommend (Q, 3), best
first, and how sure it is (Q,), in [0, 1], that one of them is of the query's type. It is told no class."""


class Labels(Protocol):
    @property
    def types(self) -> tuple[str, ...]: ...
    @property
    def type_ids(self) -> tuple[int, ...]: ...


class Calibration(Protocol):
    @property
    def support(self) -> SupportMethod: ...
    @property
    def threshold(self) -> float: ...


class Model(Protocol):
    """What an evaluation asks of a model.

    ``embed``: pixels (N, H, W, 3) → unit vectors (N, D). ``classify``: → probabilities (N, C), whose columns
    are the types ``labels.type_ids``, and ``named_by`` says what makes them.
    """

    @property
    def id(self) -> str: ...
    @property
    def regime(self) -> str: ...
    @property
    def named_by(self) -> str: ...
    @property
    def labels(self) -> Labels: ...
    @property
    def calibration(self) -> Calibration: ...
    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]: ...
    def classify(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]: ...


class Look(Protocol):
    @property
    def style(self) -> NDArray[np.float32] | None: ...
    @property
    def words(self) -> Mapping[str, NDArray[np.str_]]: ...
    @property
    def for_text(self) -> NDArray[np.float32] | None: ...


class RichModel(Protocol):
    """What the parts on style and text ask of a model: see `modiste.model.Model`."""

    def look(self, pixels: NDArray[np.uint8]) -> Look: ...
    def embed_text(self, texts: Sequence[str]) -> NDArray[np.float32]: ...
