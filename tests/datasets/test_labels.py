"""Classes from splits, and their way into a model folder and back."""

from __future__ import annotations

import json

import numpy as np
import pytest

from modiste.datasets import Labels, Split
from modiste.errors import DataError


def split() -> Split:
    types = {3: "Watches", 0: "Tshirts", 14: "Belts"}
    type_ids = np.array([14, 3, 0, 14, 14, 0])
    category_ids = np.array([12, 3, 0, 12, 0, 0])
    categories = ("Belts", "Watches", "Topwear", "Belts", "Topwear", "Tops")
    return Split(tuple("abcdef"), type_ids, tuple(types[i] for i in type_ids), category_ids, categories)


def test_the_majority_names_and_places_a_class() -> None:
    labels = Labels.of(split())
    assert labels == Labels(
        types=("Tshirts", "Watches", "Belts"),
        type_ids=(0, 3, 14),
        categories=("Topwear", "Watches", "Belts"),
        category_ids=(0, 3, 12),
        category_of_type=(0, 3, 12),
    )
    assert len(labels) == 3


def test_positions() -> None:
    labels = Labels.of(split())
    assert labels.type_indices(split().type_ids).tolist() == [2, 1, 0, 2, 2, 0]
    assert labels.type_indices([]).tolist() == []
    for unknown in (-1, 5, 99):
        with pytest.raises(DataError, match=f"articleTypeId {unknown} is none of the 3"):
            labels.type_indices([0, unknown])


def test_through_json_and_back() -> None:
    labels = Labels.of(split())
    assert Labels.from_dict(json.loads(json.dumps(labels.as_dict()))) == labels


@pytest.mark.parametrize(
    "change",
    [
        {"types": ["Tshirts"]},
        {"type_ids": [14, 3, 0]},
        {"category_ids": [0, 3, 3]},
        {"categories": ["Topwear"]},
        {"category_of_type": [0, 3, 99]},
        {"type_ids": ["x", "y", "z"]},
        {"type_ids": None},
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(DataError):
        Labels.from_dict(Labels.of(split()).as_dict() | change)
    with pytest.raises(DataError):
        Labels.from_dict({})
