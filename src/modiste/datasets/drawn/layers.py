"""What is worn over a shirt: sweaters, hoodies and jackets."""

from __future__ import annotations

from modiste.datasets.drawn.body import Cut, cuffs, draw_body
from modiste.datasets.drawn.canvas import Canvas
from modiste.datasets.drawn.look import Look
from modiste.datasets.drawn.outlines import (
    curve,
    mirrored,
    path,
    points,
    polygon,
)
from modiste.datasets.drawn.palette import darker, lighter

__all__ = ["jacket", "sweater", "sweatshirt"]


def sweater(canvas: Canvas, look: Look) -> None:
    """Knitted: with ribbed hems, round, V-necked or with a rolled collar."""
    rng = canvas.rng
    style = rng.choice(["round", "vee", "roll"])
    cut = Cut(
        neckline=5 if style != "vee" else rng.uniform(10, 13),
        vee=style == "vee",
        chest=16.4,
        hem=14.8,
        waist=16,
        length=rng.uniform(53, 56),
        sleeve=rng.uniform(41, 44),
        sleeve_width=8.2,
        spread=rng.uniform(6.5, 8.5),
        top=-27,
    )
    draw_body(canvas, cut, look.cloth(1.3), look.colour, folds=0.06, depth=0.5)
    y = cut.top + 8 + cut.neckline
    cables = rng.random() < 0.5 and look.pattern == "plain"
    for x in (-9, -6, -3, 0, 3, 6, 9) if cables else ():
        canvas.crease(polygon([(x, y), (x, cut.top + cut.length - 4)]), 0.7, 0.16)
    rib = darker(look.colour, 0.1)
    cuffs(canvas, cut, rib, 3.6)
    n, top, d = cut.neck, cut.top, cut.neckline
    if style == "roll":
        canvas.fill(
            curve(
                mirrored(
                    [
                        (0, top - 4.6),
                        (n - 0.8, top - 4.2),
                        (n + 0.6, top + 0.5),
                        (n - 0.5, top + 4.6),
                        (0, top + 5.6),
                    ]
                )
            ),
            rib,
            bulge=3,
        )
    elif style == "vee":
        canvas.line(
            path(
                [
                    (-n, top),
                    (-n * 0.55, top + d * 0.5),
                    (0, top + d),
                    (0, top + d),
                    (n * 0.55, top + d * 0.5),
                    (n, top),
                ]
            ),
            rib,
            2,
        )
    else:
        canvas.line(
            path([(-n, top), (-n * 0.75, top + d * 0.7), (0, top + d), (n * 0.75, top + d * 0.7), (n, top)]),
            rib,
            2.2,
        )


def sweatshirt(canvas: Canvas, look: Look) -> None:
    """With a hood, strings and a pouch."""
    rng = canvas.rng
    cut = Cut(
        neckline=7,
        neck=6.5,
        chest=16.6,
        hem=15,
        waist=16,
        length=53,
        sleeve=43,
        sleeve_width=8.2,
        spread=rng.uniform(6.5, 8.5),
        top=-25,
    )
    hood = curve(mirrored(points("0,-34.5 6.5,-33.2 10,-27.5 9,-21 4,-17.5 0,-17")))
    canvas.fill(hood, look.colour, bulge=4, depth=0.5)
    lining = look.other if rng.random() < 0.4 else darker(look.colour, 0.35)
    canvas.fill(curve(mirrored(points("0,-31.5 4.4,-30 6,-26 4,-20 0,-17"))), lining, bulge=5, depth=0.9)
    draw_body(canvas, cut, look.cloth(1.4), lining, folds=0.08, depth=0.45)
    for side in (-1, 1):
        canvas.fill(
            curve(
                [
                    (side * x, y)
                    for x, y in points("6.5,-29 10,-26.5 9.8,-21 4.5,-15.5 0.4,-16.4 0.4,-18.5 4.8,-21")
                ]
            ),
            look.colour,
            bulge=2.6,
            depth=0.5,
        )
    cuffs(canvas, cut, darker(look.colour, 0.1), 3.2)
    pouch = polygon(points("-6,10 6,10 10.5,17 10.5,24.6 -10.5,24.6 -10.5,17"))
    canvas.crease(pouch, 1, 0.2)
    canvas.fill(pouch, darker(look.colour, 0.03), bulge=1.8, depth=0.3)
    if rng.random() < 0.4:
        canvas.seam(polygon([(0, -16), (0, 28)]), 0.9, 0.5)
        canvas.seam(polygon([(0.2, -16), (0.2, 28)]), 0.3, 0.6, light=True)
    for x in (-2.6, 2.6):
        canvas.line(path([(x * 0.8, -17), (x * 1.1, -11), (x, -5)]), lighter(look.colour, 0.7), 0.8)


