"""A server sees what others write, and keeps what it had when it cannot."""

from __future__ import annotations

import logging
from pathlib import Path

import anyio
import numpy as np
import pytest

from modiste.api.following import following
from modiste.catalogue import Catalogue, CatalogueItem


def shop(folder: Path) -> Catalogue:
    return Catalogue.create(folder, model_id="m", dimension=4)


def add(folder: Path, id: str) -> None:
    Catalogue.open(folder).add([CatalogueItem(id, "Shirt", b"", "image/jpeg")], np.eye(1, 4))


def test_what_others_write_is_taken_over(tmp_path: Path) -> None:
    served = shop(tmp_path / "shop")

    async def scenario() -> None:
        async with following(served, seconds=0.01):
            add(tmp_path / "shop", "a")
            with anyio.fail_after(30):
                while "a" not in served:
                    await anyio.sleep(0.01)

    anyio.run(scenario)
    add(tmp_path / "shop", "b")
    assert "b" not in served  # it follows no longer


def test_what_cannot_be_taken_over_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    served = shop(tmp_path / "shop")
    add(tmp_path / "shop", "a")
    served.refresh()
    Catalogue.open(tmp_path / "shop").switch_over("other", {"a": np.eye(1, 4, dtype=np.float32)[0]})

    async def scenario() -> None:
        async with following(served, seconds=0.01):
            with anyio.fail_after(30):
                while not caplog.records:
                    await anyio.sleep(0.01)
            await anyio.sleep(0.1)

    with caplog.at_level(logging.WARNING, logger="modiste.api.following"):
        anyio.run(scenario)
    assert len(caplog.records) == 1
    assert "replaced by one of model other" in caplog.text
    assert (served.model_id, served.ids) == ("m", ("a",))
