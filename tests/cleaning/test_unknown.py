from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
from tests.conftest import FakeEncoder

from modiste.cleaning.unknown import name_unknown
from modiste.datasets import Dataset
from modiste.datasets.refining import UNKNOWN, Refined, RefiningRecipe
from modiste.preprocessing import Preprocess


def test_photos_are_named_by_those_they_look_like() -> None:
    rng = np.random.default_rng(0)
    looks = {"Shirts": (200, 20, 20), "Heels": (20, 20, 200)}
    classes = ["Shirts"] * 6 + ["Heels"] * 6 + [UNKNOWN, UNKNOWN, UNKNOWN]
    shown = ["Shirts"] * 6 + ["Heels"] * 6 + ["Heels", "Shirts", "Heels"]
    pixels = np.stack([np.full((80, 60, 3), looks[name]) for name in shown])
    pixels = np.clip(pixels + rng.integers(-20, 20, pixels.shape), 0, 255).astype(np.uint8)
    table = pd.DataFrame({"id": [f"{row}" for row in range(15)], "photo": "", "name": ""}, dtype=str)
    refined_table = table.assign(class_score="")
    refined_table["class"] = classes
    refined_table["class_from"] = ["masterCategory"] * 12 + ["unmatched"] * 3
    refined = Refined(refined_table, Counter(), Counter(), 0, 3, RefiningRecipe())
    dataset = Dataset(table[:14].reset_index(drop=True), pixels[:14], Preprocess())

    assert name_unknown(refined, dataset, FakeEncoder()) == 2
    assert refined.table["class"].tolist()[12:] == ["Heels", "Shirts", UNKNOWN]  # the last has no photo
    assert refined.table["class_from"].tolist()[12:] == ["model", "model", "unmatched"]
    assert float(refined.table["class_score"][12]) > 0.5
    assert name_unknown(refined, Dataset(table[:12], pixels[:12], Preprocess()), FakeEncoder()) == 0
