"""Trousers of every length."""

from __future__ import annotations

from dataclasses import dataclass

from modiste.datasets.drawn.canvas import RGB, Canvas, Paint
from modiste.datasets.drawn.look import Look
from modiste.datasets.drawn.outlines import (
    Point,
    curve,
    ellipse,
    path,
    polygon,
    rounded_box,
)
from modiste.datasets.drawn.palette import darker, lighter
from modiste.datasets.drawn.patterns import denim

__all__ = ["jeans", "leggings", "shorts", "trousers"]

_BRASS = (206, 158, 84)


@dataclass(frozen=True)
class Legs:
    """Half widths, and heights from ``top`` down; ``apart``: from the inner seams to the middle."""

    top: float = -36
    waist: float = 10.5
    hip: float = 14
    hip_at: float = 13
    crotch: float = 21
    length: float = 72
    knee: float = 8.4  # the width of a leg there
    hem: float = 8.2
    apart: float = 2.2


def _legs(
    canvas: Canvas, cut: Legs, paint: Paint, inside: RGB, *, folds: float = 0.08, band: float = 3.4
) -> None:
    """The back of the waistband, both legs, and folds at the crotch and the knees."""
    top, bottom = cut.top, cut.top + cut.length
    crotch = top + cut.crotch
    knee_y = crotch + (bottom - crotch) * 0.46
    canvas.fill(
        curve([(-cut.waist, top), (0, top - 1.3), (cut.waist, top), (0, top + 3)]),
        darker(inside, 0.45),
        bulge=3,
    )
    outer_knee = cut.apart * 0.7 + cut.knee
    outer_hem = cut.apart + cut.hem
    for side in (-1, 1):
        leg: list[Point] = [
            (0, top + 1.2),
            (0, top + 1.2),
            (cut.waist * 0.6, top + 0.8),
            (cut.waist, top),
            (cut.waist, top),
            (cut.waist + (cut.hip - cut.waist) * 0.6, top + cut.hip_at * 0.5),
            (cut.hip, top + cut.hip_at),
            (max(outer_knee, cut.hip * 0.8), (crotch + knee_y) / 2),
            (outer_knee, knee_y),
            (outer_hem, bottom - 0.6),
            (outer_hem, bottom - 0.6),
            ((cut.apart + outer_hem) / 2, bottom + 0.3),
            (cut.apart, bottom),
            (cut.apart, bottom),
            (cut.apart * 0.7, knee_y),
            (0.15, crotch),
            (0.15, crotch),
            (0, crotch - 1),
            (0, crotch - 1),
        ]
        canvas.fill(curve([(side * x, y) for x, y in leg]), paint, bulge=4, folds=folds, depth=0.45)
    canvas.seam(path([(0, top + 1), (0, top + 9), (0, crotch)]), 0.5, 0.35)
    for side in (-1, 1):
        canvas.crease(polygon([(side * 0.8, crotch - 1.5), (side * cut.hip * 0.6, crotch - 4.5)]), 1.2, 0.2)
        canvas.crease(polygon([(side * 1, crotch + 0.5), (side * cut.hip * 0.5, crotch + 1.5)]), 1.2, 0.14)
        if cut.length > 50:
            x = side * (cut.apart * 0.7 + cut.knee * 0.2)
            canvas.crease(polygon([(x, knee_y - 1.5), (x + side * cut.knee * 0.5, knee_y)]), 1.3, 0.13)
            for k in (2.5, 5.5):
                canvas.crease(
                    polygon(
                        [
                            (side * (cut.apart + 1), bottom - k),
                            (side * (cut.apart + cut.hem * 0.7), bottom - k + 1.2),
                        ]
                    ),
                    1.2,
                    0.13,
                )
    if band:
        lower = path([(-cut.waist - 0.3, top + band), (0, top + band + 1.1), (cut.waist + 0.3, top + band)])
        canvas.seam(lower, 0.55, 0.4)


def _button(canvas: Canvas, x: float, y: float, colour: RGB) -> None:
    canvas.fill(ellipse(x, y, 0.85), colour, bulge=0.7, depth=0.7, sheen=0.3)


