"""From a folder of photos and a split to a model folder, and what the rehearsal settles."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file

from modiste import compute
from modiste.datasets import Labels, read_splits
from modiste.errors import DataError, ModelError
from modiste.learn import learn, preprocess_of, read_examples, rehearse, remember, settle
from modiste.model_folder import load_model
from modiste.networks import ResNet, ResNetConfig
from modiste.preprocessing import Preprocess
from modiste.recommendation import Confidence
from modiste.training import Examples, Recipe, write_recipe
from modiste.training.recipes import Stage

TINY = Recipe(
    name="tiny",
    about="for tests",
    epochs=4,
    stages=(Stage(1.0, 20, 15),),
    widths=(8, 16),
    depths=(1, 1),
    batch=32,
    rehearsal=3,
)
TYPES = 6


def bar_photo(kind: int, rng: np.random.Generator, height: int = 80, width: int = 60) -> np.ndarray:
    """A dark bar on white whose height on the picture is its type."""
    photo = np.full((height, width, 3), 255, np.uint8)
    top = 4 + kind * (height - 8) // TYPES
    photo[top : top + 9] = rng.integers(0, 120, 3)
    return photo


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Kaggle layout with 180 photos of six types in two categories, and a split over them."""
    monkeypatch.setenv("MODISTE_CACHE", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    (tmp_path / "shop" / "images").mkdir(parents=True)
    rows = []
    for number in range(180):
        kind = number % TYPES
        Image.fromarray(bar_photo(kind, rng)).save(tmp_path / "shop" / "images" / f"{number}.png")
        rows.append({"id": number, "articleType": f"Bar {kind}", "productDisplayName": f"No. {number}"})
        rows[-1] |= {"baseColour": ("Grey", "Brown")[number % 2], "gender": ("Men", "Women")[number % 5 % 2]}
        rows[-1] |= {"usage": "Casual", "season": ("Fall", "", "NA")[number % 3]}
    with (tmp_path / "shop" / "styles.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    with (tmp_path / "train.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["imageId", "articleTypeName", "categoryName", "articleTypeId", "categoryId"])
        for number in range(180):
            kind = number % TYPES
            writer.writerow([number, f"Bar {kind}", ["High", "Low"][kind // 3], kind, kind // 3])
    return tmp_path


def test_learn_writes_a_model_that_knows_its_types_and_its_calibration(shop: Path) -> None:
    seen: list[str] = []
    model = learn(
        [shop / "shop"],
        shop,
        TINY,
        seed=3,
        out=shop / "model",
        progress=lambda done, total, what: seen.append(what.partition(",")[0]),
    )
    assert model.id == load_model(shop / "model").id
    assert model.labels.types == tuple(f"Bar {kind}" for kind in range(TYPES))
    assert model.training["photos"] == 180
    assert model.training["rehearsed"]
    assert {"reading photos", "training", "rehearsing"} <= set(seen)
    assert 0 <= model.calibration.threshold <= 1
    Confidence.from_dict(model.calibration.confidence)  # usable
    curve = model.calibration.curve
    assert curve is not None
    assert (curve.source, curve.n) == ("rehearsal", 72)  # 12 held back and 60 of unseen types
    assert curve.coverages[-1] == 1
    assert model.calibration.threshold in curve.thresholds
    assert "seed 3" in model.card
    assert (
        (shop / "model" / "history.csv")
        .read_text()
        .startswith("step,photos,seconds,loss,rate,height,width\n")
    )
    with Image.open(shop / "model" / "history.png") as curve:
        assert min(curve.size) > 100
    assert (model.preprocess.height, model.preprocess.width) == (20, 15)  # as the last stage had them
    photos = np.stack(
        [model.preprocess.fit(bar_photo(kind, np.random.default_rng(9))) for kind in range(TYPES)]
    )
    assert model.classify(photos).shape == (TYPES, TYPES)
    left = [path.name for path in shop.iterdir() if path.name.startswith(".")]
    assert left == []  # no checkpoint, nothing half written


@pytest.mark.parametrize(
    ("recipe", "dimension"),
    [
        (replace(TINY, objective="cross-entropy"), 4 * 8 + 16),
        (replace(TINY, objective="triplet", sampler="category", features="outputs", margin=0.2), TYPES),
        (
            replace(
                TINY, objective="prototypical", sampler="episodes", ways=4, shots=4, queries=4, components=7
            ),
            7,
        ),
    ],
    ids=lambda value: value.objective if isinstance(value, Recipe) else None,
)
def test_a_model_of_any_objective_names_types(shop: Path, recipe: Recipe, dimension: int) -> None:
    recipe = replace(recipe, epochs=12, rehearsal=0, ema=0.9)
    model = learn([shop / "shop"], shop, recipe, out=shop / "model")
    assert model.dimension == dimension
    rng = np.random.default_rng(9)
    kinds = np.repeat(np.arange(TYPES), 5)
    probabilities = model.classify(np.stack([model.preprocess.fit(bar_photo(kind, rng)) for kind in kinds]))
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (probabilities.argmax(axis=1) == kinds).mean() > 0.6


RICH = replace(TINY, style_weight=0.2, style_epochs=2, text_epochs=2, copies=1)


def weights_in(folder: Path) -> bytes:
    return b"".join((folder / name).read_bytes() for name in ("weights.safetensors", "rich.safetensors"))


@pytest.mark.parametrize("members", [1, 2])
def test_a_rich_model_has_style_and_finds_by_name(shop: Path, members: int) -> None:
    seen: set[str] = set()
    model = learn(
        [shop / "shop"],
        shop,
        replace(RICH, members=members),
        out=shop / "rich",
        progress=lambda d, t, what: seen.add(what.split(",")[0]),
    )
    assert {"looking at photos again", "learning style", "learning names"} <= seen
    assert (model.regime, model.training["rehearsed"]) == ("rich", True)
    assert model.calibration.style_pull is not None
    assert "regime: rich: also base colour" in model.card
    photos = np.stack(
        [model.preprocess.fit(bar_photo(kind, np.random.default_rng(9))) for kind in range(TYPES)]
    )
    look = model.look(photos)
    assert look.style.shape == (TYPES, 2 + 2 + 1)
    assert np.allclose(np.linalg.norm(look.style, axis=1), 1, atol=1e-5)
    assert np.array_equal(look.style, model.style(photos))
    assert np.array_equal(look.for_text, model.embed_for_text(photos))
    assert model.embed_text(["No. 7", "Bar"]).shape == (2, look.for_text.shape[1])
    loaded = load_model(shop / "rich")
    assert np.array_equal(loaded.style(photos), look.style)


def test_a_course_model_says_that_it_has_no_style(shop: Path) -> None:
    model = learn([shop / "shop"], shop, replace(TINY, rehearsal=0), out=shop / "model")
    assert (model.regime, model.training["regime"], model.calibration.style_pull) == (
        "course",
        "course",
        None,
    )
    assert not (shop / "model" / "rich.safetensors").exists()
    photos = np.zeros((1, 20, 15, 3), np.uint8)
    for ask in (model.look, model.style, model.embed_for_text):
        with pytest.raises(ModelError, match=r"course regime.*train one with modiste train --recipe rich"):
            ask(photos)
    with pytest.raises(ModelError, match="has no text encoder"):
        model.embed_text(["shirt"])


def test_only_training_photos_are_described_and_a_course_model_reads_none_of_it(shop: Path) -> None:
    """What is said of other photos changes nothing; what is said at all changes no course model."""
    lines = (shop / "train.csv").read_text().splitlines()
    (shop / "train.csv").write_text(
        "\n".join(lines[:151]) + "\n"
    )  # the last 30 photos are no longer for training
    recipe = replace(RICH, rehearsal=0)
    learn([shop / "shop"], shop, recipe, out=shop / "rich")
    learn([shop / "shop"], shop, replace(TINY, rehearsal=0), out=shop / "course")
    table = (shop / "shop" / "styles.csv").read_text().splitlines()
    others = [
        line.replace("Grey", "Pink").replace("Men", "Boys").replace("No.", "Tie") for line in table[151:]
    ]
    (shop / "shop" / "styles.csv").write_text("\n".join(table[:151] + others) + "\n")
    learn([shop / "shop"], shop, recipe, out=shop / "again")
    assert weights_in(shop / "rich") == weights_in(shop / "again")
    bare = [",".join(line.split(",")[:2]) for line in table]
    (shop / "shop" / "styles.csv").write_text("\n".join(bare) + "\n")
    learn([shop / "shop"], shop, replace(TINY, rehearsal=0), out=shop / "bare")
    assert (shop / "course" / "weights.safetensors").read_bytes() == (
        shop / "bare" / "weights.safetensors"
    ).read_bytes()
    with pytest.raises(DataError, match="no column baseColour, gender, usage, season, productDisplayName"):
        learn([shop / "shop"], shop, recipe, out=shop / "never")


@pytest.mark.parametrize("step", ["training", "learning names"])
def test_a_rich_run_killed_anywhere_ends_the_same(shop: Path, step: str) -> None:
    def stop(done: int, total: int, what: str) -> None:
        if what.startswith(step) and done == total - 1:
            raise SystemExit

    recipe = replace(RICH, rehearsal=0)
    learn([shop / "shop"], shop, recipe, out=shop / "whole")
    with pytest.raises(SystemExit):
        learn([shop / "shop"], shop, recipe, out=shop / "killed", progress=stop)
    learn([shop / "shop"], shop, recipe, out=shop / "killed", resume=True)
    assert weights_in(shop / "whole") == weights_in(shop / "killed")


def test_what_a_run_took_before_it_was_resumed_counts(shop: Path) -> None:
    def stop(done: int, total: int, what: str) -> None:
        if what.startswith("remembering"):
            raise KeyboardInterrupt

    recipe = replace(TINY, rehearsal=0, memory=True)
    learn([shop / "shop"], shop, recipe, out=shop / "model", progress=stop)
    checkpoint = shop / ".model.checkpoint"
    with safe_open(checkpoint, "pt") as file:
        facts = json.loads(file.metadata()["facts"])
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no dict
    facts["seconds"] += 1000
    save_file(tensors, checkpoint, metadata={"facts": json.dumps(facts)})
    model = learn([shop / "shop"], shop, recipe, out=shop / "model", resume=True)
    assert 1000 < model.training["seconds"] < 1100


def test_ctrl_c_while_names_are_learned_leaves_a_model_without_them(shop: Path) -> None:
    def stop(done: int, total: int, what: str) -> None:
        if what.startswith("learning names"):
            raise KeyboardInterrupt

    model = learn([shop / "shop"], shop, RICH, out=shop / "model", progress=stop)
    assert (model.training["complete"], model.regime) == (False, "rich")
    with pytest.raises(ModelError, match="left that out or was ended early"):
        model.embed_text(["shirt"])
    model = learn([shop / "shop"], shop, RICH, out=shop / "model", resume=True)
    assert model.training["complete"]
    assert model.embed_text(["shirt"]).shape[0] == 1


def test_a_run_stopped_by_ctrl_c_saves_a_usable_model(shop: Path) -> None:
    def stop(done: int, total: int, what: str) -> None:
        if what.startswith("training") and done == 5:
            raise KeyboardInterrupt

    model = learn([shop / "shop"], shop, TINY, out=shop / "model", progress=stop)
    assert not model.training["complete"]
    assert not model.training["rehearsed"]
    assert "ended early" in model.card
    assert not (shop / "model" / "history.png").exists()  # nothing was reported yet: there is nothing to draw
    taken_over = replace(load_model("default").calibration, curve=None)  # that was measured with another
    assert model.calibration == taken_over  # there was no rehearsal


def test_a_model_remembers_its_photos_unless_stopped_before(shop: Path) -> None:
    plain = learn([shop / "shop"], shop, replace(TINY, rehearsal=0), out=shop / "plain")
    recipe = replace(TINY, rehearsal=0, memory=True, balance=0.2)
    model = learn([shop / "shop"], shop, recipe, out=shop / "model")
    assert model.memory is not None
    assert len(model.memory) == 180
    assert model.memory.balance == 0.2
    assert np.bincount(model.memory.types).tolist() == [30] * TYPES
    assert plain.memory is None
    assert plain.id.partition("-")[2] == model.id.partition("-")[2]  # the same network
    pixels = model.preprocess.fit(bar_photo(2, np.random.default_rng(7)))[None]
    assert np.abs(plain.classify(pixels) - model.classify(pixels)).max() > 1e-4
    assert model.classify(pixels).argmax() == 2

    def stop(done: int, total: int, what: str) -> None:
        if what.startswith("remembering"):
            raise KeyboardInterrupt

    stopped = learn([shop / "shop"], shop, recipe, out=shop / "stopped", progress=stop)
    assert stopped.memory is None
    assert not stopped.training["complete"]
    resumed = learn([shop / "shop"], shop, recipe, out=shop / "stopped", resume=True)
    assert resumed.memory is not None


def test_a_teacher_is_asked_for_the_photos_but_not_in_the_rehearsal(shop: Path) -> None:
    plain = learn([shop / "shop"], shop, TINY, out=shop / "plain")
    larger = replace(TINY, stages=(Stage(1.0, 40, 30),), widths=(8, 24), rehearsal=0)
    teacher = learn([shop / "shop"], shop, larger, out=shop / "teacher")
    seen: list[str] = []
    model = learn(
        [shop / "shop"],
        shop,
        TINY,
        out=shop / "model",
        teacher=shop / "teacher",
        progress=lambda done, total, what: seen.append(what),
    )
    assert "asking the teacher" in seen
    assert model.training["teacher"] == teacher.id
    assert f"teacher: {teacher.id}" in model.card
    assert plain.training["teacher"] is None
    assert "teacher" not in plain.card
    assert not torch.equal(model.network.stem.weight, plain.network.stem.weight)
    assert (
        model.calibration == plain.calibration
    )  # some types play unseen there, and the teacher has seen them
    with pytest.raises(ModelError, match="nobody"):
        learn([shop / "shop"], shop, TINY, out=shop / "other", teacher=shop / "nobody")
    assert not (shop / "other").exists()


def test_a_run_is_logged_for_tensorboard(shop: Path) -> None:
    pytest.importorskip("tensorboard", reason="the tensorboard extra is not installed")
    learn([shop / "shop"], shop, TINY, out=shop / "model", tensorboard=shop / "logs" / "first")
    [log] = (shop / "logs" / "first").iterdir()
    assert b"training/loss" in log.read_bytes()


@pytest.mark.slow  # both processes and torchrun load PyTorch
def test_torchrun_trains_one_model_in_two_processes(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_recipe(TINY, shop / "tiny.json")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m"]
    command += ["modiste", "train", str(shop / "shop"), "--splits", str(shop), "--json"]
    command += ["--recipe", str(shop / "tiny.json"), "-o", str(shop / "two")]
    environment = os.environ | {"MODISTE_PRECISION": "fp32", "MODISTE_DEVICE": "cpu"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)  # one process speaks
    together = load_model(shop / "two")
    assert made["id"] == together.id
    assert together.training["rehearsed"]
    assert [path.name for path in shop.iterdir() if path.name.startswith(".")] == []

    monkeypatch.setattr(compute, "precision", lambda: torch.float32)
    learn([shop / "shop"], shop, TINY, out=shop / "one")
    with (shop / "one" / "history.csv").open() as one, (shop / "two" / "history.csv").open() as two:
        alone, both = list(csv.DictReader(one)), list(csv.DictReader(two))
    assert [row["photos"] for row in both] == [row["photos"] for row in alone]
    assert [float(row["loss"]) for row in both] == pytest.approx(
        [float(row["loss"]) for row in alone], rel=0.01
    )


def test_a_bound_on_the_photos_of_each_type_holds_and_hangs_on_the_seed(shop: Path) -> None:
    few = replace(TINY, epochs=1, rehearsal=0, most_per_type=20)
    seen: list[int] = []
    for seed in (0, 0, 1):
        model = learn(
            [shop / "shop"], shop, few, seed=seed, out=shop / "few", progress=lambda _, n, w: seen.append(n)
        )
        assert model.training["photos"] == 20 * TYPES
    assert set(seen) >= {20 * TYPES}
    assert 180 not in seen  # not even decoded
    stores = [store for store in (shop / "cache" / "pixels").iterdir() if store.is_dir()]
    assert len(stores) == 2  # one for each seed


def test_the_bound_is_drawn_from_what_is_there(shop: Path) -> None:
    for number in range(60):
        (shop / "shop" / "images" / f"{number}.png").unlink()
    split = read_splits(shop).train
    few = replace(TINY, most_per_type=15)
    examples, missing = read_examples([shop / "shop"], split, Labels.of(split), preprocess_of(few), few)
    assert np.bincount(examples.types).tolist() == [15] * TYPES
    assert sorted(map(int, missing)) == list(range(60))
    with pytest.raises(DataError, match="none of the 180 photos wanted"):
        read_examples([elsewhere(shop)], split, Labels.of(split), preprocess_of(few), few)


def elsewhere(shop: Path) -> Path:
    """A folder with one photo that the shop does not have."""
    (shop / "elsewhere").mkdir()
    Image.fromarray(np.zeros((8, 6, 3), np.uint8)).save(shop / "elsewhere" / "other.png")
    return shop / "elsewhere"


def test_mistakes_are_named_before_the_long_run(shop: Path) -> None:
    (shop / "taken").mkdir()
    (shop / "taken" / "mine.txt").write_text("x")
    with pytest.raises(ModelError, match="no model folder"):
        learn([shop / "shop"], shop, TINY, out=shop / "taken")
    with pytest.raises(DataError, match=r"train\.csv"):
        learn([shop / "shop"], shop / "shop", TINY, out=shop / "model")
    with pytest.raises(DataError):
        learn([shop / "nowhere"], shop, TINY, out=shop / "model")


def test_several_networks_become_one_model(shop: Path) -> None:
    (shop / ".two.checkpoint-3").write_bytes(b"what a killed run of three networks has left")
    model = learn(
        [shop / "shop"], shop, replace(TINY, members=2, memory=True, components=20), out=shop / "two"
    )
    assert model.network.config.members == 2
    assert model.dimension == 2 * 20
    assert model.training["rehearsed"]
    assert "2 networks as one" in model.card
    assert model.memory is not None
    assert json.loads((shop / "two" / "model.json").read_text())["format"] == 2
    photos = np.stack(
        [model.preprocess.fit(bar_photo(kind, np.random.default_rng(9))) for kind in range(TYPES)]
    )
    assert model.classify(photos).argmax(axis=1).tolist() == list(range(TYPES))
    assert [path.name for path in shop.iterdir() if path.name.startswith(".")] == []


def test_each_member_is_whitened_by_itself() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 40, 30, 3), dtype=np.uint8)
    examples = Examples(pixels, np.arange(60), np.arange(60) % 3, np.zeros(60, np.int64))
    config = ResNetConfig(types=3, categories=1, widths=(8, 16), depths=(1, 1), stripes=2)
    each = [ResNet(config).eval().requires_grad_(False) for _ in range(2)]
    together = ResNet.joined(each)
    for network in (*each, together):
        settle(network, Preprocess(height=40, width=30), examples, seed=0)
    places = together.member_places()
    for network, own in zip(each, places, strict=True):
        assert torch.allclose(together.centre[own], network.centre, atol=1e-5)
        assert torch.allclose(together.whitening[own], network.whitening, rtol=0.02, atol=0.01)
    assert torch.allclose(together.prototypes.norm(dim=1), torch.ones(3), atol=1e-5)
    for network in (*each, together):
        settle(network, Preprocess(height=40, width=30), examples, seed=0, components=5)
    assert (each[0].config.dimension, together.config.dimension) == (5, 10)
    whole = together.whole_whitening()
    for member, own in enumerate(places):
        of_member = whole[:, 5 * member : 5 * member + 5].abs().amax(dim=1) > 0
        assert torch.equal(of_member.nonzero().flatten(), own)


def test_what_was_seen_while_settling_is_not_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 40, 30, 3), dtype=np.uint8)
    examples = Examples(pixels, np.arange(60), np.repeat([0, 1], [50, 10]), np.zeros(60, np.int64))
    network = ResNet(ResNetConfig(types=2, categories=1, widths=(8, 16), depths=(1, 1))).eval()
    preprocess = Preprocess(height=40, width=30)
    monkeypatch.setattr(sys.modules["modiste.learn"], "SETTLING_PHOTOS", 20)
    settled = settle(network, preprocess, examples, seed=0)
    assert np.bincount(examples.types[settled.rows]).tolist() == [20, 10]
    whole = remember(network, preprocess, examples)
    reports: list[tuple[int, int]] = []
    memory = remember(
        network, preprocess, examples, settled, progress=lambda done, total, _: reports.append((done, total))
    )
    assert reports == [(30, 60), (60, 60)]
    assert np.abs(memory.codes.astype(int) - whole.codes).max() <= 1
    assert np.array_equal(memory.types, examples.types)


def test_a_rehearsal_does_not_learn_from_the_unseen_types_nor_from_judged_photos() -> None:
    rng = np.random.default_rng(0)
    types = np.repeat(np.arange(6), 60)
    pixels = np.stack([bar_photo(kind, rng, 40, 30) for kind in types])
    examples = Examples(pixels, np.arange(len(types)), types, (types > 2).astype(np.int64))
    calibration = rehearse(examples, TINY, seed=0, preprocess=Preprocess(height=40, width=30))
    again = rehearse(examples, TINY, seed=0, preprocess=Preprocess(height=40, width=30))
    assert calibration is not None
    assert calibration == again
    assert json.loads(json.dumps(calibration.confidence)) == calibration.confidence
    episodes = replace(TINY, objective="prototypical", sampler="episodes", ways=6, shots=2, queries=2)
    rehearsed = rehearse(examples, episodes, seed=0, preprocess=Preprocess(height=40, width=30))
    assert rehearsed is not None  # in episodes of the four types that are left
    few = Examples(pixels[:120], np.arange(120), types[:120], types[:120])
    assert rehearse(few, TINY, seed=0, preprocess=Preprocess(height=40, width=30)) is None
