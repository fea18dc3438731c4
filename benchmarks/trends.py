"""Is a new article type noticed among new photos, and is nothing else taken for one?

One type at a time is hidden: taken off the catalogue, while some of its photos arrive among ordinary ones.
It is *found* if a group is reported at least half of which is of this type and which holds at
least a fifth of its photos among the arrivals. A *false group* is one of which less than half is of this
type; they are counted in batches with and without a hidden type, per 1,000 ordinary arrivals.

Ordinary arrivals are drawn in two ways. *As in the catalogue*: any items. *Never seen*: photos the encoder
was not trained on, though the items they are compared with mostly were: of known types those in
``main_support``, of other types as large a share of all. Types are reported in three parts: those the encoder
was trained on, the new ones of the splits, and all others.

    .venv/bin/modiste index photos.zip --into shop
    .venv/bin/python benchmarks/trends.py shop --splits splits/full --seeds 3 --json trends.json
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modiste.catalogue import Catalogue
from modiste.support_set import Nearest, nearest
from modiste.trends.naming import suggest_name
from modiste.trends.novelty import STANDARD, Settings, by_chance_alone, find_clusters

TYPE = "articleType"
PURE, HELD = 0.5, 0.2
# So many more neighbours are looked up than are needed, for those that are hidden afterwards.
SPARE = 2


class Data:
    """The catalogue's vectors, types and names, and which of its photos the encoder has been trained on."""

    def __init__(self, folder: Path, splits: Path) -> None:
        now = Catalogue.open(folder).snapshot
        self.vectors, self.names = now.vectors, np.array(now.names)
        self.types = now.labels_of(TYPE)
        row_of = now.row_of
        part: dict[str, list[dict[str, str]]] = {
            name: list(csv.DictReader((splits / f"{name}.csv").open(encoding="utf-8")))
            for name in ("train", "main_support", "new_support")
        }
        self.trained = {row["articleTypeName"] for row in part["train"]}
        self.new = {row["articleTypeName"] for row in part["new_support"]}
        held_out = [row_of[row["imageId"]] for row in part["main_support"] if row["imageId"] in row_of]
        self.held_out = np.array(held_out, np.int64)
        known = np.isin(self.types, sorted(self.trained))
        self.others = np.flatnonzero(~known)
        self.share = len(held_out) / known.sum()

    def part_of(self, kind: str) -> str:
        return "trained" if kind in self.trained else "new" if kind in self.new else "other"

    def ordinary(self, never_seen: bool, rng: np.random.Generator) -> NDArray[np.int64]:
        """Rows that may arrive, in random order."""
        if not never_seen:
            return rng.permutation(len(self.types))[: len(self.held_out)]
        others = rng.permutation(self.others)[: round(self.share * len(self.others))]
        return rng.permutation(np.concatenate([self.held_out, others]))


class Ready:
    """What all batches of a seed share: which items may arrive, which are drawn, and their neighbours.

    Taking a small type off the catalogue changes little of what chance makes, so that is worked out once; all
    else is exactly what `find_novelty` does.
    """

    def __init__(
        self, data: Data, arrivals: int, photos: int, never_seen: bool, seed: int, settings: Settings
    ) -> None:
        self.data, self.arrivals, self.photos, self.settings = data, arrivals, photos, settings
        self.rng = np.random.default_rng(seed)
        self.may_arrive = data.ordinary(never_seen, self.rng)
        stays = np.setdiff1d(np.arange(len(data.types)), self.may_arrive)
        order = self.rng.permutation(stays)
        drawn = max(settings.drawn, 2 * arrivals)
        self.drawn, self.reference = order[:drawn], order[drawn:]
        near = self.near(np.concatenate([self.may_arrive, self.drawn]), self.reference, SPARE * settings.most)
        self.arriving = (near.rows[: -len(self.drawn)], near.cosines[: -len(self.drawn)])
        self.drawn_cosines = near.cosines[-len(self.drawn) :, : settings.most]
        self.chance = by_chance_alone(
            data.vectors[self.drawn],
            self.drawn_cosines,
            arrivals,
            len(self.reference),
            settings,
            self.rng,
        )

    def near(self, rows: NDArray[np.int64], among: NDArray[np.int64], k: int) -> Nearest:
        return nearest(self.data.vectors[rows], self.data.vectors[among], k)

    def trial(self, hidden: str | None) -> dict[str, Any]:
        """One batch: ordinary photos and up to so many of the ``hidden`` type."""
        data, most = self.data, self.settings.most
        at = self.rng.permutation(len(self.may_arrive))
        at = at[data.types[self.may_arrive[at]] != (hidden or "\0")][: self.arrivals]
        ordinary, cosines = self.may_arrive[at], self.arriving[1][at][:, :most]
        new = self.rng.permutation(np.flatnonzero(data.types == (hidden or "\0")))[: self.photos]
        reference = self.reference
        if hidden is not None:
            reference = reference[data.types[reference] != hidden]
            stays = data.types[self.reference[self.arriving[0][at]]] != hidden
            if (stays.sum(axis=1) < most).any():
                cosines = self.near(ordinary, reference, most).cosines
            else:
                first = np.argsort(~stays, axis=1, kind="stable")[:, :most]
                cosines = np.take_along_axis(self.arriving[1][at], first, axis=1)
            cosines = np.concatenate([cosines, self.near(new, reference, most).cosines])
        rows = np.concatenate([ordinary, new])
        clusters = find_clusters(data.vectors[rows], cosines, self.chance, len(reference), self.settings)
        is_new = np.arange(len(rows)) >= len(ordinary)
        groups = [(len(each.rows), int(is_new[each.rows].sum()), each.p_value) for each in clusters]
        right = [
            each.rows
            for each, (size, held, _) in zip(clusters, groups, strict=True)
            if held >= max(PURE * size, HELD * len(new), 1)
        ]
        name = ""
        if right:
            others = np.concatenate([data.names[reference], data.names[np.delete(rows, right[0])]])
            name = suggest_name(data.names[rows[right[0]]].tolist(), others.tolist())
        return {
            "hidden": hidden,
            "part": "" if hidden is None else data.part_of(hidden),
            "ordinary": len(ordinary),
            "photos": len(new),
            "found": bool(right),
            "false_groups": sum(held < PURE * size for size, held, _ in groups),
            "groups": groups,
            "name": name,
        }


