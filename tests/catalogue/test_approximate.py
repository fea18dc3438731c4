"""The approximate index finds what comparing with every item finds, but for a measured few."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from modiste.catalogue import Catalogue, CatalogueItem, Snapshot, approximate, loading, snapshot, store
from modiste.catalogue.approximate import ApproximateIndex

pytest.importorskip("faiss", reason="the extra faiss is not installed")

DIMENSION = 16


def grouped(seed: int, n: int) -> NDArray[np.float32]:
    """Vectors of length 1 around 40 centres, as those of a shop are around its kinds of items."""
    centres = np.random.default_rng(0).standard_normal((40, DIMENSION))
    rng = np.random.default_rng(seed)
    vectors = centres[rng.integers(0, 40, n)] + 0.3 * rng.standard_normal((n, DIMENSION))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def shop(n: int = 4000, *, labels: tuple[str, ...] | None = None) -> Snapshot:
    ids = tuple(f"i{number}" for number in range(n))
    positions = np.arange(n) * 3 + 5  # with gaps, as removed items leave them
    return Snapshot(1, ids, ids, positions, grouped(1, n), labels)


@pytest.fixture(scope="module")
def indexed() -> Snapshot:
    plain = shop()
    return plain.with_index(ApproximateIndex.build(plain.vectors, plain.positions))


def recall(approximate: Snapshot, exact: Snapshot, **how: object) -> float:
    queries = grouped(2, 100)
    found = approximate.search(queries, 10, **how)  # type: ignore[arg-type]
    true = exact.search(queries, 10, **how)  # type: ignore[arg-type]
    pairs = zip(found.rows.tolist(), true.rows.tolist(), strict=True)
    return float(np.mean([len(set(a) & set(b)) / len(b) for a, b in pairs]))


def test_almost_all_neighbours_are_found_and_their_similarities_are_exact(indexed: Snapshot) -> None:
    assert indexed.index is not None
    assert indexed.index.recall >= 0.995
    assert recall(indexed, shop()) >= 0.98
    found = indexed.search(grouped(2, 20), 5)
    by_hand = np.einsum("qkd,qd->qk", indexed.vectors[found.rows], grouped(2, 20))
    assert found.similarities == pytest.approx(by_hand, abs=1e-6)
    assert (np.diff(found.similarities, axis=1) <= 0).all()


def test_it_is_built_alike_every_time(indexed: Snapshot) -> None:
    again = shop().with_index(ApproximateIndex.build(indexed.vectors, indexed.positions))
    queries = grouped(3, 30)
    assert np.array_equal(again.search(queries, 10).rows, indexed.search(queries, 10).rows)


def test_what_came_changed_or_went_since_is_in_step(indexed: Snapshot) -> None:
    vectors = grouped(4, 3)
    now = indexed.with_items(2, ["new", "i7", "i8"], ["N", "7", "8"], np.array([99_999, 26, 29]), vectors)
    now = now.without(3, {"i8", "i9"})
    assert now.fresh is not None
    assert now.fresh.tolist() == [26, 99_999]
    found = now.search(vectors, 1)
    assert [now.ids[row] for row in found.rows[:2, 0]] == ["new", "i7"]
    assert found.similarities[:2, 0] == pytest.approx([1, 1])
    old = now.search(indexed.vectors[[7, 9]], 3)  # where i7 was, and i9, which is gone
    assert not {"i7", "i9"} & {now.ids[row] for row in old.rows.ravel()}
    exact = Snapshot(3, now.ids, now.names, now.positions, now.vectors)
    assert recall(now, exact) >= 0.98
    # Who loads the table anew and puts the old index to it knows the same.
    loaded = exact.with_index(indexed.index)
    assert loaded.fresh is not None
    assert loaded.fresh.tolist() == now.fresh.tolist()


def test_when_all_near_items_are_gone_every_item_is_compared(indexed: Snapshot) -> None:
    query = indexed.vectors[:1]
    near = {indexed.ids[row] for row in shop().search(query, 300).rows[0]}
    left = indexed.without(2, near)
    found = left.search(query, 5)
    assert np.array_equal(found.rows, Snapshot(2, *_columns(left)).search(query, 5).rows)
    excluding = indexed.search(query, 5, exclude_ids=[near])
    assert not near & {indexed.ids[row] for row in excluding.rows[0]}
    assert (excluding.rows >= 0).all()


def _columns(
    now: Snapshot,
) -> tuple[tuple[str, ...], tuple[str, ...], NDArray[np.int64], NDArray[np.float32]]:
    return now.ids, now.names, now.positions, now.vectors


@pytest.mark.parametrize("every", [2, 20])
def test_filters_keep_recall(every: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "FEW", 100)
    labels = tuple(f'{{"kind": "{"rare" if number % every == 0 else "common"}"}}' for number in range(4000))
    exact = shop(labels=labels)
    approximate = exact.with_index(ApproximateIndex.build(exact.vectors, exact.positions))
    assert recall(approximate, exact, where={"kind": "rare"}) >= 0.98
    rows = approximate.search(grouped(2, 50), 10, where={"kind": "rare"}).rows
    assert (rows % every == 0).all()


def test_an_index_on_disk_is_the_same_and_a_damaged_one_is_none(indexed: Snapshot, tmp_path: Path) -> None:
    assert indexed.index is not None
    file = tmp_path / "search.index"
    assert ApproximateIndex.load(file, DIMENSION) is None
    indexed.index.save(file)
    loaded = ApproximateIndex.load(file, DIMENSION)
    assert loaded is not None
    assert (loaded.cells, loaded.recall) == (indexed.index.cells, indexed.index.recall)
    queries = grouped(3, 30)
    assert np.array_equal(
        shop().with_index(loaded).search(queries, 10).rows, indexed.search(queries, 10).rows
    )
    assert ApproximateIndex.load(file, DIMENSION + 1) is None
    whole = file.read_bytes()
    for harmed in (b"", whole[:-1], whole[:200], whole[:500] + b"?" + whole[501:], b"x" + whole[1:]):
        file.write_bytes(harmed)
        assert ApproximateIndex.load(file, DIMENSION) is None


def test_few_vectors_get_no_index() -> None:
    with pytest.raises(ValueError, match="at least 1000"):
        ApproximateIndex.build(grouped(1, 999), np.arange(999))


def test_a_catalogue_makes_keeps_and_outgrows_its_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def items(first: int, last: int) -> list[CatalogueItem]:
        return [CatalogueItem(str(n), "Shirt", b"", "image/jpeg") for n in range(first, last)]

    catalogue = Catalogue.create(tmp_path / "shop", model_id="m", dimension=DIMENSION)
    catalogue.add(items(0, 1500), grouped(1, 1500))
    assert not catalogue.build_index()  # exact is quick enough
    assert catalogue.build_index(always=True)
    assert not catalogue.build_index(always=True)  # it knows everything
    other = Catalogue.open(tmp_path / "shop")
    assert other.snapshot.index is not None
    new = grouped(2, 100)
    catalogue.add(items(1500, 1600), new)
    assert other.refresh()
    assert other.snapshot.fresh is not None
    assert len(other.snapshot.fresh) == 100
    assert other.search(new[:1], 1).similarities[0, 0] == pytest.approx(1)
    monkeypatch.setattr(store, "EXACT_UP_TO", 1000)
    assert catalogue.build_index()
    assert catalogue.snapshot.index is not None
    assert len(catalogue.snapshot.index) == 1600
    monkeypatch.setattr(loading, "available", lambda: False)
    assert Catalogue.open(tmp_path / "shop").snapshot.index is None
    assert not catalogue.build_index(always=True)


def test_the_measure_is_the_tenth_nearest_other_whatever_the_portions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vectors, asked = grouped(1, 700), np.array([0, 5, 399, 699])
    similarities = np.sort(vectors[asked] @ vectors.T, axis=1)
    monkeypatch.setattr(approximate, "_ROWS_AT_ONCE", 200)
    assert approximate._tenth_best(vectors, asked) == pytest.approx(similarities[:, -11], abs=1e-6)
