"""A model that reads colours, on data that calls them otherwise."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from modiste.datasets import Dataset
from modiste.errors import DataError
from modiste.evaluation.mapped import evaluate_mapped
from modiste.preprocessing import Preprocess

TYPES = ("Red Shoes", "Green Shoes", "Blue Hats")


class ColourModel:
    id = "colours-1"
    labels = SimpleNamespace(types=TYPES, type_ids=(0, 1, 2))
    calibration = SimpleNamespace()

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self.classify(pixels)

    def classify(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        means = pixels.reshape(len(pixels), -1, 3).mean(axis=1) + 1e-3
        return (means / means.sum(axis=1, keepdims=True)).astype(np.float32)


def dataset(labels: list[str], colours: list[tuple[int, int, int]]) -> Dataset:
    pixels = np.stack([np.full((4, 3, 3), colour, np.uint8) for colour in colours])
    ids = [str(row) for row in range(len(labels))]
    table = pd.DataFrame({"id": ids, "photo": ids, "name": ids, "articleType": labels}, dtype=str)
    return Dataset(table, pixels, Preprocess(height=4, width=3))


def test_both_sides_are_renamed_and_shares_add_up() -> None:
    data = dataset(
        ["Footwear", "Footwear", "Cap", "Cap", "Skip", "Gloves"],
        [(90, 80, 100), (200, 0, 0), (0, 0, 200), (200, 0, 0), (9, 9, 9), (9, 9, 9)],
    )
    mapping = {"Red Shoes": "Footwear", "Green Shoes": "Footwear", "Cap": "Blue Hats", "Skip": ""}
    found = evaluate_mapped(ColourModel(), data, mapping)
    # The first is bluest, and yet a shoe: red and green together are more than blue.
    assert (found.n, found.classes, found.accuracy) == (4, 2, 0.75)
    assert found.recall == {"Blue Hats": 0.5, "Footwear": 1.0}
    assert found.balanced_accuracy == 0.75
    assert found.left_out == {"Skip": 1, "Gloves": 1}
    assert found.confusions == {"mapped": {"labels": ["Blue Hats", "Footwear"], "matrix": [[1, 1], [0, 2]]}}


def test_a_type_left_out_is_never_the_answer() -> None:
    data = dataset(["Green Shoes"], [(200, 100, 0)])
    assert evaluate_mapped(ColourModel(), data, {"Red Shoes": ""}).accuracy == 1.0


def test_nothing_in_common() -> None:
    with pytest.raises(DataError, match="modiste data map"):
        evaluate_mapped(ColourModel(), dataset(["Cap"], [(0, 0, 0)]), {"x": "y"})
    with pytest.raises(DataError, match="no column label"):
        evaluate_mapped(ColourModel(), dataset(["Cap"], [(0, 0, 0)]), {}, level="label")
