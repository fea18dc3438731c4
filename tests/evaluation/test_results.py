"""``results.json``: what is promised to be in it, and that it comes back as it was."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from modiste.errors import DataError
from modiste.evaluation import Results, evaluate, read_results, write_results

SCORE = {"accuracy": float, "balanced_accuracy": float}
JUDGED = SCORE | {"interval": list, "balanced_interval": list, "top_k": {"1": float, "3": float, "5": float}}
RELIABILITY = {"ece": float, "edges": list, "counts": list, "confidence": list, "accuracy": list}
SCENARIO = JUDGED | {
    "method": str,
    "n_support": int,
    "n_test": int,
    "methods": dict,
    "duplicates": list,
    "without_duplicates": SCORE | {"n": int},
}
EXPANDED = {
    "neighbours": int,
    "map": float,
    "interval": list,
    "balanced_map": float,
    "precision_at_1": float,
    "r_precision": float,
    "map_at_r": float,
    "each": list,
}
RANKING = {
    "expanded": EXPANDED,
    "map": float,
    "precision_at_1": float,
    "r_precision": float,
    "map_at_r": float,
    "interval": list,
    "curve": list,
    "by_class": dict,
    "each": list,
    "recall_at": {"10": float},
}
EACH_PART = {"classification", *(f"scenarios.{number}" for number in "1234"), "categories"}
SCHEMA = {
    "format": int,
    "model": {"id": str, "dimension": int, "support": dict},
    "data": {"fingerprint": str, "splits": {"train": {"n": int, "missing": list, "fingerprint": str}}},
    "classification": JUDGED | {"n": int, "calibration": RELIABILITY},
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
        "error_at_coverage": {"0.5": float, "0.7": float, "0.9": float},
        "threshold_at_error": dict,
        "intervals": {"aurc": list, "hit_rate": list, "coverage_at_error.0.05": list},
        "table": list,
        "reliability": RELIABILITY,
        "without_duplicates": {"hit_rate": float, "aurc": float},
        "confidence": list,
        "hits": list,
        "examples": list,
    },
    "few_shot": {"2x1": {"accuracy": float, "interval": list, "episodes": int, "transductive": float}},
    "retrieval": {"2": RANKING, "3": RANKING},
    "per_class": dict.fromkeys(EACH_PART, dict),
    "confusions": {part: {"labels": list, "matrix": list, "pairs": list} for part in EACH_PART},
    "wrong": dict.fromkeys(EACH_PART, dict),
    "predictions": dict.fromkeys(EACH_PART, list),
    "tests": dict.fromkeys(EACH_PART, list),
    "photos": {name: {"ids": list, "types": list, "categories": list} for name in ("main_test", "new_test")},
    "names": {"types": dict, "categories": dict},
    "skipped": dict,
    "notes": list,
    "versions": {"modiste": str, "python": str, "numpy": str},
    "seconds": {"total": float, "embedding": float},
}


@pytest.fixture
def results(model, dataset, splits, confidence_of) -> Results:
    return evaluate(model, dataset, splits, confidence_of=confidence_of, few_shot={"2x1": (2, 1, 9)})


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


def test_they_print_as_one_line(results: Results) -> None:
    assert repr(results).startswith(f"Results(model {results.model.id} on ")
    assert len(repr(results)) < 150


def test_a_person_can_read_the_file(results: Results, tmp_path) -> None:
    """A matrix keeps its shape, and the photos of a split take a line, not a thousand."""
    write_results(results, tmp_path / "results.json")
    lines = (tmp_path / "results.json").read_text().splitlines()
    assert json.dumps(results.confusions["scenarios.2"].matrix[0]) in [line.strip(" ,") for line in lines]
    assert any(json.dumps(results.photos["main_test"].ids) in line for line in lines)


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
    values["novelty"] = {"2": {"map": 0.9}}
    values["retrieval"]["2"]["novelty"] = values["selective"]["examples"][0]["novelty"] = 0.99
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
