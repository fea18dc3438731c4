"""Make-up and scent: a lipstick, a bottle of nail polish, a flacon."""

from __future__ import annotations

import numpy as np

from modiste.datasets.drawn.canvas import RGB, Canvas
from modiste.datasets.drawn.look import Look
from modiste.datasets.drawn.outlines import curve, ellipse, mirrored, polygon, rounded_box
from modiste.datasets.drawn.palette import COLOURS, darker, lighter, mix
from modiste.datasets.drawn.patterns import metal

__all__ = ["lipstick", "nail_polish", "perfume"]

_CASES: tuple[RGB, ...] = ((44, 44, 48), (200, 202, 208), (214, 176, 96), (120, 30, 46), (240, 238, 234))


def lipstick(canvas: Canvas, look: Look) -> None:
    """Turned out of its case, its cap beside it or not."""
    rng = canvas.rng
    case = _CASES[rng.integers(len(_CASES))]
    ring = COLOURS["Gold" if rng.random() < 0.6 else "Silver"]
    half = rng.uniform(5.6, 7)
    bottom = 31.0
    cap = rng.random() < 0.45
    x = 8.0 if cap else 0
    if cap:
        canvas.ground(-17, -3, bottom)
        canvas.fill(
            rounded_box(-10 - half - 0.6, bottom - 31, -10 + half + 0.6, bottom, 1.2),
            metal(case, every=4.4 * half, shift=0.5),
            bulge=2,
            depth=0.4,
        )
        canvas.line(
            polygon([(-10 - half - 0.6, bottom - 4), (-10 + half + 0.6, bottom - 4)]), ring, 0.8, clip=True
        )
    canvas.ground(x - half, x + half, bottom)
    bullet = curve(
        [
            (x - half * 0.68, -8),
            (x - half * 0.68, -8),
            (x - half * 0.68, -22),
            (x - half * 0.5, -27),
            (x + half * 0.3, -33),
            (x + half * 0.66, -31),
            (x + half * 0.68, -8),
            (x + half * 0.68, -8),
        ]
    )
    canvas.fill(bullet, look.colour, bulge=3, depth=0.55, sheen=0.3)
    canvas.fill(
        curve(
            [
                (x - half * 0.5, -24.6),
                (x + half * 0.34, -32),
                (x + half * 0.6, -30),
                (x + half * 0.3, -25),
                (x - half * 0.3, -22.6),
            ]
        ),
        lighter(look.colour, 0.25),
        bulge=1.4,
        depth=0.2,
    )
    canvas.fill(
        rounded_box(x - half * 0.84, -9, x + half * 0.84, 8, 0.6),
        metal(ring, every=4 * half, shift=0.15),
        bulge=2,
        depth=0.4,
    )
    canvas.fill(
        rounded_box(x - half, 6, x + half, bottom, 1),
        metal(case, every=4.4 * half, shift=0.9),
        bulge=2.2,
        depth=0.4,
    )
    canvas.line(polygon([(x - half, 8), (x + half, 8)]), darker(ring, 0.2), 0.9, clip=True)


def nail_polish(canvas: Canvas, look: Look) -> None:
    """A small bottle: round, square or tapered, below a tall cap."""
    rng = canvas.rng
    style = rng.choice(["round", "square", "tapered"])
    cap: RGB = ((38, 38, 42), (240, 238, 234), (206, 208, 212), (214, 178, 100))[rng.integers(4)]
    bottom, shoulder = 28.0, rng.uniform(-4, 1)
    w = rng.uniform(10.5, 13)
    canvas.ground(-w, w, bottom)
    cap_half = rng.uniform(4.4, 5.6)
    canvas.fill(rounded_box(-3, shoulder - 5, 3, shoulder + 3, 0.6), darker(look.colour, 0.15), bulge=1.5)
    top = rng.uniform(-32, -27)
    canvas.fill(
        curve(
            mirrored(
                [
                    (0, top),
                    (cap_half - 1, top),
                    (cap_half - 0.6, top + 1),
                    (cap_half, shoulder - 2),
                    (cap_half, shoulder - 2),
                    (0, shoulder - 1.4),
                ]
            )
        ),
        metal(cap, every=5 * cap_half, shift=0.1),
        bulge=2.4,
        depth=0.45,
    )
    body = {
        "round": curve(
            mirrored(
                [
                    (0, shoulder),
                    (w * 0.5, shoulder + 1),
                    (w, shoulder + 11),
                    (w * 0.96, bottom - 6),
                    (w * 0.7, bottom),
                    (0, bottom + 0.5),
                ]
            )
        ),
        "square": rounded_box(-w, shoulder, w, bottom, 3),
        "tapered": curve(
            mirrored(
                [
                    (0, shoulder),
                    (w * 0.5, shoulder),
                    (w * 0.62, shoulder + 2),
                    (w, bottom - 3),
                    (w * 0.9, bottom),
                    (w * 0.9, bottom),
                    (0, bottom + 0.3),
                ]
            )
        ),
    }[style]
    canvas.fill(body, lighter(look.colour, 0.72), bulge=2, depth=0.35)
    middle = (shoulder + bottom) / 2
    canvas.fill(
        (body - (0, middle)) * (0.88, 0.92) + (0, middle + 0.4), look.colour, bulge=4, depth=0.5, sheen=0.2
    )
    canvas.fill(
        curve(
            [
                (-w * 0.62, shoulder + 8),
                (-w * 0.42, shoulder + 7),
                (-w * 0.46, bottom - 5),
                (-w * 0.62, bottom - 6),
            ]
        ),
        (255, 255, 255),
        depth=0,
        alpha=0.45,
    )
    canvas.fill(
        curve(
            [
                (w * 0.6, shoulder + 12),
                (w * 0.68, shoulder + 12),
                (w * 0.64, bottom - 6),
                (w * 0.58, bottom - 6),
            ]
        ),
        (255, 255, 255),
        depth=0,
        alpha=0.22,
    )
    if rng.random() < 0.6:
        ink = (250, 250, 250) if sum(look.colour) < 480 else (60, 50, 54)
        for k, half in enumerate((4.4, 3)):
            canvas.line(
                polygon([(-half, middle + 4 + 2.4 * k), (half, middle + 4 + 2.4 * k)]),
                ink,
                0.8,
                depth=0,
                alpha=0.8,
            )


