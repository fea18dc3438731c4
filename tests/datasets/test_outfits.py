"""Outfits: always the same, items of one part only, labels of all that is on them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from modiste.datasets import open_dataset
from modiste.datasets.outfits import compose, draw_outfits
from modiste.datasets.targets import Targets, read_targets
from modiste.errors import DataError
from modiste.preprocessing import Preprocess

KINDS = {"Cap": (200, 0, 0), "Shoe": (0, 160, 0), "Tie": (0, 0, 220), "Belt": (0, 0, 0)}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MODISTE_CACHE", str(tmp_path / "cache"))
    for kind, colour in KINDS.items():
        (tmp_path / "shop" / kind).mkdir(parents=True)
        for number in range(10):
            Image.new("RGB", (12, 16), colour).save(tmp_path / "shop" / kind / f"{kind}{number}.png")
    return tmp_path / "shop"


def targets_of(shop: Path) -> Targets:
    return read_targets([shop], ["articleType"], split="60/20/20", stratify=True)


def test_a_picture_bears_the_labels_of_its_items(shop: Path, tmp_path: Path) -> None:
    targets = targets_of(shop)
    table = draw_outfits([shop], targets, tmp_path / "outfits", number=20, height=48, width=36)
    label_of = {id: labels[0] for id, labels in zip(targets.ids, targets.lists, strict=True)}
    part_of = dict(zip(targets.ids, targets.parts.tolist(), strict=True))
    assert table["split"].value_counts().to_dict() == {"train": 12, "val": 4, "test": 4}
    for row in table.to_dict("records"):
        items = json.loads(row["items"])
        assert 2 <= len(items) <= 5
        assert row["labels"] == [label_of[item] for item in items]
        assert {part_of[item] for item in items} == {row["split"]}
        with Image.open(tmp_path / "outfits" / row["image"]) as image:
            picture = np.asarray(image)
        for label, (top, left, height, width) in zip(row["labels"], json.loads(row["boxes"]), strict=True):
            middle = picture[top + height // 2, left + width // 2].astype(int)
            assert np.abs(middle - KINDS[label]).max() < 40
    dataset = open_dataset([tmp_path / "outfits"], Preprocess(48, 36))
    assert sorted(map(sorted, dataset.label_lists)) == sorted(map(sorted, table["labels"]))


def test_the_same_seed_makes_the_same_files(shop: Path, tmp_path: Path) -> None:
    targets = targets_of(shop)
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        draw_outfits([shop], targets, tmp_path / name, number=6, seed=seed)
    files = {name: [file.read_bytes() for file in sorted((tmp_path / name).rglob("*.jpg"))] for name in "abc"}
    assert files["a"] == files["b"] != files["c"]
    with pytest.raises(DataError, match="not empty"):
        draw_outfits([shop], targets, tmp_path / "a", number=6)


@pytest.mark.parametrize("items", [2, 3, 4, 5])
def test_items_lie_on_the_canvas_without_touching(items: int) -> None:
    photos = [np.full((16, 12, 3), 50 * at, np.uint8) for at in range(items)]
    canvas, boxes = compose(photos, height=80, width=60, rng=np.random.default_rng(0))
    covered = np.zeros((80, 60), int)
    for top, left, height, width in boxes:
        assert min(top, left) >= 0
        assert top + height <= 80
        assert left + width <= 60
        covered[top : top + height, left : left + width] += 1
    assert covered.max() == 1
    assert (canvas[covered == 0] == 255).all()
