"""Every objective learns from every sampler it may be used with, and a killed run goes on exactly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from modiste.networks import ResNet, ResNetConfig
from modiste.preprocessing import Preprocess
from modiste.training import Examples, Recipe, Trained, train
from modiste.training.augmentation import Mixture
from modiste.training.objective import Scaffold, objective_loss
from modiste.training.recipes import OBJECTIVES, SINGLE_PHOTO, Stage

PREPROCESS = Preprocess(height=20, width=15)
TINY = Recipe(
    name="tiny",
    about="for tests",
    epochs=15,
    stages=(Stage(1.0, 20, 15),),
    widths=(8, 16),
    depths=(1, 1),
    batch=24,
    photos_per_type=6,
    ways=3,
    shots=2,
    queries=2,
    ema=0.9,
)
MARGINS = {"contrastive": 1.0, "triplet": 0.2}


def bars(n: int = 96) -> Examples:
    """Four types that differ in where a dark bar lies, in two categories."""
    rng = np.random.default_rng(0)
    types = np.arange(n) % 4
    pixels = np.full((n, 20, 15, 3), 255, np.uint8)
    for photo, kind in zip(pixels, types, strict=True):
        photo[1 + 5 * kind : 4 + 5 * kind] = rng.integers(0, 120, 3)
    return Examples(pixels, np.arange(n), types, types // 2)


def recipe(objective: str, sampler: str, **choices: Any) -> Recipe:
    category_weight = 0.0 if objective == "maml" else 0.5
    margin = MARGINS.get(objective, 0.1)
    given = {"category_weight": category_weight, "margin": margin, **choices}
    return replace(TINY, objective=objective, sampler=sampler, **given)


def run(recipe: Recipe, **how: Any) -> Trained:
    return train(bars(), recipe, preprocess=PREPROCESS, **how)


def weights(trained: Trained) -> torch.Tensor:
    return torch.cat([value.flatten().float() for value in trained.network.state_dict().values()])


def loss_falls(trained: Trained) -> bool:
    losses = [row["loss"] for row in trained.history]
    return bool(weights(trained).isfinite().all()) and losses[-1] < 0.97 * losses[0]


@pytest.mark.parametrize(
    ("objective", "sampler"), [(o, s) for o, samplers in OBJECTIVES.items() for s in samplers]
)
def test_every_objective_learns_from_every_sampler_it_may_have(objective: str, sampler: str) -> None:
    assert loss_falls(run(recipe(objective, sampler)))


@pytest.mark.parametrize(
    ("objective", "sampler", "choices"),
    [
        ("triplet", "pk", {"mining": "random"}),
        ("triplet", "pk", {"mining": "batch-hard"}),
        ("triplet", "category", {"mining": "semi-hard", "features": "outputs"}),
        ("supcon", "pk", {"features": "projection"}),
        ("prototypical", "episodes", {"features": "outputs", "category_weight": 0.0}),
        ("maml", "episodes", {"first_order": True, "inner_steps": 2, "inner_rate": 0.1}),
        ("maml", "episodes", {"inner_body": False, "inner_steps": 1, "features": "projection"}),
        ("cross-entropy", "balanced", {"class_weight_exponent": 1.0, "features": "outputs"}),
        ("cosface", "balanced", {"rotation_weight": 0.5, "balance": 0.0}),
        ("maml", "episodes", {"rotation_weight": 0.5}),
        ("arcface", "pk", {"mixup": 0.2, "rotation_weight": 0.2}),
    ],
)
def test_variants_learn(objective: str, sampler: str, choices: dict[str, Any]) -> None:
    trained = run(recipe(objective, sampler, **choices))
    assert loss_falls(trained)
    with torch.inference_mode():
        vectors = trained.network.embed(trained.network(torch.zeros(2, 3, 20, 15)))
    assert vectors.shape == (2, trained.network.config.dimension)
    assert trained.network.config.features == choices.get("features", "pooled")


class Killed(Exception):
    pass


@pytest.mark.parametrize(
    ("objective", "sampler", "choices"),
    [
        ("contrastive", "pairs", {}),
        ("prototypical", "episodes", {}),
        ("maml", "episodes", {}),
        ("triplet", "category", {"mining": "random", "features": "outputs"}),
        ("proxy-anchor", "pk", {"rotation_weight": 0.3}),
        ("cosface", "balanced", {"mixup": 0.2, "focus": 1.0}),
    ],
)
def test_a_killed_run_resumes_to_the_same_weights(
    tmp_path: Path, objective: str, sampler: str, choices: dict[str, Any]
) -> None:
    short = recipe(objective, sampler, epochs=3, **choices)
    state = tmp_path / "state.safetensors"

    def kill(done: int, total: int, what: str) -> None:
        if done == 7:
            raise Killed

    with pytest.raises(Killed):
        run(short, checkpoint=state, checkpoint_seconds=0, progress=kill)
    resumed = run(short, checkpoint=state, resume=True)
    whole = run(short)
    assert torch.equal(weights(resumed), weights(whole))
    assert resumed.history[-1]["loss"] == whole.history[-1]["loss"]


def one_batch(
    recipe: Recipe, mixture: Mixture | None = None, **batch: torch.Tensor
) -> tuple[ResNet, torch.Tensor]:
    torch.manual_seed(0)
    config = ResNetConfig(
        4, 2, (8, 16), (1, 1), features=recipe.features, head=recipe.head, classify_by=recipe.classify_by
    )
    network = ResNet(config)
    vectors = batch.get("vectors")
    pictures = torch.rand(24, 3, 20, 15, generator=torch.Generator().manual_seed(0))
    types = batch.get("types", torch.arange(24) // 2 % 4)
    loss, _ = objective_loss(
        network,
        Scaffold(recipe, config, taught=0 if vectors is None else vectors.shape[1]),
        recipe,
        pictures,
        types,
        types // 2,
        vectors=vectors,
        class_weights=batch.get("class_weights"),
        precision=torch.float32,
        generator=torch.Generator().manual_seed(0),
        mixture=mixture,
    )
    return network, loss


@pytest.mark.parametrize("objective", SINGLE_PHOTO)
def test_class_weights_and_the_category_head_count(objective: str) -> None:
    plain = replace(TINY, objective=objective, category_weight=0.0)
    _, loss = one_batch(plain)
    _, weighted = one_batch(plain, class_weights=torch.tensor([4.0, 0.0, 0.0, 0.0]))
    _, with_categories = one_batch(replace(plain, category_weight=1.0))
    assert weighted != loss
    assert with_categories > loss


@pytest.mark.parametrize("objective", [name for name in OBJECTIVES if name != "maml"])
def test_a_teacher_counts_as_much_as_the_recipe_says(objective: str) -> None:
    vectors = torch.eye(5)[torch.arange(24) % 5]
    losses = []
    for weight in (0.0, 1.0, 2.0):
        taught = replace(recipe(objective, OBJECTIVES[objective][0]), teacher_weight=weight)
        losses.append(one_batch(taught, vectors=vectors)[1].item())
    assert losses[1] - losses[0] == pytest.approx(losses[2] - losses[1], abs=1e-4)
    assert 0 < losses[1] - losses[0] < 2


@pytest.mark.parametrize("objective", SINGLE_PHOTO)
def test_mixed_photos_count_as_what_they_show(objective: str) -> None:
    """Types, categories and a teacher's vectors: those of one photo, of another, of both by their shares."""
    vectors = torch.eye(5)[torch.arange(24) % 5]
    others = torch.arange(24).roll(7)
    asked = recipe(objective, "balanced", category_weight=0.5, teacher_weight=1.0)

    def cost(of: torch.Tensor, mixture: Mixture | None = None) -> float:
        types = (torch.arange(24) // 2 % 4)[of]
        return one_batch(asked, types=types, vectors=vectors[of], mixture=mixture)[1].item()

    own, whose = torch.arange(24), others
    expected = 0.8 * cost(own) + 0.2 * cost(others)
    assert cost(own) != pytest.approx(cost(others), abs=1e-3)
    assert cost(own, Mixture(whose, kept=0.8)) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("objective", ["cosface", "maml"])
def test_turned_photos_leave_the_running_statistics_alone(objective: str) -> None:
    sampler = OBJECTIVES[objective][0]
    networks = [
        one_batch(recipe(objective, sampler, rotation_weight=weight, category_weight=0.0))[0]
        for weight in (0.0, 1.0)
    ]
    without, beside = (dict(network.named_buffers()) for network in networks)
    for name, statistics in without.items():
        assert torch.equal(statistics, beside[name]), name
    assert without["stem_norm.running_mean"].any()  # but the photos themselves do count


def test_black_photos_have_finite_gradients() -> None:
    """Features that are exactly zero have no direction."""
    wanted = recipe("supcon", "pk", category_weight=0.0)
    torch.manual_seed(0)
    network = ResNet(ResNetConfig(4, 2, (8, 16), (1, 1)))
    network.stem_norm.weight.data.zero_()
    loss, _ = objective_loss(
        network,
        Scaffold(wanted, network.config),
        wanted,
        torch.zeros(8, 3, 20, 15),
        torch.arange(8) // 2,
        torch.zeros(8, dtype=torch.int64),
        class_weights=None,
        precision=torch.float32,
        generator=torch.Generator(),
    )
    loss.backward()
    assert all(p.grad.isfinite().all() for p in network.parameters() if p.grad is not None)
