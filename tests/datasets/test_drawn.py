"""The drawn sample shop: one seed, one shop, laid out like real data, in the colours it says."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from modiste.datasets import draw_sample, drawn, open_listing, read_splits
from modiste.datasets.drawn import ARTICLE_TYPES, draw_photo, draw_product
from modiste.datasets.drawn.canvas import Canvas
from modiste.datasets.drawn.outlines import ellipse
from modiste.datasets.drawn.palette import COLOURS
from modiste.errors import DataError

SPLITS = ("train", "main_support", "main_test", "new_support", "new_test")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "shop"
    draw_sample(folder, per_type=5)
    return folder


def rows(shop: Path) -> list[dict[str, str]]:
    with (shop / "styles.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_assortment_is_wide_enough_to_learn_from() -> None:
    kinds = ARTICLE_TYPES.values()
    assert len(kinds) >= 28
    assert len({kind.category for kind in kinds}) >= 8
    assert sum(kind.new for kind in kinds) >= 6
    assert {name for kind in kinds for name in kind.colours} <= set(COLOURS)


def test_every_row_has_its_photo(shop: Path) -> None:
    listing = open_listing(shop)
    assert listing.skipped == ()
    assert len(listing.table) == len(rows(shop)) == len(list((shop / "images").iterdir()))
    assert set(listing.table["articleType"]) == set(ARTICLE_TYPES)
    for path in (shop / "images").iterdir():
        with Image.open(path) as photo:
            assert (photo.size, photo.format, photo.mode) == ((60, 80), "JPEG", "RGB")


def test_some_types_are_more_frequent_than_others(shop: Path) -> None:
    counts = dict.fromkeys(ARTICLE_TYPES, 0)
    for row in rows(shop):
        counts[row["articleType"]] += 1
    assert counts["Tshirts"] == 8
    assert counts["Ring"] == 3


def test_names_say_brand_colour_and_type(shop: Path) -> None:
    for row in rows(shop):
        assert row["productDisplayName"].endswith(ARTICLE_TYPES[row["articleType"]].noun)
        assert row["baseColour"].split()[0] in row["productDisplayName"]
        assert row["subCategory"] == ARTICLE_TYPES[row["articleType"]].category


def test_splits_share_out_every_photo_and_keep_new_types_apart(shop: Path) -> None:
    splits = read_splits(shop / "splits")  # checks that no photo is in two, and that ids and names agree
    parts = {name: splits.require(name) for name in SPLITS}
    assert sorted(id for part in parts.values() for id in part.ids) == sorted(row["id"] for row in rows(shop))
    main = {name for name, kind in ARTICLE_TYPES.items() if not kind.new}
    for name, part in parts.items():
        assert set(part.type_names) == (set(ARTICLE_TYPES) - main if name.startswith("new") else main)
    assert set(parts["train"].type_ids.tolist()) == set(range(len(main)))
    category_of: dict[int, set[str]] = {}
    for part in parts.values():
        for id, category in zip(part.category_ids.tolist(), part.category_names, strict=True):
            category_of.setdefault(id, set()).add(category)
    assert all(len(names) == 1 for names in category_of.values())
    assert len(parts["train"]) / len(rows(shop)) > 0.4


def test_the_same_seed_draws_the_same_shop_to_the_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {name: kind for name, kind in ARTICLE_TYPES.items() if kind.category in ("Bags", "Topwear")}
    monkeypatch.setattr(drawn.shop, "ARTICLE_TYPES", few)
    for name, seed in (("one", 3), ("again", 3), ("other", 4)):
        draw_sample(tmp_path / name, per_type=1, seed=seed, height=32)

    def contents(name: str) -> dict[str, bytes]:
        folder = tmp_path / name
        return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}

    assert contents("one") == contents("again")
    assert contents("one").keys() == contents("other").keys()
    assert contents("one") != contents("other")


@pytest.mark.parametrize("article_type", ARTICLE_TYPES)
def test_products_stand_out_in_the_middle_of_a_white_photo(article_type: str) -> None:
    photo = draw_photo(article_type, np.random.default_rng(5), height=80).astype(float)
    assert photo.shape == (80, 60, 3)
    assert photo[:2].mean() > 240
    assert photo[:, :1].mean() > 235
    there = (photo.min(axis=2) < 200).nonzero()
    assert there[0].size > 60
    assert abs(there[1].mean() - 30) < 9
    assert abs(there[0].mean() - 40) < 14


def test_larger_photos_show_the_same_product() -> None:
    small = draw_product("Shirts", np.random.default_rng(2), height=80)
    large = draw_product("Shirts", np.random.default_rng(2), height=320)
    assert large.photo.shape == (320, 240, 3)
    assert large.look == small.look
    shrunk = np.asarray(Image.fromarray(large.photo).reduce(4), float)
    assert np.abs(shrunk - small.photo).mean() < 8


@pytest.mark.parametrize("article_type", ["Tshirts", "Trousers", "Handbags", "Umbrellas", "Boots"])
def test_plain_products_have_the_colour_they_are_sold_under(article_type: str) -> None:
    seen = 0
    for seed in range(12):
        product = draw_product(article_type, np.random.default_rng(seed))
        if product.look.pattern != "plain":
            continue
        pixels = product.photo.reshape(-1, 3).astype(float)
        colour = np.array(COLOURS[product.look.name])
        direction = colour / np.linalg.norm(colour)
        product_pixels = pixels[np.abs(pixels - 251).max(axis=1) > 30]
        off = np.linalg.norm(product_pixels - np.outer(product_pixels @ direction, direction), axis=1)
        assert np.mean(off < 25) > 0.5, product.look.name  # as that colour, lighter or darker
        seen += 1
    assert seen >= 3


def test_what_lies_outside_the_frame_is_left_out() -> None:
    canvas = Canvas(80, np.random.default_rng(0))
    canvas.fill(ellipse(200, 200, 5), (10, 10, 10))
    canvas.line(ellipse(0, -200, 5), (10, 10, 10), 2)
    canvas.crease(ellipse(-200, 0, 5))
    assert canvas.photo().min() > 235


def test_an_empty_folder_is_filled_and_a_used_one_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    calls: list[tuple[int, int, str]] = []
    draw_sample(tmp_path / "empty", per_type=1, height=16, progress=lambda *call: calls.append(call))
    assert calls[0][0] == 0
    assert calls[-1][0] == calls[-1][1] == len(calls) - 1
    assert (tmp_path / "empty" / "styles.csv").is_file()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(DataError, match="new or empty folder"):
        draw_sample(tmp_path / "mine", per_type=1)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_an_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    def interrupt(done: int, total: int, what: str) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw_sample(tmp_path / "shop", per_type=1, progress=interrupt)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", [{"per_type": 0}, {"height": 8}])
def test_impossible_sizes_are_refused(tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(DataError, match="expected"):
        draw_sample(tmp_path / "shop", **wrong)


def test_unknown_types_are_refused_with_those_there_are() -> None:
    with pytest.raises(DataError, match="Tshirts"):
        draw_photo("Spacesuits", np.random.default_rng(0))
