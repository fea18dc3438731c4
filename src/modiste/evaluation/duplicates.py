"""Test photos that are nearly the same picture as one of the support set: finding them again proves little.

Shops photograph the same item twice, or one in two colours of the same cut. Only the former are meant here:
photos are compared pixel by pixel, coarsely, so that no model decides which photos it is spared.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["duplicate_groups", "near_duplicates", "thumbnails"]

_GRID = (16, 12)
_TOLERANCE = 4.0  # of 255: what JPEG at another quality or a shift by half a pixel leaves
_AT_ONCE = 512


def near_duplicates(
    queries: NDArray[np.float32], others: NDArray[np.float32], tolerance: float = _TOLERANCE
) -> NDArray[np.bool_]:
    """Which of the `thumbnails` (Q, D) look like one of ``others`` (N, D): (Q,).

    The root of the mean squared difference, on the 0–255 scale, is at most ``tolerance``.

    >>> grey = np.full((1, 80, 60, 3), 128, np.uint8)
    >>> near_duplicates(thumbnails(np.concatenate([grey + 3, grey + 40])), thumbnails(grey)).tolist()
    [True, False]
    """
    squares = (others * others).sum(axis=1)
    alike = np.empty(len(queries), np.bool_)
    for start in range(0, len(queries), _AT_ONCE):
        part = queries[start : start + _AT_ONCE]
        candidates = (squares - 2 * part @ others.T).argmin(axis=1)
        difference = part - others[candidates]  # not from the squares above, whose difference is imprecise
        rms = np.sqrt((difference * difference).mean(axis=1))
        alike[start : start + len(part)] = rms <= tolerance
    return alike


def duplicate_groups(pictures: NDArray[np.float32], tolerance: float = _TOLERANCE) -> NDArray[np.int64]:
    """Which of the `thumbnails` (N, D) are nearly the same picture, directly or through others: (N,) numbers.

    A group is numbered by the first of its pictures; alike as in `near_duplicates`.

    >>> grey = np.full((1, 80, 60, 3), 128, np.uint8)
    >>> duplicate_groups(thumbnails(np.concatenate([grey, grey + 40, grey + 3, grey + 6]))).tolist()
    [0, 1, 0, 0]
    """
    squares = (pictures * pictures).sum(axis=1)
    limit = tolerance * tolerance * pictures.shape[1]
    group = np.arange(len(pictures))
    for start in range(0, len(pictures), _AT_ONCE):
        part = pictures[start : start + _AT_ONCE]
        rough = squares[start : start + _AT_ONCE, None] + squares - 2 * part @ pictures.T
        for one, other in np.argwhere(rough <= limit + 1e-5 * squares.max()).tolist():  # products round
            one += start
            difference = pictures[one] - pictures[other]
            if one < other and (difference * difference).sum() <= limit and group[one] != group[other]:
                low, high = sorted((int(group[one]), int(group[other])))
                group[group == high] = low
    return group


def thumbnails(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Photos (N, H, W, 3) → mean colours of 16 × 12 cells (N, 576); of smaller photos a cell is a pixel.

    >>> thumbnails(np.full((1, 80, 60, 3), 9, np.uint8)).shape
    (1, 576)
    """
    height, width = pixels.shape[1:3]
    rows = np.linspace(0, height, min(_GRID[0], height) + 1).astype(np.int64)
    columns = np.linspace(0, width, min(_GRID[1], width) + 1).astype(np.int64)
    area = np.diff(rows)[:, None, None] * np.diff(columns)[None, :, None]
    made = np.empty((len(pixels), area.size * 3), np.float32)
    for start in range(0, len(pixels), _AT_ONCE):
        part = pixels[start : start + _AT_ONCE].astype(np.float32)
        sums = np.add.reduceat(np.add.reduceat(part, rows[:-1], axis=1), columns[:-1], axis=2)
        made[start : start + len(part)] = (sums / area).reshape(len(part), -1)
    return made
