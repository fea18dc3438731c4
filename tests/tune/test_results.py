"""What was found, in words and figures."""

from __future__ import annotations

import json

from modiste.training import Recipe, find_recipe
from modiste.training.recipe_file import recipe_from_dict
from modiste.tune.results import Study, Trial, summary
from modiste.tune.score import Score
from modiste.tune.space import choose_space

SPACE = choose_space(find_recipe("quick"), ["muon_rate", "widths", "augmentation.zoom"])


def study(*scores: float, recipe: Recipe | None = None) -> Study:
    draws = {"muon_rate": 0.05, "widths": 2, "augmentation.zoom": 0.15}
    varied = {"muon_rate": 0.0712, "widths": 0, "augmentation.zoom": 0.3}
    trials = tuple(
        Trial(varied if number else draws, Score(score + 0.1, score - 0.1, 61.5))
        for number, score in enumerate(scores)
    )
    return Study(recipe or find_recipe("standard"), SPACE, 3, 1234, "abc", trials, complete=True)


def test_the_best_of_equals_is_the_earliest() -> None:
    assert study(0.5, 0.7, 0.7).best == 1
    assert study(0.5, 0.5).best == 0


def test_the_best_recipe_can_be_trained_and_is_told_apart() -> None:
    best = study(0.5, 0.6).best_recipe
    assert (best.muon_rate, best.widths, best.augmentation.zoom) == (0.0712, (16, 32, 64, 128), 0.3)
    assert (best.name, best.rehearsal) == ("standard-tuned", find_recipe("standard").rehearsal)
    assert best.about == "trial 1 of a search from 'standard', seed 3"
    assert study(0.5, 0.6, recipe=best).best_recipe.name == "standard-tuned"


def test_json_has_everything_unrounded() -> None:
    found = json.loads(json.dumps(study(0.5, 0.6123456).as_dict()))
    assert recipe_from_dict(found["recipe"]) == find_recipe("standard")
    assert found["best"] == 1
    assert found["trials"][1] == {
        "number": 1,
        "score": (0.6123456 + 0.1 + 0.6123456 - 0.1) / 2,
        "known": 0.6123456 + 0.1,
        "unseen": 0.6123456 - 0.1,
        "seconds": 61.5,
        "values": {"muon_rate": 0.0712, "widths": [16, 32, 64, 128], "augmentation.zoom": 0.3},
    }
    assert study().as_dict()["best"] is None


def test_the_summary_shows_the_recipe_itself_and_the_best_trials() -> None:
    text = summary(study(0.5, 0.9, *[0.6 + number / 100 for number in range(10)]))
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert lines[2].startswith("| 0 (the recipe itself) | 0.500 |       0.600 |        0.400 |      62 |")
    assert [line.split("|")[1].strip() for line in lines[3:8]] == ["1, best", "11", "10", "9", "8"]
    assert [cell.strip() for cell in lines[-2].split("|")[1:4]] == ["widths", "32–64–128–256", "16–32–64–128"]
    assert "0, best" not in text


def test_a_search_that_found_nothing_better_says_so() -> None:
    text = summary(study(0.5, 0.4))
    assert "0 (the recipe itself), best" in text
    assert "muon_rate" not in text
    assert summary(study()) == "No trial was finished."
