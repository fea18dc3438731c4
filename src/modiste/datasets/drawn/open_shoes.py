"""Shoes that show the foot, from the side with the toe to the right: heels, ballerinas, sandals."""

from __future__ import annotations

from modiste.datasets.drawn.canvas import RGB, Canvas
from modiste.datasets.drawn.look import Look
from modiste.datasets.drawn.outlines import (
    Point,
    arc,
    curve,
    ellipse,
    moved,
    path,
    points,
)
from modiste.datasets.drawn.palette import darker, lighter

__all__ = ["flats", "flip_flops", "heels", "sandals"]


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
        canvas.fill(
            curve(
                [
                    (-23, back + 2),
                    (-22.6, back + 7),
                    (-21.6, foot),
                    (-21.6, foot),
                    (-19.6, foot),
                    (-19.6, foot),
                    (-17.5, back + 10),
                    (-13, back + 6),
                ]
            ),
            tone,
            bulge=2,
            sheen=0.3,
        )
    elif heel == "block":
        canvas.fill(
            curve(
                [
                    (-23.4, back + 2),
                    (-22.6, foot),
                    (-22.6, foot),
                    (-15.6, foot),
                    (-15.6, foot),
                    (-14.4, back + 9),
                    (-10, back + 6),
                ]
            ),
            tone,
            bulge=2.4,
            sheen=0.2,
        )
    else:
        cork: RGB = (196, 158, 112) if rng.random() < 0.5 else tone
        canvas.fill(
            curve(
                [
                    (-23.4, back + 2),
                    (-23.6, foot),
                    (-23.6, foot),
                    (12, foot),
                    (20, foot - 1),
                    (6, foot - 6),
                    (-6, back + 9),
                ]
            ),
            cork,
            bulge=2.4,
        )
    bed = [
        (-24, back + 0.6),
        (-18, back + 2.6),
        (-8, back + high * 0.5),
        (2, foot - 4),
        (12, foot - 2.4),
        (26, foot - 2.6),
        (26.4, foot - 0.6),
        (14, foot + 0.2),
        (3, foot - 1),
        (-9, back + high * 0.62),
        (-18, back + 5),
        (-23.8, back + 3.4),
    ]
    canvas.fill(curve(bed), (214, 186, 150) if style == "strap" else darker(look.colour, 0.3), bulge=1.2)
    if style == "strap":
        far = darker(look.colour, 0.45)
        ankle = back - 8.4
        canvas.line(arc(-16.6, ankle, 6.6, 2, 180, 360), far, 1.2)
        canvas.fill(
            moved(curve([(11, foot - 3), (14, foot - 8.4), (19, foot - 6.6), (22, foot - 3)]), 1.4, -1),
            far,
            bulge=1,
        )
        canvas.fill(
            curve(
                [
                    (-24.4, back + 2.4),
                    (-24.8, back - 4),
                    (-23.4, ankle - 0.6),
                    (-21.6, ankle),
                    (-19.4, back - 2),
                    (-16, back + 4),
                ]
            ),
            look.colour,
            bulge=2.4,
            depth=0.5,
            sheen=0.3,
        )
        canvas.line(arc(-16.6, ankle, 6.6, 2.4, 180, 0), look.colour, 1.6, sheen=0.2)
        canvas.fill(
            ellipse(-13.4, ankle + 2.2, 1.2),
            (214, 190, 120),
            bulge=0.8,
            holes=[ellipse(-13.4, ankle + 2.2, 0.5)],
        )
        toe = [
            (12, foot - 1),
            (12, foot - 1),
            (12.6, foot - 5.6),
            (14.6, foot - 8.6),
            (19.4, foot - 6.8),
            (22.6, foot - 3.4),
            (23.6, foot - 1),
            (23.6, foot - 1),
        ]
        canvas.fill(curve(toe), look.colour, bulge=2.2, depth=0.5, sheen=0.3)
        if rng.random() < 0.6:
            cross = [
                (2.4, foot - 2),
                (2.4, foot - 2),
                (4.6, foot - 8),
                (7.6, foot - 10.6),
                (11.6, foot - 8.4),
                (9.6, foot - 5),
                (8.4, foot - 1.4),
                (8.4, foot - 1.4),
            ]
            canvas.fill(curve(cross), look.colour, bulge=2, depth=0.5, sheen=0.3)
        return
    upper = [
        (-24.6, back + 2),
        (-24.4, back - 4),
        (-23, back - 7.4),
        (-23, back - 7.4),
        (-19, back - 3),
        (-11, back + high * 0.32),
        (-1, foot - 9.6),
        (6, foot - 10.4),
        (6, foot - 10.4),
        (15, foot - 8.2),
        (24, foot - 4.4),
        (26.6, foot - 2),
        (25, foot - 0.8),
        (12, foot - 1.4),
        (2, foot - 2.6),
        (-9, back + high * 0.56),
        (-18, back + 4),
    ]
    canvas.fill(
        curve(
            [
                (-22.6, back - 6.6),
                (-12, back - 0.5),
                (0, foot - 13),
                (6, foot - 10.4),
                (-1, foot - 8),
                (-12, back + high * 0.4),
            ]
        ),
        (206, 178, 146),
        bulge=2,
    )
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
    canvas.fill(curve(points("-23,-3.2 -10,-4 6,-3 10,-0.6 2,2.6 -14,2.4")), (208, 180, 146), bulge=2.5)
    upper = points(
        "-25,6 -25.6,0 -24,-5! -20,-1.4 -10,1.8 2,2 8,-1.6 11,-3! 18,-0.6 25,3.6 26.4,6.6 "
        "25,8.2 0,8.2 -24,8.2"
    )
    canvas.fill(curve(upper), look.cloth(0.6), bulge=3.4, depth=0.5, sheen=0.25)
    canvas.line(
        path(points("-24,-4.6 -20,-1 -10,2.2 2,2.4 8,-1.2 11,-2.6")),
        darker(look.colour, 0.35),
        0.8,
        depth=0.2,
    )
    canvas.fill(
        curve(points("-25.4,7.2! 0,7.8 26,6.8! 24,8.8 -15,8.8 -15.4,10 -25,10")), (58, 44, 38), bulge=1
    )
    kind = rng.integers(3)
    if kind == 0:
        for turn in (190, -10):
            canvas.fill(
                moved(ellipse(3, 0, 3, 1.7), 12, -2.6, turn=turn), darker(look.colour, 0.12), bulge=1.2
            )
        canvas.fill(ellipse(12, -2.6, 1.2), darker(look.colour, 0.2), bulge=1)
    elif kind == 1:
        canvas.fill(
            ellipse(14, -0.8, 2.6, 1.8),
            (216, 186, 110),
            bulge=1,
            sheen=0.4,
            holes=[ellipse(14, -0.8, 1.4, 0.8)],
        )
    else:
        canvas.seam(path([(15, -1.6), (16.4, 3), (15, 7)]), 0.5, 0.4)


