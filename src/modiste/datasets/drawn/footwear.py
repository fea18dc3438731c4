"""Shoes, seen from the side with the toe to the right."""

from __future__ import annotations

import numpy as np

from modiste.datasets.drawn.canvas import RGB, Canvas, Paint
from modiste.datasets.drawn.look import Look
from modiste.datasets.drawn.outlines import Outline, Point, curve, ellipse, moved, polygon
from modiste.datasets.drawn.palette import darker, lighter

__all__ = ["boots", "casual_shoes", "flats", "flip_flops", "heels", "sandals", "sports_shoes"]


def _line(points: list[Point]) -> Outline:
    return curve(points, closed=False)


def _laces(canvas: Canvas, points: list[tuple[Point, Point]], colour: RGB) -> None:
    for start, end in points:
        canvas.line(polygon([(start[0] + 0.3, start[1] + 0.7), (end[0] + 0.3, end[1] + 0.7)]), (30, 30, 32), 1.1, depth=0, alpha=0.35, clip=True)
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
        (-24, 7), (-24.6, 1), (-23, back + 3), (-22.4, back), (-22.4, back),
        *([(-16, back - 1), (-11.6, back - 0.5), (-11.6, back - 0.5), (-8.5, -9)] if high else [(-17, -5.6), (-10, -6.6), (-7.2, -9.2), (-7.2, -9.2)]),
        (-3.5, -5.6), (3, -1.8), (10, 0.6), (18, 1.2), (24, 3.6), (25.6, 7), (25.4, 9), (25.4, 9), (-24, 9), (-24, 9),
    ]  # fmt: skip
    inside = [(-22, back + 0.8), (-15, back - 2.4), (-8.4, -8.2 if not high else back + 0.2), (-12, -4 if not high else back + 2.6)]
    canvas.fill(curve(inside), darker(look.colour, 0.55), bulge=2)
    leather = style == "leather"
    canvas.fill(curve(upper), look.cloth(0.9) if not leather else look.colour, bulge=4.5, depth=0.5, sheen=0.35 if leather else 0.05, folds=0.05)
    bottom = [(-25, 7.4), (-25, 7.4), (-10, 8.2), (10, 8.4), (26.2, 7), (26.2, 7), (26.4, 10.5), (24.5, 12.4), (0, 12.8), (-24, 12.6), (-25.4, 11)]
    if leather:
        bottom = [(-25, 8), (-25, 8), (0, 9.2), (26, 8), (26, 8), (26, 10), (23, 11), (-9, 10.8), (-9, 10.8), (-9.4, 12.8), (-9.4, 12.8), (-24.6, 12.8), (-24.6, 12.8)]
    canvas.fill(curve(bottom), sole, bulge=2, depth=0.35)
    if not leather:
        trim = look.other if rng.random() < 0.5 else darker(sole, 0.25)
        canvas.line(_line([(-25, 9.6), (0, 10.4), (26.2, 9.2)]), trim, 0.6, depth=0, clip=True)
    if style in ("canvas", "high"):
        toe = [(15.5, 1.2), (21, 2), (25.2, 5), (25.8, 8), (14.6, 8.4), (13.6, 4.4)]
        canvas.fill(curve(toe), lighter(sole, 0.2), bulge=3, depth=0.35)
        canvas.seam(_line([(-20.4, back + 1), (-19.4, 0), (-20, 8)]), 0.4, 0.3)
    if style == "high":
        canvas.fill(ellipse(-17, -10, 2.7), lighter(sole, 0.2), bulge=1, depth=0.2)
        canvas.fill(ellipse(-17, -10, 1.4), look.other, bulge=1, depth=0.1)
    if style == "slip-on":
        canvas.fill(curve([(-6.6, -7.6), (-1, -3.6), (-4.6, 3.6), (-10, 2.4)]), darker(look.colour, 0.45), bulge=1.5)
    else:
        start = -9.6 if high else -6.4
        rows = [((-4.8 + 3.7 * i, -4.9 + 1.75 * i), (-7.2 + 3.5 * i, -1.2 + 1.5 * i)) for i in range(4)]
        if high:
            rows = [((start + 0.2 * i * i, -15 + 3 * i), (start - 3.2, -13.6 + 2.6 * i)) for i in range(3)] + rows
        canvas.crease(_line([(-9, -6), (-4, 1.4), (7.6, 6)]), 0.9, 0.3)
        _laces(canvas, rows, (240, 238, 232) if not leather else darker(look.colour, 0.5))
    if leather:
        canvas.seam(_line([(11, 0.8), (12.6, 4), (11.6, 8.6)]), 0.5, 0.4)
        canvas.seam(_line([(-23.6, 3), (-12, 3.4), (-4, 8.4)]), 0.5, 0.35)


