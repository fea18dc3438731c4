"""How a long step says how far it is: it calls a function; who shows it, and how, is not its concern.

Library functions take ``progress: Progress = silent``; the command line passes one that draws a bar.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Progress", "silent"]


class Progress(Protocol):
    """Called as ``progress(done, total, what)``.

    ``done`` counts from 0 to ``total``; ``what`` names the step in a few words ("reading photos"), and may
    add a changing figure after a comma ("training, loss 0.42");
    other words before the comma begin a new step.
    Called often: whoever shows it must be quick and may skip calls.
    """

    def __call__(self, done: int, total: int, what: str) -> None: ...


def silent(done: int, total: int, what: str) -> None:
    """Show nothing.

    >>> silent(3, 10, "reading photos")
    """
