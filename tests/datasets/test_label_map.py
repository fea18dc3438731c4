from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from modiste.datasets.label_map import merge_confused, read_confusions, read_map, renamed, suggest, write_map
from modiste.errors import DataError


def test_suggestions_survive_the_file(tmp_path: Path) -> None:
    found = suggest(["T-Shirt", "Shoes", "Not sure", "Skirts"], ["Tshirts", "Casual Shoes", "Skirts", "Ties"])
    assert [(row.name, row.target) for row in found] == [
        ("T-Shirt", "Tshirts"),
        ("Shoes", "Casual Shoes"),
        ("Not sure", ""),
        ("Skirts", "Skirts"),
    ]
    write_map(tmp_path / "map.csv", found)
    assert (tmp_path / "map.csv").read_text().splitlines()[:2] == ["from,to,likeness", "T-Shirt,Tshirts,1"]
    mapping = read_map(tmp_path / "map.csv")
    assert renamed(["T-Shirt", "Not sure", "Hat"], mapping).tolist() == ["Tshirts", "", "Hat"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a,b\n1,2\n", "columns from and to"),
        ("from,to\nHat,Caps\nHat,Hats\n", "'Hat' is given two names"),
        ("from,to\n", "no class"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_map(text: str | None, problem: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "map.csv").write_text(text)
    with pytest.raises(DataError, match=problem):
        read_map(tmp_path / "map.csv")


def test_merging_joins_what_is_confused_either_way() -> None:
    names = ["Flats", "Heels", "Sandals", "Ties", "Rare"]
    counts = np.array([[5, 3, 2, 0, 0], [0, 20, 0, 0, 0], [0, 4, 6, 0, 0], [0, 0, 0, 30, 0], [0, 0, 0, 0, 0]])
    merging = merge_confused(counts, names, at_least=0.3)
    assert [(pair.name, pair.taken_for, pair.share, pair.photos) for pair in merging.pairs] == [
        ("Sandals", "Heels", 0.4, 4),
        ("Flats", "Heels", 0.3, 3),
    ]
    assert merging.groups == (("Heels", "Flats", "Sandals"),)  # by their photos, then by name
    assert set(merging.mapping.values()) == {"Heels / Flats / Sandals"}
    assert merging.as_dict()["classes"] == 3
    assert merging.accuracy_before == pytest.approx(61 / 70)
    assert merging.accuracy_after == 1.0
    assert merge_confused(counts, names, at_least=0.5).groups == ()


@pytest.mark.parametrize(
    ("counts", "names", "share"), [([[1]], ["a", "b"], 0.3), ([[0]], ["a"], 0.3), ([[1]], ["a"], 0.0)]
)
def test_what_cannot_be_merged(counts: list[list[int]], names: list[str], share: float) -> None:
    with pytest.raises(DataError, match="expected"):
        merge_confused(counts, names, at_least=share)


def test_confusions_by_part(tmp_path: Path) -> None:
    parts = {
        "classification": {"labels": ["a", "b"], "matrix": [[1, 2], [0, 3]]},
        "mapped": {"labels": ["c"], "matrix": [[4]]},
    }
    (tmp_path / "results.json").write_text(json.dumps({"confusions": parts}))
    names, counts = read_confusions(tmp_path / "results.json")
    assert (names, counts.tolist()) == (["a", "b"], [[1, 2], [0, 3]])
    assert read_confusions(tmp_path / "results.json", "mapped")[0] == ["c"]
    with pytest.raises(DataError, match="of the part scenarios"):
        read_confusions(tmp_path / "results.json", "scenarios.1")
    one = {"kind": {"labels": ["a", "b"], "confusion": [[1, 2], [0, 3]]}}
    two = one | {"fit": {"labels": ["c"], "confusion": [[4]]}}
    (tmp_path / "labels.json").write_text(json.dumps({"val": {"tasks": one}, "test": {"tasks": two}}))
    assert read_confusions(tmp_path / "labels.json")[1].tolist() == [[1, 2], [0, 3]]
    assert read_confusions(tmp_path / "labels.json", "test:fit")[0] == ["c"]
    with pytest.raises(DataError, match="of the part test;"):
        read_confusions(tmp_path / "labels.json", "test")
    (tmp_path / "old.json").write_text("{}")
    with pytest.raises(DataError, match="evaluate or score with confusions;"):
        read_confusions(tmp_path / "old.json")
