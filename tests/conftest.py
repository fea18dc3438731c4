"""What many tests share: an encoder without PyTorch, drawn photos, catalogues."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from modiste.preprocessing import Preprocess

GRID = 5  # cells across and down


@dataclass(frozen=True)
class FakeEncoder:
    """An encoder without a network: mean colours of a grid of cells, projected at random, always alike.

    Photos that look alike get similar vectors, and the same photo gets the same vector in every process.
    """

    id: str = "fake-000000000000"
    dimension: int = 32
    preprocess: Preprocess = field(default_factory=Preprocess)

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        n, height, width, channels = pixels.shape
        cells = pixels[:, : height // GRID * GRID, : width // GRID * GRID].reshape(
            n, GRID, height // GRID, GRID, width // GRID, channels
        )
        colours = cells.mean(axis=(2, 4), dtype=np.float64).reshape(n, -1) - 128
        projection = np.random.default_rng(0).standard_normal((colours.shape[1], self.dimension))
        vectors = colours @ projection + 1e-3  # never all zeros
        unit: NDArray[np.float64] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit.astype(np.float32)


@pytest.fixture
def encoder() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture
def make_encoder() -> type[FakeEncoder]:
    """For encoders of another id or dimension: ``make_encoder(id="other", dimension=8)``."""
    return FakeEncoder


@pytest.fixture
def draw_photo() -> Callable[..., bytes]:
    """The bytes of a drawn photo: ``draw_photo(seed, width=60, height=80, format="PNG")``."""

    def draw(seed: int, width: int = 60, height: int = 80, format: str = "PNG") -> bytes:
        rng = np.random.default_rng(seed)
        blocks = rng.integers(0, 256, (4, 3, 3), dtype=np.uint8)
        image = Image.fromarray(blocks).resize((width, height), Image.Resampling.NEAREST)
        file = io.BytesIO()
        image.save(file, format)
        return file.getvalue()

    return draw
