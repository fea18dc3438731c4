"""What completes an outfit: belts, ties, scarves and umbrellas."""

from __future__ import annotations

import numpy as np

from modiste.datasets.drawn.canvas import RGB, Canvas
from modiste.datasets.drawn.look import Look
from modiste.datasets.drawn.outlines import (
    Point,
    arc,
    curve,
    ellipse,
    moved,
    path,
    points,
    polygon,
    rounded_box,
)
from modiste.datasets.drawn.palette import darker
from modiste.datasets.drawn.patterns import metal, stripes, turned

__all__ = ["belt", "scarf", "tie", "umbrella"]

_STEEL: RGB = (198, 199, 203)

_BRASS: RGB = (212, 178, 104)


def belt(canvas: Canvas, look: Look) -> None:
    """Rolled up, seen from the front and slightly above, the buckle before us; or laid out in a loop."""
    rng = canvas.rng
    rx, ry = rng.uniform(25, 26.5), rng.uniform(6, 9)
    width = rng.uniform(5.2, 8)
    canvas.ground(-24, 24, ry + width - 1)
    back = np.concatenate([arc(0, -2, rx, ry, 180, 360), arc(0, -2 + width * 0.8, rx, ry, 360, 180)])
    canvas.fill(back, darker(look.colour, 0.45), bulge=2)
    front = np.concatenate([arc(0, 0, rx, ry, 180, 0), arc(0, width, rx, ry, 0, 180)])
    canvas.fill(front, look.cloth(0.7), bulge=2.4, depth=0.6, sheen=0.2)
    for offset in (1, width - 1):
        canvas.seam(arc(0, offset, rx - 0.5, ry, 172, 8), 0.35, 0.4, light=sum(look.colour) < 250)
    x = rng.uniform(-6, 4)
    y = float(ry * np.sqrt(1 - (x / rx) ** 2) + width / 2)
    steel = metal(_STEEL if rng.random() < 0.6 else _BRASS, every=11, shift=rng.random())
    half = width / 2 + 1.3
    if rng.random() < 0.65:
        frame = rounded_box(x - half * 1.05, y - half, x + half * 1.05, y + half, 1.2)
        hole = rounded_box(x - half * 0.6, y - half * 0.62, x + half * 0.6, y + half * 0.62, 0.8)
    else:
        frame, hole = ellipse(x, y, half * 1.15), ellipse(x, y, half * 0.72)
    canvas.crease(moved(frame, 0.4, 0.8), 1, 0.4)
    canvas.fill(frame, steel, bulge=1.2, depth=0.5, sheen=0.4, holes=[hole])
    canvas.line(polygon([(x - half * 0.9, y), (x + half * 0.8, y)]), steel, 0.9, sheen=0.3)
    loop_x = x + half + 4.5
    loop_y = float(ry * np.sqrt(1 - (loop_x / rx) ** 2))
    canvas.fill(
        rounded_box(loop_x - 1.5, loop_y - 0.6, loop_x + 1.5, loop_y + width + 0.6, 0.5),
        darker(look.colour, 0.15),
        bulge=1.2,
    )
    for k in range(4):
        hole_x = x - half - 3.4 - 3 * k
        if hole_x > -rx + 3:
            canvas.fill(
                ellipse(hole_x, float(ry * np.sqrt(1 - (hole_x / rx) ** 2)) + width / 2, 0.6),
                (24, 22, 22),
                depth=0,
            )


def tie(canvas: Canvas, look: Look) -> None:
    """Knotted and hanging; diagonal stripes where it is striped."""
    rng = canvas.rng
    cloth = look.cloth(0.75)
    if look.pattern == "striped":
        cloth = turned(
            stripes(look.colour, look.other, every=4 + 5 * look.size, share=0.3 + 0.2 * look.shift), -38
        )
    wide = rng.uniform(5, 6.6)
    tail = curve(
        [
            (-1.5, -24),
            (-1.5, -24),
            (3.4, -24),
            (3.4, -24),
            (wide * 0.9 + 1.2, 28),
            (wide * 0.9 + 1.2, 28),
            (2.4, 33),
            (2.4, 33),
        ]
    )
    canvas.fill(tail, darker(look.colour, 0.4), bulge=2)
    front = curve(
        [
            (-2.4, -27),
            (-2.4, -27),
            (2.4, -27),
            (2.4, -27),
            (wide * 0.62, 0),
            (wide, 29),
            (wide, 29),
            (0, 37),
            (0, 37),
            (-wide, 29),
            (-wide, 29),
            (-wide * 0.62, 0),
        ]
    )
    canvas.fill(front, cloth, bulge=3, depth=0.5, sheen=0.1, folds=0.04)
    canvas.crease(path([(-0.6, -26), (-1.2, -18), (0.4, -8)]), 1, 0.25)
    canvas.crease(path([(0, -27), (0.2, -25), (0, -24)]), 3, 0.35)
    knot = curve(points("-4.4,-36! 0,-37.4 4.4,-36! 2.8,-27! 0,-26.2 -2.8,-27!"))
    canvas.fill(knot, turned(cloth, 60), bulge=2.4, depth=0.55, sheen=0.1)


