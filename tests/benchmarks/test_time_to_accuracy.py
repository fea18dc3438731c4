"""The benchmark measures what it says: fresh processes, a cold cache, and the goal decides the exit code."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.benchmarks.conftest import load

from modiste.datasets import draw_sample

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "time_to_accuracy.py"


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    return load("time_to_accuracy")


@pytest.fixture
def asked(benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], str]]:
    """The commands it ran and the cache each had, in place of running them."""
    calls: list[tuple[list[str], str]] = []

    def modiste(words: list[str], environment: dict[str, str]) -> None:
        calls.append((words, environment["MODISTE_CACHE"]))
        if words[0] == "train":
            model = Path(words[words.index("-o") + 1])
            model.mkdir()
            facts = {"photos": 9, "data": "abc", "precision": "float32", "threads": 1, "device": "cpu"}
            facts |= {"recipe": {"name": "quick"}, "versions": {"torch": "2"}}
            (model / "model.json").write_text(json.dumps({"training": facts}))
        else:
            seed = float(calls[-2][0][calls[-2][0].index("--seed") + 1])
            score = {"accuracy": 0.8 + seed / 50, "balanced_accuracy": 0.7 + seed / 50, "n": 5}
            scenarios = {"1": score, "3": score}
            found = {"classification": score, "scenarios": scenarios, "skipped": {}}
            Path(words[words.index("--out") + 1]).write_text(json.dumps(found))

    monkeypatch.setattr(benchmark, "modiste", modiste)
    return calls


@pytest.fixture
def splits(tmp_path: Path) -> Path:
    for name in ("train", "main_test", "new_test"):
        (tmp_path / f"{name}.csv").write_text("header\n1\n2\n3\n")
    return tmp_path


def test_each_seed_has_a_cache_of_its_own(benchmark: ModuleType, asked, splits: Path, capsys) -> None:
    line = f"a.zip b --splits {splits} --recipe quick --seeds 2"
    assert benchmark.main(line.split()) == 0
    trained = [words for words, _ in asked if words[0] == "train"]
    assert [words[1:7] for words in trained] == [
        ["a.zip", "b", "--splits", str(splits), "--recipe", "quick"]
    ] * 2
    assert [words[words.index("--seed") + 1] for words in trained] == ["0", "1"]
    caches = [cache for _, cache in asked]
    assert caches[0] == caches[1] != caches[2] == caches[3]
    assert not any(Path(cache).parent.exists() for cache in caches)  # nothing is left behind
    out = capsys.readouterr().out.splitlines()
    assert [words for line in out if line.startswith("seed ") for words in [line.split(", ")[1][:15]]] == [
        "0.8000 / 0.7000",
        "0.8200 / 0.7200",
    ]
    [accuracy] = [line.split() for line in out if line.startswith("accuracy")]
    assert accuracy == ["accuracy", "2", "0.8100", "0.0141", "0.8000", "0.8200"]


@pytest.mark.parametrize(("goal", "code"), [("0.81/0.71", 0), ("0.82/0.7", 1), ("0.8/0.72", 1)])
def test_the_mean_must_reach_the_goal(
    benchmark: ModuleType, asked, splits: Path, tmp_path: Path, goal: str, code: int
) -> None:
    out = tmp_path / "out.json"
    line = f"a.zip --splits {splits} --recipe quick --seeds 2 --goal {goal} --json {out}"
    assert benchmark.main(line.split()) == code
    assert json.loads(out.read_text())["reached"] is (code == 0)


def test_scenarios_are_measured_when_asked_for(
    benchmark: ModuleType, asked, splits: Path, tmp_path: Path
) -> None:
    line = f"a.zip --splits {splits} --recipe quick --seeds 1"
    out = tmp_path / "out.json"
    benchmark.main([*line.split(), "--scenarios", "--json", str(out)])
    benchmark.main(line.split())
    used = [Path(words[words.index("--splits") + 1]) for words, _ in asked if words[0] == "evaluate"]
    assert used[0] == splits
    assert used[1] != splits
    summary = json.loads(out.read_text())["summary"]
    assert summary["scenario_3_accuracy"] == {"n": 1, "mean": 0.8, "sd": None, "min": 0.8, "max": 0.8}


def test_without_scenarios_only_the_test_photos_are_embedded(
    benchmark: ModuleType, splits: Path, tmp_path: Path
) -> None:
    folder = benchmark.only_main_test(splits, tmp_path / "few")
    assert (folder / "main_test.csv").read_text() == "header\n1\n2\n3\n"
    assert (folder / "train.csv").read_text() == "header\n1\n"
    assert sorted(path.name for path in folder.iterdir()) == ["main_test.csv", "train.csv"]


def test_its_examples_are_true(benchmark: ModuleType) -> None:
    done = doctest.testmod(benchmark)
    assert done.attempted > 0
    assert done.failed == 0


def test_a_goal_is_two_numbers(benchmark: ModuleType, capsys) -> None:
    with pytest.raises(SystemExit):
        benchmark.main(["a.zip", "--splits", "s", "--recipe", "quick", "--goal", "0.8"])
    assert "two numbers such as 0.84/0.80 expected, not '0.8'" in capsys.readouterr().err


def run(*words: object) -> Any:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, words)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.slow
def test_from_photos_to_figures(tmp_path: Path) -> None:
    draw_sample(tmp_path / "shop", per_type=4, height=32)
    recipe = {
        "name": "small",
        "about": "for tests",
        "epochs": 1,
        "stages": [{"until": 1, "height": 32, "width": 24}],
        "widths": [8, 16],
        "depths": [1, 1],
        "batch": 32,
    }
    (tmp_path / "small.json").write_text(json.dumps(recipe))
    where = (tmp_path / "shop", "--splits", tmp_path / "shop" / "splits", "--recipe", tmp_path / "small.json")
    done = run(*where, "--seeds", 1, "--goal", "1.01/0", "--json", tmp_path / "out.json")
    assert (done.returncode, done.stderr) == (1, "")
    assert "goal 1.01/0: NOT REACHED" in done.stdout
    report = json.loads((tmp_path / "out.json").read_text())
    [measured] = report["runs"]
    assert 1 < measured["seconds"] < 300  # starting up alone takes more than a second
    assert 0 <= measured["accuracy"] <= 1
    assert report["recipe"]["name"] == "small"
    assert report["hardware"]["cores"] >= 1


@pytest.mark.slow
def test_a_run_that_fails_is_named(tmp_path: Path) -> None:
    done = run(tmp_path, "--splits", tmp_path, "--recipe", "quickk", "--seeds", 1)
    assert done.returncode == 2
    assert "did you mean 'quick'" in done.stderr
    assert len(done.stderr.splitlines()) == 1
