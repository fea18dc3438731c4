from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image


@pytest.fixture
def shop(run, tmp_path: Path, cache: Path, model) -> Path:
    """A folder per type: red shirts and green bags."""
    for kind, colour in (("Shirts", (200, 40, 40)), ("Bags", (40, 200, 40))):
        (tmp_path / "goods" / kind).mkdir(parents=True)
        for shade in range(4):
            picture = Image.new("RGB", (12, 16), tuple(max(0, part - shade) for part in colour))
            picture.save(tmp_path / "goods" / kind / f"{kind}{shade}.png")
    assert run("index", tmp_path / "goods", "--into", tmp_path / "shop", "--quiet").code == 0
    return tmp_path / "shop"


def test_a_type_is_named_listed_recognised_and_forgotten(run, shop: Path, tmp_path: Path) -> None:
    blue = tmp_path / "blue.png"
    Image.new("RGB", (12, 16), (40, 40, 200)).save(blue)
    assert run("types", "add", shop, "Ponchos", blue, blue).out == f"{shop}: Ponchos, named by 2 photos\n"
    assert run("types", "list", shop).out == "      4  Bags\n      4  Shirts\n      2  Ponchos  (named)\n"
    assert json.loads(run("types", "list", shop, "--json").out)[2] == {
        "name": "Ponchos",
        "photos": 2,
        "kind": "named",
    }
    assert run("types", "recognise", shop, blue, "-k", "1").out.endswith("Ponchos  (named)\n")
    best = json.loads(run("types", "recognise", shop, blue, "--json").out)[0]
    assert (best["name"], best["kind"], best["probability"] > 0.5) == ("Ponchos", "named", True)
    assert run("types", "remove", shop, "Ponchos").out == f"{shop}: Ponchos is forgotten\n"
    done = run("types", "remove", shop, "Ponchos")
    assert (done.code, done.err.startswith(f"Error: {shop}: no type 'Ponchos' has been named")) == (1, True)


def test_what_cannot_be_is_one_line(run, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "torn.png").write_bytes(b"no photo")
    assert run("types", "add", shop, "Ponchos", tmp_path / "torn.png").code == 1
    assert run("types", "add", shop, " ", tmp_path / "torn.png").code == 1
    assert run("types", "add", shop, "Ponchos").code == 2
    done = run("types", "list", shop, "--type-label", "colour")
    assert (done.code, done.err) == (
        1,
        "Error: no item has a label 'colour'; there are: articleType\n",
    )
