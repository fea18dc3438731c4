"""The store of decoded photos: right, reused, and whole whatever happens."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.datasets.conftest import KAGGLE, make_folder, make_photo, make_zip

from modiste.datasets import load_pixels, open_listing, pixels
from modiste.datasets.cache import cache_folder
from modiste.errors import DataError
from modiste.photos import read_photo
from modiste.preprocessing import Preprocess

COLOURS = ("red", "lime", "blue", "white", "black", "gold")


def shop(tmp_path: Path, name: str = "shop") -> Path:
    photos = {f"{row}.png": make_photo(colour) for row, colour in enumerate(COLOURS)}
    return make_folder(tmp_path / name, photos)


def stores(cache: Path) -> list[Path]:
    return [entry for entry in (cache / "pixels").iterdir() if entry.is_dir()]


def test_pixels_are_the_photos(pack: Callable[..., Path], tmp_path: Path) -> None:
    listing = open_listing(pack(KAGGLE))
    store = load_pixels(listing, Preprocess(), cache=tmp_path / "cache")
    assert store.array.shape == (3, 80, 60, 3)
    assert store.array.dtype == np.uint8
    assert store.ids == ("1", "2", "3")
    for row, name in enumerate(listing.photos):
        assert (store.array[row] == read_photo(listing.source.read(name))).all()


def test_photos_are_fitted(tmp_path: Path) -> None:
    listing = open_listing(make_folder(tmp_path / "shop", {"wide.png": make_photo("red", (200, 50))}))
    store = load_pixels(listing, Preprocess(height=32, width=24), cache=tmp_path / "cache")
    assert store.array.shape == (1, 32, 24, 3)
    assert store.array[0, 16, 12].tolist() == [255, 0, 0]
    assert store.array[0, 0, 0].tolist() == [255, 255, 255]


def test_grey_photos_are_kept_apart_from_coloured_ones(tmp_path: Path) -> None:
    listing = open_listing(shop(tmp_path))
    grey = load_pixels(listing, Preprocess(grey=True), cache=tmp_path / "cache").array
    coloured = load_pixels(listing, Preprocess(), cache=tmp_path / "cache").array
    assert coloured[0, 40, 30].tolist() == [255, 0, 0]
    assert grey[0, 40, 30].tolist() == [76, 76, 76]  # what red weighs in luminance
    assert (grey == grey[..., :1]).all()
    assert len(stores(tmp_path / "cache")) == 2


def test_broken_photos_have_no_row_and_are_named(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    (folder / "1.png").write_bytes(b"")
    (folder / "4.png").write_bytes(make_photo()[:80])
    for _ in ("decoded", "from the cache"):
        store = load_pixels(open_listing(folder), Preprocess(), cache=tmp_path / "cache")
        assert store.ids == ("0", "2", "3", "5")
        assert store.array[:, 0, 0].tolist() == [[255, 0, 0], [0, 0, 255], [255, 255, 255], [255, 215, 0]]
        assert [(skip.name, skip.reason) for skip in store.skipped] == [
            ("1.png", "broken photo"),
            ("4.png", "broken photo"),
        ]
        assert "empty" in store.skipped[0].detail


def test_a_source_of_broken_photos_only(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "shop", {"1.png": b"", "2.png": b"text"})
    for _ in ("decoded", "from the cache"):
        store = load_pixels(open_listing(folder), Preprocess(), cache=tmp_path / "cache")
        assert store.array.shape == (0, 80, 60, 3)
        assert len(store.skipped) == 2


def test_photos_are_decoded_once(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []

    def load(preprocess: Preprocess) -> None:
        listing = open_listing(tmp_path / "shop")
        load_pixels(listing, preprocess, cache=tmp_path / "cache", progress=lambda *done: calls.append(done))

    shop(tmp_path)
    load(Preprocess())
    assert calls == [(6, 6)]
    load(Preprocess(mean=(1, 2, 3)))  # normalising happens later
    assert len(calls) == 1
    load(Preprocess(height=40, width=30))
    assert len(calls) == 2
    (tmp_path / "shop" / "3.png").write_bytes(make_photo("pink"))
    load(Preprocess())
    assert len(calls) == 3
    (tmp_path / "shop" / "labels.txt").write_text("another file changes no pixel")
    load(Preprocess())
    assert len(calls) == 3
    assert len(stores(tmp_path / "cache")) == 3


@pytest.mark.parametrize("damage", ["short", "long", "no pixels", "no index", "nonsense", "other index"])
def test_a_damaged_store_is_made_again(tmp_path: Path, damage: str) -> None:
    listing = open_listing(shop(tmp_path))
    expected = load_pixels(listing, Preprocess(), cache=tmp_path / "cache").array.copy()
    (store,) = stores(tmp_path / "cache")
    pixels, index = store / "pixels.u8", store / "store.json"
    match damage:
        case "short":
            pixels.write_bytes(pixels.read_bytes()[:-1])
        case "long":
            pixels.write_bytes(pixels.read_bytes() + b"x")
        case "no pixels":
            pixels.unlink()
        case "no index":
            index.unlink()
        case "nonsense":
            index.write_text("{")
        case "other index":
            index.write_text(json.dumps({"photos": 7, "broken": [[0, "x"]]}))
    again = load_pixels(listing, Preprocess(), cache=tmp_path / "cache")
    assert (again.array == expected).all()
    assert again.skipped == ()


def test_writing_to_pixels_changes_nothing_on_disk(tmp_path: Path) -> None:
    listing = open_listing(shop(tmp_path))
    first = load_pixels(listing, Preprocess(), cache=tmp_path / "cache").array
    first[:] = 7
    assert (load_pixels(listing, Preprocess(), cache=tmp_path / "cache").array != first).any()


def test_where_the_cache_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODISTE_CACHE", str(tmp_path / "mine"))
    load_pixels(open_listing(shop(tmp_path)), Preprocess())
    assert len(stores(tmp_path / "mine")) == 1
    monkeypatch.delenv("MODISTE_CACHE")
    assert cache_folder().name == "modiste"


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="set MODISTE_CACHE to another folder"):
        load_pixels(open_listing(shop(tmp_path)), Preprocess(), cache=tmp_path / "file")


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    listing = open_listing(shop(tmp_path))
    with pytest.raises(KeyboardInterrupt):
        load_pixels(listing, Preprocess(), cache=tmp_path / "cache", progress=interrupt)
    assert stores(tmp_path / "cache") == []
    assert len(load_pixels(listing, Preprocess(), cache=tmp_path / "cache").ids) == 6


# Other processes -----------------------------------------------------------------------------------------

LOAD = """
import sys, time
from modiste.datasets import load_pixels, open_listing, pixels
from modiste.preprocessing import Preprocess

