"""The serving benchmark asks a real server, and what it reports follows from what it measured."""

from __future__ import annotations

import doctest
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from tests.benchmarks.conftest import load

from modiste.photos import read_photo


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    return load("serving")


def test_its_examples_are_true(benchmark: ModuleType) -> None:
    done = doctest.testmod(benchmark)
    assert done.attempted > 0
    assert done.failed == 0


def test_photos_differ_and_have_the_size_they_should(
    benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    grey = np.full((80, 60, 3), 128, np.uint8)
    monkeypatch.setattr(benchmark, "drawn_pictures", lambda: (grey, grey + 9))
    photos = benchmark.drawn_photos(6, seed=1)
    assert len(set(photos)) == 6
    assert {read_photo(photo).shape for photo in photos} == {(80, 60, 3)}
    assert read_photo(benchmark.phone_photo(400, 300)).shape == (300, 400, 3)


def test_vectors_lie_around_their_centres(benchmark: ModuleType) -> None:
    near = benchmark.scattered(np.eye(4, 64, dtype=np.float32), 40)
    assert np.linalg.norm(near, axis=1) == pytest.approx(np.ones(40), abs=1e-5)
    assert (near[:, :4].argmax(axis=1) == np.arange(40) % 4).all()


@pytest.mark.slow
def test_from_catalogue_to_figures(benchmark: ModuleType, tmp_path: Path) -> None:
    out = tmp_path / "serving.json"
    assert benchmark.main(["--quick", "--minutes", "0.1", "--json", str(out)]) == 0
    report = json.loads(out.read_text())
    assert report["errors"] == 0
    assert report["catalogue"]["items"] == 1200
    assert set(report["summary"]) == set(benchmark.GOALS)
    assert report["load"]["n"] > 0
    assert 0 < report["small"]["p50_ms"] <= report["small"]["p99_ms"]
    assert 100 < report["memory"]["ready_mb"] <= report["memory"]["peak_mb"]
    assert report["memory"]["samples_mb"]
    assert {
        "recommend",
        "search",
        "add",
        "change",
        "remove",
        "recognise",
        "half a photo",
        "too large",
    } <= set(report["answers"])
