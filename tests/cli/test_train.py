from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What training was asked for, in place of training."""
    calls: list[dict[str, Any]] = []

    def learn(data, splits, recipe, **options):
        calls.append({"data": data, "splits": splits, "recipe": recipe, **options})
        options["progress"](1, 1, "training")
        return SimpleNamespace(id="first-0123456789ab", dimension=128, training={"complete": recipe != "cut"})

    module = ModuleType("modiste.learn")
    module.learn = learn  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "modiste.learn", module)
    return calls


def test_options_reach_training(run, asked: list[dict[str, Any]]) -> None:
    line = "train a.zip b --splits dev --recipe quick --seed 3 -o runs/first --resume --tensorboard logs"
    done = run(*line.split())
    assert done.code == 0
    assert done.out == "runs/first  first-0123456789ab\n"
    [call] = asked
    assert call.pop("progress")
    assert call == {
        "data": [Path("a.zip"), Path("b")],
        "splits": Path("dev"),
        "recipe": "quick",
        "seed": 3,
        "out": Path("runs/first"),
        "resume": True,
        "tensorboard": Path("logs"),
    }


def test_answer_as_json(run, asked: list[dict[str, Any]]) -> None:
    done = run("train", "a", "--splits", "dev", "--recipe", "quick", "-o", "m", "--json")
    assert json.loads(done.out) == {
        "model": "m",
        "id": "first-0123456789ab",
        "dimension": 128,
        "recipe": "quick",
        "seed": 0,
        "complete": True,
    }
    assert done.err == ""


def test_training_cut_short_says_how_to_go_on(run, asked: list[dict[str, Any]]) -> None:
    done = run("train", "a", "--splits", "dev", "--recipe", "cut", "-o", "m")
    assert done.code == 130
    assert done.out == "m  first-0123456789ab\n"
    assert "--resume" in done.err
