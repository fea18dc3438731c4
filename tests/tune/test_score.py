"""A score tells good recipes from bad ones, on photos nobody learned from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from modiste.errors import DataError
from modiste.learn import leave_types_out, preprocess_of
from modiste.training import Examples, Recipe
from modiste.tune import score as module
from modiste.tune.score import Score, score_recipe


def score(examples: Examples, recipe: Recipe, **options) -> Score | None:
    return score_recipe(examples, recipe, seed=0, preprocess=preprocess_of(recipe), **options)


def figures(found: Score | None) -> tuple[float, float]:
    assert found is not None
    return found.known, found.unseen


def test_what_is_measured_was_not_learned_from(examples: Examples) -> None:
    parts = leave_types_out(examples, np.random.default_rng([0, 1]))
    assert parts is not None
    learned, held, unseen = (set(examples.types[part].tolist()) for part in parts)
    assert unseen == {1, 4}
    assert learned == held == {0, 2, 3, 5}
    everything = np.concatenate(parts)
    assert len(set(everything.tolist())) == len(everything) == len(examples)


def test_a_good_recipe_scores_higher_than_a_bad_one_and_always_the_same(
    examples: Examples, recipe: Recipe
) -> None:
    recipe = replace(recipe, epochs=25)
    good, again = score(examples, recipe), score(examples, recipe)
    bad = score(examples, replace(recipe, muon_rate=1e-6, adam_rate=1e-6))
    assert figures(good) == figures(again)
    assert good is not None
    assert bad is not None
    assert good.mean > bad.mean + 0.1
    assert good.mean == (good.known + good.unseen) / 2 <= 1


def test_a_run_that_blew_up_scores_nothing(examples: Examples, recipe: Recipe) -> None:
    assert figures(score(examples, replace(recipe, adam_rate=float("inf")))) == (0, 0)


def test_ctrl_c_while_training_gives_no_score(examples: Examples, recipe: Recipe) -> None:
    def stop(done: int, total: int, what: str) -> None:
        raise KeyboardInterrupt

    assert score(examples, recipe, progress=stop) is None


def test_a_killed_trial_goes_on_from_its_checkpoint(
    examples: Examples, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*arguments: object) -> None:
        raise SystemExit

    steps: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr(module, "type_scores", killed)
        with pytest.raises(SystemExit):
            score(examples, recipe, checkpoints=tmp_path)
    resumed = score(
        examples, recipe, checkpoints=tmp_path, progress=lambda done, total, what: steps.append(done)
    )
    assert steps == []  # nothing was left to train
    assert figures(resumed) == figures(score(examples, recipe))
    other = replace(recipe, margin=0.2)  # another recipe has a checkpoint of its own
    assert figures(score(examples, other, checkpoints=tmp_path)) == figures(score(examples, other))


def test_too_few_types_or_photos_are_refused(examples: Examples, recipe: Recipe) -> None:
    few = np.flatnonzero(examples.types < 4)
    with pytest.raises(DataError, match="at least five types"):
        score(Examples(examples.pixels, few, examples.types[few], examples.categories[few]), recipe)
    one_each = np.arange(0, 240, 40)
    with pytest.raises(DataError, match="ten photos of each"):
        score(
            Examples(examples.pixels, one_each, examples.types[one_each], examples.categories[one_each]),
            recipe,
        )
