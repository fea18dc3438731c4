"""The names that ``import modiste`` offers."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import modiste
from modiste.datasets import read_splits
from modiste.embedding import Embeddings


@pytest.mark.parametrize("name", ["learn", "learn_labels"])
def test_a_function_is_not_hidden_by_the_module_of_its_name(name: str) -> None:
    module = import_module(f"modiste.{name}")
    assert getattr(modiste, name) is getattr(module, name)
    assert getattr(modiste, name) is getattr(module, name)  # not only the first time


def test_what_holds_many_photos_prints_as_one_line(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    modiste.draw_sample(shop, per_type=3, height=16)
    split = read_splits(shop / "splits").train
    listing = modiste.open_listing(shop)
    dataset = modiste.open_dataset([shop], cache=tmp_path)
    model = modiste.load_model("light")
    targets = modiste.read_targets([shop], ["subCategory"], split="50/50")
    vectors = Embeddings(tuple(dataset.table["id"]), np.eye(len(dataset), 200, dtype=np.float32), model.id)
    photos = len(dataset)
    types, categories = set(split.type_names), set(split.category_names)
    assert repr(split) == f"Split({len(split)} photos of {len(types)} types in {len(categories)} categories)"
    assert repr(listing) == f"Listing({photos} photos, kaggle, 0 skipped)"
    assert repr(dataset) == f"Dataset({photos} photos of 60 × 80, 0 skipped)"
    assert repr(vectors) == f"Embeddings({photos} photos, 200 numbers each, encoder {model.id})"
    assert repr(targets).startswith(f"Targets({photos} photos, {len(targets.labels)} labels; test ")
    assert repr(model).startswith(f"Model({model.id}: 36 × 48 photos → {model.dimension} numbers, ")