def scarf(canvas: Canvas, look: Look) -> None:
    """Tied in a loop with hanging ends, or folded flat with fringes."""
    rng = canvas.rng
    cloth = look.cloth(1.1)
    fringe = look.other if look.pattern != "plain" and rng.random() < 0.5 else darker(look.colour, 0.1)
    if rng.random() < 0.35:
        for i, (x0, x1) in enumerate(((-16.0, 12.0), (-12.0, 17.0))):
            shape = curve(
                [
                    (x0, -31 + 5 * i),
                    (x0, -31 + 5 * i),
                    (x1, -33 + 5 * i),
                    (x1, -33 + 5 * i),
                    (x1 + 1, 26 + 3 * i),
                    (x1 + 1, 26 + 3 * i),
                    (x0 - 1, 27 + 3 * i),
                    (x0 - 1, 27 + 3 * i),
                ]
            )
            _fringe(canvas, x0 - 0.6, x1 + 0.6, 26 + 3 * i, fringe)
            canvas.crease(moved(shape, -0.6, 0), 1.6, 0.3)
            canvas.fill(shape, cloth, bulge=4, depth=0.45, folds=0.1)
        return
    for side, low, tilt in ((-1, rng.uniform(29, 33), 3.0), (1, rng.uniform(23, 30), 6.0)):
        x0, x1 = (1.0, 13.0)
        shape = curve(
            [
                (side * -1.4, -12),
                (side * 5, -14),
                (side * (x1 - 2), 4),
                (side * (x1 + tilt), low),
                (side * (x1 + tilt), low),
                (side * (x0 + tilt * 0.4), low + 1.2),
                (side * (x0 + tilt * 0.4), low + 1.2),
                (side * 0, 2),
            ]
        )
        a, b = sorted((side * (x0 + tilt * 0.4), side * (x1 + tilt)))
        _fringe(canvas, a, b, low, fringe)
        canvas.fill(shape, turned(cloth, side * 10), bulge=4, depth=0.5, folds=0.1)
        for k in (0.3, 0.62):
            canvas.crease(
                path(
                    [(side * 2, -9), (side * (3 + 7 * k), 6), (side * (x0 + tilt * 0.4 + (x1 - x0) * k), low)]
                ),
                1.4,
                0.22,
            )
    back = curve(points("-9,-12 -14,-22 -11,-32 0,-36 11,-32 14,-22 9,-12 0,-6"))
    hole = curve(points("-6,-17 -8,-24 -5,-29.6 0,-31 5,-29.6 8,-24 6,-17 0,-13"))
    canvas.fill(back, cloth, bulge=4, depth=0.55, folds=0.08, holes=[hole])
    for k in (0.75, 0.88):
        canvas.crease(arc(0, -22, 13.6 * k, 14 * k, 100, 440), 1, 0.22)
    knot = curve(points("-6,-14 0,-16.4 6.4,-13 6,-5 1,-2.6 -5,-5"))
    canvas.crease(moved(knot, 0, 1), 1.6, 0.3)
    canvas.fill(knot, turned(cloth, 50), bulge=3, depth=0.55)
    canvas.crease(path([(-4, -12), (0, -9), (5, -8)]), 1.2, 0.25)


def _fringe(canvas: Canvas, left: float, right: float, y: float, colour: RGB) -> None:
    for x in np.arange(left + 0.8, right, 1.9):
        canvas.line(polygon([(x, y - 1), (x + canvas.rng.uniform(-0.5, 0.5), y + 4.6)]), colour, 0.75)


def umbrella(canvas: Canvas, look: Look) -> None:
    """Open, from the side, with a crook; or tilted back."""
    rng = canvas.rng
    ribs = 6
    y, high = 2.0, -27.0
    canvas.line(polygon([(0, high - 4), (0, 28)]), metal(_STEEL, every=3), 1.3)
    wood: RGB = (120, 78, 48) if rng.random() < 0.6 else (46, 44, 46)
    canvas.line(path(points("0,22 0,31 2.6,35 6.4,34 7.4,29.6")), wood, 2.3, sheen=0.3)
    xs = [-27 + 54 * i / ribs for i in range(ribs + 1)]
    scallops: list[Point] = []
    for left, right in zip(reversed(xs[:-1]), reversed(xs[1:]), strict=True):
        scallops += [(right, y), (right, y), ((left + right) / 2, y - 3)]
    dome = [(-27.0, y), (-27.0, y), (-24, -11), (-14, -22.5), (0, high), (14, -22.5), (24, -11), *scallops]
    canvas.fill(
        curve([(-27, y), (-27, y), (0, y - 6), (27, y), (27, y), (0, y + 0.6)]),
        darker(look.colour, 0.55),
        bulge=2,
    )
    canvas.fill(curve(dome), look.cloth(1.3), bulge=7, depth=0.6, folds=0.04)
    for x in xs[1:-1]:
        rib = path([(0, high), (x * 0.62, -18.5), (x, y)])
        canvas.crease(rib, 0.8, 0.35)
        canvas.crease(moved(rib, 1.8 if x < 1 else -1.8, 0), 1.6, -0.12)
    if look.pattern == "plain" and rng.random() < 0.5:
        canvas.line(
            path([(-26.6, y - 2.6), (-13, y - 5.5), (0, y - 6), (13, y - 5.5), (26.6, y - 2.6)]),
            look.other,
            1.8,
            clip=True,
            depth=0.2,
        )
    canvas.line(polygon([(0, high - 4.4), (0, high)]), _STEEL, 1.6)
