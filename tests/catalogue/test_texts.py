"""Packed texts are what a list of strings would be, and rows what a dictionary would say."""

from __future__ import annotations

import random

import numpy as np
import pytest

from modiste.catalogue import texts
from modiste.catalogue.texts import RowOf, Texts


@pytest.mark.parametrize("repeating", [False, True])
def test_any_changes_leave_what_a_list_would_hold(repeating: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "PIECE", 7)
    monkeypatch.setattr(texts, "SMALL", 4)
    draw = random.Random(3)
    said = ["", "Navy shirt", "日本 \0 \u200d", "'; DROP TABLE items", "x" * 300]
    held: list[str] = []
    packed = Texts.of(held, repeating=repeating)
    for _ in range(300):
        before, held_before = packed, list(held)
        kind = draw.choice(("new", "new", "change", "only", "order"))
        if kind == "new":
            new = draw.choices(said, k=draw.randrange(12))
            held, packed = held + new, packed.with_new(new)
        elif kind == "change" and held:
            changed = {
                row: draw.choice(said) for row in draw.sample(range(len(held)), draw.randint(1, len(held)))
            }
            held = [changed.get(row, text) for row, text in enumerate(held)]
            packed = packed.with_changed(changed)
        elif kind == "only":
            stays = np.array([draw.random() < 0.8 for _ in held], bool)
            held, packed = [text for text, stay in zip(held, stays, strict=True) if stay], packed.only(stays)
        else:
            order = draw.sample(range(len(held)), len(held))
            held, packed = [held[row] for row in order], packed.in_order(np.array(order, np.int64))
        assert list(packed) == held
        assert packed == held
        assert before == held_before
        assert [packed[row] for row in range(len(held))] == held
        codes, distinct = packed.coded()
        assert [distinct[code] for code in codes] == held
        assert distinct == list(dict.fromkeys(held))  # as they first come, and no others
        assert packed.hashes().tolist() == [hash(text) for text in held]
    assert held


def test_rows_outside_are_refused_and_slices_are_as_in_a_list() -> None:
    packed = Texts.of(["a", "b", "c"])
    assert (packed[-1], packed[1:], packed[::-1]) == ("c", ("b", "c"), ("c", "b", "a"))
    assert packed[np.int64(1)] == "b"  # type: ignore[call-overload]
    for row in (3, -4):
        with pytest.raises(IndexError, match="below 3"):
            packed[row]
    assert packed != ("a", "b")
    assert packed != ("a", "b", "d")
    assert packed != "abc"


def test_equal_texts_take_four_bytes_each() -> None:
    assert Texts.of(['{"gender": "Men"}'] * 10_000, repeating=True).nbytes < 41_000


def test_rows_are_found_also_where_hashes_are_equal() -> None:
    ids = Texts.of(["a", "b", "c"])
    row_of = RowOf(ids, np.array([hash("b")] * 3), np.array([2, 0, 1], np.uint32), {})
    assert row_of["b"] == 1
    assert "c" not in row_of  # of another hash
    assert 7 not in row_of


def test_rows_follow_what_comes_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "APART", 5)
    draw = random.Random(5)
    held: list[str] = []
    ids = Texts.of(held)
    row_of, count = RowOf.of(ids), 0
    for _ in range(200):
        if draw.random() < 0.7:
            new = [f"i{count + more}" for more in range(draw.randrange(4))]
            count += len(new)
            held, ids = held + new, ids.with_new(new)
            row_of = row_of.with_new(ids, new)
        else:
            stays = np.array([draw.random() < 0.8 for _ in held], bool)
            held, ids = [id for id, stay in zip(held, stays, strict=True) if stay], ids.only(stays)
            row_of = row_of.only(ids, stays)
        assert dict(row_of) == {id: row for row, id in enumerate(held)}
        assert len(row_of) == len(held)
        assert "i-1" not in row_of
    assert count > 100
