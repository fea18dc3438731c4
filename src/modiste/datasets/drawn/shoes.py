"""Shoes that close, seen from the side with the toe to the right: trainers, running shoes, boots."""

from __future__ import annotations

from modiste.datasets.drawn.canvas import RGB, Canvas
from modiste.datasets.drawn.look import Look
from modiste.datasets.drawn.outlines import (
    Point,
    curve,
    ellipse,
    path,
    points,
    polygon,
)
from modiste.datasets.drawn.palette import darker, lighter

__all__ = ["boots", "casual_shoes", "sports_shoes"]


def _laces(canvas: Canvas, rows: list[tuple[Point, Point]], colour: RGB) -> None:
    for start, end in rows:
        canvas.line(
            polygon([(start[0] + 0.3, start[1] + 0.7), (end[0] + 0.3, end[1] + 0.7)]),
            (30, 30, 32),
            1.1,
            depth=0,
            alpha=0.35,
            clip=True,
        )
        canvas.line(polygon([start, end]), colour, 1.1)


def casual_shoes(canvas: Canvas, look: Look) -> None:
    """A canvas trainer with a white sole, a slip-on, or a leather lace-up."""
    rng = canvas.rng
    style = rng.choice(["canvas", "canvas", "slip-on", "high", "leather"])
    canvas.ground(-25, 26, 12.6)
    sole: RGB = (236, 234, 228) if style != "leather" else (66, 48, 40)
    high = style == "high"
    back = -17.0 if high else -7
    upper = [
        (-24, 7),
        (-24.6, 1),
        (-23, back + 3),
        (-22.4, back),
        (-22.4, back),
        *(
            [(-16, back - 1), (-11.6, back - 0.5), (-11.6, back - 0.5), (-8.5, -9)]
            if high
            else [(-17, -5.6), (-10, -6.6), (-7.2, -9.2), (-7.2, -9.2)]
        ),
        (-3.5, -5.6),
        (3, -1.8),
        (10, 0.6),
        (18, 1.2),
        (24, 3.6),
        (25.6, 7),
        (25.4, 9),
        (25.4, 9),
        (-24, 9),
        (-24, 9),
    ]
    inside = [
        (-22, back + 0.8),
        (-15, back - 2.4),
        (-8.4, -8.2 if not high else back + 0.2),
        (-12, -4 if not high else back + 2.6),
    ]
    canvas.fill(curve(inside), darker(look.colour, 0.55), bulge=2)
    leather = style == "leather"
    canvas.fill(
        curve(upper),
        look.cloth(0.9) if not leather else look.colour,
        bulge=4.5,
        depth=0.5,
        sheen=0.35 if leather else 0.05,
        folds=0.05,
    )
    bottom = points("-25,7.4! -10,8.2 10,8.4 26.2,7! 26.4,10.5 24.5,12.4 0,12.8 -24,12.6 -25.4,11")
    if leather:
        bottom = points("-25,8! 0,9.2 26,8! 26,10 23,11 -9,10.8! -9.4,12.8! -24.6,12.8!")
    canvas.fill(curve(bottom), sole, bulge=2, depth=0.35)
    if not leather:
        trim = look.other if rng.random() < 0.5 else darker(sole, 0.25)
        canvas.line(path([(-25, 9.6), (0, 10.4), (26.2, 9.2)]), trim, 0.6, depth=0, clip=True)
    if style in ("canvas", "high"):
        toe = points("15.5,1.2 21,2 25.2,5 25.8,8 14.6,8.4 13.6,4.4")
        canvas.fill(curve(toe), lighter(sole, 0.2), bulge=3, depth=0.35)
        canvas.seam(path([(-20.4, back + 1), (-19.4, 0), (-20, 8)]), 0.4, 0.3)
    if style == "high":
        canvas.fill(ellipse(-17, -10, 2.7), lighter(sole, 0.2), bulge=1, depth=0.2)
        canvas.fill(ellipse(-17, -10, 1.4), look.other, bulge=1, depth=0.1)
    if style == "slip-on":
        canvas.fill(
            curve([(-6.6, -7.6), (-1, -3.6), (-4.6, 3.6), (-10, 2.4)]), darker(look.colour, 0.45), bulge=1.5
        )
    else:
        start = -9.6 if high else -6.4
        rows = [((-4.8 + 3.7 * i, -4.9 + 1.75 * i), (-7.2 + 3.5 * i, -1.2 + 1.5 * i)) for i in range(4)]
        if high:
            rows = [
                ((start + 0.2 * i * i, -15 + 3 * i), (start - 3.2, -13.6 + 2.6 * i)) for i in range(3)
            ] + rows
        canvas.crease(path([(-9, -6), (-4, 1.4), (7.6, 6)]), 0.9, 0.3)
        _laces(canvas, rows, (240, 238, 232) if not leather else darker(look.colour, 0.5))
    if leather:
        canvas.seam(path([(11, 0.8), (12.6, 4), (11.6, 8.6)]), 0.5, 0.4)
        canvas.seam(path([(-23.6, 3), (-12, 3.4), (-4, 8.4)]), 0.5, 0.35)


