"""How search grows: time, memory and recall from ten thousand to ten million vectors, beside its peers.

    python benchmarks/search.py --sizes 10000,100000,1000000 --json search.json --png search.png

The vectors are drawn, not white noise: a *mixture* of Gaussians whose spread falls off from direction to
direction, as that of trained embeddings does; or a *shop* of such groups of very different sizes, in which
every product comes in some almost equal variants. Each has length 1; queries come from the same source and
are not in the catalogue. White noise has no near neighbours, so an index that fails on it may be good on
photos.

Every peer is built in a process of its own, from vectors mapped from a file, and asked in another one that
opens what was built, one query at a time, on as many threads as the environment gives it. So *build* and
*ready* are times from the first import on, and memory is the peer's own: *resident* what the process has more
than Python and NumPy while it is asked, *anonymous* the part of that no file could give back, *peak* the most
while building. Peers that can search more or less thoroughly do it as little as gives recall@3 ≥ 0.99 on
other queries (``effort``: cells or candidates).

What is in the ``--json`` file already is not measured again: a run that was stopped goes on. Peers that are
not installed (``pip install 'modiste[benchmarks]'``), or take longer than ``--patience``, are named.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

K = 3
FULL_SPREAD = 12  # directions before the spread falls off
ROWS = 50_000  # drawn, read and compared at once
RECALL = 0.99
TUNING = 100  # queries that decide the effort; the others are measured
KEY = b"k" * 32  # of the state that the kept vectors are of; there is one only
THOROUGH = 1_000_000  # vectors up to which a graph is built with its library's own number of candidates
CANDIDATES = 64  # beyond it: usearch's own 128 take three hours for ten million
VARIANTS = 4  # of one product, in the shop
Vectors = NDArray[np.float32]
Ask = Callable[[Vectors, int], Any]  # one query (D,) and an effort → rows of the K nearest, best first


# Vectors --------------------------------------------------------------------------------------------------


def draw(kind: str, n: int, dimension: int, *, groups: int = 1000, seed: int = 0) -> Iterator[Vectors]:
    """Vectors (n, D) of length 1, some at a time; equal ``kind`` and ``groups`` have equal centres.

    >>> parts = list(draw("shop", 60_000, 8, seed=1))
    >>> [part.shape for part in parts], float(np.linalg.norm(parts[0][0]).round(3))
    ([(50000, 8), (10000, 8)], 1.0)
    """
    fixed = np.random.default_rng(0)
    scale = (1 / np.maximum(1, np.arange(dimension) / FULL_SPREAD)).astype(np.float32)
    rotation = np.linalg.qr(fixed.standard_normal((dimension, dimension)))[0].astype(np.float32)
    centres = fixed.standard_normal((groups, dimension), np.float32) * scale
    share = np.ones(groups) if kind == "mixture" else 1 / np.arange(1, groups + 1)
    rng = np.random.default_rng([seed, 1])
    for start in range(0, n, ROWS):
        size = min(ROWS, n - start)
        group = rng.choice(groups, size, p=share / share.sum())
        offset = 0.5 * scale * rng.standard_normal((size, dimension), np.float32)
        if kind == "shop":
            product = np.arange(size) // VARIANTS * VARIANTS
            group, offset = group[product], offset[product] + 0.1 * offset
        found = (centres[group] + offset) @ rotation
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        yield found


def prepare(kind: str, n: int, dimension: int, queries: int, folder: Path) -> None:
    """Write vectors, queries and the true neighbours into ``folder``, unless they are there."""
    if (folder / "truth.npy").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    vectors = np.lib.format.open_memmap(folder / "vectors.npy", "w+", np.float32, (n, dimension))
    start = 0
    for part in draw(kind, n, dimension, seed=1):
        vectors[start : start + len(part)] = part
        start += len(part)
    vectors.flush()
    asked = np.concatenate(list(draw(kind, TUNING + queries, dimension, seed=2)))
    np.save(folder / "queries.npy", asked)
    np.save(folder / "truth.npy", truth(vectors, asked))


def truth(vectors: Vectors, queries: Vectors) -> NDArray[np.int64]:
    """The rows (Q, K) of the nearest, best first, by comparing all; each vector is read once.

    >>> truth(np.eye(4, dtype=np.float32), np.array([[0.8, 0.6, 0, 0]], np.float32))[0, :2].tolist()
    [0, 1]
    """
    rows = np.empty((len(queries), 0), np.int64)
    cosines = np.empty((len(queries), 0), np.float32)
    for start in range(0, len(vectors), ROWS):
        here = queries @ vectors[start : start + ROWS].T
        best = np.argpartition(here, -min(K, here.shape[1]), axis=1)[:, -K:]
        rows = np.concatenate([rows, best + start], axis=1)
        cosines = np.concatenate([cosines, np.take_along_axis(here, best, axis=1)], axis=1)
        order = np.argsort(-cosines, axis=1, kind="stable")[:, :K]
        rows, cosines = np.take_along_axis(rows, order, 1), np.take_along_axis(cosines, order, 1)
    return rows


# Peers ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Peer:
    """``build`` writes what it needs into a folder, ``open`` reads it; ``efforts`` are tried in order."""

    build: Callable[[Vectors, Path], None]
    open: Callable[[Vectors, Path], Ask]
    efforts: tuple[int, ...] = (0,)
    up_to: int = 10_000_000  # vectors it is worth waiting for
    queries: int = 2000


EFFORTS = (4, 8, 16, 32, 64, 128, 256, 512)


def nothing(vectors: Vectors, folder: Path) -> None:
    """There is nothing to build."""


def numpy_exact(vectors: Vectors, folder: Path) -> Ask:
    held = np.array(vectors)

    def ask(query: Vectors, effort: int) -> Any:
        similarities = held @ query
        best = np.argpartition(similarities, -K)[-K:]
        return best[np.argsort(-similarities[best])]

    return ask


def modiste_exact(vectors: Vectors, folder: Path) -> Ask:
    from modiste.catalogue import nearest

    held = np.array(vectors)
    return lambda query, effort: nearest(held, query[None], K).rows[0]


def modiste_build(vectors: Vectors, folder: Path) -> None:
    from modiste.catalogue.approximate import ApproximateIndex
    from modiste.catalogue.kept_vectors import keep_vectors

    index = ApproximateIndex.build(vectors, np.arange(len(vectors)))
    print(f"own measurement: recall {index.recall:.4f} with {index.cells} cells", file=sys.stderr)
    index.save(folder / "search.index")
    keep_vectors(folder / "search.vectors", KEY, vectors)


def modiste_open(vectors: Vectors, folder: Path) -> Ask:
    """A catalogue's snapshot as a server has it: index in memory, vectors mapped from their file."""
    from modiste.catalogue import Snapshot
    from modiste.catalogue.approximate import ApproximateIndex
    from modiste.catalogue.kept_vectors import kept_vectors

    index = ApproximateIndex.load(folder / "search.index", vectors.shape[1])
    ids = tuple(map(str, range(len(vectors))))
    known = np.empty(0, np.int64)
    room = kept_vectors(folder / "search.vectors", KEY, vectors.shape[1])
    assert room is not None
    now = Snapshot(1, ids, ids, np.arange(len(vectors)), vectors, index=index, fresh=known)
    now = now.with_vectors_in(room)
    return lambda query, effort: now.search(query[None], K).rows[0]


