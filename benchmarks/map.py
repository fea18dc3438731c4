"""The map of a large catalogue: how long laying out takes and what it keeps, and how smooth the page is.

    python benchmarks/map.py                       44,000 drawn vectors, and the page in a headless Chromium
    python benchmarks/map.py --catalogue shop      the items of a real catalogue
    python benchmarks/map.py --no-layout           only the page, on random places

The vectors are drawn as `benchmarks/search.py` draws them. Frames are counted while the map is zoomed by
itself at every animation frame. Headless Chromium draws WebGL in software (SwiftShader) on the processor: a
graphics card is faster, so what is smooth here is smooth there.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from search import draw  # of the same folder

from modiste.catalogue import Catalogue, CatalogueItem
from modiste.catalogue.approximate import fingerprint_rows
from modiste.catalogue.layout import kept_neighbours, layout, method
from modiste.catalogue.map import CatalogueMap
from modiste.map_page import write_map

FLAGS = ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-background-networking"]

# The wheel turns by itself, one step a frame; from frame to frame in milliseconds.
FRAMES = """(frames) => new Promise((done) => {
  const over = document.getElementById("over");
  const { left, top, width, height } = over.getBoundingClientRect();
  const at = { clientX: left + width / 2, clientY: top + height / 2, bubbles: true, cancelable: true };
  const times = [];
  let frame = 0, before = performance.now();
  const step = () => {
    const now = performance.now();
    times.push(now - before);
    before = now;
    if (++frame > frames) return done(times.slice(1));
    over.dispatchEvent(new WheelEvent("wheel", { ...at, deltaY: frame % 120 < 60 ? -25 : 25 }));
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})"""
WITHOUT_WEBGL = """HTMLCanvasElement.prototype.getContext = ((get) => function (kind, ...rest) {
  return kind === "webgl2" ? null : get.call(this, kind, ...rest);
})(HTMLCanvasElement.prototype.getContext)"""


def page_of(catalogue: Catalogue, drawn: CatalogueMap, frames: int) -> dict[str, Any]:
    """How long the file takes to be ready, and how long frames take with either way of drawing."""
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        raise SystemExit("no Chromium found; on Debian and Ubuntu: apt install chromium")
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as drive:
        file = Path(folder, "map.html")
        started = time.perf_counter()
        found["bytes"] = write_map(catalogue, drawn, file)
        found["write_seconds"] = round(time.perf_counter() - started, 1)
        browser = drive.chromium.launch(executable_path=chromium, args=FLAGS)
        found["browser"] = browser.version
        for name, before in (("webgl", ""), ("canvas", WITHOUT_WEBGL)):
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            if before:
                page.add_init_script(before)
            started = time.perf_counter()
            page.goto(file.as_uri())
            page.locator('[data-state="ready"]').wait_for(timeout=60_000)
            ready = time.perf_counter() - started
            times = np.array(page.evaluate(FRAMES, frames))
            found[name] = {
                "painter": page.locator("#atlas").get_attribute("data-painter"),
                "ready_seconds": round(ready, 2),
                "frames": len(times),
                "frame_ms": {f"p{at}": round(float(np.percentile(times, at)), 1) for at in (50, 95, 99)},
            }
            page.close()
        browser.close()
    return found


def sample_catalogue(folder: Path, n: int) -> Catalogue:
    """A catalogue of so many drawn vectors, with two labels and one and the same photo."""
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (60, 80), "slategray").save(file, "JPEG")
    vectors = np.concatenate(list(draw("mixture", n, 128, seed=1)))
    shop = Catalogue.create(folder, model_id="drawn", dimension=128)
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 40, n).tolist()
    prices = rng.integers(5, 5000, n).tolist()
    items = [
        CatalogueItem(
            str(row), f"Piece {row}", file.getvalue(), "image/jpeg",
            labels={"kind": f"kind {kind}", "price": str(price)},
        )
        for row, (kind, price) in enumerate(zip(kinds, prices, strict=True))
    ]  # fmt: skip
    shop.add(items, vectors)
    return shop


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Time the map of a catalogue.")
    parser.add_argument("--items", type=int, default=44_000)
    parser.add_argument("--catalogue", type=Path, help="a catalogue instead of drawn vectors")
    parser.add_argument("--no-layout", action="store_true", help="random places: only the page")
    parser.add_argument("--frames", type=int, default=360)
    options = parser.parse_args(arguments)
    answer: dict[str, Any] = {"machine": platform.platform(), "cpus": len(os.sched_getaffinity(0))}
    for package in ("openTSNE", "numpy", "torch"):
        try:
            answer[package] = version(package)
        except PackageNotFoundError:
            answer[package] = None
    with tempfile.TemporaryDirectory() as folder:
        catalogue = (
            Catalogue.open(options.catalogue)
            if options.catalogue
            else sample_catalogue(Path(folder, "shop"), options.items)
        )
        now = catalogue.snapshot
        answer["items"] = len(now)
        if options.no_layout:
            points = np.random.default_rng(0).uniform(-1, 1, (len(now), 2)).astype(np.float32)
        else:
            started = time.perf_counter()
            points = layout(now.vectors)
            answer["layout_seconds"] = round(time.perf_counter() - started, 1)
            answer["method"] = method(len(now))
            answer["kept_of_10"] = kept_neighbours(now.vectors, points)
        prints = fingerprint_rows(now.vectors)
        drawn = CatalogueMap(
            catalogue.model_id, now.version, method(len(now)), 0, None, 0, now.positions, prints, points
        )
        answer["page"] = page_of(catalogue, drawn, options.frames)
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
