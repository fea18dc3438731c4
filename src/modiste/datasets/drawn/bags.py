"""Bags that are carried by handles or straps, seen from the front."""

from __future__ import annotations

from modiste.datasets.drawn.canvas import RGB, Canvas
from modiste.datasets.drawn.look import Look
from modiste.datasets.drawn.outlines import (
    Outline,
    arc,
    curve,
    ellipse,
    mirrored,
    moved,
    path,
    points,
    polygon,
    rounded_box,
)
from modiste.datasets.drawn.palette import darker, lighter

__all__ = ["backpack", "handbag"]

_BRASS: RGB = (214, 182, 108)

_STEEL: RGB = (196, 198, 204)


def _stitched(canvas: Canvas, line: Outline) -> None:
    canvas.seam(line, 0.4, 0.35)
    canvas.seam(moved(line, 0.4, 0.5), 0.3, 0.25, light=True)


def _strap(canvas: Canvas, line: Outline, colour: RGB, width: float) -> None:
    canvas.line(line, darker(colour, 0.1), width, depth=0.55, sheen=0.15)


def handbag(canvas: Canvas, look: Look) -> None:
    """A tote, a structured bag with a flap, a bucket or a slouchy hobo."""
    rng = canvas.rng
    style = rng.choice(["tote", "flap", "bowling", "hobo"])
    metal = _BRASS if rng.random() < 0.6 else _STEEL
    trim = darker(look.colour, 0.3) if rng.random() < 0.6 else look.other
    cloth = look.cloth(1.1)
    tall = rng.uniform(0, 4)
    bottom = 28.0
    canvas.ground(-21, 21, bottom)
    if style == "hobo":
        _strap(
            canvas,
            path(
                [(-17, 4), (-15, -14), (-8, -26 - tall), (0, -29 - tall), (8, -26 - tall), (15, -14), (17, 4)]
            ),
            trim,
            3.4,
        )
        body = curve(
            mirrored(
                [(0, 2), (8, 0.5), (17, -4), (19.5, 4), (24, 16), (20, 26), (10, bottom), (0, bottom + 0.4)]
            )
        )
        canvas.fill(body, cloth, bulge=7, depth=0.6, sheen=0.2, folds=0.12)
        for x in (-12.0, -5.0, 3.0, 11.0):
            canvas.crease(path([(x * 1.05, 2), (x * 1.15, 8), (x * 1.3, 14)]), 1.2, 0.22)
        canvas.seam(path(points("-17,-3.4 -8,1.4 0,2.8 8,1.4 17,-3.4")), 0.9, 0.4)
        for side in (-1, 1):
            canvas.fill(
                ellipse(side * 17, 0, 2), metal, bulge=0.8, sheen=0.4, holes=[ellipse(side * 17, 0, 1)]
            )
        return
    top = {"tote": -8.0, "flap": -4.0, "bowling": -2.0}[style] - tall
    half = {"tote": 17.5, "flap": 20.0, "bowling": 22.0}[style]
    high = top - rng.uniform(17, 22)
    for back in (True, False):
        spread = half * (0.42 if style != "flap" else 0.46)
        x = 0.8 if back else 0.0
        loop = path(
            [
                (-spread + x, top + 5),
                (-spread + 0.6 + x, top - 8),
                (-spread * 0.55 + x, high + 2),
                (x, high - 0.6 - (1 if back else 0)),
                (spread * 0.55 + x, high + 2),
                (spread - 0.6 + x, top - 8),
                (spread + x, top + 5),
            ]
        )
        if back:
            canvas.line(loop, darker(trim, 0.35), 2.0)
            continue
        corners = {
            "tote": [
                (0, top),
                (half, top - 0.6),
                (half, top - 0.6),
                (half + 1.6, bottom - 5),
                (half, bottom),
                (half, bottom),
                (0, bottom + 0.4),
            ],
            "flap": [
                (0, top),
                (half - 3, top),
                (half - 0.6, top + 3),
                (half, bottom - 4),
                (half - 3, bottom),
                (0, bottom + 0.3),
            ],
            "bowling": [
                (0, top),
                (half * 0.6, top + 0.6),
                (half * 0.86, top + 6),
                (half, bottom - 7),
                (half - 2, bottom),
                (half - 2, bottom),
                (0, bottom + 0.3),
            ],
        }[style]
        canvas.fill(curve(mirrored(corners)), cloth, bulge=6, depth=0.5, sheen=0.18, folds=0.05)
        if style == "flap":
            flap = curve(
                mirrored(
                    [
                        (0, top - 0.4),
                        (half - 3, top - 0.2),
                        (half - 0.4, top + 3),
                        (half - 0.8, top + 13),
                        (half * 0.5, top + 17.5),
                        (0, top + 18.5),
                    ]
                )
            )
            canvas.crease(moved(flap, 0, 1), 1.4, 0.4)
            canvas.fill(
                flap,
                cloth if look.pattern != "plain" else lighter(look.colour, 0.04),
                bulge=5,
                depth=0.45,
                sheen=0.18,
            )
            canvas.fill(rounded_box(-2.4, top + 14.6, 2.4, top + 20.6, 1), metal, bulge=1.2, sheen=0.5)
            canvas.fill(rounded_box(-0.9, top + 16.4, 0.9, top + 18.8, 0.5), darker(metal, 0.4), bulge=0.8)
        elif style == "bowling":
            canvas.seam(path([(-half * 0.84, top + 5), (0, top + 3), (half * 0.84, top + 5)]), 0.9, 0.5)
            canvas.line(
                path([(-half * 0.84, top + 4.6), (0, top + 2.6), (half * 0.84, top + 4.6)]),
                metal,
                0.4,
                clip=True,
            )
            for side in (-1, 1):
                canvas.fill(
                    curve(
                        [
                            (side * (half + 1), bottom + 1),
                            (side * (half + 1), bottom - 9),
                            (side * (half - 6), bottom - 7),
                            (side * (half - 9), bottom + 1),
                        ]
                    ),
                    trim,
                    bulge=2,
                    depth=0.3,
                    clip=True,
                )
        else:
            canvas.fill(
                polygon(
                    [(-half - 1, top - 1), (half + 1, top - 1), (half + 1, top + 2.6), (-half - 1, top + 2.6)]
                ),
                trim,
                bulge=1.6,
                depth=0.3,
                clip=True,
            )
            if rng.random() < 0.5:
                canvas.fill(
                    polygon(
                        [
                            (-half - 3, bottom - 8),
                            (half + 3, bottom - 8),
                            (half + 3, bottom + 2),
                            (-half - 3, bottom + 2),
                        ]
                    ),
                    trim,
                    bulge=3,
                    depth=0.3,
                    clip=True,
                )
            _stitched(canvas, polygon([(-half, top + 3.4), (half, top + 3.4)]))
        for side in (-1, 1):
            canvas.fill(
                rounded_box(side * spread - 1.8, top + 3, side * spread + 1.8, top + 8.6, 1), trim, bulge=1.2
            )
            canvas.fill(
                ellipse(side * spread, top + 3, 1.9),
                metal,
                bulge=0.8,
                sheen=0.4,
                holes=[ellipse(side * spread, top + 3, 1)],
            )
        canvas.line(loop, trim, 2.3, depth=0.55, sheen=0.25)
    if rng.random() < 0.3:
        x = half * 0.46
        canvas.line(polygon([(x, top + 6), (x + 3, top + 11)]), metal, 0.5)
        canvas.fill(
            curve(
                [
                    (x + 3, top + 11),
                    (x + 3, top + 11),
                    (x + 5.6, top + 15),
                    (x + 3.6, top + 18),
                    (x + 0.8, top + 15),
                ]
            ),
            look.accent,
            bulge=1.4,
        )