def faiss_build(kind: str) -> Callable[[Vectors, Path], None]:
    def build(vectors: Vectors, folder: Path) -> None:
        import faiss

        cells = 2 ** round(np.log2(2 * np.sqrt(len(vectors))))
        index = faiss.index_factory(
            vectors.shape[1], kind.replace("IVF", f"IVF{cells}"), faiss.METRIC_INNER_PRODUCT
        )
        if "IVF" in kind:
            index.cp.max_points_per_centroid = 64
        rows = np.random.default_rng(0).choice(len(vectors), min(len(vectors), 64 * cells), replace=False)
        index.train(vectors[np.sort(rows)])
        for start in range(0, len(vectors), ROWS):
            index.add(vectors[start : start + ROWS])
        faiss.write_index(index, str(folder / "faiss"))

    return build


def faiss_open(vectors: Vectors, folder: Path) -> Ask:
    import faiss

    index = faiss.read_index(str(folder / "faiss"))

    def ask(query: Vectors, effort: int) -> Any:
        if effort:
            index.nprobe = effort
        return index.search(query[None], K)[1][0]

    return ask


def usearch_build(kind: str) -> Callable[[Vectors, Path], None]:
    def build(vectors: Vectors, folder: Path) -> None:
        from usearch.index import Index

        expansion = 128 if len(vectors) <= THOROUGH else CANDIDATES
        index = Index(ndim=vectors.shape[1], metric="cos", dtype=kind, expansion_add=expansion)
        for start in range(0, len(vectors), ROWS):
            part = np.array(vectors[start : start + ROWS])
            index.add(np.arange(start, start + len(part)), part)
        index.save(str(folder / "usearch"))

    return build


