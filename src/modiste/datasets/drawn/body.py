"""The upper body of a garment: its front, sleeves, neck, collar and cuffs."""

from __future__ import annotations

from dataclasses import dataclass

from modiste.datasets.drawn.canvas import RGB, Canvas, Paint
from modiste.datasets.drawn.outlines import (
    Point,
    curve,
    ellipse,
    mirrored,
    polygon,
    rounded_box,
)
from modiste.datasets.drawn.palette import darker
from modiste.datasets.drawn.patterns import turned

__all__ = ["Cut", "buttons", "collar", "cuffs", "draw_body"]


@dataclass(frozen=True)
class Cut:
    """The measures of a garment: half widths, and heights from ``top`` (the neck) down."""

    top: float = -28
    neck: float = 6
    neckline: float = 5  # how far down it reaches in front
    vee: bool = False
    shoulder: float = 15
    slope: float = 3.5
    armhole: float = 14
    chest: float = 14
    waist: float = 13.3
    waist_at: float = 32
    hem: float = 14
    length: float = 56
    sleeve: float = 16  # 0: none
    sleeve_width: float = 7
    tail: float = 0.8  # how much shorter the sides are than the middle
    spread: float = 7.5  # how far the sleeve ends are from the body's side


def draw_body(
    canvas: Canvas, cut: Cut, paint: Paint, inside: RGB, *, folds: float = 0.07, depth: float = 0.4
) -> None:
    """The back of the neck, both sleeves and the front."""
    top, shoulder_y = cut.top, cut.top + cut.slope
    back = [
        (0, top + 0.9),
        (cut.neck * 0.6, top + 0.6),
        (cut.neck, top),
        (cut.neck, top),
        (cut.neck * 0.6, top + cut.neckline),
        (0, top + cut.neckline + 1),
    ]
    canvas.fill(curve(mirrored(back)), darker(inside, 0.35), bulge=4)
    for side in (-1, 1):
        _sleeve(canvas, cut, side, paint, folds, depth)
    n, d = cut.neck, cut.neckline
    if cut.vee:
        neckline: list[Point] = [(0, top + d), (n * 0.55, top + d * 0.5), (n, top), (n, top)]
    else:
        neckline = [(0, top + d), (n * 0.4, top + d * 0.93), (n * 0.75, top + d * 0.7), (n, top), (n, top)]
    half = [
        *neckline,
        (cut.shoulder, shoulder_y),
        (cut.shoulder, shoulder_y),
        (cut.shoulder - 0.6 if cut.sleeve else cut.shoulder - 2.4, shoulder_y + cut.armhole * 0.5),
        (cut.chest, shoulder_y + cut.armhole),
        (cut.chest, shoulder_y + cut.armhole),
        (cut.waist, top + cut.waist_at),
        (cut.hem, top + cut.length - cut.tail),
        (cut.hem, top + cut.length - cut.tail),
        (cut.hem * 0.55, top + cut.length - 0.1),
        (0, top + cut.length + 0.3),
    ]
    canvas.fill(curve(mirrored(half)), paint, bulge=4.5, folds=folds, depth=depth)
    for side in (-1, 1):
        armpit = shoulder_y + cut.armhole
        canvas.crease(polygon([(side * cut.chest, armpit), (side * cut.chest * 0.45, armpit + 7)]), 1.6, 0.14)
        canvas.crease(
            polygon(
                [(side * cut.waist, top + cut.waist_at + 2), (side * cut.waist * 0.4, top + cut.waist_at + 6)]
            ),
            2,
            0.1,
        )


def _sleeve(canvas: Canvas, cut: Cut, side: int, paint: Paint, folds: float, depth: float) -> None:
    if not cut.sleeve:
        return
    shoulder_y = cut.top + cut.slope
    end_x, end_y = cut.chest + cut.spread, shoulder_y + cut.sleeve
    w = cut.sleeve_width
    short = cut.sleeve < 24
    outer = (end_x, end_y - 1.5) if short else (end_x, end_y)
    inner = (end_x - w * 0.9, end_y + 2) if short else (end_x - w * 0.85, end_y + 0.8)
    bend: list[Point] = [] if short else [(cut.shoulder + cut.spread * 0.75, shoulder_y + cut.sleeve * 0.45)]
    bend_in: list[Point] = [] if short else [(cut.chest + cut.spread * 0.22, shoulder_y + cut.sleeve * 0.52)]
    points = [
        (cut.shoulder - 4, shoulder_y + 1.6),
        (cut.shoulder, shoulder_y),
        (cut.shoulder + 2.2, shoulder_y + 2.6),
        *bend,
        outer,
        outer,
        inner,
        inner,
        *bend_in,
        (cut.chest, shoulder_y + cut.armhole + 0.4),
        (cut.chest - 2, shoulder_y + cut.armhole - 3),
    ]
    outline = curve([(side * x, y) for x, y in points])
    canvas.fill(outline, turned(paint, side * (-32 if short else -14)), bulge=3, folds=folds, depth=depth)
    if not short:
        elbow = shoulder_y + cut.sleeve * 0.5
        for y in (elbow - 2, elbow + 2):
            x = cut.chest + cut.spread * 0.35
            canvas.crease(polygon([(side * x, y), (side * (x + 3.5), y + 2)]), 1.2, 0.16)


def cuffs(canvas: Canvas, cut: Cut, colour: RGB, height: float = 2.6) -> None:
    """Ribbing at the ends of long sleeves and along the hem."""
    end_x, end_y = cut.chest + cut.spread, cut.top + cut.slope + cut.sleeve
    bottom = cut.top + cut.length
    for side in (-1, 1):
        cuff = [
            (end_x - 0.1, end_y - height),
            (end_x, end_y + 0.4),
            (end_x - cut.sleeve_width * 0.85, end_y + 1.2),
            (end_x - cut.sleeve_width * 0.88, end_y - height + 0.8),
        ]
        canvas.fill(polygon([(side * x, y) for x, y in cuff]), colour, bulge=1.5)
    hem = rounded_box(-cut.hem, bottom - height - 0.5, cut.hem, bottom + 0.6, 0.8)
    canvas.fill(hem, colour, bulge=2)
    for x in range(-int(cut.hem) + 1, int(cut.hem), 2):
        canvas.seam(polygon([(x, bottom - height), (x, bottom + 0.4)]), 0.35, 0.14)


def buttons(
    canvas: Canvas, x: float, top: float, bottom: float, n: int, colour: RGB, size: float = 0.55
) -> None:
    for i in range(n):
        canvas.fill(ellipse(x, top + (bottom - top) * i / max(n - 1, 1), size), colour, bulge=0.5, depth=0.7)


def collar(canvas: Canvas, cut: Cut, colour: Paint, *, tip: float = 6.5, open_: float = 1.2) -> None:
    """A turned-down collar_colour with two points."""
    top, n = cut.top, cut.neck
    canvas.fill(
        curve([(-n, top), (-n, top), (0, top - 2.2), (n, top), (n, top), (0, top + 1)]), colour, bulge=2
    )
    for side in (-1, 1):
        flap = [
            (n * 0.75, top - 2.0),
            (n + 1.2, top + 0.6),
            (n * 0.95, top + tip),
            (open_ * 0.4, top + tip * 0.72),
        ]
        canvas.crease(polygon([(side * x, y + 0.6) for x, y in flap[1:]]), 1, 0.25)
        canvas.fill(polygon([(side * x, y) for x, y in flap]), colour, bulge=1.6, depth=0.45)
