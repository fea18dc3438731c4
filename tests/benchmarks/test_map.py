"""The map's benchmark draws the catalogue it measures on."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.benchmarks.conftest import FOLDER, load

from modiste.catalogue.map import label_columns


def test_a_catalogue_of_drawn_vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(FOLDER)  # it imports the script beside it
    now = load("map").sample_catalogue(tmp_path / "shop", 60).snapshot
    assert now.vectors.shape == (60, 128)
    assert {column.name for column in label_columns(now.labels or ())} == {"kind", "price"}
