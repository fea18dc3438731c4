from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.conftest import FakeEncoder

from modiste.cleaning.inspection import inspect, read_parts
from modiste.errors import DataError
from modiste.preprocessing import Preprocess


def test_what_is_found_without_an_encoder(shop: Path, splits: Path) -> None:
    found = inspect([shop], splits=splits)
    figures = json.loads(json.dumps(found.figures))
    assert (figures["photos"], figures["rows"], figures["missing"]) == (13, 14, 1)
    assert [line.split(":")[0] for line in figures["broken"]] == ["images/13.png"]
    assert figures["skipped"] == {"row without a photo": 1, "broken photo": 1}
    copies = figures["duplicates"]
    assert (copies["exact_groups"], copies["exact"]) == (1, [["1", "2"]])
    assert (copies["near_groups"], copies["near"]) == (1, [["7", "8"]])
    leakage = figures["leakage"]
    assert leakage["parts"] == {"train": 4, "test": 4}
    assert leakage["not_in_data"] == {"train": 0, "test": 1}
    assert [(leak["kind"], leak["ids"]) for leak in leakage["leaks"]] == [
        ("id", ["9"]),
        ("exact", ["1", "2"]),
        ("near", ["7", "8"]),
    ]
    assert "label_errors" not in figures


def test_what_an_encoder_adds(shop: Path) -> None:
    found = inspect([shop], encoder=FakeEncoder(preprocess=Preprocess(height=40, width=30)))
    assert found.figures["encoder"] == "fake-000000000000"
    assert found.figures["duplicates"]["near"] == [["7", "8"]]  # vectors agree, too
    assert found.dataset.pixels.shape[1:3] == (80, 60)
    for entry in found.figures["label_errors"]:
        assert {entry["label"], entry["looks_like"]} == {"Shirts", "Heels"}
    assert all(entry["deviations"] > 6 for entry in found.figures["odd_photos"])


def test_splits_in_training_order_whatever_they_are_called(splits: Path) -> None:
    assert list(read_parts(splits)) == ["train", "test"]
    (splits / "test.csv").unlink()
    with pytest.raises(DataError, match="at least two CSV files"):
        read_parts(splits)
