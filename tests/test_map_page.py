"""One file holds the map, fetches nothing, and stays whole whatever names and labels hold."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.api.fake_shop import draw

from modiste.catalogue import Catalogue, CatalogueItem
from modiste.catalogue.map import map_catalogue
from modiste.errors import CatalogueError
from modiste.map_page import ACROSS, DOWN, HEIGHT, WIDTH, write_map

HOSTILE = '</script><img src=x onerror="alert(1)"><!--'


@pytest.fixture
def shop(tmp_path: Path) -> Catalogue:
    shop = Catalogue.create(tmp_path / "shop", model_id="m-1", dimension=4)
    colours = ["crimson", "navy", "gold"]
    items = [
        CatalogueItem(
            f"{n}", HOSTILE if n == 1 else f"Tee {n}", draw("tee", colours[n % 3]), "image/png",
            labels={"colour": colours[n % 3], HOSTILE: HOSTILE},
        )
        for n in range(8)
    ]  # fmt: skip
    items.append(CatalogueItem("torn", "Torn", b"no photo", "image/png"))
    vectors = np.random.default_rng(0).standard_normal((9, 4)).astype(np.float32)
    shop.add(items, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    return shop


def inside(page: str, which: str) -> list[str]:
    """What the script elements with this id or class hold."""
    return re.findall(rf'<script type="[^"]*" (?:id|class)="{which}">(.*?)</script>', page, re.DOTALL)


def test_everything_is_inside(shop: Catalogue, tmp_path: Path) -> None:
    file = tmp_path / "map.html"
    drawn = map_catalogue(shop)
    assert write_map(shop, drawn, file, name="<Tom & Co>") == file.stat().st_size
    page = file.read_text(encoding="utf-8")
    assert "&lt;Tom &amp; Co&gt;" in page
    assert "{name}" not in page.partition('<script type="module">')[0]
    assert not re.search(r"(?:src|href)=\"/|https?://(?!www\.w3\.org)|@import|<link", page)
    (items,) = inside(page, "map-items")
    told = json.loads(items)
    assert sorted(told["ids"]) == sorted(shop.ids)
    (points,) = inside(page, "map-points")
    places = np.frombuffer(base64.b64decode(points), "<f4").reshape(-1, 2)
    for id, place in zip(told["ids"], places, strict=True):
        assert np.array_equal(place, drawn.points[shop.ids.index(id)])
    colour = next(column for column in told["columns"] if column["name"] == "colour")
    by_id = dict(zip(told["ids"], colour["codes"], strict=True))
    assert colour["values"][by_id["4"]] == "navy"
    assert by_id["torn"] == -1


def test_photos_lie_on_a_sheet_in_the_order_of_the_items(shop: Catalogue, tmp_path: Path) -> None:
    file = tmp_path / "map.html"
    write_map(shop, map_catalogue(shop), file)
    page = file.read_text(encoding="utf-8")
    ids = json.loads(inside(page, "map-items")[0])["ids"]
    (sheet,) = inside(page, "map-sheet")
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(sheet))).convert("RGB"), np.int64)
    assert picture.shape == (HEIGHT, ACROSS * WIDTH, 3)
    at = ids.index("2")  # gold
    cell = picture[:, at * WIDTH : (at + 1) * WIDTH]
    red, green, blue = cell[HEIGHT // 2, WIDTH // 2]
    assert red > 200
    assert green > 150
    assert blue < 90
    at = ids.index("torn")
    assert picture[:, at * WIDTH + 4 : (at + 1) * WIDTH - 4].min() > 235
    assert len(ids) <= ACROSS * DOWN


def test_without_photos(shop: Catalogue, tmp_path: Path) -> None:
    file = tmp_path / "map.html"
    drawn = map_catalogue(shop)
    without = write_map(shop, drawn, file, photos=False)
    page = file.read_text(encoding="utf-8")
    assert inside(page, "map-sheet") == []
    assert json.loads(inside(page, "map-items")[0])["sheets"] is None
    assert without < write_map(shop, drawn, file)


def test_hostile_names_end_no_script(shop: Catalogue, tmp_path: Path) -> None:
    file = tmp_path / "map.html"
    write_map(shop, map_catalogue(shop), file, name=HOSTILE)
    page = file.read_text(encoding="utf-8")
    assert "<img src=x" not in page
    assert "<!--" not in page
    assert HOSTILE in json.loads(inside(page, "map-items")[0])["names"]


def test_only_this_script_may_run(shop: Catalogue, tmp_path: Path) -> None:
    file = tmp_path / "map.html"
    write_map(shop, map_catalogue(shop), file)
    page = file.read_text(encoding="utf-8")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    (script,) = re.findall(r'<script type="module">(.*?)</script>', page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


def test_the_map_must_be_of_this_catalogue(shop: Catalogue, tmp_path: Path) -> None:
    drawn = map_catalogue(shop)
    shop.remove(["0"])
    with pytest.raises(CatalogueError, match="map it again"):
        write_map(shop, drawn, tmp_path / "map.html")
    assert not (tmp_path / "map.html").exists()
