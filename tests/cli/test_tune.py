from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from modiste.datasets import draw_sample


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What a search was asked for, in place of one."""
    calls: list[dict[str, Any]] = []

    def tune(data, splits, recipe, **options):
        calls.append({"data": data, "splits": splits, "recipe": recipe, **options})
        options["progress"](1, 2, "searching")
        return SimpleNamespace(complete=recipe != "cut", trials=(1, 2), as_dict=lambda: {"best": 1})

    module = ModuleType("modiste.tune")
    module.tune = tune  # type: ignore[attr-defined]
    module.summary = lambda found: "two trials"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "modiste.tune", module)
    return calls


def test_options_reach_the_search(run, asked: list[dict[str, Any]]) -> None:
    line = "tune a.zip b --splits dev --recipe quick --trials 2 --study s --seed 3 --only muon_rate,margin"
    done = run(*line.split())
    assert (done.code, done.out) == (0, "two trials\n")
    assert "modiste train a.zip --splits dev --recipe s/recipe.json" in done.err
    [call] = asked
    assert call.pop("progress")
    assert call == {
        "data": [Path("a.zip"), Path("b")],
        "splits": Path("dev"),
        "recipe": "quick",
        "trials": 2,
        "folder": Path("s"),
        "seed": 3,
        "only": ["muon_rate", "margin"],
    }


def test_answer_as_json(run, asked: list[dict[str, Any]]) -> None:
    line = "tune a --splits dev --recipe quick --trials 2 --study s --json"
    done = run(*line.split())
    assert json.loads(done.out) == {"best": 1}
    assert asked[0]["only"] == []


def test_a_search_cut_short_says_how_to_go_on(run, asked: list[dict[str, Any]]) -> None:
    line = "tune a --splits dev --recipe cut --trials 9 --study s"
    done = run(*line.split())
    assert done.code == 130
    assert "2 of 9 trials" in done.err


def test_a_search_from_photos_to_a_recipe_that_trains(run, cache: Path, tmp_path: Path) -> None:
    pytest.importorskip("optuna", reason="the tune extra is not installed")
    draw_sample(tmp_path / "shop", per_type=5, height=32)
    stages = [{"until": 1, "height": 32, "width": 24}]
    small = {"widths": [8, 16], "depths": [1, 1], "batch": 32, "rehearsal": 0}
    start = tmp_path / "start.json"
    start.write_text(
        json.dumps({"name": "small", "about": "for tests", "epochs": 1, "stages": stages, **small})
    )
    where = (tmp_path / "shop", "--splits", tmp_path / "shop" / "splits")
    study = tmp_path / "study"
    for trials in (1, 2):  # the second goes on from the first
        done = run("tune", *where, "--recipe", start, "--trials", trials, "--study", study, "--json")
        assert done.code == 0
        assert len(json.loads(done.out)["trials"]) == trials
    done = run("train", *where, "--recipe", study / "recipe.json", "-o", tmp_path / "model", "--json")
    assert done.code == 0
    described = json.loads((tmp_path / "model" / "model.json").read_text())
    assert described["training"]["recipe"]["name"] == "small-tuned"


def test_mistakes_are_one_line(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = f"tune nowhere --splits nowhere --recipe quick --trials 2 --study {tmp_path / 's'}"
    done = run(*line.split(), "--only", "margn")
    assert (done.code, done.out) == (1, "")
    assert "did you mean 'margin'" in done.err
    monkeypatch.setitem(sys.modules, "optuna", None)
    done = run(*line.split())
    assert done.code == 1
    assert "pip install 'modiste[tune]'" in done.err
