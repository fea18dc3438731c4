"""The map of a whole catalogue: where on a plane each item lies, and what a page needs to draw and colour it.

It lies beside the table as ``map.npz``. A map of another version is brought up to date: what was there stays
in place, newcomers are placed by their neighbours; only when too much is new is everything laid out again.
"""

from __future__ import annotations

import io
import json
import logging
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modiste.catalogue.approximate import fingerprint_rows
from modiste.catalogue.layout import kept_neighbours, layout, method, place
from modiste.catalogue.places import workplace
from modiste.catalogue.snapshot import Snapshot
from modiste.catalogue.store import Catalogue
from modiste.catalogue.texts import Texts
from modiste.progress import Progress, silent

__all__ = ["CatalogueMap", "MapColumn", "label_columns", "map_catalogue"]

FILE = "map.npz"
FORMAT = 1
# Beyond this share of newcomers everything is laid out again.
PLACED_AT_MOST = 0.1
# A column of numbers with more different ones than this is a scale, not a list.
LISTED_NUMBERS = 12

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CatalogueMap:
    """Where N items lie: ``points`` (N, 2) float32, within ±1, in the order of the catalogue's ids.

    ``positions`` (N,) int64 are the items' lasting numbers, ``fingerprints`` (N,) tell their vectors apart.
    ``kept`` is the share of the ten nearest neighbours that are among the ten nearest on the map, None if
    there are too few items; ``placed`` of the items came after the map was laid out.
    """

    model_id: str
    version: int
    method: str
    seed: int
    kept: float | None
    placed: int
    positions: NDArray[np.int64]
    fingerprints: NDArray[np.uint64]
    points: NDArray[np.float32]

    def __post_init__(self) -> None:
        n = len(self.positions)
        if self.points.shape != (n, 2) or self.fingerprints.shape != (n,):
            raise ValueError(
                f"expected a place and a fingerprint for each of {n} items; "
                f"got {self.points.shape} and {self.fingerprints.shape}"
            )

    def __len__(self) -> int:
        return len(self.positions)

    def save(self, file: Path) -> None:
        """Write it beside its place, then rename: a reader sees the whole file or the one before."""
        about = {key: value for key, value in vars(self).items() if not isinstance(value, np.ndarray)}
        about["format"] = FORMAT
        packed = io.BytesIO()
        np.savez(
            packed,
            about=np.frombuffer(json.dumps(about).encode(), np.uint8),
            positions=self.positions,
            fingerprints=self.fingerprints,
            points=self.points,
        )
        beside = file.with_name(f".{file.name}.unfinished")
        beside.write_bytes(packed.getbuffer())
        beside.replace(file)

    @classmethod
    def load(cls, file: Path) -> Self | None:
        """What `save` wrote; None if it is not there, damaged or of another format: it can be made again."""
        try:
            with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as packed:
                about = json.loads(packed["about"].tobytes())
                if about.pop("format") != FORMAT:
                    return None
                arrays = {key: packed[key] for key in ("positions", "fingerprints", "points")}
                return cls(**about, **arrays)
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
            return None


def map_catalogue(catalogue: Catalogue, seed: int = 0, *, progress: Progress = silent) -> CatalogueMap:
    """The map of a catalogue as it is now: the one kept beside it if that still fits, or a new one.

    The same items and seed give the same map, but for items that came or went after it was laid out.
    """
    now, file = catalogue.snapshot, workplace(catalogue.folder) / FILE
    before = CatalogueMap.load(file)
    if before is not None and (
        before.model_id != catalogue.model_id or before.seed != seed or before.method != method(len(now))
    ):
        before = None
    if before is not None and before.version == now.version and len(before) == len(now):
        return before
    fingerprints = fingerprint_rows(now.vectors)
    drawn = _updated(before, now, fingerprints) if before is not None else None
    if drawn is None:
        points = layout(now.vectors, seed, lambda done, total: progress(done, total, "drawing the map"))
        placed = 0
    else:
        points, placed = drawn
    found = CatalogueMap(
        model_id=catalogue.model_id,
        version=now.version,
        method=method(len(now)),
        seed=seed,
        kept=kept_neighbours(now.vectors, points, seed=seed),
        placed=placed,
        positions=now.positions,
        fingerprints=fingerprints,
        points=points,
    )
    try:
        found.save(file)
    except OSError as error:
        _log.warning("the map is not kept and will be drawn again: %s", error)
    return found


def _updated(
    before: CatalogueMap, now: Snapshot, fingerprints: NDArray[np.uint64]
) -> tuple[NDArray[np.float32], int] | None:
    """Places of all items by an earlier map, and how many it did not lay out; None if those are too many."""
    if not len(before) or not len(now):
        return None
    at = np.minimum(np.searchsorted(before.positions, now.positions), len(before) - 1)
    same = (before.positions[at] == now.positions) & (before.fingerprints[at] == fingerprints)
    new = int((~same).sum())
    placed = before.placed + new
    if placed > PLACED_AT_MOST * len(now):
        return None
    points = before.points[at]
    points[~same] = place(now.vectors[~same], now.vectors[same], points[same], before.seed)
    return points, placed


@dataclass(frozen=True)
class MapColumn:
    """What one level of labels says of N items.

    Of ``kind`` "list", ``values`` are the different labels, the most frequent first, and ``codes`` (N,) say
    which an item has. Of ``kind`` "scale", ``values`` are the different numbers, ascending. -1: no label.
    """

    name: str
    kind: str
    values: list[str] | list[float]
    codes: NDArray[np.int64]

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "kind": self.kind, "values": self.values, "codes": self.codes.tolist()}


def label_columns(texts: Sequence[str]) -> list[MapColumn]:
    """The labels of N items, as JSON texts, by their levels.

    >>> size, = label_columns(['{"size": "M"}', '{}', '{"size": "S"}', '{"size": "S"}'])
    >>> size.kind, size.values, size.codes.tolist()
    ('list', ['S', 'M'], [1, -1, 0, 0])
    """
    codes, texts_there = Texts.of(texts, repeating=True).coded()
    distinct: list[dict[str, str]] = [json.loads(text) for text in texts_there]
    counts = np.bincount(codes, minlength=len(distinct)).tolist() if distinct else []
    found = []
    for level in sorted({level for labels in distinct for level in labels}):
        seen: Counter[str] = Counter()
        for labels, count in zip(distinct, counts, strict=True):
            if level in labels:
                seen[labels[level]] += count
        numbers = {label: number for label in seen if (number := _number(label)) is not None}
        scale = len(numbers) == len(seen) > LISTED_NUMBERS
        values: list[Any] = (
            sorted(set(numbers.values())) if scale else sorted(seen, key=lambda label: (-seen[label], label))
        )
        place_of = {value: place for place, value in enumerate(values)}
        of_text = [
            place_of[numbers[labels[level]] if scale else labels[level]] if level in labels else -1
            for labels in distinct
        ]
        found.append(MapColumn(level, "scale" if scale else "list", values, np.array(of_text)[codes]))
    return found


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None
