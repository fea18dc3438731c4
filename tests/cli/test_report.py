"""``modiste report`` on results of a few numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

RESULTS = {
    "format": 1,
    "model": {"id": "m-1", "dimension": 3, "support": {}, "regime": "course"},
    "data": {"fingerprint": "0f", "splits": {"main_test": {"n": 4, "missing": ["9"], "fingerprint": "0f"}}},
    "classification": {"accuracy": 0.75, "balanced_accuracy": 0.5, "n": 4},
    "per_class": {"classification": {"Ties": {"precision": 0.5, "recall": 1.0, "f1": 0.66, "support": 2}}},
    "confusions": {
        "classification": {
            "labels": ["Ties", "Belts"],
            "matrix": [[2, 0], [1, 1]],
            "pairs": [["Belts", "Ties", 1, 0.5]],
        }
    },
    "wrong": {"classification": {"9": ["Belts", "Ties"]}},
}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    file = tmp_path / "results.json"
    file.write_text(json.dumps(RESULTS))
    return file


def test_a_page_and_pictures(run, results: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    done = run("report", results, "-o", out, "--class", "Ties")
    assert (done.code, done.err) == (0, f"Written to {out}.\n")
    page = out.read_text(encoding="utf-8")
    assert "Belts → Ties" in page
    assert "75.0\xa0%" in page
    done = run("report", results, "-o", tmp_path / "figures")
    assert done.err == f"4 pictures written to {tmp_path / 'figures'}.\n"


def test_what_is_wrong_is_said_in_a_line(run, results: Path, tmp_path: Path) -> None:
    done = run("report", results, "-o", tmp_path / "r.html", "--class", "Hats")
    assert (done.code, done.err) == (1, "Error: Hats: no class of these results; there are Belts, Ties\n")
    assert run("report", tmp_path / "none.json", "-o", tmp_path / "r.html").code == 1
    for damaged in ('{"format": 1, "model": {"id": "m"}}', '{"test": {"tasks": {}, "labels": {}}}'):
        results.write_text(damaged)
        done = run("report", results, "-o", tmp_path / "r.html")
        assert done.code == 1
        assert "these results are damaged" in done.err
    assert not (tmp_path / "r.html").exists()