def flip_flops(canvas: Canvas, look: Look) -> None:
    """From above and a little from the side: a flat sole and a strap between the toes."""
    rng = canvas.rng
    canvas.ground(-24, 25, 9.4)
    tilt = rng.uniform(-9, -3)
    sole = moved(
        curve(points("-25,1 -22,-4.2 -12,-4.4 0,-4.2 12,-7 22,-6.4 26,0 22,6 10,6.6 -4,3.8 -14,5 -22,5")),
        0,
        2,
        turn=tilt,
    )
    side = lighter(look.colour, 0.1) if rng.random() < 0.5 else look.accent
    canvas.fill(moved(sole, 0.4, 3.4), darker(side, 0.12), bulge=2, depth=0.5)
    canvas.fill(moved(sole, 0.2, 2.0), side, bulge=2, depth=0.5)
    canvas.fill(sole, look.cloth(1.0), bulge=2.4, depth=0.3, folds=0.03)
    canvas.seam(
        moved(
            curve(
                points(
                    "-23,1 -20.4,-2.6 -12,-2.9 0,-2.7 12,-5.2 21,-4.8 24,0 21,4.4 10,5 -4,2.4 -14,3.4 "
                    "-20.4,3.4"
                )
            ),
            0,
            2,
            turn=tilt,
        ),
        0.4,
        0.22,
    )
    strap = look.other if look.pattern == "plain" or rng.random() < 0.5 else darker(look.colour, 0.4)
    for strap_line in (
        [(16, -0.4), (9, -6.6), (-3, -9.4), (-9, -3.6)],
        [(16, -0.4), (10, 1.4), (0, 0.6), (-7.6, 5)],
    ):
        placed = moved(path(strap_line), 0, 2, turn=tilt)
        canvas.crease(moved(placed, 0.3, 1.6), 1.8, 0.35)
        canvas.line(placed, strap, 2.8, depth=0.55)
    canvas.fill(moved(ellipse(16, -0.4, 1.8), 0, 2, turn=tilt), strap, bulge=1.2)


