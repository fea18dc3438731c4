"""A memory of photos has its say beside the network, by likeness and not by numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy
from safetensors import SafetensorError

from modiste.memory import Memory

EVEN = np.full((1, 3), 1 / 3, np.float32)


def around(direction: int, photos: int, seed: int, spread: float = 0.05) -> np.ndarray:
    rng = np.random.default_rng(seed)
    vectors = np.eye(8)[direction] + spread * rng.standard_normal((photos, 8))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_bytes_are_nearly_as_good_as_numbers() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((200, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    codes = Memory.of(vectors, np.zeros(200)).codes.astype(np.float32)
    codes /= np.linalg.norm(codes, axis=1, keepdims=True)
    assert np.abs(vectors @ vectors.T - codes @ codes.T).max() < 0.004


def test_like_photos_decide_where_the_network_does_not() -> None:
    memory = Memory.of(np.concatenate([around(0, 30, 1), around(1, 30, 2)]), [0] * 30 + [2] * 30)
    shares = memory.remind(np.repeat(EVEN, 2, axis=0), np.concatenate([around(0, 1, 3), around(1, 1, 4)]))
    assert shares.argmax(axis=1).tolist() == [0, 2]
    assert shares.sum(axis=1) == pytest.approx(1)
    assert (shares[:, 1] < 0.01).all()  # nothing like it was seen


def test_few_photos_of_a_type_are_not_outvoted_by_many() -> None:
    like, unlike = np.eye(8)[0], np.eye(8)[1]
    vectors = [like] * 12 + [unlike] * 388 + [like] * 8 + [unlike] * 8
    memory = Memory.of(vectors, [0] * 400 + [1] * 16)
    # Of the 20 nearest, 12 are of type 0. They are 12 of 400, and the others 8 of 16.
    assert memory.remind(EVEN, like[None]).argmax() == 1
    as_they_come = replace(memory, balance=0.0)
    assert as_they_come.remind(EVEN, like[None]).argmax() == 0
    again = Memory.from_bytes(as_they_come.as_bytes())
    assert again.balance == 0
    assert again.codes.tolist() == memory.codes.tolist()


def test_a_memory_that_says_nothing_of_balance_is_of_before_there_was_a_choice() -> None:
    memory = Memory.of(np.eye(3), [0, 1, 2], balance=0.1)
    older = safetensors.numpy.save({"codes": memory.codes, "types": memory.types})
    assert Memory.from_bytes(older).balance == 0.5


def test_a_sure_network_is_believed_against_a_mixed_neighbourhood() -> None:
    mixed = np.concatenate([around(0, 30, 1), around(0, 30, 2)])
    memory = Memory.of(mixed, [0] * 30 + [1] * 30)
    sure = np.array([[0.02, 0.97, 0.01]], np.float32)
    assert memory.remind(sure, around(0, 1, 5)).argmax() == 1


def test_what_is_no_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="expected bytes"):
        Memory(np.ones((2, 3), np.int8), np.zeros(3, np.uint16))
    with pytest.raises(ValueError, match="expected bytes"):
        Memory(np.ones((2, 3), np.float32), np.zeros(2, np.uint16))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected bytes"):
        Memory.of(np.empty((0, 3)), [])
    with pytest.raises(ValueError, match="types below 3; got 7"):
        Memory.of(np.eye(3), [0, 1, 7]).remind(EVEN, np.eye(3)[:1])
    with pytest.raises(ValueError, match=r"balance between 0 and 1; got 1\.5"):
        Memory.of(np.eye(3), [0, 1, 2], balance=1.5)
    with pytest.raises(SafetensorError):
        Memory.from_bytes(b"nothing of the kind")
    tensors = {"codes": np.ones((2, 3), np.int8), "types": np.zeros(2, np.uint16), "balance": np.ones(2)}
    with pytest.raises(ValueError, match="size 1"):
        Memory.from_bytes(safetensors.numpy.save(tensors))
