"""Watches, jewellery and glasses: metal, stones and glass."""

from __future__ import annotations

import numpy as np

from modiste.datasets.drawn.canvas import RGB, Canvas, Paint
from modiste.datasets.drawn.look import Look
from modiste.datasets.drawn.outlines import Outline, arc, curve, ellipse, moved, polygon, rounded_box
from modiste.datasets.drawn.palette import COLOURS, darker, lighter
from modiste.datasets.drawn.patterns import metal

__all__ = ["bracelet", "earrings", "necklace", "ring", "sunglasses", "watch"]

_STONES = ("Red", "Blue", "Green", "Turquoise", "Purple", "Pink", "White", "Teal", "Magenta")


def _stone(canvas: Canvas, x: float, y: float, size: float, colour: RGB) -> None:
    """A cut stone: a dark rim, a bright table, a spark."""
    canvas.fill(ellipse(x, y, size), darker(colour, 0.2), bulge=size, depth=0.6, sheen=0.3)
    canvas.fill(moved(polygon([(-0.6, -0.6), (0.6, -0.6), (0.6, 0.6), (-0.6, 0.6)]), x, y, turn=45, scale=size), lighter(colour, 0.25), bulge=1, depth=0.3)
    canvas.fill(ellipse(x - size * 0.3, y - size * 0.35, size * 0.22), (255, 255, 255), depth=0)


def _any_stone(canvas: Canvas) -> RGB:
    return COLOURS[_STONES[canvas.rng.integers(len(_STONES))]]


