"""Packages whose names are loaded when they are first touched: nobody waits for what he does not use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["loaded_when_touched"]


def loaded_when_touched(
    package: str, home_of: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """A package's ``__getattr__`` and ``__dir__``; ``home_of`` says which of its modules has a name.

    >>> find, names = loaded_when_touched("json", {"JSONDecodeError": "decoder"})
    >>> find("JSONDecodeError").__name__, names()
    ('JSONDecodeError', ['JSONDecodeError'])
    >>> find("load")
    Traceback (most recent call last):
    AttributeError: module 'json' has no attribute 'load'
    """

    def find(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{home_of[name]}"), name)

    return find, lambda: sorted(home_of)