def usearch_open(vectors: Vectors, folder: Path) -> Ask:
    from usearch.index import Index

    index = Index.restore(str(folder / "usearch"))
    if index is None:
        raise OSError("usearch cannot open what it saved")

    def ask(query: Vectors, effort: int) -> Any:
        index.expansion_search = effort
        return index.search(query, K).keys

    return ask


def lance_build(kind: str) -> Callable[[Vectors, Path], None]:
    def build(vectors: Vectors, folder: Path) -> None:
        import lancedb
        import pyarrow as pa
        from lancedb.index import IvfFlat, IvfPq

        dimension = vectors.shape[1]
        schema = pa.schema([("row", pa.int64()), ("vector", pa.list_(pa.float32(), dimension))])

        def parts() -> Iterator[Any]:
            for start in range(0, len(vectors), ROWS):
                part = vectors[start : start + ROWS]
                column = pa.FixedSizeListArray.from_arrays(pa.array(part.ravel()), dimension)
                yield pa.record_batch([pa.array(np.arange(start, start + len(part))), column], schema=schema)

        reader = pa.RecordBatchReader.from_batches(schema, parts())
        table = lancedb.connect(folder).create_table("vectors", reader, schema=schema)
        cells = round(np.sqrt(len(vectors)))
        if kind == "IVF":
            table.create_index("vector", config=IvfFlat(distance_type="dot", num_partitions=cells))
        elif kind == "IVF-PQ":
            table.create_index("vector", config=IvfPq(distance_type="dot", num_partitions=cells))

    return build


def lance_open(refine: int) -> Callable[[Vectors, Path], Ask]:
    def opened(vectors: Vectors, folder: Path) -> Ask:
        import lancedb

        table = lancedb.connect(folder).open_table("vectors")

        def ask(query: Vectors, effort: int) -> Any:
            search = table.search(query).distance_type("dot").select(["row", "_distance"]).limit(K)
            if effort:
                search = search.nprobes(effort)
            if refine:
                search = search.refine_factor(refine)
            return search.to_arrow()["row"].to_numpy()

        return ask

    return opened


def qdrant_build(kind: str) -> Callable[[Vectors, Path], None]:
    def build(vectors: Vectors, folder: Path) -> None:
        import qdrant_edge as qdrant

        candidates = 100 if len(vectors) <= THOROUGH else CANDIDATES
        int8 = qdrant.ScalarQuantizationConfig(type=qdrant.ScalarType.Int8, always_ram=True)
        config = qdrant.EdgeConfig(
            vectors={
                "v": qdrant.EdgeVectorParams(
                    size=vectors.shape[1],
                    distance=qdrant.Distance.Dot,
                    datatype=qdrant.VectorStorageDatatype.Float16 if kind == "float16" else None,
                    quantization_config=int8 if kind == "int8" else None,
                )
            },
            hnsw_config=qdrant.HnswIndexConfig(m=16, ef_construct=candidates, full_scan_threshold=1000),
            optimizers=qdrant.EdgeOptimizersConfig(indexing_threshold=1000, default_segment_number=1),
        )
        (folder / "shard").mkdir()
        shard = qdrant.EdgeShard.create(str(folder / "shard"), config)
        for start in range(0, len(vectors), 10_000):
            part = vectors[start : start + 10_000].tolist()
            points = [qdrant.Point(id=start + row, vector={"v": v}) for row, v in enumerate(part)]
            shard.update(qdrant.UpdateOperation.upsert_points(points))
        shard.optimize()
        shard.flush()
        shard.close()

    return build


