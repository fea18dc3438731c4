"""Photos made smaller or larger, to the byte as PyTorch does it, without PyTorch.

A server that needs PyTorch for nothing else takes 200 MB less without it. This is PyTorch's bicubic kernel
with antialiasing for bytes, which is that of Pillow in 16-bit weights: Keys, *Cubic convolution interpolation
for digital image processing* (https://doi.org/10.1109/TASSP.1981.1163711), stretched over as many pixels as
become one.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

__all__ = ["scale"]

_SHARPNESS = -0.5
# Pixels that are made at once: of few, most weights are not zero. Where many pixels become one, that counts.
_AT_ONCE, _AT_ONCE_OF_SMALL = 8, 64
_SMALL = 2.0
# What is worked on stays in a core's cache.
_NUMBERS_AT_ONCE = 100_000


def scale(photos: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """RGB photos of one size (N, h, w, 3) → (N, ``height``, ``width``, 3).

    >>> scale(np.full((1, 9, 7, 3), 200, np.uint8), 2, 3)[0, :, :, 0].tolist()
    [[200, 200, 200], [200, 200, 200]]
    """
    return np.stack([_scale(photo, height, width) for photo in photos])


def _scale(photo: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    h, w, _ = photo.shape
    if w != width:
        photo = _mix(photo.transpose(1, 0, 2), width).transpose(1, 0, 2)
    return photo if h == height else _mix(photo, height)


def _mix(rows: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    """Rows (n, k, 3) → ``count`` rows (count, k, 3), each a weighted mean of those around its place."""
    portions, bits = _weights(len(rows), count)
    made = np.empty((count, *rows.shape[1:]), np.uint8)
    step = max(1, _NUMBERS_AT_ONCE // (3 * len(rows)))
    for left in range(0, rows.shape[1], step):
        some = rows[:, left : left + step]
        numbers = np.empty(some.shape)
        for colour in range(3):  # of turned rows, the faster way by half
            numbers[:, :, colour] = some[:, :, colour]
        part = numbers.reshape(len(rows), -1)
        done = 0
        for start, weights in portions:
            # Whole numbers below 2⁵³: in whatever order they are added, the sum is exact.
            sums = weights @ part[start : start + weights.shape[1]]
            here = np.clip(np.floor((sums + 2 ** (bits - 1)) / 2**bits), 0, 255)
            end = done + len(weights)
            made[done:end, left : left + step] = here.reshape(len(weights), -1, 3)
            done = end
    return made


@functools.lru_cache(maxsize=32)
def _weights(count: int, wanted: int) -> tuple[list[tuple[int, NDArray[np.float64]]], int]:
    """What ``count`` pixels weigh in ``wanted`` ones, in parts of 2 ** bits: portions (made, used).

    With each portion goes the first of the pixels that it uses.
    """
    stretch = count / wanted
    reach, inverse = 2.0 * max(stretch, 1.0), min(1 / stretch, 1.0)
    weights = np.zeros((wanted, count))
    for place in range(wanted):
        centre = stretch * (place + 0.5)
        first, end = max(int(centre - reach + 0.5), 0), min(int(centre + reach + 0.5), count)
        own = _cubic(np.abs((np.arange(first, end) - centre + 0.5) * inverse))
        weights[place, first:end] = own / np.cumsum(own)[-1]  # added one after the other, as there
    most, bits = weights.max(), 0
    while bits < 22 and int(0.5 + most * 2 ** (bits + 1)) < 2**15:
        bits += 1
    scaled = weights * 2**bits
    whole = np.trunc(np.where(scaled < 0, scaled - 0.5, scaled + 0.5))
    portions = []
    at_once = _AT_ONCE if stretch > _SMALL else _AT_ONCE_OF_SMALL
    for first in range(0, wanted, at_once):
        here = whole[first : first + at_once]
        used = np.flatnonzero(here.any(axis=0))
        portions.append((int(used[0]), here[:, used[0] : used[-1] + 1].copy()))
    return portions, bits


def _cubic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    a = _SHARPNESS
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))
