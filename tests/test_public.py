"""The names that ``import modiste`` offers."""

from __future__ import annotations

from importlib import import_module

import pytest

import modiste


@pytest.mark.parametrize("name", ["learn", "learn_labels"])
def test_a_function_is_not_hidden_by_the_module_of_its_name(name: str) -> None:
    module = import_module(f"modiste.{name}")
    assert getattr(modiste, name) is getattr(module, name)
    assert getattr(modiste, name) is getattr(module, name)  # not only the first time
