"""Pairs of socks and gloves."""

from __future__ import annotations

from modiste.datasets.drawn.canvas import Canvas
from modiste.datasets.drawn.look import Look
from modiste.datasets.drawn.outlines import (
    Outline,
    Point,
    curve,
    moved,
    points,
    polygon,
    rounded_box,
)
from modiste.datasets.drawn.palette import darker
from modiste.datasets.drawn.patterns import turned

__all__ = ["gloves", "socks"]


def socks(canvas: Canvas, look: Look) -> None:
    """A pair, one behind the other; to the ankle or to the calf."""
    rng = canvas.rng
    top = rng.choice([-31.0, -24.0, -10.0])
    trim = look.other if rng.random() < 0.6 else darker(look.colour, 0.15)
    sock: list[Point] = [
        (-5.6, top),
        (-5.6, top),
        (0, top - 0.6),
        (5.6, top),
        (5.6, top),
        (5.4, 4),
        (8, 12),
        (15, 18),
        (18.6, 23.4),
        (16, 28.6),
        (9, 29),
        (-1, 22),
        (-6.4, 15),
        (-6.6, 6),
    ]
    for x, y, turn in ((-7, -1.5, 4), (1.5, 2, 0)):

        def at(outline: Outline, x: float = x, y: float = y, turn: float = turn) -> Outline:
            return moved(outline, x, y, turn=turn)

        canvas.crease(moved(at(curve(sock)), -0.6, 0.4), 1.6, 0.35)
        canvas.fill(at(curve(sock)), turned(look.cloth(0.9), turn), bulge=4, depth=0.5, folds=0.06)
        canvas.fill(
            at(curve(points("9.6,30 10,24 13,17.6 20,20 20,30"))), trim, bulge=2, depth=0.3, clip=True
        )
        canvas.fill(at(curve(points("-8,7 -2,10 -0.6,17 -5,20 -9,14"))), trim, bulge=2, depth=0.3, clip=True)
        cuff = polygon([(-5.7, top), (0, top - 0.6), (5.7, top), (5.7, top + 6), (-5.7, top + 6)])
        canvas.fill(at(cuff), trim if rng.random() < 0.5 else darker(look.colour, 0.05), bulge=2, depth=0.4)
        for k in range(-5, 6, 2):
            canvas.seam(at(polygon([(k, top), (k, top + 6)])), 0.4, 0.25)
        if look.pattern == "plain":
            for k in range(2):
                canvas.line(
                    at(polygon([(-5.8, top + 8.4 + 2.4 * k), (5.8, top + 8.4 + 2.4 * k)])),
                    trim,
                    1,
                    clip=True,
                    depth=0.2,
                )


def gloves(canvas: Canvas, look: Look) -> None:
    """A pair of five-fingered gloves or of mittens, backs up."""
    rng = canvas.rng
    mittens = rng.random() < 0.3
    leather = look.pattern == "plain" and rng.random() < 0.5
    trim = look.other if rng.random() < 0.4 else darker(look.colour, 0.18)
    for side in (-1, 1):

        def at(outline: Outline, side: int = side) -> Outline:
            return moved(outline * (side, 1), side * 13.4, 0, turn=side * 7)

        fingers = (
            [] if mittens else [(-5.4, -17, -2.4), (-1.8, -21, -0.8), (1.9, -20, 0.8), (5.4, -14.5, 2.6)]
        )
        thumb = curve(points("-6,10 -11,4 -13.4,-3 -11.4,-5.4 -9,-4 -5,2"))
        cloth = look.cloth(0.8)
        canvas.fill(at(thumb), cloth, bulge=2.2, depth=0.6, sheen=0.25 if leather else 0)
        for x, y, lean in fingers:
            canvas.line(
                at(polygon([(x * 0.92, -1), (x + lean, y)])),
                cloth,
                4.3,
                bulge=2,
                depth=0.65,
                sheen=0.25 if leather else 0,
            )
        palm: list[Point] = points("-7.4,-2 -7.6,6 -6.4,15 6.4,15 7.6,6 7.6,-2 5,-5 -5,-5")
        if mittens:
            palm = points("-7.4,-4 -7.6,6 -6.4,15 6.4,15 7.6,6 7.8,-8 5,-17 0,-19.6 -5,-17")
        canvas.fill(at(curve(palm)), cloth, bulge=4, depth=0.4, folds=0.04, sheen=0.15 if leather else 0)
        for x in (-2.6, 0, 2.6) if not mittens else ():
            canvas.crease(at(polygon([(x, -4), (x * 0.8, 5)])), 0.8, 0.2)
        cuff = at(rounded_box(-7, 14, 7, 23.5, 1.4))
        canvas.fill(cuff, trim, bulge=2.6, depth=0.45)
        if not leather:
            for k in range(-6, 7, 2):
                canvas.seam(at(polygon([(k, 14.4), (k, 23)])), 0.5, 0.25)