def perfume(canvas: Canvas, look: Look) -> None:
    """A glass flacon with a coloured scent: tall, square, round or bellied."""
    rng = canvas.rng
    style = rng.choice(["square", "round", "tall", "belly"])
    w, top, bottom = {
        "square": (16.0, -12.0, 27.0),
        "round": (18.0, -10.0, 27.0),
        "tall": (10.0, -18.0, 31.0),
        "belly": (17.0, -6.0, 27.0),
    }[style]
    canvas.ground(-w * 0.9, w * 0.9, bottom)
    cap = _CASES[rng.integers(len(_CASES))]
    gold = COLOURS["Gold" if rng.random() < 0.5 else "Silver"]
    cap_half = rng.uniform(4.6, 6.4)
    if style == "belly":
        canvas.fill(
            ellipse(0, top - 14, 7, 7.6), metal(cap, every=20, shift=0.3), bulge=4, depth=0.5, sheen=0.4
        )
    else:
        canvas.fill(
            rounded_box(-cap_half, top - 16, cap_half, top - 4, 1.2),
            metal(cap, every=5 * cap_half, shift=0.2),
            bulge=2,
            depth=0.45,
        )
    canvas.fill(rounded_box(-3.6, top - 6, 3.6, top + 1, 0.6), metal(gold, every=9, shift=0.2), bulge=1.4)
    middle = (top + bottom) / 2
    body = {
        "square": rounded_box(-w, top, w, bottom, 2.4),
        "round": ellipse(0, middle, w, (bottom - top) / 2 + 0.4),
        "tall": rounded_box(-w, top, w, bottom, 3),
        "belly": curve(
            mirrored(
                [
                    (0, top),
                    (5, top),
                    (8, top + 6),
                    (w, top + 17),
                    (w * 0.8, bottom - 1),
                    (w * 0.6, bottom),
                    (0, bottom + 0.4),
                ]
            )
        ),
    }[style]
    glass = mix(lighter(look.colour, 0.75), (232, 238, 240), 0.3)
    canvas.fill(body, glass, bulge=2.4, depth=0.45)
    level = top + (bottom - top) * rng.uniform(0.12, 0.3)
    scent = lighter(look.colour, 0.12)

    def liquid(x: np.ndarray, y: np.ndarray) -> np.ndarray:  # paler in the middle, where light falls through
        share = (
            0.4 * np.exp(-((x / (0.5 * w)) ** 2)) * np.clip((y - level) / (bottom - level), 0, 1)
            + np.where(y < level, 0.72, 0)
        )[..., None]
        return np.asarray(np.array(scent) * (1 - share) + 250 * share, np.float32)

    canvas.fill((body - (0, middle)) * (0.87, 0.9) + (0, middle), liquid, bulge=4, depth=0.4)
    canvas.seam(polygon([(-w * 0.86, level), (w * 0.86, level)]), 0.5, 0.3)
    canvas.fill(
        curve([(-w * 0.7, top + 9), (-w * 0.55, top + 7), (-w * 0.55, bottom - 6), (-w * 0.7, bottom - 8)]),
        (255, 255, 255),
        depth=0,
        alpha=0.5,
    )
    if rng.random() < 0.7:
        half = w * 0.46
        canvas.fill(
            rounded_box(-half, middle + 1, half, middle + 11, 0.6), (248, 246, 240), bulge=1, depth=0.12
        )
        ink = darker(look.colour, 0.5)
        canvas.line(polygon([(-half * 0.6, middle + 4.4), (half * 0.6, middle + 4.4)]), ink, 1, depth=0)
        canvas.line(polygon([(-half * 0.4, middle + 7.6), (half * 0.4, middle + 7.6)]), ink, 0.6, depth=0)
