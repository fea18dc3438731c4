from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from modiste.catalogue import Catalogue, CatalogueItem, TypeRecogniser
from modiste.errors import (
    CatalogueError,
    ModelMismatch,
    NothingToRecognise,
    PhotoError,
    TypeNameError,
)
from modiste.preprocessing import Preprocess


class Colours:
    """Embeds a photo as the direction of its mean colour."""

    id = "colours-000000000000"
    dimension = 3
    preprocess = Preprocess()

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        means = pixels.reshape(len(pixels), -1, 3).mean(axis=1) + 1.0
        return (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)


def photo(red: int, green: int, blue: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (60, 80), (red, green, blue)).save(file, "PNG")
    return file.getvalue()


def add(shop: Catalogue, labels: list[dict[str, str]], colours: list[tuple[int, int, int]]) -> None:
    encoder, start = Colours(), len(shop)
    photos = [photo(*colour) for colour in colours]
    pixels = np.stack([np.full((8, 6, 3), colour, np.uint8) for colour in colours])
    items = [
        CatalogueItem.from_photo(str(start + at), "an item", data, labels=labels[at])
        for at, data in enumerate(photos)
    ]
    shop.add(items, encoder.embed(pixels))


@pytest.fixture
def shop(tmp_path: Path) -> Catalogue:
    """Forty reddish shirts and ten greenish bags, in two levels; a bluish thing nobody has labelled."""
    made = Catalogue.create(tmp_path / "shop", model_id=Colours.id, dimension=3)
    rng = np.random.default_rng(0)
    shirts = [(200 + int(r), 30 + int(g), 40) for r, g in rng.integers(0, 20, (40, 2))]
    bags = [(30 + int(r), 200 + int(g), 40) for r, g in rng.integers(0, 20, (10, 2))]
    labels = [{"articleType": "Shirts", "gender": "Men"}] * 40 + [{"articleType": "Bags"}] * 10 + [{}]
    add(made, labels, [*shirts, *bags, (30, 30, 200)])
    return made


def test_items_are_the_support_set(shop: Catalogue) -> None:
    recogniser = TypeRecogniser(Colours(), shop)
    assert [(each.name, each.photos, each.kind) for each in recogniser.types()] == [
        ("Shirts", 40, "catalogue"),
        ("Bags", 10, "catalogue"),
    ]
    best, second = recogniser.recognise(photo(210, 45, 40))
    assert (best.name, best.kind, second.name) == ("Shirts", "catalogue", "Bags")
    assert best.probability > 0.9
    assert best.probability + second.probability == pytest.approx(1)
    assert recogniser.recognise(photo(35, 210, 45), k=1)[0].name == "Bags"
    with pytest.raises(PhotoError):
        recogniser.recognise(b"no photo")
    with pytest.raises(ValueError, match="k ≥ 1"):
        recogniser.recognise(photo(1, 1, 1), k=0)


def test_a_named_type_is_recognised_at_once_and_until_it_is_removed(shop: Catalogue, tmp_path: Path) -> None:
    recogniser = TypeRecogniser(Colours(), shop)
    file = tmp_path / "blue.png"
    file.write_bytes(photo(30, 40, 220))
    assert recogniser.recognise(photo(35, 35, 210))[0].name != "Ponchos"
    kept = recogniser.name("Ponchos", [file, photo(40, 30, 200)])
    assert len(set(kept.hashes)) == 2
    best = recogniser.recognise(photo(35, 35, 210))[0]
    assert (best.name, best.kind) == ("Ponchos", "named")
    assert recogniser.recognise(photo(210, 45, 40))[0].name == "Shirts"
    # another process sees it, too
    other = TypeRecogniser(Colours(), Catalogue.open(shop.folder))
    assert other.recognise(photo(35, 35, 210))[0].name == "Ponchos"
    assert [(each.name, each.photos, each.kind) for each in other.types()][-1] == ("Ponchos", 2, "named")
    assert other.named.remove("Ponchos")
    assert recogniser.recognise(photo(35, 35, 210))[0].name != "Ponchos"


def test_a_known_type_can_be_given_more_examples(shop: Catalogue) -> None:
    recogniser = TypeRecogniser(Colours(), shop)
    recogniser.name("Bags", [photo(30, 40, 220)])
    best = recogniser.recognise(photo(35, 35, 210))[0]
    assert (best.name, best.kind) == ("Bags", "catalogue")
    assert [each.kind for each in recogniser.types()] == ["catalogue", "catalogue", "named"]


def test_changes_of_the_catalogue_count(shop: Catalogue) -> None:
    recogniser = TypeRecogniser(Colours(), shop)
    before = recogniser._ready()
    assert recogniser._ready() is before
    add(shop, [{"articleType": "Scarves"}] * 3, [(30, 30, 200), (35, 30, 205), (30, 35, 200)])
    assert recogniser.recognise(photo(35, 35, 210))[0].name == "Scarves"


def test_the_level_that_is_the_type(shop: Catalogue) -> None:
    men = TypeRecogniser(Colours(), shop, level="gender")
    assert [each.name for each in men.types()] == ["Men"]
    with pytest.raises(CatalogueError, match="no item has a label 'colour'; there are: articleType, gender"):
        TypeRecogniser(Colours(), shop, level="colour").types()


def test_without_labels_only_named_types_are_there(tmp_path: Path) -> None:
    shop = Catalogue.create(tmp_path / "bare", model_id=Colours.id, dimension=3)
    recogniser = TypeRecogniser(Colours(), shop)
    with pytest.raises(NothingToRecognise, match="no type has been named"):
        recogniser.recognise(photo(1, 2, 3))
    recogniser.name("Ponchos", [photo(30, 40, 220)])
    assert [(each.name, each.probability) for each in recogniser.recognise(photo(9, 9, 9))] == [
        ("Ponchos", 1.0)
    ]
    add(shop, [{"size": "M", "price": "7"}], [(200, 0, 0)])
    with pytest.raises(NothingToRecognise, match="one of: price, size"):
        recogniser.recognise(photo(1, 2, 3))


def test_refusals(shop: Catalogue) -> None:
    recogniser = TypeRecogniser(Colours(), shop)
    with pytest.raises(TypeNameError, match="1 to 20 photos; got 0"):
        recogniser.name("Ponchos", [])
    with pytest.raises(TypeNameError, match="1 to 20 photos; got 21"):
        recogniser.name("Ponchos", [photo(1, 2, 3)] * 21)
    with pytest.raises(TypeNameError, match="not a name"):
        recogniser.name("", [photo(1, 2, 3)])
    with pytest.raises(PhotoError):
        recogniser.name("Ponchos", [photo(1, 2, 3), b"no photo"])
    assert recogniser.named.all() == {}
    other = Colours()
    other.id = "others-111111111111"
    with pytest.raises(ModelMismatch):
        TypeRecogniser(other, shop)