def watch(canvas: Canvas, look: Look) -> None:
    """From the front: a round or square case with hands, marks and a strap or links; or a digital one."""
    rng = canvas.rng
    style = rng.choice(["strap", "strap", "links", "sport"])
    square = rng.random() < 0.28
    steel = COLOURS["Silver"] if rng.random() < 0.6 else COLOURS["Gold"]
    r = rng.uniform(13.5, 17)
    half = r * rng.uniform(0.5, 0.66)
    case: Paint = metal(steel, every=2.2 * r, shift=rng.random())
    if style == "links":
        case = metal(look.colour, every=2.2 * r, shift=rng.random())
        for side in (-1, 1):
            canvas.fill(polygon([(-half, 0), (half, 0), (half * 0.86, side * 37), (-half * 0.86, side * 37)]), metal(look.colour, every=half, shift=0.2), bulge=2.5, depth=0.6)
            for k in range(10):
                y = side * (r - 1 + 2.7 * k)
                if abs(y) < 37:
                    canvas.seam(polygon([(-half, y), (half, y)]), 0.6, 0.5)
            for x in (-half * 0.36, half * 0.36):
                canvas.seam(polygon([(x, 0), (x, side * 37)]), 0.5, 0.4)
    else:
        for side in (-1, 1):
            strap = curve([(-half, 0), (-half, 0), (half, 0), (half, 0), (half * 0.95, side * 24), (half * 0.82, side * 36), (0, side * 37.6), (-half * 0.82, side * 36), (-half * 0.95, side * 24)])
            canvas.fill(strap, look.colour, bulge=2.6, depth=0.6, sheen=0.1, folds=0.05)
            if style == "strap":
                for x in (-half + 1, half - 1):
                    canvas.seam(polygon([(x, side * 14), (x * 0.85, side * 35)]), 0.4, 0.4, light=sum(look.colour) < 300)
                if side > 0:
                    for y in (24, 28, 32):
                        canvas.fill(ellipse(0, y, 0.7), darker(look.colour, 0.7), depth=0)
            else:
                for y in (20, 24, 28, 32):
                    canvas.crease(polygon([(-half, side * y), (half, side * y)]), 1, 0.4)
    outer: Outline
    dial: Outline
    if square:
        w = r * 0.84
        outer, dial = rounded_box(-w, -r, w, r, 4), rounded_box(-w + 2.4, -r + 2.4, w - 2.4, r - 2.4, 2.6)
    else:
        outer, dial = ellipse(0, 0, r), ellipse(0, 0, r - 2.6)
    canvas.fill(rounded_box(r * (0.8 if square else 0.96), -1.6, r * (0.8 if square else 0.96) + 2.4, 1.6, 0.7), case, bulge=0.8)
    canvas.fill(outer, case if style != "sport" else darker(look.colour, 0.25), bulge=2, depth=0.6, sheen=0.35)
    face_names = ("White", "Black", "Cream", "Navy Blue", "Silver", "Pink") if style != "sport" else ("Charcoal", "White")
    face = COLOURS[face_names[rng.integers(len(face_names))]]
    light = sum(face) > 420
    ink: RGB = (44, 44, 48) if light else (240, 238, 230)
    canvas.fill(dial, darker(face, 0.35), bulge=2, depth=0.3)
    canvas.fill(dial * 0.95, face, bulge=4, depth=0.25)
    d = (r - 2.6) * 0.9
    if style == "sport" and rng.random() < 0.6:
        lcd: RGB = (176, 188, 168)
        canvas.fill(rounded_box(-d * 0.72, -d * 0.42, d * 0.72, d * 0.34, 1), lcd, bulge=1.5, depth=0.25)
        for x in (-0.5, -0.22, 0.16, 0.44):
            for a, b in _DIGITS[rng.integers(len(_DIGITS))]:
                p = np.array([a, b]) * (d * 0.17, d * 0.24) + (x * d - 0.2, -d * 0.04)
                canvas.line(p, (34, 38, 34), 0.75, depth=0)
        canvas.line(polygon([(-d * 0.5, d * 0.62), (d * 0.5, d * 0.62)]), look.accent, 1, depth=0)
        return
    for hour in range(12):
        a = np.radians(30 * hour)
        reach = np.array([np.sin(a) * (0.84 if square else 1), -np.cos(a)])
        inner = 0.72 if hour % 3 == 0 else 0.82
        canvas.line(np.array([reach * d * inner, reach * d * 0.94]), ink if style != "strap" or light else steel, 0.9 if hour % 3 == 0 else 0.5, depth=0)
    if rng.random() < 0.35:
        for x, y in ((-0.4, 0), (0.4, 0), (0, 0.42)):
            canvas.line(ellipse(x * d, y * d, d * 0.22), ink, 0.4, depth=0, alpha=0.6)
            canvas.line(polygon([(x * d, y * d), (x * d + d * 0.1, y * d - d * 0.1)]), ink, 0.4, depth=0)
    for angle, length, width in ((-58, 0.52, 1.1), (62, 0.76, 0.8)):  # ten past ten, as in every shop
        a = np.radians(angle + rng.uniform(-3, 3))
        canvas.line(polygon([(0, 0), (np.sin(a) * d * length, -np.cos(a) * d * length)]), ink, width, depth=0)
    canvas.line(polygon([(0, d * 0.2), (d * 0.15, -d * 0.8)]), look.accent, 0.35, depth=0)
    canvas.fill(ellipse(0, 0, 0.9), steel, depth=0.2)
    gleam = curve([(-d * 0.7, -d * 0.5), (-d * 0.2, -d * 0.85), (d * 0.1, -d * 0.8), (-d * 0.65, d * 0.15)])
    canvas.fill(gleam, (255, 255, 255), depth=0, alpha=0.16)


_SEGMENTS = {
    "a": ((-1, -2), (1, -2)), "b": ((1, -2), (1, 0)), "c": ((1, 0), (1, 2)), "d": ((-1, 2), (1, 2)),
    "e": ((-1, 0), (-1, 2)), "f": ((-1, -2), (-1, 0)), "g": ((-1, 0), (1, 0)),
}  # fmt: skip
_DIGITS = tuple(
    tuple(((ax / 1.4, ay / 2), (bx / 1.4, by / 2)) for (ax, ay), (bx, by) in (_SEGMENTS[s] for s in digit))
    for digit in ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")
)