def qdrant_open(vectors: Vectors, folder: Path) -> Ask:
    import qdrant_edge as qdrant

    shard = qdrant.EdgeShard.load(str(folder / "shard"))

    def ask(query: Vectors, effort: int) -> Any:
        found = shard.query(
            qdrant.QueryRequest(
                limit=K,
                query=qdrant.Query.Nearest(query.tolist(), using="v"),
                params=qdrant.SearchParams(hnsw_ef=effort),
            )
        )
        return [point.id for point in found]

    return ask


PEERS: dict[str, Peer] = {
    "modiste": Peer(modiste_build, modiste_open),
    "modiste exact": Peer(nothing, modiste_exact, up_to=1_000_000, queries=200),
    "numpy exact": Peer(nothing, numpy_exact, queries=200),
    "faiss flat float32": Peer(faiss_build("Flat"), faiss_open, queries=200),
    "faiss flat float16": Peer(faiss_build("SQfp16"), faiss_open, queries=200),
    "faiss flat bf16": Peer(faiss_build("SQbf16"), faiss_open, queries=200),
    "faiss flat int8": Peer(faiss_build("SQ8"), faiss_open, queries=200),
    "faiss IVF float32": Peer(faiss_build("IVF,Flat"), faiss_open, EFFORTS),
    "faiss IVF float16": Peer(faiss_build("IVF,SQfp16"), faiss_open, EFFORTS),
    "faiss IVF int8": Peer(faiss_build("IVF,SQ8"), faiss_open, EFFORTS),
    "faiss IVF PQ32": Peer(faiss_build("IVF,PQ32"), faiss_open, EFFORTS),
    "usearch float32": Peer(usearch_build("f32"), usearch_open, EFFORTS[2:], up_to=1_000_000),
    "usearch bf16": Peer(usearch_build("bf16"), usearch_open, EFFORTS[2:]),
    "usearch int8": Peer(usearch_build("i8"), usearch_open, EFFORTS[2:]),
    "lancedb flat": Peer(lance_build(""), lance_open(0), queries=30),
    "lancedb IVF": Peer(lance_build("IVF"), lance_open(0), EFFORTS, queries=200),
    "lancedb IVF-PQ": Peer(lance_build("IVF-PQ"), lance_open(10), EFFORTS, queries=200),
    "qdrant float32": Peer(qdrant_build("float32"), qdrant_open, EFFORTS[2:]),
    "qdrant float16": Peer(qdrant_build("float16"), qdrant_open, EFFORTS[2:], up_to=1_000_000),
    "qdrant int8": Peer(qdrant_build("int8"), qdrant_open, EFFORTS[2:], up_to=1_000_000),
}


# Measuring, in processes of their own ---------------------------------------------------------------------


def build(name: str, data: Path, folder: Path) -> dict[str, Any]:
    vectors = np.load(data / "vectors.npy", mmap_mode="r").view(np.ndarray)
    began = time.perf_counter()
    PEERS[name].build(vectors, folder)
    return {
        "build_s": round(time.perf_counter() - began, 2),
        "build_peak_mb": memory("VmHWM"),
        "disk_mb": round(sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6),
    }


