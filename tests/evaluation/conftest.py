"""A made-up shop whose types are colours, and a model that tells most of them apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from modiste.datasets import Dataset, Labels, Split, Splits
from modiste.evaluation import ConfidenceOf
from modiste.preprocessing import Preprocess
from modiste.support_set import SupportMethod, nearest

MAIN = ("Shirts", "Ties", "Belts", "Caps")
NEW = ("Robes", "Gloves")
TYPES = MAIN + NEW
CATEGORY_OF = (0, 1, 1, 2, 0, 2)
# Ties and belts look alike, and so do robes and gloves.
COLOURS = np.array(
    [[220, 40, 40], [40, 200, 60], [40, 180, 140], [200, 200, 30], [90, 90, 200], [150, 70, 190]]
)
SIZES = {"train": 30, "main_support": 8, "main_test": 10, "new_support": 7, "new_test": 9}
SHAPE = (8, 6, 3)
KNN_3 = SupportMethod("knn", k=3)


@dataclass(frozen=True)
class FakeCalibration:
    support: SupportMethod = KNN_3
    threshold: float = 0.9
    confidence: None = None


@dataclass(frozen=True)
class FakeModel:
    """Its embedding is a photo's mean colour less grey; it knows the main types by their true colours."""

    labels: Labels
    calibration: FakeCalibration = FakeCalibration()
    id: str = "fake-0123456789ab"
    regime: str = "course"
    named_by: str = "network"
    batches: list[int] = field(default_factory=list)

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.batches.append(len(pixels))
        colour = pixels.reshape(len(pixels), -1, 3).mean(axis=1) - 127.5
        return (colour / np.linalg.norm(colour, axis=1, keepdims=True)).astype(np.float32)

    def classify(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        colours = COLOURS[list(self.labels.type_ids)] - 127.5
        similarity = self.embed(pixels) @ (colours / np.linalg.norm(colours, axis=1, keepdims=True)).T
        odds = np.exp(10 * similarity)
        return (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)


def split_of(types: NDArray[np.int64], ids: list[str]) -> Split:
    categories = np.array(CATEGORY_OF)[types]
    return Split(
        tuple(ids),
        types,
        tuple(TYPES[t] for t in types),
        categories,
        tuple(f"category {c}" for c in categories),
    )


def noisy_confidence(queries: NDArray[np.float32], catalogue: NDArray[np.float32]) -> Any:
    """The three nearest, and the cosine of the first as the confidence that they fit."""
    rows, cosines = nearest(queries, catalogue, 3)
    return rows, cosines[:, 0]


@pytest.fixture(scope="session")
def photos_and_splits() -> tuple[Dataset, Splits]:
    """Photos in an order unlike the splits', with one in ten of another type's colour."""
    rng = np.random.default_rng(7)
    splits: dict[str, Split] = {}
    pixels: dict[str, NDArray[np.uint8]] = {}
    for name, each in SIZES.items():
        among = (
            range(len(MAIN))
            if name in ("train", "main_support", "main_test")
            else range(len(MAIN), len(TYPES))
        )
        types = rng.permutation(np.repeat(np.array(among), each)).astype(np.int64)
        ids = [f"{name[:6]}-{name[-4:]}-{i}" for i in range(len(types))]
        splits[name] = split_of(types, ids)
        looks = np.where(rng.random(len(types)) < 1 / 10, rng.permutation(types), types)
        for photo_id, look in zip(ids, looks, strict=True):
            photo = COLOURS[look] + 40 * rng.standard_normal(3) + 30 * rng.standard_normal(SHAPE)
            pixels[photo_id] = photo.clip(0, 255).astype(np.uint8)
    order = rng.permutation(list(pixels)).tolist()
    table = pd.DataFrame({"id": order, "photo": order, "name": order})
    dataset = Dataset(table, np.stack([pixels[photo_id] for photo_id in order]), Preprocess(*SHAPE[:2]))
    return dataset, Splits(**splits)


@pytest.fixture
def dataset(photos_and_splits: tuple[Dataset, Splits]) -> Dataset:
    return photos_and_splits[0]


@pytest.fixture
def splits(photos_and_splits: tuple[Dataset, Splits]) -> Splits:
    return photos_and_splits[1]


@pytest.fixture
def model(splits: Splits) -> FakeModel:
    return FakeModel(Labels.of(splits.train))


@pytest.fixture
def confidence_of() -> ConfidenceOf:
    return noisy_confidence
