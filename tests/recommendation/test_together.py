"""Photos of several threads are embedded in one go, and everybody gets their own vector."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from modiste.preprocessing import Preprocess
from modiste.recommendation import together
from modiste.recommendation.together import Together


class Slow:
    """An encoder whose first call waits at the gate; it notes how many photos each call had."""

    id = "slow-0"
    dimension = 2
    preprocess = Preprocess(height=4, width=3)

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.calls: list[int] = []

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.calls.append(len(pixels))
        assert self.gate.wait(30)
        if (pixels == 255).any():
            raise RuntimeError("too bright")
        angles = pixels[:, 0, 0, 0].astype(np.float32)
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def photo(number: int) -> NDArray[np.uint8]:
    return np.full((1, 4, 3, 3), number, np.uint8)


def ask(encoder: Slow, both: Together, numbers: list[int]) -> list[NDArray[np.float32] | BaseException]:
    """The first is asked alone; the gate opens when all others are in line."""
    with ThreadPoolExecutor(len(numbers)) as pool:
        first = pool.submit(both.embed, photo(numbers[0]))
        while not encoder.calls:
            pass
        rest = [pool.submit(both.embed, photo(number)) for number in numbers[1:]]
        while len(both._waiting) < len(rest):
            pass
        encoder.gate.set()
        return [future.exception() or future.result() for future in [first, *rest]]


def test_those_who_wait_are_taken_together() -> None:
    encoder = Slow()
    both = Together(encoder, runs=1)
    found = ask(encoder, both, list(range(9)))
    assert encoder.calls == [1, 8]
    for number, vector in enumerate(found):
        assert isinstance(vector, np.ndarray)
        assert vector == pytest.approx(np.array([[np.cos(number), np.sin(number)]]), abs=1e-6)


def test_of_many_some_are_taken_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "MOST", 3)
    encoder = Slow()
    ask(encoder, Together(encoder, runs=1), list(range(9)))
    assert encoder.calls == [1, 3, 3, 2]


def test_an_error_is_everybodys_who_was_there() -> None:
    encoder = Slow()
    both = Together(encoder, runs=1)
    found = ask(encoder, both, [1, 2, 255])
    assert isinstance(found[0], np.ndarray)
    assert [str(error) for error in found[1:]] == ["too bright"] * 2
    assert isinstance(both.embed(photo(3)), np.ndarray)


def test_otherwise_it_is_the_encoder() -> None:
    encoder = Slow()
    encoder.gate.set()
    both = Together(encoder)
    assert (both.id, both.dimension, both.preprocess) == ("slow-0", 2, encoder.preprocess)
    several = np.concatenate([photo(1), photo(2)])
    assert np.array_equal(both.embed(several), encoder.embed(several))
