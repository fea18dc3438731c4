"""The loop that teaches labels: learns, freezes what it should, keeps the best epoch, repeats, resumes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from modiste.datasets.label_set import LabelSet
from modiste.errors import DataError, ModelError, RecipeError
from modiste.metrics.labels import per_label
from modiste.networks import build_network
from modiste.networks.weights import pretrained_network
from modiste.preprocessing import Preprocess
from modiste.training.augmentation import Augmentation, Mixture
from modiste.training.label_loop import (
    LabelExamples,
    LabelTrained,
    freeze,
    label_loss,
    train_labels,
    tune_thresholds,
)
from modiste.training.label_recipes import LabelRecipe

STILL = Augmentation(rotation=0, zoom=0, stretch=0, shift=0, colour=0, erasing=0)
TINY = LabelRecipe(
    "tiny", "for tests", network="cnn3", epochs=4, batch=16, rate=0.01, loss="bce", augmentation=STILL
)
PREPROCESS = Preprocess(height=24, width=16)
LABELS = LabelSet(("high", "low", "wide"), ("", "", ""))


def bars(n: int = 64, seed: int = 0) -> LabelExamples:
    """Photos with a dark bar high, low and at the side, each there or not: one label each."""
    rng = np.random.default_rng(seed)
    matrix = (rng.random((n, 3)) < 0.5).astype(np.uint8)
    pixels = np.full((n, 24, 16, 3), 255, np.uint8)
    for photo, (high, low, wide) in zip(pixels, matrix, strict=True):
        photo[2:8] = 0 if high else 255
        photo[16:22] = 0 if low else 255
        photo[:, 6:10] = [250, 0, 0] if wide else photo[:, 6:10]
    return LabelExamples(pixels, np.arange(n), matrix)


def groups(photos: LabelExamples) -> tuple[LabelExamples, LabelSet]:
    """The same as two tasks: a bar high or not, a bar low or not."""
    high, low = photos.matrix[:, 0], photos.matrix[:, 1]
    matrix = np.stack([high, 1 - high, low, 1 - low], axis=1)
    names = ("top:dark", "top:white", "foot:dark", "foot:white")
    return replace(photos, matrix=matrix), LabelSet(names, ("top", "top", "foot", "foot"))


def run(recipe: LabelRecipe, **options: object) -> LabelTrained:
    return train_labels(
        bars(), options.pop("validation", bars(32, 1)), LABELS, recipe, preprocess=PREPROCESS, **options
    )


def weights(trained: LabelTrained) -> torch.Tensor:
    return torch.cat([value.flatten().float() for value in trained.network.state_dict().values()])


class Stopper:
    """A progress that interrupts the run at a step, as Ctrl-C or a kill would."""

    def __init__(self, at: int, how: type[BaseException]) -> None:
        self.at, self.how = at, how

    def __call__(self, done: int, total: int, what: str) -> None:
        if done == self.at and what.startswith("training"):
            raise self.how


def scores(trained: LabelTrained, photos: LabelExamples) -> np.ndarray:
    pictures = (torch.from_numpy(photos.pixels).permute(0, 3, 1, 2).float() - 127.5) / 63.75
    with torch.inference_mode():
        return trained.network.type_scores(trained.network(pictures)).numpy()


@pytest.mark.parametrize(
    "change",
    [{}, {"loss": "focal", "alpha": 0.5, "class_weights": True, "sampler": "weighted", "optimiser": "muon"}],
    ids=["bce", "focal, weighted, muon"],
)
def test_learns_many_labels(change: dict[str, object]) -> None:
    rows: list[dict[str, float]] = []
    trained = run(replace(TINY, epochs=12, **change), report=rows.append)
    assert rows == trained.history
    assert [row["step"] for row in rows] == [4 * epoch for epoch in range(1, 13)]
    fresh = bars(32, seed=2)
    said = LABELS.probabilities(scores(trained, fresh), "sigmoid") >= trained.thresholds
    assert per_label(fresh.matrix, said).f1.mean() > 0.9
    assert len(trained.history) == 12
    assert trained.history[trained.best_epoch - 1]["val_f1_macro"] == max(
        row["val_f1_macro"] for row in trained.history
    )


def test_cutmix_counts_labels_by_area(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[torch.Tensor] = []

    def quarter(pictures: torch.Tensor, *, generator: torch.Generator) -> tuple[torch.Tensor, Mixture]:
        return pictures, Mixture(torch.arange(len(pictures)).flip(0), kept=0.75)

    def loss(scores: torch.Tensor, borne: torch.Tensor, *args: object, **more: object) -> torch.Tensor:
        seen.append(borne)
        return scores.sum() * 0 + borne[0].argmax()

    monkeypatch.setattr("modiste.training.label_loop.cutmix", quarter)
    monkeypatch.setattr("modiste.training.label_loop.label_loss", loss)
    trained = run(replace(TINY, epochs=1, cutmix=1.0), validation=None)
    assert len(seen) == 2 * trained.history[-1]["step"]
    costs = []
    for own, others in zip(seen[::2], seen[1::2], strict=True):
        assert torch.equal(own.flip(0), others)
        costs.append(0.75 * int(own[0].argmax()) + 0.25 * int(others[0].argmax()))
    assert trained.history[-1]["loss"] == pytest.approx(np.mean(costs), abs=1e-4)


def test_learns_several_tasks_at_once() -> None:
    photos, labels = groups(bars())
    recipe = replace(TINY, loss="cross-entropy", epochs=12)
    trained = train_labels(photos, None, labels, recipe, preprocess=PREPROCESS)
    fresh, _ = groups(bars(32, seed=2))
    said = labels.decide(scores(trained, fresh), "softmax", trained.thresholds)
    assert (said == fresh.matrix).mean() > 0.9
    assert trained.best_epoch == 12  # nothing to choose by
    assert trained.thresholds.tolist() == [0.5] * 4
    assert "val_loss" not in trained.history[0]


def test_a_photo_without_a_label_of_a_group_teaches_the_group_nothing() -> None:
    _, labels = groups(bars(2))
    recipe = replace(TINY, loss="cross-entropy")
    outputs = torch.randn(3, 4, generator=torch.Generator().manual_seed(0), requires_grad=True)
    matrix = torch.tensor([[1, 0, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0]], dtype=torch.uint8)
    loss = label_loss(outputs, matrix, labels, recipe)
    top = torch.nn.functional.cross_entropy(outputs[:2, :2], torch.tensor([0, 1]))
    foot = torch.nn.functional.cross_entropy(outputs[1:2, 2:], torch.tensor([1]))
    assert torch.isclose(loss, (top + foot) / 2)
    loss.backward()
    assert outputs.grad is not None
    assert not outputs.grad[2].any()
    assert not outputs.grad[0, 2:].any()


def test_the_same_seed_gives_the_same_weights_and_another_does_not() -> None:
    recipe = replace(TINY, network="vgg", epochs=2, ema=0.5)  # vgg leaves out features at random
    first = weights(run(recipe))
    assert torch.equal(first, weights(run(recipe)))
    assert not torch.equal(first, weights(run(recipe, seed=1)))


@pytest.mark.parametrize(
    "change", [{"ema": 0.9, "optimiser": "muon", "cutmix": 0.5}, {"schedule": "plateau", "patience": 1}]
)
def test_a_killed_run_ends_as_one_that_was_not(tmp_path: Path, change: dict[str, object]) -> None:
    recipe = replace(TINY, network="vgg", **change)
    whole = run(recipe)
    file = tmp_path / "run.checkpoint"
    with pytest.raises(MemoryError):
        run(recipe, checkpoint=file, progress=Stopper(10, MemoryError))  # in the third epoch
    resumed = run(recipe, checkpoint=file, resume=True)
    assert torch.equal(weights(resumed), weights(whole))
    assert resumed.best_epoch == whole.best_epoch
    assert [row["loss"] for row in resumed.history] == [row["loss"] for row in whole.history]
    with pytest.raises(ModelError, match="of another recipe"):
        run(recipe, checkpoint=file, resume=True, seed=1)


def test_ctrl_c_leaves_a_usable_network() -> None:
    trained = run(TINY, progress=Stopper(2, KeyboardInterrupt))
    assert not trained.complete
    assert np.isfinite(scores(trained, bars(4))).all()


@pytest.fixture
def taught(tmp_path: Path) -> str:
    """A file of weights for cnn3's body."""
    torch.manual_seed(7)
    file = tmp_path / "weights.safetensors"
    weights = build_network("cnn3", types=9, height=24, width=16).state_dict()
    save_file({name: value.contiguous() for name, value in weights.items()}, file)
    return str(file)


