"""A map is kept, grows with its catalogue, and is drawn again when it no longer fits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from modiste.catalogue import Catalogue, CatalogueItem
from modiste.catalogue import map as mapped
from modiste.catalogue.map import FILE, CatalogueMap, label_columns, map_catalogue


def some_vectors(n: int, seed: int = 0) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).standard_normal((n, 8)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def some_items(first: int, n: int) -> list[CatalogueItem]:
    return [CatalogueItem(str(first + i), f"Item {first + i}", b"photo", "image/jpeg") for i in range(n)]


@pytest.fixture
def shop(tmp_path: Path) -> Catalogue:
    shop = Catalogue.create(tmp_path / "shop", model_id="m-1", dimension=8)
    shop.add(some_items(0, 100), some_vectors(100))
    return shop


@pytest.fixture
def drawings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many items were laid out, each time that happened."""
    seen: list[int] = []
    layout = mapped.layout

    def counted(vectors: NDArray[np.float32], *rest: object) -> NDArray[np.float32]:
        seen.append(len(vectors))
        return layout(vectors, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(mapped, "layout", counted)
    return seen


def test_a_map_is_drawn_once(shop: Catalogue, drawings: list[int]) -> None:
    first = map_catalogue(shop)
    again = map_catalogue(Catalogue.open(shop.folder))
    assert drawings == [100]
    assert np.array_equal(first.points, again.points)
    assert (first.model_id, first.version, first.placed) == ("m-1", shop.version, 0)
    assert first.kept == again.kept
    assert first.kept is not None


def test_another_seed_is_another_map(shop: Catalogue, drawings: list[int]) -> None:
    assert map_catalogue(shop, seed=0).seed == 0
    assert map_catalogue(shop, seed=1).seed == 1
    assert drawings == [100, 100]


def test_who_was_there_stays_in_place(shop: Catalogue, drawings: list[int]) -> None:
    before = map_catalogue(shop)
    shop.add(some_items(100, 5), some_vectors(5, seed=1))
    shop.remove(["7"])
    after = map_catalogue(shop)
    assert drawings == [100]
    assert len(after) == 104
    assert after.placed == 5
    assert np.array_equal(after.points[:99], np.delete(before.points, 7, axis=0))


def test_a_changed_photo_moves(shop: Catalogue, drawings: list[int]) -> None:
    before = map_catalogue(shop)
    shop.add(some_items(3, 1), some_vectors(1, seed=5))
    after = map_catalogue(shop)
    assert drawings == [100]
    assert after.placed == 1
    moved = np.flatnonzero((before.points != after.points).any(axis=1))
    assert moved.tolist() == [3]


def test_many_newcomers_draw_it_again(shop: Catalogue, drawings: list[int]) -> None:
    map_catalogue(shop)
    for first in (100, 106):  # too many only together
        shop.add(some_items(first, 6), some_vectors(6, seed=first))
        drawn = map_catalogue(shop)
    assert drawings == [100, 112]
    assert drawn.placed == 0


@pytest.mark.parametrize("damage", [b"", b"no archive", b"PK\x03\x04 torn"])
def test_a_damaged_map_is_drawn_again(shop: Catalogue, drawings: list[int], damage: bytes) -> None:
    map_catalogue(shop)
    (shop.folder / FILE).write_bytes(damage)
    assert CatalogueMap.load(shop.folder / FILE) is None
    map_catalogue(shop)
    assert drawings == [100, 100]
    assert CatalogueMap.load(shop.folder / FILE) is not None


def test_a_torn_map_is_none(shop: Catalogue) -> None:
    map_catalogue(shop)
    content = (shop.folder / FILE).read_bytes()
    for end in (len(content) // 3, len(content) - 1):
        (shop.folder / FILE).write_bytes(content[:end])
        assert CatalogueMap.load(shop.folder / FILE) is None


def test_a_map_that_cannot_be_kept_is_still_drawn(
    shop: Catalogue, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(CatalogueMap, "save", full)
    assert len(map_catalogue(shop)) == 100
    assert "not kept" in caplog.text


def test_an_empty_catalogue_has_an_empty_map(tmp_path: Path) -> None:
    shop = Catalogue.create(tmp_path / "shop", model_id="m-1", dimension=8)
    drawn = map_catalogue(shop)
    assert drawn.points.shape == (0, 2)
    assert drawn.kept is None


def test_columns_are_lists_or_scales() -> None:
    texts = [f'{{"gender": "{"Men" if i % 3 else "Women"}", "price": "{i}.50"}}' for i in range(20)]
    gender, price = label_columns([*texts, "{}"])
    assert (gender.kind, gender.values) == ("list", ["Men", "Women"])
    assert (price.kind, price.values[:2]) == ("scale", [0.5, 1.5])
    assert gender.codes.tolist() == [0 if i % 3 else 1 for i in range(20)] + [-1]
    assert price.codes.tolist() == [*range(20), -1]


def test_few_numbers_are_a_list_and_words_among_numbers_too() -> None:
    (size,) = label_columns(['{"size": "38"}', '{"size": "40"}'])
    assert size.kind == "list"
    (mixed,) = label_columns([f'{{"x": "{value}"}}' for value in [*range(30), "one size", "nan"]])
    assert mixed.kind == "list"


def test_no_items_have_no_columns() -> None:
    assert label_columns([]) == []


def test_several_photos_at_once(shop: Catalogue) -> None:
    shop.add([CatalogueItem("7", "Item 7", b"another", "image/jpeg")], some_vectors(1, seed=2))
    assert shop.photos(["7", "3", "nobody"]) == {"7": b"another", "3": b"photo"}
    assert shop.photos([]) == {}
