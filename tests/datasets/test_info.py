"""The figures of `modiste data info`."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.datasets.conftest import KAGGLE, STYLES, make_photo

from modiste.datasets import load_pixels, open_listing
from modiste.datasets.info import balance, describe
from modiste.preprocessing import Preprocess


def test_figures(pack: Callable[..., Path], tmp_path: Path) -> None:
    odd = {
        "styles.csv": STYLES + "4,Men,Apparel,Topwear,Shirts\n5,Men,Apparel,Topwear,Shirts\n",
        "images/4.png": make_photo("white", (50, 50)),
        "images/6.jpg": b"no row",
        "images/3.jpg": b"broken",
    }
    listing = open_listing(pack(KAGGLE | odd))
    store = load_pixels(listing, Preprocess(), cache=tmp_path / "cache")
    for stores in ((), (store,)):
        info = json.loads(json.dumps(describe([listing], stores)))
        assert (info["photos"], info["rows"], info["missing"]) == (5, 5, 1)
        assert info["skipped"] == {"row without a photo": 1, "photo without a row": 1, "broken photo": 1}
        assert info["levels"]["articleType"] == {
            "classes": 3,
            "balance": round((0.5 * math.log(2) + 2 * 0.25 * math.log(4)) / math.log(3), 4),
            "counts": {"Shirts": 2, "Dresses": 1, "Heels": 1},
            "unlabelled": 0,
        }
        assert info["levels"]["masterCategory"]["classes"] == 2
        assert info["sizes"] == {"60x80": 2, "50x50": 1}
        assert info["odd_sizes"] == 1
        assert info["formats"] == {"JPEG": 2, "PNG": 1}
        assert info["modes"] == {"RGB": 3}
        assert [line.split(":")[0] for line in info["broken"]] == ["images/3.jpg"]
        assert info["duplicates"] == {"exact_groups": 0, "exact_photos": 0, "exact": []}


def test_photos_without_labels(pack: Callable[..., Path]) -> None:
    info = describe([open_listing(pack({"1.png": make_photo()}))])
    assert (info["photos"], info["rows"], info["levels"]) == (1, 1, {})


@pytest.mark.parametrize(("counts", "expected"), [([], 0), ([7], 0), ([3, 3, 0], 1), ([9, 3], 0.8113)])
def test_balance(counts: list[int], expected: float) -> None:
    assert balance(counts) == pytest.approx(expected, abs=1e-4)


def test_copies_across_sources(tmp_path: Path) -> None:
    for folder, names in {"a": "12", "b": "34"}.items():
        (tmp_path / folder).mkdir()
        for name in names:
            colour = "red" if name in "13" else f"rgb(0,0,{int(name) * 20})"
            (tmp_path / folder / f"{name}.png").write_bytes(make_photo(colour))
    info = describe([open_listing(tmp_path / "a"), open_listing(tmp_path / "b")])
    assert info["duplicates"] == {"exact_groups": 1, "exact_photos": 2, "exact": [["1", "3"]]}