def sunglasses(canvas: Canvas, look: Look) -> None:
    """From the front, or turned a little so that a temple shows: round, square, aviator or cat-eye."""
    rng = canvas.rng
    style = rng.choice(["square", "aviator", "round", "cat"])
    thin = style == "aviator" or (style == "round" and rng.random() < 0.6)
    frame: Paint = metal(look.colour, every=8) if thin and look.name in ("Gold", "Silver", "Copper") else look.colour
    tints: tuple[RGB, ...] = ((52, 54, 60), (92, 66, 48), (60, 78, 70), (56, 74, 112), (120, 70, 92))
    tint = tints[rng.integers(len(tints))]
    w, h = rng.uniform(10.5, 11.6), rng.uniform(8, 10)
    gap = 13.2
    shapes = {
        "square": curve([(-w, -h), (-w * 0.6, -h * 1.05), (w, -h * 0.95), (w * 1.05, -h * 0.5), (w * 0.8, h * 0.7), (w * 0.3, h), (-w * 0.5, h), (-w * 0.95, h * 0.5)]),
        "aviator": curve([(-w, -h * 0.75), (0, -h), (w, -h * 0.85), (w * 1.1, -h * 0.2), (w * 0.7, h), (-w * 0.1, h * 1.15), (-w * 0.8, h * 0.4)]),
        "round": ellipse(0, 0, w * 0.92),
        "cat": curve([(-w, -h * 0.5), (0, -h * 0.75), (w * 1.25, -h * 1.15), (w * 1.25, -h * 1.15), (w * 1.05, h * 0.1), (w * 0.4, h * 0.85), (-w * 0.6, h * 0.75)]),
    }
    lens = shapes[style]
    rim = 0.9 if thin else rng.uniform(1.7, 2.6)
    turned_away = rng.random() < 0.5
    for side in (-1, 1):
        if turned_away and side > 0:
            temple = curve([(gap + w + 0.4, -h * 0.6), (gap + w + 4, -h * 0.9 - 1), (gap + w + 3, -h - 4), (8, -h - 7.5), (4, -h - 6)], closed=False)
            canvas.line(temple, darker(look.colour, 0.25), 1 if thin else 1.8)
        elif not turned_away:
            canvas.line(curve([(side * (gap + w - 1), -h * 0.5), (side * (gap + w + 2.6), -h * 0.6), (side * (gap + w + 2.2), h * 0.2)], closed=False), darker(look.colour, 0.3), 1 if thin else 1.6)
    canvas.line(curve([(-3.4, -h * 0.25), (0, -h * 0.55), (3.4, -h * 0.25)], closed=False), frame, max(rim * 0.9, 1), sheen=0.3)
    if style == "aviator":
        canvas.line(polygon([(-gap * 0.6, -h * 0.92), (gap * 0.6, -h * 0.92)]), frame, 0.9, sheen=0.3)
    for side in (-1, 1):
        placed = lens * (side, 1) + (side * gap, 0)

        def glass(x: np.ndarray, y: np.ndarray) -> np.ndarray:  # darker above
            share = np.clip((y + h) / (2.2 * h), 0, 1)[..., None]
            return np.asarray(np.array(tint) * (1 - share) + share * (0.45 * np.array(tint) + 0.55 * 235), np.float32)

        canvas.fill(placed, glass, bulge=3, depth=0.15, alpha=0.93)
        gleam = polygon([(-w * 0.75, -h * 0.1), (-w * 0.2, -h * 0.85), (w * 0.15, -h * 0.85), (-w * 0.55, h * 0.35)]) + (side * gap, 0)
        canvas.fill(gleam, (255, 255, 255), depth=0, alpha=0.2)
        canvas.line(np.concatenate([placed, placed[:2]]), frame, rim, sheen=0.35, depth=0.5)
    if not thin:
        for side in (-1, 1):
            canvas.fill(ellipse(side * (gap + w * 0.9), -h * 0.7, 0.7, 0.5), (214, 190, 130), depth=0.2)


