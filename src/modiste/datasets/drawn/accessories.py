"""What completes an outfit: hats, belts, ties, scarves, socks, gloves and umbrellas."""

from __future__ import annotations

import numpy as np

from modiste.datasets.drawn.canvas import RGB, Canvas
from modiste.datasets.drawn.look import Look
from modiste.datasets.drawn.outlines import Outline, Point, arc, curve, ellipse, mirrored, moved, polygon, rounded_box
from modiste.datasets.drawn.palette import darker, lighter
from modiste.datasets.drawn.patterns import metal, stripes, turned

__all__ = ["belt", "cap", "gloves", "hat", "scarf", "socks", "tie", "umbrella"]

_STEEL: RGB = (198, 199, 203)
_BRASS: RGB = (212, 178, 104)


def cap(canvas: Canvas, look: Look) -> None:
    """With a peak, turned a little to the right; or a knitted beanie."""
    rng = canvas.rng
    if rng.random() < 0.25:
        _beanie(canvas, look)
        return
    peak_colour = look.other if rng.random() < 0.45 else look.colour
    crown = curve([(-21, 8), (-21.6, -1), (-17, -11), (-7, -16), (3, -15.4), (12, -9), (15.6, 0), (16, 8), (16, 8), (4, 5.6), (-8, 6), (-21, 8)])
    canvas.fill(curve([(-19.6, 7), (-8, 5), (6, 5), (15, 7), (2, 11), (-10, 10.4)]), darker(look.colour, 0.6), bulge=2)
    canvas.fill(crown, look.cloth(1.3), bulge=6, depth=0.55, folds=0.05)
    canvas.seam(curve([(-2, -16), (4, -8), (5.6, 6)], closed=False), 0.45, 0.35)
    canvas.seam(curve([(-2.4, -16), (-11, -9), (-13, 6.4)], closed=False), 0.45, 0.3)
    canvas.fill(ellipse(-2.2, -16, 1.6, 1), peak_colour, bulge=0.8)
    peak = curve([(-10, 6.4), (-10, 6.4), (3, 4.4), (14, 4.8), (22, 7), (27.5, 12), (26, 14.4), (18, 13.2), (8, 11.8), (-3, 12.2), (-9.4, 10.4)])
    canvas.crease(curve([(-9, 5.4), (3, 3.4), (15, 4)], closed=False), 1.2, 0.3)
    canvas.fill(peak, peak_colour, bulge=3, depth=0.55)
    for k in (1.5, 3):
        canvas.seam(curve([(-8, 6.4 + k), (4, 5 + k), (16, 6 + k), (24, 10.4 + k * 0.6)], closed=False), 0.3, 0.22)
    badge = look.accent
    kind = rng.integers(3)
    if kind == 0:
        canvas.fill(ellipse(5, -3.4, 4.2), badge, bulge=1, depth=0.2)
        canvas.fill(ellipse(5, -3.4, 2), look.other, bulge=1, depth=0.1)
    elif kind == 1:
        canvas.fill(moved(polygon([(-4, -2), (4, -2), (4, 2), (-4, 2)]), 4.6, -2.6, turn=6), badge, bulge=1, depth=0.2)
    else:
        star = [(5 + r * np.sin(np.pi * k / 5), -3.4 - r * np.cos(np.pi * k / 5)) for k in range(10) for r in ((4.6, 2)[k % 2],)]
        canvas.fill(polygon(star), badge, bulge=1, depth=0.2)


def _beanie(canvas: Canvas, look: Look) -> None:
    dome = curve(mirrored([(0, -20), (9, -18), (16.6, -8), (18.4, 6), (18.4, 6), (0, 8)]))
    canvas.fill(dome, look.cloth(1), bulge=7, depth=0.6)
    for x in range(-15, 16, 3):
        canvas.crease(curve([(x * 0.3, -19), (x * 0.9, -6), (x * 1.1, 6)], closed=False), 0.7, 0.25)
    fold = curve(mirrored([(0, 5), (18, 3.6), (19.4, 5), (19.6, 13), (18.4, 15), (0, 16.6)]))
    canvas.crease(fold, 1, 0.3)
    canvas.fill(fold, look.other if canvas.rng.random() < 0.5 else darker(look.colour, 0.12), bulge=3.4, depth=0.5)
    for x in range(-17, 18, 2):
        canvas.crease(polygon([(x, 5), (x, 15.6)]), 0.6, 0.3)
    if canvas.rng.random() < 0.5:
        canvas.fill(ellipse(0, -22, 5), lighter(look.colour, 0.4), bulge=3, depth=0.6)


