"""A recipe that makes no sense says why, before anything is read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from modiste.errors import RecipeError
from modiste.networks.resnet import FEATURES
from modiste.training import RECIPES, Recipe, find_recipe
from modiste.training.losses import MINING
from modiste.training.recipes import OBJECTIVES, SAMPLERS


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        ({"objective": "crossentropy"}, "objective must be one of cross-entropy, .* not 'crossentropy'"),
        ({"sampler": "random"}, "sampler must be one of balanced, .* not 'random'"),
        ({"features": "logits"}, "features must be one of pooled, projection, outputs, not 'logits'"),
        ({"schedule": "step"}, "schedule must be one of cosine, trapezoid, not 'step'"),
        ({"cooldown": 0.0}, "cooldown must lie in .0, 1., not 0.0"),
        ({"norm_rate": 0}, "norm_rate must be above 0, not 0"),
        ({"mining": "hardest"}, "mining must be one of random, batch-hard, semi-hard, top-k"),
        (
            {"objective": "triplet"},
            "need not hold two of any; use sampler 'pk' or 'category'",
        ),
        ({"objective": "supcon", "sampler": "pairs"}, "compares each photo with a whole batch"),
        ({"objective": "cross-entropy", "sampler": "episodes"}, "looks at each photo by itself"),
        ({"objective": "proxy-anchor", "sampler": "pairs"}, "use sampler 'balanced' or 'pk' or 'category'"),
        (
            {"objective": "contrastive", "sampler": "pk"},
            "compares the two photos of a pair; use",
        ),
        ({"objective": "prototypical", "sampler": "pk"}, "which only episodes have; use sampler 'episodes'"),
        ({"objective": "maml", "sampler": "balanced"}, "learns from a support set and queries"),
        (
            {"objective": "maml", "sampler": "episodes", "category_weight": 0, "features": "outputs"},
            "leaves the outputs for the known types untrained",
        ),
        ({"objective": "maml", "sampler": "episodes"}, "set category_weight to 0"),
        (
            {"objective": "maml", "sampler": "episodes", "category_weight": 0, "inner_steps": 1},
            "at least 2 inner_steps, or set inner_body to False",
        ),
        ({"objective": "supcon", "sampler": "pk", "class_weight_exponent": 0.5}, "has no class weights"),
        (
            {"objective": "supcon", "sampler": "pk", "photos_per_type": 200},
            "no room for two types of 200",
        ),
        (
            {"objective": "prototypical", "sampler": "episodes", "ways": 20},
            r"20 ways × \(5 shots \+ 11 queries\) is 320 photos and does not fit into a batch of 256",
        ),
        ({"objective": "supcon", "sampler": "pk", "focus": 1.0}, "supcon with pk has none; set focus to 0"),
        ({"objective": "triplet", "sampler": "pk", "mixup": 0.2}, "each photo as one type's"),
        ({"mixup": -0.1}, "mixup must be at least 0, not -0.1"),
        ({"widths": (64,)}, "an entry for each of two stages or more"),
        ({"p_mining": 0.0}, r"p_mining must lie in \(0, 1\], not 0.0"),
        ({"p_same": 1.0}, "p_same must lie between 0 and 1"),
        ({"smoothing": 1.0}, "smoothing must lie in"),
        ({"temperature": 0.0}, "temperature must be above 0"),
        ({"inner_steps": 0}, "inner_steps must be at least 1"),
        ({"ways": 1}, "ways must be at least 2"),
        ({"rotation_weight": -1.0}, "rotation_weight must be at least 0"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(choices: dict[str, Any], reason: str) -> None:
    with pytest.raises(RecipeError, match=f"recipe 'mine': .*{reason}"):
        Recipe("mine", "for a test", epochs=1, **choices)


def test_heads_and_answers_follow_from_objective_and_features() -> None:
    facts = {name: (r.head, r.classify_by, r.logit_scale) for name, r in RECIPES.items()}
    assert facts["standard"] == ("cosine", "head", 20.0)
    assert facts["course-classifier"] == ("linear", "head", 1.0)
    assert facts["course-embedding"] == ("linear", "prototypes", 20.0)
    assert facts["prototypical"] == ("cosine", "prototypes", 20.0)


def test_course_recipes_show_as_many_photos_to_the_same_encoder() -> None:
    names = ("course-classifier", "course-embedding", "siamese-contrastive", "siamese-triplet")
    same = {
        (r.epochs, r.stages, r.widths, r.depths, r.batch, r.augmentation, r.rehearsal)
        for r in map(find_recipe, (*names, "prototypical", "maml"))
    }
    assert len(same) == 1


def test_every_choice_is_explained_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
    choices = (*RECIPES, *OBJECTIVES, *SAMPLERS, *FEATURES, *MINING)
    assert [choice for choice in choices if f"`{choice}`" not in page] == []


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_can_be_written_down(name: str) -> None:
    values = json.loads(json.dumps(find_recipe(name).as_dict()))
    assert (values["name"], values["objective"]) == (name, find_recipe(name).objective)


def test_the_regime_follows_from_what_is_learned_from() -> None:
    assert {name for name, recipe in RECIPES.items() if recipe.regime == "rich"} == {"rich"}
    standard = find_recipe("standard")
    for choice in ("style_weight", "style_epochs", "text_epochs"):
        assert replace(standard, **{choice: 1.0}).regime == "rich"
    # But for what makes it rich, the recipe is standard.
    own = dict.fromkeys(("style_weight", "style_epochs", "text_epochs"), 0.0)
    bare = replace(find_recipe("rich"), name="standard", about=standard.about, **own)
    assert bare == standard
