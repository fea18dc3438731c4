"""Outlines: closed or open lines of points, in the frame every product is drawn in.

The frame is 60 wide and 80 high with (0, 0) in its middle; x grows to the right and y downwards. An outline
is an (N, 2) float64 array.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Outline",
    "Point",
    "arc",
    "curve",
    "ellipse",
    "mirrored",
    "moved",
    "path",
    "points",
    "polygon",
    "rounded_box",
]

Outline = NDArray[np.float64]
Point = tuple[float, float]

_STEPS = 8  # points a curve has between two given ones


@cache
def _parsed(text: str) -> tuple[Point, ...]:
    found: list[Point] = []
    for word in text.split():
        x, _, y = word.rstrip("!").partition(",")
        found += [(float(x), float(y))] * (2 if word.endswith("!") else 1)
    return tuple(found)


def points(text: str) -> list[Point]:
    """Points written as in an SVG path, ``x,y x,y``; with an exclamation mark a corner, that is, twice.

    >>> points("0,0 4.5,-1!")
    [(0.0, 0.0), (4.5, -1.0), (4.5, -1.0)]
    """
    return list(_parsed(text))


def polygon(points: Sequence[Point]) -> Outline:
    """Straight lines through these points.

    >>> polygon([(0, 0), (10, 0), (5, 8)]).shape
    (3, 2)
    """
    return np.array(points, np.float64)


def curve(points: Sequence[Point], *, closed: bool = True) -> Outline:
    """A smooth line through these points (Catmull-Rom); one given twice running is a corner.

    >>> curve([(0, 0), (4, 0), (4, 4)], closed=False)[[0, -1]].tolist()
    [[0.0, 0.0], [4.0, 4.0]]
    """
    given = np.array(points, np.float64)
    if closed:
        around = np.concatenate([given[-1:], given, given[:2]])
        before, starts, ends, after = around[:-3], given, around[2:-1], around[3:]
    else:
        starts, ends = given[:-1], given[1:]
        before = np.concatenate([given[:1], given[:-2]])
        after = np.concatenate([given[2:], given[-1:]])
    corner = (starts == ends).all(axis=1, keepdims=True)
    before, after = np.where(corner, starts, before), np.where(corner, starts, after)
    controls = np.stack([before, starts, ends, after])
    drawn = np.einsum("sk,knd->nsd", _catmull_rom(), controls).reshape(-1, 2)
    return drawn if closed else np.concatenate([drawn, given[-1:]])


@cache
def _catmull_rom() -> NDArray[np.float64]:
    """(steps, 4): how much of the four nearest given points is in each drawn one."""
    t = np.arange(_STEPS) / _STEPS
    weights = [-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2]
    return np.stack(weights, axis=1) / 2


def path(points: Sequence[Point]) -> Outline:
    """An open curve: for seams, straps and folds.

    >>> path([(0, 0), (4, 0)])[[0, -1]].tolist()
    [[0.0, 0.0], [4.0, 0.0]]
    """
    return curve(points, closed=False)


def mirrored(right: Sequence[Point]) -> list[Point]:
    """Points of the right half, from the top to the bottom, and of the left half going back up.

    >>> mirrored([(0, -1), (2, 0), (0, 1)])
    [(0, -1), (2, 0), (0, 1), (0, 1), (-2, 0), (0, -1)]
    """
    return [*right, *((-x, y) for x, y in reversed(right))]


def arc(x: float, y: float, rx: float, ry: float, start: float, end: float) -> Outline:
    """Part of an ellipse around (x, y), from one angle to another: degrees, 0 right, 90 down.

    >>> arc(0, 0, 5, 5, 0, 90).round(1)[[0, -1]].tolist()
    [[5.0, 0.0], [0.0, 5.0]]
    """
    angle = np.radians(np.linspace(start, end, max(int(abs(end - start) / 7), 2) + 1))
    return np.stack([x + rx * np.cos(angle), y + ry * np.sin(angle)], axis=1)


def ellipse(x: float, y: float, rx: float, ry: float | None = None) -> Outline:
    """An ellipse around (x, y); a circle if one radius is given.

    >>> ellipse(0, 0, 3).max().item()
    3.0
    """
    return arc(x, y, rx, rx if ry is None else ry, 0, 360)


def rounded_box(left: float, top: float, right: float, bottom: float, radius: float) -> Outline:
    """A box with round corners.

    >>> rounded_box(0, 0, 4, 6, 1).max(axis=0).tolist()
    [4.0, 6.0]
    """
    r = min(radius, (right - left) / 2, (bottom - top) / 2)
    corners = [(right - r, bottom - r), (left + r, bottom - r), (left + r, top + r), (right - r, top + r)]
    return np.concatenate([arc(x, y, r, r, 90 * i, 90 * i + 90) for i, (x, y) in enumerate(corners)])


def moved(outline: Outline, x: float = 0, y: float = 0, *, turn: float = 0, scale: float = 1) -> Outline:
    """Turned around (0, 0) by degrees (clockwise as seen), scaled, then moved.

    >>> moved(polygon([(1, 0)]), 5, turn=90).round(3).tolist()
    [[5.0, 1.0]]
    """
    cos, sin = np.cos(np.radians(turn)) * scale, np.sin(np.radians(turn)) * scale
    turned: Outline = outline @ np.array([[cos, sin], [-sin, cos]]) + (x, y)
    return turned