def query(name: str, data: Path, folder: Path) -> dict[str, Any]:
    peer = PEERS[name]
    before, of_no_file = memory("VmRSS"), memory("RssAnon")
    vectors = np.load(data / "vectors.npy", mmap_mode="r").view(np.ndarray)
    queries, true = np.load(data / "queries.npy"), np.load(data / "truth.npy")
    began = time.perf_counter()
    ask = peer.open(vectors, folder)
    ask(queries[0], peer.efforts[-1])
    ready = time.perf_counter() - began
    few = min(TUNING, peer.queries)
    for effort in peer.efforts:
        if recall([ask(each, effort) for each in queries[:few]], true) >= RECALL:
            break
    times, found = [], []
    for each in queries[TUNING : TUNING + peer.queries]:
        began = time.perf_counter()
        rows = ask(each, effort)
        times.append(time.perf_counter() - began)
        found.append(np.asarray(rows))
    return {
        "p50_ms": round(1e3 * float(np.median(times)), 4),
        "p99_ms": round(1e3 * float(np.quantile(times, 0.99)), 4),
        "recall_at_3": round(recall(found, true[TUNING:]), 4),
        "effort": effort,
        "queries": len(times),
        "ready_s": round(ready, 2),
        "resident_mb": round(memory("VmRSS") - before, 1),
        "anonymous_mb": round(memory("RssAnon") - of_no_file, 1),
    }


def recall(found: Sequence[Any], true: NDArray[np.int64]) -> float:
    """The share of the true nearest that was found; of more true ones than answers, the first count.

    >>> recall([[1, 2, 3], [4, 5]], np.array([[3, 2, 9], [4, 5, 6]]))
    0.6666666666666666
    """
    pairs = zip(found, true.tolist(), strict=False)
    return sum(len({int(row) for row in rows} & set(each)) for rows, each in pairs) / (K * len(found))


def memory(name: str) -> float:
    """Megabytes of this process, where the system tells: VmRSS, RssAnon or VmHWM."""
    try:
        found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    except OSError:
        return 0.0
    return round(int(found[1]) * 1024 / 1e6, 1) if found else 0.0


def measured(name: str, data: Path, patience: float) -> dict[str, Any]:
    """What `build` and `query` tell, or why they do not."""
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="modiste-search-", dir=data) as folder:
        for step in ("build", "query"):
            command = [sys.executable, __file__, "--step", step, "--only", name]
            command += ["--data", str(data), "--folder", folder]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=patience, check=False)
            except subprocess.TimeoutExpired:
                return {"left_out": f"{step} took longer than {patience:g} s"}
            if done.returncode:
                return {"left_out": (done.stderr.strip().splitlines() or ["no reason given"])[-1]}
            figures |= json.loads(done.stdout.splitlines()[-1])
    return figures


# All of it ------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark as the command line says; the exit code."""
    wanted = parse(arguments)
    if wanted.step:
        step = {"build": build, "query": query}[wanted.step]
        print(json.dumps(step(wanted.only[0], wanted.data, wanted.folder)))
        return 0
    report = {"runs": []}
    if wanted.json is not None and wanted.json.exists():
        report = json.loads(wanted.json.read_text("utf-8"))
    report |= {"versions": versions(), "processors": os.cpu_count(), "machine": platform.machine()}
    done = {key_of(run) for run in report["runs"] if "left_out" not in run}
    with tempfile.TemporaryDirectory(prefix="modiste-search-") as place:
        for kind in wanted.kinds:
            for n in wanted.sizes:
                data = (wanted.data or Path(place)) / f"{kind}-{n}-{wanted.dimension}"
                left = [name for name in wanted.only if n <= PEERS[name].up_to]
                left = [name for name in left if (kind, n, wanted.dimension, name) not in done]
                if left:
                    prepare(kind, n, wanted.dimension, wanted.queries, data)
                for name in left:
                    run = {"kind": kind, "items": n, "dimension": wanted.dimension, "peer": name}
                    run |= {"load": round(os.getloadavg()[0], 2), **measured(name, data, wanted.patience)}
                    report["runs"] = [old for old in report["runs"] if key_of(old) != key_of(run)] + [run]
                    print(line_of(run), flush=True)
                    if wanted.json is not None:
                        wanted.json.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    if wanted.png is not None:
        picture(report["runs"], wanted.png)
    return 0


