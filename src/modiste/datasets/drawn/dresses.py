"""Dresses, tunics and skirts."""

from __future__ import annotations

from modiste.datasets.drawn.body import Cut, draw_body
from modiste.datasets.drawn.canvas import Canvas
from modiste.datasets.drawn.look import Look
from modiste.datasets.drawn.outlines import (
    Point,
    curve,
    ellipse,
    mirrored,
    moved,
    path,
    polygon,
)
from modiste.datasets.drawn.palette import darker, lighter
from modiste.datasets.drawn.patterns import turned

__all__ = ["dress", "skirt", "tunic"]


def tunic(canvas: Canvas, look: Look) -> None:
    """A long loose top with a slit neck, an embroidered yoke and three-quarter sleeves."""
    rng = canvas.rng
    cut = Cut(
        top=-33,
        neckline=9,
        neck=4.6,
        vee=True,
        shoulder=12.4,
        chest=13,
        waist=12.6,
        waist_at=26,
        hem=18,
        length=66,
        sleeve=rng.uniform(26, 31),
        sleeve_width=7.4,
        spread=6.5,
        armhole=13,
    )
    draw_body(canvas, cut, look.cloth(1.1), look.colour, folds=0.12)
    yoke = look.other if look.pattern == "plain" else look.accent
    n, top = cut.neck, cut.top
    canvas.line(
        path([(-n, top), (-2.2, top + 5), (0, top + 10), (0, top + 10), (2.2, top + 5), (n, top)]), yoke, 1.6
    )
    canvas.line(polygon([(0, top + 10), (0, top + 19)]), yoke, 1.6)
    for y in range(4):
        canvas.fill(ellipse(0, top + 11.5 + 2.2 * y, 0.45), lighter(yoke, 0.6), bulge=0.4)
    bottom = top + cut.length
    canvas.line(path([(-16.8, bottom - 2.6), (0, bottom - 1.5), (16.8, bottom - 2.6)]), yoke, 1.5, clip=True)
    for side in (-1, 1):
        canvas.seam(polygon([(side * 14.6, bottom - 16), (side * 16.4, bottom)]), 0.6, 0.4)
        for x in (4, 9):
            canvas.crease(polygon([(side * x * 0.7, top + 28), (side * x * 1.25, bottom - 2)]), 1.8, 0.13)


def dress(canvas: Canvas, look: Look) -> None:
    """Fitted above a waist, flared or straight below; straps, no sleeves or short ones."""
    rng = canvas.rng
    flared = rng.random() < 0.65
    straps = rng.random() < 0.4
    hem = rng.uniform(16, 20) if flared else rng.uniform(10.5, 12)
    sleeve = 0 if straps or rng.random() < 0.5 else rng.uniform(9, 12)
    top = -34.0
    cut = Cut(
        top=top,
        neckline=rng.uniform(6, 10),
        neck=5.6,
        vee=bool(rng.random() < 0.5),
        shoulder=9.6 if sleeve else 8.6,
        slope=2,
        armhole=12,
        chest=9.8,
        waist=7.6,
        waist_at=24,
        hem=hem,
        length=rng.uniform(62, 68),
        sleeve=sleeve,
        sleeve_width=6,
        spread=5,
    )
    waist_y = top + cut.waist_at
    bottom = top + cut.length
    paint = look.cloth(1.1)
    if straps:
        for side in (-1, 1):
            canvas.line(polygon([(side * 5, top), (side * 6.2, top + 10)]), look.colour, 1.2)
        bodice = curve(
            mirrored(
                [
                    (0, top + 10.5),
                    (3.4, top + 8.6),
                    (6.4, top + 8.4),
                    (6.4, top + 8.4),
                    (9.6, top + 13.5),
                    (8.8, top + 18),
                    (7.6, waist_y),
                    (7.6, waist_y),
                    (0, waist_y + 1),
                ]
            )
        )
    else:
        draw_body(canvas, Cut(**{**cut.__dict__, "length": cut.waist_at + 3, "hem": 7.8}), paint, look.colour)
        bodice = None
    wave: list[Point] = [
        (hem, bottom - 1.5),
        (hem, bottom - 1.5),
        (hem * 0.75, bottom + 0.4),
        (hem * 0.5, bottom - 0.4),
        (hem * 0.25, bottom + 0.6),
        (0, bottom),
    ]
    mid = (hem * 0.68, waist_y + cut.length * 0.28) if flared else (11.2, waist_y + 11)
    skirt = curve(mirrored([(0, waist_y - 1), (7.6, waist_y - 0.5), (7.6, waist_y - 0.5), mid, *wave]))
    canvas.fill(skirt, turned(paint, 0), bulge=5, folds=0.1 if flared else 0.06)
    if bodice is not None:
        canvas.fill(bodice, paint, bulge=4, folds=0.05)
    if flared:
        for x in (-0.75, -0.4, -0.05, 0.3, 0.65):
            canvas.crease(
                path([(x * 7, waist_y + 3), (x * hem * 0.7, waist_y + 18), (x * hem * 1.1, bottom)]),
                1.5,
                0.17,
            )
            canvas.crease(
                path(
                    [
                        (x * 7 + 1.4, waist_y + 5),
                        (x * hem * 0.7 + 2.4, waist_y + 18),
                        (x * hem * 1.1 + 3, bottom),
                    ]
                ),
                1.5,
                -0.1,
            )
    if rng.random() < 0.6:
        belt = look.accent if rng.random() < 0.5 else darker(look.colour, 0.35)
        canvas.line(path([(-7.7, waist_y), (0, waist_y + 0.8), (7.7, waist_y)]), belt, 2, clip=True)


