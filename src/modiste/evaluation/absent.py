"""What a shop has nothing like: pictures that are no fashion, and photos of types it does not sell.

Only silence is right, so what counts is the share for which something is shown all the same. The pictures are
drawn here, the same every time, and no model was trained on any of them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from modiste.evaluation.subject import ConfidenceOf

__all__ = ["KINDS", "draw_absent", "judge_absent"]

EACH = 60
_HEIGHT, _WIDTH = 320, 240
_WORDS = "sale order total invoice page please read the terms of our service before you sign here today"
_FEWEST_ITEMS = 3

Vectors = NDArray[np.float32]


def judge_absent(
    support: Vectors,
    support_types: NDArray[np.int64],
    test: Vectors,
    test_types: NDArray[np.int64],
    pictures: dict[str, Vectors],
    confidence_of: ConfidenceOf,
    threshold: float,
) -> dict[str, float]:
    """The share for which something is shown: of each kind of ``pictures``, and of photos of a lacking type.

    All vectors have length 1: (N, D) the shop's, (Q, D) the test photos', (P, D) of each kind. For
    ``lacking_type`` each type of the test photos in turn is taken off the shelves and its photos are asked;
    it is left out if a shop of one type has nothing else.
    """
    shown = {
        kind: float((confidence_of(vectors, support)[1] >= threshold).mean())
        for kind, vectors in pictures.items()
    }
    lacking = []
    for kind in np.unique(test_types):
        others = support_types != kind
        if others.sum() >= _FEWEST_ITEMS:
            lacking.append(confidence_of(test[test_types == kind], support[others])[1] >= threshold)
    if lacking:
        shown["lacking_type"] = float(np.concatenate(lacking).mean())
    return shown


def draw_absent(kind: str, each: int = EACH, seed: int = 0) -> list[NDArray[np.uint8]]:
    """``each`` RGB pictures (320, 240, 3) of one of `KINDS`.

    >>> [len(draw_absent(kind, each=1)) for kind in KINDS]
    [1, 1, 1, 1, 1]
    """
    made = []
    for number in range(each):
        rng = np.random.default_rng([seed, list(KINDS).index(kind), number])
        made.append(np.asarray(_DRAWN[kind](rng), np.uint8))
    return made


def _noise(rng: np.random.Generator) -> Image.Image:
    """Grain of any coarseness, in colour or grey."""
    cell = int(rng.choice([1, 2, 5, 20, 40]))
    shape = (_HEIGHT // cell, _WIDTH // cell, 3 if rng.random() < 0.5 else 1)
    grain = rng.integers(0, 256, shape, np.uint8)
    grain = np.broadcast_to(grain, (*shape[:2], 3))
    return Image.fromarray(np.ascontiguousarray(grain)).resize((_WIDTH, _HEIGHT), Image.Resampling.NEAREST)


def _shapes(rng: np.random.Generator) -> Image.Image:
    """Circles, boxes and triangles, often on white as a shop's photos are."""
    picture = Image.new("RGB", (_WIDTH, _HEIGHT), "white" if rng.random() < 0.6 else _colour(rng))
    draw = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(1, 9))):
        x, y = rng.integers(0, _WIDTH), rng.integers(0, _HEIGHT)
        w, h = rng.integers(20, 140, 2)
        match rng.integers(3):
            case 0:
                draw.ellipse([x - w, y - h, x + w, y + h], fill=_colour(rng))
            case 1:
                draw.rectangle([x - w, y - h, x + w, y + h], fill=_colour(rng))
            case _:
                draw.polygon([(x, y - h), (x - w, y + h), (x + w, y + h)], fill=_colour(rng))
    return picture


def _text(rng: np.random.Generator) -> Image.Image:
    """A page of words."""
    dark = rng.random() < 0.2
    picture = Image.new("RGB", (_WIDTH, _HEIGHT), "black" if dark else "white")
    _write(ImageDraw.Draw(picture), rng, (12, 12, _WIDTH, _HEIGHT - 12), "white" if dark else "black")
    return picture


def _screenshot(rng: np.random.Generator) -> Image.Image:
    """A bar on top, cards with lines of text, a button."""
    picture = Image.new("RGB", (_WIDTH, _HEIGHT), (245, 246, 248))
    draw = ImageDraw.Draw(picture)
    accent = _colour(rng)
    draw.rectangle([0, 0, _WIDTH, 28], fill=accent)
    top = 40
    while top < _HEIGHT - 50:
        height = int(rng.integers(30, 90))
        draw.rounded_rectangle([10, top, _WIDTH - 10, top + height], 6, fill="white", outline=(210, 210, 215))
        if rng.random() < 0.5:
            draw.rectangle([18, top + 8, 18 + height // 2, top + height - 8], fill=_colour(rng))
        _write(draw, rng, (20 + height // 2, top + 6, _WIDTH - 14, top + height - 6), (60, 60, 70), size=9)
        top += height + 10
    draw.rounded_rectangle([_WIDTH // 2 - 40, _HEIGHT - 30, _WIDTH // 2 + 40, _HEIGHT - 8], 8, fill=accent)
    return picture


def _landscape(rng: np.random.Generator) -> Image.Image:
    """A sky that pales to the horizon, hills one behind another, a sun."""
    horizon = int(_HEIGHT * rng.uniform(0.35, 0.65))
    high, low = rng.integers([20, 60, 120], [140, 160, 255]), rng.integers([150, 160, 170], 256)
    part = np.linspace(0, 1, _HEIGHT)[:, None, None]
    sky = np.broadcast_to(high + (low - high) * part, (_HEIGHT, _WIDTH, 3)).astype(np.uint8)
    picture = Image.fromarray(np.ascontiguousarray(sky))
    draw = ImageDraw.Draw(picture)
    x, y = int(rng.integers(20, _WIDTH - 20)), int(rng.integers(20, horizon))
    draw.ellipse([x - 14, y - 14, x + 14, y + 14], fill=(255, 240, 190))
    columns = np.arange(_WIDTH)
    for hill in range(int(rng.integers(2, 5))):
        waves = rng.uniform(0.005, 0.05, 3)[:, None] * columns + rng.uniform(0, 6, 3)[:, None]
        edge = horizon + 35 * hill + (rng.uniform(4, 16, 3)[:, None] * np.sin(waves)).sum(axis=0)
        outline = [(0, _HEIGHT), *zip(columns.tolist(), edge.tolist(), strict=True), (_WIDTH - 1, _HEIGHT)]
        shade = rng.integers([20, 60, 20], [120, 150, 100])
        draw.polygon(outline, fill=tuple(int(value) for value in shade))
    return picture


_DRAWN: dict[str, Callable[[np.random.Generator], Image.Image]] = {
    "shapes": _shapes,
    "noise": _noise,
    "text": _text,
    "screenshots": _screenshot,
    "landscapes": _landscape,
}
KINDS = tuple(_DRAWN)


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = rng.integers(0, 256, 3).tolist()
    return red, green, blue


def _write(
    draw: ImageDraw.ImageDraw,
    rng: np.random.Generator,
    box: tuple[int, int, int, int],
    colour: str | tuple[int, int, int],
    size: int | None = None,
) -> None:
    """Lines of words into left, top, right, bottom."""
    left, top, right, bottom = box
    size = int(rng.integers(9, 28)) if size is None else size
    font = ImageFont.load_default(size)
    words = rng.permutation(_WORDS.split()).tolist()
    while top + size < bottom:
        line = " ".join(words[: max(1, (right - left) // (4 * size))])
        draw.text((left, top), line, fill=colour, font=font)
        words = [*words[3:], *words[:3]]
        top += size + 4
