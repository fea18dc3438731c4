"""Watches and sunglasses: metal, dials and glass."""

from __future__ import annotations

import numpy as np

from modiste.datasets.drawn.canvas import RGB, Canvas, Paint
from modiste.datasets.drawn.look import Look
from modiste.datasets.drawn.outlines import (
    Outline,
    curve,
    ellipse,
    moved,
    path,
    polygon,
    rounded_box,
)
from modiste.datasets.drawn.palette import COLOURS, darker
from modiste.datasets.drawn.patterns import metal

__all__ = ["sunglasses", "watch"]


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
            canvas.fill(
                polygon([(-half, 0), (half, 0), (half * 0.86, side * 37), (-half * 0.86, side * 37)]),
                metal(look.colour, every=half, shift=0.2),
                bulge=2.5,
                depth=0.6,
            )
            for k in range(10):
                y = side * (r - 1 + 2.7 * k)
                if abs(y) < 37:
                    canvas.seam(polygon([(-half, y), (half, y)]), 0.6, 0.5)
            for x in (-half * 0.36, half * 0.36):
                canvas.seam(polygon([(x, 0), (x, side * 37)]), 0.5, 0.4)
    else:
        for side in (-1, 1):
            strap = curve(
                [
                    (-half, 0),
                    (-half, 0),
                    (half, 0),
                    (half, 0),
                    (half * 0.95, side * 24),
                    (half * 0.82, side * 36),
                    (0, side * 37.6),
                    (-half * 0.82, side * 36),
                    (-half * 0.95, side * 24),
                ]
            )
            canvas.fill(strap, look.colour, bulge=2.6, depth=0.6, sheen=0.1, folds=0.05)
            if style == "strap":
                for x in (-half + 1, half - 1):
                    canvas.seam(
                        polygon([(x, side * 14), (x * 0.85, side * 35)]),
                        0.4,
                        0.4,
                        light=sum(look.colour) < 300,
                    )
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
    canvas.fill(
        rounded_box(r * (0.8 if square else 0.96), -1.6, r * (0.8 if square else 0.96) + 2.4, 1.6, 0.7),
        case,
        bulge=0.8,
    )
    canvas.fill(
        outer, case if style != "sport" else darker(look.colour, 0.25), bulge=2, depth=0.6, sheen=0.35
    )
    face_names = (
        ("White", "Black", "Cream", "Navy Blue", "Silver", "Pink")
        if style != "sport"
        else ("Charcoal", "White")
    )
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
        canvas.line(
            np.array([reach * d * inner, reach * d * 0.94]),
            ink if style != "strap" or light else steel,
            0.9 if hour % 3 == 0 else 0.5,
            depth=0,
        )
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
    "a": ((-1, -2), (1, -2)),
    "b": ((1, -2), (1, 0)),
    "c": ((1, 0), (1, 2)),
    "d": ((-1, 2), (1, 2)),
    "e": ((-1, 0), (-1, 2)),
    "f": ((-1, -2), (-1, 0)),
    "g": ((-1, 0), (1, 0)),
}


_DIGITS = tuple(
    tuple(((ax / 1.4, ay / 2), (bx / 1.4, by / 2)) for (ax, ay), (bx, by) in (_SEGMENTS[s] for s in digit))
    for digit in ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")
)


def sunglasses(canvas: Canvas, look: Look) -> None:
    """From the front, or turned a little so that a temple shows: round, square, aviator or cat-eye."""
    rng = canvas.rng
    style = rng.choice(["square", "aviator", "round", "cat"])
    thin = style == "aviator" or (style == "round" and rng.random() < 0.6)
    frame: Paint = (
        metal(look.colour, every=8) if thin and look.name in ("Gold", "Silver", "Copper") else look.colour
    )
    tints: tuple[RGB, ...] = ((52, 54, 60), (92, 66, 48), (60, 78, 70), (56, 74, 112), (120, 70, 92))
    tint = tints[rng.integers(len(tints))]
    w, h = rng.uniform(10.2, 11.2), rng.uniform(8, 9.6)
    gap = w + (4.6 if style == "cat" else 3.4)
    shapes = {
        "square": curve(
            [
                (-w, -h * 0.8),
                (-w * 0.5, -h * 0.98),
                (w * 0.9, -h),
                (w * 1.08, -h * 0.6),
                (w * 0.9, h * 0.5),
                (w * 0.4, h),
                (-w * 0.5, h * 0.95),
                (-w * 0.9, h * 0.4),
            ]
        ),
        "aviator": curve(
            [
                (-w, -h * 0.75),
                (0, -h),
                (w, -h * 0.85),
                (w * 1.1, -h * 0.2),
                (w * 0.7, h),
                (-w * 0.1, h * 1.15),
                (-w * 0.8, h * 0.4),
            ]
        ),
        "round": ellipse(0, 0, w * 0.92),
        "cat": curve(
            [
                (-w, -h * 0.5),
                (0, -h * 0.75),
                (w * 1.25, -h * 1.15),
                (w * 1.25, -h * 1.15),
                (w * 1.05, h * 0.1),
                (w * 0.4, h * 0.85),
                (-w * 0.6, h * 0.75),
            ]
        ),
    }
    lens = shapes[style]
    rim = 0.9 if thin else rng.uniform(1.7, 2.6)
    away = rng.uniform(-1, 1)  # turned a little: one temple shows more than the other
    for side in (-1, 1):
        x = gap + w - 0.4
        back = x - 5 - 3 * side * away
        temple = path(
            [
                (side * x, -h * 0.62),
                (side * (x - 1), -h * 0.7 - 2.4),
                (side * (back + 1), -h - 6),
                (side * back, -h - 7.6),
                (side * (back - 2.4), -h - 6.4),
            ]
        )
        canvas.line(temple, darker(look.colour, 0.3), 0.9 if thin else 1.7, depth=0.3)
    canvas.line(
        path([(-3.4, -h * 0.25), (0, -h * 0.55), (3.4, -h * 0.25)]), frame, max(rim * 0.9, 1), sheen=0.3
    )
    if style == "aviator":
        canvas.line(polygon([(-gap * 0.6, -h * 0.92), (gap * 0.6, -h * 0.92)]), frame, 0.9, sheen=0.3)
    for side in (-1, 1):
        placed = lens * (side, 1) + (side * gap, 0)

        def glass(x: np.ndarray, y: np.ndarray) -> np.ndarray:  # darker above
            share = np.clip((y + h) / (2.2 * h), 0, 1)[..., None]
            return np.asarray(
                np.array(tint) * (1 - share) + share * (0.45 * np.array(tint) + 0.55 * 235), np.float32
            )

        canvas.fill(placed, glass, bulge=3, depth=0.15, alpha=0.93)
        gleam = moved(
            polygon(
                [(-w * 0.75, -h * 0.1), (-w * 0.2, -h * 0.85), (w * 0.15, -h * 0.85), (-w * 0.55, h * 0.35)]
            ),
            side * gap,
            0,
        )
        canvas.fill(gleam, (255, 255, 255), depth=0, alpha=0.2)
        canvas.line(np.concatenate([placed, placed[:2]]), frame, rim, sheen=0.3, depth=0.3)
    if not thin:
        for side in (-1, 1):
            canvas.fill(ellipse(side * (gap + w * 0.9), -h * 0.7, 0.7, 0.5), (214, 190, 130), depth=0.2)
