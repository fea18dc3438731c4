"""T-shirts and shirts: seen from the front, as if on an invisible wearer."""

from __future__ import annotations

from modiste.datasets.drawn.body import Cut, buttons, collar, draw_body
from modiste.datasets.drawn.canvas import Canvas
from modiste.datasets.drawn.look import Look
from modiste.datasets.drawn.outlines import (
    curve,
    ellipse,
    path,
    polygon,
    rounded_box,
)
from modiste.datasets.drawn.palette import darker, lighter, mix

__all__ = ["shirt", "tshirt"]


def tshirt(canvas: Canvas, look: Look) -> None:
    """Round, V-necked or polo; some with a print on the chest."""
    rng = canvas.rng
    style = rng.choice(["crew", "crew", "vee", "polo"])
    wide = rng.uniform(-0.8, 1.2)
    cut = Cut(
        neckline=rng.uniform(4.2, 6) if style != "vee" else rng.uniform(8, 11),
        vee=style == "vee",
        chest=16 + wide,
        hem=15.6 + wide,
        waist=14.8 + wide,
        length=rng.uniform(51, 56),
        sleeve=rng.uniform(14, 17) if rng.random() > 0.12 else 41,
        sleeve_width=rng.uniform(8.4, 9.6),
    )
    paint = look.cloth()
    draw_body(canvas, cut, paint, look.colour)
    rib = look.other if rng.random() < 0.25 else darker(look.colour, 0.12)
    if style == "polo":
        trim = look.other if rng.random() < 0.4 else look.colour
        canvas.fill(rounded_box(-1.3, cut.top + 2, 1.3, cut.top + 15, 0.4), darker(trim, 0.06), bulge=1)
        collar(canvas, cut, trim, tip=6)
        buttons(canvas, 0, cut.top + 7.5, cut.top + 12.5, 2, lighter(trim, 0.6))
    elif style == "vee":
        n, d = cut.neck, cut.top + cut.neckline
        canvas.line(
            path(
                [
                    (-n, cut.top),
                    (-n * 0.55, cut.top + cut.neckline * 0.5),
                    (0, d),
                    (0, d),
                    (n * 0.55, cut.top + cut.neckline * 0.5),
                    (n, cut.top),
                ]
            ),
            rib,
            1.1,
        )
    else:
        n, d = cut.neck, cut.neckline
        canvas.line(
            path(
                [
                    (-n, cut.top),
                    (-n * 0.75, cut.top + d * 0.7),
                    (0, cut.top + d),
                    (n * 0.75, cut.top + d * 0.7),
                    (n, cut.top),
                ]
            ),
            rib,
            1.3,
        )
    bottom = cut.top + cut.length
    canvas.seam(polygon([(-cut.hem, bottom - 2.4), (0, bottom - 1.6), (cut.hem, bottom - 2.4)]), 0.35, 0.2)
    if look.pattern == "plain" and style != "polo" and rng.random() < 0.55:
        _print(canvas, look)


def _print(canvas: Canvas, look: Look) -> None:
    """A picture on the chest: a sun over hills, rings, bars, or a leaf."""
    rng = canvas.rng
    y = -7 + rng.uniform(-2, 2)
    a, b = look.other, look.accent
    match rng.integers(4):
        case 0:
            canvas.fill(ellipse(0, y, 7), a, bulge=2, depth=0.05, clip=True)
            canvas.fill(ellipse(1.6, y - 2, 2.6), b, bulge=2, depth=0.05, clip=True)
            hills = curve(
                [
                    (-6.5, y + 2.6),
                    (-3, y - 0.5),
                    (0, y + 2.4),
                    (3, y + 0.6),
                    (6.5, y + 2.6),
                    (3.5, y + 6),
                    (-3.5, y + 6),
                ]
            )
            canvas.fill(hills, darker(look.colour, 0.2), bulge=2, depth=0.05, clip=True)
        case 1:
            for r, colour in ((7.5, a), (5.6, look.colour), (3.8, b)):
                canvas.fill(ellipse(0, y, r), colour, bulge=2, depth=0.05, clip=True)
        case 2:
            for i, colour in enumerate((a, b, a)):
                canvas.line(
                    polygon([(-20, y + 3.6 * i), (20, y + 3.6 * i)]), colour, 2.2, depth=0.1, clip=True
                )
        case _:
            canvas.fill(
                curve(
                    [(0, y - 8), (0, y - 8), (5, y - 2), (3.5, y + 4), (0, y + 6), (-3.5, y + 4), (-5, y - 2)]
                ),
                a,
                bulge=2,
                depth=0.05,
                clip=True,
            )
            canvas.line(polygon([(0, y - 5), (0, y + 9)]), b, 0.8, depth=0.05, clip=True)
            for k in (-2, 1, 4):
                canvas.line(
                    polygon([(-3, y + k - 2), (0, y + k), (3, y + k - 2)]), b, 0.6, depth=0.05, clip=True
                )


def shirt(canvas: Canvas, look: Look) -> None:
    """Buttoned, with a collar; long or short sleeves, with or without a pocket."""
    rng = canvas.rng
    long = rng.random() < 0.68
    cut = Cut(
        neck=5.4,
        neckline=3.2,
        vee=True,
        chest=16 + rng.uniform(-0.8, 0.8),
        hem=15.4,
        waist=14.4,
        tail=4,
        length=rng.uniform(55, 59),
        sleeve=rng.uniform(40, 43) if long else rng.uniform(14, 17),
        sleeve_width=7.6 if long else 9.4,
        spread=rng.uniform(6, 8.5),
        top=-28.5,
    )
    paint = look.cloth(0.8)
    draw_body(canvas, cut, paint, look.colour, folds=0.08)
    bottom = cut.top + cut.length
    tail = look.colour
    canvas.seam(polygon([(-1.3, cut.top + 5), (-1.3, bottom)]), 0.4, 0.22)
    canvas.seam(polygon([(1.3, cut.top + 5), (1.3, bottom)]), 0.4, 0.3)
    canvas.crease(polygon([(1.6, cut.top + 6), (1.6, bottom)]), 0.8, 0.12)
    buttons(
        canvas, 0, cut.top + 8.5, bottom - 6, 7, lighter(tail, 0.7) if sum(tail) < 520 else darker(tail, 0.35)
    )
    if rng.random() < 0.6:
        for side in (1,) if rng.random() < 0.6 else (-1, 1):
            x0, x1, y0 = (3.6, 10.6, cut.top + 16)
            canvas.seam(
                polygon(
                    [
                        (side * x, y)
                        for x, y in [
                            (x0, y0),
                            (x1, y0),
                            (x1, y0 + 7),
                            ((x0 + x1) / 2, y0 + 8.6),
                            (x0, y0 + 7),
                            (x0, y0),
                        ]
                    ]
                ),
                0.45,
                0.32,
            )
    plain = mix(look.colour, look.other, 0.15) if look.pattern != "plain" else look.colour
    if long:
        for side in (-1, 1):
            end_x, end_y = cut.chest + cut.spread, cut.top + cut.slope + cut.sleeve
            w = cut.sleeve_width * 0.85
            canvas.fill(
                polygon(
                    [
                        (side * (end_x + 0.1), end_y - 4),
                        (side * (end_x + 0.2), end_y + 0.4),
                        (side * (end_x - w), end_y + 1.2),
                        (side * (end_x - w), end_y - 3.2),
                    ]
                ),
                plain,
                bulge=1.5,
            )
    collar(canvas, cut, plain if rng.random() < 0.85 else (243, 242, 239), tip=6.8)
