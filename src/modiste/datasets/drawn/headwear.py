"""Caps, beanies and hats."""

from __future__ import annotations

import numpy as np

from modiste.datasets.drawn.canvas import Canvas
from modiste.datasets.drawn.look import Look
from modiste.datasets.drawn.outlines import (
    arc,
    curve,
    ellipse,
    mirrored,
    moved,
    path,
    points,
    polygon,
)
from modiste.datasets.drawn.palette import darker, lighter

__all__ = ["cap", "hat"]


def cap(canvas: Canvas, look: Look) -> None:
    """With a peak, turned a little to the right; or a knitted beanie."""
    rng = canvas.rng
    if rng.random() < 0.25:
        _beanie(canvas, look)
        return
    peak_colour = look.other if rng.random() < 0.45 else look.colour
    crown = curve(points("-21,8 -21.6,-1 -17,-11 -7,-16 3,-15.4 12,-9 15.6,0 16,8! 4,5.6 -8,6 -21,8"))
    canvas.fill(curve(points("-19.6,7 -8,5 6,5 15,7 2,11 -10,10.4")), darker(look.colour, 0.6), bulge=2)
    canvas.fill(crown, look.cloth(1.3), bulge=6, depth=0.55, folds=0.05)
    canvas.seam(path([(-2, -16), (4, -8), (5.6, 6)]), 0.45, 0.35)
    canvas.seam(path([(-2.4, -16), (-11, -9), (-13, 6.4)]), 0.45, 0.3)
    canvas.fill(ellipse(-2.2, -16, 1.6, 1), peak_colour, bulge=0.8)
    peak = curve(points("-10,6.4! 3,4.4 14,4.8 22,7 27.5,12 26,14.4 18,13.2 8,11.8 -3,12.2 -9.4,10.4"))
    canvas.crease(path([(-9, 5.4), (3, 3.4), (15, 4)]), 1.2, 0.3)
    canvas.fill(peak, peak_colour, bulge=3, depth=0.55)
    for k in (1.5, 3):
        canvas.seam(path([(-8, 6.4 + k), (4, 5 + k), (16, 6 + k), (24, 10.4 + k * 0.6)]), 0.3, 0.22)
    badge = look.accent
    kind = rng.integers(3)
    if kind == 0:
        canvas.fill(ellipse(5, -3.4, 4.2), badge, bulge=1, depth=0.2)
        canvas.fill(ellipse(5, -3.4, 2), look.other, bulge=1, depth=0.1)
    elif kind == 1:
        canvas.fill(
            moved(polygon([(-4, -2), (4, -2), (4, 2), (-4, 2)]), 4.6, -2.6, turn=6), badge, bulge=1, depth=0.2
        )
    else:
        star = [
            (5 + r * np.sin(np.pi * k / 5), -3.4 - r * np.cos(np.pi * k / 5))
            for k in range(10)
            for r in ((4.6, 2)[k % 2],)
        ]
        canvas.fill(polygon(star), badge, bulge=1, depth=0.2)


def _beanie(canvas: Canvas, look: Look) -> None:
    dome = curve(mirrored(points("0,-20 9,-18 16.6,-8 18.4,6! 0,8")))
    canvas.fill(dome, look.cloth(1), bulge=7, depth=0.6)
    for x in range(-15, 16, 3):
        canvas.crease(path([(x * 0.3, -19), (x * 0.9, -6), (x * 1.1, 6)]), 0.7, 0.25)
    fold = curve(mirrored(points("0,5 18,3.6 19.4,5 19.6,13 18.4,15 0,16.6")))
    canvas.crease(fold, 1, 0.3)
    canvas.fill(
        fold, look.other if canvas.rng.random() < 0.5 else darker(look.colour, 0.12), bulge=3.4, depth=0.5
    )
    for x in range(-17, 18, 2):
        canvas.crease(polygon([(x, 5), (x, 15.6)]), 0.6, 0.3)
    if canvas.rng.random() < 0.5:
        canvas.fill(ellipse(0, -22, 5), lighter(look.colour, 0.4), bulge=3, depth=0.6)


def hat(canvas: Canvas, look: Look) -> None:
    """With a brim all round and a ribbon: a fedora, a sun hat or a bowler."""
    rng = canvas.rng
    style = rng.choice(["fedora", "sun", "bowler"])
    brim_x, brim_y, y = {"fedora": (25.0, 5.6, 8.0), "sun": (28.0, 8.6, 7.0), "bowler": (23.0, 4.6, 9.0)}[
        style
    ]
    canvas.ground(-brim_x * 0.8, brim_x * 0.8, y + brim_y)
    straw = style == "sun" or rng.random() < 0.3
    brim = curve(
        [
            (-brim_x, y - 2.4),
            (-brim_x * 0.6, y - brim_y * 0.7),
            (0, y - brim_y),
            (brim_x * 0.6, y - brim_y * 0.7),
            (brim_x, y - 2.4),
            (brim_x * 0.7, y + brim_y * 0.7),
            (0, y + brim_y),
            (-brim_x * 0.7, y + brim_y * 0.7),
        ]
    )
    canvas.fill(moved(brim, 0, 1), darker(look.colour, 0.4), bulge=2)
    canvas.fill(brim, look.colour, bulge=3.4, depth=0.5, folds=0.05)
    high = {"fedora": -19.0, "sun": -13.0, "bowler": -16.0}[style]
    if style == "fedora":
        crown = curve(
            [
                (-15.4, y),
                (-15, -6),
                (-12.6, high + 2),
                (-7, high),
                (0, high + 2.6),
                (7, high),
                (12.6, high + 2),
                (15, -6),
                (15.4, y),
                (0, y + 3.4),
            ]
        )
    else:
        crown = curve(
            [
                (-15.4, y),
                (-15, -4),
                (-9.6, high + 2),
                (0, high),
                (9.6, high + 2),
                (15, -4),
                (15.4, y),
                (0, y + 3.4),
            ]
        )
    canvas.crease(arc(0, y - 1, 16, 4.6, 0, 180), 1.4, 0.35)
    canvas.fill(crown, look.colour, bulge=7, depth=0.6, folds=0.05)
    if style == "fedora":
        canvas.crease(path([(-6, high + 2), (-3, high + 9), (0, high + 12)]), 2, 0.3)
        canvas.crease(path([(7, high + 2), (4, high + 8), (1, high + 12)]), 2, 0.2)
    if straw:
        for k in range(1, 8):
            canvas.seam(path([(-15, y - 3.4 * k), (0, y + 3 - 3.4 * k), (15, y - 3.4 * k)]), 0.3, 0.2)
        for share in (0.55, 0.7, 0.85):
            canvas.seam(ellipse(0, y, brim_x * share, brim_y * share), 0.3, 0.15)
    ribbon = look.accent if rng.random() < 0.5 else darker(look.colour, 0.6)
    band = curve(
        [
            (-15.5, y - 5),
            (0, y - 1.6),
            (15.5, y - 5),
            (15.5, y - 5),
            (15.5, y + 0.2),
            (15.5, y + 0.2),
            (0, y + 3.6),
            (-15.5, y + 0.2),
            (-15.5, y + 0.2),
        ]
    )
    canvas.fill(band, ribbon, bulge=2, depth=0.4, clip=True)
    if rng.random() < 0.6:
        for turn in (-24, 30):
            canvas.fill(moved(ellipse(0, 0, 3, 1.8), 12.4, y - 2.4, turn=turn), darker(ribbon, 0.1), bulge=1)