def summary(trials: Sequence[dict[str, Any]]) -> dict[str, Any]:
    hiding = [each for each in trials if each["hidden"] is not None]
    parts = {}
    for part in ("trained", "new", "other"):
        these = [each for each in hiding if each["part"] == part]
        if these:
            by_seed = [
                np.mean([each["found"] for each in these if each["seed"] == seed])
                for seed in sorted({each["seed"] for each in these})
            ]
            parts[part] = {
                "types": len({each["hidden"] for each in these}),
                "found": round(float(np.mean(by_seed)), 3),
                "found_by_seed": [round(float(share), 3) for share in by_seed],
            }
    ordinary = [each for each in trials if each["hidden"] is None]
    return {
        "parts": parts,
        "false_groups_per_1000_with_a_hidden_type": _per_1000(hiding),
        "false_groups_per_1000_ordinary_alone": _per_1000(ordinary),
        "ordinary_batches": len(ordinary),
    }


def _per_1000(trials: Sequence[dict[str, Any]]) -> float | None:
    photos = sum(each["ordinary"] for each in trials)
    return round(1000 * sum(each["false_groups"] for each in trials) / photos, 3) if photos else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("--splits", type=Path, required=True)
    parser.add_argument("--parts", nargs="+", default=["trained", "new", "other"])
    parser.add_argument("--ordinary", nargs="+", choices=["catalogue", "never-seen"], default=["never-seen"])
    parser.add_argument("--arrivals", type=int, default=1000, help="ordinary photos in a batch")
    parser.add_argument("--photos", type=int, default=50, help="photos of the hidden type, at most")
    parser.add_argument("--fewest", type=int, default=20, help="types of fewer photos are not hidden")
    parser.add_argument("--types", type=int, help="how many types of each part, spread evenly; default: all")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--batches", type=int, default=10, help="batches without a hidden type, for each seed"
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument(
        "--settings", type=json.loads, default={}, help='others than the standard: {"risk": 0.02}'
    )
    given = parser.parse_args()
    data = Data(given.catalogue, given.splits)
    settings = replace(STANDARD, **given.settings)
    kinds, counts = np.unique(data.types, return_counts=True)
    large = [
        kind for kind, count in zip(kinds.tolist(), counts, strict=True) if count >= given.fewest and kind
    ]
    began = time.perf_counter()
    report: dict[str, Any] = {}
    for way in given.ordinary:
        trials = []
        for seed in range(given.seeds):
            ready = Ready(data, given.arrivals, given.photos, way == "never-seen", seed, settings)
            hidden: list[str | None] = [None] * given.batches
            for part in given.parts:
                there = [kind for kind in large if data.part_of(kind) == part]
                step = max(1, len(there) // given.types) if given.types else 1
                hidden += there[::step]
            for kind in hidden:
                one = {**ready.trial(kind), "seed": seed}
                trials.append(one)
                print(way, seed, kind, one["found"], one["groups"], one["name"], file=sys.stderr, flush=True)
        report[way] = {**summary(trials), "trials": trials}
        print(way, json.dumps(summary(trials), indent=1), file=sys.stderr, flush=True)
    about = {
        "settings": asdict(settings),
        "arrivals": given.arrivals,
        "photos": given.photos,
        "seeds": given.seeds,
        "seconds": round(time.perf_counter() - began),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "modiste": version("modiste"),
    }
    text = json.dumps({"about": about, **report}, indent=1)
    if given.json:
        given.json.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
