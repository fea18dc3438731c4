"""What a catalogue and a server that answers from it take in memory.

    python benchmarks/memory.py --json memory.json
    python benchmarks/memory.py --items 10000000 --only snapshot

Each figure is of a process of its own, in megabytes:

- *parts*: resident set after the import of what a server is made of, one after the other
- *serve*: ``modiste serve`` with ``--served`` items (44,000) when it is ready and after some hundred photos;
  *private* is what no other process shares and no file holds
- *snapshot*: what ``Catalogue.open`` adds with ``--items`` items (1,000,000), beside their vectors, which are
  mapped where there is an index: bytes an item with ids, names and labels, then with the rows of the ids and
  the labels to filter by

Exit code 0. It may run on a busy machine: memory does not mind.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

GOAL_MB = 400.0
AT_ONCE = 65_536
DIMENSION = 8  # vectors are not what is measured
PARTS = ("numpy", "pyarrow", "lancedb", "pandas", "fastapi", "torch")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark as the command line says; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--items", type=int, default=1_000_000, metavar="N", help="of the snapshot")
    parser.add_argument("--served", type=int, default=44_000, metavar="N", help="items that are served")
    parser.add_argument("--photos", type=int, default=300, metavar="N", help="sent to the server")
    parser.add_argument("--only", choices=("parts", "serve", "snapshot"), help="this alone")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    wanted = parser.parse_args(arguments)
    report: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="modiste-memory-") as place:
        if wanted.only in (None, "parts"):
            report["parts"] = parts()
        if wanted.only in (None, "serve"):
            report["serve"] = served(Path(place, "shop"), wanted.served, wanted.photos)
        if wanted.only in (None, "snapshot"):
            report["snapshot"] = snapshot(Path(place, "large"), wanted.items)
    told = json.dumps(report, indent=1)
    print(told)
    if wanted.json is not None:
        wanted.json.write_text(told + "\n", "utf-8")
    return 0


def parts() -> dict[str, float]:
    """Resident set after each import, in one process."""
    code = "\n".join(f"import {part}; print({part!r}, resident())" for part in PARTS)
    told = run(f"print('python', resident())\n{code}\n")
    return {name: round(float(size) / 1e6, 1) for name, size in (line.split() for line in told.splitlines())}


def served(folder: Path, items: int, photos: int) -> dict[str, Any]:
    """A server's memory when it is ready, and after photos were sent to it."""
    serving = import_module("serving")  # which lies beside this file
    serving.make_catalogue(serving.parse(["--items", str(items)]), folder)
    with serving.Server(folder) as server:

        def memory() -> dict[str, float]:
            names = {"resident": "VmRSS", "private": "RssAnon", "peak": "VmHWM"}
            return {name: server.memory(key) for name, key in names.items()}

        found: dict[str, Any] = {"items": items, "goal": GOAL_MB, "ready": memory()}
        sent = [serving.upload(photo) for photo in serving.drawn_photos(photos, seed=7)]

        async def send() -> None:
            connection = await serving.Connection.open(server.port)
            await serving.one_by_one(connection, sent)
            connection.close()

        asyncio.run(send())
        return {**found, "after": memory()}


def snapshot(folder: Path, items: int) -> dict[str, Any]:
    """Bytes an item beside its vector, at first and after everything was looked at, and how long it took."""
    from modiste.catalogue import Catalogue
    from modiste.catalogue.table import TABLE, connect

    Catalogue.create(folder, model_id="m-1", dimension=DIMENSION)
    table = connect(folder).open_table(TABLE)  # at once: by items it would take a minute a million
    kinds = [
        json.dumps({"articleType": f"type {n % 140}", "gender": ("Men", "Women")[n % 2]}) for n in range(280)
    ]
    for start in range(0, items, AT_ONCE):
        numbers = np.arange(start, min(start + AT_ONCE, items))
        vectors = np.eye(DIMENSION, dtype=np.float32)[numbers % DIMENSION]
        same = {"media_type": "image/jpeg", "path": "", "content_hash": "", "model_id": "m-1", "photo": b""}
        columns = {
            "id": [f"{n:08}" for n in numbers],
            "position": numbers,
            "name": [f"Navy blue shirt {n}" for n in numbers],
            "labels": [kinds[n % 280] for n in numbers],
            "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), DIMENSION),
            **{name: [value] * len(numbers) for name, value in same.items()},
        }
        table.add(pa.table({name: columns[name] for name in table.schema.names}, schema=table.schema))
    found: dict[str, Any] = json.loads(run(_OPENED.format(folder=str(folder))))
    return {"items": items, **found}


_MEASURE = """
import ctypes, ctypes.util, gc, os, re, sys, time
from pathlib import Path

def status(name):
    return 1024 * int(re.search(name + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

def resident():
    return status("VmRSS")

def private():
    gc.collect()
    ctypes.CDLL(ctypes.util.find_library("c")).malloc_trim(0)
    return status("RssAnon")
"""
# A small one is opened first: it brings in what is loaded once, however many items there are.
_OPENED = """
import json, tempfile
from modiste.catalogue import Catalogue
with tempfile.TemporaryDirectory() as folder:
    small = Catalogue.create(folder + "/small", model_id="m-1", dimension=8)
before = private()
began = time.perf_counter()
catalogue = Catalogue.open({folder!r})
took = time.perf_counter() - began
count, vectors = len(catalogue), catalogue.vectors.nbytes
opened = private() - before - vectors
assert "00000001" in catalogue
catalogue.snapshot.label_counts
used = private() - before - vectors
print(json.dumps({{
    "seconds": round(took, 2),
    "opened_bytes_per_item": round(opened / count, 1),
    "used_bytes_per_item": round(used / count, 1),
    "peak_mb": round(status("VmHWM") / 1e6, 1),
}}))
"""


def run(code: str) -> str:
    """What the code prints in a process of its own, in which `_MEASURE` is known."""
    return subprocess.run(
        [sys.executable, "-c", _MEASURE + code], check=True, stdout=subprocess.PIPE, text=True
    ).stdout


if __name__ == "__main__":
    raise SystemExit(main())