def sports_shoes(canvas: Canvas, look: Look) -> None:
    """A running shoe: a thick two-coloured sole, overlays, a swoosh of stripes."""
    rng = canvas.rng
    canvas.ground(-25, 26, 14.4)
    canvas.fill(curve([(-22, -9.6), (-15, -12.4), (-7, -11.6), (-10, -6)]), darker(look.colour, 0.5), bulge=2)
    upper = points(
        "-24.4,7 -25,1 -23.4,-5 -24.4,-11! -21.4,-11.6 -18,-8 -12,-8.2 -8.4,-12.6! -5.6,-12 "
        "0,-7 7,-3.2 15,-0.8 22,2 26,6 26,9! -24,10!"
    )
    canvas.fill(curve(upper), look.colour, bulge=5, depth=0.5, folds=0.04)
    tint = look.other
    canvas.fill(
        curve(points("-25,8 -24.6,0 -23.6,-5 -19.4,-3 -15.6,3 -14,9")), tint, bulge=2.5, depth=0.4, clip=True
    )
    canvas.fill(
        curve(points("14.4,-0.6 22,2 26.4,6.5 26,9.4 10,9.4 15,5.6")), tint, bulge=2.5, depth=0.4, clip=True
    )
    mark = look.accent if rng.random() < 0.6 else lighter(look.colour, 0.8)
    if sum(look.colour) > 480 and rng.random() < 0.7:
        mark = darker(look.colour, 0.6)
    match rng.integers(3):
        case 0:  # two chevrons
            for x in (-7.0, -2.0):
                canvas.line(
                    path([(x - 3, 8), (x + 1, 3), (x + 1, 3), (x - 1, -2)]), mark, 1.7, depth=0.2, clip=True
                )
        case 1:  # a wave along the sole
            wave = points("-14,4! -8,2 -2,5 5,2 12,4! 12,9! -14,9!")
            canvas.fill(curve(wave), mark, bulge=1, depth=0.2, clip=True)
        case _:  # four thin bars
            for k in range(4):
                x = -9 + 3.6 * k
                canvas.line(polygon([(x + 1, -1 + k), (x, 9)]), mark, 1.2, depth=0.2, clip=True)
    sole = points("-26,6.4! -18,8 -6,8.8 8,8.4 20,7.4 27,5.6! 27.6,9 25,13 14,14.4 -22,14.6 -26.6,12.4")
    canvas.fill(curve(sole), (238, 238, 236), bulge=2.4, depth=0.4)
    canvas.fill(
        curve(points("-26.2,11.4! -10,12.6 10,12.8 26.4,10.6! 25,13.2 14,14.8 -22,15 -26,13")),
        mark if rng.random() < 0.5 else darker(look.colour, 0.3),
        bulge=1.2,
        depth=0.4,
    )
    for x in range(-20, 24, 5):
        canvas.seam(polygon([(x, 12.4), (x - 1, 14.8)]), 0.6, 0.4)
    if rng.random() < 0.5:
        canvas.fill(curve([(-22, 9.4), (-12, 10.2), (-13, 11.6), (-21, 11.2)]), mark, bulge=1, depth=0.3)
    canvas.crease(path([(-9.6, -9), (-4, -1.6), (8, 3)]), 1.1, 0.25)
    _laces(
        canvas,
        [((-4.6 + 4 * i, -10.2 + 2.2 * i), (-8 + 3.8 * i, -5.6 + 1.9 * i)) for i in range(5)],
        lighter(look.colour, 0.85) if rng.random() < 0.6 else tint,
    )


