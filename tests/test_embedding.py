"""Vectors are checked where they enter; photos of every kind go the same way to one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from modiste.embedding import Embeddings, Encoder, embed_photo, unit_rows
from modiste.errors import PhotoError
from modiste.photos import read_photo

ROWS = np.array([[0.6, 0.8], [1.0, 0.0]], np.float32)


def test_embeddings_hold_unit_rows_that_cannot_be_written_to() -> None:
    made = Embeddings(("a", "b"), ROWS, "m-1")
    with pytest.raises(ValueError, match="read-only"):
        made.vectors[0, 0] = 9
    ROWS[0, 0] = 0.6  # the caller's own array is left writable


@pytest.mark.parametrize(
    ("ids", "vectors", "complaint"),
    [
        (("a",), ROWS, "an id for each of 2 vectors; got 1"),
        (("a", "a"), ROWS, "each id once"),
        (("a", "b"), 2 * ROWS, "row 0 has length 2"),
        (("a", "b"), ROWS[0], r"\(N, D\); got \(2,\)"),
        (("a", "b"), np.full((2, 2), np.nan), "row 0 has length nan"),
        (("a", "b"), np.zeros((2, 2)), "row 0 has length 0"),
    ],
)
def test_embeddings_refuse_what_is_no_set_of_unit_rows(
    ids: tuple[str, ...], vectors: NDArray[np.float32], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        Embeddings(ids, vectors, "m-1")


def test_half_precision_lengths_pass_and_become_float32() -> None:
    rows = unit_rows(ROWS.astype(np.float16), dimension=2)
    assert rows.dtype == np.float32
    assert rows.flags.c_contiguous


def test_no_rows_are_fine() -> None:
    assert unit_rows(np.empty((0, 5)), dimension=5).shape == (0, 5)


def test_a_photo_as_bytes_file_or_pixels_gets_the_same_vector(
    encoder: Encoder, draw_photo: Callable[..., bytes], tmp_path: Path
) -> None:
    photo = draw_photo(3, width=90, height=200)
    (tmp_path / "photo.png").write_bytes(photo)
    vector = embed_photo(encoder, photo)
    assert vector.shape == (1, encoder.dimension)
    for same in (tmp_path / "photo.png", str(tmp_path / "photo.png"), read_photo(photo)):
        assert np.array_equal(embed_photo(encoder, same), vector)


def test_what_is_no_photo_is_refused(encoder: Encoder) -> None:
    with pytest.raises(PhotoError):
        embed_photo(encoder, b"nothing of the kind")
    no_pixels: list[NDArray[Any]] = [
        np.zeros((80, 60), np.uint8),
        np.zeros((80, 60, 3)),
        np.zeros((0, 60, 3), np.uint8),
    ]
    for pixels in no_pixels:
        with pytest.raises(ValueError, match="expected RGB pixels"):
            embed_photo(encoder, pixels)


def test_the_fake_encoder_sees_likeness(encoder: Encoder, draw_photo: Callable[..., bytes]) -> None:
    one, larger, other = (embed_photo(encoder, draw_photo(*drawn)) for drawn in [(1,), (1, 120, 160), (2,)])
    assert float((one @ larger.T).item()) > 0.98 > float((one @ other.T).item())
