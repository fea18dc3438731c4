"""Clutches and wallets, seen from the front."""

from __future__ import annotations

from modiste.datasets.drawn.canvas import RGB, Canvas, Paint
from modiste.datasets.drawn.look import Look
from modiste.datasets.drawn.outlines import (
    curve,
    ellipse,
    mirrored,
    moved,
    path,
    polygon,
    rounded_box,
)
from modiste.datasets.drawn.palette import darker, lighter

__all__ = ["clutch", "wallet"]

_BRASS: RGB = (214, 182, 108)

_STEEL: RGB = (196, 198, 204)


def clutch(canvas: Canvas, look: Look) -> None:
    """A small bag without handles: an envelope, a frame with a clasp, or on a thin chain."""
    rng = canvas.rng
    style = rng.choice(["envelope", "frame", "box"])
    half, top, bottom = rng.uniform(23, 26), rng.uniform(-13, -9), rng.uniform(14, 17)
    metal = _BRASS if rng.random() < 0.6 else _STEEL
    cloth: Paint = look.cloth(1)
    canvas.ground(-half, half, bottom)
    if rng.random() < 0.35:
        canvas.line(
            path(
                [(-half + 2, top + 2), (-half * 0.55, -32), (0, -37), (half * 0.55, -32), (half - 2, top + 2)]
            ),
            metal,
            0.8,
            sheen=0.4,
        )
    if style == "frame":
        body = mirrored(
            [
                (0, top),
                (half * 0.6, top + 0.4),
                (half - 3, top + 2),
                (half + 0.6, 4),
                (half - 1, bottom - 2),
                (half - 7, bottom),
                (0, bottom + 0.6),
            ]
        )
        canvas.fill(curve(body), cloth, bulge=6, depth=0.55, sheen=0.2, folds=0.05)
        for i in range(-4, 5):
            canvas.crease(
                path([(i * half / 6, top + 3), (i * half / 5, 2), (i * half / 4.8, bottom - 4)]), 1.2, 0.18
            )
        canvas.line(
            path(
                [
                    (-half + 3, top + 2.4),
                    (-half * 0.6, top + 0.6),
                    (0, top + 0.2),
                    (half * 0.6, top + 0.6),
                    (half - 3, top + 2.4),
                ]
            ),
            metal,
            2.2,
            sheen=0.5,
        )
        for x in (-1.1, 1.1):
            canvas.fill(ellipse(x, top - 1.4, 1.4), metal, bulge=1, sheen=0.5)
        return
    canvas.fill(rounded_box(-half, top, half, bottom, 2.4), cloth, bulge=4, depth=0.45, sheen=0.2, folds=0.04)
    if style == "envelope":
        tip = (top + bottom) / 2 + rng.uniform(1, 5)
        flap = curve(
            [
                (-half, top + 1),
                (-half, top + 1),
                (0, top - 0.6),
                (half, top + 1),
                (half, top + 1),
                (2.4, tip - 0.6),
                (0, tip),
                (-2.4, tip - 0.6),
            ]
        )
        canvas.crease(moved(flap, 0, 1.2), 1.4, 0.45)
        canvas.fill(
            flap,
            cloth
            if look.pattern != "plain"
            else look.other
            if rng.random() < 0.25
            else lighter(look.colour, 0.06),
            bulge=3,
            depth=0.4,
            sheen=0.2,
        )
        canvas.fill(ellipse(0, tip - 3, 1.5), metal, bulge=1, sheen=0.5)
    else:
        canvas.fill(
            rounded_box(-half, top, half, top + 9, 2),
            darker(look.colour, 0.12),
            bulge=2.6,
            depth=0.4,
            sheen=0.2,
        )
        canvas.line(polygon([(-half + 0.5, top + 9), (half - 0.5, top + 9)]), metal, 0.8, sheen=0.4)
        bow = darker(look.colour, 0.25) if rng.random() < 0.5 else metal
        for side in (-1, 1):
            canvas.fill(
                curve([(0, top + 9), (side * 7.6, top + 5), (side * 8.2, top + 13), (0, top + 9)]),
                bow,
                bulge=1.8,
                sheen=0.2,
            )
        canvas.fill(ellipse(0, top + 9, 1.7), bow, bulge=1.2, sheen=0.3)


def wallet(canvas: Canvas, look: Look) -> None:
    """Folded: square and upright, or long with a press stud or a zip around it."""
    rng = canvas.rng
    long = rng.random() < 0.5
    half, tall = (25.0, 13.0) if long else (rng.uniform(15.5, 18.5), rng.uniform(15, 20))
    canvas.ground(-half, half, tall)
    cloth = look.cloth(0.9)
    canvas.fill(
        rounded_box(-half + 0.8, -tall - 0.9, half + 0.9, tall - 0.4, 1.6),
        darker(look.colour, 0.45),
        bulge=1.5,
    )
    canvas.fill(rounded_box(-half, -tall, half, tall, 1.6), cloth, bulge=3, depth=0.4, sheen=0.12, folds=0.04)
    inner = rounded_box(-half + 1.4, -tall + 1.4, half - 1.4, tall - 1.4, 1)
    canvas.seam(inner, 0.35, 0.35)
    if long:
        if rng.random() < 0.5:
            flap = curve(
                [
                    (-half, -tall),
                    (-half, -tall),
                    (half, -tall),
                    (half, -tall),
                    (half, 0),
                    (half * 0.9, 2),
                    (-half * 0.9, 2),
                    (-half, 0),
                ]
            )
            canvas.crease(moved(flap, 0, 1), 1.2, 0.4)
            canvas.fill(
                flap,
                look.other if look.pattern == "plain" and rng.random() < 0.3 else cloth,
                bulge=2.6,
                depth=0.4,
                sheen=0.15,
            )
            canvas.fill(ellipse(0, -0.4, 1.4), _BRASS, bulge=1, sheen=0.5)
        else:
            canvas.line(rounded_box(-half + 0.6, -tall + 0.6, half - 0.6, tall - 0.6, 1.6), _BRASS, 0.7)
            canvas.line(
                polygon([(half - 1, -tall + 3), (half + 2.6, -tall + 7)]), darker(look.colour, 0.2), 1.6
            )
    else:
        canvas.crease(polygon([(-half + 2.4, -tall + 1), (-half + 2.4, tall - 1)]), 1.6, -0.14)
        canvas.fill(
            rounded_box(half - 12, tall - 8, half - 4, tall - 4.6, 0.6),
            darker(look.colour, 0.16),
            bulge=0.8,
            depth=0.4,
        )
        if rng.random() < 0.4:
            canvas.line(polygon([(-half, 0), (half, 0)]), look.other, 3, clip=True, depth=0.3)
