"""Conditions on labels mean what they say."""

from __future__ import annotations

import numpy as np
import pytest

from modiste.catalogue import Snapshot
from modiste.catalogue.filters import Condition, as_conditions
from modiste.errors import CatalogueError

ITEMS = [
    {"gender": "Men", "colour": "Navy Blue", "price": "499"},
    {"gender": "Women", "colour": "red", "price": "1200.50"},
    {"gender": "women", "price": "on request"},
    {},
]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("gender=Men", [0]),
        ("gender = WOMEN", [1, 2]),
        ("gender=Men,Women", [0, 1, 2]),
        ("gender!=Men", [1, 2, 3]),
        ("colour=navy blue", [0]),
        ("price<=499", [0]),
        ("price<499", []),
        ("price>=499", [0, 1]),
        ("price>1e3", [1]),
    ],
)
def test_conditions(condition: str, expected: list[int]) -> None:
    parsed = Condition.parse(condition)
    assert [row for row, labels in enumerate(ITEMS) if parsed.holds(labels)] == expected


@pytest.mark.parametrize("text", ["", "gender", "=Men", "gender=", "gender=,", "price<=cheap", "price<1,2"])
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(CatalogueError, match=r"price<=500"):
        Condition.parse(text)


def test_conditions_come_in_several_forms() -> None:
    both = (Condition("gender", "=", ("Men",)), Condition("colour", "=", ("Red", "Blue")))
    assert as_conditions({"gender": "Men", "colour": ["Red", "Blue"]}) == both
    assert as_conditions(["gender=Men", both[1]]) == both
    with pytest.raises(TypeError, match="in a list"):
        as_conditions("gender=Men")


def test_a_snapshot_finds_only_what_meets_all_conditions() -> None:
    labels = tuple(f'{{"gender": "{"Men" if n % 2 else "Women"}", "price": "{n}"}}' for n in range(8))
    ids = tuple("abcdefgh")
    now = Snapshot(1, ids, ids, np.arange(8), np.eye(8, dtype=np.float32), labels)
    query = np.full((1, 8), 8**-0.5, np.float32)
    assert now.levels == ["gender", "price"]
    assert now.search(query, 8, where={"gender": "Men"}).rows.tolist() == [[1, 3, 5, 7]]
    assert now.search(query, 2, where=["gender=Men", "price>3"]).rows.tolist() == [[5, 7]]
    # Few are compared apart from the others; excluding works there too.
    assert now.search(query, 8, [["f"]], where=["gender=Men", "price>3"]).rows.tolist() == [[7, -1]]
    assert now.search(query, 8, [["f"]], where=["gender=Men"]).rows.tolist() == [[1, 3, 7, -1]]
    assert now.search(query, 3, where=["price>99"]).rows.tolist() == [[]]
    with pytest.raises(CatalogueError, match="no item has a label 'colour'; there are: gender, price"):
        now.search(query, 1, where={"colour": "Red"})
    after = now.with_items(2, ["z"], ["z"], np.array([8]), query, ['{"gender": "Men"}']).without(3, {"b"})
    assert [after.ids[row] for row in after.rows_where({"gender": "Men"})] == ["d", "f", "h", "z"]
