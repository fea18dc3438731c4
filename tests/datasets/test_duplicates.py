"""Copies, near copies, and what leaks from one part of a split into another."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from modiste.datasets.duplicates import (
    groups_of,
    hash_photos,
    joined,
    leaks_between,
    near_pairs,
    without_leaks,
)


def picture(seed: int, colour: tuple[int, int, int] | None = None) -> NDArray[np.uint8]:
    """A few smooth shapes on white, 80 × 60; the shapes depend on ``seed`` alone."""
    rng = np.random.default_rng(seed)
    canvas = np.full((80, 60, 3), 255, np.uint8)
    for _ in range(5):
        top, left = rng.integers(5, 50), rng.integers(5, 35)
        high, wide = rng.integers(10, 25), rng.integers(8, 20)
        drawn = rng.integers(20, 180) + rng.integers(0, 40, 3)  # muted, as fabrics are
        canvas[top : top + high, left : left + wide] = drawn if colour is None else colour
    return canvas


def saved_again(photo: NDArray[np.uint8], quality: int = 92) -> NDArray[np.uint8]:
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def resized(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    image = Image.fromarray(photo)
    return np.asarray(
        image.resize((120, 160), Image.Resampling.BICUBIC).resize((60, 80), Image.Resampling.BOX)
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_same_picture_saved_again_is_found_and_others_are_not(seed: int) -> None:
    photo = picture(seed)
    lighter = np.clip(photo.astype(int) + 4, 0, 255).astype(np.uint8)
    pixels = np.stack([photo, picture(seed + 100), saved_again(photo), resized(photo), lighter])
    found = {tuple(pair) for pair in near_pairs(pixels).tolist()}
    assert found >= {(0, 2), (0, 3), (0, 4)}
    assert not any(1 in pair for pair in found)


def test_the_same_shape_in_another_colour_is_no_duplicate() -> None:
    pixels = np.stack([picture(3, (180, 30, 30)), picture(3, (60, 90, 60))])
    hashes, _ = hash_photos(pixels)
    assert int(np.bitwise_count(hashes[0] ^ hashes[1])) <= 6  # the hash alone would say so
    assert near_pairs(pixels).tolist() == []


def test_every_pair_is_compared_whatever_the_batches() -> None:
    photos = np.stack([picture(seed) for seed in range(300)])
    pixels = np.concatenate([photos, photos[::-1]])  # more than are compared at once
    found = {tuple(pair) for pair in near_pairs(pixels).tolist()}
    assert found >= {(row, 599 - row) for row in range(300)}


def test_small_photos_are_refused() -> None:
    with pytest.raises(ValueError, match="32 × 32"):
        hash_photos(np.zeros((1, 28, 28, 3), np.uint8))


def test_no_photos() -> None:
    assert near_pairs(np.zeros((0, 80, 60, 3), np.uint8)).shape == (0, 2)


def test_groups_join_through_common_members() -> None:
    assert groups_of({}) == []
    assert joined([("a", "b"), ("c", "d")], [("b", "c")], [("e", "f")]) == [("a", "b", "c", "d"), ("e", "f")]


def test_leaks_by_kind() -> None:
    parts = {"train": ["1", "2", "3", "9"], "val": ["4"], "test": ["5", "6", "9"]}
    leaks = leaks_between(parts, exact=[("1", "5"), ("2", "3")], near=[("1", "5"), ("3", "4", "6")])
    assert {(leak.kind, leak.first, leak.second, leak.ids) for leak in leaks} == {
        ("id", "train", "test", ("9",)),
        ("exact", "train", "test", ("1", "5")),  # and not as near once more
        ("near", "train", "val", ("3", "4")),
        ("near", "train", "test", ("3", "6")),
        ("near", "val", "test", ("4", "6")),
    }


def test_taking_leaks_out_leaves_none_and_the_test_as_it_was() -> None:
    parts = {"train": ["1", "2", "3", "9"], "val": ["4"], "test": ["5", "6", "9"]}
    groups = [("1", "5"), ("3", "4", "6")]
    kept, removed = without_leaks(parts, groups)
    assert kept == {"train": ["2"], "val": [], "test": ["5", "6", "9"]}
    assert removed == 4
    assert leaks_between(kept, exact=groups) == []