def earrings(canvas: Canvas, look: Look) -> None:
    """A pair: studs, hoops, drops or chandeliers."""
    rng = canvas.rng
    style = rng.choice(["hoop", "drop", "chandelier", "stud"])
    gold = metal(look.colour, every=7, shift=rng.random())
    stone, pearl = _any_stone(canvas), rng.random() < 0.3
    sizes = rng.uniform(0.85, 1.1), rng.integers(3, 6)
    for side in (-1, 1):
        x = side * 12.5
        if style == "stud":
            r = 6.5 * sizes[0]
            for k in range(8):
                a = np.pi * k / 4
                _stone(canvas, x + np.cos(a) * r * 0.85, np.sin(a) * r * 0.85, 1.9, look.colour)
            canvas.fill(ellipse(x, 0, r * 0.66), (238, 232, 222) if pearl else gold, bulge=3, sheen=0.4)
            if not pearl:
                _stone(canvas, x, 0, r * 0.48, stone)
            continue
        canvas.line(curve([(x - 1.6, -22), (x - 1.8, -27), (x + 1, -29), (x + 2, -25), (x + 0.2, -21)], closed=False), gold, 0.9, sheen=0.4)
        if style == "hoop":
            r = 10.5 * sizes[0]
            canvas.line(arc(x, -20 + r, r, r * 1.15, -90, 270), gold, 1.8, sheen=0.5)
            if rng.random() < 0.5:
                for k in range(int(sizes[1])):
                    _stone(canvas, x - 5 + 10 * k / (sizes[1] - 1), -19 + 2 * r + 1.5 - abs(k - (sizes[1] - 1) / 2) * 1.2, 1.4, stone)
        elif style == "drop":
            canvas.fill(ellipse(x, -19, 2.2), gold, bulge=1.5, sheen=0.5)
            canvas.line(polygon([(x, -18), (x, -8)]), gold, 0.7)
            drop = curve([(0, -10), (0, -10), (4.6, 1), (4, 7), (0, 9.4), (-4, 7), (-4.6, 1)]) * sizes[0] + (x, 2)
            canvas.fill(drop * 1.0, gold, bulge=2, sheen=0.4)
            canvas.fill((drop - (x, 3)) * 0.72 + (x, 3.4), (240, 234, 226) if pearl else stone, bulge=3, depth=0.5, sheen=0.5)
        else:
            canvas.fill(ellipse(x, -17, 4), gold, bulge=2, sheen=0.4)
            _stone(canvas, x, -17, 2.2, stone)
            canvas.fill(curve([(-7, 3), (-7, 3), (-6, -6), (0, -11), (6, -6), (7, 3), (7, 3), (0, 5)]) + (x, -2), gold, bulge=2, sheen=0.4)
            for k in range(-2, 3):
                canvas.fill(ellipse(x + 2 * k, -2 - abs(k) * 0.2, 0.8), stone, bulge=0.6)
                canvas.line(polygon([(x + 3 * k, 2), (x + 3.2 * k, 9 - abs(k))]), gold, 0.5)
                canvas.fill(ellipse(x + 3.2 * k, 10.6 - abs(k), 1.5, 2), stone if k % 2 == 0 else gold, bulge=1.2, sheen=0.4)


def ring(canvas: Canvas, look: Look) -> None:
    """A band standing a little turned: with one stone, a row of them, or none."""
    rng = canvas.rng
    canvas.ground(-12, 12, 24)
    rx, ry, width = rng.uniform(15, 17), rng.uniform(16.5, 19), rng.uniform(2.6, 5.5)
    gold = metal(look.colour, every=13, shift=rng.random())
    style = rng.choice(["solitaire", "row", "band", "flower"])
    canvas.line(arc(0.5, 6.6, rx - 0.8, ry - 0.8, -90, 270), darker(look.colour, 0.45), width * 0.9, depth=0.2)
    canvas.line(arc(0, 6, rx, ry, -90, 270), gold, width, depth=0.6, sheen=0.5)
    top = 6 - ry
    stone = _any_stone(canvas)
    if style == "solitaire":
        canvas.fill(polygon([(-4, top + 3), (-5.4, top - 4), (5.4, top - 4), (4, top + 3)]), gold, bulge=1.5)
        _stone(canvas, 0, top - 4, 6.4, stone)
    elif style == "flower":
        for k in range(7):
            a = 2 * np.pi * k / 7
            _stone(canvas, 5.2 * np.cos(a), top - 2 + 5.2 * np.sin(a), 2.7, lighter(stone, 0.35))
        _stone(canvas, 0, top - 2, 3, stone)
    elif style == "row":
        for k in range(-4, 5):
            a = np.radians(-90 + 13 * k)
            _stone(canvas, rx * np.cos(a), 6 + ry * np.sin(a), max(width * 0.46, 1.8), stone)
    else:
        canvas.line(arc(0, 6, rx, ry, 120, 420), lighter(look.colour, 0.6), 0.5, depth=0)


