from __future__ import annotations

import pytest
from benchmarks.scaling import SIZES, sizes, storing


def test_what_millions_take_follows_from_what_one_takes() -> None:
    units = {
        "decode_photos_per_second": 1000.0,
        "embed_photos_per_second": 250.0,
        "disk_bytes_per_item": 3500.0,
        "memory_bytes_per_item": 800.0,
        "index_bytes_per_item": 200.0,
    }
    table = sizes(units, dimension=128)
    assert [row["photos"] for row in table] == list(SIZES)
    assert table[0]["embedding_core_hours"] == pytest.approx(1e6 * 0.005 / 3600)
    assert table[1]["storage_gb"] == pytest.approx(35)
    assert table[2]["vectors_gb"] == pytest.approx(51.2)
    assert table[3]["replica_memory_gb"] == pytest.approx(1000)


def test_an_item_takes_its_photo_and_its_vector_at_least() -> None:
    units = storing(1200, dimension=16)
    assert 3_000 + 64 < units["disk_bytes_per_item"] < 6_000
    assert units["items_at_last_commit"] == 1200
