"""The mapped copy of the vectors is used for the state it is of, and for no other."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from modiste.catalogue import Catalogue, CatalogueItem
from modiste.catalogue.kept_vectors import keep_vectors, kept_vectors, state_key
from modiste.catalogue.loading import INDEX, VECTORS

KEY = b"k" * 32


def unit(n: int, seed: int = 0) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).standard_normal((n, 8))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def items(first: int, last: int) -> list[CatalogueItem]:
    return [CatalogueItem(str(n), "Shirt", b"", "image/jpeg") for n in range(first, last)]


@pytest.fixture
def shop(tmp_path: Path) -> Catalogue:
    pytest.importorskip("faiss", reason="the extra faiss is not installed")
    catalogue = Catalogue.create(tmp_path / "shop", model_id="m", dimension=8)
    catalogue.add(items(0, 1200), unit(1200))
    assert catalogue.build_index(always=True)
    return catalogue


def mapped(catalogue: Catalogue) -> bool:
    memory = catalogue.vectors
    while isinstance(memory.base, np.ndarray):
        memory = memory.base
    return isinstance(getattr(memory.base, "obj", None), mmap.mmap)


def test_what_is_no_copy_of_this_state_is_not_used(tmp_path: Path) -> None:
    file = tmp_path / "vectors"
    assert kept_vectors(file, KEY, 8) is None
    assert keep_vectors(file, KEY, unit(5))
    assert kept_vectors(file, b"l" * 32, 8) is None
    assert kept_vectors(file, b"", 8) is None
    os.truncate(file, file.stat().st_size - 1)
    assert kept_vectors(file, KEY, 8) is None
    assert not keep_vectors(tmp_path / "no such folder" / "vectors", KEY, unit(5))
    assert not keep_vectors(file, b"", unit(5))
    assert state_key(tmp_path, 1) == b""


def test_a_catalogue_with_an_index_maps_its_vectors(shop: Catalogue) -> None:
    assert mapped(shop)
    assert not shop.vectors.flags.writeable
    again = Catalogue.open(shop.folder)
    assert mapped(again)
    assert np.array_equal(again.vectors, unit(1200))
    assert again.snapshot.fresh is not None
    assert len(again.snapshot.fresh) == 0


def test_what_came_since_is_there_and_the_copy_is_renewed(shop: Catalogue) -> None:
    before = shop.snapshot
    shop.add(items(1200, 1203), unit(3, seed=1))
    assert mapped(shop)  # there is room behind the others, in memory alone
    assert np.array_equal(Catalogue.open(shop.folder).vectors, np.concatenate([unit(1200), unit(3, seed=1)]))
    shop.add(items(7, 8), unit(1, seed=2))
    shop.remove(["9"])
    assert np.array_equal(before.vectors, unit(1200))
    for _ in range(2):  # the copy is made by the first, and there for the second
        again = Catalogue.open(shop.folder)
        assert mapped(again)
        assert again.ids == shop.ids
        assert np.array_equal(again.vectors, shop.vectors)
        assert again.snapshot.fresh is not None
        assert len(again.snapshot.fresh) == 4
    found = again.search(unit(1, seed=2), 1)
    assert again.ids[found.rows[0, 0]] == "7"


def test_another_table_of_the_same_version_is_another_state(shop: Catalogue, tmp_path: Path) -> None:
    other = Catalogue.create(tmp_path / "other", model_id="m", dimension=8)
    other.add(items(0, 1200), unit(1200, seed=5))
    assert other.version == Catalogue.open(shop.folder).version
    for name in (INDEX, VECTORS):
        (other.folder / name).write_bytes((shop.folder / name).read_bytes())
    again = Catalogue.open(other.folder)
    assert np.array_equal(again.vectors, unit(1200, seed=5))
    assert again.search(unit(1, seed=5), 1).similarities[0, 0] == pytest.approx(1)


def test_without_the_copy_everything_is_as_before(shop: Catalogue) -> None:
    whole = (shop.folder / VECTORS).read_bytes()
    shop.add(items(1200, 1201), unit(1, seed=1))
    assert (shop.folder / VECTORS).read_bytes() == whole  # memory alone was written to
    assert shop.remove(["1200"])
    (shop.folder / VECTORS).write_bytes(b"harmed")
    assert np.array_equal(Catalogue.open(shop.folder).vectors, unit(1200))


def test_what_killed_writers_left_is_swept_away(tmp_path: Path) -> None:
    old, young = (tmp_path / f".search.vectors.{pid}.unfinished" for pid in (1, 2))
    for left in (old, young):
        left.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert keep_vectors(tmp_path / "search.vectors", b"k" * 32, np.eye(2, dtype=np.float32))
    assert sorted(path.name for path in tmp_path.iterdir()) == [young.name, "search.vectors"]