def boots(canvas: Canvas, look: Look) -> None:
    """Up to the ankle or to the knee, with a flat, block or high heel."""
    rng = canvas.rng
    tall = rng.random() < 0.45
    high = rng.choice([2.5, 4, 9])
    foot = 30.0 if tall else 24
    top = -33.0 if tall else rng.uniform(-18, -12)
    y = foot - high  # below the heel of the foot
    canvas.ground(-16, 23, foot)
    back, front = -15.5, 0.5 if tall else -0.5
    canvas.fill(
        curve([(back - 0.2, top), (-7.5, top - 2.2), (front + 0.4, top), (-7.5, top + 2.6)]),
        darker(look.colour, 0.55),
        bulge=2,
    )
    heel = [
        (back - 0.6, y - 2),
        (back, foot),
        (back, foot),
        (back + (5 if high > 5 else 9), foot),
        (back + (5 if high > 5 else 9), foot),
        (back + 9.5, y + 0.5),
    ]
    canvas.fill(curve(heel), (56, 42, 36), bulge=1.6)
    upper = [
        (back, top),
        (back, top),
        (-7.5, top + 1.4),
        (front, top),
        (front, top),
        (front + 0.6, top + (y - top) * 0.45),
        (front - 0.8, y - 19),
        (2, y - 13),
        (8, y - 9.6 + high * 0.4),
        (16, y - 7 + high * 0.7),
        (22, foot - 5),
        (23.4, foot - 2),
        (22, foot - 0.8),
        (8, foot - 1),
        (-2, y + high * 0.35),
        (-8, y + 0.6),
        (back, y),
        (back - 1, y - 6),
        (back + 1.4, y - 16),
        (back - (0.8 if tall else -0.4), top + (y - top) * 0.4),
    ]
    canvas.fill(curve(upper), look.colour, bulge=4.5, depth=0.55, sheen=0.3, folds=0.08)
    canvas.fill(
        curve(
            [
                (-7, y + high * 0.3),
                (2, foot - 2.4),
                (12, foot - 1.6),
                (23.6, foot - 2),
                (22.6, foot),
                (6, foot),
                (-6, y + 1.6),
            ]
        ),
        (56, 42, 36),
        bulge=1,
    )
    for k in (0, 2.4):
        canvas.crease(path([(back + 1.5, y - 13 + k), (-6, y - 11 + k), (1.4, y - 14 + k)]), 1.3, 0.24)
    kind = rng.integers(3)
    if kind == 0 and not tall:
        _laces(
            canvas,
            [
                (
                    (front - 1.6 + max(0, i - 2) * 1.8, top + 4 + 3.6 * i),
                    (front - 5.4 + max(0, i - 2) * 1.4, top + 5 + 3.4 * i),
                )
                for i in range(int((y - 10 - top) / 3.8))
            ],
            (228, 206, 160),
        )
    elif kind == 1:
        canvas.line(
            path([(back + 0.6, y - 12), (-6, y - 9.6), (2.6, y - 12.6)]),
            darker(look.colour, 0.3),
            2,
            clip=True,
        )
        canvas.fill(
            ellipse(-2, y - 10.6, 2, 1.7),
            (212, 190, 130),
            bulge=0.8,
            sheen=0.4,
            holes=[ellipse(-2, y - 10.6, 1.1, 0.8)],
        )
    else:
        canvas.seam(polygon([(-8.6, top + 1), (-8, y - 4)]), 0.6, 0.4)
        if not tall:
            canvas.fill(
                curve([(-12, top + 0.8), (-4, top + 0.8), (-4.6, y - 14), (-8, y - 11), (-11.4, y - 14)]),
                darker(look.colour, 0.35),
                bulge=1.5,
            )
    if high < 5:
        canvas.seam(path([(10, y - 8.4), (11.4, foot - 4.6), (10.4, foot - 1.6)]), 0.45, 0.35)
