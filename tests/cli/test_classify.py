from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from modiste.datasets.label_set import LabelSet
from modiste.preprocessing import Preprocess


class ColourNamer:
    """Names a photo by which of red, green and blue it has; independent labels."""

    id = "namer-000000000000"
    preprocess = Preprocess()
    labels = LabelSet(("red", "green", "blue"), ("", "", ""))
    answer = "sigmoid"

    def probabilities(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        return (pixels.reshape(len(pixels), -1, 3).mean(axis=1) / 256).astype(np.float32)

    def decide(self, probabilities: NDArray[np.float32]) -> NDArray[np.bool_]:
        return probabilities >= 0.5


@pytest.fixture
def namer(monkeypatch: pytest.MonkeyPatch) -> ColourNamer:
    monkeypatch.setattr("modiste.label_model.load_label_model", lambda which: ColourNamer())
    return ColourNamer()


def test_a_table_of_labels_the_most_probable_first(run, photos: Path, namer: ColourNamer) -> None:
    done = run("classify", "model", photos / "grey.png", photos / "red.png")
    assert done.code == 0
    assert done.out.splitlines() == [
        str(photos / "grey.png"),
        *(f"  0.500  {label}" for label in ("red", "green", "blue")),
        str(photos / "red.png"),
        "  0.781  red",
    ]


def test_a_threshold_of_ones_own(run, photos: Path, namer: ColourNamer) -> None:
    done = run("classify", "model", photos / "red.png", "--threshold", "0.12")
    assert [line.split()[-1] for line in done.out.splitlines()[1:]] == ["red", "blue"]
    done = run("classify", "model", photos / "red.png", "--threshold", "0.9")
    assert "no label is probable enough" in done.out
    assert run("classify", "model", photos / "red.png", "--threshold", "2").code == 2


def test_the_answer_as_json(run, photos: Path, namer: ColourNamer) -> None:
    done = run("classify", "model", photos / "red.png", photos / "torn.jpg", "--json")
    assert done.code == 1
    assert "torn.jpg" in done.err
    answer = json.loads(done.out)
    assert answer["model"] == "namer-000000000000"
    assert answer["photos"][0] == {
        "photo": str(photos / "red.png"),
        "labels": [{"label": "red", "probability": pytest.approx(200 / 256)}],
    }
    assert "error" in answer["photos"][1]
