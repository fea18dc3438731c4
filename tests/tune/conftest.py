"""What the tests of searches share: six types a tiny network can learn, and a recipe that learns them."""

from __future__ import annotations

import numpy as np
import pytest

from modiste.training import Examples, Recipe
from modiste.training.recipes import Stage

TYPES = 6


@pytest.fixture
def recipe() -> Recipe:
    return Recipe(
        name="tiny",
        about="for tests",
        epochs=6,
        stages=(Stage(1.0, 20, 16),),
        widths=(8, 16),
        depths=(1, 1),
        batch=32,
    )


@pytest.fixture
def examples() -> Examples:
    """40 photos of each type: a dark bar on white whose height on the picture is its type."""
    rng = np.random.default_rng(0)
    types = np.repeat(np.arange(TYPES), 40)
    pixels = np.full((len(types), 20, 16, 3), 255, np.uint8)
    for photo, kind in zip(pixels, types, strict=True):
        photo[1 + 3 * kind : 4 + 3 * kind] = rng.integers(0, 120, 3)
    return Examples(pixels, np.arange(len(types)), types, (types > 2).astype(np.int64))
