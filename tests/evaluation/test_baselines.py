from __future__ import annotations

import numpy as np
import pytest

from modiste.datasets import Dataset, Splits
from modiste.errors import ModelError
from modiste.evaluation import evaluate, fit_baseline
from modiste.evaluation.baselines import colour_histograms, hog
from modiste.preprocessing import Preprocess


@pytest.fixture
def striped() -> tuple[Dataset, Splits]:
    """Two types: stripes across and stripes down, of random colours and phases."""
    import pandas as pd

    from modiste.datasets import Split

    rng = np.random.default_rng(0)
    rows, parts = [], {}
    for name, each in {"train": 20, "main_support": 5, "main_test": 8}.items():
        types = np.tile([0, 1], each).astype(np.int64)
        ids = [f"{name}-{at}" for at in range(len(types))]
        for kind in types:
            wave = 127 + 100 * np.sin(np.arange(32) / 2 + rng.random() * 6)
            photo = np.repeat(wave[:, None], 32, axis=1) if kind else np.repeat(wave[None], 32, axis=0)
            rows.append(np.repeat(photo[..., None], 3, axis=2).astype(np.uint8))
        names = tuple(("down", "across")[kind] for kind in types)
        parts[name] = Split(tuple(ids), types, names, types, names)
    ids = [photo for split in parts.values() for photo in split.ids]
    table = pd.DataFrame({"id": ids, "photo": ids, "name": ids})
    return Dataset(table, np.stack(rows), Preprocess(32, 32)), Splits(**parts)


@pytest.mark.parametrize("classifier", ["knn", "mlp"])
def test_gradients_tell_stripes_apart(striped: tuple[Dataset, Splits], classifier: str) -> None:
    pytest.importorskip("skimage")
    dataset, splits = striped
    found = evaluate(fit_baseline("hog", classifier, dataset, splits.train), dataset, splits)
    assert found.model.id == f"hog-{classifier}"
    assert found.classification is not None
    assert found.classification.accuracy == 1
    assert found.scenarios["2"].accuracy == 1
    assert found.skipped["selective"] == "there is no new_support.csv; there is no new_test.csv"


def test_gradients_of_a_course_photo_are_1944_numbers() -> None:
    pytest.importorskip("skimage")
    photos = np.random.default_rng(0).integers(0, 256, (3, 80, 60, 3), dtype=np.uint8)
    photos[1] = 9
    made = hog(photos)
    assert made.shape == (3, 1944)
    assert np.linalg.norm(made, axis=1) == pytest.approx(1, abs=1e-5), "an empty photo, too"
    with pytest.raises(ModelError, match="16 pixels a side"):
        hog(photos[:, :15])


def test_colours_by_loop() -> None:
    photo = np.random.default_rng(1).integers(0, 256, (9, 5, 3), dtype=np.uint8)
    counts = np.zeros((3, 4, 4, 4))
    for row in range(9):
        for column in range(5):
            red, green, blue = photo[row, column] // 64
            counts[row // 3, red, green, blue] += 1
    expected = np.sqrt(counts.ravel() / counts.sum())
    assert colour_histograms(photo[None])[0] == pytest.approx(expected, abs=1e-6)


def test_colours_recognise_a_shop_of_colours(dataset, splits) -> None:
    found = evaluate(fit_baseline("colour", "knn", dataset, splits.train), dataset, splits)
    assert found.classification is not None
    assert found.classification.accuracy > 0.6
    assert found.scenarios["3"].method == "knn-5"


def test_other_names_are_refused(dataset, splits) -> None:
    with pytest.raises(ModelError, match="got sift and knn"):
        fit_baseline("sift", "knn", dataset, splits.train)
