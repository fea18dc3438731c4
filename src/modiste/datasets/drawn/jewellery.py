"""Earrings, rings, necklaces and bracelets: metal and stones."""

from __future__ import annotations

import numpy as np

from modiste.datasets.drawn.canvas import RGB, Canvas
from modiste.datasets.drawn.look import Look
from modiste.datasets.drawn.outlines import (
    arc,
    curve,
    ellipse,
    moved,
    path,
    points,
    polygon,
)
from modiste.datasets.drawn.palette import COLOURS, darker, lighter
from modiste.datasets.drawn.patterns import metal

__all__ = ["bracelet", "earrings", "necklace", "ring"]

_STONES = ("Red", "Blue", "Green", "Turquoise", "Purple", "Pink", "White", "Teal", "Magenta")


def _stone(canvas: Canvas, x: float, y: float, size: float, colour: RGB) -> None:
    """A cut stone: a dark rim, a bright table, a spark."""
    canvas.fill(ellipse(x, y, size), darker(colour, 0.2), bulge=size, depth=0.6, sheen=0.3)
    canvas.fill(
        moved(polygon([(-0.6, -0.6), (0.6, -0.6), (0.6, 0.6), (-0.6, 0.6)]), x, y, turn=45, scale=size),
        lighter(colour, 0.25),
        bulge=1,
        depth=0.3,
    )
    canvas.fill(ellipse(x - size * 0.3, y - size * 0.35, size * 0.22), (255, 255, 255), depth=0)


def _any_stone(canvas: Canvas) -> RGB:
    return COLOURS[_STONES[canvas.rng.integers(len(_STONES))]]


def earrings(canvas: Canvas, look: Look) -> None:
    """A pair: studs, hoops, drops or chandeliers."""
    rng = canvas.rng
    style = rng.choice(["hoop", "drop", "chandelier", "stud"])
    gold = metal(look.colour, every=7, shift=rng.random())
    stone, pearl = _any_stone(canvas), rng.random() < 0.3
    sizes = rng.uniform(0.85, 1.1), rng.integers(3, 6)
    for side in (-1, 1):
        x = side * 12.5
        if style == "stud":
            r = 6.5 * sizes[0]
            for k in range(8):
                a = np.pi * k / 4
                _stone(canvas, x + np.cos(a) * r * 0.85, np.sin(a) * r * 0.85, 1.9, look.colour)
            canvas.fill(ellipse(x, 0, r * 0.66), (238, 232, 222) if pearl else gold, bulge=3, sheen=0.4)
            if not pearl:
                _stone(canvas, x, 0, r * 0.48, stone)
            continue
        canvas.line(
            path([(x - 1.6, -22), (x - 1.8, -27), (x + 1, -29), (x + 2, -25), (x + 0.2, -21)]),
            gold,
            0.9,
            sheen=0.4,
        )
        if style == "hoop":
            r = 10.5 * sizes[0]
            canvas.line(arc(x, -20 + r, r, r * 1.15, -90, 270), gold, 1.8, sheen=0.5)
            if rng.random() < 0.5:
                for k in range(int(sizes[1])):
                    _stone(
                        canvas,
                        x - 5 + 10 * k / (sizes[1] - 1),
                        -19 + 2 * r + 1.5 - abs(k - (sizes[1] - 1) / 2) * 1.2,
                        1.4,
                        stone,
                    )
        elif style == "drop":
            canvas.fill(ellipse(x, -19, 2.2), gold, bulge=1.5, sheen=0.5)
            canvas.line(polygon([(x, -18), (x, -8)]), gold, 0.7)
            drop = curve(points("0,-10! 4.6,1 4,7 0,9.4 -4,7 -4.6,1")) * sizes[0] + (x, 2)
            canvas.fill(drop * 1.0, gold, bulge=2, sheen=0.4)
            canvas.fill(
                (drop - (x, 3)) * 0.72 + (x, 3.4),
                (240, 234, 226) if pearl else stone,
                bulge=3,
                depth=0.5,
                sheen=0.5,
            )
        else:
            canvas.fill(ellipse(x, -17, 4), gold, bulge=2, sheen=0.4)
            _stone(canvas, x, -17, 2.2, stone)
            canvas.fill(
                moved(curve(points("-7,3! -6,-6 0,-11 6,-6 7,3! 0,5")), x, -2), gold, bulge=2, sheen=0.4
            )
            for k in range(-2, 3):
                canvas.fill(ellipse(x + 2 * k, -2 - abs(k) * 0.2, 0.8), stone, bulge=0.6)
                canvas.line(polygon([(x + 3 * k, 2), (x + 3.2 * k, 9 - abs(k))]), gold, 0.5)
                canvas.fill(
                    ellipse(x + 3.2 * k, 10.6 - abs(k), 1.5, 2),
                    stone if k % 2 == 0 else gold,
                    bulge=1.2,
                    sheen=0.4,
                )