def jacket(canvas: Canvas, look: Look) -> None:
    """Zipped: quilted, biker or plain, with a standing collar."""
    rng = canvas.rng
    style = rng.choice(["quilted", "biker", "bomber"])
    cut = Cut(
        neckline=6,
        neck=6,
        vee=True,
        chest=16.6,
        hem=15.6 if style != "bomber" else 14.6,
        waist=15.4,
        slope=3.2,
        length=rng.uniform(51, 56),
        sleeve=rng.uniform(41, 44),
        sleeve_width=8.8,
        spread=rng.uniform(6, 8),
        top=-26,
    )
    gloss = 0.25 if style == "biker" else 0.1
    body = look.cloth(1.5)
    draw_body(canvas, cut, body, darker(look.colour, 0.3), folds=0.1, depth=0.55)
    bottom = cut.top + cut.length
    metal = (205, 205, 208)
    if style == "quilted":
        for y in range(int(cut.top) + 11, int(bottom) - 2, 6):
            canvas.crease(
                path([(-14.6, y + 0.5), (-7, y + 1.4), (0, y + 0.5), (7, y + 1.4), (14.6, y + 0.5)]), 1.1, 0.4
            )
            canvas.crease(path([(-14, y + 2.6), (0, y + 2.6), (14, y + 2.6)]), 1.2, -0.12)
        for side in (-1, 1):
            for y in range(int(cut.top) + 14, int(cut.top + cut.sleeve), 6):
                canvas.crease(polygon([(side * 15.4, y + 2), (side * 23, y)]), 1, 0.35)
    elif style == "bomber":
        cuffs(canvas, cut, look.other if rng.random() < 0.5 else darker(look.colour, 0.3), 4)
    tilt = 5 if style == "biker" else 0
    canvas.seam(polygon([(tilt, cut.top + 4), (0, bottom)]), 1.5, 0.5)
    canvas.line(polygon([(tilt, cut.top + 4), (0, bottom - 1)]), metal, 0.7, clip=True)
    collar_colour = look.colour if style != "bomber" else darker(look.colour, 0.25)
    for side in (-1, 1):
        if style == "biker":
            lapel = [
                (4.6, cut.top - 2.5),
                (8.4, cut.top + 2),
                (10.5, cut.top + 8.5),
                (7.6, cut.top + 9),
                (1 + tilt * (side > 0) * 0.6, cut.top + 15),
            ]
            canvas.crease(polygon([(side * x, y + 0.8) for x, y in lapel[1:]]), 1.4, 0.35)
            canvas.fill(
                polygon([(side * x, y) for x, y in lapel]), collar_colour, bulge=1.6, depth=0.5, sheen=gloss
            )
        else:
            stand = [
                (5.2, cut.top - 5),
                (6.8, cut.top - 3),
                (6.6, cut.top + 1),
                (0.5, cut.top + 6.5),
                (0.5, cut.top + 1),
                (4, cut.top - 3.4),
            ]
            canvas.fill(curve([(side * x, y) for x, y in stand]), collar_colour, bulge=2, depth=0.5)
        canvas.seam(polygon([(side * 10.5, bottom - 17), (side * 7, bottom - 8)]), 0.8, 0.5)
        canvas.line(polygon([(side * 10.3, bottom - 16.4), (side * 7, bottom - 8)]), metal, 0.35, alpha=0.8)
