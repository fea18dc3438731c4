"""Indexing: only what is new or changed is worked on, what is bad is named, what is done stays done."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from modiste.catalogue import Catalogue, index, indexing
from modiste.datasets import FolderSource, Listing, Skipped
from modiste.embedding import Encoder, embed_photo
from modiste.errors import CatalogueError, ModelMismatch
from modiste.preprocessing import Preprocess

Draw = Callable[..., bytes]


def listing(folder: Path, photos: dict[str, bytes], **labels: str) -> Listing:
    """Photos written to a folder, and the listing of them: id ``a`` is the photo ``a.png`` named "Item a"."""
    folder.mkdir(exist_ok=True)
    for id, photo in photos.items():
        (folder / f"{id}.png").write_bytes(photo)
    table = pd.DataFrame({"id": list(photos)})
    table["photo"] = table["id"] + ".png"
    table["name"] = "Item " + table["id"]
    return Listing(FolderSource(folder), table.assign(**labels))


def drawn(draw_photo: Draw, count: int) -> dict[str, bytes]:
    return {f"p{number}": draw_photo(number) for number in range(count)}


def test_photos_become_items_in_the_listings_order(
    tmp_path: Path, encoder: Encoder, draw_photo: Draw
) -> None:
    photos = drawn(draw_photo, 70)  # more than a portion, no multiple of one
    found = listing(tmp_path / "in", photos, articleType="Shirts", season="")
    report = index(found, tmp_path / "shop", encoder)
    assert (report.added, report.updated, report.unchanged, report.skipped) == (70, 0, 0, ())
    assert report.seconds > 0
    catalogue = Catalogue.open(tmp_path / "shop", encoder.id)
    assert catalogue.ids == tuple(photos)
    item = catalogue.get("p7")
    assert (item.name, item.path, item.photo) == ("Item p7", "p7.png", photos["p7"])
    assert item.labels == {"articleType": "Shirts"}  # an empty label says nothing
    for row, photo in enumerate(photos.values()):
        assert catalogue.vectors[row] == pytest.approx(embed_photo(encoder, photo)[0], abs=1e-6)


def test_a_second_run_works_only_on_what_has_changed(
    tmp_path: Path, make_encoder: Callable[..., Any], draw_photo: Draw
) -> None:
    class Counting(make_encoder):  # type: ignore[misc, valid-type]
        def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
            seen.append(len(pixels))
            vectors: NDArray[np.float32] = super().embed(pixels)
            return vectors

    seen: list[int] = []
    photos = drawn(draw_photo, 6)
    index(listing(tmp_path / "in", photos, gender="Men"), tmp_path / "shop", Counting())
    version = Catalogue.open(tmp_path / "shop").version
    seen.clear()

    report = index(listing(tmp_path / "in", photos, gender="Men"), tmp_path / "shop", Counting())
    assert (report.added, report.updated, report.unchanged) == (0, 0, 6)
    assert (seen, Catalogue.open(tmp_path / "shop").version) == ([], version)

    photos |= {"p2": draw_photo(99), "new": draw_photo(98)}
    report = index(listing(tmp_path / "in", photos, gender="Men"), tmp_path / "shop", Counting())
    assert (report.added, report.updated, report.unchanged, seen) == (1, 1, 5, [2])

    report = index(listing(tmp_path / "in", photos, gender="Women"), tmp_path / "shop", Counting())
    assert (report.added, report.updated, report.unchanged) == (0, 7, 0)
    catalogue = Catalogue.open(tmp_path / "shop")
    assert catalogue.ids == tuple(photos)
    assert catalogue.photo("p2")[0] == draw_photo(99)
    assert catalogue.get("p0").labels == {"gender": "Women"}


def test_items_that_are_no_longer_listed_stay(tmp_path: Path, encoder: Encoder, draw_photo: Draw) -> None:
    photos = drawn(draw_photo, 4)
    index(listing(tmp_path / "in", photos), tmp_path / "shop", encoder)
    index(listing(tmp_path / "in", {"p9": draw_photo(9)}), tmp_path / "shop", encoder)
    assert Catalogue.open(tmp_path / "shop").ids == (*photos, "p9")


def test_bad_photos_are_skipped_and_named(tmp_path: Path, encoder: Encoder, draw_photo: Draw) -> None:
    photos = drawn(draw_photo, 3)
    photos |= {"empty": b"", "text": b"not a photo at all", "cut": draw_photo(5, 300, 300)[:-200]}
    found = listing(tmp_path / "in", photos)
    (tmp_path / "in" / "p0.png").unlink()
    earlier = Skipped("7", "row without a photo")
    report = index(Listing(found.source, found.table, (earlier,)), tmp_path / "shop", encoder)
    assert report.added == 2
    assert report.skipped[0] == earlier
    assert [skipped.name for skipped in report.skipped[1:]] == ["p0.png", "empty.png", "text.png", "cut.png"]
    assert all(skipped.detail for skipped in report.skipped[1:])
    assert report.as_dict()["skipped"][1]["name"] == "p0.png"
    assert Catalogue.open(tmp_path / "shop").ids == ("p1", "p2")


def test_photos_of_all_sizes_and_bad_ones_between_them_keep_their_vectors(
    tmp_path: Path, encoder: Encoder, draw_photo: Draw
) -> None:
    sizes = [(60, 80), (90, 120), (40, 40), (400, 300), (90, 120), (60, 80), (40, 40)]
    photos = {f"p{number}": draw_photo(number, *size) for number, size in enumerate(sizes * 7)}
    photos |= {"p3": b"", "p20": b"not a photo", "p33": photos["p33"][:-99]}  # in both portions
    found = listing(tmp_path / "in", photos)
    report = index(found, tmp_path / "shop", encoder)
    assert [skipped.name for skipped in report.skipped] == ["p3.png", "p20.png", "p33.png"]
    catalogue = Catalogue.open(tmp_path / "shop")
    assert catalogue.ids == tuple(id for id in photos if id not in ("p3", "p20", "p33"))
    for id, vector in zip(catalogue.ids, catalogue.vectors, strict=True):
        assert catalogue.photo(id)[0] == photos[id]
        assert vector == pytest.approx(embed_photo(encoder, photos[id])[0], abs=1e-6)


def test_a_photo_gone_bad_leaves_the_item_as_it_was(
    tmp_path: Path, encoder: Encoder, draw_photo: Draw
) -> None:
    photos = drawn(draw_photo, 3)
    index(listing(tmp_path / "in", photos), tmp_path / "shop", encoder)
    report = index(listing(tmp_path / "in", photos | {"p1": b"broken"}), tmp_path / "shop", encoder)
    assert (report.unchanged, len(report.skipped)) == (2, 1)
    assert Catalogue.open(tmp_path / "shop").photo("p1")[0] == photos["p1"]


def test_names_that_are_no_text_are_skipped(tmp_path: Path, encoder: Encoder, draw_photo: Draw) -> None:
    found = listing(tmp_path / "in", drawn(draw_photo, 2))
    found.table["name"] = pd.Series(["\udcff", "Fine"], dtype=object)  # Python's idea of a name not in UTF-8
    report = index(found, tmp_path / "shop", encoder)
    assert (report.added, [skipped.name for skipped in report.skipped]) == (1, ["p0.png"])


def test_progress_comes_to_its_end(tmp_path: Path, encoder: Encoder, draw_photo: Draw) -> None:
    calls = []
    index(
        listing(tmp_path / "in", drawn(draw_photo, 40)),
        tmp_path / "shop",
        encoder,
        progress=lambda done, total, what: calls.append((done, total, what)),
    )
    assert calls[-1] == (40, 40, "indexing photos")
    assert [done for done, _, _ in calls] == sorted(done for done, _, _ in calls)


def test_another_models_catalogue_is_not_touched(
    tmp_path: Path, make_encoder: Callable[..., Encoder], draw_photo: Draw
) -> None:
    found = listing(tmp_path / "in", drawn(draw_photo, 2))
    index(found, tmp_path / "shop", make_encoder(id="one"))
    with pytest.raises(ModelMismatch, match=r"made by model one.*is other.*--model"):
        index(found, tmp_path / "shop", make_encoder(id="other"))
    with pytest.raises(CatalogueError, match="not a catalogue"):
        index(found, tmp_path / "in", make_encoder(id="one"))


def test_an_interrupted_run_keeps_what_it_had_done_and_the_next_goes_on(
    tmp_path: Path, make_encoder: Callable[..., Any], draw_photo: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(make_encoder):  # type: ignore[misc, valid-type]
        def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
            batches.append(len(pixels))
            if len(batches) == 6:
                raise KeyboardInterrupt
            vectors: NDArray[np.float32] = super().embed(pixels)
            return vectors

    batches: list[int] = []
    monkeypatch.setattr(indexing, "COMMIT_ROWS", 20)
    found = listing(tmp_path / "in", drawn(draw_photo, 80))
    with pytest.raises(KeyboardInterrupt):
        index(found, tmp_path / "shop", Interrupted(), batch=10)
    assert Catalogue.open(tmp_path / "shop").ids == tuple(found.ids[:40])
    report = index(found, tmp_path / "shop", make_encoder(), batch=10)
    assert (report.added, report.unchanged) == (40, 40)
    assert Catalogue.open(tmp_path / "shop").ids == tuple(found.ids)


@pytest.mark.parametrize("limit", ["COMMIT_BYTES", "COMMIT_SECONDS"])
def test_many_bytes_or_much_time_are_a_reason_to_commit(
    limit: str, tmp_path: Path, encoder: Encoder, draw_photo: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, limit, 0)
    index(listing(tmp_path / "in", drawn(draw_photo, 12)), tmp_path / "shop", encoder, batch=4)
    assert Catalogue.open(tmp_path / "shop").version == 4  # made, and three commits


class Mean:
    """The mean colour as a vector: an encoder small enough to be sent to another process as text."""

    id, dimension, preprocess = "mean", 3, Preprocess()

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        vectors = pixels.mean(axis=(1, 2)) + 1
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


INDEX_SLOWLY = f"""
from __future__ import annotations
import sys
import numpy as np
from modiste.catalogue import index, indexing
from modiste.datasets import open_listing
from modiste.preprocessing import Preprocess

{inspect.getsource(Mean)}

indexing.COMMIT_ROWS = 8
listing = open_listing(sys.argv[1])
index(listing, sys.argv[2], Mean(), batch=4, progress=lambda *what: print(*what, flush=True))
"""


@pytest.mark.slow
def test_killed_runs_leave_a_catalogue_that_the_next_run_completes(tmp_path: Path, draw_photo: Draw) -> None:
    found = listing(tmp_path / "in", drawn(draw_photo, 400))
    command = [sys.executable, "-c", INDEX_SLOWLY, str(tmp_path / "in"), str(tmp_path / "shop")]
    kept = 0
    for lines in (2, 3):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(lines):
                said = process.stdout.readline()
            process.kill()
        done = int(said.split()[0])
        catalogue = Catalogue.open(tmp_path / "shop", "mean")
        assert done - 8 - 4 <= len(catalogue)  # all but the last, incomplete portion
        assert kept <= len(catalogue)
        kept = len(catalogue)
    report = index(found, tmp_path / "shop", Mean())
    catalogue = Catalogue.open(tmp_path / "shop")
    assert (len(catalogue), report.added + report.updated + report.unchanged) == (400, 400)
    assert report.added == 400 - kept
    assert set(catalogue.ids) == set(found.ids)
