"""All claims come on one page, and a part that fails does not take the others with it."""

from __future__ import annotations

import doctest
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.benchmarks.conftest import load

RECIPE = {
    "name": "small",
    "epochs": 2,
    "widths": [8, 16],
    "depths": [1, 1],
    "stages": [{"until": 0.5, "height": 16, "width": 16}, {"until": 1, "height": 32, "width": 24}],
}
SPREADS = {name: {"mean": 0.8} for name in ("accuracy", "balanced_accuracy")} | {"seconds": {"mean": 60.0}}
MEASURED: dict[str, Any] = {
    "time_to_accuracy": {"recipe": RECIPE, "photos": 100, "summary": SPREADS},
    "encoding": {
        "default": {
            "multiplications_per_photo": 9e7,
            "files": [
                {
                    "size": "60x80",
                    "runtime": "onnx fp32",
                    "per_s": 400.0,
                    "limit_per_s": 500.0,
                    "one_photo_ms": 4.0,
                }
            ],
        }
    },
    "search": {
        "runs": [
            {"items": 1000, "dimension": 128, "peer": "modiste", "p50_ms": 0.1, "recall_at_3": 0.995},
            {"items": 1000, "dimension": 128, "peer": "other", "left_out": "not installed"},
        ]
    },
    "serving": {
        "small": {"p50_ms": 5.0, "p99_ms": 9.0},
        "phone": {"p50_ms": 50.0},
        "load": {"per_s": 450.0, "p99_ms": 40.0, "connections": 12},
        "memory": {"after_mb": 390.0},
        "add": {"p50_ms": 30.0},
        "ready_s": 3.0,
    },
    "index": {"photos": 1000, "seconds": 5.0},
    "report": {"seconds": 2.0, "evaluate_seconds": 50.0},
    "start": {"import_s": 0.1, "help_s": 0.5},
}


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    return load("run_all")


@pytest.fixture
def measured(benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was measured, in place of measuring it."""
    ran: list[str] = []

    def run(part: str) -> Any:
        def write(file: Path, data: Path, splits: Path, quick: bool) -> None:
            ran.append(part)
            file.write_text(json.dumps(MEASURED[part]))

        return write

    monkeypatch.setattr(benchmark, "RUN", {part: run(part) for part in benchmark.PARTS})
    return ran


def test_its_examples_are_true(benchmark: ModuleType) -> None:
    done = doctest.testmod(benchmark)
    assert done.attempted > 0
    assert done.failed == 0


def test_one_json_and_one_page(
    benchmark: ModuleType, measured: list[str], tmp_path: Path, capsys: Any
) -> None:
    words = ["--data", str(tmp_path), "--splits", str(tmp_path), "--quick", "--out", str(tmp_path / "out")]
    assert benchmark.main(words) == 0
    assert measured == list(benchmark.PARTS)
    report = json.loads((tmp_path / "out" / "figures.json").read_text())
    claims = {(claim["part"], claim["what"]): claim for claim in report["claims"]}
    trained = claims["time to accuracy", "recipe small: from photos to model"]
    assert trained["value"] == 60.0
    assert trained["ratio"] == pytest.approx(trained["limit"] / 60)
    searched = claims["search", "1,000 × 128, modiste, recall@3 0.995"]
    assert searched["limit"] == pytest.approx(1e3 * 512_000 / report["machine"]["bytes_per_s"])
    load = claims["upload to answer", "12 connections"]
    assert load["ratio"] == pytest.approx(450 / load["limit"])
    assert claims["encoding", "default by onnx fp32, 60x80 JPEG files"]["ratio"] == pytest.approx(0.8)
    assert claims["report", "results to page"]["ratio"] is None
    page = (tmp_path / "out" / "figures.html").read_text()
    assert all(claim["what"].replace("'", "&#x27;") in page for claim in claims.values())
    assert "these figures mean nothing" in page
    assert "upload to answer: 12 connections: 450 answers/s" in capsys.readouterr().out
    # What is there is taken as it is, unless it is asked for again.
    assert benchmark.main([*words, "--skip", "report"]) == 0
    assert measured == list(benchmark.PARTS)
    assert benchmark.main([*words, "--again", "--skip", *benchmark.PARTS[1:]]) == 0
    assert measured == [*benchmark.PARTS, "time_to_accuracy"]


def test_a_part_that_fails_is_named(
    benchmark: ModuleType, measured: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any
) -> None:
    def fails(file: Path, data: Path, splits: Path, quick: bool) -> None:
        benchmark.script("time_to_accuracy", "--no-such-option")

    monkeypatch.setitem(benchmark.RUN, "index", fails)
    words = ["--data", str(tmp_path), "--splits", str(tmp_path), "--quick", "--out", str(tmp_path / "out")]
    assert benchmark.main(words) == 1
    report = json.loads((tmp_path / "out" / "figures.json").read_text())
    assert "required" in report["failed"]["index"]
    assert {"report", "start"} <= set(report["parts"])
    assert "index failed" in (tmp_path / "out" / "figures.html").read_text()
    assert "index: FAILED" in capsys.readouterr().err


def test_photos_need_their_splits(benchmark: ModuleType, tmp_path: Path, capsys: Any) -> None:
    with pytest.raises(SystemExit):
        benchmark.parse(["--data", str(tmp_path), "--out", str(tmp_path)])
    assert "--data needs --splits" in capsys.readouterr().err


@pytest.mark.slow
def test_quick_measures_everything(benchmark: ModuleType, tmp_path: Path) -> None:
    assert benchmark.main(["--quick", "--out", str(tmp_path)]) == 0
    report = json.loads((tmp_path / "figures.json").read_text())
    assert set(report["parts"]) == set(benchmark.PARTS)
    assert report["failed"] == {}
    assert {"float32", "bfloat16"} <= set(report["machine"]["operations_per_s"])
