"""Packages that are put off: their modules can be used without them, and they with all they have."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from modiste.lazy import put_off


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package that takes note of being run, and has a module of its own."""
    folder = tmp_path / "heavy_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("from heavy_package.part import value\nrun = True\n")
    (folder / "part.py").write_text("value = 3\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("heavy_package", "heavy_package.part"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return folder.name


def test_a_module_is_had_without_its_package_and_then_the_package_with_all_names(package: str) -> None:
    put_off(package)
    import heavy_package.part  # type: ignore[import-not-found]  # made for this test

    assert heavy_package.part.value == 3
    assert "run" not in vars(heavy_package)
    with pytest.raises(AttributeError, match="no attribute '__wrapped__'"):
        heavy_package.__wrapped__  # noqa: B018  # as those do who look through all modules
    assert "run" not in vars(heavy_package)

    from heavy_package import value

    assert (value, heavy_package.run) == (3, True)
    with pytest.raises(AttributeError, match="no attribute 'absent'"):
        heavy_package.absent  # noqa: B018


def test_what_is_imported_already_or_absent_stays_as_it_is(package: str) -> None:
    import heavy_package  # type: ignore[import-not-found]

    put_off(package)
    assert sys.modules[package] is heavy_package
    put_off("modiste_has_no_such_package")
    assert "modiste_has_no_such_package" not in sys.modules
