"""The table of record: what LanceDB keeps of it in memory."""

from __future__ import annotations

import subprocess
import sys
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


LEFT_OUT = """
import sys
from modiste.catalogue import Catalogue
Catalogue.create(sys.argv[1], model_id="m-1", dimension=2)
client = "lance_namespace_urllib3_client"
print(f"{client}.models" in sys.modules, f"{client}.api" in sys.modules)
import lance_namespace_urllib3_client
print(lance_namespace_urllib3_client.TableApi.__name__)
"""


def test_lancedb_comes_without_its_client_for_catalogues_elsewhere(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEFT_OUT, tmp_path / "shop"], check=True, stdout=subprocess.PIPE, text=True
    )
    assert done.stdout.splitlines() == ["True False", "TableApi"]
