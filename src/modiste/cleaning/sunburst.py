"""The labels' hierarchy as rings: categories inside, what is in them further out, as wide as their photos."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

__all__ = ["as_script_data", "rings"]


def rings(table: pd.DataFrame, levels: Sequence[str]) -> list[dict[str, Any]]:
    """One entry per label that occurs below its parents, parents first, siblings from large to small.

    ``path`` are the labels from the innermost ring on, ``photos`` their number, and ``from`` and ``to`` in
    [0, 1] the part of the circle it fills. A row ends at its first unknown label.

    >>> table = pd.DataFrame({"masterCategory": ["A", "A", "B"], "articleType": ["x", "y", "z"]})
    >>> [(entry["path"], entry["photos"]) for entry in rings(table, ["masterCategory", "articleType"])]
    [(['A'], 2), (['A', 'x'], 1), (['A', 'y'], 1), (['B'], 1), (['B', 'z'], 1)]
    """
    counts: Counter[tuple[str, ...]] = Counter()
    for labels in zip(*(table[level] for level in levels), strict=True):
        for depth, label in enumerate(labels):
            if not label:
                break
            counts[labels[: depth + 1]] += 1
    children: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for path in counts:
        children.setdefault(path[:-1], []).append(path)
    total = sum(counts[path] for path in children.get((), []))
    found: list[dict[str, Any]] = []

    def place(parent: tuple[str, ...], begin: float) -> None:
        for path in sorted(children.get(parent, []), key=lambda path: (-counts[path], path)):
            end = begin + counts[path] / total
            found.append({"path": list(path), "photos": counts[path], "from": begin, "to": end})
            place(path, begin)
            begin = end

    place((), 0.0)
    return found


def as_script_data(value: Any) -> str:
    r"""JSON that may stand inside ``<script type="application/json">``, whatever the labels are called.

    >>> as_script_data("</script>")
    '"\\u003c/script>"'
    """
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
