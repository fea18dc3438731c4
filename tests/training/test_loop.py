"""The loop learns, repeats itself exactly, resumes after a kill, and survives Ctrl-C."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from modiste.errors import DataError, ModelError, RecipeError
from modiste.preprocessing import Preprocess
from modiste.training import Examples, Recipe, Teacher, Trained, find_recipe, train
from modiste.training.recipes import Stage

TINY = Recipe(
    name="tiny",
    about="for tests",
    epochs=10,
    stages=(Stage(0.5, 20, 15), Stage(1.0, 40, 30)),
    widths=(8, 16),
    depths=(1, 1),
    batch=32,
)
PREPROCESS = Preprocess(height=40, width=30)


def stripes(n: int = 256, seed: int = 0) -> Examples:
    """Three types that differ in where a dark bar lies, in two categories."""
    rng = np.random.default_rng(seed)
    types = rng.integers(0, 3, n)
    pixels = np.full((n, 40, 30, 3), 255, np.uint8)
    for photo, kind in zip(pixels, types, strict=True):
        photo[4 + 12 * kind : 12 + 12 * kind] = rng.integers(0, 120, 3)
    return Examples(pixels, np.arange(n), types.astype(np.int64), (types > 0).astype(np.int64))


def weights(trained: Trained) -> torch.Tensor:
    return torch.cat([value.flatten().float() for value in trained.network.state_dict().values()])


class Stopper:
    """A progress that interrupts the run at a step, as Ctrl-C or a kill would."""

    def __init__(self, at: int, how: type[BaseException]) -> None:
        self.at, self.how = at, how

    def __call__(self, done: int, total: int, what: str) -> None:
        if done == self.at:
            raise self.how


def test_learns_to_tell_types_apart() -> None:
    examples = stripes()
    trained = train(examples, TINY, preprocess=PREPROCESS)
    pixels = torch.from_numpy(stripes(seed=1).pixels).permute(0, 3, 1, 2)
    pictures = (pixels.float() - 127.5) / 63.75
    with torch.inference_mode():
        predicted = trained.network.type_scores(trained.network(pictures)).argmax(1).numpy()
    assert (predicted == stripes(seed=1).types).mean() > 0.9
    assert trained.complete
    assert trained.history[-1]["loss"] < trained.history[0]["loss"]
    assert [(row["height"], row["width"]) for row in trained.history] == [(20, 15)] * 2 + [(40, 30)] * 2


def test_few_photos_are_shown_more_often() -> None:
    trained = train(stripes(64), replace(TINY, epochs=1, least_steps=20), preprocess=PREPROCESS)
    assert trained.history[-1]["photos"] == 20 * 32


def test_rates_fall_as_the_schedule_says() -> None:
    def rates(**choices: float | str) -> list[float]:
        recipe = replace(TINY, epochs=12.5, warmup=0.2, **choices)  # 100 steps, reported every 20
        return [row["rate"] for row in train(stripes(), recipe, preprocess=PREPROCESS).history]

    assert rates(schedule="trapezoid", cooldown=0.5) == [1.0, 1.0, 0.82, 0.42, 0.02]
    assert rates(schedule="trapezoid", cooldown=1.0) == [0.81, 0.61, 0.41, 0.21, 0.01]
    assert rates(schedule="cosine") == pytest.approx(
        [(1 + math.cos(math.pi * s)) / 2 for s in (0.19, 0.39, 0.59, 0.79, 0.99)], abs=1e-5
    )


def test_normalisations_and_biases_have_a_rate_of_their_own() -> None:
    recipe = replace(TINY, epochs=0.5, muon_rate=0.0, adam_rate=1e-9, weight_decay=0.0, ema=0.0)

    def learned(recipe: Recipe) -> set[int]:
        before, after = (
            train(stripes(), replace(recipe, adam_rate=rate), preprocess=PREPROCESS).network.parameters()
            for rate in (0.0, recipe.adam_rate)
        )
        return {old.ndim for old, new in zip(before, after, strict=True) if (old - new).abs().max() > 1e-4}

    assert learned(recipe) == set()
    assert learned(replace(recipe, norm_rate=1e6)) == {1}


def test_stripes_change_what_search_sees_and_nothing_that_is_learned() -> None:
    short = replace(TINY, epochs=2)
    one, four = (train(stripes(), replace(short, stripes=number), preprocess=PREPROCESS) for number in (1, 4))
    assert (one.network.config.pooled, four.network.config.pooled) == (8 + 16, 4 * 8 + 16)
    learned = dict(four.network.named_parameters())
    assert all(torch.equal(value, learned[name]) for name, value in one.network.named_parameters())


def test_same_seed_same_weights_and_other_seed_others() -> None:
    first, again, other = (train(stripes(), TINY, preprocess=PREPROCESS, seed=s) for s in (1, 1, 2))
    assert torch.equal(weights(first), weights(again))
    assert not torch.equal(weights(first), weights(other))


@pytest.mark.parametrize("step", [3, 8, 20, 37])
@pytest.mark.parametrize("focus", [0.0, 1.0])
def test_a_killed_run_resumes_to_the_same_weights(tmp_path: Path, step: int, focus: float) -> None:
    recipe = replace(TINY, focus=focus)
    whole = train(stripes(), recipe, preprocess=PREPROCESS)
    state = tmp_path / "run" / "state.safetensors"
    with pytest.raises(SystemExit):
        train(
            stripes(),
            recipe,
            preprocess=PREPROCESS,
            checkpoint=state,
            checkpoint_seconds=0,
            progress=Stopper(step, SystemExit),
        )
    resumed = train(stripes(), recipe, preprocess=PREPROCESS, checkpoint=state, resume=True)
    assert torch.equal(weights(whole), weights(resumed))
    assert [row["loss"] for row in resumed.history] == [row["loss"] for row in whole.history]


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state.safetensors"
    train(stripes(), TINY, preprocess=PREPROCESS, checkpoint=state, checkpoint_seconds=0)
    with pytest.raises(ModelError, match="another recipe, seed, teacher or data"):
        train(stripes(), TINY, preprocess=PREPROCESS, seed=5, checkpoint=state, resume=True)
    state.write_bytes(b"not a checkpoint")
    with pytest.raises(ModelError, match="remove it to start afresh"):
        train(stripes(), TINY, preprocess=PREPROCESS, checkpoint=state, resume=True)


def test_a_teacher_tells_what_no_label_says(tmp_path: Path) -> None:
    kinds = stripes().types
    examples = replace(stripes(), types=np.arange(256) % 2, categories=np.zeros(256, np.int64))  # say nothing
    taught = replace(examples, teacher=Teacher("one", np.eye(3, dtype=np.float32)[kinds]))
    state = tmp_path / "state.safetensors"
    recipe = replace(TINY, stripes=1)  # stripes tell where a bar lies without having learned anything
    runs = [
        train(examples, recipe, preprocess=PREPROCESS),
        train(taught, recipe, preprocess=PREPROCESS, checkpoint=state),
    ]
    pictures = (torch.from_numpy(examples.pixels).permute(0, 3, 1, 2).float() - 127.5) / 63.75
    gaps = []
    for trained in runs:  # how much more alike photos of one kind are
        with torch.inference_mode():
            features = trained.network(pictures)
        features = torch.nn.functional.normalize(features - features.mean(dim=0), dim=1)
        cosines, alike = (features @ features.T).numpy(), kinds[:, None] == kinds
        gaps.append(cosines[alike].mean() - cosines[~alike].mean())
    assert gaps[1] > gaps[0] + 0.5
    other = replace(taught, teacher=Teacher("two", taught.teacher.vectors))
    with pytest.raises(ModelError, match="another recipe, seed, teacher or data"):
        train(other, recipe, preprocess=PREPROCESS, checkpoint=state, resume=True)


def test_ctrl_c_leaves_a_usable_network() -> None:
    trained = train(stripes(), TINY, preprocess=PREPROCESS, progress=Stopper(10, KeyboardInterrupt))
    assert not trained.complete
    with torch.inference_mode():
        features = trained.network(torch.zeros(2, 3, 40, 30))
        lengths = trained.network.embed(features).norm(dim=1)
    assert torch.allclose(lengths, torch.ones(2))


def test_impossible_inputs_are_refused() -> None:
    with pytest.raises(DataError, match="at least two article types"):
        Examples(np.zeros((2, 4, 4, 3), np.uint8), np.arange(2), np.zeros(2, int), np.zeros(2, int))
    taught = replace(stripes(), teacher=(teacher := Teacher("t", np.ones((256, 1), np.float32))))
    with pytest.raises(DataError, match="needs the teacher's vector"):
        replace(stripes(64), teacher=teacher)
    with pytest.raises(RecipeError, match="train without a teacher"):
        train(taught, find_recipe("maml"), preprocess=PREPROCESS)
    with pytest.raises(RecipeError, match="did you mean 'standard'"):
        find_recipe("standart")
    with pytest.raises(RecipeError, match="balance"):
        replace(TINY, balance=2.0)
    with pytest.raises(RecipeError, match="last one end at 1"):
        replace(TINY, stages=(Stage(0.5, 20, 15),))
