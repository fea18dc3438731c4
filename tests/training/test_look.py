"""Style and names are learned from what a finished network sees, repeatably, and without touching it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from modiste.datasets.attributes import Attributes
from modiste.errors import DataError, RecipeError
from modiste.model import every_stage, style_of
from modiste.preprocessing import Preprocess
from modiste.training import Examples, Recipe, Trained, train
from modiste.training.augmentation import Augmentation
from modiste.training.look import fit_style, fit_text, views_of
from modiste.training.recipes import Stage

COURSE = Recipe(
    name="tiny",
    about="for tests",
    epochs=3,
    stages=(Stage(1.0, 20, 15),),
    widths=(8, 16, 16),
    depths=(1, 1, 1),
    batch=32,
)
RICH = replace(COURSE, style_weight=0.5, style_epochs=1, text_epochs=1)
PREPROCESS = Preprocess(height=20, width=15)
COLOURS = {"Blue": (20, 20, 230), "Green": (20, 200, 20), "Red": (230, 20, 20)}
GENDERS = ("Men", "Women")


def coloured_bars(n: int = 192, seed: int = 0) -> Examples:
    """Three types by where a bar lies; its colour is the base colour; a black edge means one gender."""
    rng = np.random.default_rng(seed)
    types = np.arange(n) % 3
    codes = np.stack([rng.integers(0, 3, n), rng.integers(0, 2, n), rng.integers(0, 2, n)], axis=1)
    codes = np.column_stack([codes, np.full(n, -1)])
    codes[0, 3], codes[::7, 0] = 0, -1  # some colours are not known, and hardly a season is
    pixels = np.full((n, 20, 15, 3), 255, np.uint8)
    names = []
    for at, kind in enumerate(types):
        colour = list(COLOURS)[max(codes[at, 0], 0)]
        pixels[at, 2 + 6 * kind : 7 + 6 * kind] = COLOURS[colour]
        if codes[at, 1]:
            pixels[at, :2] = 0
        names.append(f"{GENDERS[codes[at, 1]]} {colour} bar {('high', 'middle', 'low')[kind]}")
    known = Attributes(
        (tuple(COLOURS), GENDERS, ("Casual", "Formal"), ("Fall",)), codes.astype(np.int64), tuple(names)
    )
    return Examples(pixels, np.arange(n), types, (types > 0).astype(np.int64), known)


def weights(trained: Trained) -> torch.Tensor:
    return torch.cat([value.flatten().float() for value in trained.network.state_dict().values()])


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(coloured_bars(), RICH, preprocess=PREPROCESS)


def test_a_course_recipe_does_not_look_at_attributes() -> None:
    examples = coloured_bars()
    with_them = train(examples, COURSE, preprocess=PREPROCESS)
    without = train(replace(examples, attributes=None), COURSE, preprocess=PREPROCESS)
    assert torch.equal(weights(with_them), weights(without))
    assert [row["loss"] for row in with_them.history] == [row["loss"] for row in without.history]


def test_a_rich_recipe_needs_attributes_and_uses_them(trained: Trained) -> None:
    examples = coloured_bars()
    assert examples.attributes is not None
    with pytest.raises(DataError, match="'tiny' learns from attributes, and these training photos have none"):
        train(replace(examples, attributes=None), RICH, preprocess=PREPROCESS)
    shuffled = replace(examples.attributes, codes=np.roll(examples.attributes.codes, 1, axis=0))
    other = train(replace(examples, attributes=shuffled), RICH, preprocess=PREPROCESS)
    assert not torch.equal(weights(trained), weights(other))
    with pytest.raises(RecipeError, match="in which style has no part; set style_weight to 0"):
        replace(RICH, objective="maml", sampler="episodes", ways=2, shots=2, queries=2, category_weight=0)


def test_a_killed_rich_run_resumes_to_the_same_weights(tmp_path: Path, trained: Trained) -> None:
    def stop(done: int, total: int, what: str) -> None:
        if done == 7:
            raise SystemExit

    state = tmp_path / "state.safetensors"
    examples, keep = coloured_bars(), {"preprocess": PREPROCESS, "checkpoint": state, "checkpoint_seconds": 0}
    with pytest.raises(SystemExit):
        train(examples, RICH, progress=stop, **keep)
    assert torch.equal(weights(trained), weights(train(examples, RICH, resume=True, **keep)))


def test_views_are_what_the_model_will_see(trained: Trained) -> None:
    examples, network = coloured_bars(), trained.network
    before = weights(trained)
    views = views_of(network, PREPROCESS, examples, Augmentation(), copies=2, seed=3)
    again = views_of(network, PREPROCESS, examples, Augmentation(), copies=2, seed=3)
    assert views.shape == (3, 192, 8 + 4 * 16 + 16)
    assert np.array_equal(views, again)
    assert np.allclose(views[0], every_stage(network, PREPROCESS, examples.pixels), rtol=0.02, atol=0.02)
    assert not np.allclose(views[0], views[1], rtol=0.02, atol=0.02)
    assert torch.equal(before, weights(trained))


def test_style_and_names_are_learned_and_repeat_themselves(trained: Trained) -> None:
    learned, fresh = coloured_bars(), coloured_bars(seed=1)
    assert learned.attributes is not None
    assert fresh.attributes is not None
    views = views_of(trained.network, PREPROCESS, learned, Augmentation(), copies=1, seed=0)
    seen = every_stage(trained.network, PREPROCESS, fresh.pixels)

    heads = [fit_style(views, learned.attributes, epochs=60, seed=0) for _ in range(2)]
    (vectors, words), (again, _) = (style_of(head, seen) for head in heads)
    assert np.array_equal(vectors, again)
    colours = np.array(list(COLOURS))[np.maximum(fresh.attributes.codes[:, 0], 0)]
    assert (words["baseColour"] == colours).mean() > 0.85
    assert set(words["season"]) == {"Fall"}
    alike = colours[:, None] == colours
    assert (vectors @ vectors.T)[alike].mean() > (vectors @ vectors.T)[~alike].mean() + 0.1

    names = ("", *learned.attributes.names[1:])  # one has none
    matchers = [fit_text(views, names, epochs=60, seed=0) for _ in range(2)]
    with torch.inference_mode():
        photos, texts = matchers[0](torch.from_numpy(seen)), matchers[0].embed_text(fresh.attributes.names)
        assert torch.equal(texts, matchers[1].embed_text(fresh.attributes.names))
    best = (photos @ texts.T).argmax(dim=1).tolist()
    right = [
        fresh.attributes.names[at] == name for at, name in zip(best, fresh.attributes.names, strict=True)
    ]
    assert np.mean(right) > 0.6  # of 18 names