def hat(canvas: Canvas, look: Look) -> None:
    """With a brim all round and a ribbon: a fedora, a sun hat or a bowler."""
    rng = canvas.rng
    style = rng.choice(["fedora", "sun", "bowler"])
    brim_x, brim_y, y = {"fedora": (25.0, 5.6, 8.0), "sun": (28.0, 8.6, 7.0), "bowler": (23.0, 4.6, 9.0)}[style]
    canvas.ground(-brim_x * 0.8, brim_x * 0.8, y + brim_y)
    straw = style == "sun" or rng.random() < 0.3
    brim = curve([(-brim_x, y - 2.4), (-brim_x * 0.6, y - brim_y * 0.7), (0, y - brim_y), (brim_x * 0.6, y - brim_y * 0.7), (brim_x, y - 2.4),
                  (brim_x * 0.7, y + brim_y * 0.7), (0, y + brim_y), (-brim_x * 0.7, y + brim_y * 0.7)])  # fmt: skip
    canvas.fill(brim + (0, 1), darker(look.colour, 0.4), bulge=2)
    canvas.fill(brim, look.colour, bulge=3.4, depth=0.5, folds=0.05)
    high = {"fedora": -19.0, "sun": -13.0, "bowler": -16.0}[style]
    if style == "fedora":
        crown = curve([(-15.4, y), (-15, -6), (-12.6, high + 2), (-7, high), (0, high + 2.6), (7, high), (12.6, high + 2), (15, -6), (15.4, y), (0, y + 3.4)])
    else:
        crown = curve([(-15.4, y), (-15, -4), (-9.6, high + 2), (0, high), (9.6, high + 2), (15, -4), (15.4, y), (0, y + 3.4)])
    canvas.crease(arc(0, y - 1, 16, 4.6, 0, 180), 1.4, 0.35)
    canvas.fill(crown, look.colour, bulge=7, depth=0.6, folds=0.05)
    if style == "fedora":
        canvas.crease(curve([(-6, high + 2), (-3, high + 9), (0, high + 12)], closed=False), 2, 0.3)
        canvas.crease(curve([(7, high + 2), (4, high + 8), (1, high + 12)], closed=False), 2, 0.2)
    if straw:
        for k in range(1, 8):
            canvas.seam(curve([(-15, y - 3.4 * k), (0, y + 3 - 3.4 * k), (15, y - 3.4 * k)], closed=False), 0.3, 0.2)
        for k in (0.55, 0.7, 0.85):
            canvas.seam(ellipse(0, y, brim_x * k, brim_y * k), 0.3, 0.15)
    ribbon = look.accent if rng.random() < 0.5 else darker(look.colour, 0.6)
    band = curve([(-15.5, y - 5), (0, y - 1.6), (15.5, y - 5), (15.5, y - 5), (15.5, y + 0.2), (15.5, y + 0.2), (0, y + 3.6), (-15.5, y + 0.2), (-15.5, y + 0.2)])
    canvas.fill(band, ribbon, bulge=2, depth=0.4, clip=True)
    if rng.random() < 0.6:
        for turn in (-24, 30):
            canvas.fill(moved(ellipse(0, 0, 3, 1.8), 12.4, y - 2.4, turn=turn), darker(ribbon, 0.1), bulge=1)


