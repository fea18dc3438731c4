"""Files of measurements become figures, or a clear error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from modiste.api.measured import kept_error_curve, read_error_curve, read_model_figures
from modiste.errors import DataError
from modiste.model import MeasuredCurve

SCORE = {"precision": 0.5, "recall": 1.0, "f1": 0.6, "support": 3}
SELECTIVE = {
    "n_test": 4,
    "curve": [[0.5, 0.0], [1.0, 0.25]],
    "curve_thresholds": [0.9, 0.2],
    "examples": [
        {
            "id": "1",
            "type": "Ties",
            "items": ["2"],
            "item_types": ["Belts"],
            "confidence": 0.4,
            "shown": False,
            "right": False,
        }
    ],
}
EVALUATION = {
    "model": {"id": "mine-0123"},
    "classification": {"n": 4, "accuracy": 0.75, "balanced_accuracy": 0.5},
    "per_class": {"classification": {"Ties": {**SCORE, "support": 1}, "Belts": SCORE}},
    "selective": SELECTIVE,
    "examples": {"thumbnails": {"1": "data:,tie"}},
}
SCORES = {
    "n": 4,
    "accuracy": None,
    "f1_macro": 0.6,
    "mean_average_precision": 0.7,
    "labels": {"red": SCORE, "never": {**SCORE, "support": 0}},
    "tasks": {},
}


def kept(tmp_path: Path, values: Any) -> Path:
    (tmp_path / "results.json").write_text(json.dumps(values))
    return tmp_path / "results.json"


def test_an_evaluation_has_a_curve_and_figures_of_types(tmp_path: Path) -> None:
    file = kept(tmp_path, EVALUATION)
    curve = read_error_curve(file)
    assert curve is not None
    assert [(p.threshold, p.coverage, p.error) for p in curve.points] == [(0.9, 0.5, 0.0), (0.2, 1.0, 0.25)]
    assert curve.source == "evaluation"
    assert (curve.examples[0].photo, curve.examples[0].item_photos) == ("data:,tie", [None])
    assert read_model_figures(file, "another-model") is None
    figures = read_model_figures(file)
    assert figures is not None
    assert (figures.n, figures.accuracy, figures.f1_macro) == (4, 0.75, 0.6)
    assert [each.label for each in figures.classes] == ["Belts", "Ties"]


@pytest.mark.parametrize("values", [SCORES, {"val": {}, "test": SCORES}])
def test_scores_have_figures_of_labels(tmp_path: Path, values: dict[str, Any]) -> None:
    figures = read_model_figures(kept(tmp_path, values))
    assert figures is not None
    assert (figures.accuracy, figures.mean_average_precision) == (None, 0.7)
    assert [each.label for each in figures.classes] == ["red"]


def test_parts_that_were_skipped_are_none(tmp_path: Path) -> None:
    file = kept(tmp_path, {"model": {"id": "mine-0123"}})
    assert read_error_curve(file) is None
    assert read_model_figures(file) is None


@pytest.mark.parametrize("values", [[], {"tasks": {}}, {"selective": {}}, {"labels": {}}])
def test_other_files_are_refused(tmp_path: Path, values: Any) -> None:
    file = kept(tmp_path, values)
    with pytest.raises(DataError, match=r"results\.json: expected what modiste evaluate"):
        read_model_figures(file)
    with pytest.raises(DataError, match="cannot read"):
        read_error_curve(tmp_path / "absent.json")


@pytest.mark.parametrize("values", [SCORES, {"test": SCORES}])
def test_scores_have_no_curve(tmp_path: Path, values: dict[str, Any]) -> None:
    assert read_error_curve(kept(tmp_path, values)) is None


def test_a_model_keeps_its_own_curve() -> None:
    kept = MeasuredCurve("rehearsal", 4, (0.9, 0.2), (0.5, 1.0), (0.0, 0.25))
    curve = kept_error_curve("mine-0123", kept)
    assert curve is not None
    assert (curve.model, curve.source, curve.n, curve.examples) == ("mine-0123", "rehearsal", 4, [])
    assert [(p.threshold, p.coverage, p.error) for p in curve.points] == [(0.9, 0.5, 0.0), (0.2, 1.0, 0.25)]
    assert kept_error_curve("mine-0123", None) is None
