"""Packages whose names are loaded when they are first touched: nobody waits for what he does not use."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from typing import Any

__all__ = ["loaded_when_touched", "put_off"]


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


def put_off(package: str) -> None:
    """Have ``package`` run its ``__init__`` when somebody asks for a name of it, not when it is imported.

    For packages of others that import much into themselves: their modules are then imported without it. One
    that is imported already, or not installed, stays as it is.

    >>> put_off("wsgiref")
    >>> import wsgiref.util
    >>> wsgiref.util.guess_scheme({})
    'http'
    """
    if package in sys.modules or (spec := find_spec(package)) is None or spec.loader is None:
        return
    module, loader = module_from_spec(spec), spec.loader

    def load(name: str) -> Any:
        if name.startswith("__"):  # those it has are there without it
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module.__dict__.pop("__getattr__", None)
        loader.exec_module(module)
        return getattr(module, name)

    vars(module)["__getattr__"] = load
    sys.modules[package] = module