def sports_shoes(canvas: Canvas, look: Look) -> None:
    """A running shoe: a thick two-coloured sole, overlays, a swoosh of stripes."""
    rng = canvas.rng
    canvas.ground(-25, 26, 14.4)
    canvas.fill(curve([(-22, -9.6), (-15, -12.4), (-7, -11.6), (-10, -6)]), darker(look.colour, 0.5), bulge=2)
    upper = [
        (-24.4, 7), (-25, 1), (-23.4, -5), (-24.4, -11), (-24.4, -11), (-21.4, -11.6), (-18, -8), (-12, -8.2), (-8.4, -12.6),
        (-8.4, -12.6), (-5.6, -12), (0, -7), (7, -3.2), (15, -0.8), (22, 2), (26, 6), (26, 9), (26, 9), (-24, 10), (-24, 10),
    ]  # fmt: skip
    canvas.fill(curve(upper), look.colour, bulge=5, depth=0.5, folds=0.04)
    tint = look.other
    canvas.fill(curve([(-25, 8), (-24.6, 0), (-23.6, -5), (-19.4, -3), (-15.6, 3), (-14, 9)]), tint, bulge=2.5, depth=0.4, clip=True)
    canvas.fill(curve([(14.4, -0.6), (22, 2), (26.4, 6.5), (26, 9.4), (10, 9.4), (15, 5.6)]), tint, bulge=2.5, depth=0.4, clip=True)
    n = rng.integers(1, 4)
    mark = look.accent if rng.random() < 0.6 else lighter(look.colour, 0.8) if sum(look.colour) < 480 else darker(look.colour, 0.6)
    for i in range(n):
        x = -8 + 5 * i
        if n == 1:
            canvas.fill(curve([(-13, 2.4), (-9, 5.4), (-2, 4), (11, -1.4), (11, -1.4), (0, 7), (-8, 8.6), (-12.6, 6.4)]), mark, bulge=1, depth=0.2, clip=True)
        else:
            canvas.line(polygon([(x + 4, -4 + 1.5 * i), (x - 1.6, 8.4)]), mark, 2.1, depth=0.2, clip=True)
    sole = [(-26, 6.4), (-26, 6.4), (-18, 8), (-6, 8.8), (8, 8.4), (20, 7.4), (27, 5.6), (27, 5.6), (27.6, 9), (25, 13), (14, 14.4), (-22, 14.6), (-26.6, 12.4)]
    canvas.fill(curve(sole), (238, 238, 236), bulge=2.4, depth=0.4)
    canvas.fill(curve([(-26.2, 11.4), (-26.2, 11.4), (-10, 12.6), (10, 12.8), (26.4, 10.6), (26.4, 10.6), (25, 13.2), (14, 14.8), (-22, 15), (-26, 13)]), mark if rng.random() < 0.5 else darker(look.colour, 0.3), bulge=1.2, depth=0.4)
    for x in range(-20, 24, 5):
        canvas.seam(polygon([(x, 12.4), (x - 1, 14.8)]), 0.6, 0.4)
    if rng.random() < 0.5:
        canvas.fill(curve([(-22, 9.4), (-12, 10.2), (-13, 11.6), (-21, 11.2)]), mark, bulge=1, depth=0.3)
    canvas.crease(_line([(-9.6, -9), (-4, -1.6), (8, 3)]), 1.1, 0.25)
    _laces(canvas, [((-4.6 + 4 * i, -10.2 + 2.2 * i), (-8 + 3.8 * i, -5.6 + 1.9 * i)) for i in range(5)], lighter(look.colour, 0.85) if rng.random() < 0.6 else tint)


