"""The search benchmark measures peers one by one, tells the truth, and goes on where it was stopped."""

from __future__ import annotations

import doctest
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from tests.benchmarks.conftest import load

FIGURES = {
    "p50_ms": 0.1,
    "p99_ms": 0.2,
    "recall_at_3": 1.0,
    "resident_mb": 2.0,
    "anonymous_mb": 2.0,
    "build_s": 0.0,
    "ready_s": 0.1,
}


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    return load("search")


def test_its_examples_are_true(benchmark: ModuleType) -> None:
    done = doctest.testmod(benchmark)
    assert done.attempted > 0
    assert done.failed == 0


@pytest.mark.parametrize("kind", ["mixture", "shop"])
def test_queries_come_from_the_same_source_and_have_near_neighbours(benchmark: ModuleType, kind: str) -> None:
    [vectors] = benchmark.draw(kind, 3000, 16, groups=20, seed=1)
    [queries] = benchmark.draw(kind, 40, 16, groups=20, seed=2)
    nearest = np.take_along_axis(queries @ vectors.T, benchmark.truth(vectors, queries), axis=1)
    assert (nearest[:, 0] > 0.8).all()
    assert (np.diff(nearest, axis=1) <= 0).all()
    assert nearest[:, 0].max() < 0.99999  # none of them is in the catalogue


def test_the_truth_does_not_depend_on_portions(
    benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    [vectors] = benchmark.draw("mixture", 500, 8, seed=1)
    whole = benchmark.truth(vectors, vectors[:20])
    monkeypatch.setattr(benchmark, "ROWS", 130)
    assert np.array_equal(benchmark.truth(vectors, vectors[:20]), whole)
    assert whole[:, 0].tolist() == list(range(20))


def test_one_peer_is_built_and_asked(benchmark: ModuleType, tmp_path: Path) -> None:
    benchmark.prepare("mixture", 400, 16, 30, tmp_path)
    run = benchmark.measured("numpy exact", tmp_path, 300)
    assert run["recall_at_3"] == 1.0
    assert run["queries"] == 30
    assert 0 < run["p50_ms"] <= run["p99_ms"]


def test_what_fails_is_named_and_what_is_there_is_not_done_again(
    benchmark: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    asked: list[str] = []

    def measured(name: str, data: Path, patience: float) -> dict[str, Any]:
        asked.append(name)
        broken = name == "numpy exact" and len(asked) < 3
        return {"left_out": "no reason given"} if broken else dict(FIGURES)

    monkeypatch.setattr(benchmark, "measured", measured)
    out, png = tmp_path / "search.json", tmp_path / "search.png"
    words = ["--sizes", "300", "--dimension", "8", "--queries", "5", "--json", str(out), "--png", str(png)]
    words += ["--only", "numpy exact", "modiste"]
    assert benchmark.main(words) == 0
    assert benchmark.main(words) == 0
    assert asked == ["numpy exact", "modiste", "numpy exact"]
    assert [run["peer"] for run in json.loads(out.read_text())["runs"]] == ["modiste", "numpy exact"]
    assert png.read_bytes().startswith(b"\x89PNG")
    assert "numpy exact          no reason given" in capsys.readouterr().out


def test_a_peer_that_takes_too_long_is_left_out(benchmark: ModuleType, tmp_path: Path) -> None:
    assert benchmark.measured("numpy exact", tmp_path, 0.01) == {"left_out": "build took longer than 0.01 s"}


PEERS = ("modiste", "faiss IVF int8", "usearch bf16", "lancedb flat", "qdrant int8")


@pytest.mark.slow
@pytest.mark.parametrize("name", PEERS)
def test_peers_find_what_is_near(benchmark: ModuleType, tmp_path: Path, name: str) -> None:
    needed: dict[str, str] = {
        "modiste": "faiss",
        "faiss": "faiss",
        "usearch": "usearch",
        "qdrant": "qdrant_edge",
    }
    if (module := needed.get(name.split()[0])) is not None:
        pytest.importorskip(module, reason=f"{module} is not installed")
    benchmark.prepare("mixture", 1500, 16, 30, tmp_path)
    run: dict[str, Any] = benchmark.measured(name, tmp_path, 600)
    assert run.get("recall_at_3", 0) >= 0.95, run


def test_sizes_are_numbers(benchmark: ModuleType, capsys: Any) -> None:
    parse: Callable[[list[str]], Any] = benchmark.parse
    assert parse(["--sizes", "5,6"]).sizes == [5, 6]
    with pytest.raises(SystemExit):
        parse(["--sizes", "many"])
    assert "numbers such as 10000,100000 expected, not 'many'" in capsys.readouterr().err
