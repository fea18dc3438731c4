"""Two processes over gloo learn what one learns, go on from each other's checkpoints, and end together."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from modiste import compute
from modiste.errors import ModelError, ModisteError, RecipeError
from modiste.preprocessing import Preprocess
from modiste.training import Examples, Recipe, Teacher, Trained, train
from modiste.training.augmentation import Augmentation, augment
from modiste.training.distributed import Ranks, Share, joined, leads
from modiste.training.recipes import Stage
from modiste.training.rotation import quarter_turned
from modiste.training.synced_norm import SyncedBatchNorm, synchronise

PREPROCESS = Preprocess(height=20, width=15)
TINY = Recipe(
    name="tiny",
    about="for tests",
    epochs=5,
    stages=(Stage(1.0, 20, 15),),
    widths=(8, 16),
    depths=(1, 1),
    batch=25,  # odd: the two shares differ in size
    muon_rate=0.02,
    photos_per_type=6,
    ema=0.9,
    focus=1.0,
)
CURVES = {
    "focus": TINY,
    "cosface": replace(TINY, focus=0.0),
    "weighted, turned": replace(
        TINY, objective="cross-entropy", focus=0.0, class_weight_exponent=1.0, rotation_weight=0.5
    ),
    "triplet": replace(
        TINY, focus=0.0, objective="triplet", sampler="pk", margin=0.2, mining="random", features="outputs"
    ),
    "contrastive": replace(TINY, focus=0.0, objective="contrastive", sampler="pairs", margin=1.0),
    "taught": replace(TINY, name="taught", focus=0.0),  # see `run`
    "mixed, taught": replace(TINY, name="taught", focus=0.0, mixup=0.4),
    "proxies": replace(TINY, focus=0.0, objective="proxy-anchor", sampler="category"),
    "episodes": replace(
        TINY, focus=0.0, objective="prototypical", sampler="episodes", ways=3, shots=2, queries=2
    ),
}
# Sums of float32 in another order differ in the seventh digit; Muon rounds them to bfloat16, and every step
# builds on the last. With focus, a photo on the verge may be drawn or not. Over the 20 steps that leaves,
# in the loss (relative) and in the weights (as a share of the distance they have gone):
LOSS_TOLERANCE, WEIGHT_TOLERANCE = 0.002, 0.02
WITH_FOCUS = 10  # times as much
KILLED_AT = 8
PATIENCE = 600  # seconds, on a busy machine


def bars() -> Examples:
    """Four types that differ in where a dark bar lies, in two categories, of different sizes."""
    rng = np.random.default_rng(0)
    types = np.concatenate([np.arange(100) % 4, np.zeros(8, np.int64)])
    pixels = np.full((len(types), 20, 15, 3), 255, np.uint8)
    for photo, kind in zip(pixels, types, strict=True):
        photo[1 + 5 * kind : 4 + 5 * kind] = rng.integers(0, 120, 3)
    return Examples(pixels, np.arange(len(types)), types, types // 2)


def run(recipe: Recipe, **how: Any) -> Trained:
    examples = bars()
    if recipe.name == "taught":
        examples = replace(examples, teacher=Teacher("one", np.eye(3, dtype=np.float32)[examples.types % 3]))
    return train(examples, recipe, preprocess=PREPROCESS, **how)


def weights(trained: Trained) -> torch.Tensor:
    values = trained.network.state_dict().values()
    return torch.cat([value.flatten() for value in values if value.is_floating_point()])


class Killed(Exception):
    pass


def kill(done: int, total: int, what: str) -> None:
    if done == KILLED_AT:
        raise Killed


def layer_and_pictures(kind: torch.dtype) -> tuple[nn.Sequential, torch.Tensor, torch.Tensor]:
    """A layer with weights that are not all alike, pictures far from zero, and weights for their sum."""
    generator = torch.Generator().manual_seed(0)
    layer = nn.Sequential(nn.BatchNorm2d(3))
    for parameter in layer.parameters():
        parameter.data = torch.rand(3, generator=generator)
    pictures = 5 + torch.randn(7, 3, 4, 5, generator=generator)
    return layer, pictures.to(kind), torch.randn(7, 3, 4, 5, generator=generator)


def normalised(kind: torch.dtype, share: Share) -> dict[str, torch.Tensor]:
    """What a layer makes of a share of the pictures, the statistics it keeps, and all gradients."""
    layer, pictures, scale = layer_and_pictures(kind)
    if share.stop - share.start < share.total:
        synchronise(layer)
        assert isinstance(layer[0], SyncedBatchNorm)
    mine = pictures[share.rows].clone().requires_grad_()
    made = layer(mine)
    assert made.dtype == kind
    (made.float() * scale[share.rows]).sum().backward()
    assert mine.grad is not None
    return {
        "made": share.gather(made.detach().float()),
        "gradient": share.gather(mine.grad.float()),
        **{name: value.clone() for name, value in layer.state_dict().items()},
        **{f"gradient of {name}": value.grad for name, value in layer.named_parameters()},
    }


def work(rank: int, port: int, folder: Path) -> None:
    """One of two processes: everything that takes two, its results in a file of its own."""
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    os.environ["MODISTE_PRECISION"] = "fp32"
    torch.set_num_threads(1)
    results: dict[str, Any] = {}
    with joined():
        for kind in (torch.float32, torch.bfloat16):
            made = normalised(kind, Ranks().share(7))
            for name in ("0.weight", "0.bias"):  # each process has its share of these gradients
                made[f"gradient of {name}"] = 2 * Ranks().mean(made[f"gradient of {name}"])
            results[f"normalised {kind}"] = made
        for name, recipe in CURVES.items():
            trained = run(recipe)
            results[name] = weights(trained), [row["loss"] for row in trained.history]
        resumed = run(TINY, checkpoint=folder / "from-one", resume=True)
        results["resumed"] = weights(resumed), resumed.complete

        own = folder / "from-two" / f"of-{rank}"
        with pytest.raises(Killed):
            run(TINY, checkpoint=own, checkpoint_seconds=0, progress=kill)

        def press_ctrl_c(done: int, total: int, what: str) -> None:
            if rank == 1 and done == 5:
                signal.raise_signal(signal.SIGINT)

        stopped = run(TINY, progress=press_ctrl_c)
        results["interrupted"] = weights(stopped), stopped.complete
        for what, recipe, how in (
            ("maml", replace(TINY, focus=0, objective="maml", sampler="episodes", ways=2, category_weight=0.0,
                             queries=2, shots=2), {}),
            ("turned", replace(TINY, rotation_weight=0.5, batch=7), {}),
            ("elsewhere", TINY, {"checkpoint": folder / f"only-{rank}", "resume": True}),
        ):  # fmt: skip
            with pytest.raises(ModisteError) as refused:
                run(recipe, **how)
            results[what] = type(refused.value), str(refused.value)
        torch.save(results, folder / f"results-{rank}")

        def die(done: int, total: int, what: str) -> None:
            if rank == 1 and done == 5:
                os._exit(3)

        with pytest.raises(ModisteError, match="another process of this run ended"):
            run(TINY, checkpoint=folder / "of-the-dead", checkpoint_seconds=0, progress=die)
        (folder / "survived").touch()


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any], Path]:
    """What two processes made, one after the other, and the folder with the checkpoints they left."""
    folder = tmp_path_factory.mktemp("two")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compute, "precision", lambda: torch.float32)
        with pytest.raises(Killed):
            run(TINY, checkpoint=folder / "from-one", checkpoint_seconds=0, progress=kill)
    (folder / "only-0").write_bytes((folder / "from-one").read_bytes())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=work, args=(rank, port, folder)) for rank in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE)
        process.kill()
        process.join()
    assert [process.exitcode for process in processes] == [0, 3]
    first, second = (torch.load(folder / f"results-{rank}", weights_only=False) for rank in range(2))
    return first, second, folder


@pytest.fixture
def in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "precision", lambda: torch.float32)


@pytest.mark.slow
@pytest.mark.parametrize("name", CURVES)
def test_two_processes_learn_what_one_learns(two, in_float32: None, name: str) -> None:
    recipe = CURVES[name]
    alone = run(recipe)
    start = weights(run(replace(recipe, epochs=0.01, muon_rate=0.0, adam_rate=0.0, weight_decay=0.0)))
    first, losses = two[0][name]
    second, _ = two[1][name]
    assert torch.equal(first, second)
    leeway = WITH_FOCUS if recipe.focus else 1
    assert losses == pytest.approx([row["loss"] for row in alone.history], rel=leeway * LOSS_TOLERANCE)
    apart, gone = (first - weights(alone)).norm(), (weights(alone) - start).norm()
    assert apart < leeway * WEIGHT_TOLERANCE * gone


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 0.02)])
def test_batch_normalisation_goes_by_the_whole_batch(two, kind: torch.dtype, tolerance: float) -> None:
    expected = normalised(kind, Share(0, 7, 7))
    for results in two[:2]:
        made = results[f"normalised {kind}"]
        assert made.keys() == expected.keys()
        for name, value in made.items():
            torch.testing.assert_close(value, expected[name], rtol=tolerance, atol=tolerance, msg=name)


@pytest.mark.slow
def test_a_run_of_one_process_goes_on_in_two(two) -> None:
    for results in two[:2]:
        resumed, complete = results["resumed"]
        assert complete
        close_to_whole(resumed)


@pytest.mark.slow
def test_a_run_of_two_processes_goes_on_in_one(two, in_float32: None) -> None:
    folder = two[2] / "from-two"
    assert [path.name for path in folder.iterdir()] == ["of-0"]  # the first process alone writes
    seen: list[int] = []
    resumed = run(
        TINY, checkpoint=folder / "of-0", resume=True, progress=lambda done, total, what: seen.append(done)
    )
    assert seen[0] == KILLED_AT  # the step before it was the last to be kept
    close_to_whole(weights(resumed))


def close_to_whole(resumed: torch.Tensor) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compute, "precision", lambda: torch.float32)
        whole = weights(run(TINY))
    assert (resumed - whole).norm() < WEIGHT_TOLERANCE * whole.norm()


@pytest.mark.slow
def test_ctrl_c_in_one_process_ends_all_at_the_same_step(two) -> None:
    (first, complete), (second, also_complete) = (results["interrupted"] for results in two[:2])
    assert not complete
    assert not also_complete
    assert torch.equal(first, second)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "error", "words"),
    [
        ("maml", RecipeError, "maml adapts the network to one episode"),
        ("turned", RecipeError, "batches of 7 photos are too small for 2 processes, which need at least 4"),
        ("elsewhere", ModelError, "keep it where all of them see it"),
    ],
)
def test_what_cannot_be_shared_is_refused(two, what: str, error: type, words: str) -> None:
    for results in two[:2]:
        kind, message = results[what]
        assert kind is error
        assert words in message


@pytest.mark.slow
def test_the_others_end_when_one_dies_and_the_checkpoint_is_whole(two, in_float32: None) -> None:
    assert (two[2] / "survived").exists()
    resumed = run(TINY, checkpoint=two[2] / "of-the-dead", resume=True)
    assert resumed.complete
    close_to_whole(weights(resumed))


def test_shares_are_altered_as_the_whole_batch_is() -> None:
    photos = torch.randint(256, (10, 20, 15, 3), dtype=torch.uint8)
    pictures = torch.rand(10, 3, 20, 15)

    def drawn() -> torch.Generator:
        return torch.Generator().manual_seed(1)

    size = {"height": 20, "width": 15}
    whole = augment(photos, Augmentation(), **size, generator=drawn())
    turned, quarters = quarter_turned(pictures, drawn())
    for share in (Share(0, 3, 10), Share(3, 10, 10)):
        mine = share.rows
        assert torch.equal(
            augment(photos[mine], Augmentation(), **size, generator=drawn(), share=share), whole[mine]
        )
        also_turned, also_quarters = quarter_turned(pictures[mine], drawn(), share)
        assert torch.equal(also_turned, turned[mine])
        assert torch.equal(also_quarters, quarters)


def test_every_fourth_photo_belongs_to_one_share() -> None:
    rows = np.arange(21)
    shares = [Share(0, 5, 21), Share(5, 10, 21), Share(10, 15, 21), Share(15, 21, 21)]
    for share in shares:
        fourth = share.every(4)
        assert fourth.total == len(rows[::4])
        assert rows[share.rows][-share.start % 4 :: 4].tolist() == rows[::4][fourth.rows].tolist()
    assert [share.every(4).stop for share in shares[:-1]] == [share.every(4).start for share in shares[1:]]


def test_the_first_process_leads(monkeypatch: pytest.MonkeyPatch) -> None:
    assert leads()
    monkeypatch.setenv("RANK", "1")
    assert not leads()


def test_each_process_has_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    device = compute.device.__wrapped__
    monkeypatch.delenv("MODISTE_DEVICE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert device() == torch.device("cuda")
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert device() == torch.device("cuda:1")
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(ModisteError, match="start as many processes as GPUs"):
        device()
    monkeypatch.setenv("MODISTE_DEVICE", "cpu")
    assert device() == torch.device("cpu")