def _loops(canvas: Canvas, cut: Legs, colour: RGB) -> None:
    for x in (-0.62, 0.62):
        x *= cut.waist
        canvas.fill(
            rounded_box(x - 0.7, cut.top - 0.2, x + 0.7, cut.top + 4, 0.3), darker(colour, 0.12), bulge=0.8
        )


def jeans(canvas: Canvas, look: Look) -> None:
    """Denim, washed out or not, with coloured stitching: slim, straight or flared."""
    rng = canvas.rng
    hem = rng.choice([6.6, 8.4, 10.8])
    cut = Legs(
        waist=rng.uniform(10, 11),
        hip=rng.uniform(13.3, 14.5),
        knee=min(hem, 8.6),
        hem=hem,
        apart=rng.uniform(1.8, 3.6),
    )
    legs = cut.apart + cut.knee / 2
    _legs(
        canvas,
        cut,
        denim(look.colour, worn=rng.uniform(0.08, 0.5), legs=(-legs, legs)),
        look.colour,
        folds=0.1,
    )
    thread = _BRASS if sum(look.colour) < 480 else darker(look.colour, 0.4)
    top, crotch = cut.top, cut.top + cut.crotch
    canvas.line(
        path([(-cut.waist, top + 3.5), (0, top + 4.6), (cut.waist, top + 3.5)]),
        thread,
        0.3,
        depth=0,
        alpha=0.8,
        clip=True,
    )
    fly = path([(2.4, top + 4.6), (2.5, top + 11), (1.6, top + 14.5), (0, top + 16)])
    canvas.line(fly, thread, 0.35, depth=0, alpha=0.8, clip=True)
    for side in (-1, 1):
        pocket = path(
            [(side * 4.6, top + 4.4), (side * 6, top + 8.6), (side * 9.5, top + 10), (side * 13.6, top + 9.6)]
        )
        canvas.crease(pocket, 1, 0.22)
        canvas.line(pocket, thread, 0.4, depth=0, alpha=0.85, clip=True)
        inseam = path(
            [(side * 0.2, crotch), (side * (cut.apart * 0.7 + 0.6), -2), (side * (cut.apart + 0.6), 36)]
        )
        canvas.line(inseam, thread, 0.3, depth=0, alpha=0.5, clip=True)
        for y in (0.9, 1.4):
            canvas.seam(
                polygon([(side * cut.apart, 36 - y * 1.2), (side * (cut.apart + cut.hem), 36 - y * 1.2)]),
                0.3,
                0.25,
            )
    _loops(canvas, cut, look.colour)
    _button(canvas, 0, top + 2.8, _BRASS)


def trousers(canvas: Canvas, look: Look) -> None:
    """With a crease down each leg, slanted pockets; slim or wide."""
    rng = canvas.rng
    hem = rng.choice([6.8, 8, 9.4])
    cut = Legs(
        waist=10.4,
        hip=rng.uniform(13, 14.4),
        knee=hem + 0.6,
        hem=hem,
        apart=rng.uniform(1.4, 2.6),
        length=73,
        top=-36.5,
    )
    _legs(canvas, cut, look.cloth(0.8), look.colour, folds=0.05)
    top = cut.top
    for side in (-1, 1):
        x = cut.apart + cut.hem / 2
        canvas.crease(path([(side * 5.4, top + 6), (side * 6.2, top + 26), (side * x, top + 72)]), 0.6, 0.24)
        canvas.crease(
            path([(side * 6.2, top + 8), (side * 7, top + 26), (side * (x + 0.8), top + 72)]), 1.2, -0.1
        )
        canvas.seam(polygon([(side * 8.4, top + 3.6), (side * 12.4, top + 12.5)]), 0.6, 0.45)
    canvas.seam(path([(1.8, top + 4), (1.9, top + 10), (0, top + 15)]), 0.4, 0.25)
    _loops(canvas, cut, look.colour)
    _button(canvas, 0.6, top + 2.8, darker(look.colour, 0.4))
    if rng.random() < 0.4:
        belt = (70, 48, 38) if sum(look.colour) > 300 else (36, 34, 36)
        canvas.line(
            path([(-cut.waist - 0.4, top + 2), (0, top + 3.1), (cut.waist + 0.4, top + 2)]),
            belt,
            2.4,
            clip=True,
        )
        canvas.fill(
            rounded_box(-1.8, top + 1.5, 1.8, top + 4.6, 0.5),
            (200, 196, 186),
            bulge=0.8,
            sheen=0.3,
            holes=[rounded_box(-1, top + 2.3, 1, top + 3.8, 0.3)],
        )


