"""Going back, searching by name, finding the same photo twice, and moving to a file or another model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from modiste.catalogue import Catalogue, CatalogueItem
from modiste.catalogue.exchange import export, import_items, reembed
from modiste.embedding import Encoder, embed_photo
from modiste.errors import CatalogueError, ModelMismatch

NAMES = ["Navy blue shirt", "Red dress", "Blue shirts, striped", "Leather boots"]


def unit(seed: int, n: int, dimension: int = 8) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).standard_normal((n, dimension))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def items(names: list[str], **labels: str) -> list[CatalogueItem]:
    return [
        CatalogueItem(f"i{n}", name, b"photo", "image/jpeg", labels=labels, content_hash=str(n))
        for n, name in enumerate(names)
    ]


@pytest.fixture
def shop(tmp_path: Path) -> Catalogue:
    catalogue = Catalogue.create(tmp_path / "shop", model_id="m", dimension=8)
    catalogue.add(items(NAMES, gender="Men"), unit(0, 4))
    return catalogue


def test_undo_goes_back_over_changes_and_forward_again(shop: Catalogue, tmp_path: Path) -> None:
    full, vectors = shop.ids, shop.vectors.copy()
    shop.remove(["i1"])
    shop.search_text("shirt", 1)  # makes an index: a version in which no item changed
    was = shop.undo()
    assert was.items == 4
    for catalogue in (shop, Catalogue.open(tmp_path / "shop")):
        assert catalogue.ids == full
        assert np.array_equal(catalogue.vectors, vectors)
        assert catalogue.photo("i1")[0] == b"photo"
    shop.undo()
    assert shop.ids == ("i0", "i2", "i3")
    numbers = [state.number for state in shop.history()]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] == shop.version
    empty = next(state for state in shop.history() if not state.items)
    shop.undo(to=empty.number)
    assert shop.ids == ()
    with pytest.raises(CatalogueError, match="no version 999; there are 1, 2"):
        shop.undo(to=999)


def test_nothing_to_undo_is_said(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="nothing to undo"):
        Catalogue.create(tmp_path / "shop", model_id="m", dimension=8).undo()


def test_text_finds_names_by_their_words(shop: Catalogue) -> None:
    assert {id for id, _ in shop.search_text("blue SHIRT", 5)} == {"i0", "i2"}
    assert shop.search_text("  ", 5) == []
    assert shop.search_text("umbrella", 5) == []
    assert shop.search_text("name:* AND (", 5) == []  # words, not a query language
    shop.add(
        [CatalogueItem("new", "Green umbrella", b"", "image/jpeg", labels={"gender": "Women"})], unit(1, 1)
    )
    assert [id for id, _ in shop.search_text("umbrellas", 5)] == ["new"]
    shop.remove(["i0"])
    assert [id for id, _ in shop.search_text("shirt", 5)] == ["i2"]
    assert shop.search_text("shirt", 5, where={"gender": "Women"}) == []
    assert len(shop.search_text("shirt boots dress", 2, where={"gender": "Men"})) == 2


def test_text_and_photo_together(shop: Catalogue) -> None:
    found = shop.search_hybrid("leather boots", shop.vectors[1], 4)
    assert {id for id, _ in found[:2]} == {"i3", "i1"}  # by name, and by look
    assert len(found) == 4


def test_more_like_an_item_leaves_it_out(shop: Catalogue) -> None:
    found = shop.more_like("i0", 10)
    assert sorted(id for id, _ in found) == ["i1", "i2", "i3"]
    assert [similarity for _, similarity in found] == sorted((s for _, s in found), reverse=True)
    with pytest.raises(CatalogueError, match="no item 'x'"):
        shop.more_like("x", 3)


def test_duplicates_are_the_same_file_or_look_the_same(shop: Catalogue) -> None:
    assert shop.duplicates() == []
    copy = CatalogueItem("copy", "Copy", b"photo", "image/jpeg", content_hash="0")
    alike = CatalogueItem("alike", "Alike", b"other", "image/jpeg", content_hash="77")
    shop.add([copy, alike], np.stack([unit(9, 1)[0], shop.vectors[1]]))
    assert sorted(shop.duplicates()) == [("i0", "copy"), ("i1", "alike")]
    with pytest.raises(ValueError, match="similarity"):
        shop.duplicates(0)


def test_export_and_import_keep_everything(shop: Catalogue, tmp_path: Path) -> None:
    assert export(shop, tmp_path / "shop.parquet") == 4
    assert import_items(tmp_path / "shop.parquet", tmp_path / "again") == 4
    again = Catalogue.open(tmp_path / "again", "m")
    assert again.ids == shop.ids
    assert np.array_equal(again.vectors, shop.vectors)
    assert [again.get(id) for id in again.ids] == [shop.get(id) for id in shop.ids]
    other = Catalogue.create(tmp_path / "other", model_id="other", dimension=8)
    with pytest.raises(ModelMismatch):
        import_items(tmp_path / "shop.parquet", other.folder)
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(CatalogueError, match="not an exported catalogue"):
        import_items(tmp_path / "bad.parquet", tmp_path / "new")
    assert not list(tmp_path.glob(".*.unfinished"))


def photos(folder: Path, encoder: Encoder, draw_photo: Callable[..., bytes]) -> Catalogue:
    catalogue = Catalogue.create(folder, model_id=encoder.id, dimension=encoder.dimension)
    drawn = [CatalogueItem(str(n), f"Item {n}", draw_photo(n), "image/png") for n in range(10)]
    catalogue.add(drawn, np.concatenate([embed_photo(encoder, item.photo) for item in drawn]))
    return catalogue


def test_reembedding_switches_to_the_other_model_and_back(
    tmp_path: Path, make_encoder: Callable[..., Encoder], draw_photo: Callable[..., bytes]
) -> None:
    old, new = make_encoder(id="old"), make_encoder(id="new", dimension=16)
    catalogue = photos(tmp_path / "shop", old, draw_photo)
    catalogue.remove(["4"])
    bystander = Catalogue.open(tmp_path / "shop")
    before = catalogue.vectors.copy()
    assert reembed(catalogue, new, batch=4) == (9, 0)
    for copy in (catalogue, Catalogue.open(tmp_path / "shop", "new")):
        assert (copy.model_id, copy.dimension, copy.ids) == ("new", 16, bystander.ids)
        assert copy.vectors[3] == pytest.approx(embed_photo(new, draw_photo(3))[0], abs=1e-6)
        assert copy.photo("5")[0] == draw_photo(5)
    assert not (tmp_path / "shop" / "next").exists()
    with pytest.raises(ModelMismatch, match="replaced by one of model new"):
        bystander.refresh()
    assert bystander.photo("5")[0] == draw_photo(5)  # what it had still serves
    with pytest.raises(ModelMismatch, match="already"):
        reembed(catalogue, new)
    catalogue.undo()
    assert (catalogue.model_id, catalogue.dimension) == ("old", 32)
    assert np.array_equal(catalogue.vectors, before)


def test_an_interrupted_reembedding_goes_on_and_changes_nothing_before_its_end(
    tmp_path: Path,
    make_encoder: Callable[..., Encoder],
    draw_photo: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("modiste.catalogue.exchange._COMMIT_PHOTOS", 4)
    catalogue = photos(tmp_path / "shop", make_encoder(id="old"), draw_photo)

    class Interrupted(make_encoder):  # type: ignore[misc, valid-type]
        def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
            if len(pixels) < 4:
                raise KeyboardInterrupt
            vectors: NDArray[np.float32] = super().embed(pixels)
            return vectors

    with pytest.raises(KeyboardInterrupt):
        reembed(catalogue, Interrupted(id="new"), batch=4)
    assert Catalogue.open(tmp_path / "shop").model_id == "old"
    assert reembed(catalogue, make_encoder(id="new"), batch=4) == (2, 8)
    assert Catalogue.open(tmp_path / "shop").model_id == "new"