def key_of(run: dict[str, Any]) -> tuple[str, int, int, str]:
    return run["kind"], run["items"], run["dimension"], run["peer"]


def line_of(run: dict[str, Any]) -> str:
    """One run in one line.

    >>> line_of({"kind": "shop", "items": 1000, "peer": "numpy exact", "left_out": "why"})
    'shop         1,000  numpy exact          why'
    """
    start = f"{run['kind']:7} {run['items']:10,}  {run['peer']:20}"
    if "left_out" in run:
        return f"{start} {run['left_out']}"
    return (
        f"{start} p50 {run['p50_ms']:9.3f} ms  recall@3 {run['recall_at_3']:.4f}  "
        f"{run['resident_mb']:8.1f} MB  build {run['build_s']:.1f} s  ready {run['ready_s']:.1f} s"
    )


def picture(runs: Sequence[dict[str, Any]], file: Path) -> None:
    """Time, memory and recall over the number of vectors, a line for each peer; a family has one colour."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    runs = [run for run in runs if "left_out" not in run]
    kinds = sorted({run["kind"] for run in runs})
    charts = {
        "p50_ms": "one query, median (ms)",
        "resident_mb": "memory while asked (MB)",
        "anonymous_mb": "of that, in no file (MB)",
        "recall_at_3": "recall@3",
    }
    grid, axes = pyplot.subplots(
        2 * len(kinds), 2, figsize=(13, 9 * len(kinds)), squeeze=False, layout="constrained"
    )
    axes = axes.reshape(len(kinds), len(charts))
    families = list(dict.fromkeys(name.rpartition(" ")[0] or name for name in PEERS))
    styles: dict[str, dict[str, Any]] = {}
    for name in PEERS:
        family = name.rpartition(" ")[0] or name
        members = [other for other in PEERS if (other.rpartition(" ")[0] or other) == family]
        styles[name] = {
            "color": pyplot.colormaps["tab10"](families.index(family)),
            "marker": "osD^"[members.index(name)],
            "linewidth": 3 if name == "modiste" else 1,
        }
    for row, kind in enumerate(kinds):
        for axis, (figure, label) in zip(axes[row], charts.items(), strict=True):
            for name in PEERS:
                line = sorted((r["items"], r[figure]) for r in runs if (r["kind"], r["peer"]) == (kind, name))
                if line:
                    axis.plot(*zip(*line, strict=True), label=name, **styles[name])
            axis.set(xscale="log", xlabel=f"vectors ({kind})", title=label)
            if figure != "recall_at_3":
                axis.set_yscale("log", nonpositive="clip")
            axis.grid(alpha=0.3)
        grid.legend(*axes[row][0].get_legend_handles_labels(), fontsize=8, loc="outside right center")
    grid.savefig(file, dpi=110)
    pyplot.close(grid)


def versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("modiste", "numpy", "faiss-cpu", "lancedb", "usearch", "qdrant-edge-py"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument(
        "--sizes", type=sizes, default=[10_000, 100_000], metavar="N,N", help="numbers of vectors"
    )
    parser.add_argument("--dimension", type=int, default=128, metavar="D")
    parser.add_argument("--kinds", nargs="+", choices=("mixture", "shop"), default=["mixture"])
    parser.add_argument("--queries", type=int, default=500, metavar="Q", help="besides those for tuning")
    parser.add_argument("--only", nargs="+", choices=PEERS, default=list(PEERS), metavar="PEER")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="keep the vectors there (5 GB for ten million)"
    )
    parser.add_argument("--patience", type=float, default=3600, metavar="S", help="for one peer to build")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there, go on from there")
    parser.add_argument("--png", type=Path, metavar="FILE", help="draw the curves there")
    parser.add_argument("--step", choices=("build", "query"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def sizes(text: str) -> list[int]:
    """Numbers of vectors as they are given on the command line.

    >>> sizes("10000,1_000_000")
    [10000, 1000000]
    """
    try:
        return [int(number) for number in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"numbers such as 10000,100000 expected, not {text!r}") from error


if __name__ == "__main__":
    sys.exit(main())
