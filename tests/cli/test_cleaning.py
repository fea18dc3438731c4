"""`modiste data clean`, `merge` and `map`, from the command line to the files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

HEADING = "id,gender,masterCategory,subCategory,articleType,baseColour,season,year,usage,productDisplayName\n"
RED, BLUE = (200, 30, 40), (40, 60, 200)


@pytest.fixture
def shop(tmp_path: Path, cache: Path) -> Path:
    """Six red ties and six blue hats, one of each without a name that helps; 6 is a copy of 5."""
    folder = tmp_path / "shop"
    (folder / "images").mkdir(parents=True)
    rows = []
    rng = np.random.default_rng(0)
    for number in range(1, 13):
        red = number <= 6
        kind = "Accessories,Ties,Ties" if red else "Accessories,Headwear,Hats"
        name = "Blue Tie" if red else "Summer Hat"
        if number in (1, 7):
            kind, name = "Free Items,Free Gifts,Free Gifts", "Casio GD" if number == 7 else "Silk Tie"
        rows.append(f"{number},Men,{kind},Blue,Fall,2011,Casual,{name}\n")
        noise = rng.integers(-30, 30, (80, 60, 3))
        pixels = np.clip(np.array(RED if red else BLUE) + noise, 0, 255).astype(np.uint8)
        if number != 6:
            photo = Image.fromarray(pixels)
        photo.save(folder / "images" / f"{number}.png")
    (folder / "styles.csv").write_text(HEADING + "".join(rows))
    return folder


def test_refining_writes_a_table_that_is_data_again(run, shop: Path, model: object) -> None:
    out = shop / "styles_cleaned.csv"
    figures_file = shop.parent / "clean.json"
    done = run(
        *("data", "clean", shop, "--refine", "--more-than", 2, "--at-least", 2),
        *("--out", out, "--json", figures_file),
    )
    assert done.code == 0, done.err
    assert "1 Free Items relabelled by name, 1 Unknown, of which 1 named by the model" in done.out
    figures = json.loads(figures_file.read_text())
    assert (figures["classes_before"], figures["classes"], figures["rows"]) == (3, 3, 12)
    assert (figures["relabelled"], figures["unknown"], figures["final_classes"]) == (1, 1, 2)
    assert figures["recipe"]["more_than"] == 2
    table = pd.read_csv(out, dtype=str, keep_default_na=False).set_index("id")
    assert table["class"].to_dict() == {str(n): "Ties" if n <= 6 else "Headwear" for n in range(1, 13)}
    assert (table["class_from"]["1"], table["class_from"]["7"]) == ("name", "model")
    assert table["productDisplayName"]["7"] == "Casio GD"
    again = run("data", "info", out, "--json", "-")  # beside its images, it is a table of photos
    assert json.loads(again.out)["photos"] == 12


def test_unknown_may_stay_unknown(run, shop: Path) -> None:
    out = shop.parent / "cleaned.csv"
    done = run("data", "clean", shop, "--refine", "--at-least", 1, "--keep-unknown", "--out", out)
    assert done.code == 0, done.err
    table = pd.read_csv(out, dtype=str, keep_default_na=False).set_index("id")
    assert table["class"]["7"] == "Unknown"


def test_confused_classes_are_merged_after_a_look(run, shop: Path) -> None:
    results = shop.parent / "results.json"
    confusions = {"classification": {"labels": ["Hats", "Ties"], "matrix": [[3, 3], [0, 6]]}}
    results.write_text(json.dumps({"confusions": confusions}))
    done = run("data", "merge", results, "--dry-run")
    assert "50% of Hats named Ties (3 photos)" in done.out
    assert "would become one class: Hats, Ties" in done.out
    assert "2 classes, accuracy 0.750 → 1 classes, 1.000" in done.out
    assert not list(shop.parent.glob("*.csv"))

    merged, out = shop.parent / "merged.csv", shop.parent / "styles_merged.csv"
    assert run("data", "merge", results, "--out", merged).code == 0
    done = run("data", "clean", shop, "--label-map", merged, "--out", out, "--json", "-")
    assert json.loads(done.out)["mapped_classes"] == 2
    assert set(pd.read_csv(out)["class"]) == {"Hats / Ties", "Free Gifts"}


def test_suggested_names(run, shop: Path) -> None:
    other = shop.parent / "other"
    for name in ("tie", "gloves"):
        (other / name).mkdir(parents=True)
        Image.new("RGB", (60, 80), BLUE).save(other / name / "1.png")
    out = shop.parent / "map.csv"
    done = run("data", "map", other, shop, "--out", out)
    assert done.code == 0, done.err
    assert "tie → Ties  1.00" in done.out
    assert "gloves → (left out)" in done.out
    assert "tie,Ties,1" in out.read_text()


def test_splits_without_leaks(run, shop: Path) -> None:
    splits, clean = shop.parent / "splits", shop.parent / "clean"
    splits.mkdir()
    (splits / "train.csv").write_text("imageId,note\n2,a\n5,b\n")
    (splits / "test.csv").write_text("imageId,note\n6,c\n8,d\n")
    done = run("data", "info", shop, "--splits", splits, "--html", shop.parent / "page.html")
    assert "train and test share 1 groups of copies" in done.out
    assert (shop.parent / "page.html").read_text().startswith("<!doctype html>")
    done = run("data", "clean", shop, "--splits", splits, "--splits-out", clean)
    assert "1 photos taken out" in done.out
    assert (clean / "train.csv").read_text() == "imageId,note\n2,a\n"
    assert (clean / "test.csv").read_text() == "imageId,note\n6,c\n8,d\n"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ([], "nothing to do"),
        (["--refine"], "--out"),
        (["--splits", "x"], "--splits-out"),
    ],
)
def test_clean_spelled_wrongly(run, tmp_path: Path, options: list[str], problem: str) -> None:
    done = run("data", "clean", tmp_path, *options)
    assert done.code == 2
    assert problem in done.err


def test_merge_needs_one_of_two(run, tmp_path: Path) -> None:
    for options in ([], ["--dry-run", "--out", tmp_path / "x.csv"]):
        assert run("data", "merge", tmp_path / "results.json", *options).code == 2