def belt(canvas: Canvas, look: Look) -> None:
    """Rolled up, seen from the front and slightly above, the buckle before us; or laid out in a loop."""
    rng = canvas.rng
    rx, ry = rng.uniform(25, 26.5), rng.uniform(6, 9)
    width = rng.uniform(5.2, 8)
    canvas.ground(-24, 24, ry + width - 1)
    back = np.concatenate([arc(0, -2, rx, ry, 180, 360), arc(0, -2 + width * 0.8, rx, ry, 360, 180)])
    canvas.fill(back, darker(look.colour, 0.45), bulge=2)
    front = np.concatenate([arc(0, 0, rx, ry, 180, 0), arc(0, width, rx, ry, 0, 180)])
    canvas.fill(front, look.cloth(0.7), bulge=2.4, depth=0.6, sheen=0.2)
    for offset in (1, width - 1):
        canvas.seam(arc(0, offset, rx - 0.5, ry, 172, 8), 0.35, 0.4, light=sum(look.colour) < 250)
    x = rng.uniform(-6, 4)
    y = float(ry * np.sqrt(1 - (x / rx) ** 2) + width / 2)
    steel = metal(_STEEL if rng.random() < 0.6 else _BRASS, every=11, shift=rng.random())
    half = width / 2 + 1.3
    if rng.random() < 0.65:
        frame = rounded_box(x - half * 1.05, y - half, x + half * 1.05, y + half, 1.2)
        hole = rounded_box(x - half * 0.6, y - half * 0.62, x + half * 0.6, y + half * 0.62, 0.8)
    else:
        frame, hole = ellipse(x, y, half * 1.15), ellipse(x, y, half * 0.72)
    canvas.crease(frame + (0.4, 0.8), 1, 0.4)
    canvas.fill(frame, steel, bulge=1.2, depth=0.5, sheen=0.4, holes=[hole])
    canvas.line(polygon([(x - half * 0.9, y), (x + half * 0.8, y)]), steel, 0.9, sheen=0.3)
    loop_x = x + half + 4.5
    loop_y = float(ry * np.sqrt(1 - (loop_x / rx) ** 2))
    canvas.fill(rounded_box(loop_x - 1.5, loop_y - 0.6, loop_x + 1.5, loop_y + width + 0.6, 0.5), darker(look.colour, 0.15), bulge=1.2)
    for k in range(4):
        hole_x = x - half - 3.4 - 3 * k
        if hole_x > -rx + 3:
            canvas.fill(ellipse(hole_x, float(ry * np.sqrt(1 - (hole_x / rx) ** 2)) + width / 2, 0.6), (24, 22, 22), depth=0)


def tie(canvas: Canvas, look: Look) -> None:
    """Knotted and hanging; diagonal stripes where it is striped."""
    rng = canvas.rng
    cloth = look.cloth(0.75)
    if look.pattern == "striped":
        cloth = turned(stripes(look.colour, look.other, every=4 + 5 * look.size, share=0.3 + 0.2 * look.shift), -38)
    wide = rng.uniform(5, 6.6)
    tail = curve([(-1.5, -24), (-1.5, -24), (3.4, -24), (3.4, -24), (wide * 0.9 + 1.2, 28), (wide * 0.9 + 1.2, 28), (2.4, 33), (2.4, 33)])
    canvas.fill(tail, darker(look.colour, 0.4), bulge=2)
    front = curve([(-2.4, -27), (-2.4, -27), (2.4, -27), (2.4, -27), (wide * 0.62, 0), (wide, 29), (wide, 29), (0, 37), (0, 37), (-wide, 29), (-wide, 29), (-wide * 0.62, 0)])
    canvas.fill(front, cloth, bulge=3, depth=0.5, sheen=0.1, folds=0.04)
    canvas.crease(curve([(-0.6, -26), (-1.2, -18), (0.4, -8)], closed=False), 1, 0.25)
    canvas.crease(curve([(0, -27), (0.2, -25), (0, -24)], closed=False), 3, 0.35)
    knot = curve([(-4.4, -36), (-4.4, -36), (0, -37.4), (4.4, -36), (4.4, -36), (2.8, -27), (2.8, -27), (0, -26.2), (-2.8, -27), (-2.8, -27)])
    canvas.fill(knot, turned(cloth, 60), bulge=2.4, depth=0.55, sheen=0.1)


