"""Shares are met, groups stay whole, and the seed decides."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from modiste.datasets.partition import draw_splits, given_splits, reduce_to_top, strata
from modiste.errors import DataError

LABELS = ["a"] * 50 + ["b"] * 20 + ["c"] * 5 + ["d"]


def test_each_class_is_shared_out_in_proportion() -> None:
    splits = draw_splits(LABELS, test=0.2, val=0.1, seed=3)
    counts = Counter(zip(LABELS, splits, strict=True))
    assert [counts[label, "test"] for label in "abcd"] == [10, 4, 1, 0]
    assert [counts[label, "val"] for label in "abcd"] == [5, 2, 1, 0]
    assert counts["d", "train"] == 1


def test_the_seed_decides() -> None:
    assert draw_splits(LABELS, test=0.2, seed=1) == draw_splits(LABELS, test=0.2, seed=1)
    assert draw_splits(LABELS, test=0.2, seed=1) != draw_splits(LABELS, test=0.2, seed=2)


def test_rows_without_a_label_are_in_no_split_unless_all_are() -> None:
    splits = draw_splits(["a"] * 10 + [""] * 10, test=0.2)
    assert set(splits[10:]) == {""}
    assert Counter(draw_splits([""] * 10, test=0.2)) == {"train": 8, "test": 2}


@pytest.mark.parametrize("seed", range(5))
def test_groups_stay_whole_and_shares_are_nearly_met(seed: int) -> None:
    random = np.random.default_rng(seed)
    groups = [f"sender {number}" for number in random.zipf(1.6, 3000) % 200]
    labels = [str(label) for label in random.choice(list("abc"), 3000, p=(0.7, 0.2, 0.1))]
    splits = draw_splits(labels, test=0.2, val=0.1, seed=seed, together=groups)
    assert all(len(of_group) == 1 for of_group in pd.Series(splits).groupby(groups).unique())
    sizes = Counter(splits)
    largest = max(Counter(groups).values()) / 3000
    assert abs(sizes["test"] / 3000 - 0.2) < max(0.02, largest - 0.7)
    assert abs(sizes["val"] / 3000 - 0.1) < max(0.02, largest - 0.7)


@pytest.mark.parametrize(("test", "val"), [(1.0, 0.0), (-0.1, 0.0), (0.5, 0.5), (float("nan"), 0.0)])
def test_shares_that_leave_nothing(test: float, val: float) -> None:
    with pytest.raises(DataError, match="together below 1, expected"):
        draw_splits(LABELS, test=test, val=val)


def test_the_owners_split() -> None:
    assert given_splits(pd.DataFrame({"split": ["Training", "dev", "TEST"]})) == ["train", "val", "test"]
    assert given_splits(pd.DataFrame({"split": ["", ""]})) is None
    assert given_splits(pd.DataFrame({"id": ["1"]})) is None
    with pytest.raises(DataError, match="the column split says 'fold 1'"):
        given_splits(pd.DataFrame({"split": ["train", "Fold 1"]}))


def test_the_most_frequent_classes() -> None:
    table = pd.DataFrame({"articleType": ["b", "a", "c", "a", "", "b", "c"]})
    assert reduce_to_top(table, 2)["articleType"].tolist() == ["b", "a", "a", "b"]  # of b and c, b by name
    labels = pd.DataFrame({"labels": [("a", "b"), ("c",), ("b",), ()]})
    assert reduce_to_top(labels, 1)["labels"].tolist() == [("b",), ("b",)]
    with pytest.raises(DataError, match="no labels"):
        reduce_to_top(pd.DataFrame({"id": ["1"]}), 1)
    with pytest.raises(DataError, match="not 0"):
        reduce_to_top(table, 0)


def test_what_is_kept_in_proportion() -> None:
    assert strata(pd.DataFrame({"articleType": ["a", ""], "labels": [("x",), ("y",)]})) == ["a", ""]
    assert strata(pd.DataFrame({"id": ["1", "2"]})) == ["", ""]
