"""A snapshot never changes; the next one is what a list of items would be."""

from __future__ import annotations

import numpy as np
import pytest

from modiste.catalogue.snapshot import Snapshot

EYE = np.eye(4, dtype=np.float32)


def abc() -> Snapshot:
    return Snapshot(1, ("a", "b", "c"), ("A", "B", "C"), np.array([0, 1, 2]), EYE[:3].copy())


def test_items_are_replaced_where_they_stand_and_new_ones_follow() -> None:
    before = abc()
    after = before.with_items(2, ["d", "b"], ["D", "B2"], np.array([3, 1]), EYE[[3, 3]])
    assert (after.version, after.ids, after.names) == (2, ("a", "b", "c", "d"), ("A", "B2", "C", "D"))
    assert after.positions.tolist() == [0, 1, 2, 3]
    assert after.vectors.argmax(axis=1).tolist() == [0, 3, 2, 3]
    assert before.ids == ("a", "b", "c")
    assert before.vectors.argmax(axis=1).tolist() == [0, 1, 2]


def test_removing_closes_the_gap_but_positions_stay() -> None:
    after = abc().without(2, {"b", "unheard of"})
    assert (after.ids, after.names, after.positions.tolist()) == (("a", "c"), ("A", "C"), [0, 2])
    assert after.next_position == 3
    assert after.row_of == {"a": 0, "c": 1}


def test_searching_leaves_out_ids_even_unknown_ones() -> None:
    found = abc().search(EYE[:1], 2, exclude_ids=[{"a", "unheard of"}])
    assert found.rows.tolist() == [[1, 2]]


def test_vectors_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        abc().vectors[0, 0] = 2


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="for each item"):
        Snapshot(1, ("a",), (), np.array([0]), EYE[:1].copy())
