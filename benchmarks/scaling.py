"""What one photo and one vector cost, and from that what millions do: the figures of docs/scaling.md.

On one thread (``OMP_NUM_THREADS=1``), with the fastest runtime. Photos are drawn, 60 × 80 JPEG; vectors are
random, of length 1, which for bytes and commits makes no difference. Prints JSON: the units, then what they
come to for 1M, 10M, 100M and 1B photos.

    python benchmarks/scaling.py
    python benchmarks/scaling.py --photos 200 --items 5000     # a quick look
"""

from __future__ import annotations

import argparse
import io
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from modiste.catalogue import Catalogue, CatalogueItem
from modiste.catalogue.approximate import ApproximateIndex, available
from modiste.photos import fit_all, read_for
from modiste.runtimes import load_with_runtime

PHOTO_BYTES = 3_000  # what a photo of 60 × 80 takes in the Fashion Product Images
AT_ONCE = 4_096  # rows of a commit
SIZES = (1_000_000, 10_000_000, 100_000_000, 1_000_000_000)


def photos(count: int) -> list[bytes]:
    rng = np.random.default_rng(0)
    made = []
    for _ in range(count):
        blocks = rng.integers(0, 256, (8, 6, 3), dtype=np.uint8)
        file = io.BytesIO()
        Image.fromarray(blocks).resize((60, 80), Image.Resampling.BICUBIC).save(file, "JPEG")
        made.append(file.getvalue())
    return made


def encoding(count: int, model: str) -> dict[str, float]:
    encoder = load_with_runtime(model)
    files = photos(count)
    encoder.embed(fit_all(encoder.preprocess, (read_for(encoder.preprocess, file) for file in files[:32])))
    began = time.perf_counter()
    pixels = fit_all(encoder.preprocess, (read_for(encoder.preprocess, file) for file in files))
    decoded = time.perf_counter()
    for start in range(0, count, 256):
        encoder.embed(pixels[start : start + 256])
    return {
        "decode_photos_per_second": count / (decoded - began),
        "embed_photos_per_second": count / (time.perf_counter() - decoded),
    }


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def storing(count: int, dimension: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        shop = Catalogue.create(Path(folder, "shop"), model_id="m-1", dimension=dimension)
        seconds = []
        for start in range(0, count, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, count))
            vectors = rng.standard_normal((len(numbers), dimension)).astype(np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            items = [
                CatalogueItem(
                    f"{n:08}", f"Item {n}", rng.bytes(PHOTO_BYTES), "image/jpeg", f"{n:08}.jpg",
                    {"articleType": "Shirts", "gender": "Men"}, f"{n:032x}",
                )
                for n in numbers
            ]  # fmt: skip
            began = time.perf_counter()
            shop.add(items, vectors)
            seconds.append(time.perf_counter() - began)
        disk = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
        del shop
        before, began = resident(), time.perf_counter()
        again = Catalogue.open(Path(folder, "shop"))
        opened = time.perf_counter() - began
        memory = resident() - before
        found: dict[str, Any] = {
            "disk_bytes_per_item": disk / count,
            "memory_bytes_per_item": memory / count,
            "open_seconds_per_million": opened / count * 1e6,
            "commit_seconds_first": seconds[0],
            "commit_seconds_last": seconds[-1],
            "items_at_last_commit": count,
        }
        if available():
            began = time.perf_counter()
            index = ApproximateIndex.build(again.vectors, again.snapshot.positions)
            found["index_seconds_per_million"] = (time.perf_counter() - began) / count * 1e6
            index.save(Path(folder, "search.index"))
            found["index_bytes_per_item"] = Path(folder, "search.index").stat().st_size / count
    return found


def sizes(units: dict[str, Any], dimension: int) -> list[dict[str, Any]]:
    each = 1 / units["decode_photos_per_second"] + 1 / units["embed_photos_per_second"]
    return [
        {
            "photos": n,
            "embedding_core_hours": n * each / 3600,
            "storage_gb": n * units["disk_bytes_per_item"] / 1e9,
            "vectors_gb": n * dimension * 4 / 1e9,
            "replica_memory_gb": n
            * (units["memory_bytes_per_item"] + units.get("index_bytes_per_item", 0))
            / 1e9,
        }
        for n in SIZES
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--photos", type=int, default=2_000)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--model", default="default", help="a model folder or a shipped encoder")
    asked = parser.parse_args()
    units = {**storing(asked.items, asked.dimension), **encoding(asked.photos, asked.model)}
    print(json.dumps({"units": units, "sizes": sizes(units, asked.dimension)}, indent=2))


if __name__ == "__main__":
    main()
