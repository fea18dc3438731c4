"""``results.json``: what is promised to be in it, and that it comes back as it was."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from modiste.errors import DataError
from modiste.evaluation import Results, evaluate, read_results, write_results

SCORE = {"accuracy": float, "balanced_accuracy": float}
SCENARIO = SCORE | {"method": str, "n_support": int, "n_test": int, "methods": dict}
SCHEMA = {
    "format": int,
    "model": {"id": str, "dimension": int, "support": dict},
    "data": {"fingerprint": str, "splits": {"train": {"n": int, "missing": list, "fingerprint": str}}},
    "classification": SCORE | {"n": int},
    "scenarios": {"1": SCENARIO, "2": SCENARIO, "3": SCENARIO, "4": SCENARIO},
    "categories": SCENARIO,
    "selective": {
        "hit_rate": float,
        "aurc": float,
        "augrc": float,
        "eaurc": float,
        "coverage_at_error": {"0.01": float, "0.02": float, "0.05": float, "0.1": float},
        "curve": list,
        "curve_thresholds": list,
        "threshold": float,
        "shown": float,
        "shown_error": float,
        "n_support": int,
        "n_test": int,
    },
    "skipped": dict,
    "notes": list,
    "versions": {"modiste": str, "python": str, "numpy": str},
    "seconds": {"total": float, "embedding": float},
}


@pytest.fixture
def results(model, dataset, splits, confidence_of) -> Results:
    return evaluate(model, dataset, splits, confidence_of=confidence_of)


def check(values: object, schema: object, where: str) -> None:
    if isinstance(schema, dict):
        assert isinstance(values, dict), where
        for key, inner in schema.items():
            assert key in values, f"{where}.{key}"
            check(values[key], inner, f"{where}.{key}")
    else:
        assert type(values) is schema, where


def test_the_file_has_what_is_promised(results: Results, tmp_path) -> None:
    write_results(results, tmp_path / "new" / "results.json")
    values = json.loads((tmp_path / "new" / "results.json").read_text())
    check(values, SCHEMA, "results")
    for scenario in (*values["scenarios"].values(), values["categories"]):
        for score in scenario["methods"].values():
            check(score, SCORE, "methods")
    curve = values["selective"]["curve"]
    assert all(len(point) == 2 and 0 < point[0] <= 1 and 0 <= point[1] <= 1 for point in curve)
    assert curve[-1] == [1.0, pytest.approx(1 - values["selective"]["hit_rate"])]


def test_what_is_written_is_what_is_read(results: Results, tmp_path) -> None:
    partial = replace(results, classification=None, selective=None, skipped={"classification": "why"})
    for written in (results, partial):
        write_results(written, tmp_path / "results.json")
        assert read_results(tmp_path / "results.json") == written
    assert list(tmp_path.iterdir()) == [tmp_path / "results.json"]


def test_what_cannot_be_written_leaves_the_old_file(results: Results, tmp_path) -> None:
    file = tmp_path / "results.json"
    write_results(results, file)
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_results(replace(results, seconds={"total": float("nan")}), file)
    assert read_results(file) == results
    assert list(tmp_path.iterdir()) == [tmp_path / "results.json"]


def test_keys_of_a_newer_version_are_passed_over(results: Results) -> None:
    values = results.as_dict()
    values["retrieval"] = {"2": {"map": 0.9}}
    values["classification"]["top_5"] = 0.99
    assert Results.from_dict(values) == results


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not JSON", "expected the JSON that modiste evaluate writes"),
        ("[]", "got list"),
        ("{}", "expected results of format 1, got None"),
        ('{"format": 2}', "evaluate the model again"),
        ('{"format": 1}', "expected evaluation results"),
        ('{"format": 1, "model": 3, "data": [], "scenarios": {}}', "expected evaluation results"),
    ],
)
def test_other_files_are_refused(text: str, said: str, tmp_path) -> None:
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(DataError, match=said):
        read_results(tmp_path / "results.json")


def test_no_file(tmp_path) -> None:
    with pytest.raises(DataError, match=r"results\.json"):
        read_results(tmp_path / "results.json")
