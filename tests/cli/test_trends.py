from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

RED, GREEN, BLUE = (200, 40, 40), (40, 200, 40), (40, 40, 200)


def paint(folder: Path, middle: tuple[int, int, int], count: int, seed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shades = np.random.default_rng(seed).normal(middle, 12, (count, 3)).clip(0, 255).astype(int)
    for at, shade in enumerate(shades.tolist()):
        Image.new("RGB", (12, 16), tuple(shade)).save(folder / f"{folder.name}-{seed}-{at}.png")


@pytest.fixture
def shop(run, tmp_path: Path, cache: Path, model) -> Path:
    paint(tmp_path / "goods" / "Shirts", RED, 80, 0)
    paint(tmp_path / "goods" / "Bags", GREEN, 80, 1)
    assert run("index", tmp_path / "goods", "--into", tmp_path / "shop", "--quiet").code == 0
    return tmp_path / "shop"


def test_new_things_are_shown_written_and_printed(run, shop: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    paint(new, RED, 15, 2)
    paint(new, GREEN, 15, 3)
    paint(new, BLUE, 12, 4)
    done = run(
        "trends", shop, "--new", new, "--out", tmp_path / "t.json", "--html", tmp_path / "t.html", "--quiet"
    )
    assert done.code == 0, done.err
    written = json.loads((tmp_path / "t.json").read_text())
    (group,) = written["groups"]
    blue = [each["id"].startswith("new-4-") for each in group["arrivals"]]
    assert sum(blue) >= 10
    assert sum(blue) >= 0.75 * len(blue)  # a ball may touch its neighbours
    first, *table = done.out.splitlines()
    assert first.startswith("42 new photos against 160 items: ")
    assert first.endswith("1 new groups")
    assert any(each["name"] in line for line in table for each in group["arrivals"])
    assert "data:image/png" in (tmp_path / "t.html").read_text(encoding="utf-8")
    assert json.loads(run("trends", shop, "--new", new, "--json", "--quiet").out) == written


def test_nothing_new_is_said_in_a_line(run, shop: Path, tmp_path: Path) -> None:
    paint(tmp_path / "new", RED, 20, 5)
    done = run("trends", shop, "--new", tmp_path / "new", "--quiet")
    assert done.out == "20 new photos against 160 items: 0 fit no known type, 0 new groups\n"
