"""How well are types recognised that somebody has named by a few photos, and how long does it take?

The catalogue holds the types the encoder was trained on. Each of the new types of the splits is named by so
many of its photos; all other photos of these types, and the ``main_support`` photos of the trained ones,
which are taken off the catalogue, are recognised among all types.

    .venv/bin/modiste index photos.zip --into shop
    .venv/bin/python benchmarks/named_types.py shop --splits splits/full --photos 1 5 20
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from modiste.catalogue import Catalogue, Snapshot, TypeRecogniser

TYPE = "articleType"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("--splits", type=Path, required=True)
    parser.add_argument("--photos", type=int, nargs="+", default=[1, 5, 20])
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    opened = Catalogue.open(given.catalogue)
    now, types = opened.snapshot, opened.snapshot.labels_of(TYPE)

    def part(name: str) -> list[dict[str, str]]:
        return list(csv.DictReader((given.splits / f"{name}.csv").open(encoding="utf-8")))

    trained = {row["articleTypeName"] for row in part("train")}
    new = sorted({row["articleTypeName"] for row in part("new_support")})
    held_out = {row["imageId"] for row in part("main_support")}
    is_trained = np.isin(types, sorted(trained))
    is_held_out = np.array([id in held_out for id in now.ids]) & is_trained
    stays = np.flatnonzero(is_trained & ~is_held_out)
    shop = Snapshot(
        1,
        tuple(now.ids[row] for row in stays),
        tuple(now.names[row] for row in stays),
        now.positions[stays],
        now.vectors[stays].copy(),
        tuple((now.labels or ())[row] for row in stays),
    )
    runs: list[dict[str, Any]] = []
    for photos in given.photos:
        for seed in range(given.seeds):
            rng = np.random.default_rng(seed)
            with tempfile.TemporaryDirectory() as folder:
                catalogue: Any = SimpleNamespace(
                    folder=Path(folder), model_id=opened.model_id, dimension=opened.dimension, snapshot=shop
                )
                encoder: Any = SimpleNamespace(id=opened.model_id, dimension=opened.dimension)
                recogniser = TypeRecogniser(encoder, catalogue)
                asked = [np.flatnonzero(is_held_out)]
                for name in new:
                    rows = rng.permutation(np.flatnonzero(types == name))
                    # of a type with few photos, half are left to be recognised
                    named = rows[: min(photos, len(rows) // 2)]
                    recogniser.named.put(name, now.vectors[named], [now.ids[row] for row in named])
                    asked.append(rows[len(named) :])
                began = time.perf_counter()
                recogniser.types()
                ready = time.perf_counter() - began
                rows = np.concatenate(asked)
                best = [found[0].name for found in recogniser.recognise_vectors(now.vectors[rows], k=1)]
                right = np.array(best) == types[rows]
                of_named = np.isin(types[rows], new)
                times = []
                for row in rows[:200]:
                    began = time.perf_counter()
                    recogniser.recognise_vectors(now.vectors[row : row + 1])
                    times.append(time.perf_counter() - began)
            runs.append(
                {
                    "photos": photos,
                    "seed": seed,
                    "named_right": round(float(right[of_named].mean()), 4),
                    "named_right_mean_of_types": round(
                        float(np.mean([right[types[rows] == name].mean() for name in new])), 4
                    ),
                    "known_right": round(float(right[~of_named].mean()), 4),
                    "ready_s": round(ready, 2),
                    "vector_to_types_p50_ms": round(1e3 * float(np.median(times)), 2),
                }
            )
    about = {"items": len(shop), "named": len(new), "processors": os.cpu_count(), "load": os.getloadavg()}
    print(json.dumps({**about, "runs": runs}, indent=1))


if __name__ == "__main__":
    main()