@pytest.mark.parametrize(
    ("learns", "moved"),
    [
        ("head", {"head"}),
        ("features", {"head"}),
        ("last-blocks", {"blocks.1", "blocks.2", "head"}),
        ("gradual", {"blocks.0", "blocks.1", "blocks.2", "head"}),
        ("full", {"blocks.0", "blocks.1", "blocks.2", "head"}),
    ],
)
def test_only_what_the_recipe_says_learns(taught: str, learns: str, moved: set[str]) -> None:
    recipe = replace(TINY, weights=taught, learns=learns, blocks=2, body_rate=0.5)
    trained = run(recipe, validation=None)
    torch.manual_seed(0)
    start = pretrained_network("cnn3", taught, types=3, height=24, width=16).state_dict()
    changed = {
        ".".join(name.split(".")[: -2 if name.startswith("blocks") else -1])
        for name, value in trained.network.state_dict().items()
        if not torch.equal(value, start[name])
    }
    assert changed == moved  # weights, and the running statistics of what is frozen


def test_parts_thaw_one_after_the_other() -> None:
    network = build_network("resnet", types=3, height=24, width=16)
    recipe = LabelRecipe("mine", "for tests", learns="gradual", weights="file", epochs=6)
    open_parts = []
    for epoch in range(6):
        freeze(network, recipe, epoch)
        learning = {name for name, value in network.named_parameters() if value.requires_grad}
        open_parts.append(
            [any(name.startswith(part[0]) for name in learning) for part in network.parts()].count(True)
        )
        assert network.stem_norm.training == (open_parts[-1] == 6)
    assert open_parts == [1, 2, 3, 4, 5, 6]