def scarf(canvas: Canvas, look: Look) -> None:
    """Tied in a loop with hanging ends, or folded flat with fringes."""
    rng = canvas.rng
    cloth = look.cloth(1.1)
    fringe = look.other if look.pattern != "plain" and rng.random() < 0.5 else darker(look.colour, 0.1)
    if rng.random() < 0.35:
        for i, (x0, x1) in enumerate(((-16.0, 12.0), (-12.0, 17.0))):
            shape = curve([(x0, -31 + 5 * i), (x0, -31 + 5 * i), (x1, -33 + 5 * i), (x1, -33 + 5 * i), (x1 + 1, 26 + 3 * i), (x1 + 1, 26 + 3 * i), (x0 - 1, 27 + 3 * i), (x0 - 1, 27 + 3 * i)])
            _fringe(canvas, x0 - 0.6, x1 + 0.6, 26 + 3 * i, fringe)
            canvas.crease(shape + (-0.6, 0), 1.6, 0.3)
            canvas.fill(shape, cloth, bulge=4, depth=0.45, folds=0.1)
        return
    for side, low, tilt in ((-1, rng.uniform(29, 33), 3.0), (1, rng.uniform(23, 30), 6.0)):
        x0, x1 = (1.0, 13.0)
        shape = curve([(side * -1.4, -12), (side * 5, -14), (side * (x1 - 2), 4), (side * (x1 + tilt), low), (side * (x1 + tilt), low), (side * (x0 + tilt * 0.4), low + 1.2), (side * (x0 + tilt * 0.4), low + 1.2), (side * 0, 2)])
        a, b = sorted((side * (x0 + tilt * 0.4), side * (x1 + tilt)))
        _fringe(canvas, a, b, low, fringe)
        canvas.fill(shape, turned(cloth, side * 10), bulge=4, depth=0.5, folds=0.1)
        for k in (0.3, 0.62):
            canvas.crease(curve([(side * 2, -9), (side * (3 + 7 * k), 6), (side * (x0 + tilt * 0.4 + (x1 - x0) * k), low)], closed=False), 1.4, 0.22)
    back = curve([(-9, -12), (-14, -22), (-11, -32), (0, -36), (11, -32), (14, -22), (9, -12), (0, -6)])
    hole = curve([(-6, -17), (-8, -24), (-5, -29.6), (0, -31), (5, -29.6), (8, -24), (6, -17), (0, -13)])
    canvas.fill(back, cloth, bulge=4, depth=0.55, folds=0.08, holes=[hole])
    for k in (0.75, 0.88):
        canvas.crease(arc(0, -22, 13.6 * k, 14 * k, 100, 440), 1, 0.22)
    knot = curve([(-6, -14), (0, -16.4), (6.4, -13), (6, -5), (1, -2.6), (-5, -5)])
    canvas.crease(knot + (0, 1), 1.6, 0.3)
    canvas.fill(knot, turned(cloth, 50), bulge=3, depth=0.55)
    canvas.crease(curve([(-4, -12), (0, -9), (5, -8)], closed=False), 1.2, 0.25)


def _fringe(canvas: Canvas, left: float, right: float, y: float, colour: RGB) -> None:
    for x in np.arange(left + 0.8, right, 1.9):
        canvas.line(polygon([(x, y - 1), (x + canvas.rng.uniform(-0.5, 0.5), y + 4.6)]), colour, 0.75)


def socks(canvas: Canvas, look: Look) -> None:
    """A pair, one behind the other; to the ankle or to the calf."""
    rng = canvas.rng
    top = rng.choice([-31.0, -24.0, -10.0])
    trim = look.other if rng.random() < 0.6 else darker(look.colour, 0.15)
    sock: list[Point] = [
        (-5.6, top), (-5.6, top), (0, top - 0.6), (5.6, top), (5.6, top), (5.4, 4), (8, 12), (15, 18), (18.6, 23.4), (16, 28.6), (9, 29),
        (-1, 22), (-6.4, 15), (-6.6, 6),
    ]  # fmt: skip
    for x, y, turn in ((-7, -1.5, 4), (1.5, 2, 0)):
        def at(outline: Outline, x: float = x, y: float = y, turn: float = turn) -> Outline:
            return moved(outline, x, y, turn=turn)

        canvas.crease(at(curve(sock)) + (-0.6, 0.4), 1.6, 0.35)
        canvas.fill(at(curve(sock)), turned(look.cloth(0.9), turn), bulge=4, depth=0.5, folds=0.06)
        canvas.fill(at(curve([(9.6, 30), (10, 24), (13, 17.6), (20, 20), (20, 30)])), trim, bulge=2, depth=0.3, clip=True)
        canvas.fill(at(curve([(-8, 7), (-2, 10), (-0.6, 17), (-5, 20), (-9, 14)])), trim, bulge=2, depth=0.3, clip=True)
        cuff = polygon([(-5.7, top), (0, top - 0.6), (5.7, top), (5.7, top + 6), (-5.7, top + 6)])
        canvas.fill(at(cuff), trim if rng.random() < 0.5 else darker(look.colour, 0.05), bulge=2, depth=0.4)
        for k in range(-5, 6, 2):
            canvas.seam(at(polygon([(k, top), (k, top + 6)])), 0.4, 0.25)
        if look.pattern == "plain":
            for k in range(2):
                canvas.line(at(polygon([(-5.8, top + 8.4 + 2.4 * k), (5.8, top + 8.4 + 2.4 * k)])), trim, 1, clip=True, depth=0.2)


