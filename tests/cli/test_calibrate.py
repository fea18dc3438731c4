"""``modiste calibrate`` on a small drawn shop, with an untrained network in a real model folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from modiste.datasets import Labels, draw_sample, read_splits
from modiste.model import Calibration
from modiste.model_folder import load_model, save_model
from modiste.networks import ResNet, ResNetConfig
from modiste.preprocessing import Preprocess
from modiste.support_set import SupportMethod

CONFIDENCE = {"names": ["first"], "mean": [0.9], "scale": [0.1], "weights": [1.0], "intercept": 0.0}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "shop"
    draw_sample(folder, per_type=6)
    return folder


@pytest.fixture
def folder(shop: Path, cache: Path, tmp_path: Path) -> Path:
    torch.manual_seed(0)
    labels = Labels.of(read_splits(shop / "splits").train)
    network = ResNet(
        ResNetConfig(types=len(labels), categories=len(labels.categories), widths=(8, 16), depths=(1, 1))
    )
    network.prototypes.copy_(F.normalize(torch.randn_like(network.prototypes), dim=1))
    save_model(
        tmp_path / "model",
        name="tiny",
        network=network,
        preprocess=Preprocess(height=20, width=15),
        labels=labels,
        scale=16.0,
        calibration=Calibration(SupportMethod("knn", k=5), CONFIDENCE, 0.25),
        training={},
        card="# tiny\n",
    )
    return tmp_path / "model"


def line(folder: Path, shop: Path, *more: object) -> list[object]:
    return ["calibrate", folder, "--data", shop, "--labels", shop / "splits" / "train.csv", *more]


def test_the_promise_is_kept_in_the_model_folder(run, folder: Path, shop: Path) -> None:
    before = load_model(folder)
    done = run(*line(folder, shop, "--max-error", "0.98"))
    assert done.code == 0
    assert "promised: of the answers shown, at most 98.0% are wrong, with probability 95% or more" in done.out
    assert "not promised" in done.out
    after = load_model(folder)
    assert after.id == before.id
    assert after.calibration.guarantee is not None
    assert after.calibration.guarantee["max_error"] == 0.98
    assert after.calibration.threshold == after.calibration.guarantee["threshold"]
    assert after.calibration.curve is not None
    assert after.calibration.curve.source == "labelled photos"
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "history.csv",
        "model.json",
        "weights.safetensors",
    ]


def test_too_few_photos_leave_the_model_as_it_was(run, folder: Path, shop: Path) -> None:
    before = (folder / "model.json").read_bytes()
    done = run(*line(folder, shop, "--max-error", "0.0001", "--json"))
    assert done.code == 1
    assert "Error: " in done.err
    assert json.loads(done.out)["guarantee"] is None
    assert (folder / "model.json").read_bytes() == before


def test_a_copy_and_a_chosen_coverage(run, folder: Path, shop: Path, tmp_path: Path) -> None:
    before = (folder / "model.json").read_bytes()
    support = ("--support", shop / "splits" / "main_support.csv")
    more = ("--coverage", "0.5", "--out", tmp_path / "copy", "--json", *support)
    done = run(*line(folder, shop, *more))
    assert done.code == 0
    promise = json.loads(done.out)["guarantee"]
    assert 0.3 < promise["shown"] / promise["units"] < 0.7
    assert load_model(tmp_path / "copy").calibration.threshold == promise["threshold"]
    assert (folder / "model.json").read_bytes() == before


@pytest.mark.parametrize("wrong", [("--max-error", "5"), ("--confidence", "0"), ("--coverage", "1.5")])
def test_shares_lie_between_0_and_1(run, folder: Path, shop: Path, wrong: tuple[str, str]) -> None:
    assert run(*line(folder, shop, *wrong)).code == 2


def test_a_shipped_encoder_is_not_written_to(run, shop: Path) -> None:
    done = run(*line(Path("default"), shop))
    assert done.code == 1
    assert "--out" in done.err
