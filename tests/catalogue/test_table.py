"""The table of record: what LanceDB keeps of it in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from modiste.catalogue import Catalogue, CatalogueItem, table


@pytest.fixture
def small_caches(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Half a megabyte for what LanceDB has read about files."""
    size = 1 << 19
    monkeypatch.setattr(table, "METADATA_CACHE", size)
    table.caches.cache_clear()
    yield size
    table.caches.cache_clear()


def test_a_catalogue_that_is_written_for_long_takes_no_more_memory(tmp_path: Path, small_caches: int) -> None:
    catalogue = Catalogue.create(tmp_path / "shop", model_id="m-1", dimension=2)
    vector = np.array([[1, 0]], np.float32)
    kept = []
    for number in range(60):
        catalogue.add([CatalogueItem(str(number), "", b"photo", "image/jpeg")], vector)
        kept.append(table.caches().size_bytes)
    assert kept[10] > 0.1 * small_caches  # these are the caches that are used
    assert max(kept) < 1.5 * small_caches
    assert len(Catalogue.open(tmp_path / "shop")) == 60
