"""The class recipe, on a table small enough to count by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from modiste.datasets.refining import UNKNOWN, RefiningRecipe, refine
from modiste.errors import DataError

SMALL = RefiningRecipe(more_than=3, at_least=2)


def shop(*extra: tuple[str, str, str, str]) -> pd.DataFrame:
    rows = [
        *[("Apparel", "Topwear", "Tshirts", f"Tshirt {n}") for n in range(3)],
        *[("Apparel", "Topwear", "Tops", f"Top {n}") for n in range(2)],
        *[("Apparel", "Bottomwear", "Jeans", f"Jeans {n}") for n in range(3)],
        *[("Accessories", "Ties", "Ties", f"Tie {n}") for n in range(4)],
        ("Home", "Rugs", "Rugs", "Rug"),
        *extra,
    ]
    table = pd.DataFrame(rows, columns=["masterCategory", "subCategory", "articleType", "name"])
    return table.assign(id=[str(row) for row in range(len(table))])


def test_each_level_gives_what_has_photos_enough() -> None:
    found = refine(shop(), SMALL)
    # Topwear has 5 photos, more than 3; Bottomwear has 3, which is not more; the one rug is left out.
    assert dict(found.before) == {"Tshirts": 3, "Topwear": 2, "Apparel": 3, "Ties": 4, "Home": 1}
    assert dict(found.after) == {"Tshirts": 3, "Topwear": 2, "Apparel": 3, "Ties": 4}
    by_class = found.table.groupby("class")["class_from"].unique()
    assert {name: list(levels) for name, levels in by_class.items()} == {
        "Tshirts": ["articleType"],
        "Topwear": ["subCategory"],
        "Apparel": ["masterCategory"],
        "Ties": ["subCategory"],
    }
    assert list(found.table["id"]) == [str(row) for row in range(12)]


def test_free_items_are_what_their_names_say_or_unknown() -> None:
    free = [
        ("Free Items", "Free Gifts", "Free Gifts", "Park Avenue Men Blue Printed Tie"),
        ("Free Items", "Free Gifts", "Free Gifts", "Wrangler Men Blue Jeans"),
        ("Free Items", "Free Gifts", "Ties", "Casio GD-100"),
    ]
    found = refine(shop(*free), SMALL)
    last = found.table.tail(3)
    assert list(last["class"]) == ["Ties", "Apparel", UNKNOWN]  # jeans are Apparel here
    assert list(last["class_from"]) == ["name", "name", "unmatched"]
    figures = found.as_dict()
    assert (figures["relabelled"], figures["unknown"], figures["rows"]) == (2, 1, 15)
    assert (figures["classes_before"], figures["classes"], figures["final_classes"]) == (6, 5, 5)
    assert figures["counts"]["Free Items"] == 3  # counted before relabelling
    assert "Free Items" not in figures["final_counts"]
    assert figures["left_out"] == {"Home": 1}


def test_what_the_recipe_needs() -> None:
    with pytest.raises(DataError, match="subCategory missing"):
        refine(shop().drop(columns="subCategory"))
    with pytest.raises(DataError, match="no class has 100 photos"):
        refine(shop(), RefiningRecipe(at_least=100))
    with pytest.raises(DataError, match="at-least"):
        RefiningRecipe(at_least=0)


def test_rows_without_labels_have_no_class() -> None:
    found = refine(shop(("", "", "", "a thing"), ("", "", "", "a thing")), SMALL)
    assert "" not in found.before
    assert len(found.table) == 12
