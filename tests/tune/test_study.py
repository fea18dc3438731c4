"""A search finds what is good, and a killed one goes on as if nothing had happened."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from modiste.errors import ModisteError, RecipeError
from modiste.training import Examples, Recipe, find_recipe, open_recipe
from modiste.tune import study as module
from modiste.tune.results import Study
from modiste.tune.score import Score
from modiste.tune.space import choose_space
from modiste.tune.study import search

pytest.importorskip("optuna", reason="the tune extra is not installed")

SPACE = choose_space(find_recipe("quick"), ["muon_rate", "margin", "ema", "widths"])
ENOUGH = 14  # trials: more than the estimator draws at random before it begins to learn

Scoring = Callable[..., Score | None]


class Hill:
    """In place of training: recipes are the better the nearer their margin is to 0.3.

    At the calls in ``stops`` it raises instead, as a kill or Ctrl-C would.
    """

    def __init__(self, stops: dict[int, type[BaseException]] | None = None) -> None:
        self.calls, self.stops = 0, stops or {}

    def __call__(self, examples: Examples, recipe: Recipe, **options) -> Score | None:
        self.calls += 1
        options["progress"](1, 2, "training, loss 1.00")
        if self.calls in self.stops:
            raise self.stops[self.calls]
        return Score(known=1 - abs(recipe.margin - 0.3), unseen=recipe.muon_rate, seconds=2.0)


@pytest.fixture
def scored_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[Scoring], None]:
    """Puts something in place of training; pictures, which take longer than all else here, are left out."""
    monkeypatch.setattr(module, "draw_study", lambda found: b"a picture")
    return lambda scoring: monkeypatch.setattr(module, "score_recipe", scoring)


def run(examples: Examples, recipe: Recipe, folder: Path, trials: int = ENOUGH, **options) -> Study:
    return search(
        examples, recipe, trials=trials, folder=folder, **{"space": SPACE, "data": "abc", **options}
    )


def test_a_search_improves_on_the_recipe_it_began_with(
    examples: Examples, recipe: Recipe, tmp_path: Path, scored_by
) -> None:
    scored_by(Hill())
    seen: list[tuple[int, int, str]] = []
    found = run(examples, recipe, tmp_path / "study", progress=lambda *step: seen.append(step))
    assert found.complete
    assert len(found.trials) == ENOUGH
    assert found.recipe_of(0) == recipe
    best = found.trials[found.best].score
    assert best.mean == max(trial.score.mean for trial in found.trials) > found.trials[0].score.mean
    assert open_recipe(tmp_path / "study" / "recipe.json") == found.best_recipe
    assert found.best_recipe.name == "tiny-tuned"
    written = json.loads((tmp_path / "study" / "study.json").read_text())
    assert written == json.loads(json.dumps(found.as_dict()))
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)
    assert {total for _, total, _ in seen} == {ENOUGH * 1000}


def test_same_seed_same_search_and_other_seed_another(
    examples: Examples, recipe: Recipe, tmp_path: Path, scored_by
) -> None:
    scored_by(Hill())
    first, again, other = (
        run(examples, recipe, tmp_path / name, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first.trials == again.trials
    assert first.trials[1:] != other.trials[1:]
    assert first.trials[0] == other.trials[0]  # the recipe itself


@pytest.mark.parametrize("kill", [1, 2, 5, 12])
@pytest.mark.parametrize("how", [SystemExit, KeyboardInterrupt])
def test_a_stopped_search_goes_on_and_ends_as_an_uninterrupted_one(
    examples: Examples, recipe: Recipe, tmp_path: Path, scored_by, kill: int, how: type[BaseException]
) -> None:
    scored_by(Hill())
    whole = run(examples, recipe, tmp_path / "whole")
    scored_by(Hill({kill: how}))
    if how is SystemExit:
        with pytest.raises(SystemExit):
            run(examples, recipe, tmp_path / "study")
    else:
        stopped = run(examples, recipe, tmp_path / "study")
        assert not stopped.complete
        assert len(stopped.trials) == kill - 1
    with (tmp_path / "study" / "journal.log").open("ab") as journal:
        journal.write(b'{"op_code":4,"torn')  # the machine went down in the middle of a line
    hill = Hill()
    scored_by(hill)
    resumed = run(examples, recipe, tmp_path / "study")
    assert hill.calls == ENOUGH - kill + 1
    assert resumed == whole
    assert (tmp_path / "study" / "study.json").read_text() == (tmp_path / "whole" / "study.json").read_text()
    again = run(examples, recipe, tmp_path / "study")
    assert (again, hill.calls) == (whole, ENOUGH - kill + 1)  # nothing was left to do


def test_a_longer_search_begins_with_the_shorter_one(
    examples: Examples, recipe: Recipe, tmp_path: Path, scored_by
) -> None:
    scored_by(Hill())
    short = run(examples, recipe, tmp_path / "study", trials=3)
    longer = run(examples, recipe, tmp_path / "study", trials=5)
    assert longer.trials[:3] == short.trials
    assert run(examples, recipe, tmp_path / "study", trials=2).trials == longer.trials  # none is thrown away


def test_a_trial_whose_training_ctrl_c_ended_does_not_count(
    examples: Examples, recipe: Recipe, tmp_path: Path, scored_by
) -> None:
    scored_by(lambda *arguments, **options: None)
    found = run(examples, recipe, tmp_path / "study")
    assert (found.trials, found.complete) == ((), False)
    assert json.loads((tmp_path / "study" / "study.json").read_text())["best"] is None
    assert not (tmp_path / "study" / "recipe.json").exists()


def test_trials_train_real_networks(examples: Examples, recipe: Recipe, tmp_path: Path) -> None:
    found = run(examples, recipe, tmp_path / "study", trials=2)
    assert len(found.trials) == 2
    assert found.trials[0].score.mean > 0.5
    files = sorted(path.name for path in (tmp_path / "study").iterdir() if path.name != ".lock")
    assert files == ["journal.log", "recipe.json", "study.json", "study.png"]
    assert (tmp_path / "study" / "study.png").read_bytes().startswith(b"\x89PNG")


def test_another_search_does_not_go_on_in_the_same_folder(
    examples: Examples, recipe: Recipe, tmp_path: Path, scored_by
) -> None:
    scored_by(Hill())
    run(examples, recipe, tmp_path / "study", trials=1)
    for change, message in [
        ({"seed": 3}, "another seed"),
        ({"data": "xyz"}, "another data"),
        ({"space": choose_space(find_recipe("quick"), ["margin"])}, "another space"),
    ]:
        with pytest.raises(RecipeError, match=message):
            run(examples, recipe, tmp_path / "study", **change)
    with pytest.raises(RecipeError, match="another recipe"):
        run(examples, replace(recipe, epochs=9), tmp_path / "study")


def test_folders_that_are_taken_are_left_alone(
    examples: Examples, recipe: Recipe, tmp_path: Path, scored_by
) -> None:
    scored_by(Hill())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("x")
    with pytest.raises(ModisteError, match="holds no search"):
        run(examples, recipe, tmp_path / "mine")
    with pytest.raises(ModisteError, match="holds no search"):
        run(examples, recipe, tmp_path / "mine" / "notes.txt")
    run(examples, recipe, tmp_path / "study", trials=1)
    with (
        FileLock(tmp_path / "study" / ".lock"),
        pytest.raises(ModisteError, match="another search is at work"),
    ):
        run(examples, recipe, tmp_path / "study", trials=2)