def shorts(canvas: Canvas, look: Look) -> None:
    """Sporty with a drawstring and a stripe, or casual with pockets."""
    rng = canvas.rng
    sporty = rng.random() < 0.5
    cut = Legs(
        top=-24,
        waist=rng.uniform(13.5, 15),
        hip=19,
        hip_at=20,
        crotch=25,
        length=rng.uniform(38, 48),
        knee=17,
        hem=rng.uniform(16.5, 19),
        apart=rng.uniform(1, 2.2),
    )
    _legs(canvas, cut, look.cloth(1.1), look.colour, folds=0.12, band=4.4)
    top, bottom = cut.top, cut.top + cut.length
    for side in (-1, 1):
        if sporty and look.pattern == "plain":
            stripe = path(
                [
                    (side * (cut.waist - 1.6), top + 4.4),
                    (side * 16.6, top + 20),
                    (side * (cut.apart + cut.hem - 1.8), bottom),
                ]
            )
            canvas.line(stripe, look.other, 1.6, clip=True, depth=0.2)
        canvas.seam(
            polygon([(side * (cut.apart), bottom - 2), (side * (cut.apart + cut.hem), bottom - 2.6)]),
            0.4,
            0.3,
        )
        canvas.seam(polygon([(side * (cut.waist - 3), top + 4.6), (side * 16.6, top + 15)]), 0.7, 0.4)
        for x in (5, 10):
            canvas.crease(polygon([(side * x, top + 6), (side * (x + 2.5), bottom - 3)]), 1.8, 0.1)
    if sporty:
        for x in range(-int(cut.waist) + 1, int(cut.waist), 2):
            canvas.seam(polygon([(x, top + 0.6), (x, top + 4.6)]), 0.5, 0.22)
        for side in (-1, 1):
            canvas.line(
                path([(side * 0.6, top + 3.4), (side * 2, top + 8), (side * 1.3, top + 13)]),
                lighter(look.colour, 0.75),
                0.9,
            )
    else:
        _loops(canvas, cut, look.colour)
        _button(canvas, 0.4, top + 3.2, _BRASS)
        canvas.seam(path([(2.8, top + 5), (3, top + 14), (0, top + 19)]), 0.45, 0.3)


def leggings(canvas: Canvas, look: Look) -> None:
    """Tight to the leg, down to the ankle."""
    rng = canvas.rng
    cut = Legs(
        top=-36,
        waist=8,
        hip=10.6,
        hip_at=14,
        crotch=19.5,
        knee=5.4,
        hem=3.7,
        apart=rng.uniform(1.4, 2.8),
        length=rng.uniform(68, 73),
    )
    _legs(canvas, cut, look.cloth(0.8), look.colour, folds=0.03, band=rng.choice([3.0, 5.5]))
    bottom = cut.top + cut.length
    for side in (-1, 1):
        x = side * (cut.apart + 2)
        canvas.crease(polygon([(side * 5.5, cut.top + 16), (side * 5, -8), (x, bottom - 6)]), 1.4, -0.16)
        canvas.seam(
            polygon([(side * cut.apart, bottom - 1.6), (side * (cut.apart + cut.hem), bottom - 1.8)]),
            0.35,
            0.3,
        )
    if look.pattern == "plain" and rng.random() < 0.5:
        for side in (-1, 1):
            canvas.line(
                path(
                    [
                        (side * 8.4, cut.top + 5),
                        (side * 9.2, cut.top + 15),
                        (side * 6, -2),
                        (side * 5.4, 14),
                        (side * (cut.apart + 3), bottom),
                    ]
                ),
                look.other,
                1.2,
                clip=True,
                depth=0.2,
            )