def sandals(canvas: Canvas, look: Look) -> None:
    """A sole with broad straps over the foot and one around the heel; or a mule without."""
    rng = canvas.rng
    canvas.ground(-25, 25, 11.6)
    sole: RGB = (72, 58, 50) if rng.random() < 0.6 else (188, 152, 110)
    bed: RGB = (206, 172, 132) if rng.random() < 0.6 else darker(look.colour, 0.4)
    canvas.fill(curve(points("-25,5 -12,1.6 4,1.6 18,1.4 26,4.4 18,7 0,7.4 -20,7.2")), bed, bulge=2)
    heel = rng.random() < 0.75
    far = darker(look.colour, 0.5)
    bands = [[(8.6, 3), (11.4, -4.4), (17.4, -3), (20, 2.4)], [(-5.4, 3), (-1.4, -8.4), (7, -6.6), (6, 3)]]
    for band in bands:
        canvas.fill(moved(curve(band), 1.4, -1.4), far, bulge=1.5, depth=0.3)
    if heel:
        canvas.fill(curve(points("-22.6,-7 -14,-10.6 -8,-8 -14,-6.6 -20.6,-4")), far, bulge=1)
    canvas.fill(
        curve(points("-25,5.4! -10,6.4 5,6.8 26.2,4.6! 26.4,8 24,10.8 0,11.2 -24,11.6 -25.6,9")),
        sole,
        bulge=2,
    )
    canvas.seam(path([(-25, 8.6), (0, 9), (26, 7.4)]), 0.5, 0.3)
    near: list[list[Point]] = [
        points("8,7.6! 10.4,-1 12.6,-4.4 17.8,-3 20.6,0.6 21.6,6.6!"),
        points("-6,7.8! -5,-1 -1.8,-8.4 2.4,-8.8 7.2,-6.4 6.6,0 5,7.8!"),
    ]
    if heel:
        near.append(
            points(
                "-24.4,7.4! -24.8,-2 -23,-8 -19.4,-7 -11,-6.4 -1.6,-8.6! -3,-4.8 -12,-2.8 -17.4,-2.6 "
                "-15,2 -12.4,7.6!"
            )
        )
    for band in near:
        canvas.crease(moved(curve(band), 0, 0.6), 0.8, 0.3)
        canvas.fill(curve(band), look.colour, bulge=2.6, depth=0.5, sheen=0.15)
        canvas.seam(
            curve([(x * 0.97 + 0.03 * band[2][0], y * 0.86 + 0.5) for x, y in band]),
            0.3,
            0.25,
            light=sum(look.colour) < 300,
        )
    if rng.random() < 0.5:
        canvas.line(path([(-5.4, 2), (0, 0.4), (6, 1.6)]), look.other, 1.6, depth=0.2, clip=True)
    if heel:
        canvas.fill(
            ellipse(-8, -4.6, 2, 1.7),
            (200, 194, 180),
            bulge=0.8,
            sheen=0.3,
            holes=[ellipse(-8, -4.6, 1.1, 0.8)],
        )
    else:
        canvas.fill(
            ellipse(0.6, -3, 2.2, 1.8),
            (200, 194, 180),
            bulge=0.8,
            sheen=0.3,
            holes=[ellipse(0.6, -3, 1.2, 0.9)],
        )
