"""How long one query takes, and how many of its three nearest it finds: ours beside its peers, in one run.

The vectors are drawn, not white noise: a mixture of Gaussians whose spread falls off from direction to
direction, as that of trained embeddings does, each of length 1; queries come from the same mixture and are
not in the catalogue. White noise has no near neighbours, so an index that fails on it may be good on photos.

Each peer answers the same queries, one at a time, on as many threads as the environment gives it. Memory is
what the process grew by while the peer was made ready (for the exact ones: the vectors alone).
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

K = 3
FULL_SPREAD = 12  # directions before the spread falls off
Vectors = NDArray[np.float32]
Ask = Callable[[Vectors], Any]  # one query (D,) → rows of the K nearest, best first


def draw(
    n: int, dimension: int, queries: int, *, groups: int = 1000, seed: int = 0
) -> tuple[Vectors, Vectors]:
    """A catalogue (n, D) and queries (Q, D) of length 1 from one mixture of ``groups`` Gaussians."""
    rng = np.random.default_rng(seed)
    scale = (1 / np.maximum(1, np.arange(dimension) / FULL_SPREAD)).astype(np.float32)
    rotation = np.linalg.qr(rng.standard_normal((dimension, dimension)))[0].astype(np.float32)
    centres = rng.standard_normal((groups, dimension), np.float32) * scale

    def some(count: int) -> Vectors:
        found = np.empty((count, dimension), np.float32)
        for start in range(0, count, 50_000):
            rows = slice(start, min(start + 50_000, count))
            size = rows.stop - start
            group = rng.integers(0, groups, size)
            found[rows] = (
                centres[group] + 0.5 * scale * rng.standard_normal((size, dimension), np.float32)
            ) @ rotation
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        return found

    return some(n), some(queries)


def exact(vectors: Vectors, folder: Path) -> Ask:
    def ask(query: Vectors) -> Any:
        similarities = vectors @ query
        best = np.argpartition(similarities, -K)[-K:]
        return best[np.argsort(-similarities[best])]

    return ask


def modiste(vectors: Vectors, folder: Path) -> Ask:
    from modiste.catalogue import Snapshot
    from modiste.catalogue.approximate import ApproximateIndex

    names = tuple(map(str, range(len(vectors))))
    plain = Snapshot(1, names, names, np.arange(len(vectors)), vectors)
    now = plain.with_index(ApproximateIndex.build(vectors, plain.positions))
    assert now.index is not None
    print(f"  own measurement: recall {now.index.recall:.4f} with {now.index.cells} cells", file=sys.stderr)
    return lambda query: now.search(query[None], K).rows[0]


def modiste_exact(vectors: Vectors, folder: Path) -> Ask:
    from modiste.catalogue import nearest

    return lambda query: nearest(vectors, query[None], K).rows[0]


def modiste_filtered(vectors: Vectors, folder: Path) -> Ask:
    """A tenth of the items may be found; the truth is that of the tenth."""
    from modiste.catalogue import Snapshot
    from modiste.catalogue.approximate import ApproximateIndex

    names = tuple(map(str, range(len(vectors))))
    labels = tuple('{"kind": "a"}' if row % 10 == 0 else '{"kind": "b"}' for row in range(len(vectors)))
    plain = Snapshot(1, names, names, np.arange(len(vectors)), vectors, labels)
    now = plain.with_index(ApproximateIndex.build(vectors, plain.positions))
    return lambda query: now.search(query[None], K, where={"kind": "a"}).rows[0]


def faiss_ivf(vectors: Vectors, folder: Path) -> Ask:
    import faiss

    cells = 2 ** round(np.log2(2 * np.sqrt(len(vectors))))
    index = faiss.index_factory(vectors.shape[1], f"IVF{cells},Flat", faiss.METRIC_INNER_PRODUCT)
    index.cp.max_points_per_centroid = 64
    index.train(vectors)
    index.add(vectors)
    index.nprobe = 16
    return lambda query: index.search(query[None], K)[1][0]


def faiss_hnsw(vectors: Vectors, folder: Path) -> Ask:
    import faiss

    index = faiss.IndexHNSWFlat(vectors.shape[1], 16, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 80
    index.hnsw.efSearch = 64
    index.add(vectors)
    return lambda query: index.search(query[None], K)[1][0]


def _lance(vectors: Vectors, folder: Path) -> Any:
    import lancedb
    import pyarrow as pa

    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    table = pa.table({"row": np.arange(len(vectors)), "vector": column})
    return lancedb.connect(folder).create_table("vectors", table)


def lancedb_flat(vectors: Vectors, folder: Path) -> Ask:
    table = _lance(vectors, folder)

    def ask(query: Vectors) -> Any:
        found = table.search(query).distance_type("dot").select(["row", "_distance"]).limit(K).to_arrow()
        return found["row"].to_numpy()

    return ask


def lancedb_ivf(vectors: Vectors, folder: Path) -> Ask:
    from lancedb.index import IvfFlat

    table = _lance(vectors, folder)
    cells = round(np.sqrt(len(vectors)))
    table.create_index("vector", config=IvfFlat(distance_type="dot", num_partitions=cells, max_iterations=10))

    def ask(query: Vectors) -> Any:
        found = table.search(query).distance_type("dot").nprobes(16).select(["row", "_distance"]).limit(K)
        return found.to_arrow()["row"].to_numpy()

    return ask


PEERS: dict[str, tuple[Callable[[Vectors, Path], Ask], int]] = {  # and the most queries worth waiting for
    "modiste": (modiste, 2000),
    "modiste exact": (modiste_exact, 200),
    "modiste, a tenth allowed": (modiste_filtered, 1000),
    "numpy exact": (exact, 200),
    "faiss IVF, 16 cells": (faiss_ivf, 2000),
    "faiss HNSW": (faiss_hnsw, 2000),
    "lancedb flat": (lancedb_flat, 50),
    "lancedb IVF, 16 cells": (lancedb_ivf, 200),
}


def measure(
    make: Callable[[Vectors, Path], Ask], most: int, vectors: Vectors, asked: Vectors, true: Any
) -> Any:
    """Time to be ready, time for a query, share of the true nearest found, memory."""
    gc.collect()
    before = resident()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        ask = make(vectors, Path(folder))
        ready = time.perf_counter() - began
        for query in asked[:20]:
            ask(query)
        times, hits = [], 0
        for query, nearest in zip(asked[:most], true[:most], strict=True):
            began = time.perf_counter()
            rows = ask(query)
            times.append(time.perf_counter() - began)
            hits += len(set(np.asarray(rows).tolist()) & set(nearest.tolist()))
        return {
            "p50_ms": round(1e3 * float(np.median(times)), 4),
            "p99_ms": round(1e3 * float(np.quantile(times, 0.99)), 4),
            "recall_at_3": round(hits / (K * len(times)), 4),
            "queries": len(times),
            "ready_s": round(ready, 2),
            "grown_mb": round((resident() - before) / 1e6),
            "vectors_mb": round(vectors.nbytes / 1e6),
        }


def truth(vectors: Vectors, queries: Vectors) -> NDArray[np.int64]:
    from modiste.catalogue import nearest

    return nearest(vectors, queries, K).rows


def resident() -> int:
    """Bytes of memory this process has, where the system tells."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("modiste", "numpy", "faiss-cpu", "lancedb"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, nargs="+", default=[100_000])
    parser.add_argument("--dimensions", type=int, nargs="+", default=[128, 384])
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--only", nargs="+", choices=PEERS, default=list(PEERS))
    given = parser.parse_args()
    runs = []
    for n in given.items:
        for dimension in given.dimensions:
            vectors, asked = draw(n, dimension, given.queries)
            true = truth(vectors, asked)
            for name in given.only:
                make, most = PEERS[name]
                tenth = true if make is not modiste_filtered else 10 * truth(vectors[::10], asked)
                try:
                    figures = measure(make, min(most, len(asked)), vectors, asked, tenth)
                except ImportError as error:
                    figures = {"left_out": str(error)}
                runs.append({"items": n, "dimension": dimension, "peer": name, **figures})
                print(json.dumps(runs[-1]), file=sys.stderr, flush=True)
    about = {"processors": os.cpu_count(), "machine": platform.machine(), "load": os.getloadavg()}
    print(json.dumps({"versions": versions(), **about, "runs": runs}, indent=2))


if __name__ == "__main__":
    main()
