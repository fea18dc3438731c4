from __future__ import annotations

import json

import pandas as pd
import pytest

from modiste.cleaning.sunburst import as_script_data, rings

LEVELS = ["masterCategory", "subCategory"]


def test_children_fill_their_parent_as_far_as_they_are_labelled() -> None:
    rows = [("A", "x"), ("A", "x"), ("A", ""), ("B", "x"), ("", "y")]
    found = rings(pd.DataFrame(rows, columns=LEVELS), LEVELS)
    by_path = {tuple(entry["path"]): entry for entry in found}
    assert {path: entry["photos"] for path, entry in by_path.items()} == {
        ("A",): 3,
        ("A", "x"): 2,
        ("B",): 1,
        ("B", "x"): 1,
    }
    assert (by_path["A",]["from"], by_path["A",]["to"]) == (0, 0.75)
    assert by_path["A", "x"]["to"] == pytest.approx(0.5)  # a third of A has no second label
    assert (by_path["B", "x"]["from"], by_path["B", "x"]["to"]) == (0.75, 1)


def test_nothing_labelled() -> None:
    assert rings(pd.DataFrame([("", "")], columns=LEVELS), LEVELS) == []


def test_labels_cannot_end_the_script() -> None:
    evil = "</script><script>alert(1)</script><!--"
    text = as_script_data([evil])
    assert "<" not in text
    assert json.loads(text) == [evil]
