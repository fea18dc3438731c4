"""Questions of several threads are answered in one go, and everybody gets their own reply."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from modiste.recommendation import together
from modiste.recommendation.together import Together


class Slow:
    """Squares numbers. The first call waits at the gate; it notes how many numbers each call had."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.calls: list[int] = []

    def squares(self, numbers: list[int]) -> list[int]:
        self.calls.append(len(numbers))
        assert self.gate.wait(30)
        if 255 in numbers:
            raise RuntimeError("too large")
        return [number**2 for number in numbers]


def ask(slow: Slow, all_: Together[int, int], numbers: list[int]) -> list[int | BaseException]:
    """The first is asked alone; the gate opens when all others are in line."""
    with ThreadPoolExecutor(len(numbers)) as pool:
        first = pool.submit(all_.ask, numbers[0])
        while not slow.calls:
            pass
        rest = [pool.submit(all_.ask, number) for number in numbers[1:]]
        while len(all_._waiting) < len(rest):
            pass
        slow.gate.set()
        return [future.exception() or future.result() for future in [first, *rest]]


def test_those_who_wait_are_taken_together() -> None:
    slow = Slow()
    found = ask(slow, Together(slow.squares, runs=1), list(range(9)))
    assert slow.calls == [1, 8]
    assert found == [number**2 for number in range(9)]


def test_of_many_some_are_taken_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "MOST", 3)
    slow = Slow()
    ask(slow, Together(slow.squares, runs=1), list(range(9)))
    assert slow.calls == [1, 3, 3, 2]


def test_an_error_is_everybodys_who_was_there() -> None:
    slow = Slow()
    squares = Together(slow.squares, runs=1)
    found = ask(slow, squares, [1, 2, 255])
    assert found[0] == 1
    assert [str(error) for error in found[1:]] == ["too large"] * 2
    assert squares.ask(3) == 9
