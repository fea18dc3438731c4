"""Classical baselines: hand-made features and a classifier, judged by the same protocol as a model.

==========  ================================================================================================
hog         histograms of gradient directions in cells of 8 × 8 grey pixels (N. Dalal and B. Triggs,
            "Histograms of Oriented Gradients for Human Detection", CVPR 2005), by scikit-image
colour      how often each of 4 × 4 × 4 colours occurs, in each third of the height; square roots, so that the
            cosine is the Bhattacharyya coefficient
==========  ================================================================================================

Whatever learned features are said to be worth is what they add to these.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modiste.datasets import Dataset, Labels, Split
from modiste.errors import ModelError
from modiste.evaluation.photos import run_on_pixels
from modiste.support_set import SupportMethod, score

__all__ = ["CLASSIFIERS", "FEATURES", "Baseline", "colour_histograms", "fit_baseline", "hog"]

CLASSIFIERS = ("knn", "mlp")
_KNN = SupportMethod("knn", k=5)
_CELL, _BLOCK, _DIRECTIONS = 8, 2, 9
_SHADES, _BANDS = 4, 3
_HIDDEN, _EPOCHS = 256, 30


def hog(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Photos (N, H, W, 3) → their gradient histograms as unit vectors (N, D); 80 × 60 pixels give 1,944.

    `ModelError` without scikit-image, or for photos of fewer than 16 pixels a side.
    """
    try:
        from skimage.feature import hog as histograms
    except ImportError as error:
        raise ModelError("gradient histograms need scikit-image: pip install 'modiste[baselines]'") from error
    if min(pixels.shape[1:3]) < _CELL * _BLOCK:
        raise ModelError(f"gradient histograms need 16 pixels a side or more; got {pixels.shape[1:3]}")
    grey = pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32) / 255
    each = [
        histograms(photo, _DIRECTIONS, (_CELL, _CELL), (_BLOCK, _BLOCK), block_norm="L2-Hys")
        for photo in grey
    ]
    return _unit(np.array(each, np.float32))


def colour_histograms(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Photos (N, H, W, 3) → square roots of colour frequencies as unit vectors (N, 192).

    >>> white, black = np.full((1, 6, 4, 3), 255, np.uint8), np.zeros((1, 6, 4, 3), np.uint8)
    >>> made = colour_histograms(np.concatenate([white, black]))
    >>> made.shape, (made @ made.T).round(3).tolist()
    ((2, 192), [[1.0, 0.0], [0.0, 1.0]])
    """
    photos, height = pixels.shape[:2]
    shades = (pixels // (256 // _SHADES)).astype(np.int64)
    colour = (shades[..., 0] * _SHADES + shades[..., 1]) * _SHADES + shades[..., 2]
    band = np.arange(height) * _BANDS // height
    colours = _SHADES**3
    place = (np.arange(photos)[:, None, None] * _BANDS + band[:, None]) * colours + colour
    counts = np.bincount(place.ravel(), minlength=photos * _BANDS * colours).reshape(photos, -1)
    return _unit(np.sqrt(counts).astype(np.float32))


FEATURES: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.float32]]] = {
    "hog": hog,
    "colour": colour_histograms,
}


@dataclass(frozen=True)
class _Calibration:
    """A baseline has no confidence: its threshold is never asked for."""

    support: SupportMethod = _KNN
    threshold: float = 1.0


@dataclass(frozen=True, eq=False)
class Baseline:
    """Features and a classifier, in the shape of a model: what `modiste.evaluation.evaluate` asks for.

    ``vectors`` (N, D) and type ids, ``types`` (N,), are those of the photos it learned from; ``network`` is
    None for kNN, which needs nothing else.
    """

    features: str
    classifier: str
    labels: Labels
    vectors: NDArray[np.float32]
    types: NDArray[np.int64]
    network: Any = None
    calibration: _Calibration = _Calibration()

    @property
    def id(self) -> str:
        return f"{self.features}-{self.classifier}"

    @property
    def regime(self) -> str:
        return "course"  # types and categories are all it learned from

    @property
    def named_by(self) -> str:
        return self.classifier

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Photos (N, H, W, 3) → unit vectors (N, D)."""
        return FEATURES[self.features](pixels)

    def classify(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Photos (N, H, W, 3) → probabilities (N, C) of the types in ``labels``."""
        if self.network is None:
            shares = score(self.embed(pixels), self.vectors, self.types, _KNN).values
        else:
            shares = self.network.predict_proba(self.embed(pixels))
        return np.asarray(shares, np.float32)


def fit_baseline(
    features: str, classifier: str, dataset: Dataset, split: Split, *, seed: int = 0
) -> Baseline:
    """A baseline that learned the photos of ``split``; one of `FEATURES` with one of `CLASSIFIERS`.

    The MLP has a hidden layer of 256 and stops when a tenth of the photos, held back, gains no more.
    `ModelError` for other names.
    """
    if features not in FEATURES or classifier not in CLASSIFIERS:
        raise ModelError(
            f"expected features of {', '.join(FEATURES)} and a classifier of {', '.join(CLASSIFIERS)}; "
            f"got {features} and {classifier}"
        )
    rows, positions, _ = dataset.select(split)
    vectors, types = run_on_pixels(FEATURES[features], dataset, rows), split.type_ids[positions]
    present = np.unique(types)
    here = split.part(positions)
    network = None
    if classifier == "mlp":
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPClassifier

        # Every class must be among the photos held back, and there is nothing to hold back of a few.
        counts = np.bincount(np.searchsorted(present, types))
        enough = counts.min() >= 2 and len(types) >= 10 * len(present)
        network = MLPClassifier((_HIDDEN,), max_iter=_EPOCHS, early_stopping=enough, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            network.fit(vectors, types)
    return Baseline(features, classifier, Labels.of(here), vectors, types, network)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of length 1; a photo without any gradient points in all directions alike."""
    empty = ~vectors.any(axis=1)
    vectors[empty] = 1
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
