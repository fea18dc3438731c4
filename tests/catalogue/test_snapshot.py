"""A snapshot never changes; the next one is what a list of items would be."""

from __future__ import annotations

import numpy as np
import pytest

from modiste.catalogue import texts
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


def test_added_items_share_memory_with_what_was_there() -> None:
    names = ("a", "b")
    vectors = np.eye(2, 4, dtype=np.float32)
    first = Snapshot(1, names, names, np.arange(2), vectors)
    second = first.with_items(2, ["c"], ["c"], np.array([2]), np.eye(4, dtype=np.float32)[2:3])
    third = second.with_items(3, ["d"], ["d"], np.array([3]), np.eye(4, dtype=np.float32)[3:])
    assert np.shares_memory(second.vectors, third.vectors)
    # A second heir of the same snapshot cannot have the same row.
    other = second.with_items(3, ["e"], ["e"], np.array([3]), np.eye(4, dtype=np.float32)[:1])
    assert not np.shares_memory(second.vectors, other.vectors)
    changed = third.with_items(4, ["a", "f"], ["A", "f"], np.array([0, 4]), np.eye(4, dtype=np.float32)[1:3])
    for now, ids, rows in (
        (first, "ab", [0, 1]),
        (second, "abc", [0, 1, 2]),
        (third, "abcd", [0, 1, 2, 3]),
        (other, "abce", [0, 1, 2, 0]),
        (changed, "abcdf", [1, 1, 2, 3, 2]),
    ):
        assert now.ids == tuple(ids)
        assert np.array_equal(now.vectors, np.eye(4, dtype=np.float32)[rows])
        assert not now.vectors.flags.writeable
        assert dict(now.row_of) == {id: row for row, id in enumerate(ids)}
    assert changed.names == ("A", "b", "c", "d", "f")


def test_ids_added_lately_are_joined_with_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "APART", 2)
    now = Snapshot(1, ("a",), ("a",), np.arange(1), np.eye(1, 2, dtype=np.float32))
    for place, id in enumerate("bcdefg", 1):
        now = now.with_items(place, [id], [id], np.array([place]), np.eye(1, 2, dtype=np.float32))
        assert [now.row_of[id] for id in now.ids] == list(range(place + 1))
        assert len(now.row_of) == place + 1
        assert "z" not in now.row_of