def skirt(canvas: Canvas, look: Look) -> None:
    """Flared, pleated or narrow; short or to the knee."""
    rng = canvas.rng
    style = rng.choice(["flared", "pleated", "pencil", "tiered"])
    top, length = -27.0, rng.uniform(44, 56)
    hem = {"flared": 23.0, "pleated": 21.0, "pencil": 12.5, "tiered": 22.0}[style] * rng.uniform(0.92, 1.05)
    bottom = top + length
    waist = 10.0
    canvas.fill(
        curve([(-waist, top), (0, top - 1.4), (waist, top), (0, top + 2.4)]),
        darker(look.colour, 0.45),
        bulge=3,
    )
    ripple: list[Point]
    if style == "pencil":
        mid, ripple = (14.6, top + length * 0.38), [(hem, bottom), (hem, bottom), (0, bottom + 1)]
    else:
        mid = (hem * 0.72, top + length * 0.45)
        ripple = [
            (hem, bottom - 2),
            (hem, bottom - 2),
            (hem * 0.8, bottom + 0.6),
            (hem * 0.6, bottom - 0.6),
            (hem * 0.4, bottom + 1),
            (hem * 0.2, bottom),
            (0, bottom + 1),
        ]
    shape = curve(
        mirrored([(0, top + 1.2), (waist * 0.6, top + 0.8), (waist, top), (waist, top), mid, *ripple])
    )
    canvas.fill(shape, look.cloth(1.2), bulge=5, folds=0.09, depth=0.45)
    if style == "pleated":
        for i in range(-5, 6):
            x = i / 5.5
            line = path(
                [(x * waist, top + 4), (x * hem * 0.76, top + length * 0.5), (x * hem * 1.02, bottom)]
            )
            canvas.crease(line, 0.9, 0.34)
            canvas.crease(moved(line, 1.1, 0), 0.9, -0.1)
    elif style == "pencil":
        canvas.crease(polygon([(-4, top + 5), (-4.6, bottom)]), 2.4, -0.1)
        canvas.seam(polygon([(0.5, bottom - 13), (0, bottom + 1)]), 0.7, 0.45)
        for side in (-1, 1):
            canvas.seam(polygon([(side * 5, top + 4), (side * 6, top + 12)]), 0.45, 0.3)
    else:
        for x in (-0.8, -0.45, -0.1, 0.28, 0.62):
            line = path(
                [(x * waist * 0.8, top + 6), (x * hem * 0.65, top + length * 0.5), (x * hem * 1.05, bottom)]
            )
            canvas.crease(line, 2, 0.2)
            canvas.crease(moved(line, 2.4, 0), 2, -0.12)
        if style == "tiered":
            for share in (0.4, 0.7):
                y, half = top + length * share, waist + (hem - waist) * share + 1.5
                canvas.crease(path([(-half, y), (0, y + 1.8), (half, y)]), 1, 0.35)
    band = look.other if look.pattern != "plain" and rng.random() < 0.5 else darker(look.colour, 0.1)
    canvas.fill(
        polygon(
            [
                (-waist, top),
                (0, top + 1.2),
                (waist, top),
                (waist + 0.5, top + 3.6),
                (0, top + 4.8),
                (-waist - 0.5, top + 3.6),
            ]
        ),
        band,
        bulge=1.6,
    )
