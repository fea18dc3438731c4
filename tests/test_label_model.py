"""Models that name labels: saved, read back, and kept apart from those that search."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from modiste.datasets.label_set import LabelSet
from modiste.errors import ModelError
from modiste.label_model import LabelModel, load_label_model, save_label_model, soft_vote
from modiste.model_folder import load_model
from modiste.networks import build_network
from modiste.preprocessing import Preprocess

LABELS = LabelSet(("fit:loose", "fit:tight", "hood"), ("fit", "fit", ""))


def save(folder: Path, network: str = "cnn3", answer: str = "softmax") -> LabelModel:
    torch.manual_seed(0)
    return save_label_model(
        folder,
        network=build_network(network, types=3, height=24, width=16),
        preprocess=Preprocess(height=24, width=16, grey=True),
        labels=LABELS,
        answer=answer,
        thresholds=np.array([0.5, 0.25, 0.75]),
        training={"seed": 0},
        card="# tiny\n",
        history=[{"epoch": 1, "loss": 0.5}],
    )


def photos() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 24, 16, 3), dtype=np.uint8)


@pytest.mark.parametrize("network", ["cnn3", "vit", "resnet"])
def test_a_model_comes_back_as_it_was_saved(tmp_path: Path, network: str) -> None:
    saved = save(tmp_path / "model", network)
    loaded = load_label_model(tmp_path / "model")
    assert loaded.id == saved.id
    assert np.array_equal(loaded.probabilities(photos()), saved.probabilities(photos()))
    assert (loaded.labels, loaded.answer, loaded.preprocess.grey) == (LABELS, "softmax", True)
    assert loaded.thresholds.tolist() == [0.5, 0.25, 0.75]
    assert (tmp_path / "model" / "history.csv").read_text() == "epoch,loss\n1,0.5\n"


def test_probabilities_and_decisions_fit_the_groups(tmp_path: Path) -> None:
    model = save(tmp_path / "model")
    sure = model.probabilities(photos())
    assert sure.shape == (3, 3)
    assert np.allclose(sure[:, :2].sum(axis=1), 1, atol=1e-6)
    said = model.decide(sure)
    assert (said[:, :2].sum(axis=1) == 1).all()
    assert (said[:, 2] == (sure[:, 2] >= 0.75)).all()


def test_large_photos_are_seen_a_few_at_a_time(tmp_path: Path) -> None:
    """Memory is bounded by pixels: 128 photos of 80 × 60 at a time, 8 of 320 × 240."""
    model = replace(save(tmp_path / "model"), preprocess=Preprocess(height=320, width=240))
    seen: list[int] = []
    model.network.register_forward_pre_hook(lambda module, inputs: seen.append(len(inputs[0])))
    large = np.random.default_rng(0).integers(0, 256, (10, 320, 240, 3), dtype=np.uint8)
    together = model.probabilities(large)
    assert seen == [8, 8, 2, 2]  # photos, then their mirror images
    assert np.allclose(together[8:], model.probabilities(large[8:]), atol=1e-5)


def test_models_that_search_name_types_too() -> None:
    model, searching = load_label_model("default"), load_model("default")
    assert model.labels.names == searching.labels.types
    pixels = np.stack([searching.preprocess.fit(photo) for photo in photos()])
    assert np.allclose(model.probabilities(pixels), searching.classify(pixels), atol=1e-6)


def test_a_model_of_labels_says_that_it_cannot_search(tmp_path: Path) -> None:
    save(tmp_path / "model")
    with pytest.raises(ModelError, match="names labels and cannot search"):
        load_model(tmp_path / "model")


def test_damaged_folders_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "model")
    file = tmp_path / "model" / "model.json"
    description = json.loads(file.read_text())
    del description["checksum"]  # changed on purpose
    for change, message in (
        ({"answer": "argmax"}, "expected an answer of softmax, sigmoid"),
        ({"thresholds": [0.5]}, "as many thresholds"),
        ({"labels": {"names": []}}, "damaged model folder"),
        ({"labels": {"names": ["a"], "groups": [""]}, "thresholds": [0.5]}, "expected 3 labels"),
        ({"scale": 2.0}, "do not belong together"),
    ):
        file.write_text(json.dumps({**description, **change}))
        with pytest.raises(ModelError, match=message):
            load_label_model(tmp_path / "model")


def test_a_soft_vote_is_the_mean(tmp_path: Path) -> None:
    one, two = save(tmp_path / "one"), save(tmp_path / "two", "vit")
    both = soft_vote([one, replace(two, thresholds=np.array([0.5, 0.75, 0.25]))])
    mean = (one.probabilities(photos()) + two.probabilities(photos())) / 2
    assert both.probabilities(photos()) == pytest.approx(mean)
    assert both.thresholds.tolist() == [0.5, 0.5, 0.5]
    assert both.decide(mean).tolist() == LABELS.decide(mean, "softmax", both.thresholds).tolist()
    assert both.id.startswith("soft(one, two)-")
    assert both.id != soft_vote([two, one]).id
    assert soft_vote([one]) is one


def test_models_that_cannot_vote_together(tmp_path: Path) -> None:
    one, other = save(tmp_path / "one"), save(tmp_path / "other", answer="sigmoid")
    with pytest.raises(ModelError, match="different labels"):
        soft_vote([one, other])
    with pytest.raises(ModelError, match=r"takes 16 × 24 in grey, .* 16 × 24 in colour"):
        soft_vote([one, replace(one, preprocess=Preprocess(height=24, width=16))])
    with pytest.raises(ModelError, match="got none"):
        soft_vote([])
