"""A saved model comes back as it was, and a damaged one is refused with what to do."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from modiste.datasets.labels import Labels
from modiste.errors import ModelError
from modiste.label_model import load_label_model
from modiste.memory import Memory
from modiste.model import MANY, Calibration, MeasuredCurve, Model
from modiste.model_folder import (
    load_model,
    read_card,
    read_history,
    save_model,
    shipped,
    store_calibration,
)
from modiste.networks import ResNet, ResNetConfig
from modiste.networks.style import StyleConfig, StyleHead
from modiste.networks.text import TextConfig, TextMatcher
from modiste.preprocessing import Preprocess
from modiste.support_set import SupportMethod

LABELS = Labels(("Shirts", "Ties"), (1, 20), ("Topwear", "Ties"), (0, 7), (0, 7))


STYLE = StyleConfig(24, 8, {"baseColour": ("Blue", "Red")}, {"baseColour": 1.0})
TEXT = TextConfig(features=24, buckets=64, width=4, hidden=8, dimension=6)


def save(
    folder: Path,
    seed: int = 0,
    curve: bytes | None = None,
    rich: tuple[str, ...] = (),
    memory: Memory | None = None,
    card: str = "# tiny\n",
    **choices: Any,
) -> Model:
    torch.manual_seed(seed)
    return save_model(
        folder,
        name="tiny",
        network=ResNet(ResNetConfig(types=2, categories=2, widths=(8, 16), depths=(1, 1), **choices)),
        preprocess=Preprocess(height=20, width=15),
        labels=LABELS,
        scale=16.0,
        calibration=Calibration(
            SupportMethod("knn", k=5), {"weights": [1.0]}, 0.5, 0.15 if "style" in rich else None
        ),
        training={"recipe": {"name": "tiny"}, "seed": seed},
        style_head=StyleHead(STYLE).eval() if "style" in rich else None,
        text_matcher=TextMatcher(TEXT).eval() if "text" in rich else None,
        card=card,
        history=[{"step": 20, "loss": 1.5}],
        curve=curve,
        memory=memory,
    )


def by_hand(description: dict) -> str:
    """What ``model.json`` holds once somebody has changed it on purpose."""
    return json.dumps({key: value for key, value in description.items() if key != "checksum"})


def photos(n: int = 5) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, 20, 15, 3), dtype=np.uint8)


def test_a_model_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    saved = save(tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert loaded.id == saved.id
    assert np.array_equal(loaded.embed(photos()), saved.embed(photos()))
    assert loaded.labels == LABELS
    assert loaded.calibration == saved.calibration
    assert (loaded.card, loaded.training["seed"]) == ("# tiny\n", 0)
    assert (tmp_path / "model" / "history.csv").read_text() == "step,loss\n20,1.5\n"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_what_vectors_are_made_of_is_kept_with_the_model(tmp_path: Path) -> None:
    saved = save(tmp_path / "model", features="outputs", head="linear", classify_by="prototypes")
    loaded = load_model(tmp_path / "model")
    assert (loaded.id, loaded.dimension) == (saved.id, 2)
    assert loaded.network.config == saved.network.config
    assert np.array_equal(loaded.embed(photos()), saved.embed(photos()))
    assert np.allclose(loaded.classify(photos()).sum(axis=1), 1, atol=1e-5)


def test_a_network_of_unknown_kind_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path / "model")
    path = tmp_path / "model" / "model.json"
    description = json.loads(path.read_text())
    monkeypatch.setattr("modiste.model_card.digest_of", lambda weights, shape: description["digest"])
    description["network"]["features"] = "logits"
    path.write_text(by_hand(description))
    with pytest.raises(ModelError, match=r"damaged model folder .* got 'logits'"):
        load_model(tmp_path / "model")


def test_vectors_are_unit_probabilities_sum_to_one_and_mirrors_agree(tmp_path: Path) -> None:
    model = save(tmp_path / "model")
    vectors, mirrored = model.embed(photos()), model.embed(photos()[:, :, ::-1])
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(vectors, mirrored, atol=1e-2)
    one_by_one = np.concatenate([model.embed(photo[None]) for photo in photos(20)])
    assert np.allclose(model.embed(photos(20)), one_by_one, atol=1e-2)  # both views in one run, and in two
    assert np.allclose(model.classify(photos()).sum(axis=1), 1, atol=1e-5)
    assert model.embed(photos(0)).shape == (0, 24)
    with pytest.raises(ModelError, match="uint8 photos of shape"):
        model.embed(np.zeros((1, 80, 60, 3), np.uint8))


def test_many_photos_are_seen_as_few_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modiste.compute.precision", lambda: torch.float32)
    model = save(tmp_path / "model")
    for norm in model.network.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):  # which would change nothing otherwise
            norm.running_mean.uniform_(-0.5, 0.5)
            norm.running_var.uniform_(0.5, 2.0)
    many = photos(MANY + 5)
    for ask in (model.embed, model.classify):
        few = np.concatenate([ask(many[at : at + 50]) for at in range(0, len(many), 50)])
        assert np.allclose(ask(many), few, atol=1e-5)


def test_without_mirror_images_a_photo_is_seen_alone(tmp_path: Path) -> None:
    both, alone = save(tmp_path / "both"), save(tmp_path / "alone", mirror=False)
    assert both.digest != alone.digest
    one, other = (load_model(tmp_path / "alone").embed(seen) for seen in (photos(), photos()[:, :, ::-1]))
    assert np.array_equal(one, alone.embed(photos()))
    assert not np.allclose(one, other, atol=1e-2)
    network = alone.network.eval()
    with torch.inference_mode():
        pictures = torch.from_numpy(photos()).permute(0, 3, 1, 2).float()
        expected = network.embed(network((pictures - 127.5) / 63.75)).numpy()
    assert np.allclose(one, expected, atol=1e-2)
    assert [read_card(tmp_path / name)["format"] for name in ("both", "alone")] == [1, 2]


def test_other_weights_have_another_id_and_saving_replaces_a_model_whole(tmp_path: Path) -> None:
    first = save(tmp_path / "model", seed=0)
    assert save(tmp_path / "model", seed=1).id != first.id
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_model_loads_with_and_without_the_picture_of_its_curve(tmp_path: Path) -> None:
    plain, drawn = save(tmp_path / "plain"), save(tmp_path / "drawn", curve=b"\x89PNG")
    assert (tmp_path / "drawn" / "history.png").read_bytes() == b"\x89PNG"
    assert not (tmp_path / "plain" / "history.png").exists()
    assert plain.id == drawn.id == load_model(tmp_path / "drawn").id
    save(tmp_path / "drawn")  # another run in its place: the old picture goes with the old weights
    assert not (tmp_path / "drawn" / "history.png").exists()


@pytest.mark.parametrize("rich", [("style", "text"), ("style",), ("text",)])
def test_rich_parts_come_back_as_they_were_saved(tmp_path: Path, rich: tuple[str, ...]) -> None:
    plain, saved = save(tmp_path / "plain"), save(tmp_path / "rich", rich=rich)
    loaded = load_model(tmp_path / "rich")
    assert loaded.id == saved.id != plain.id
    assert np.array_equal(loaded.embed(photos()), plain.embed(photos()))  # types are told the same
    assert loaded.calibration.style_pull == (0.15 if "style" in rich else None)
    assert [read_card(tmp_path / name)["format"] for name in ("plain", "rich")] == [1, 2]
    before, after = saved.look(photos()), loaded.look(photos())
    assert (after.style is not None, after.for_text is not None) == ("style" in rich, "text" in rich)
    if "style" in rich:
        assert np.array_equal(before.style, after.style)
        assert np.array_equal(before.words["baseColour"], after.words["baseColour"])
    else:
        with pytest.raises(ModelError, match="has no style part"):
            loaded.style(photos())
    if "text" in rich:
        assert np.array_equal(before.for_text, after.for_text)
        assert np.array_equal(saved.embed_text(["navy shirt"]), loaded.embed_text(["navy shirt"]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rich": {"text": TEXT.as_dict()}}, "weights of an unknown part, such as style"),
        ({"rich": {"style": STYLE.as_dict() | {"hidden": 9}, "text": TEXT.as_dict()}}, "size mismatch|Error"),
        ({"rich": {"style": {"hidden": 8}, "text": TEXT.as_dict()}}, "damaged model folder"),
        ({"format": 1}, None),
    ],
    ids=["part unknown", "size", "incomplete", "format"],
)
def test_damage_to_rich_parts_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict, message: str | None
) -> None:
    save(tmp_path / "model", rich=("style", "text"))
    path = tmp_path / "model" / "model.json"
    description = json.loads(path.read_text())
    path.write_text(by_hand(description | change))
    with pytest.raises(ModelError, match="do not belong together"):  # the digest covers the rich parts
        load_model(tmp_path / "model")
    if message is not None:
        monkeypatch.setattr("modiste.model_card.digest_of", lambda weights, shape: description["digest"])
        with pytest.raises(ModelError, match=message):
            load_model(tmp_path / "model")


def test_a_memory_comes_back_and_names_what_it_has_seen(tmp_path: Path) -> None:
    plain = save(tmp_path / "plain")
    seen = photos(6)
    said = plain.classify(seen).argmax(axis=1)
    memory = Memory.of(plain.embed(seen), 1 - said)  # the network is wrong about all of them
    saved = save(tmp_path / "model", memory=memory)
    loaded = load_model(tmp_path / "model")
    assert loaded.id == saved.id == plain.id  # its vectors are the same
    assert np.array_equal(loaded.embed(seen), plain.embed(seen))
    assert (plain.named_by, loaded.named_by) == ("network", "network and memory")
    shares = loaded.classify(seen)
    assert shares.argmax(axis=1).tolist() == (1 - said).tolist()
    assert shares.sum(axis=1) == pytest.approx(1)
    named = load_label_model(tmp_path / "model").probabilities(seen)
    assert np.array_equal(named, shares)
    assert loaded.classify(seen[:0]).shape == (0, 2)


@pytest.mark.parametrize(
    ("codes", "types", "message"),
    [
        (np.ones((3, 24), np.int8), [0, 1, 1], "do not belong together"),
        (np.ones((3, 23), np.int8), [0, 1, 1], "of another network"),
        (np.ones((3, 24), np.int8), [0, 1, 2], "of another network"),
        (None, [], "damaged model folder"),
    ],
    ids=["digest", "dimension", "type", "missing"],
)
def test_damage_to_a_memory_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    codes: np.ndarray | None,
    types: list[int],
    message: str,
) -> None:
    save(tmp_path / "model", memory=Memory.of(np.eye(2, 24), [0, 1]))
    file = tmp_path / "model" / "memory.safetensors"
    if codes is None:
        file.unlink()
    else:
        file.write_bytes(Memory(codes, np.array(types, np.uint16)).as_bytes())
        if message != "do not belong together":
            digest = hashlib.sha256(file.read_bytes() + b"{}").hexdigest()[:12]
            path = tmp_path / "model" / "model.json"
            description = json.loads(path.read_text())
            description["memory"]["digest"] = digest
            path.write_text(by_hand(description))
    with pytest.raises(ModelError, match=message):
        load_model(tmp_path / "model")


def test_missing_rich_weights_are_an_error_and_what_style_is_worth_may_be_set(tmp_path: Path) -> None:
    first = save(tmp_path / "model", rich=("style",))
    path = tmp_path / "model" / "model.json"
    description = json.loads(path.read_text())
    description["calibration"]["style_pull"] = 0.3
    path.write_text(by_hand(description))
    again = load_model(tmp_path / "model")
    assert (again.id, again.calibration.style_pull) == (first.id, 0.3)
    (tmp_path / "model" / "rich.safetensors").unlink()
    with pytest.raises(ModelError, match="damaged model folder"):
        load_model(tmp_path / "model")


def test_the_learning_curve_comes_back(tmp_path: Path) -> None:
    save(tmp_path / "model")
    assert read_history(tmp_path / "model") == [{"step": 20.0, "loss": 1.5}]
    curve = tmp_path / "model" / "history.csv"
    curve.write_text("step,loss\n20,much\n")
    with pytest.raises(ModelError, match=r"history\.csv: expected a table of numbers"):
        read_history(tmp_path / "model")
    curve.unlink()
    assert read_history(tmp_path / "model") == []


def test_a_folder_that_is_no_model_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "mine.jpg").write_bytes(b"x")
    with pytest.raises(ModelError, match="is no model folder"):
        save(tmp_path / "photos")
    assert (tmp_path / "photos" / "mine.jpg").exists()


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("model.json", b"{", "cannot read model.json"),
        ("model.json", b'{"format": 99}', "model format 1 or 2 expected, 99 found"),
        ("model.json", b'{"format": 1}', "damaged model folder"),
        ("weights.safetensors", b"", "do not belong together"),
        ("weights.safetensors", None, "damaged model folder"),
    ],
)
def test_damage_is_named(tmp_path: Path, file: str, content: bytes | None, message: str) -> None:
    save(tmp_path / "model")
    path = tmp_path / "model" / file
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(ModelError, match=message):
        load_model(tmp_path / "model")


def test_a_missing_weight_is_an_error_even_with_a_matching_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path / "model")
    path = tmp_path / "model" / "model.json"
    description = json.loads(path.read_text())
    description["network"]["widths"] = [8, 24]
    path.write_text(by_hand(description))
    monkeypatch.setattr("modiste.model_card.digest_of", lambda weights, shape: description["digest"])
    with pytest.raises(ModelError, match="damaged model folder"):
        load_model(tmp_path / "model")


def test_an_unknown_name_is_answered_with_what_there_is() -> None:
    with pytest.raises(ModelError, match="neither a model folder"):
        load_model("no-such-model")


def test_every_shipped_encoder_loads_and_fits_the_package() -> None:
    for name, folder in shipped().items():
        assert load_model(name).name == name
        assert sum(path.stat().st_size for path in folder.iterdir()) <= (15e6 if name == "large" else 6e6)
        assert read_card(folder)["training"]["recipe"]["name"]


def test_a_new_calibration_leaves_all_else_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = save(tmp_path / "model")
    promise = {"threshold": 0.75, "max_error": 0.05}
    store_calibration(tmp_path / "model", replace(saved.calibration, threshold=0.75, guarantee=promise))
    loaded = load_model(tmp_path / "model")
    assert loaded.id == saved.id
    assert loaded.calibration == replace(saved.calibration, threshold=0.75, guarantee=promise)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        store_calibration(tmp_path / "model", saved.calibration)
    assert load_model(tmp_path / "model").calibration == loaded.calibration
    assert not list((tmp_path / "model").glob(".model-*"))


CURVE = MeasuredCurve("rehearsal", 40, (0.9, 0.5, 0.1), (0.25, 0.5, 1.0), (0.0, 0.05, 0.2))


def test_a_measured_curve_is_kept_and_older_folders_have_none(tmp_path: Path) -> None:
    saved = save(tmp_path / "model")
    assert saved.calibration.curve is None
    assert "curve" not in read_card(tmp_path / "model")["calibration"]
    store_calibration(tmp_path / "model", replace(saved.calibration, curve=CURVE))
    loaded = load_model(tmp_path / "model")
    assert (loaded.id, loaded.calibration.curve) == (saved.id, CURVE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": "hearsay"}, "rehearsal or labelled photos"),
        ({"n": 2}, "at least as many photos"),
        ({"n": "40"}, "at least as many photos"),
        ({"errors": [0.0, 0.05]}, "points"),
        ({"errors": [0.0, 0.05, 1.2]}, r"in \[0, 1\]"),
        ({"errors": [0.0, float("nan"), 0.2]}, r"in \[0, 1\]"),
        ({"thresholds": [0.9, 0.9, 0.1]}, "thresholds fall"),
        ({"coverages": [0.5, 0.25, 1.0]}, "coverages grow"),
        ({"coverages": None}, "TypeError"),
        ({"n": 200, "thresholds": [0.5] * 101, "coverages": [0.5] * 101, "errors": [0.5] * 101}, "1 to 100"),
        ({"thresholds": [], "coverages": [], "errors": []}, "1 to 100"),
    ],
)
def test_a_damaged_curve_is_named(tmp_path: Path, change: dict, message: str) -> None:
    saved = save(tmp_path / "model")
    store_calibration(tmp_path / "model", replace(saved.calibration, curve=CURVE))
    path = tmp_path / "model" / "model.json"
    description = json.loads(path.read_text())
    description["calibration"]["curve"] |= change
    path.write_text(by_hand(description))
    with pytest.raises(ModelError, match=message):
        load_model(tmp_path / "model")
