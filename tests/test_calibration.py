"""Labelled photos become answers with the right verdicts, and those a promise."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from modiste.calibration import Answered, Shop, answer_labelled, calibrate, measured_curve, shop_of_photos
from modiste.datasets import Dataset, Split
from modiste.errors import DataError
from modiste.preprocessing import Preprocess
from modiste.recommendation import Guarantee, Shortfall

COLOURS = np.array([[220, 30, 30], [30, 200, 40], [40, 40, 210]])
NAMES = ("Reds", "Greens", "Blues")
EACH = 60


class Colours:
    """Embeds a photo as the direction of its mean colour."""

    id, dimension, preprocess = "colours-0", 3, Preprocess(height=20, width=15)
    prototypes = np.eye(3, dtype=np.float32)
    calibration = SimpleNamespace(
        confidence={"names": ["first"], "mean": [0.9], "scale": [0.01], "weights": [2.0], "intercept": 0.0},
        threshold=0.5,
    )

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        means = pixels.reshape(len(pixels), -1, 3).mean(axis=1) + 1.0
        return (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def dataset() -> Dataset:
    rng = np.random.default_rng(0)
    grain = rng.integers(-30, 31, (3 * EACH, 20, 15, 3))
    pixels = np.clip(np.repeat(COLOURS, EACH, axis=0)[:, None, None] + grain, 0, 255).astype(np.uint8)
    pixels[1] = pixels[0]  # nearly the same picture, to be counted once
    table = pd.DataFrame({"id": [str(at) for at in range(3 * EACH)]})
    return Dataset(table, pixels, Colours.preprocess)


def split(rows: list[int], names: tuple[str, ...] = NAMES) -> Split:
    kinds = np.array(rows) // EACH
    return Split(
        tuple(map(str, rows)), kinds, tuple(names[kind] for kind in kinds), kinds, ("All",) * len(rows)
    )


def test_half_of_the_photos_are_the_shop_of_the_others(dataset: Dataset) -> None:
    answered = answer_labelled(Colours(), dataset, split(list(range(3 * EACH))))
    assert len(answered.confidence) == len(answered.wrong) == 3 * EACH // 2
    assert np.unique(answered.types, return_counts=True)[1].tolist() == [EACH // 2] * 3
    assert not answered.wrong.any()
    promise = calibrate(answered, max_error=0.05, confidence=0.95)
    assert isinstance(promise, Guarantee)
    assert (promise.wrong, promise.unit, promise.data) == (0, "group", answered.data)
    assert len(answered.data) == 12
    assert isinstance(calibrate(answered, max_error=0.05, confidence=0.95, unit="type"), Shortfall)
    half = calibrate(answered, max_error=0.05, confidence=0.95, coverage=0.5)
    assert isinstance(half, Guarantee)
    assert half.threshold > promise.threshold


def test_nearly_equal_photos_are_one_group(dataset: Dataset) -> None:
    shop = shop_of_photos(Colours(), dataset, split([10, 11, 70, 71, 130, 131]))
    answered = answer_labelled(Colours(), dataset, split([0, 1, 2, 60]), shop)
    assert answered.groups.tolist() == [0, 0, 2, 3]


def test_an_answer_is_wrong_if_no_item_has_the_type(dataset: Dataset) -> None:
    """The shop has no greens, an item without a label, and one that is itself asked for."""
    vectors = Colours().embed(dataset.pixels[[0, 2, 3, 120, 121, 122]])
    types = np.array(["Reds", "Reds", "", "Blues", "Blues", "Blues"])
    shop = Shop(("0", "2", "3", "120", "121", "122"), vectors, types)
    answered = answer_labelled(Colours(), dataset, split([0, 60, 125]), shop)
    assert answered.types.tolist() == ["Reds", "Greens", "Blues"]
    assert answered.wrong.tolist() == [False, True, False]
    again = answer_labelled(Colours(), dataset, split([5, 60, 125]), shop)
    assert again.data != answered.data


def test_a_shop_without_items_or_labels_is_refused(dataset: Dataset) -> None:
    vectors = Colours().embed(dataset.pixels[:4])
    with pytest.raises(DataError, match="articleType"):
        answer_labelled(Colours(), dataset, split([9, 10]), Shop(tuple("abcd"), vectors, np.array([""] * 4)))
    with pytest.raises(DataError, match="at least 3 items"):
        answer_labelled(Colours(), dataset, split([9, 10]), Shop(("a",), vectors[:1], np.array(["Reds"])))


def test_the_measured_curve_counts_nearly_equal_photos_once() -> None:
    answered = Answered(
        confidence=np.array([0.9, 0.9, 0.6, 0.2]),
        wrong=np.array([False, True, False, True]),
        types=np.array(["Reds"] * 4),
        groups=np.array([0, 0, 2, 3]),
        data="",
    )
    curve = measured_curve(answered)
    assert (curve.source, curve.n, curve.thresholds) == ("labelled photos", 3, (0.9, 0.6, 0.2))
    assert curve.errors == pytest.approx((0, 0, 1 / 3))
