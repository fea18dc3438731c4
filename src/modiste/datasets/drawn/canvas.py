"""Where a product is drawn: filled outlines with soft light on them, shadows below, a studio's white behind.

Drawn larger than asked for and scaled down, so that edges come out smooth. All measures are in the frame of
`modiste.datasets.drawn.outlines`, 60 wide and 80 high; colours are 0–255.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from modiste.datasets.drawn.outlines import Outline

__all__ = ["HEIGHT", "RGB", "WIDTH", "Canvas", "Paint", "Pixels", "Pose"]

WIDTH, HEIGHT = 60, 80

RGB = tuple[float, float, float]
Pixels = NDArray[np.float32]
#: A colour, or a function of the frame's x and y, (h, w) each, to colours (h, w, 3).
Paint = RGB | Callable[[Pixels, Pixels], Pixels]

_LIGHT = (0.5, 0.87)  # from the left above, as a direction over the frame


@dataclass(frozen=True)
class Pose:
    """How a product lies in the frame: ``turn`` in degrees, ``scale`` 1 as drawn, ``flip`` left to right."""

    turn: float = 0
    scale: float = 1
    flip: bool = False
    x: float = 0
    y: float = 0


class Canvas:
    """A photo in the making, ``height`` pixels high.

    >>> from modiste.datasets.drawn.outlines import ellipse
    >>> canvas = Canvas(80, np.random.default_rng(0))
    >>> canvas.fill(ellipse(0, 0, 20), (200, 40, 40))
    >>> canvas.photo().shape
    (80, 60, 3)
    """

    def __init__(self, height: int, rng: np.random.Generator, pose: Pose | None = None) -> None:
        self.rng = rng
        self.height, self.width = height, max(round(height * WIDTH / HEIGHT), 1)
        n = self._oversampling = 3 if height <= 400 else 2
        self._unit = self.height * n / HEIGHT  # drawn pixels to one unit of the frame
        # Light falls softly, so it is worked out in coarse pixels, `_block` drawn ones wide: about one to a
        # unit, two in large photos.
        self._block = n * max(round(self._unit / (n if height <= 120 else 2 * n)), 1)
        self._coarse = self._unit / self._block
        block = self._block  # whole blocks; what they add to the right and below is cut off at the end
        self._shape = (-(-self.height * n // block) * block, -(-self.width * n // block) * block)
        self._pixels = np.empty((3, *self._shape), np.float32)  # planes: quicker than pixel by pixel
        self._covered = np.zeros(self._shape, bool)
        self._ground: list[tuple[float, float, float]] = []
        self._pose(pose or Pose())
        self._waves = self._noise(rng)
        self._white = _WHITE * (1 + 0.0025 * rng.standard_normal(3).astype(np.float32))
        self._pixels[...] = self._white[:, None, None]

    def fill(
        self,
        outline: Outline,
        paint: Paint,
        *,
        bulge: float = 3,
        depth: float = 0.4,
        sheen: float = 0,
        folds: float = 0,
        alpha: float = 1,
        clip: bool = False,
        holes: Iterable[Outline] = (),
    ) -> None:
        """Fill an outline.

        The surface falls off towards its edge over ``bulge`` units and darkens there by ``depth``; ``sheen``
        is the strength of a gloss, ``folds`` of the cloth's waves. ``clip``: only on what is drawn already.
        """
        points = self._place(outline)
        box = self._box(points, 0)
        if box is None:
            return
        shape = Image.new("L", (box[2] - box[0], box[3] - box[1]))
        draw = ImageDraw.Draw(shape)
        draw.polygon(_flat(points, box), fill=255)
        for hole in holes:
            draw.polygon(_flat(self._place(hole), box), fill=0)
        self._paint(shape, box, paint, bulge, depth, sheen, folds, alpha, clip)

    def line(
        self,
        points: Outline,
        paint: Paint,
        width: float,
        *,
        bulge: float = 0,
        depth: float = 0.4,
        sheen: float = 0,
        alpha: float = 1,
        clip: bool = False,
    ) -> None:
        """A line of this width with round ends; the rest as in `fill`, bulging as a cord does."""
        placed = self._place(points)
        across = max(width * self._unit * self._scale, 1)
        box = self._box(placed, across)
        if box is None:
            return
        shape = Image.new("L", (box[2] - box[0], box[3] - box[1]))
        draw = ImageDraw.Draw(shape)
        flat = _flat(placed, box)
        draw.line(flat, fill=255, width=max(round(across), 1), joint="curve")
        if across > 3:
            for x, y in (flat[0], flat[-1]):
                draw.ellipse((x - across / 2, y - across / 2, x + across / 2, y + across / 2), fill=255)
        self._paint(shape, box, paint, bulge or width / 2, depth, sheen, 0, alpha, clip)

    def seam(self, points: Outline, width: float = 0.5, alpha: float = 0.3, light: bool = False) -> None:
        """A thin dark (or light) line on what is drawn already."""
        tone = 255.0 if light else 20.0
        self.line(points, (tone, tone, tone), width, depth=0, alpha=alpha, clip=True)

    def crease(self, points: Outline, width: float = 2, strength: float = 0.2) -> None:
        """A soft dark (or, with negative ``strength``, light) fold on what is drawn already."""
        placed = self._place(points)
        box = self._box(placed, width * 2.5 * self._unit)
        if box is None:
            return
        shape = Image.new("L", self._coarse_size(box))
        flat = [((x - box[0]) / self._block, (y - box[1]) / self._block) for x, y in placed.tolist()]
        ImageDraw.Draw(shape).line(flat, fill=255, width=max(round(width * self._coarse), 1), joint="curve")
        soft = _blurred(np.asarray(shape, np.float32) / np.float32(255), width * 0.7 * self._coarse)
        part = (slice(box[1], box[3]), slice(box[0], box[2]))
        shade = self._covered[part] * (np.float32(strength) * self._enlarged(soft, box))
        self._pixels[:, *part] *= 1 - shade

    def ground(self, left: float, right: float, y: float) -> None:
        """What stands here darkens the table below it."""
        self._ground.append((left, right, y))

    def photo(self) -> NDArray[np.uint8]:
        """The finished photo (height, width, 3), with shadows, light and grain."""
        n = self._oversampling
        np.clip(self._pixels, 0, 255, out=self._pixels)
        planes = [Image.fromarray(plane).reduce(n) for plane in self._pixels.astype(np.uint8)]
        small = np.stack([np.asarray(plane, np.float32) for plane in planes], axis=-1)
        covered = np.asarray(
            Image.fromarray(self._covered.view(np.uint8) * np.uint8(255)).reduce(n), np.float32
        )
        around = (1 - covered / 255) * (1 - self._shadow())  # the shadow on what is left of the background
        small = small - around[..., None].astype(np.float32) * self._white
        exposure = 1 + 0.012 * self.rng.standard_normal()
        tint = 1 + 0.004 * self.rng.standard_normal(3)
        small = small * np.asarray(exposure * tint, np.float32)
        grain = self.rng.standard_normal(small.shape[:2], np.float32)[..., None]
        darker = np.clip((255 - small) / 60, 0, 1)  # white stays clean
        noisy: NDArray[np.uint8] = np.clip(small + 1.1 * grain * darker + 0.5, 0, 255).astype(np.uint8)
        return noisy[: self.height, : self.width]

    # — where things are —

    def _pose(self, pose: Pose) -> None:
        cos, sin = np.cos(np.radians(pose.turn)), np.sin(np.radians(pose.turn))
        across = -1 if pose.flip else 1
        turn = pose.scale * np.array([[cos * across, sin * across], [-sin, cos]])
        self._scale = pose.scale
        self._turn = turn * self._unit
        self._shift = np.array([WIDTH / 2 + pose.x, HEIGHT / 2 + pose.y]) * self._unit
        self._back = np.linalg.inv(self._turn)

    def _place(self, outline: Outline) -> Outline:
        """From the frame to drawn pixels."""
        return outline @ self._turn + self._shift

    def _box(self, points: Outline, margin: float) -> tuple[int, int, int, int] | None:
        """The blocks these points can touch, in drawn pixels: left, top, right, bottom; None if outside."""
        (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        n = self._block
        left, top = max(floor((x0 - margin) / n) * n, 0), max(floor((y0 - margin) / n) * n, 0)
        right = min(ceil((x1 + margin + 1) / n) * n, self._shape[1])
        bottom = min(ceil((y1 + margin + 1) / n) * n, self._shape[0])
        return (left, top, right, bottom) if left < right and top < bottom else None

    def _frame(self, box: tuple[int, int, int, int]) -> tuple[Pixels, Pixels]:
        """The frame's x and y of each pixel in the box, waving a little as cloth does."""
        x = np.arange(box[0], box[2], dtype=np.float32) - np.float32(self._shift[0])
        y = np.arange(box[1], box[3], dtype=np.float32)[:, None] - np.float32(self._shift[1])
        back = self._back.astype(np.float32)
        wave = self._enlarged(self._cut(self._waves, box), box)
        return x * back[0, 0] + y * back[1, 0] + 0.5 * wave, x * back[0, 1] + y * back[1, 1] + 0.5 * wave

    # — light —

    def _paint(
        self,
        shape: Image.Image,
        box: tuple[int, int, int, int],
        paint: Paint,
        bulge: float,
        depth: float,
        sheen: float,
        folds: float,
        alpha: float,
        clip: bool,
    ) -> None:
        part = (slice(box[1], box[3]), slice(box[0], box[2]))
        inside = np.asarray(shape) > 127
        if clip:
            inside = inside & self._covered[part]
        colours: Pixels
        if callable(paint):
            colours = np.moveaxis(paint(*self._frame(box)), -1, 0)
        else:
            colours = np.array(paint, np.float32)[:, None, None]
        small = max(inside.shape) <= 3 * self._oversampling  # too small for light to be seen on it
        if (depth or folds or sheen) and not small:
            light, gloss = self._light(shape, box, bulge, depth, sheen, folds)
            colours = colours * self._enlarged(light, box)
            if sheen:
                colours = colours + self._enlarged(gloss, box)
        below = self._pixels[:, *part]
        if alpha < 1:
            colours = below + alpha * (colours - below)
        np.copyto(below, colours, where=inside)
        self._covered[part] |= inside

    def _light(
        self,
        shape: Image.Image,
        box: tuple[int, int, int, int],
        bulge: float,
        depth: float,
        sheen: float,
        folds: float,
    ) -> tuple[Pixels, Pixels]:
        """How much light each coarse pixel gives back, 1 as it is, and what gloss it adds."""
        size = self._coarse_size(box)
        margin = int(np.ceil(1.5 * bulge * self._coarse)) + 1  # room to fall off outside the box
        solid = np.zeros((size[1] + 2 * margin, size[0] + 2 * margin), np.float32)
        solid[margin:-margin, margin:-margin] = np.asarray(shape.reduce(self._block))
        solid /= 255
        surface = _blurred(solid, max(bulge * 0.6 * self._coarse, 0.5))
        slope = np.zeros_like(surface)
        slope[:, 1:-1] += (surface[:, 2:] - surface[:, :-2]) * np.float32(_LIGHT[0])
        slope[1:-1] += (surface[2:] - surface[:-2]) * np.float32(_LIGHT[1])
        inner = (slice(margin, -margin), slice(margin, -margin))
        slope = slope[inner] * np.float32(bulge * 0.6 * self._coarse)
        edge = np.clip(2 * (1 - surface[inner]), 0, 1)
        light = 1 + depth * (0.25 - 0.75 * edge + 1.1 * slope).clip(-1.2, 0.5)
        if folds:
            light *= 1 + folds * self._cut(self._waves, box)
        gloss = 255 * sheen * np.clip(slope * 2.4 - 0.25, 0, 1) ** 1.5
        return light.astype(np.float32), gloss.astype(np.float32)

    def _shadow(self) -> Pixels:
        """How much light the background gives back."""
        whole = (0, 0, self._shape[1], self._shape[0])
        size = self._coarse_size(whole)
        covered = Image.fromarray(self._covered.view(np.uint8) * np.uint8(255)).reduce(self._block)
        solid = np.asarray(covered, np.float32) / 255
        c = self._coarse
        near = _blurred(np.roll(solid, (round(c), round(c / 2)), (0, 1)), 1.1 * c)
        far = _blurred(np.roll(solid, (round(3 * c), round(c)), (0, 1)), 3.2 * c)
        dark = 0.10 * near + 0.13 * far
        x, y = np.arange(size[0]) / c, np.arange(size[1])[:, None] / c
        for left, right, ground in self._ground:
            ends = self._place(np.array([[left, ground], [right, ground]])) / self._unit
            (x0, y0), (x1, y1) = ends[np.argsort(ends[:, 0])]
            line = y0 + (y1 - y0) * (x - x0) / max(x1 - x0, 1)
            along = np.clip(1.25 - np.abs(2 * (x - x0) / (x1 - x0) - 1) ** 3, 0, 1)
            dark += along * (
                0.3 * np.exp(-(((y - line) / 1.3) ** 2)) + 0.1 * np.exp(-(((y - line) / 3) ** 2))
            )
        light = Image.fromarray(1 - dark.clip(0, 0.6).astype(np.float32))
        shape = (self._shape[1] // self._oversampling, self._shape[0] // self._oversampling)
        return np.asarray(light.resize(shape, Image.Resampling.BILINEAR), np.float32)

    def _noise(self, rng: np.random.Generator) -> Pixels:
        """Gentle waves over the frame, about −1 to 1, in coarse pixels; more of them across than down."""
        rough = Image.fromarray(rng.standard_normal((6, 9), np.float32))
        size = (self._shape[1] // self._block, self._shape[0] // self._block)
        return np.asarray(rough.resize(size, Image.Resampling.BICUBIC), np.float32) * np.float32(0.8)

    def _cut(self, field: Pixels, box: tuple[int, int, int, int]) -> Pixels:
        """The part of a coarse field over the whole frame that lies in the box."""
        left, top, right, bottom = (edge // self._block for edge in box)
        return field[top:bottom, left:right]

    def _coarse_size(self, box: tuple[int, int, int, int]) -> tuple[int, int]:
        return (box[2] - box[0]) // self._block, (box[3] - box[1]) // self._block

    def _enlarged(self, field: Pixels, box: tuple[int, int, int, int]) -> Pixels:
        """A coarse field in drawn pixels."""
        if self._block == self._oversampling:  # a coarse pixel is one of the photo's: nothing to smooth
            return field.repeat(self._block, axis=0).repeat(self._block, axis=1)
        size = (box[2] - box[0], box[3] - box[1])
        smooth = Image.fromarray(np.ascontiguousarray(field)).resize(size, Image.Resampling.BILINEAR)
        return np.asarray(smooth, np.float32)


_WHITE = np.array([251, 251, 250], np.float32)


def _flat(points: Outline, box: tuple[int, int, int, int]) -> list[tuple[float, float]]:
    return [(x - box[0], y - box[1]) for x, y in points.tolist()]


def _blurred(field: Pixels, sigma: float) -> Pixels:
    down, across = (_smoothing(size, round(sigma, 1)) for size in field.shape)
    return np.asarray(down @ field @ across.T, np.float32)


@cache
def _smoothing(size: int, sigma: float) -> Pixels:
    """(size, size): each row the weights of a Gaussian blur at one place."""
    apart = np.arange(size)[:, None] - np.arange(size)
    weights = np.exp(-0.5 * (apart / sigma) ** 2)
    shares: Pixels = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares
