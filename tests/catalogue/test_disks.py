"""A disk that is full or must not be written to: every write says so, and nothing that was there is lost."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.catalogue.damaged import unit

from modiste.catalogue import Catalogue, CatalogueItem, NamedTypes, export, store
from modiste.errors import ModisteError
from modiste.recommendation import Feedback, Verdict


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 6 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place)], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the right to mount a file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path) -> None:
    with (place / "ballast").open("wb", buffering=0) as ballast:
        for size in (65_536, 4096):
            try:
                while True:
                    ballast.write(bytes(size))
            except OSError:
                continue


def no_more_writing(place: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)


def item(id: str, photo: bytes = b"photo") -> CatalogueItem:
    return CatalogueItem(id, f"Name of {id}", photo, "image/png")


@pytest.mark.parametrize("trouble", [fill, no_more_writing])
def test_every_write_is_refused_in_one_line_and_all_is_still_there(
    disk: Path, trouble: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "EXACT_UP_TO", 1000)
    monkeypatch.setattr(store, "FILES_BEFORE_COMPACTION", 1)
    shop = disk / "shop"
    catalogue = Catalogue.create(shop, model_id="m", dimension=8)
    catalogue.add([item(str(k)) for k in range(1000)], unit(0, 1000))
    catalogue.add([item("last", bytes(5000))], unit(1, 1))
    types, feedback = NamedTypes(shop, "m", 8), Feedback(shop / "feedback.jsonl", "m")
    types.put("Poncho", unit(2, 1), ["a"])
    feedback.add(Verdict("1", False))
    before, vectors = catalogue.ids, catalogue.vectors.copy()
    trouble(disk)

    writes: dict[str, Callable[[], object]] = {
        "add": lambda: catalogue.add([item("new", bytes(100_000))], unit(3, 1)),
        "replace": lambda: catalogue.add([item("7", bytes(100_000))], unit(3, 1)),
        "remove": lambda: catalogue.remove(["7", "8"]),
        "compact": catalogue.compact,
        "undo": catalogue.undo,
        "index": catalogue.build_index,
        "re-embed": lambda: catalogue.switch_over("m-2", dict(zip(before, unit(4, 1001), strict=True))),
        "text index": lambda: catalogue.search_text("name", 1),
        "create": lambda: Catalogue.create(disk / "other", model_id="m", dimension=8),
        "export": lambda: export(catalogue, disk / "shop.parquet"),
        "name a type": lambda: types.put("Cape", unit(5, 20), ["b" * 100] * 20),
        "judge": lambda: feedback.add(Verdict("2" * 5000, False)),
    }
    for name, write in writes.items():
        with pytest.raises((ModisteError, OSError)) as error:
            write()
        assert "\n" not in str(error.value), name
        assert isinstance(error.value, ModisteError) or name in ("judge", "export"), (name, error.value)
    leftovers = [path.name for path in disk.rglob("*") if "unfinished" in path.name]
    assert leftovers == []
    for opened in (catalogue, Catalogue.open(shop, "m")):
        assert opened.ids == before
        assert np.array_equal(opened.vectors, vectors)
        assert opened.photo("last")[0] == bytes(5000)
        assert opened.search(unit(1, 1), 1).rows.tolist() == [[1000]]
    assert list(NamedTypes(shop, "m", 8).all()) == ["Poncho"]
    assert Feedback(shop / "feedback.jsonl", "m").quality().wrong == 1

    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    (disk / "ballast").unlink(missing_ok=True)
    for name, write in writes.items():
        if name not in ("re-embed", "undo"):
            write()
    assert {"new", "last"} <= set(Catalogue.open(shop, "m").ids)
    assert list(NamedTypes(shop, "m", 8).all()) == ["Poncho", "Cape"]
    assert Feedback(shop / "feedback.jsonl", "m").quality().wrong == 2