def backpack(canvas: Canvas, look: Look) -> None:
    """With a front pocket, zips and a loop to hang it by; sporty or a rucksack with a flap."""
    rng = canvas.rng
    classic = rng.random() < 0.35
    half, top, bottom = rng.uniform(17, 19.5), -29.0, 31.0
    canvas.ground(-17, 17, bottom)
    second = look.other if rng.random() < 0.55 else darker(look.colour, 0.3)
    dark = darker(look.colour, 0.55)
    for side in (-1, 1):
        canvas.line(
            path(
                [
                    (side * 8, top + 2),
                    (side * (half + 2), -16),
                    (side * (half + 3.4), 4),
                    (side * (half - 1), 22),
                ]
            ),
            dark,
            3.2,
        )
    canvas.line(arc(0, top + 1, 4.2, 5, 180, 360), dark, 1.6)
    body = curve(
        mirrored(
            [
                (0, top),
                (8, top + 0.8),
                (half - 3, top + 7),
                (half, -10),
                (half + 0.6, 14),
                (half - 0.6, bottom - 3),
                (half - 4, bottom),
                (0, bottom + 0.4),
            ]
        )
    )
    canvas.fill(body, look.cloth(1.3), bulge=7, depth=0.6, folds=0.06)
    if classic:
        flap = curve(
            mirrored(
                [
                    (0, top + 3),
                    (9, top + 3.6),
                    (half - 0.6, top + 10),
                    (half - 0.4, -4),
                    (half - 5, 0),
                    (0, 0.6),
                ]
            )
        )
        canvas.crease(moved(flap, 0, 1.2), 1.6, 0.4)
        canvas.fill(flap, look.cloth(1.3), bulge=5, depth=0.45)
        leather: RGB = (150, 98, 62)
        pocket = rounded_box(-11.4, 8, 11.4, 26.5, 3)
        canvas.crease(pocket, 1, 0.3)
        canvas.fill(pocket, darker(look.colour, 0.06), bulge=4, depth=0.4)
        for x in (-7, 7):
            canvas.fill(rounded_box(x - 1.5, -14, x + 1.5, 9, 0.7), leather, bulge=1.2)
            canvas.fill(
                rounded_box(x - 2.2, 2, x + 2.2, 5.6, 0.6),
                _BRASS,
                bulge=0.8,
                sheen=0.4,
                holes=[rounded_box(x - 1.2, 2.9, x + 1.2, 4.7, 0.3)],
            )
        return
    canvas.seam(
        path(
            [
                (-half + 1.6, 0),
                (-half + 3, -14),
                (-8, top + 5.4),
                (0, top + 4.4),
                (8, top + 5.4),
                (half - 3, -14),
                (half - 1.6, 0),
            ]
        ),
        1.3,
        0.5,
    )
    canvas.line(
        path(
            [
                (-half + 1.6, 0),
                (-half + 3, -14),
                (-8, top + 5.4),
                (0, top + 4.4),
                (8, top + 5.4),
                (half - 3, -14),
                (half - 1.6, 0),
            ]
        ),
        (190, 190, 194),
        0.35,
        alpha=0.7,
    )
    pocket = curve(
        mirrored([(0, 1), (half - 6, 1.6), (half - 3, 6), (half - 2.4, 22), (half - 5, 27.6), (0, 28)])
    )
    canvas.crease(pocket, 1.2, 0.35)
    canvas.fill(pocket, second, bulge=5, depth=0.5)
    zip_ = path([(-half + 5, 7), (0, 4.6), (half - 5, 7)])
    canvas.seam(zip_, 1.2, 0.5)
    canvas.line(zip_, (200, 200, 204), 0.4, alpha=0.8)
    canvas.line(polygon([(half - 6, 6.8), (half - 7, 10.4)]), look.accent, 1)
    upper = curve(mirrored([(0, -17), (half - 7, -16), (half - 5, -11), (half - 5, -2.5), (0, -2)]))
    if rng.random() < 0.6:
        canvas.crease(upper, 1, 0.3)
        canvas.fill(
            upper, darker(look.colour, 0.1) if look.pattern == "plain" else second, bulge=3.4, depth=0.4
        )
        canvas.seam(path([(-half + 7, -12.6), (0, -13.8), (half - 7, -12.6)]), 0.9, 0.5)
    canvas.fill(rounded_box(-3.4, 13, 3.4, 17.4, 1), look.accent, bulge=1, depth=0.3)
    for side in (-1, 1):
        canvas.fill(
            curve(
                [
                    (side * (half + 1), 10),
                    (side * (half - 2.6), 12),
                    (side * (half - 2), 27),
                    (side * (half + 1), 28),
                ]
            ),
            dark,
            bulge=1.4,
            depth=0.3,
            clip=True,
        )