def test_a_plateau_lowers_the_rate() -> None:
    recipe = replace(TINY, epochs=12, rate=1e-9, schedule="plateau", patience=2, factor=0.1, warmup=1e-6)
    history = run(recipe).history
    best, waited, expected = -1.0, 0, 1.0
    for row in history:
        assert row["rate"] == pytest.approx(expected, abs=1e-6)
        waited = 0 if row["val_f1_macro"] > best else waited + 1
        best = max(best, row["val_f1_macro"])
        if waited == 2:
            expected, waited = 0.1 * expected, 0
    assert history[-1]["rate"] < 1


def test_a_trapezoid_stays_and_then_falls_along_a_line() -> None:
    recipe = replace(TINY, epochs=10, schedule="trapezoid", cooldown=0.5, warmup=1e-6)
    rates = [row["rate"] for row in run(recipe).history]
    assert rates[:5] == [1.0] * 5
    assert np.diff(rates[5:]) == pytest.approx(-0.2)


def test_norms_and_biases_of_the_body_learn_at_their_own_rate() -> None:
    """A first step of AdamW without weight decay moves each weight by the rate: what moved tells it."""
    recipe = replace(TINY, epochs=1, batch=64, rate=1e-3, body_rate=0.5, norm_rate=8.0, weight_decay=0.0)
    torch.manual_seed(0)
    before = dict(build_network("cnn3", types=3, height=24, width=16).named_parameters())
    after = dict(run(replace(recipe, warmup=1.0)).network.named_parameters())
    for name, weight in after.items():
        rate = 1.0 if name.startswith("head") else 0.5 if weight.ndim > 1 else 4.0
        moved = (weight - before[name]).detach().abs().max().item()
        assert moved == pytest.approx(1e-3 * rate, rel=0.02), name


def test_large_photos_are_judged_a_few_at_a_time() -> None:
    seen = []
    hook = torch.nn.modules.module.register_module_forward_pre_hook(
        lambda module, inputs: seen.append(inputs[0]) if type(module).__name__ == "Cnn3" else None
    )
    large = LabelExamples(np.full((10, 320, 240, 3), 255, np.uint8), np.arange(10), bars(10).matrix)
    recipe = replace(TINY, epochs=1, batch=2)
    try:
        train_labels(large, large, LABELS, recipe, preprocess=Preprocess(height=320, width=240))
    finally:
        hook.remove()
    assert [len(pictures) for pictures in seen[-4:]] == [8, 8, 2, 2]  # each with its mirror image


def test_grey_networks_are_taught_grey() -> None:
    seen = []
    grey = replace(PREPROCESS, grey=True)
    recipe = replace(TINY, epochs=1, augmentation=Augmentation(colour=0.5))
    hook = torch.nn.modules.module.register_module_forward_pre_hook(
        lambda module, inputs: seen.append(inputs[0]) if type(module).__name__ == "Cnn3" else None
    )
    try:
        train_labels(bars(), None, LABELS, recipe, preprocess=grey)
    finally:
        hook.remove()
    assert seen
    assert all(torch.equal(pictures[:, 0], pictures[:, 2]) for pictures in seen)


def test_thresholds_are_tuned_as_asked() -> None:
    truth = np.array([[1, 0], [1, 0], [0, 1], [0, 0]], np.uint8)
    sure = np.array([[0.3, 0.6], [0.2, 0.1], [0.1, 0.8], [0.1, 0.7]], np.float32)
    assert tune_thresholds(truth, sure, "half").tolist() == [0.5, 0.5]
    assert tune_thresholds(truth, sure, "each").tolist() == [pytest.approx(0.15), pytest.approx(0.75)]
    [one, other] = tune_thresholds(truth, sure, "global").tolist()
    assert one == other
    assert 0.1 < one <= 0.2


def test_what_cannot_be_done_is_said() -> None:
    with pytest.raises(RecipeError, match="waits for validation photos"):
        run(replace(TINY, schedule="plateau"), validation=None)
    with pytest.raises(DataError, match="one photo at least"):
        LabelExamples(bars().pixels, np.arange(0), np.zeros((0, 3), np.uint8))
    with pytest.raises(ModelError, match="cannot be read as weights"):
        run(replace(TINY, weights="nowhere.pth"))
