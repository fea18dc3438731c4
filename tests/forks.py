"""Forks that do some work and say what they did."""

from __future__ import annotations

import io
import os
from collections.abc import Callable

Say = Callable[[str], None]


def fork(work: Callable[[Say], None]) -> tuple[int, io.TextIOWrapper]:
    """A process that does this work, and what it says, a line each time; ``failed: …`` if it raised."""
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:

        def say(line: str) -> None:
            rest = (line + "\n").encode()
            while rest:
                rest = rest[os.write(writing, rest) :]

        try:
            work(say)
        except BaseException as error:
            say(f"failed: {error!r}")
        os._exit(0)
    os.close(writing)
    return child, os.fdopen(reading)


def told_by(work: Callable[[Say], None]) -> str:
    """All that a process says which does this work."""
    child, said = fork(work)
    with said:
        told = said.read()
    os.waitpid(child, 0)
    return told
