"""Outfits put together from catalogue photos: several items on one canvas, whose labels are those of all.

A stand-in for photos of people in several garments, where none with labels are at hand: what is learned is to
name everything in a picture. Always the same for the same photos and seed. The items are dealt to train,
val and test first, so that no photo tested on holds an item that was learned from.
"""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from modiste.datasets.listing import open_listings
from modiste.datasets.targets import PARTS, Targets
from modiste.errors import DataError, PhotoError
from modiste.photos import read_photo

__all__ = ["ITEMS", "compose", "draw_outfits"]

ITEMS = (2, 5)
TABLE = "outfits.parquet"
PhotosDone = Callable[[int, int], None]


def draw_outfits(
    data: Sequence[str | Path],
    targets: Targets,
    folder: Path,
    *,
    number: int,
    seed: int = 0,
    height: int = 160,
    width: int = 120,
    progress: PhotosDone | None = None,
) -> pd.DataFrame:
    """Write ``number`` outfits to ``folder``: ``images/*.jpg`` and a table with ``labels`` and ``split``.

    Each has 2 to 5 items of its part whose labels differ; rare labels are drawn as often as common ones. The
    table, which is returned, also has the ``items``, by id, and where each lies. `DataError` if the folder
    is not empty, or a part has too few labels.
    """
    if folder.exists() and any(folder.iterdir()):
        raise DataError(f"{folder} exists and is not empty; choose another folder")
    photo_of = {
        id: (listing.source, photo)
        for listing in open_listings(data)
        for id, photo in zip(listing.ids, listing.photos, strict=True)
    }
    (folder / "images").mkdir(parents=True)
    parts = [part for part in PARTS if (targets.parts == part).any()]
    sizes = {part: float((targets.parts == part).mean()) for part in parts}
    part_of = np.repeat(parts, _whole([sizes[part] for part in parts], number))
    by_label = {part: _by_label(targets, part) for part in parts}
    rows: list[dict[str, Any]] = []
    for at, part in enumerate(part_of.tolist()):
        rng = np.random.default_rng([seed, 5, at])
        chosen = _draw(by_label[part], targets, rng)
        photos = []
        for item in chosen:
            source, name = photo_of[targets.ids[item]]
            try:
                photos.append(read_photo(source.read(name)))
            except PhotoError as error:
                raise DataError(f"{name}: {error}; leave it out of the data") from error
        canvas, boxes = compose(photos, height=height, width=width, rng=rng)
        file = io.BytesIO()
        Image.fromarray(canvas).save(file, "JPEG", quality=92)
        (folder / "images" / f"{at:06}.jpg").write_bytes(file.getvalue())
        labels = dict.fromkeys(label for item in chosen for label in targets.lists[item])
        rows.append(
            {
                "image": f"images/{at:06}.jpg",
                "labels": [*labels],
                "split": part,
                "items": json.dumps([targets.ids[item] for item in chosen]),
                "boxes": json.dumps(boxes),
            }
        )
        if progress is not None:
            progress(at + 1, number)
    table = pd.DataFrame(rows)
    table.to_parquet(folder / TABLE, index=False)
    return table


def compose(
    photos: Sequence[NDArray[np.uint8]], *, height: int, width: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], list[list[int]]]:
    """Photos (h, w, 3) on one white canvas (height, width, 3), and the box of each: top, left, height, width.

    The canvas is cut into as many cells as there are photos; each lies anywhere within its own, at 70 to
    100 % of the size that fits. Their white backgrounds do not cover one another.

    >>> canvas, boxes = compose([np.zeros((80, 60, 3), np.uint8)] * 2, height=80, width=120,
    ...                         rng=np.random.default_rng(0))
    >>> canvas.shape, len(boxes)
    ((80, 120, 3), 2)
    """
    canvas = np.full((height, width, 3), 255, np.uint8)
    cells = _cells(len(photos), height, width)
    boxes = []
    for photo, cell in zip(photos, rng.permutation(len(cells)), strict=True):
        top, left, tall, wide = cells[cell]
        scale = min(tall / photo.shape[0], wide / photo.shape[1]) * rng.uniform(0.7, 1.0)
        h, w = (max(1, int(side * scale)) for side in photo.shape[:2])
        small = np.asarray(Image.fromarray(photo).resize((w, h), Image.Resampling.BICUBIC))
        y, x = top + int(rng.integers(tall - h + 1)), left + int(rng.integers(wide - w + 1))
        canvas[y : y + h, x : x + w] = np.minimum(canvas[y : y + h, x : x + w], small)
        boxes.append([y, x, h, w])
    return canvas, boxes


def _cells(number: int, height: int, width: int) -> list[tuple[int, int, int, int]]:
    """Boxes (top, left, height, width) that share out the canvas, in one or two columns."""
    rows = -(-number // 2)
    cells = []
    for row in range(rows):
        top, bottom = row * height // rows, (row + 1) * height // rows
        columns = 1 if row == rows - 1 and number % 2 else 2
        for column in range(columns):
            left, right = column * width // columns, (column + 1) * width // columns
            cells.append((top, left, bottom - top, right - left))
    return cells


def _by_label(targets: Targets, part: str) -> dict[str, list[int]]:
    """The positions of a part's photos, by label. `DataError` for fewer than two labels."""
    found: dict[str, list[int]] = {}
    for at in targets.where(part).tolist():
        for label in targets.lists[at]:
            found.setdefault(label, []).append(at)
    if len(found) < ITEMS[0]:
        raise DataError(f"{part} has {len(found)} labels, and an outfit needs {ITEMS[0]}")
    return found


def _draw(by_label: dict[str, list[int]], targets: Targets, rng: np.random.Generator) -> list[int]:
    """The positions of 2 to 5 photos of different labels."""
    names = sorted(by_label)
    many = int(rng.integers(ITEMS[0], min(ITEMS[1], len(names)) + 1))
    chosen = rng.choice(len(names), size=many, replace=False)
    return [int(rng.choice(by_label[names[at]])) for at in chosen]


def _whole(shares: Sequence[float], number: int) -> list[int]:
    """Whole numbers in these shares that add up to ``number``."""
    ends = [round(end * number) for end in np.cumsum(shares)]
    return [end - start for start, end in itertools.pairwise([0, *ends[:-1], number])]