def heels(canvas: Canvas, look: Look) -> None:
    """A pump or a strapped sandal; stiletto, block heel or wedge."""
    rng = canvas.rng
    high = rng.uniform(15, 21)
    foot = 14.0  # where it stands
    back = foot - high
    style = rng.choice(["pump", "pump", "strap", "peep"])
    heel = rng.choice(["stiletto", "block", "wedge"])
    canvas.ground(8, 26, foot)
    canvas.ground(-24, -18 if heel != "wedge" else 8, foot)
    tone = darker(look.colour, 0.12)
    if heel == "stiletto":
        canvas.fill(curve([(-23, back + 2), (-22.6, back + 7), (-21.6, foot), (-21.6, foot), (-19.6, foot), (-19.6, foot), (-17.5, back + 10), (-13, back + 6)]), tone, bulge=2, sheen=0.3)
    elif heel == "block":
        canvas.fill(curve([(-23.4, back + 2), (-22.6, foot), (-22.6, foot), (-15.6, foot), (-15.6, foot), (-14.4, back + 9), (-10, back + 6)]), tone, bulge=2.4, sheen=0.2)
    else:
        cork: RGB = (196, 158, 112) if rng.random() < 0.5 else tone
        canvas.fill(curve([(-23.4, back + 2), (-23.6, foot), (-23.6, foot), (12, foot), (20, foot - 1), (6, foot - 6), (-6, back + 9)]), cork, bulge=2.4)
    bed = [(-24, back + 0.6), (-18, back + 2.6), (-8, back + high * 0.5), (2, foot - 4), (12, foot - 2.4), (26, foot - 2.6),
           (26.4, foot - 0.6), (14, foot + 0.2), (3, foot - 1), (-9, back + high * 0.62), (-18, back + 5), (-23.8, back + 3.4)]  # fmt: skip
    canvas.fill(curve(bed), (214, 186, 150) if style == "strap" else darker(look.colour, 0.3), bulge=1.2)
    if style == "strap":
        for points, width in (([(12, foot - 2.4), (15.4, foot - 7.6), (20, foot - 7), (23, foot - 2.6)], 3.0),
                              ([(4, foot - 4), (7.4, foot - 10), (12, foot - 9.6), (15, foot - 3)], 2.6),
                              ([(-22.4, back + 1), (-21, back - 8), (-14, back - 10.6), (-9, back - 5), (-13, back + 4)], 2.0)):  # fmt: skip
            canvas.line(_line(points), look.colour, width, sheen=0.3, depth=0.5)
        canvas.fill(curve([(-24.4, back + 1.6), (-24.4, back - 6), (-21.4, back - 8), (-18.6, back - 1), (-17, back + 3)]), look.colour, bulge=2, sheen=0.2)
        canvas.fill(ellipse(-10.4, back - 5.6, 1.2), (214, 190, 120), bulge=0.8, holes=[ellipse(-10.4, back - 5.6, 0.5)])
        return
    upper = [(-24.6, back + 2), (-24.4, back - 4), (-23, back - 7.4), (-23, back - 7.4), (-19, back - 3), (-11, back + high * 0.32), (-1, foot - 9.6),
             (6, foot - 10.4), (6, foot - 10.4), (15, foot - 8.2), (24, foot - 4.4), (26.6, foot - 2), (25, foot - 0.8), (12, foot - 1.4), (2, foot - 2.6), (-9, back + high * 0.56), (-18, back + 4)]  # fmt: skip
    canvas.fill(curve([(-22.6, back - 6.6), (-12, back - 0.5), (0, foot - 13), (6, foot - 10.4), (-1, foot - 8), (-12, back + high * 0.4)]), (206, 178, 146), bulge=2)
    canvas.fill(curve(upper), look.colour, bulge=3.6, depth=0.55, sheen=0.45)
    if style == "peep":
        canvas.fill(ellipse(24.4, foot - 3.2, 2.2, 1.5), (232, 206, 178), bulge=1)
    if rng.random() < 0.45:
        bow = look.accent if rng.random() < 0.4 else darker(look.colour, 0.25)
        for turn in (150, 30):
            canvas.fill(moved(ellipse(2.2, 0, 2.2, 1.3), 8, foot - 10, turn=turn), bow, bulge=1)
        canvas.fill(ellipse(8, foot - 10, 1), lighter(bow, 0.2), bulge=0.8)


def flats(canvas: Canvas, look: Look) -> None:
    """A ballerina: hardly a heel, a wide opening, a bow or a buckle."""
    rng = canvas.rng
    canvas.ground(-25, 26, 9.4)
    canvas.fill(curve([(-23, -3.2), (-10, -4), (6, -3), (10, -0.6), (2, 2.6), (-14, 2.4)]), (208, 180, 146), bulge=2.5)
    upper = [(-25, 6), (-25.6, 0), (-24, -5), (-24, -5), (-20, -1.4), (-10, 1.8), (2, 2), (8, -1.6), (11, -3), (11, -3), (18, -0.6), (25, 3.6), (26.4, 6.6), (25, 8.2), (0, 8.2), (-24, 8.2)]
    canvas.fill(curve(upper), look.cloth(0.6), bulge=3.4, depth=0.5, sheen=0.25)
    canvas.line(_line([(-24, -4.6), (-20, -1), (-10, 2.2), (2, 2.4), (8, -1.2), (11, -2.6)]), darker(look.colour, 0.35), 0.8, depth=0.2)
    canvas.fill(curve([(-25.4, 7.2), (-25.4, 7.2), (0, 7.8), (26, 6.8), (26, 6.8), (24, 8.8), (-15, 8.8), (-15.4, 10), (-25, 10)]), (58, 44, 38), bulge=1)
    kind = rng.integers(3)
    if kind == 0:
        for turn in (190, -10):
            canvas.fill(moved(ellipse(3, 0, 3, 1.7), 12, -2.6, turn=turn), darker(look.colour, 0.12), bulge=1.2)
        canvas.fill(ellipse(12, -2.6, 1.2), darker(look.colour, 0.2), bulge=1)
    elif kind == 1:
        canvas.fill(ellipse(14, -0.8, 2.6, 1.8), (216, 186, 110), bulge=1, sheen=0.4, holes=[ellipse(14, -0.8, 1.4, 0.8)])
    else:
        canvas.seam(_line([(15, -1.6), (16.4, 3), (15, 7)]), 0.5, 0.4)


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
    canvas.fill(curve([(back - 0.2, top), (-7.5, top - 2.2), (front + 0.4, top), (-7.5, top + 2.6)]), darker(look.colour, 0.55), bulge=2)
    heel = [(back - 0.6, y - 2), (back, foot), (back, foot), (back + (5 if high > 5 else 9), foot), (back + (5 if high > 5 else 9), foot), (back + 9.5, y + 0.5)]
    canvas.fill(curve(heel), (56, 42, 36), bulge=1.6)
    upper = [
        (back, top), (back, top), (-7.5, top + 1.4), (front, top), (front, top), (front + 0.6, top + (y - top) * 0.45),
        (front - 0.8, y - 19), (2, y - 13), (8, y - 9.6 + high * 0.4), (16, y - 7 + high * 0.7), (22, foot - 5), (23.4, foot - 2), (22, foot - 0.8),
        (8, foot - 1), (-2, y + high * 0.35), (-8, y + 0.6), (back, y), (back - 1, y - 6), (back + 1.4, y - 16), (back - (0.8 if tall else -0.4), top + (y - top) * 0.4),
    ]  # fmt: skip
    canvas.fill(curve(upper), look.colour, bulge=4.5, depth=0.55, sheen=0.3, folds=0.08)
    canvas.fill(curve([(-7, y + high * 0.3), (2, foot - 2.4), (12, foot - 1.6), (23.6, foot - 2), (22.6, foot), (6, foot), (-6, y + 1.6)]), (56, 42, 36), bulge=1)
    for k in (0, 2.4):
        canvas.crease(_line([(back + 1.5, y - 13 + k), (-6, y - 11 + k), (1.4, y - 14 + k)]), 1.3, 0.24)
    kind = rng.integers(3)
    if kind == 0 and not tall:
        _laces(canvas, [((front - 1.6 + max(0, i - 2) * 1.8, top + 4 + 3.6 * i), (front - 5.4 + max(0, i - 2) * 1.4, top + 5 + 3.4 * i)) for i in range(int((y - 10 - top) / 3.8))], (228, 206, 160))
    elif kind == 1:
        canvas.line(_line([(back + 0.6, y - 12), (-6, y - 9.6), (2.6, y - 12.6)]), darker(look.colour, 0.3), 2, clip=True)
        canvas.fill(ellipse(-2, y - 10.6, 2, 1.7), (212, 190, 130), bulge=0.8, sheen=0.4, holes=[ellipse(-2, y - 10.6, 1.1, 0.8)])
    else:
        canvas.seam(polygon([(-8.6, top + 1), (-8, y - 4)]), 0.6, 0.4)
        if not tall:
            canvas.fill(curve([(-12, top + 0.8), (-4, top + 0.8), (-4.6, y - 14), (-8, y - 11), (-11.4, y - 14)]), darker(look.colour, 0.35), bulge=1.5)
    if high < 5:
        canvas.seam(_line([(10, y - 8.4), (11.4, foot - 4.6), (10.4, foot - 1.6)]), 0.45, 0.35)


