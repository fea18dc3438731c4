"""Items that show the same thing: the same file, or photos whose vectors are nearly equal."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from modiste.catalogue.snapshot import Snapshot

__all__ = ["alike_groups"]


def alike_groups(now: Snapshot, hashes: Mapping[str, str], similarity: float) -> list[tuple[str, ...]]:
    """Rows joined when their hashes are equal or their vectors similar (union–find), as ids."""
    parent = np.arange(len(now))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = int(parent[row])
        return row

    def join(one: int, other: int) -> None:
        a, b = sorted((root(one), root(other)))
        parent[b] = a

    first_of: dict[str, int] = {}
    for row, id in enumerate(now.ids):
        if photo := hashes.get(id, ""):
            join(first_of.setdefault(photo, row), row)
    at_once = max(1, 16_000_000 // max(1, len(now)))
    for start in range(0, len(now), at_once):
        alike = now.vectors[start : start + at_once] @ now.vectors[start:].T
        for one, other in np.argwhere(alike >= similarity).tolist():
            if one < other:
                join(start + one, start + other)
    members: dict[int, list[str]] = {}
    for row, id in enumerate(now.ids):
        members.setdefault(root(row), []).append(id)
    return sorted((tuple(ids) for ids in members.values() if len(ids) > 1), key=lambda ids: -len(ids))