def gloves(canvas: Canvas, look: Look) -> None:
    """A pair of five-fingered gloves or of mittens, backs up."""
    rng = canvas.rng
    mittens = rng.random() < 0.3
    leather = look.pattern == "plain" and rng.random() < 0.5
    trim = look.other if rng.random() < 0.4 else darker(look.colour, 0.18)
    for side in (-1, 1):
        def at(outline: Outline, side: int = side) -> Outline:
            return moved(outline * (side, 1), side * 13.4, 0, turn=side * 7)

        fingers = [] if mittens else [(-5.4, -17, -2.4), (-1.8, -21, -0.8), (1.9, -20, 0.8), (5.4, -14.5, 2.6)]
        thumb = curve([(-6, 10), (-11, 4), (-13.4, -3), (-11.4, -5.4), (-9, -4), (-5, 2)])
        cloth = look.cloth(0.8)
        canvas.fill(at(thumb), cloth, bulge=2.2, depth=0.6, sheen=0.25 if leather else 0)
        for x, y, lean in fingers:
            canvas.line(at(polygon([(x * 0.92, -1), (x + lean, y)])), cloth, 4.3, bulge=2, depth=0.65, sheen=0.25 if leather else 0)
        palm: list[Point] = [(-7.4, -2), (-7.6, 6), (-6.4, 15), (6.4, 15), (7.6, 6), (7.6, -2), (5, -5), (-5, -5)]
        if mittens:
            palm = [(-7.4, -4), (-7.6, 6), (-6.4, 15), (6.4, 15), (7.6, 6), (7.8, -8), (5, -17), (0, -19.6), (-5, -17)]
        canvas.fill(at(curve(palm)), cloth, bulge=4, depth=0.4, folds=0.04, sheen=0.15 if leather else 0)
        for x in (-2.6, 0, 2.6) if not mittens else ():
            canvas.crease(at(polygon([(x, -4), (x * 0.8, 5)])), 0.8, 0.2)
        cuff = at(rounded_box(-7, 14, 7, 23.5, 1.4))
        canvas.fill(cuff, trim, bulge=2.6, depth=0.45)
        if not leather:
            for k in range(-6, 7, 2):
                canvas.seam(at(polygon([(k, 14.4), (k, 23)])), 0.5, 0.25)


def umbrella(canvas: Canvas, look: Look) -> None:
    """Open, from the side, with a crook; or tilted back."""
    rng = canvas.rng
    ribs = 6
    y, high = 2.0, -27.0
    canvas.line(polygon([(0, high - 4), (0, 28)]), metal(_STEEL, every=3), 1.3)
    wood: RGB = (120, 78, 48) if rng.random() < 0.6 else (46, 44, 46)
    canvas.line(curve([(0, 22), (0, 31), (2.6, 35), (6.4, 34), (7.4, 29.6)], closed=False), wood, 2.3, sheen=0.3)
    xs = [-27 + 54 * i / ribs for i in range(ribs + 1)]
    scallops: list[Point] = []
    for left, right in zip(reversed(xs[:-1]), reversed(xs[1:]), strict=True):
        scallops += [(right, y), (right, y), ((left + right) / 2, y - 3)]
    dome = [(-27.0, y), (-27.0, y), (-24, -11), (-14, -22.5), (0, high), (14, -22.5), (24, -11), *scallops]
    canvas.fill(curve([(-26, y), (0, y - 5), (26, y), (0, y + 1)]), darker(look.colour, 0.55), bulge=2)
    canvas.fill(curve(dome), look.cloth(1.3), bulge=7, depth=0.6, folds=0.04)
    for x in xs[1:-1]:
        rib = curve([(0, high), (x * 0.62, -18.5), (x, y)], closed=False)
        canvas.crease(rib, 0.8, 0.35)
        canvas.crease(rib + (1.8 if x < 1 else -1.8, 0), 1.6, -0.12)
    if look.pattern == "plain" and rng.random() < 0.5:
        canvas.line(curve([(-26.6, y - 2.6), (-13, y - 5.5), (0, y - 6), (13, y - 5.5), (26.6, y - 2.6)], closed=False), look.other, 1.8, clip=True, depth=0.2)
    canvas.line(polygon([(0, high - 4.4), (0, high)]), _STEEL, 1.6)