def flip_flops(canvas: Canvas, look: Look) -> None:
    """From above and a little from the side: a flat sole and a strap between the toes."""
    rng = canvas.rng
    canvas.ground(-24, 25, 9.4)
    tilt = rng.uniform(-9, -3)
    sole = moved(curve([(-25, 1), (-22, -4.2), (-12, -4.4), (0, -4.2), (12, -7), (22, -6.4), (26, 0), (22, 6), (10, 6.6), (-4, 3.8), (-14, 5), (-22, 5)]), 0, 2, turn=tilt)
    side = lighter(look.colour, 0.1) if rng.random() < 0.5 else look.accent
    canvas.fill(sole + (0.4, 3.4), darker(side, 0.12), bulge=2, depth=0.5)
    canvas.fill(sole + (0.2, 2.0), side, bulge=2, depth=0.5)
    canvas.fill(sole, look.cloth(1.0), bulge=2.4, depth=0.3, folds=0.03)
    canvas.seam(moved(curve([(-23, 1), (-20.4, -2.6), (-12, -2.9), (0, -2.7), (12, -5.2), (21, -4.8), (24, 0), (21, 4.4), (10, 5), (-4, 2.4), (-14, 3.4), (-20.4, 3.4)]), 0, 2, turn=tilt), 0.4, 0.22)
    strap = look.other if look.pattern == "plain" or rng.random() < 0.5 else darker(look.colour, 0.4)
    for points in ([(16, -0.4), (9, -6.6), (-3, -9.4), (-9, -3.6)], [(16, -0.4), (10, 1.4), (0, 0.6), (-7.6, 5)]):
        placed = moved(_line(points), 0, 2, turn=tilt)
        canvas.crease(placed + (0.3, 1.6), 1.8, 0.35)
        canvas.line(placed, strap, 2.8, depth=0.55)
    canvas.fill(moved(ellipse(16, -0.4, 1.8), 0, 2, turn=tilt), strap, bulge=1.2)


def sandals(canvas: Canvas, look: Look) -> None:
    """A sole with broad straps over the foot and one around the heel."""
    rng = canvas.rng
    canvas.ground(-25, 25, 11.6)
    sole: RGB = (72, 58, 50) if rng.random() < 0.6 else (188, 152, 110)
    canvas.fill(curve([(-25, 6), (-25, 6), (-10, 6.6), (5, 7), (26, 4.8), (26, 4.8), (26.4, 8), (24, 10.6), (0, 11), (-24, 11.4), (-25.6, 9)]), sole, bulge=2)
    canvas.fill(curve([(-24.6, 4), (-12, 3), (4, 3.4), (18, 1.8), (26, 4.4), (18, 6.8), (0, 7.4), (-20, 7.2)]), (206, 172, 132), bulge=2)
    bands: list[list[Point]] = [
        [(12, 6.4), (13.4, -1.4), (19, -2.2), (23, 3.4)],
        [(1, 7), (2.4, -5), (9, -6.6), (14, -1), (14.4, 3)],
        [(-22.6, 6.6), (-23.6, -5), (-20, -9.6), (-11, -9), (-5, -6), (0, -2.6)],
    ]
    for points, width in zip(bands, (4.6, 4.6, 3.2), strict=True):
        canvas.line(_line(points), look.colour, width, bulge=1.8, depth=0.5, sheen=0.15)
        canvas.line(_line(points), lighter(look.colour, 0.3), 0.35, depth=0, alpha=0.7)
    canvas.line(_line([(-13, 6), (-9, -1), (-4.6, -6)]), look.colour, 3.2, bulge=1.6, depth=0.5)
    canvas.fill(ellipse(-5.2, -6, 2.2, 1.8), (196, 190, 176), bulge=0.8, sheen=0.3, holes=[ellipse(-5.2, -6, 1.2, 0.9)])
    if rng.random() < 0.4:
        canvas.line(_line(bands[0]), look.other, 1.2, depth=0.2)