def necklace(canvas: Canvas, look: Look) -> None:
    """Laid out in a curve: a chain with a pendant, a string of beads, or a collar of drops."""
    rng = canvas.rng
    style = rng.choice(["pendant", "beads", "collar"])
    gold = metal(look.colour, every=6, shift=rng.random())
    stone = _any_stone(canvas)
    wide, deep = rng.uniform(16, 20), rng.uniform(36, 44)
    t = np.linspace(-1, 1, 61)
    line = np.stack([wide * np.sin(t * 2.5) / np.sin(1.57), -32 + deep * (1 - np.abs(t) ** 2.0) * 1.0 + 6 * np.abs(t) ** 6], axis=1)
    if style == "beads":
        n = int(rng.integers(23, 31))
        beads = curve([(float(x), float(y)) for x, y in line[::6]], closed=False)
        pick = np.linspace(0, len(beads) - 1, n).astype(int)
        colours = [stone, lighter(stone, 0.4), look.colour]
        for i, k in enumerate(pick):
            r = 2.5 - 1.1 * abs(i / (n - 1) - 0.5) * 2 + 0.2
            canvas.fill(ellipse(beads[k, 0], beads[k, 1], r), colours[i % 3 if rng.random() < 0.5 else 0], bulge=r, depth=0.7, sheen=0.5)
        return
    canvas.line(line, gold, 1.3 if style == "pendant" else 1.9, sheen=0.4, depth=0.6)
    for k in range(0, 60, 2):
        canvas.seam(line[k : k + 2], 1.4, 0.35)
    low = line[30]
    if style == "pendant":
        canvas.fill(ellipse(low[0], low[1] + 1.6, 1.4), gold, bulge=1)
        shape = rng.integers(3)
        outlines = [curve([(0, -6), (0, -6), (5, 1), (3.6, 6), (0, 7.6), (-3.6, 6), (-5, 1)]), ellipse(0, 0, 6.4),
                    curve([(0, -3), (0, -3), (3, -6), (6.4, -3.4), (5, 2), (0, 7), (0, 7), (-5, 2), (-6.4, -3.4), (-3, -6)])]  # fmt: skip
        canvas.fill(outlines[shape] + (low[0], low[1] + 9), gold, bulge=2, sheen=0.4)
        canvas.fill(outlines[shape] * 0.66 + (low[0], low[1] + 9.2), stone, bulge=2.4, depth=0.5, sheen=0.5)
        return
    for k in range(12, 49, 4):
        x, y = line[k]
        size = 1.5 + 1.4 * (1 - abs(k - 30) / 18)
        canvas.line(polygon([(x, y), (x * 1.03, y + size)]), gold, 0.6)
        canvas.fill(curve([(0, -1.2), (0, -1.2), (1, 0.4), (0, 1.6), (-1, 0.4)]) * size + (x * 1.04, y + size * 1.9), stone if (k // 4) % 2 else look.colour, bulge=1.5, sheen=0.5)


def bracelet(canvas: Canvas, look: Look) -> None:
    """Seen from slightly above: bangles, a chain, or beads."""
    rng = canvas.rng
    style = rng.choice(["bangle", "beads", "cuff"])
    rx, ry = rng.uniform(22, 25), rng.uniform(12, 15)
    gold = metal(look.colour, every=16, shift=rng.random())
    stone = _any_stone(canvas)
    if style == "beads":
        n = 24
        for i in sorted(range(n), key=lambda i: np.sin(2 * np.pi * i / n)):
            a = 2 * np.pi * i / n
            r = 2.9 + 0.5 * np.sin(a)
            canvas.fill(ellipse(rx * np.cos(a), ry * np.sin(a), r), stone if i % 4 else look.colour, bulge=r, depth=0.7, sheen=0.5)
        return
    rows = int(rng.integers(1, 4)) if style == "bangle" else 1
    width = 2.4 if style == "bangle" else rng.uniform(6, 9)
    for k in range(rows):
        y = 3.6 * (rows - 1) / 2 - 3.6 * k
        canvas.line(arc(0, y, rx, ry, 180, 360), darker(look.colour, 0.4), width * 0.9, depth=0.4)
        canvas.line(arc(0, y, rx, ry, 0, 180), gold, width, depth=0.6, sheen=0.5)
        if style == "cuff" or rng.random() < 0.4:
            for i in range(9):
                a = np.radians(34 + 14 * i)
                _stone(canvas, rx * np.cos(a), y + ry * np.sin(a), 1.3 if style == "bangle" else 1.9, stone)
