from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from modiste.training import find_recipe


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What training was asked for, in place of training."""
    calls: list[dict[str, Any]] = []

    def learn(data, splits, recipe, **options):
        calls.append({"data": data, "splits": splits, "recipe": recipe, **options})
        options["progress"](1, 1, "training")
        complete = recipe.name != "blink"
        return SimpleNamespace(id="first-0123456789ab", dimension=128, training={"complete": complete})

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
        "recipe": find_recipe("quick"),
        "seed": 3,
        "out": Path("runs/first"),
        "resume": True,
        "grey": False,
        "teacher": None,
        "tensorboard": Path("logs"),
    }
    assert run(*line.split(), "--teacher", "runs/thorough").code == 0
    assert asked[1]["teacher"] == "runs/thorough"


def test_fields_of_a_recipe_are_changed(run, asked: list[dict[str, Any]]) -> None:
    line = "train a --splits d --recipe quick -o m --set"
    assert run(*line.split(), "epochs=3", "--set", "zoom=0.2").code == 0
    recipe = asked[0]["recipe"]
    assert (recipe.epochs, recipe.augmentation.zoom) == (3, 0.2)
    refused = run(*line.split(), "epoch=3")
    assert refused.code == 1
    assert "did you mean 'epochs'?" in refused.err


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
    done = run("train", "a", "--splits", "dev", "--recipe", "blink", "-o", "m")
    assert done.code == 130
    assert done.out == "m  first-0123456789ab\n"
    assert "--resume" in done.err


@pytest.fixture
def labelled(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What training on a column was asked for, in place of training."""
    calls: list[dict[str, Any]] = []

    def read_targets(data, columns, **options):
        calls.append({"data": data, "columns": columns, **options})
        return "targets"

    def learn_labels(data, targets, recipe, **options):
        calls.append({"targets": targets, "recipe": recipe, **options})
        model = SimpleNamespace(
            id="types-0123456789ab", labels=["a", "b"], training={"complete": recipe.name != "full"}
        )
        return model, {}

    monkeypatch.setattr("modiste.datasets.targets.read_targets", read_targets)
    monkeypatch.setattr(import_module("modiste.learn_labels"), "learn_labels", learn_labels)
    return calls


def test_options_reach_training_on_a_column(run, labelled: list[dict[str, Any]]) -> None:
    line = (
        "train a.zip --label fit --label neck --split 72/18/10 --recipe labels --set network=vit --seed 3 "
        "-o m --without Skip --disjoint sender --table t.csv --grey --json"
    )
    done = run(*line.split())
    assert done.code == 0
    asked, learned = labelled
    assert asked == {
        "data": [Path("a.zip")],
        "columns": ["fit", "neck"],
        "split": "72/18/10",
        "seed": 3,
        "table": Path("t.csv"),
        "without": ["Skip"],
        "stratify": False,
        "disjoint": "sender",
    }
    assert (learned["recipe"].name, learned["recipe"].network) == ("labels", "vit")
    assert (learned["seed"], learned["grey"], learned["out"]) == (3, True, Path("m"))
    assert json.loads(done.out)["labels"] == 2


def test_training_on_a_column_cut_short_says_how_to_go_on(run, labelled: list[dict[str, Any]]) -> None:
    done = run("train", "a", "--label", "fit", "--recipe", "full", "-o", "m")
    assert done.code == 130
    assert "--resume" in done.err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("train a --recipe quick -o m", "either --splits"),
        ("train a --splits d --label fit --recipe quick -o m", "either --splits"),
        ("train a --splits d --recipe quick -o m --stratify", "go with --label"),
        ("train a --label fit --recipe quick -o m --teacher t", "goes with --splits"),
        ("train a --label fit --recipe labels -o m --set epochs", "FIELD=VALUE"),
    ],
)
def test_options_that_do_not_go_together(run, line: str, message: str) -> None:
    done = run(*line.split())
    assert done.code == 2
    assert message in done.err