def ring(canvas: Canvas, look: Look) -> None:
    """A band standing a little turned: with one stone, a row of them, or none."""
    rng = canvas.rng
    canvas.ground(-12, 12, 24)
    rx, ry, width = rng.uniform(15, 17), rng.uniform(16.5, 19), rng.uniform(2.6, 5.5)
    gold = metal(look.colour, every=13, shift=rng.random())
    style = rng.choice(["solitaire", "row", "band", "flower"])
    canvas.line(
        arc(0.5, 6.6, rx - 0.8, ry - 0.8, -90, 270), darker(look.colour, 0.45), width * 0.9, depth=0.2
    )
    canvas.line(arc(0, 6, rx, ry, -90, 270), gold, width, depth=0.6, sheen=0.5)
    top = 6 - ry
    stone = _any_stone(canvas)
    if style == "solitaire":
        canvas.fill(polygon([(-4, top + 3), (-5.4, top - 4), (5.4, top - 4), (4, top + 3)]), gold, bulge=1.5)
        _stone(canvas, 0, top - 4, 6.4, stone)
    elif style == "flower":
        for k in range(7):
            a = 2 * np.pi * k / 7
            _stone(canvas, 5.2 * np.cos(a), top - 2 + 5.2 * np.sin(a), 2.7, lighter(stone, 0.35))
        _stone(canvas, 0, top - 2, 3, stone)
    elif style == "row":
        for k in range(-4, 5):
            a = np.radians(-90 + 13 * k)
            _stone(canvas, rx * np.cos(a), 6 + ry * np.sin(a), max(width * 0.46, 1.8), stone)
    else:
        canvas.line(arc(0, 6, rx, ry, 120, 420), lighter(look.colour, 0.6), 0.5, depth=0)


def necklace(canvas: Canvas, look: Look) -> None:
    """Laid out in a curve: a chain with a pendant, a string of beads, or a collar of drops."""
    rng = canvas.rng
    style = rng.choice(["pendant", "beads", "collar"])
    gold = metal(look.colour, every=6, shift=rng.random())
    stone = _any_stone(canvas)
    wide, deep = rng.uniform(16, 20), rng.uniform(36, 44)
    t = np.linspace(-1, 1, 61)
    line = np.stack(
        [
            wide * np.sin(t * 2.5) / np.sin(1.57),
            -32 + deep * (1 - np.abs(t) ** 2.0) * 1.0 + 6 * np.abs(t) ** 6,
        ],
        axis=1,
    )
    if style == "beads":
        n = int(rng.integers(23, 31))
        beads = path([(float(x), float(y)) for x, y in line[::6]])
        pick = np.linspace(0, len(beads) - 1, n).astype(int)
        colours = [stone, lighter(stone, 0.4), look.colour]
        for i, k in enumerate(pick):
            r = 2.5 - 1.1 * abs(i / (n - 1) - 0.5) * 2 + 0.2
            canvas.fill(
                ellipse(beads[k, 0], beads[k, 1], r),
                colours[i % 3 if rng.random() < 0.5 else 0],
                bulge=r,
                depth=0.7,
                sheen=0.5,
            )
        return
    canvas.line(line, gold, 1.3 if style == "pendant" else 1.9, sheen=0.4, depth=0.6)
    for k in range(0, 60, 2):
        canvas.seam(line[k : k + 2], 1.4, 0.35)
    low = line[30]
    if style == "pendant":
        canvas.fill(ellipse(low[0], low[1] + 1.6, 1.4), gold, bulge=1)
        shape = rng.integers(3)
        outlines = [
            curve(points("0,-6! 5,1 3.6,6 0,7.6 -3.6,6 -5,1")),
            ellipse(0, 0, 6.4),
            curve(points("0,-3! 3,-6 6.4,-3.4 5,2 0,7! -5,2 -6.4,-3.4 -3,-6")),
        ]
        canvas.fill(moved(outlines[shape], low[0], low[1] + 9), gold, bulge=2, sheen=0.4)
        canvas.fill(outlines[shape] * 0.66 + (low[0], low[1] + 9.2), stone, bulge=2.4, depth=0.5, sheen=0.5)
        return
    for k in range(12, 49, 4):
        x, y = line[k]
        size = 1.5 + 1.4 * (1 - abs(k - 30) / 18)
        canvas.line(polygon([(x, y), (x * 1.03, y + size)]), gold, 0.6)
        canvas.fill(
            curve(points("0,-1.2! 1,0.4 0,1.6 -1,0.4")) * size + (x * 1.04, y + size * 1.9),
            stone if (k // 4) % 2 else look.colour,
            bulge=1.5,
            sheen=0.5,
        )


def bracelet(canvas: Canvas, look: Look) -> None:
    """Seen from slightly above: bangles, a chain, or beads."""
    rng = canvas.rng
    style = rng.choice(["bangle", "beads", "cuff"])
    rx, ry = rng.uniform(22, 25), rng.uniform(12, 15)
    gold = metal(look.colour, every=16, shift=rng.random())
    stone = _any_stone(canvas)
    if style == "beads":
        n = 24
        for i in sorted(range(n), key=lambda i: np.sin(2 * np.pi * i / n)):
            a = 2 * np.pi * i / n
            r = 2.9 + 0.5 * np.sin(a)
            canvas.fill(
                ellipse(rx * np.cos(a), ry * np.sin(a), r),
                stone if i % 4 else look.colour,
                bulge=r,
                depth=0.7,
                sheen=0.5,
            )
        return
    rows = int(rng.integers(1, 4)) if style == "bangle" else 1
    width = 2.4 if style == "bangle" else rng.uniform(6, 9)
    for k in range(rows):
        y = 3.6 * (rows - 1) / 2 - 3.6 * k
        canvas.line(arc(0, y, rx, ry, 180, 360), darker(look.colour, 0.4), width * 0.9, depth=0.4)
        canvas.line(arc(0, y, rx, ry, 0, 180), gold, width, depth=0.6, sheen=0.5)
        if style == "cuff" or rng.random() < 0.4:
            for i in range(9):
                a = np.radians(34 + 14 * i)
                _stone(canvas, rx * np.cos(a), y + ry * np.sin(a), 1.3 if style == "bangle" else 1.9, stone)
