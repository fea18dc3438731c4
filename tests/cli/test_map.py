"""``modiste map``: a file from a catalogue, and what is said about it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.api.fake_shop import draw
from tests.cli.conftest import Run

from modiste.catalogue import Catalogue, CatalogueItem


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    shop = Catalogue.create(tmp_path / "shop", model_id="m-1", dimension=3)
    items = [CatalogueItem(str(n), f"Tee {n}", draw("tee", "navy"), "image/png") for n in range(3)]
    shop.add(items, np.eye(3, dtype=np.float32))
    return shop.folder


def test_a_file_is_written(run: Run, shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "map.html"
    done = run("map", shop, "-o", out, "--name", "Corner shop")
    assert done.code == 0
    assert f"Written to {out}: 3 items, " in done.err
    assert "<title>Map · Corner shop</title>" in out.read_text(encoding="utf-8")
    assert (shop / "map.npz").exists()


def test_figures_for_programs(run: Run, shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "map.html"
    done = run("map", shop, "-o", out, "--photos", "none", "--json")
    told = json.loads(done.out)
    assert (told["items"], told["kept"], told["placed"]) == (3, None, 0)
    assert told["bytes"] == out.stat().st_size
    assert "map-sheet" not in out.read_text(encoding="utf-8").partition("<body")[2].partition("<script")[0]


def test_no_catalogue_is_one_line(run: Run, tmp_path: Path) -> None:
    done = run("map", tmp_path / "nothing", "-o", tmp_path / "map.html")
    assert done.code == 1
    assert "no such catalogue" in done.err
    assert not (tmp_path / "map.html").exists()