def progress(done, total):
    print(done, flush=True)
    time.sleep(float(sys.argv[3]))

store = load_pixels(open_listing(sys.argv[1]), Preprocess(), cache=sys.argv[2], progress=progress)
print("sum", int(store.array.sum(dtype="int64")), len(store.ids), flush=True)
"""


def other_process(source: Path, cache: Path, pause: float) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", LOAD, str(source), str(cache), str(pause)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def big_shop(tmp_path: Path) -> Path:
    """More photos than one batch holds, so that a process can be caught in the middle."""
    photos = {f"{row}.png": make_photo(COLOURS[row % 6], (6, 8)) for row in range(1100)}
    return make_zip(tmp_path / "big.zip", photos)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no kill -9")
def test_a_killed_process_leaves_no_half_store(tmp_path: Path) -> None:
    source, cache = big_shop(tmp_path), tmp_path / "cache"
    with other_process(source, cache, pause=60) as victim:
        assert victim.stdout is not None
        assert int(victim.stdout.readline()) < 1100
        victim.kill()
    assert [store.suffix for store in stores(cache)] == [".unfinished"]

    began = time.monotonic()
    store = load_pixels(open_listing(source), Preprocess(), cache=cache)
    assert time.monotonic() - began < 30  # the dead process's lock is gone with it
    assert len(store.ids) == 1100
    assert [store.suffix for store in stores(cache)] == [""]
    assert (stores(cache)[0] / "pixels.u8").stat().st_size == 1100 * 80 * 60 * 3


def test_two_processes_at_once(tmp_path: Path) -> None:
    source, cache = big_shop(tmp_path), tmp_path / "cache"
    with other_process(source, cache, pause=0.1) as one, other_process(source, cache, pause=0.1) as two:
        answers = [process.communicate(timeout=60)[0].splitlines() for process in (one, two)]
    expected = load_pixels(open_listing(source), Preprocess(), cache=cache)
    assert {answer[-1] for answer in answers} == {f"sum {expected.array.sum(dtype='int64')} 1100"}
    assert sorted(len(answer) > 1 for answer in answers) == [False, True]  # one decoded, the other waited
    assert len(stores(cache)) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/meminfo")
def test_a_store_may_be_larger_than_memory(tmp_path: Path) -> None:
    found = dict(line.split(":") for line in Path("/proc/meminfo").read_text("ascii").splitlines())
    memory = sum(int(found[name].split()[0]) * 1024 for name in ("MemTotal", "SwapTotal"))
    shape = (80, 60, 3)
    rows = memory // (80 * 60 * 3) + 100_000
    try:
        with (tmp_path / "pixels.u8").open("wb") as file:
            file.truncate(rows * 80 * 60 * 3)  # a hole: it takes no room on the disk
            file.seek(-1, 2)
            file.write(b"\x07")
    except OSError:
        pytest.skip("this file system has no files as large as memory with holes")
    (tmp_path / "store.json").write_text(json.dumps({"photos": rows, "broken": []}), "utf-8")
    opened = pixels._open(tmp_path, rows, shape)
    assert opened is not None
    array, _ = opened
    chosen = np.sort(np.random.default_rng(0).integers(0, rows, 256))
    assert not array[chosen[:-1]].any()
    assert array[-1, -1, -1, -1] == 7
    array[-1] = 9  # this process's copy
    assert (tmp_path / "pixels.u8").stat().st_size == rows * 80 * 60 * 3
    again = pixels._open(tmp_path, rows, shape)
    assert again is not None
    assert again[0][-1, -1, -1, -1] == 7
