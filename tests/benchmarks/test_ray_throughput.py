"""What the benchmark times is `modiste index`; the cluster itself is tested in tests/catalogue."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest
from benchmarks.ray_throughput import CORES, indexed


def test_one_process_is_timed(tmp_path: Path, draw_photo: Callable[..., bytes]) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(40):
        (photos / f"{number}.jpg").write_bytes(draw_photo(number, format="JPEG"))
    given = Namespace(photos=photos, model="light")
    found = indexed(given, tmp_path / "shop", "", dict(os.environ))
    assert (found["photos"], found["skipped"]) == (40, 0)
    assert found["per_s"] == pytest.approx(40 / found["index_s"])
    assert found["per_s_and_core"] * CORES == pytest.approx(found["per_s"])
    assert found["index_s"] < found["whole_s"]
