"""A shop of reddish shirts and greenish bags as photos, and arrivals some of which are blue."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.catalogue.test_recognition import Colours

from modiste.catalogue import Catalogue, CatalogueItem
from modiste.datasets import open_listing
from modiste.datasets.listing import Listing

RED, GREEN, BLUE = (200, 40, 40), (40, 200, 40), (40, 40, 200)


def shades(middle: tuple[int, int, int], count: int, seed: int) -> list[tuple[int, ...]]:
    near = np.random.default_rng(seed).normal(middle, 12, (count, 3)).clip(0, 255)
    return [tuple(colour) for colour in near.astype(int).tolist()]


@pytest.fixture
def shop(tmp_path: Path) -> Catalogue:
    made = Catalogue.create(tmp_path / "shop", model_id=Colours.id, dimension=3)
    colours = [*shades(RED, 200, 0), *shades(GREEN, 200, 1)]
    kinds = ["Shirts"] * 200 + ["Bags"] * 200
    items = [
        CatalogueItem(str(at), f"Acme {kind[:-1]} {at}", b"...", "image/png", labels={"articleType": kind})
        for at, kind in enumerate(kinds)
    ]
    pixels = np.array(colours, np.uint8)[:, None, None].repeat(2, 1).repeat(2, 2)
    made.add(items, Colours().embed(pixels))
    return made


@pytest.fixture
def arrivals(tmp_path: Path) -> Listing:
    """Thirty reds, thirty greens, twelve blues that are called ponchos, and a file that is no photo."""
    folder = tmp_path / "arrivals"
    (folder / "images").mkdir(parents=True)
    colours = [*shades(RED, 30, 2), *shades(GREEN, 30, 3), *shades(BLUE, 12, 4)]
    names = ["Acme Shirt"] * 30 + ["Acme Bag"] * 30 + ["Acme Poncho", "<b>Zola</b> Poncho"] * 6
    lines = ["id,photo,name"]
    for at, (colour, name) in enumerate(zip(colours, names, strict=True)):
        Image.new("RGB", (12, 16), colour).save(folder / "images" / f"{at}.png")
        lines.append(f"new-{at},images/{at}.png,{name}")
    (folder / "images" / "torn.png").write_bytes(b"\x89PNG no more of it")
    lines.append("torn,images/torn.png,Torn")
    (folder / "new.csv").write_text("\n".join(lines))
    return open_listing(folder / "new.csv")
