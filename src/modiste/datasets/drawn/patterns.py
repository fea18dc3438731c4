"""What is printed on or woven into a fabric: functions of the frame's x and y to colours."""

from __future__ import annotations

import numpy as np

from modiste.datasets.drawn.canvas import RGB, Paint, Pixels

__all__ = ["checks", "colour_block", "denim", "dots", "flowers", "metal", "stripes", "turned", "waves"]


def stripes(ground: RGB, other: RGB, *, every: float = 5, share: float = 0.4, across: bool = True) -> Paint:
    """Stripes ``every`` so many units, of which ``share`` has the other colour; ``across`` or else upright.

    >>> paint = stripes((255, 255, 255), (0, 0, 0), every=4)
    >>> paint(np.zeros((2, 1)), np.array([[1.0], [3.0]]))[:, 0, 0].tolist()
    [0.0, 255.0]
    """

    def paint(x: Pixels, y: Pixels) -> Pixels:
        along = (y if across else x) / every
        return _choose(along - np.floor(along) < share, other, ground)

    return paint


def checks(ground: RGB, other: RGB, third: RGB, *, every: float = 7) -> Paint:
    """A woven check: broad bands both ways that darken where they cross, and a thin line between them."""

    def paint(x: Pixels, y: Pixels) -> Pixels:
        u, v = x / every, y / every
        u, v = u - np.floor(u), v - np.floor(v)
        woven = 0.5 * ((u < 0.45).astype(np.float32) + (v < 0.45))
        colours = np.array(ground, np.float32) + woven[..., None] * (np.array(other, np.float32) - ground)
        thin = (np.abs(u - 0.72) < 0.045) | (np.abs(v - 0.72) < 0.045)
        colours[thin] = 0.35 * colours[thin] + 0.65 * np.array(third, np.float32)
        return np.asarray(colours, np.float32)

    return paint


def dots(ground: RGB, other: RGB, *, every: float = 5, size: float = 0.24) -> Paint:
    """Dots in rows set off against each other."""

    def paint(x: Pixels, y: Pixels) -> Pixels:
        v = y / every
        row = np.floor(v)
        u = x / every + 0.5 * (row % 2)
        near = (u - np.floor(u) - 0.5) ** 2 + (v - row - 0.5) ** 2
        return _choose(near < size**2, other, ground)

    return paint


def flowers(ground: RGB, petals: RGB, heart: RGB, *, every: float = 7.5, shift: float = 0) -> Paint:
    """Small five-petalled flowers, each turned and placed a little differently, and leaves between them."""

    def paint(x: Pixels, y: Pixels) -> Pixels:
        v = y / every + shift
        row = np.floor(v)
        u = x / every + 0.5 * (row % 2) + 0.17 * shift
        column = np.floor(u)
        chance = np.sin(row * 127.1 + column * 311.7 + shift) * 43758.5
        chance -= np.floor(chance)
        du = u - column - 0.5 + 0.16 * np.sin(6.3 * chance)
        dv = v - row - 0.5 + 0.16 * np.cos(6.3 * chance)
        far = np.sqrt(du**2 + dv**2)
        edge = (0.23 + 0.12 * chance) * (0.78 + 0.22 * np.cos(5 * np.arctan2(dv, du) + 6.3 * chance))
        colours = _choose(far < edge, petals, ground)
        colours[far < 0.085] = heart
        leaf = ((du - 0.3) / 0.11) ** 2 + ((dv - 0.28 - 0.5 * (du - 0.3)) / 0.05) ** 2 < 1
        colours[leaf] = heart
        return colours

    return paint


def waves(ground: RGB, other: RGB, *, every: float = 6, shift: float = 0) -> Paint:
    """Broad organic bands, as on a printed summer dress or a marbled bag."""

    def paint(x: Pixels, y: Pixels) -> Pixels:
        bend = np.sin(x * 0.33 + shift) * 0.4 + np.sin(x * 0.11 - y * 0.19 + 2 * shift) * 0.7
        band = np.sin(6.283 * (y / every + bend))
        return _choose(band > 0.25, other, ground)

    return paint


def colour_block(top: RGB, bottom: RGB, *, at: float, line: RGB | None = None) -> Paint:
    """One colour above and another below, with a stripe where they meet if ``line`` is given."""

    def paint(x: Pixels, y: Pixels) -> Pixels:
        colours = _choose(y < at, top, bottom)
        if line is not None:
            colours[np.abs(y - at - 1.5) < 1.5] = line
        return colours

    return paint


def denim(colour: RGB, *, worn: float = 0.3, legs: tuple[float, ...] = (-8, 8)) -> Paint:
    """Blue jeans: a fine twill, washed out along the middle of each leg."""

    def paint(x: Pixels, y: Pixels) -> Pixels:
        twill = 0.03 * np.sin((x * 2.2 + y) * 5)
        pale = sum(np.exp(-(((x - leg) / 3.4) ** 2)) for leg in legs) * np.exp(-(((y + 8) / 17) ** 2))
        base = np.array(colour, np.float32)
        share = (worn * pale)[..., None]
        return np.asarray(base * (1 + twill[..., None]) + share * (np.float32(255) - base), np.float32)

    return paint


def metal(colour: RGB, *, every: float = 10, shift: float = 0, across: bool = False) -> Paint:
    """Polished metal: bands of light and dark that mirror a studio."""

    def paint(x: Pixels, y: Pixels) -> Pixels:
        along = (y if across else x) / every + shift
        band = 0.5 * np.sin(6.283 * along) + 0.3 * np.sin(6.283 * 2.3 * along + 1)
        base = np.array(colour, np.float32)
        bright = np.clip(band, 0, 1)[..., None]
        return np.asarray(
            base * (1 + 0.42 * np.minimum(band, 0)[..., None]) + bright * 0.75 * (255 - base), np.float32
        )

    return paint


def turned(paint: Paint, degrees: float) -> Paint:
    """The same pattern, turned: for a sleeve or a pocket cut from the same cloth."""
    if not callable(paint):
        return paint
    cos, sin = np.float32(np.cos(np.radians(degrees))), np.float32(np.sin(np.radians(degrees)))
    straight = paint
    return lambda x, y: straight(x * cos + y * sin, y * cos - x * sin)


def _choose(where: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], yes: RGB, no: RGB) -> Pixels:
    colours: Pixels = np.array([no, yes], np.float32)[where.view(np.uint8)]
    return colours
